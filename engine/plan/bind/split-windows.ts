// Window calls leave their expressions and become nodes, one for each PARTITION BY and ORDER BY.

import { newColumn, type Planning } from '../context.ts';
import { columnExpr, type Expr, mapParts, type WindowExpr, windowKey } from '../expression.ts';
import type { Node, WindowItem } from '../logical.ts';

export function splitWindows(
  ctx: Planning,
  input: Node,
  exprs: readonly Expr[],
): { node: Node; rewrite: (e: Expr) => Expr } {
  const groups = new Map<string, { first: WindowExpr; calls: WindowItem[] }>();
  const columns = new Map<string, Expr>();
  const collect = (expr: Expr): void => {
    if (expr.kind !== 'window') {
      mapParts(expr, (part) => {
        collect(part);
        return part;
      });
      return;
    }
    if (columns.has(expr.key)) return;
    const key = windowKey(expr);
    const group = groups.get(key) ?? { first: expr, calls: [] };
    groups.set(key, group);
    const column = newColumn(ctx, expr.name, expr.type);
    columns.set(expr.key, columnExpr(column));
    const { name, params, args, frame } = expr;
    group.calls.push({ column, name, params, args, frame });
  };
  for (const expr of exprs) collect(expr);
  let node = input;
  for (const { first, calls } of groups.values()) {
    node = {
      kind: 'window',
      input: node,
      partition: first.partition,
      order: first.order,
      calls,
      columns: [...node.columns, ...calls.map((c) => c.column)],
    };
  }
  const rewrite = (expr: Expr): Expr =>
    expr.kind === 'window' ? (columns.get(expr.key) ?? expr) : mapParts(expr, rewrite);
  return { node, rewrite: columns.size === 0 ? (e) => e : rewrite };
}
