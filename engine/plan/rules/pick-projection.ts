// Reads a projection instead of the table's own rows, where one holds what a query needs.
//
// Grouped: an aggregation whose keys and filters are made of the projection's keys merges its states;
// rows of segments without the projection, and rows in memory, are aggregated to states first.
// In another order: a scan whose filter is on the projection's first sort key reads the segments of
// the projection; where a segment has none, the segment itself.

import { type EngineError, fail } from '../../errors.ts';
import { newColumn, type Planning } from '../context.ts';
import { exprText } from '../explain.ts';
import {
  type Column,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  mapParts,
  replaceColumns,
} from '../expression.ts';
import {
  type Aggregate,
  type AggregateItem,
  type Assigned,
  filter,
  inputs,
  type Node,
  project,
  type Scan,
  type TableProjection,
  withInputs,
} from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { dependsOnZone, fromBucket, type KeyColumn, rangeOfBucket } from './time-buckets.ts';

interface Below {
  readonly scan: Scan;
  /** What columns of the node above stand for, in columns of the scan. */
  readonly columns: ReadonlyMap<number, Expr>;
  readonly filters: readonly Expr[];
}

/** Filters and projections between a node and a scan, written out; undefined when there is more. */
function below(node: Node): Below | undefined {
  switch (node.kind) {
    case 'scan': {
      if (!node.table.projections) return undefined;
      const columns = new Map(node.columns.map((c): [number, Expr] => [c.id, columnExpr(c)]));
      return { scan: node, columns, filters: node.filter ? conjuncts(node.filter) : [] };
    }
    case 'filter': {
      const under = below(node.input);
      if (!under) return undefined;
      const more = conjuncts(replaceColumns(node.predicate, under.columns));
      return { ...under, filters: [...under.filters, ...more] };
    }
    case 'project': {
      const under = below(node.input);
      if (!under) return undefined;
      const columns = new Map(
        node.items.map((i): [number, Expr] => [i.column.id, replaceColumns(i.expr, under.columns)]),
      );
      return { ...under, columns };
    }
    default:
      return undefined;
  }
}

/** The projection's expressions in the ids of a scan; undefined when the scan lacks a column. */
function inScan(projection: TableProjection, scan: Scan): ReadonlyMap<number, Expr> {
  const byName = new Map(scan.names.map((name, i) => [name, scan.columns[i] as Column]));
  return new Map(
    projection.columns.flatMap((c): [number, Expr][] => {
      const column = byName.get(c.name);
      return column ? [[c.id, columnExpr(column)]] : [];
    }),
  );
}

/** The expression over `keys`; undefined when it needs something else. */
function over(expr: Expr, keys: ReadonlyMap<string, KeyColumn>, ctx: Planning): Expr | undefined {
  let whole = true;
  const visit = (e: Expr, params: ReadonlySet<number>): Expr => {
    const key = keys.get(e.key);
    if (key) return columnExpr(key.column, e.span);
    const bucket = fromBucket(e, keys.values(), ctx);
    if (bucket) return bucket;
    if (e.kind === 'column') {
      if (!params.has(e.id)) whole = false;
      return e;
    }
    if (e.kind !== 'lambda') return mapParts(e, (part) => visit(part, params));
    const inner = new Set([...params, ...e.params.map((p) => p.id)]);
    return mapParts(e, (part) => visit(part, inner));
  };
  const made = visit(expr, new Set());
  return whole ? made : undefined;
}

const callKey = (name: string, params: AggregateItem['params'], args: readonly Expr[]): string =>
  `${name}(${JSON.stringify(params)})(${args.map((a) => a.key).join(',')})`;

interface Choice {
  readonly projection: TableProjection;
  readonly node: Node;
  readonly cost: number;
}

function groupedChoice(
  node: Aggregate,
  under: Below,
  projection: TableProjection,
  ctx: Planning,
): Choice | string {
  const { grouped } = projection;
  if (!grouped) return 'it is not grouped';
  if (projection.rows.projected === 0) return 'no segment has it; MATERIALIZE PROJECTION makes it';
  if (under.scan.final) return 'FINAL reads the rows themselves';
  if (changesZone(grouped, ctx)) return 'the session has another time zone';
  const ids = inScan(projection, under.scan);
  const here = (expr: Expr): Expr => replaceColumns(expr, ids);
  const keyColumns = new Map<string, KeyColumn>();
  const scanned: { column: Column; stored: string }[] = [];
  for (const { stored, expr } of grouped.keys) {
    const column = newColumn(ctx, stored, expr.type);
    const own = here(expr);
    keyColumns.set(own.key, { column, expr: own });
    scanned.push({ column, stored });
  }
  const states = new Map<string, { column: Column; stored: string }>();
  for (const { stored, type, item } of grouped.aggregates) {
    const column = newColumn(ctx, stored, type);
    states.set(callKey(item.name, item.params, item.args.map(here)), { column, stored });
    scanned.push({ column, stored });
  }
  const written = (expr: Expr): Expr => replaceColumns(expr, under.columns);
  const filters = under.filters.map(
    (f) => over(f, keyColumns, ctx) ?? rangeOfBucket(f, keyColumns.values(), ctx),
  );
  const filtered = under.filters[filters.indexOf(undefined)];
  if (filtered) return `its keys do not tell ${exprText(filtered)}`;
  const keys = node.keys.map((k) => over(written(k.expr), keyColumns, ctx));
  const unkeyed = node.keys[keys.indexOf(undefined)];
  if (unkeyed) return `its keys do not give ${exprText(written(unkeyed.expr))}`;
  const calls = node.aggregates.map((item) => {
    const args = item.args.map(written);
    return { item, args, state: states.get(callKey(item.name, item.params, args)) };
  });
  const stateless = calls.find(({ state }) => !state);
  if (stateless) {
    return `it does not hold ${stateless.item.name}(${stateless.args.map((a) => exprText(a)).join(', ')})`;
  }
  // Both sides as rows of keys and states, then merged.
  const unionColumns = [
    ...node.keys.map((k) => newColumn(ctx, k.column.name, k.expr.type)),
    ...calls.map(({ item, state }) => newColumn(ctx, item.name, state?.column.type ?? '')),
  ];
  const merges = calls.map(({ item }, i): AggregateItem | undefined => {
    const state = unionColumns[node.keys.length + i] as Column;
    const name = `${item.name}Merge`;
    try {
      const { type } = ctx.kernel.resolveAggregate(name, item.params, [state.type]);
      if (type !== item.column.type) return undefined;
    } catch {
      return undefined;
    }
    return { column: item.column, name, params: item.params, args: [columnExpr(state)] };
  });
  if (merges.includes(undefined)) return 'its states cannot be merged to these results';
  const scan: Scan = {
    kind: 'scan',
    table: projection.part('projected'),
    names: scanned.map((s) => s.stored),
    columns: scanned.map((s) => s.column),
  };
  const kept = withFilters(scan, filters as Expr[], ctx);
  const projected = project(kept, [
    ...keys.map(
      (expr, i): Assigned => ({ column: fresh(ctx, unionColumns[i]), expr: expr as Expr }),
    ),
    ...calls.map(({ state }, i): Assigned => {
      const column = fresh(ctx, unionColumns[node.keys.length + i]);
      return { column, expr: columnExpr((state as { column: Column }).column) };
    }),
  ]);
  const restKeys = node.keys.map(
    (k, i): Assigned => ({
      column: fresh(ctx, unionColumns[i]),
      expr: written(k.expr),
    }),
  );
  const restCalls = calls.map(
    ({ item, args }, i): AggregateItem => ({
      column: fresh(ctx, unionColumns[node.keys.length + i]),
      name: `${item.name}State`,
      params: item.params,
      args,
    }),
  );
  const { filter: _, ...bare } = under.scan;
  const rest: Aggregate = {
    kind: 'aggregate',
    input: withFilters({ ...bare, table: projection.part('rest') }, under.filters, ctx),
    keys: restKeys,
    aggregates: restCalls,
    totals: false,
    emptyIfNoRows: true,
    columns: [...restKeys, ...restCalls].map((c) => c.column),
  };
  const made: Aggregate = {
    ...node,
    input: { kind: 'union', inputs: [projected, rest], columns: unionColumns },
    keys: node.keys.map((k, i) => ({
      column: k.column,
      expr: columnExpr(unionColumns[i] as Column),
    })),
    aggregates: merges as AggregateItem[],
  };
  return { projection, node: made, cost: projection.rows.projected + projection.rows.rest };
}

/** The projection was computed in UTC. */
const changesZone = (grouped: NonNullable<TableProjection['grouped']>, ctx: Planning): boolean =>
  !/^(|UTC)$/.test(ctx.settings.text('session_timezone')) &&
  (grouped.keys.some((k) => dependsOnZone(k.expr)) ||
    grouped.aggregates.some((a) => a.item.args.some(dependsOnZone)));

const fresh = (ctx: Planning, like: Column | undefined): Column =>
  newColumn(ctx, like?.name ?? '', like?.type ?? '');

function withFilters(scan: Scan, filters: readonly Expr[], ctx: Planning): Node {
  const [first] = filters;
  if (!first) return scan;
  const all = filters.reduce((a, b) => and(ctx, a, b));
  return filter(scan, all);
}

function and(ctx: Planning, a: Expr, b: Expr): Expr {
  const type = ctx.kernel.resolveFunction('and', [{ type: a.type }, { type: b.type }]);
  return { kind: 'call', name: 'and', args: [a, b], type, key: `and(${a.key},${b.key})` };
}

/** Conditions that a sorted column answers by a search. */
const searched: ReadonlySet<string> = new Set([
  'equals',
  'less',
  'lessOrEquals',
  'greater',
  'greaterOrEquals',
]);

const searches = (condition: Expr, key: Expr): boolean =>
  (condition.kind === 'call' &&
    searched.has(condition.name) &&
    condition.args.some((a) => a.key === key.key) &&
    condition.args.some((a) => columnsOf(a).size === 0)) ||
  (condition.kind === 'in' && !condition.negated && condition.expr.key === key.key);

function orderedChoice(
  scan: Scan,
  needed: ReadonlySet<string>,
  projection: TableProjection,
  ctx: Planning,
) {
  const { ordered } = projection;
  if (!ordered || projection.rows.projected === 0 || !scan.filter || scan.final) return undefined;
  if (!/^(|UTC)$/.test(ctx.settings.text('session_timezone')) && ordered.keys.some(dependsOnZone)) {
    return undefined;
  }
  for (const name of needed) if (!ordered.names.has(name)) return undefined;
  const first = ordered.keys[0];
  if (!first) return undefined;
  const key = replaceColumns(first, inScan(projection, scan));
  const hits = conjuncts(scan.filter).filter((c) => searches(c, key)).length;
  if (hits === 0) return undefined;
  const own = scan.table.sortKey[0];
  const named = own === undefined ? -1 : scan.names.indexOf(own);
  const column = named < 0 ? undefined : scan.columns[named];
  // The table's own order serves as well.
  const served = column && conjuncts(scan.filter).some((c) => searches(c, columnExpr(column)));
  if (served) return undefined;
  return projection;
}

/** Names that a scan's consumers and its own filter use. */
function neededNames(scan: Scan, used: ReadonlySet<number>): Set<string> {
  const ids = new Set(used);
  if (scan.filter) columnsOf(scan.filter, ids);
  return new Set(scan.names.filter((_, i) => ids.has((scan.columns[i] as Column).id)));
}

class Picker {
  readonly ctx: Planning;
  readonly preferred: string;
  constructor(ctx: Planning) {
    this.ctx = ctx;
    this.preferred = ctx.settings.text('preferred_optimize_projection_name');
  }

  pick<T extends { projection: TableProjection; cost: number }>(
    choices: readonly T[],
  ): T | undefined {
    const wanted = choices.find((c) => c.projection.name === this.preferred);
    return wanted ?? [...choices].sort((a, b) => a.cost - b.cost)[0];
  }

  /** Says in EXPLAIN why a projection does not serve. */
  considered(projection: TableProjection, choice: Choice | string): Choice[] {
    if (typeof choice !== 'string') return [choice];
    if (projection.grouped) {
      this.ctx.notes?.push(`Projection ${projection.name} is not read: ${choice}`);
    }
    return [];
  }

  visit(node: Node): Node {
    if (node.kind === 'aggregate') {
      const under = below(node.input);
      if (under) {
        const { base } = under.scan.table.projections?.()[0]?.rows ?? { base: 0 };
        const choices = (under.scan.table.projections?.() ?? [])
          .flatMap((p) => this.considered(p, groupedChoice(node, under, p, this.ctx)))
          .filter((c) => c.cost <= base || c.projection.name === this.preferred);
        const best = this.pick(choices);
        if (best) {
          this.ctx.notes?.push(
            `Projection ${best.projection.name} is read: ${best.cost} rows instead of ${base}`,
          );
          return best.node;
        }
      }
    }
    return withInputs(node, (input) => this.visit(input));
  }

  /** Once columns are pruned: scans that another order serves better. */
  order(node: Node): Node {
    if (node.kind === 'scan' && node.table.projections && node.filter) {
      const needed = neededNames(node, new Set(node.columns.map((c) => c.id)));
      const choices = node.table.projections().flatMap((projection) => {
        const fits = orderedChoice(node, needed, projection, this.ctx);
        return fits ? [{ projection, cost: projection.rows.rest }] : [];
      });
      const best = this.pick(choices);
      if (best) return { ...node, table: best.projection.part('reordered') };
      return node;
    }
    return withInputs(node, (input) => this.order(input));
  }
}

function scansOf(node: Node): Scan[] {
  return node.kind === 'scan' ? [node] : inputs(node).flatMap(scansOf);
}

const hasProjections = (node: Node): boolean =>
  scansOf(node).some((scan) => scan.table.projections !== undefined);

/** The settings that make it an error to read no projection. */
function check(root: Node, ctx: Planning): Node {
  const name = ctx.settings.text('force_optimize_projection_name');
  if (!ctx.settings.bool('force_optimize_projection') && name === '') return root;
  const scans = scansOf(root);
  const used = scans.some((s) => (name === '' ? s.table.projection : s.table.projection === name));
  if (used || scans.length === 0) return root;
  throw notUsed(name);
}

const notUsed = (name: string): EngineError =>
  fail(
    'PROJECTION_NOT_USED',
    name === ''
      ? 'No projection is used when processing the query'
      : `Projection ${name} is not used when processing the query`,
    { hint: 'EXPLAIN shows what is read; leave force_optimize_projection out' },
  );

export const pickProjection: Rule = {
  name: 'pick-projection',
  doc: 'Reads a projection where it holds what an aggregation or a filter needs',
  apply(node, ctx) {
    if (!ctx.settings.bool('optimize_use_projections') || !hasProjections(node)) return node;
    return new Picker(ctx).visit(node);
  },
};

/** Behind prune-columns, when it is known which columns are read. */
export const pickOrder: Rule = {
  name: 'pick-projection-order',
  doc: 'Reads a projection whose order serves the filter',
  apply(node, ctx) {
    if (!ctx.settings.bool('optimize_use_projections')) return node;
    return check(hasProjections(node) ? new Picker(ctx).order(node) : node, ctx);
  },
};
