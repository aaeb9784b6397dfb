// The rows that an aggregation over a rollup reads: the rollup's own, and those of the table that are not in
// it, aggregated like it. Both give keys, what is stored of aggregates, and what their functions ask for besides.

import { newColumn, type Planning } from '../context.ts';
import { type Column, castExpr, columnExpr, type Expr, replaceColumns } from '../expression.ts';
import {
  type Aggregate,
  type AggregateItem,
  type Assigned,
  filter,
  type Node,
  type Rollup,
  type RollupAggregate,
  type Scan,
} from '../logical.ts';
import { type Below, inScan } from './below.ts';
import type { Part } from './routes.ts';

export const assigned = (ctx: Planning, like: Column, expr: Expr): Assigned => ({
  column: newColumn(ctx, like.name, like.type),
  expr,
});

/** The scan of the rollup's own rows. */
export class Source {
  readonly #ctx: Planning;
  readonly #columns = new Map<string, Column>();

  constructor(ctx: Planning) {
    this.#ctx = ctx;
  }

  column(stored: string, type: string): Column {
    const known = this.#columns.get(stored);
    if (known) return known;
    const column = newColumn(this.#ctx, stored, type);
    this.#columns.set(stored, column);
    return column;
  }

  /** What is stored of an aggregate, as its function takes it. */
  value({ stored, type }: RollupAggregate): Expr {
    const column = columnExpr(this.column(stored, type));
    const plain = plainType(type);
    return plain === type ? column : castExpr(column, plain);
  }

  scan(rollup: Rollup, aggregates: readonly RollupAggregate[]): Scan {
    for (const { stored, type } of aggregates) this.column(stored, type);
    return {
      kind: 'scan',
      table: rollup.part('projected'),
      names: [...this.#columns.keys()],
      columns: [...this.#columns.values()],
    };
  }
}

/** The values of a SimpleAggregateFunction are those of its type. */
export const plainType = (type: string): string =>
  /^SimpleAggregateFunction\([^,]+, (.*)\)$/s.exec(type)?.[1] ?? type;

/** The columns beside the keys that both sides give: what is put together, and what it asks for. */
export class Rows {
  readonly stored: { readonly column: Column; readonly stored: RollupAggregate }[] = [];
  readonly carried: { readonly column: Column; readonly expr: Expr }[] = [];

  constructor(ctx: Planning, parts: readonly Part[]) {
    for (const { stored, carried } of parts) {
      if (stored && !this.stored.some((s) => s.stored === stored)) {
        const column = newColumn(ctx, stored.item.name, plainType(stored.type));
        this.stored.push({ column, stored });
      }
      for (const expr of carried) {
        if (this.carried.some((c) => c.expr.key === expr.key)) continue;
        this.carried.push({ column: newColumn(ctx, 'carried', expr.type), expr });
      }
    }
  }

  args({ stored, carried }: Part): Expr[] {
    const own = this.stored.find((s) => s.stored === stored);
    const more = carried.flatMap((e) => this.carried.find((c) => c.expr.key === e.key) ?? []);
    return [...(own ? [own] : []), ...more].map(({ column }) => columnExpr(column));
  }
}

/** Rows that are not in the rollup, aggregated as it would be. */
export function restOf(
  node: Aggregate,
  under: Below,
  rollup: Rollup,
  { stored, carried }: Rows,
  written: (expr: Expr) => Expr,
  ctx: Planning,
): Aggregate {
  const ids = inScan(rollup, under.scan);
  const keys = [
    ...node.keys.map((k) => assigned(ctx, k.column, written(k.expr))),
    ...carried.map(({ column, expr }) => assigned(ctx, column, expr)),
  ];
  const aggregates = stored.map(
    ({ column, stored: { item } }): AggregateItem => ({
      column: newColumn(ctx, column.name, column.type),
      name: `${item.name}State`,
      params: item.params,
      args: item.args.map((arg) => replaceColumns(arg, ids)),
    }),
  );
  const { filter: _, ...bare } = under.scan;
  return {
    kind: 'aggregate',
    input: withFilters({ ...bare, table: rollup.part('rest') }, under.filters, ctx),
    keys,
    aggregates,
    totals: false,
    emptyIfNoRows: true,
    columns: [...keys, ...aggregates].map((c) => c.column),
  };
}

export function withFilters(scan: Scan, filters: readonly Expr[], ctx: Planning): Node {
  if (filters.length === 0) return scan;
  return filter(
    scan,
    filters.reduce((a, b) => and(ctx, a, b)),
  );
}

function and(ctx: Planning, a: Expr, b: Expr): Expr {
  const type = ctx.kernel.resolveFunction('and', [{ type: a.type }, { type: b.type }]);
  return { kind: 'call', name: 'and', args: [a, b], type, key: `and(${a.key},${b.key})` };
}
