// sum(x + 1), sum(x + 2), … over one column need sum(x) and count(x) only once.

import { newColumn, type Planning } from '../context.ts';
import {
  type Column,
  callExpr,
  castExpr,
  columnExpr,
  type Expr,
  literalExpr,
} from '../expression.ts';
import {
  type Aggregate,
  type AggregateItem,
  type Assigned,
  type Node,
  project,
  withInputs,
} from '../logical.ts';
import type { Rule } from '../optimize.ts';

interface Shifted {
  base: Expr;
  /** Added to each value. */
  by: bigint;
}

/** x + literal over an integer so narrow that the addition cannot overflow. */
function shifted(item: AggregateItem): Shifted | undefined {
  const [arg] = item.args;
  if (item.name !== 'sum' || arg?.kind !== 'call' || (arg.name !== 'plus' && arg.name !== 'minus'))
    return undefined;
  const [a, b] = arg.args as [Expr, Expr];
  const amount = literalOf(b);
  if (amount !== undefined && narrow(a))
    return { base: a, by: arg.name === 'minus' ? -amount : amount };
  const other = literalOf(a);
  if (arg.name === 'plus' && other !== undefined && narrow(b)) return { base: b, by: other };
  return undefined;
}

const narrow = (e: Expr): boolean => e.kind === 'column' && /^U?Int(8|16|32)$/.test(e.type);

function literalOf(e: Expr): bigint | undefined {
  if (e.kind !== 'literal' || !/^U?Int(8|16|32)$/.test(e.type)) return undefined;
  return typeof e.value === 'string' ? BigInt(e.value) : undefined;
}

function split(node: Aggregate, ctx: Planning): Node {
  const found = new Map<string, { item: AggregateItem; parts: Shifted }[]>();
  for (const item of node.aggregates) {
    const parts = shifted(item);
    if (!parts) continue;
    const list = found.get(parts.base.key) ?? [];
    list.push({ item, parts });
    found.set(parts.base.key, list);
  }
  const bases = [...found.values()].filter((list) => list.length >= 2);
  if (bases.length === 0 || node.totals) return node;
  const added: AggregateItem[] = [];
  const exprs = new Map<number, Expr>();
  const aggregate = (name: string, args: readonly Expr[]): Column => {
    const same = [...node.aggregates, ...added].find(
      (a) =>
        a.name === name &&
        a.args.length === args.length &&
        a.args.every((x, i) => x.key === args[i]?.key),
    );
    if (same) return same.column;
    const { type } = ctx.kernel.resolveAggregate(
      name,
      [],
      args.map((a) => a.type),
    );
    const column = newColumn(ctx, name, type);
    added.push({ column, name, params: [], args });
    return column;
  };
  for (const list of bases) {
    const { base } = (list[0] as { parts: Shifted }).parts;
    const sum = columnExpr(aggregate('sum', [base]));
    const rows = columnExpr(aggregate('count', []));
    for (const { item, parts } of list) {
      const amount = literalExpr('Int64', parts.by.toString());
      const more = callExpr('multiply', [castExpr(rows, 'Int64'), amount], 'Int64');
      const total = callExpr('plus', [castExpr(sum, 'Int64'), more], 'Int64');
      exprs.set(item.column.id, castExpr(total, item.column.type));
    }
  }
  const kept = node.aggregates.filter((a) => !exprs.has(a.column.id));
  const aggregates = [...kept, ...added];
  const inner: Aggregate = {
    ...node,
    aggregates,
    columns: [
      ...node.keys.map((k) => k.column),
      ...aggregates.map((a) => a.column),
      ...(node.setColumn ? [node.setColumn] : []),
    ],
  };
  const items = node.columns.map(
    (column): Assigned => ({ column, expr: exprs.get(column.id) ?? columnExpr(column) }),
  );
  return project(inner, items);
}

function visit(node: Node, ctx: Planning): Node {
  const next = withInputs(node, (input) => visit(input, ctx));
  return next.kind === 'aggregate' ? split(next, ctx) : next;
}

export const sumOfShifted: Rule = {
  name: 'sum-of-shifted',
  doc: 'sum(x + k) becomes sum(x) + k * count() where several sums share x',
  apply: visit,
};
