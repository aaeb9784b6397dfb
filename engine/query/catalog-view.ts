// Tables as one statement sees them: temporary ones of the session, those of the catalog at one
// version, views, and the system tables.

import { parseStatement, type Query, suggest } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { CatalogState, TableState } from '../catalog/state.ts';
import { isMaterialized, targetOf, viewsOn } from '../catalog/views.ts';
import { fail } from '../errors.ts';
import type { AsOf, Catalog, StoredTable, TableSource, ViewTable } from '../plan/context.ts';
import type { TableHandle } from '../plan/logical.ts';
import { matchingNames } from '../plan/matching-names.ts';
import { columnsOf } from '../tables/columns.ts';
import { isSystem, requireDatabase, visibleDatabases } from '../tables/databases.ts';
import { joinTable } from '../tables/join-engine.ts';
import { keyColumns } from '../tables/key-columns.ts';
import { bufferTarget, mergeQuery, randomQuery } from '../tables/other-engines.ts';
import { stepsOf, versionAt } from '../tables/versions.ts';
import { parametersOf } from '../tables/view-parameters.ts';
import { type Run, type ScanTarget, sessionJson } from './core.ts';
import { rollupHandles } from './rollup-handles.ts';

export interface CatalogView extends Catalog {
  readonly state: CatalogState;
  /** What each scan so far reads; a scan's handle is -(index + 1) until the run starts. */
  readonly scans: ScanTarget[];
  /** Definitions that the plan depends on. */
  readonly used: Map<number, TableDefinition>;
  /** Materialised views that rules looked at, and why they could not be read. */
  readonly relied: Map<number, string | undefined>;
}

export function catalogView(run: Run): CatalogView {
  const { state } = run.core.storage.context.catalog;
  const scans: ScanTarget[] = [];
  const used = new Map<number, TableDefinition>();
  const relied = new Map<number, string | undefined>();
  const find = (database: string | undefined, name: string): TableSource | undefined => {
    const temporary = database === undefined ? run.session?.temporary.get(name) : undefined;
    if (temporary !== undefined) {
      const table = state.tables.get(temporary);
      // In the catalog it has the session in its name.
      if (table) return { ...stored(run, table, scans, used, relied), name };
    }
    const db = database ?? run.database;
    if (isSystem(db)) return run.core.systemTables.find(run, db, name);
    const id = state.databases.get(db)?.tables.get(name);
    const table = id === undefined ? undefined : state.tables.get(id);
    if (!table) return undefined;
    if (isMaterialized(table.definition)) {
      const { definition } = table;
      used.set(definition.id, definition);
      const target = targetOf(state, definition);
      return target && columnsOfView(definition, stored(run, target, scans, used, relied));
    }
    if (table.definition.engine.name === 'GenerateRandom')
      return queried(table.definition, randomQuery(table.definition), used);
    if (table.definition.engine.name === 'Merge') return merged(run, state, table.definition, used);
    if (table.definition.engine.name === 'Buffer') {
      used.set(table.id, table.definition);
      const target = bufferTarget(state, table.definition);
      const rows = stored(run, target, scans, used, relied);
      const all = target.definition.columns.length === table.definition.columns.length;
      return all ? rows : columnsOfView(table.definition, rows);
    }
    return table.definition.engine.name === 'View'
      ? view(table.definition, used)
      : stored(run, table, scans, used, relied);
  };
  return {
    state,
    scans,
    used,
    relied,
    find,
    tables(database) {
      const db = database ?? run.database;
      requireDatabase(state, db);
      const names = [...(state.databases.get(db)?.tables.keys() ?? [])].sort();
      return names
        .filter((name) => !name.includes('\n') && !name.startsWith('.inner'))
        .map((name) => ({ database: db, name }));
    },
    table(database, name) {
      const found = find(database, name);
      if (found) return found;
      throw unknownTable(run, state, database, name);
    },
  };
}

export function unknownTable(
  run: Run,
  state: CatalogState,
  database: string | undefined,
  name: string,
): Error {
  const db = database ?? run.database;
  requireDatabase(state, db);
  const here = isSystem(db)
    ? run.core.systemTables.names(db)
    : [...(state.databases.get(db)?.tables.keys() ?? [])];
  const temporary = database === undefined ? [...(run.session?.temporary.keys() ?? [])] : [];
  const elsewhere = visibleDatabases(state).find((other) =>
    state.databases.get(other)?.tables.has(name),
  );
  const near = elsewhere ? `${elsewhere}.${name}` : suggest(name, [...here, ...temporary]);
  return fail('UNKNOWN_TABLE', `Table ${db}.${name} does not exist`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

const stored = (
  run: Run,
  table: TableState,
  scans: ScanTarget[],
  used: Map<number, TableDefinition>,
  relied: CatalogView['relied'],
): StoredTable => {
  const { definition } = table;
  used.set(definition.id, definition);
  const join = joinTable(definition);
  const { catalog } = run.core.storage.context;
  const find = (asOf: AsOf) => versionAt(table, asOf, catalog.state.version, run.nowMs);
  return {
    kind: 'stored',
    at: (asOf) => versioned({ ...table, ...find(asOf) }, scans),
    changes(from, to) {
      const last = to ? find(to).version : Number.MAX_SAFE_INTEGER;
      const first = 'version' in from ? from.version : find(from).version;
      return stepsOf(table, first, last, (part) => versioned(part, scans));
    },
    database: definition.database,
    name: definition.name,
    columns: columnsOf(definition),
    engine: definition.engine.name,
    ...(join ? { join } : {}),
    ...(definition.sampleBy === undefined ? {} : { sampleBy: definition.sampleBy }),
    handle() {
      scans.push({ id: definition.id });
      const memory = run.core.storage.store(definition.id).memory;
      const rows = table.segments.reduce((sum, s) => sum + s.rows, memory.rows);
      const bytes = table.segments.reduce((sum, s) => sum + s.bytes, memory.bytes);
      const handle: TableHandle = {
        handle: -scans.length,
        title: `${definition.database}.${definition.name}`,
        rows,
        bytes,
        sortKey: definition.orderBy,
        keyColumns: () => keyColumns(definition),
      };
      const views = viewsOn(catalog.state, definition.id);
      if (!definition.projections?.length && views.length === 0) return handle;
      const place = { run, state: catalog.state, scans, relied };
      return { ...handle, rollups: () => rollupHandles(place, table, handle) };
    },
  };
};

/** A table as it was, or a part of its segments then. */
const versioned = (table: TableState, scans: ScanTarget[]): StoredTable => {
  const { id, definition, segments } = table;
  return {
    kind: 'stored',
    database: definition.database,
    name: definition.name,
    columns: columnsOf(definition),
    engine: definition.engine.name,
    ...(definition.sampleBy === undefined ? {} : { sampleBy: definition.sampleBy }),
    handle() {
      scans.push({ id, at: table });
      return {
        handle: -scans.length,
        title: `${definition.database}.${definition.name} (an older version)`,
        rows: segments.reduce((sum, s) => sum + s.rows, 0),
        bytes: segments.reduce((sum, s) => sum + s.bytes, 0),
        sortKey: definition.orderBy,
      };
    },
  };
};

/** A materialised view shows its target's rows, in the columns of its query. */
function columnsOfView(view: TableDefinition, target: StoredTable): StoredTable {
  const byName = new Map(target.columns.map((c) => [c.name, c]));
  const { database, name } = view;
  const columns = view.columns.flatMap((c) => byName.get(c.name) ?? []);
  return { ...target, database, name, columns };
}

/** Made anew for each statement: tables come and go. */
function merged(
  run: Run,
  state: CatalogState,
  definition: TableDefinition,
  used: Map<number, TableDefinition>,
): TableSource {
  const matching = (pattern: string, names: readonly string[]): ReadonlySet<string> =>
    matchingNames(run.core.native.planner(sessionJson(run)), pattern, names);
  const own = new Set(definition.columns.map((c) => c.name));
  const virtual = ['_table', '_database', '_sample_factor'].filter((name) => !own.has(name));
  const modified = (modifiers: string): ViewTable => ({
    ...queried(definition, mergeQuery(state, definition, modifiers, matching), used),
    virtual,
  });
  return { ...modified(''), modified };
}

/** A table that is what a query gives each time. */
function queried(
  definition: TableDefinition,
  text: string,
  used: Map<number, TableDefinition>,
): ViewTable {
  used.set(definition.id, definition);
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement') throw fail('LOGICAL_ERROR', 'A table without a query');
  const { database, name } = definition;
  const columns = columnsOf(definition);
  return { kind: 'view', database, name, columns, query: statement.query, changes: true };
}

const viewQueries = new WeakMap<TableDefinition, Query>();

function view(definition: TableDefinition, used: Map<number, TableDefinition>): TableSource {
  used.set(definition.id, definition);
  let query = viewQueries.get(definition);
  if (!query) {
    const statement = parseStatement(String(definition.extra?.query ?? ''));
    if (statement.kind !== 'QueryStatement') throw fail('LOGICAL_ERROR', 'A view without a query');
    query = statement.query;
    viewQueries.set(definition, query);
  }
  const { database, name } = definition;
  const parameters = definition.columns.length === 0 ? parametersOf(query) : [];
  return {
    kind: 'view',
    database,
    name,
    columns: columnsOf(definition),
    query,
    ...(parameters.length > 0 ? { parameters } : {}),
  };
}
