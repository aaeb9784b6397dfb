// CREATE TABLE in its forms: with columns, AS another table, AS SELECT; OR REPLACE, TEMPORARY.

import {
  type CreateTable,
  type FunctionCall,
  type IndexDefinition,
  type Name,
  type ProjectionDefinition,
  parseStatement,
  print,
  printNormal,
  type Span,
  type TableName,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import type { DdlChange } from '../../catalog/state.ts';
import { innerOf } from '../../catalog/views.ts';
import { withoutFunctions } from '../../plan/bind/expression/substitute.ts';
import { failAt, notBuilt, type PlannerKernel } from '../../plan/context.ts';
import type { Node } from '../../plan/logical.ts';
import { applyQuerySettings, applySettings } from '../../query/apply-settings.ts';
import { type Answer, done, type Run, sessionJson } from '../../query/core.ts';
import {
  checkName,
  placeOf,
  refuseCluster,
  requireDefinition,
  requireTable,
  requireWritable,
} from '../../query/names.ts';
import { bindTop, type PlanningRun, startPlanning } from '../../query/plan-query.ts';
import { dropTables } from '../../storage/mutations/mutations.ts';
import { isSystem, temporaryDatabase } from '../../tables/databases.ts';
import { withJoin } from '../../tables/join-engine.ts';
import { bindTable, tableShape } from '../../tables/shape.ts';
import { checkIndexType } from '../../tables/skip-index.ts';
import { withProjection } from '../alter/projection.ts';
import { attachTable, isDetached } from '../detach.ts';
import { insertPlan } from '../rows/insert-select.ts';
import { withBorrowedColumns } from './borrowed-columns.ts';
import { cloneTable } from './clone.ts';
import { sortElements, withColumns } from './definition.ts';
import { modernStorage } from './deprecated-engine.ts';
import { checkClauses } from './engine-clauses.ts';
import { checkIndexed, indexDefinitions } from './index-definition.ts';
import { withColumnTtls, withConstraints, withStorage } from './storage-clauses.ts';
import { checkEngine, tableEngine, withTarget } from './table-engine.ts';
import { settingsByOwner } from './table-settings.ts';
import { withKeyForms } from './written-keys.ts';

const columnsMax = 10_000;
export function emptyDefinition(database: string, name: string): TableDefinition {
  return {
    id: 0,
    uuid: crypto.randomUUID(),
    database,
    name,
    engine: { name: 'MergeTree', args: '' },
    columns: [],
    orderBy: [],
    indexes: [],
    settings: {},
    schemaVersion: 1,
  };
}

/** `CREATE TABLE t AS numbers(5)`: the table is what the function gives, each time anew. */
function viewOfFunction(
  run: Run,
  call: FunctionCall,
  definition: TableDefinition,
): TableDefinition {
  const text = `SELECT * FROM ${print(call)}`;
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement') throw notBuilt(call.span, 'This table function');
  const { columns } = bindTop(startPlanning(run), statement.query);
  return {
    ...definition,
    engine: { name: 'View', args: '' },
    columns: columns.map(({ name, type }) => ({ name, type })),
    extra: { query: text, function: print(call) },
  };
}

/** The statement without the settings of the query that stand among those of its engine. */
function withQuerySettings(run: Run, ast: CreateTable): CreateTable {
  const { storage } = ast;
  if (!storage?.settings) return ast;
  const { query, table } = settingsByOwner(storage.settings);
  applySettings(run, query);
  return query.length > 0 ? { ...ast, storage: { ...storage, settings: table } } : ast;
}

export async function createTable(run: Run, given: CreateTable): Promise<Answer> {
  const ast = withQuerySettings(run, given);
  refuseCluster(ast.cluster, ast.span);
  if (ast.mode === 'ATTACH') {
    if (ast.elements || ast.storage) throw notBuilt(ast.span, 'ATTACH TABLE with columns');
    return attachTable(run, ast.name, ast.ifNotExists, ast.span);
  }
  const { catalog } = run.core.storage.context;
  const written = placeOf(run, ast.name);
  checkName(written.name, ast.name.table.span, 'table');
  if (ast.temporary && ast.name.database) {
    throw failAt(
      ast.name.database.span,
      'BAD_DATABASE_FOR_TEMPORARY_TABLE',
      'Temporary tables are in no database: leave its name out',
    );
  }
  if (ast.temporary && !run.session) {
    throw failAt(ast.span, 'UNSUPPORTED_METHOD', 'Temporary tables need a session', {
      hint: 'Send session_id',
    });
  }
  const { session } = run;
  const place =
    ast.temporary && session
      ? { database: temporaryDatabase, name: `${session.id}\n${written.name}` }
      : written;
  if (!ast.temporary) requireWritable(run, place.database, ast.name.span);
  const existing = ast.temporary
    ? catalog.table(session?.temporary.get(written.name) ?? -1)
    : catalog.find(place.database, place.name);
  if (existing && ast.mode === 'CREATE') {
    if (ast.ifNotExists) return done;
    // What is wrong with the columns or the query is said first.
    planAs(run, ast);
    if (ast.elements) {
      const flat = run.settings.bool('flatten_nested');
      withColumns(run, emptyDefinition('', ''), sortElements(ast.elements, flat).columns);
    }
    throw failAt(
      ast.name.span,
      'TABLE_ALREADY_EXISTS',
      `Table ${written.database}.${written.name} already exists`,
      {
        hint: 'Write CREATE TABLE IF NOT EXISTS, or CREATE OR REPLACE TABLE',
      },
    );
  }
  if (!existing && !ast.temporary && ast.mode === 'CREATE' && isDetached(run, ast.name)) {
    const text = `Table ${written.database}.${written.name} already exists (detached)`;
    throw failAt(ast.name.span, 'TABLE_ALREADY_EXISTS', text, {
      hint: 'Write ATTACH TABLE, or choose another name',
    });
  }
  if (!existing && ast.mode === 'REPLACE') requireTable(run, ast.name);
  if (ast.clone && ast.asTable) {
    if (ast.storage) throw notBuilt(ast.storage.span, 'CLONE AS with an engine of its own');
    await cloneTable(run, requireTable(run, ast.asTable), place, existing?.id);
    return done;
  }
  const planned = planAs(run, ast);
  const definition = ast.asFunction
    ? viewOfFunction(run, ast.asFunction, emptyDefinition(place.database, place.name))
    : define(run, ast, place, planned?.node);
  const id = catalog.reserveTableId();
  const created: TableDefinition = { ...definition, id };
  if (planned && !ast.empty) {
    await createFilled(run, created, existing?.id, planned, ast.span);
  } else await swap(run, created, existing?.id);
  if (ast.temporary) session?.temporary.set(written.name, id);
  return done;
}

/** Puts the new table in the place of an old one, in one commit. */
async function swap(run: Run, created: TableDefinition, old: number | undefined): Promise<void> {
  const { storage } = run.core;
  await ensureTemporary(run, created.database);
  if (old === undefined) {
    await storage.context.catalog.commit({ ddl: [{ op: 'createTable', definition: created }] });
    return;
  }
  // Created under another name first: readers see the old table or the new one.
  const aside = `${created.name}\n${created.id}`;
  const ddl: DdlChange[] = [
    { op: 'createTable', definition: { ...created, name: aside } },
    { op: 'exchangeTables', a: created.id, b: old },
  ];
  await storage.context.catalog.commit({ ddl });
  await dropTables(storage, [old]);
}

/** CREATE … AS SELECT: the table appears with its rows, or not at all. */
async function createFilled(
  run: Run,
  created: TableDefinition,
  old: number | undefined,
  planned: Planned,
  span: Span,
): Promise<void> {
  const { storage } = run.core;
  const { catalog } = storage.context;
  await ensureTemporary(run, created.database);
  const aside: TableDefinition = { ...created, name: `${created.name}\n${created.id}` };
  await catalog.commit({ ddl: [{ op: 'createTable', definition: aside }] });
  try {
    const columns = created.columns.filter(
      (c) => c.defaultKind === undefined || c.defaultKind === 'DEFAULT',
    );
    await insertPlan(
      run,
      aside,
      columns.map((c) => c.name),
      planned.planning,
      planned.node,
      span,
    );
    const ddl: DdlChange[] =
      old === undefined
        ? [{ op: 'renameTable', id: created.id, database: created.database, name: created.name }]
        : [{ op: 'exchangeTables', a: created.id, b: old }];
    await catalog.commit({ ddl });
  } catch (error) {
    await dropTables(storage, [created.id]).catch(() => {});
    throw error;
  }
  if (old !== undefined) await dropTables(storage, [old]);
}

export async function ensureTemporary(run: Run, database: string): Promise<void> {
  if (database !== temporaryDatabase) return;
  const { catalog } = run.core.storage.context;
  if (catalog.state.databases.has(database)) return;
  await catalog.commit({ ddl: [{ op: 'createDatabase', name: database }] });
}

interface Planned {
  planning: PlanningRun;
  node: Node;
}

function planAs(run: Run, ast: CreateTable): Planned | undefined {
  if (!ast.query) return undefined;
  applyQuerySettings(run, ast.query);
  const planning = startPlanning(run);
  return { planning, node: bindTop(planning, ast.query) };
}

/** What holds a temporary table unless it says otherwise. */
const memoryEngine = (span: Span): FunctionCall => ({
  kind: 'Function',
  name: 'Memory',
  nameSpan: span,
  args: [],
  distinct: false,
  span,
});

export function define(
  run: Run,
  written: CreateTable,
  place: { database: string; name: string },
  from: Node | undefined,
): TableDefinition {
  const plain = withoutFunctions(written, startPlanning(run).ctx.userFunctions);
  const storage = modernStorage(run, plain.storage);
  const ast = storage ? { ...plain, storage } : plain;
  const deprecated = storage !== plain.storage;
  let table: TableDefinition = {
    ...emptyDefinition(place.database, place.name),
    engine: tableEngine(
      ast.storage?.engine ?? (ast.temporary ? memoryEngine(ast.span) : undefined),
    ),
  };
  if (deprecated) table = { ...table, extra: { ...table.extra, deprecated } };
  if (ast.asTable)
    table = copyOf(
      run,
      ast.asTable,
      table,
      ast.storage?.engine !== undefined || ast.storage?.orderBy !== undefined,
    );
  const { columns, indexes, constraints, projections } = sortElements(
    ast.elements ?? [],
    run.settings.bool('flatten_nested'),
  );
  if (columns.length > columnsMax) {
    throw failAt(
      columns[columnsMax]?.span,
      'TOO_MANY_COLUMNS',
      `A table has at most ${columnsMax} columns`,
    );
  }
  if (columns.length > 0) table = withColumns(run, { ...table, columns: [] }, columns);
  else if (from) {
    const seen = new Set<string>();
    for (const column of from.columns) {
      if (seen.has(column.name))
        throw failAt(
          ast.query?.span,
          'DUPLICATE_COLUMN',
          `Column ${column.name} is there twice; give it another name with AS`,
        );
      seen.add(column.name);
      if (/^(Nullable\()?Nothing\)?$/.test(column.type)) {
        throw failAt(
          ast.query?.span,
          'ILLEGAL_COLUMN',
          `Column ${column.name} is always NULL: give it a type with CAST`,
        );
      }
    }
    table = { ...table, columns: from.columns.map(({ name, type }) => ({ name, type })) };
  }
  if (columns.length > 0 && from && !ast.empty) requireAsMany(table, from, ast);
  table = withTarget(run, table, ast.storage?.engine);
  table = withBorrowedColumns(run, table);
  if (table.columns.every((c) => c.defaultKind === 'ALIAS' || c.defaultKind === 'EPHEMERAL')) {
    const unsaid = table.columns.length === 0;
    throw failAt(
      ast.span,
      unsaid ? 'INCORRECT_QUERY' : 'EMPTY_LIST_OF_COLUMNS_PASSED',
      'A table needs columns',
      {
        hint: 'Write them behind the name, as in (id UInt64, note String), or AS SELECT …',
      },
    );
  }
  const inner = [...(ast.primaryKey ?? [])];
  for (const column of columns) {
    if (column.primaryKey)
      inner.push({ kind: 'Identifier', parts: [column.name], span: column.name.span });
  }
  const hasKey = ast.primaryKey !== undefined || inner.length > 0;
  table = withStorage(run, table, ast.storage, hasKey ? inner : undefined);
  const inColumns = columns.some((column) => column.primaryKey);
  table = withKeyForms(table, run.text, ast.storage, { primary: inColumns, list: ast.primaryKey });
  table = { ...table, indexes: [...table.indexes, ...indexDefinitions(indexes, run.text)] };
  refuseTwice(projections);
  for (const projection of projections) table = withProjection(run, table, projection);
  const sorted =
    hasKey ||
    ast.storage?.orderBy !== undefined ||
    ast.storage?.primaryKey !== undefined ||
    ast.asTable !== undefined;
  const keyless = run.settings.bool('create_table_empty_primary_key_by_default');
  if (/MergeTree$/.test(table.engine.name) && !sorted && ast.storage?.engine && !keyless) {
    throw failAt(
      ast.storage.engine.span,
      'BAD_ARGUMENTS',
      `A ${table.engine.name} needs ORDER BY or PRIMARY KEY`,
      {
        hint: 'Add ORDER BY (columns that queries filter by), or ORDER BY tuple()',
      },
    );
  }
  checkClauses(table, ast, columns);
  if (ast.comment !== undefined) table = { ...table, comment: ast.comment };
  checkEngine(run, table, ast.storage?.engine);
  table = withJoin(table, ast.storage?.engine, run.settings.bool('join_use_nulls'));
  table = withConstraints(run, table, constraints);
  table = withColumnTtls(run, table, columns);
  // Whatever is wrong with indexes or keys shows here, before anything is written.
  const planner = run.core.native.planner(sessionJson(run));
  checkIndexes(planner, table, indexes, ast.span);
  tableShape(planner, table);
  return table;
}

function refuseTwice(projections: readonly ProjectionDefinition[]): void {
  const twice = projections.find((a, i) => projections.findIndex((b) => sameName(a, b)) < i);
  if (!twice) return;
  const text = `Projection ${twice.name.name} is there twice`;
  throw failAt(twice.name.span, 'ILLEGAL_PROJECTION', text);
}

function checkIndexes(
  planner: PlannerKernel,
  table: TableDefinition,
  written: readonly IndexDefinition[],
  span: Span,
): void {
  const { bind } = bindTable(planner, table);
  for (const { type, expr } of table.indexes) {
    const bound = bind(expr);
    checkIndexed(bound, written.find((i) => printNormal(i.expr) === expr)?.span ?? span);
    checkIndexType(type, bound.type);
  }
}

const sameName = (a: { name: Name }, b: { name: Name }): boolean => a.name.name === b.name.name;

/** The columns that are written take what the query gives, one by one. */
function requireAsMany(table: TableDefinition, from: Node, ast: CreateTable): void {
  const taken = table.columns.filter((c) => (c.defaultKind ?? 'DEFAULT') === 'DEFAULT').length;
  const given = from.columns.length;
  if (taken === given) return;
  const text = `Number of columns doesn't match (source: ${given} and result: ${taken})`;
  throw failAt(ast.query?.span, 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text, {
    hint: 'Name as many columns as the SELECT has',
  });
}

/** Columns of a table of the server's own databases. */
function systemColumns(run: Run, name: TableName): ColumnDefinition[] {
  const { database, name: table } = placeOf(run, name);
  const { columns } = startPlanning(run).ctx.catalog.table(database, table);
  return columns.map(({ name, type }) => ({ name, type }));
}

function copyOf(
  run: Run,
  name: TableName,
  table: TableDefinition,
  ownStorage: boolean,
): TableDefinition {
  const known = isSystem(placeOf(run, name).database) ? systemColumns(run, name) : undefined;
  if (known) return { ...table, columns: known };
  const named = requireDefinition(run, name);
  // Of a materialised view with a table of its own: like that table.
  const definition = innerOf(run.core.storage.context.catalog.state, named) ?? named;
  const columns = definition.columns.map(({ stored: _, ...column }) => column);
  const { indexes, projections } = definition;
  const comment = definition.comment === undefined ? {} : { comment: definition.comment };
  if (ownStorage) {
    const constraints = definition.extra?.constraints;
    const kept = constraints === undefined ? {} : { extra: { ...table.extra, constraints } };
    return { ...table, columns, indexes, ...comment, ...kept };
  }
  const { engine, orderBy, primaryKey, partitionBy, sampleBy, settings, extra, ttl } = definition;
  return {
    ...table,
    columns,
    indexes,
    engine,
    orderBy,
    settings,
    ...(primaryKey ? { primaryKey } : {}),
    ...(partitionBy === undefined ? {} : { partitionBy }),
    ...(sampleBy === undefined ? {} : { sampleBy }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(extra ? { extra } : {}),
    ...(projections ? { projections } : {}),
    ...comment,
  };
}
