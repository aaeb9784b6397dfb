// Typed expressions as the kernel reads them: columns become positions.

import type { Expr, SortExpr } from '../expression.ts';
import type { ExprJson, SortKeyJson } from './wire.ts';

/** Column id → position in the input. */
export type Positions = ReadonlyMap<number, number>;

/** `lambdas`: parameter ids of the enclosing lambdas, innermost first. */
export function exprJson(
  expr: Expr,
  at: Positions,
  lambdas: readonly (readonly number[])[],
): ExprJson {
  switch (expr.kind) {
    case 'column': {
      let before = 0;
      for (const params of lambdas) {
        const index = params.indexOf(expr.id);
        if (index >= 0) return { param: before + index };
        before += params.length;
      }
      const col = at.get(expr.id);
      if (col === undefined) {
        throw new Error(`plan: column ${expr.name} (${expr.id}) is not in the input`);
      }
      return { col };
    }
    case 'literal':
      return { lit: { type: expr.type, value: expr.value } };
    case 'call':
      return { call: expr.name, args: expr.args.map((a) => exprJson(a, at, lambdas)) };
    case 'cast':
      return { cast: exprJson(expr.expr, at, lambdas), to: expr.type };
    case 'lambda': {
      const inner = [expr.params.map((p) => p.id), ...lambdas];
      return {
        lambda: exprJson(expr.body, at, inner),
        params: expr.params.length,
        types: expr.params.map((p) => p.type),
      };
    }
    case 'in':
      return { in: exprJson(expr.expr, at, lambdas), set: expr.set, negated: expr.negated };
    case 'scalar':
      // The kernel knows the value's own type; no row would have made it NULL.
      return expr.type.startsWith('Nullable(')
        ? { cast: { scalar: expr.subquery, type: expr.type }, to: expr.type }
        : { scalar: expr.subquery, type: expr.type };
    default:
      throw new Error(`plan: ${expr.kind} left in a finished expression`);
  }
}

export function sortJson(keys: readonly SortExpr[], at: Positions): SortKeyJson[] {
  return keys.map(({ expr, desc, nullsFirst }) => ({
    expr: exprJson(expr, at, []),
    desc,
    nullsFirst,
  }));
}
