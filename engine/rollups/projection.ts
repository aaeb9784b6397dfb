// A projection of a table, bound: what its files hold and how they are sorted. Its columns in files
// have names of their own (k0, a0 …), so that renaming a column of the table changes nothing there.

import {
  parseStatement,
  print,
  type Query,
  type QueryStatement,
  type Select,
  type TableExpression,
} from '../../sql/index.ts';
import type { ProjectionDefinition, TableDefinition } from '../catalog/definition.ts';
import { fail } from '../errors.ts';
import { bindStatement } from '../plan/bind/query.ts';
import type { PlannerKernel, Planning, StoredTable } from '../plan/context.ts';
import {
  type Column,
  columnExpr,
  columnsOf,
  type Expr,
  replaceColumns,
} from '../plan/expression.ts';
import type { Node, RollupForm, Scan } from '../plan/logical.ts';
import type { TableShapeJson } from '../plan/physical/wire.ts';
import { columnsOf as tableColumns } from '../tables/columns.ts';
import { barePlanning, tableShape } from '../tables/shape.ts';

export interface BoundProjection extends RollupForm {
  readonly definition: ProjectionDefinition;
  /** The table's columns under ids of this binding. */
  readonly columns: readonly Column[];
  /** As a table: for its shape. */
  readonly table: TableDefinition;
  readonly ctx: Planning;
  readonly scan: Scan;
}

/** `SELECT … FROM t` around a projection's SELECT. */
const from = ((parseStatement('SELECT 1 FROM `projected`') as QueryStatement).query as Select)
  .from as TableExpression;

function scanOf(node: Node): Scan {
  let at = node;
  for (;;) {
    if (at.kind === 'scan') return at;
    if (!('input' in at)) throw fail('ILLEGAL_PROJECTION', 'A projection reads its table only');
    at = at.input;
  }
}

function find(node: Node, kind: Node['kind']): Node | undefined {
  for (let at = node; ; at = at.input) {
    if (at.kind === kind) return at;
    if (!('input' in at)) return undefined;
  }
}

/** Planning with the server's settings, in which `isTable` is the name of one table that has no rows. */
export function planningOver(
  kernel: PlannerKernel,
  table: TableDefinition,
  isTable: (database: string | undefined, name: string) => boolean,
): Planning {
  const source: StoredTable = {
    kind: 'stored',
    database: table.database,
    name: table.name,
    columns: tableColumns(table),
    engine: 'MergeTree',
    handle: () => ({ handle: -1, title: table.name, rows: 0, bytes: 0, sortKey: [] }),
  };
  const find = (database: string | undefined, name: string) =>
    isTable(database, name) ? source : undefined;
  return {
    ...barePlanning(kernel),
    catalog: {
      find,
      tables: () => [],
      table: (database, name) => {
        const found = find(database, name);
        if (found) return found;
        throw fail('ILLEGAL_PROJECTION', 'A projection reads its table only');
      },
    },
  };
}

const planningFor = (kernel: PlannerKernel, table: TableDefinition): Planning =>
  planningOver(kernel, table, (_database, name) => name === 'projected');

export function parseProjection(text: string): Select {
  const statement = parseStatement(text);
  if (statement.kind === 'QueryStatement' && statement.query.kind === 'Select') {
    return statement.query;
  }
  throw fail('ILLEGAL_PROJECTION', 'A projection is a SELECT');
}

export const isGrouped = (kernel: PlannerKernel, table: TableDefinition, query: Select): boolean =>
  query.groupBy !== undefined ||
  find(bindStatement({ ...query, from } as Query, planningFor(kernel, table)).node, 'aggregate') !==
    undefined;

/** Binds; throws what the binder throws. */
export function bindProjection(
  kernel: PlannerKernel,
  table: TableDefinition,
  definition: ProjectionDefinition,
  query = parseProjection(definition.query),
): BoundProjection {
  const ctx = planningFor(kernel, table);
  const { orderBy, ...plain } = query;
  if (definition.kind === 'Aggregate') {
    const { node } = bindStatement({ ...plain, from } as Query, ctx);
    return grouped(ctx, table, definition, node);
  }
  // The order is bound beside the columns, so that it may use others.
  const keys = (orderBy?.items ?? []).flatMap(({ expr }) =>
    expr.kind === 'Tuple' ? expr.items : [expr],
  );
  const columns = [...plain.columns, ...keys];
  const { node } = bindStatement({ ...plain, columns, from } as Query, ctx);
  return ordered(ctx, table, definition, node, keys.length, keys.map(print));
}

const bare = (table: TableDefinition): TableDefinition => {
  const { partitionBy: _p, sampleBy: _s, ttl: _t, primaryKey: _k, extra: _e, ...rest } = table;
  const { projections: _r, ...plain } = rest;
  return { ...plain, engine: { name: 'MergeTree', args: '' }, indexes: [], settings: {} };
};

function grouped(
  ctx: Planning,
  table: TableDefinition,
  definition: ProjectionDefinition,
  node: Node,
): BoundProjection {
  const found = find(node, 'aggregate');
  if (found?.kind !== 'aggregate') {
    throw fail('ILLEGAL_PROJECTION', 'A grouped projection needs aggregates or keys');
  }
  const { below, scan } = through(found.input);
  const keys = found.keys.map((k, i) => ({
    stored: `k${i}`,
    type: k.expr.type,
    expr: replaceColumns(k.expr, below),
  }));
  const aggregates = found.aggregates.map((a, i) => {
    const item = { ...a, args: a.args.map((arg) => replaceColumns(arg, below)) };
    const types = item.args.map((arg) => arg.type);
    const { type } = ctx.kernel.resolveAggregate(`${a.name}State`, a.params, types);
    return { stored: `a${i}`, type, item, merge: `${a.name}Merge` };
  });
  const columns = [
    ...keys.map((k) => ({ name: k.stored, type: k.expr.type })),
    ...aggregates.map((a) => ({ name: a.stored, type: a.type })),
  ];
  const own: TableDefinition = { ...bare(table), columns, orderBy: keys.map((k) => k.stored) };
  return {
    definition,
    columns: scan.columns,
    grouped: { keys, aggregates },
    table: own,
    ctx,
    scan,
  };
}

/** What computed columns below a node stand for, down to the scan. */
function through(node: Node): { below: Map<number, Expr>; scan: Scan } {
  const scan = scanOf(node);
  let below = new Map<number, Expr>(scan.columns.map((c) => [c.id, columnExpr(c)]));
  const path: Node[] = [];
  for (let at = node; at !== scan; at = (at as { input: Node }).input) path.unshift(at);
  for (const step of path) {
    if (step.kind !== 'project') continue;
    const outer = new Map<number, Expr>();
    for (const { column, expr } of step.items) outer.set(column.id, replaceColumns(expr, below));
    below = outer;
  }
  return { below, scan };
}

function ordered(
  ctx: Planning,
  table: TableDefinition,
  definition: ProjectionDefinition,
  node: Node,
  keyCount: number,
  orderBy: readonly string[],
): BoundProjection {
  const { below, scan } = through(node);
  const all = node.columns.map((c) => below.get(c.id) ?? columnExpr(c));
  const items = all.slice(0, all.length - keyCount);
  const keys = all.slice(all.length - keyCount);
  const used = new Set<number>();
  for (const expr of [...items, ...keys]) columnsOf(expr, used);
  const names = new Set(
    scan.columns.flatMap((c, i) => (used.has(c.id) ? [scan.names[i] as string] : [])),
  );
  const columns = table.columns.filter((c) => names.has(c.name));
  // A column's default may use columns that are not here; the values are.
  const stored = columns.map(({ defaultExpr: _d, defaultKind: _k, ...column }) => column);
  const own: TableDefinition = { ...bare(table), columns: stored, orderBy };
  return { definition, columns: scan.columns, ordered: { names, keys }, table: own, ctx, scan };
}

const bounds = new WeakMap<TableDefinition, readonly BoundProjection[]>();

/** The projections of a table that can be bound, bound once for each version of the table. */
export function projectionsOf(
  kernel: PlannerKernel,
  table: TableDefinition,
): readonly BoundProjection[] {
  const known = bounds.get(table);
  if (known) return known;
  const list = (table.projections ?? []).map((p) => bindProjection(kernel, table, p));
  bounds.set(table, list);
  return list;
}

export function companionShape(
  kernel: PlannerKernel,
  table: TableDefinition,
  projection: string,
): TableShapeJson {
  const found = projectionsOf(kernel, table).find((p) => p.definition.id === projection);
  if (!found) throw fail('LOGICAL_ERROR', 'The projection does not exist any more');
  return tableShape(kernel, found.table);
}
