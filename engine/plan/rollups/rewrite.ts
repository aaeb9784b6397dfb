// An aggregation over a rollup: its groups, beside the groups of rows that are not in it, put together
// to those of the query.

import { newColumn, type Planning } from '../context.ts';
import { exprText } from '../explain.ts';
import {
  type Column,
  castExpr,
  columnExpr,
  columnsOf,
  type Expr,
  replaceColumns,
} from '../expression.ts';
import {
  type Aggregate,
  type AggregateItem,
  type Node,
  project,
  type Rollup,
  type RollupAggregate,
} from '../logical.ts';
import { isVolatile } from '../random-calls.ts';
import { type Below, inScan } from './below.ts';
import { conditionsOver, type Keys, over } from './keys.ts';
import { type Part, type Route, Routes } from './routes.ts';
import { assigned, Rows, restOf, Source, withFilters } from './sides.ts';
import { dependsOnZone } from './time-buckets.ts';

/** The aggregation over the rollup, or why it cannot be. */
export function overRollup(
  node: Aggregate,
  under: Below,
  rollup: Rollup,
  ctx: Planning,
): Node | string {
  const { grouped } = rollup;
  if (rollup.unfit !== undefined) return rollup.unfit;
  if (!grouped) return 'it is not grouped';
  if (under.scan.final) return 'FINAL reads the rows themselves';
  if (changesZone(rollup, ctx)) return 'the session has another time zone';
  const ids = inScan(rollup, under.scan);
  const here = (expr: Expr): Expr => replaceColumns(expr, ids);
  const written = (expr: Expr): Expr => replaceColumns(expr, under.columns);
  const source = new Source(ctx);
  const keys: Keys = new Map(
    grouped.keys.map(({ stored, type, expr }) => {
      const own = here(expr);
      const column = columnExpr(source.column(stored, type));
      const made = type === own.type ? column : castExpr(column, own.type);
      return [own.key, { made, expr: own }];
    }),
  );
  const filters = conditionsOver(under.filters, rollup.filters.map(here), keys, ctx);
  if ('extra' in filters) return `it holds only rows with ${exprText(filters.extra)}`;
  if ('missing' in filters) return `its keys do not tell ${exprText(filters.missing)}`;
  const keyExprs = node.keys.map((k) => over(written(k.expr), keys, ctx));
  const unkeyed = node.keys[keyExprs.indexOf(undefined)];
  if (unkeyed) return `its keys do not give ${exprText(written(unkeyed.expr))}`;
  // Rows beside a projection are aggregated like it, from columns that the query reads anyhow.
  const readable = ({ item }: RollupAggregate): boolean =>
    item.args.every((arg) => [...columnsOf(here(arg))].every((id) => id >= 0));
  const asked = [
    ...under.filters,
    ...node.keys.map((k) => written(k.expr)),
    ...node.aggregates.flatMap((item) => item.args.map(written)),
  ];
  const volatile = asked.find(isVolatile);
  if (volatile) return `${exprText(volatile)} may differ from row to row`;
  const routes = new Routes(
    ctx,
    rollup.face === 'view' ? grouped.aggregates : grouped.aggregates.filter(readable),
    here,
    (expr) => over(expr, keys, ctx) !== undefined,
  );
  const calls: { item: AggregateItem; route: Route }[] = [];
  for (const item of node.aggregates) {
    const args = item.args.map(written);
    const route = routes.of({ ...item, args }, item.column.type);
    if (!route) return `it does not hold ${item.name}(${args.map((a) => exprText(a)).join(', ')})`;
    calls.push({ item, route });
  }
  const rows = new Rows(
    ctx,
    calls.flatMap(({ route }) => route.parts),
  );
  const made = putTogether(node, calls, rows, ctx);
  if (!made) return 'what it keeps cannot be put together to these results';
  const { carried, stored } = rows;
  const carriedMade = carried.map(({ expr }) => over(expr, keys, ctx) as Expr);
  const projected = project(
    withFilters(
      source.scan(
        rollup,
        stored.map((s) => s.stored),
      ),
      filters.conditions,
      ctx,
    ),
    [
      ...(keyExprs as Expr[]).map((expr, i) => assigned(ctx, made.keys[i] as Column, expr)),
      ...carriedMade.map((expr, i) => assigned(ctx, carried[i]?.column as Column, expr)),
      ...stored.map(({ column, stored: s }) => assigned(ctx, column, source.value(s))),
    ],
  );
  const columns = [...made.keys, ...carried.map((c) => c.column), ...stored.map((s) => s.column)];
  const inputs: Node[] = [projected];
  if (rollup.face === 'projection') inputs.push(restOf(node, under, rollup, rows, written, ctx));
  return made.over({ kind: 'union', inputs, columns });
}

/** Rollups are computed in UTC. */
function changesZone({ grouped, filters }: Rollup, ctx: Planning): boolean {
  if (/^(|UTC)$/.test(ctx.settings.text('session_timezone'))) return false;
  const exprs = [
    ...filters,
    ...(grouped?.keys.map((k) => k.expr) ?? []),
    ...(grouped?.aggregates.flatMap((a) => a.item.args) ?? []),
  ];
  return exprs.some(dependsOnZone);
}

interface Made {
  readonly keys: readonly Column[];
  over(input: Node): Node;
}

/** The query's aggregation over rows of both sides; undefined when the types do not come out. */
function putTogether(
  node: Aggregate,
  calls: readonly { item: AggregateItem; route: Route }[],
  rows: Rows,
  ctx: Planning,
): Made | undefined {
  const typeOf = (part: Part): string | undefined => {
    try {
      const types = rows.args(part).map((arg) => arg.type);
      return ctx.kernel.resolveAggregate(part.name, part.params, types).type;
    } catch {
      return undefined;
    }
  };
  const aggregates: AggregateItem[] = [];
  const results = new Map<number, Expr>();
  for (const { item, route } of calls) {
    const values: Expr[] = [];
    for (const part of route.parts) {
      const type = typeOf(part);
      if (type === undefined || (!route.combine && type !== item.column.type)) return undefined;
      const column = route.combine ? newColumn(ctx, part.name, type) : item.column;
      aggregates.push({ column, name: part.name, params: part.params, args: rows.args(part) });
      values.push(columnExpr(column));
    }
    if (route.combine) results.set(item.column.id, route.combine(values));
  }
  for (const expr of results.values()) {
    if (expr.kind !== 'call') return undefined;
    const types = expr.args.map(({ type }) => ({ type }));
    if (ctx.kernel.resolveFunction(expr.name, types) !== expr.type) return undefined;
  }
  const keys = node.keys.map((k) => newColumn(ctx, k.column.name, k.expr.type));
  return {
    keys,
    over(input) {
      const kept = node.columns.filter((c) => !calls.some(({ item }) => item.column.id === c.id));
      const made: Aggregate = {
        ...node,
        input,
        keys: node.keys.map((k, i) => ({ column: k.column, expr: columnExpr(keys[i] as Column) })),
        aggregates,
        columns: [...kept, ...aggregates.map((a) => a.column)],
      };
      if (results.size === 0) return { ...made, columns: node.columns };
      const items = node.columns.map((column) => ({
        column,
        expr: results.get(column.id) ?? columnExpr(column),
      }));
      return project(made, items);
    },
  };
}
