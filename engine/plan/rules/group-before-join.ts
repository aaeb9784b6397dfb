// GROUP BY over a join with a table of far fewer keys: the rows of the large side are grouped by the key of the join
// first, and the join sees one row a key. The aggregates of those groups are put together above it, which is right
// for any number of matches: each group meets exactly the rows that its members would have met.

import { newColumn, type Planning } from '../context.ts';
import { columnExpr, columnsOf, type Expr, replaceColumns } from '../expression.ts';
import {
  type Aggregate,
  type AggregateItem,
  type Assigned,
  type JoinNode,
  type Node,
  withInputs,
} from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { isVolatile } from '../random-calls.ts';
import { originOf, rowsEstimate } from '../selectivity.ts';

/** Aggregates whose parts are put together without a difference, and by what. */
const mergedBy = new Map([
  ['count', 'sum'],
  ['sum', 'sum'],
  ['min', 'min'],
  ['max', 'max'],
]);

/** So many rows of the large side for each key of the other. */
const rowsPerKey = 8;
const rowsMin = 100_000;
/** Of the other side's rows so many are joined: what a condition leaves out need not be grouped. */
const shareMin = 0.9;

type Side = 'left' | 'right';
const other = { left: 'right', right: 'left' } as const;

class GroupsFirst {
  readonly #ctx: Planning;
  constructor(ctx: Planning) {
    this.#ctx = ctx;
  }

  visit(node: Node): Node {
    const next = withInputs(node, (input) => this.visit(input));
    if (next.kind !== 'aggregate' || !plain(next)) return next;
    const { join, renamed } = through(next.input);
    if (!join) return next;
    const keys = next.keys.map((k) => ({ ...k, expr: replaceColumns(k.expr, renamed) }));
    const aggregates = next.aggregates.map((a) => ({
      ...a,
      args: a.args.map((arg) => replaceColumns(arg, renamed)),
    }));
    const top: Aggregate = { ...next, keys, aggregates, input: join };
    return this.#grouped(top, join, 'left') ?? this.#grouped(top, join, 'right') ?? next;
  }

  /** The rows of `side` grouped by the key of the join; nothing where that is not right, or not less work. */
  #grouped(top: Aggregate, join: JoinNode, side: Side): Node | undefined {
    const input = join[side];
    const key = keyOf(join, side);
    if (!key || !reduces(join, side)) return undefined;
    const own = new Set(input.columns.map((c) => c.id));
    const of = (e: Expr): number[] => [...columnsOf(e)].filter((id) => own.has(id));
    const same = key.kind === 'column' ? key.id : undefined;
    if (top.keys.some((k) => of(k.expr).some((id) => id !== same))) return undefined;
    if (!top.aggregates.every((a) => a.args.every((e) => columnsOf(e).size === of(e).length)))
      return undefined;
    const parts = this.#parts(top.aggregates);
    if (!parts) return undefined;
    const name = key.kind === 'column' ? key.name : 'key';
    const groupKey: Assigned = { column: newColumn(this.#ctx, name, key.type), expr: key };
    const groups: Aggregate = {
      kind: 'aggregate',
      input,
      keys: [groupKey],
      aggregates: parts.map((p) => p.below),
      totals: false,
      emptyIfNoRows: false,
      columns: [groupKey.column, ...parts.map((p) => p.below.column)],
    };
    const inGroups = new Map(same === undefined ? [] : [[same, columnExpr(groupKey.column)]]);
    const sides = { left: join.left, right: join.right, [side]: groups };
    return {
      ...top,
      input: {
        ...join,
        ...sides,
        [`${side}Keys`]: [columnExpr(groupKey.column)],
        columns: [...sides.left.columns, ...sides.right.columns],
      },
      keys: top.keys.map((k) => ({ ...k, expr: replaceColumns(k.expr, inGroups) })),
      aggregates: parts.map((p) => p.above),
    };
  }

  /** Each aggregate below the join, and what puts it together above. */
  #parts(
    items: readonly AggregateItem[],
  ): { below: AggregateItem; above: AggregateItem }[] | undefined {
    const parts = [];
    for (const item of items) {
      const merge = mergedBy.get(item.name);
      const exact = !item.args.some((a) => /Float/.test(a.type) || isVolatile(a));
      if (merge === undefined || item.params.length > 0 || !exact) return undefined;
      const { type } = item.column;
      if (this.#ctx.kernel.resolveAggregate(merge, [], [type]).type !== type) return undefined;
      const column = newColumn(this.#ctx, item.column.name, type);
      parts.push({
        below: { ...item, column },
        above: { column: item.column, name: merge, params: [], args: [columnExpr(column)] },
      });
    }
    return parts;
  }
}

const plain = (node: Aggregate): boolean =>
  node.keys.length > 0 &&
  node.aggregates.length > 0 &&
  !node.sets &&
  !node.totals &&
  node.anyGroups === undefined &&
  !node.keys.some((k) => isVolatile(k.expr));

/** The inner join below projections that only pass columns on, and what those are called there. */
function through(input: Node): { join?: JoinNode; renamed: Map<number, Expr> } {
  let renamed = new Map<number, Expr>();
  let node = input;
  while (node.kind === 'project' && node.items.every((i) => i.expr.kind === 'column')) {
    const below = new Map(node.items.map((i) => [i.column.id, i.expr]));
    const before = [...renamed].map(([id, e]) => [id, replaceColumns(e, below)] as const);
    renamed = new Map([...below, ...before]);
    node = node.input;
  }
  if (node.kind !== 'join' || node.join !== 'inner' || node.strictness !== 'all')
    return { renamed };
  return node.residual || node.asof ? { renamed } : { join: node, renamed };
}

/** The only key of a side, if its equal values are the same. */
function keyOf(join: JoinNode, side: Side): Expr | undefined {
  const keys = join[`${side}Keys`];
  const [key] = keys;
  return keys.length === 1 && key && !/Float/.test(key.type) && !isVolatile(key) ? key : undefined;
}

function reduces(join: JoinNode, side: Side): boolean {
  const rest = join[other[side]];
  let key = keyOf(join, other[side]);
  while (key?.kind === 'cast') key = key.expr;
  const origin = key?.kind === 'column' ? originOf(rest, key.id) : undefined;
  if (!origin?.unique || rowsEstimate(rest) < shareMin * origin.rows) return false;
  const rows = rowsEstimate(join[side]);
  return rows >= rowsMin && rows >= rowsPerKey * origin.rows;
}

export const groupBeforeJoin: Rule = {
  name: 'group-before-join',
  doc: 'Rows are grouped by the key of a join before it where the other side has far fewer keys',
  apply: (node, ctx) =>
    ctx.settings.number('max_rows_to_group_by') > 0 ? node : new GroupsFirst(ctx).visit(node),
};
