// Keys that other keys decide (x - 1 beside x) and constant keys are computed after grouping.

import { columnExpr, columnsOf, type Expr, replaceColumns } from '../expression.ts';
import { type Aggregate, type Assigned, type Node, project, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { isVolatile } from '../random-calls.ts';

function reduce(node: Aggregate): Node {
  if (node.sets || node.totals || node.keys.length < 2) return node;
  const plain = new Map<number, Assigned>();
  for (const key of node.keys) if (key.expr.kind === 'column') plain.set(key.expr.id, key);
  const decided = (expr: Expr): boolean => {
    if (expr.kind === 'column' || isVolatile(expr)) return false;
    return [...columnsOf(expr)].every((id) => plain.has(id));
  };
  const dropped = node.keys.filter((key) => decided(key.expr));
  const keys = node.keys.filter((key) => !dropped.includes(key));
  // A constant alone still makes one group, or none over no rows; leave such oddities as they are.
  if (dropped.length === 0 || keys.length === 0) return node;
  const columns = [...keys.map((k) => k.column), ...node.aggregates.map((a) => a.column)];
  const inner: Aggregate = { ...node, keys, columns };
  const back = new Map([...plain].map(([id, key]) => [id, columnExpr(key.column)]));
  const items = node.columns.map((column): Assigned => {
    const gone = dropped.find((k) => k.column.id === column.id);
    return { column, expr: gone ? replaceColumns(gone.expr, back) : columnExpr(column) };
  });
  return project(inner, items);
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  return next.kind === 'aggregate' ? reduce(next) : next;
}

export const dropGroupKeys: Rule = {
  name: 'drop-group-keys',
  doc: 'Keys of GROUP BY that other keys decide are computed after grouping',
  apply: visit,
};
