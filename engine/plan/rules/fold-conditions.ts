// Conditions that are constant: true ones go, and operands of AND that are true.

import { constantOf } from '../constants.ts';
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

function visit(node: Node, ctx: Planning): Node {
  const next = withInputs(node, (input) => visit(input, ctx));
  if (next.kind !== 'filter') return next;
  const all = conjuncts(next.predicate);
  const left = all.filter((part) => truth(part, ctx) !== true);
  if (left.length === all.length) return next;
  if (left.length === 0) return next.input;
  const [first] = left as [Expr];
  return filter(next.input, left.length === 1 ? first : callExpr('and', left, next.predicate.type));
}

export const foldConditions: Rule = {
  name: 'fold-conditions',
  doc: 'Conditions that are always true are left out',
  apply: visit,
};
