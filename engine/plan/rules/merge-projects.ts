// A projection over a projection is one projection, as in SELECT … FROM (SELECT …), where no
// expression would be computed twice.

import { columnsOf, type Expr, parts, replaceColumns } from '../expression.ts';
import { type Node, type Project, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';

function uses(expr: Expr, into: Map<number, number>): void {
  if (expr.kind === 'column') into.set(expr.id, (into.get(expr.id) ?? 0) + 1);
  else if (expr.kind === 'lambda')
    for (const id of columnsOf(expr)) into.set(id, (into.get(id) ?? 0) + 2);
  else for (const part of parts(expr)) uses(part, into);
}

function merge(outer: Project, inner: Project): Node {
  const counts = new Map<number, number>();
  for (const item of outer.items) uses(item.expr, counts);
  const cheap = inner.items.every(
    ({ column, expr }) =>
      expr.kind === 'column' || expr.kind === 'literal' || (counts.get(column.id) ?? 0) <= 1,
  );
  if (!cheap) return outer;
  const by = new Map(inner.items.map((i) => [i.column.id, i.expr]));
  const items = outer.items.map((i) => ({ column: i.column, expr: replaceColumns(i.expr, by) }));
  return { ...outer, input: inner.input, items };
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  if (next.kind === 'project' && next.input.kind === 'project') return merge(next, next.input);
  return next;
}

export const mergeProjects: Rule = {
  name: 'merge-projects',
  doc: 'A projection over a projection becomes one',
  apply: visit,
};
