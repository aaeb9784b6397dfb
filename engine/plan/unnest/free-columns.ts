// Which columns a node reads that neither it nor anything below it makes: those of a query around it.

import { columnsOf, type Expr } from '../expression.ts';
import { inputs, type Node } from '../logical.ts';

/** The expressions of a node itself. */
export function exprsOf(node: Node): readonly Expr[] {
  switch (node.kind) {
    case 'scan':
      return node.filter ? [node.filter] : [];
    case 'filter':
      return [node.predicate];
    case 'project':
      return node.items.map((i) => i.expr);
    case 'aggregate':
      return [...node.keys.map((k) => k.expr), ...node.aggregates.flatMap((a) => a.args)];
    case 'sort':
      return node.keys.map((k) => k.expr);
    case 'limit':
      return node.ties ?? [];
    case 'limitBy':
      return node.keys;
    case 'distinct':
      return node.keys ?? [];
    case 'join':
      return [
        ...node.leftKeys,
        ...node.rightKeys,
        ...(node.residual ? [node.residual] : []),
        ...(node.asof ? [node.asof.left, node.asof.right] : []),
      ];
    case 'window':
      return [
        ...node.partition,
        ...node.order.map((o) => o.expr),
        ...node.calls.flatMap((c) => c.args),
      ];
    case 'arrayJoin':
      return node.arrays.map((a) => a.expr);
    case 'fill':
      return node.interpolate.map((i) => i.expr);
    default:
      return [];
  }
}

const memo = new WeakMap<Node, ReadonlySet<number>>();

export function freeColumns(node: Node): ReadonlySet<number> {
  const known = memo.get(node);
  if (known) return known;
  const below = inputs(node);
  const made = new Set(below.flatMap((n) => n.columns.map((c) => c.id)));
  if (node.kind === 'scan') for (const c of node.columns) made.add(c.id);
  const free = new Set<number>();
  for (const input of below) for (const id of freeColumns(input)) free.add(id);
  for (const expr of exprsOf(node))
    for (const id of columnsOf(expr)) if (!made.has(id)) free.add(id);
  memo.set(node, free);
  return free;
}
