// Nobody computes or reads a column that nobody above looks at.

import { type Column, columnsOf, type Expr, type SortExpr } from '../expression.ts';
import type { Node, NodeOf } from '../logical.ts';
import type { Rule } from '../optimize.ts';

type Ids = ReadonlySet<number>;

function plus(ids: Ids, ...exprs: readonly (Expr | undefined)[]): Set<number> {
  const all = new Set(ids);
  for (const expr of exprs) if (expr) columnsOf(expr, all);
  return all;
}
const sorts = (keys: readonly SortExpr[]): Expr[] => keys.map((k) => k.expr);

/** The node with at least the columns `needed`, and few others. */
function prune(node: Node, needed: Ids): Node {
  const pruner = pruners[node.kind] as (node: Node, needed: Ids) => Node;
  return pruner(node, needed);
}

const asItIs = (node: Node): Node => node;

const pruners: { [K in Node['kind']]: (node: NodeOf<K>, needed: Ids) => Node } = {
  scan(node, needed) {
    const used = plus(needed, node.filter);
    const keep = node.columns.map((c) => used.has(c.id));
    if (keep.every(Boolean)) return node;
    return {
      ...node,
      columns: node.columns.filter((_, i) => keep[i]),
      names: node.names.filter((_, i) => keep[i]),
    };
  },
  values(node, needed) {
    if (node.written) return node;
    const keep = node.columns.map((c) => needed.has(c.id));
    if (keep.every(Boolean) || !keep.some(Boolean)) return node;
    return {
      ...node,
      columns: node.columns.filter((_, i) => keep[i]),
      rows: node.rows.map((row) => row.filter((_, i) => keep[i])),
    };
  },
  one: asItIs,
  numbers: asItIs,
  files: asItIs,
  batch: asItIs,
  shared: asItIs,
  working: asItIs,
  recursive(node) {
    const whole = (n: Node): Node => exactly(prune(n, idsOf(n.columns)), n.columns);
    return { ...node, first: whole(node.first), step: whole(node.step) };
  },
  filter(node, needed) {
    const input = prune(node.input, plus(needed, node.predicate));
    return { ...node, input, columns: input.columns };
  },
  project(node, needed) {
    const items = node.items.filter((i) => needed.has(i.column.id));
    const input = prune(node.input, plus(new Set(), ...items.map((i) => i.expr)));
    return { ...node, input, items, columns: items.map((i) => i.column) };
  },
  aggregate(node, needed) {
    const aggregates = node.aggregates.filter((a) => needed.has(a.column.id));
    const used = plus(
      new Set(),
      ...node.keys.map((k) => k.expr),
      ...aggregates.flatMap((a) => a.args),
    );
    const columns = [
      ...node.keys.map((k) => k.column),
      ...aggregates.map((a) => a.column),
      ...(node.setColumn ? [node.setColumn] : []),
    ];
    return { ...node, input: prune(node.input, used), aggregates, columns };
  },
  sort(node, needed) {
    const input = prune(node.input, plus(needed, ...sorts(node.keys)));
    return { ...node, input, columns: input.columns };
  },
  limit(node, needed) {
    const input = prune(node.input, plus(needed, ...(node.ties ?? [])));
    return { ...node, input, columns: input.columns };
  },
  limitBy(node, needed) {
    const input = prune(node.input, plus(needed, ...node.keys));
    return { ...node, input, columns: input.columns };
  },
  distinct(node, needed) {
    const wanted = node.keys ? plus(needed, ...node.keys) : idsOf(node.input.columns);
    const input = prune(node.input, wanted);
    return { ...node, input, columns: input.columns };
  },
  union(node, needed) {
    const keep = node.columns.map((c) => needed.has(c.id));
    if (!keep.some(Boolean)) keep[0] = true;
    const pick = <T>(list: readonly T[]): T[] => list.filter((_, i) => keep[i]);
    const inputs = node.inputs.map((n) =>
      exactly(prune(n, idsOf(pick(n.columns))), pick(n.columns)),
    );
    return { ...node, inputs, columns: pick(node.columns) };
  },
  setOperation(node) {
    const left = prune(node.left, idsOf(node.left.columns));
    const right = prune(node.right, idsOf(node.right.columns));
    return {
      ...node,
      left: exactly(left, node.left.columns),
      right: exactly(right, node.right.columns),
    };
  },
  join(node, needed) {
    const used = plus(needed, node.residual);
    const left = prune(node.left, plus(within(used, node.left), ...node.leftKeys, node.asof?.left));
    const right = prune(
      node.right,
      plus(within(used, node.right), ...node.rightKeys, node.asof?.right),
    );
    const kept = idsOf([...left.columns, ...right.columns]);
    return { ...node, left, right, columns: node.columns.filter((c) => kept.has(c.id)) };
  },
  window(node, needed) {
    const calls = node.calls.filter((c) => needed.has(c.column.id));
    if (calls.length === 0) return prune(node.input, needed);
    const used = plus(
      needed,
      ...node.partition,
      ...sorts(node.order),
      ...calls.flatMap((c) => c.args),
    );
    const input = prune(node.input, used);
    return { ...node, input, calls, columns: [...input.columns, ...calls.map((c) => c.column)] };
  },
  arrayJoin(node, needed) {
    const input = prune(node.input, plus(needed, ...node.arrays.map((a) => a.expr)));
    return { ...node, input, columns: [...input.columns, ...node.arrays.map((a) => a.column)] };
  },
  fill(node, needed) {
    const filled = new Set([...needed, ...node.keys.map((k) => k.column)]);
    for (const i of node.interpolate) filled.add(i.column);
    for (const c of node.prefix) filled.add(c);
    const input = prune(node.input, plus(filled, ...node.interpolate.map((i) => i.expr)));
    return { ...node, input, columns: input.columns };
  },
};

const idsOf = (columns: readonly Column[]): Set<number> => new Set(columns.map((c) => c.id));

function within(ids: Ids, node: Node): Set<number> {
  return new Set(node.columns.filter((c) => ids.has(c.id)).map((c) => c.id));
}

/** Inputs of a union are matched by position: exactly these columns. */
function exactly(node: Node, columns: readonly Column[]): Node {
  if (
    node.columns.length === columns.length &&
    node.columns.every((c, i) => c.id === columns[i]?.id)
  ) {
    return node;
  }
  return {
    kind: 'project',
    input: node,
    items: columns.map((column) => ({
      column,
      expr: {
        kind: 'column',
        id: column.id,
        name: column.name,
        type: column.type,
        key: `c${column.id}`,
      },
    })),
    columns,
  };
}

export const pruneColumns: Rule = {
  name: 'prune-columns',
  doc: 'Only columns that are used are read and computed',
  apply: (node) => exactly(prune(node, idsOf(node.columns)), node.columns),
};
