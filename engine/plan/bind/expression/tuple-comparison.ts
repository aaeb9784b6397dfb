// (a, b) = (c, d) is a = c AND b = d, also in what it makes of NULL, and the parts can be looked up in an index.

import { type Expr, literalExpr } from '../../expression.ts';
import type { LitValue } from '../../physical/wire.ts';
import { tupleElements } from '../../types.ts';

const joints: Readonly<Record<string, string>> = { equals: 'and', notEquals: 'or' };

/** The elements of a tuple that is written out, or is a constant; the places tell which is which. */
function elements(expr: Expr | undefined): readonly Expr[] | undefined {
  if (expr?.kind === 'call' && expr.name === 'tuple') return expr.args;
  if (expr?.kind !== 'literal' || !Array.isArray(expr.value)) return undefined;
  const values: readonly LitValue[] = expr.value;
  const types = tupleElements(expr.type);
  if (types?.length !== values.length) return undefined;
  return types.map(({ type }, i) => literalExpr(type, values[i] as LitValue, expr.span));
}

/**
 * A comparison of two tuples by their elements; undefined for any other call.
 * @param call makes a call of a function on these arguments
 */
export function byElement(
  name: string,
  args: readonly Expr[],
  call: (name: string, args: readonly Expr[]) => Expr,
): Expr | undefined {
  const joint = joints[name];
  if (!joint || args.length !== 2) return undefined;
  const [left, right] = args.map(elements);
  if (!left || !right || left.length !== right.length || left.length === 0) return undefined;
  if (args.every((arg) => arg.kind === 'literal')) return undefined;
  // A NULL among constants makes the whole of it NULL; beside columns what else differs decides.
  const all = [...left, ...right];
  const known = all.every((e) => e.kind === 'literal');
  if (known && all.some((e) => e.type === 'Nullable(Nothing)'))
    return literalExpr('Nullable(UInt8)', null, args[0]?.span);
  const tests = left.map((element, i) => call(name, [element, right[i] as Expr]));
  return tests.length === 1 ? (tests[0] as Expr) : call(joint, tests);
}
