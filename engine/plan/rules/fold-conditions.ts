// Conditions that are constant: true ones go, and operands of AND that are true. NULL counts as false
// in a condition, so that x IN (…) over a Nullable x needs no NULL of its own.

import { constantOf } from '../bind/expression/constants.ts';
import type { Planning } from '../context.ts';
import { callExpr, conjuncts, type Expr } from '../expression.ts';
import { filter, type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';

function truth(expr: Expr, ctx: Planning): boolean | undefined {
  if (expr.kind === 'column' || expr.kind === 'scalar' || expr.kind === 'in') return undefined;
  const value = constantOf(ctx, expr);
  if (!value) return undefined;
  if (value.value === null || value.value === false || value.value === '0') return false;
  return value.value === true || value.value === '1' ? true : undefined;
}

/** `if(isNull(x), NULL, x IN s)` where NULL and false are the same. */
function withoutNull(expr: Expr): Expr[] {
  if (expr.kind !== 'call' || expr.name !== 'if') return [expr];
  const [test, nothing, rest] = expr.args as [Expr, Expr, Expr];
  const isNull = test.kind === 'call' && test.name === 'isNull' ? test.args[0] : undefined;
  const fits = nothing.kind === 'literal' && nothing.value === null && rest.kind === 'in';
  if (!isNull || !fits || rest.expr.key !== isNull.key) return [expr];
  return rest.negated ? [callExpr('isNotNull', [isNull], 'UInt8'), rest] : [rest];
}

function visit(node: Node, ctx: Planning): Node {
  const next = withInputs(node, (input) => visit(input, ctx));
  if (next.kind !== 'filter') return next;
  const all = conjuncts(next.predicate);
  if (all.some((part) => truth(part, ctx) === false)) {
    return {
      kind: 'values',
      title: 'nothing (the condition is never true)',
      columns: next.columns,
      rows: [],
    };
  }
  const left = all.filter((part) => truth(part, ctx) !== true).flatMap(withoutNull);
  if (left.length === all.length && left.every((part, i) => part === all[i])) return next;
  if (left.length === 0) return next.input;
  const [first] = left as [Expr];
  return filter(next.input, left.length === 1 ? first : callExpr('and', left, 'UInt8'));
}

export const foldConditions: Rule = {
  name: 'fold-conditions',
  doc: 'Conditions that are always true are left out; under one that never is, nothing is read',
  apply: visit,
};
