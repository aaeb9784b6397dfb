// Names of tables and databases in statements: looked up, with failures that point at them.

import type { Name, Span, TableName } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { TableState } from '../catalog/state.ts';
import { EngineError, type ErrorName, fail } from '../errors.ts';
import { failAt, SpannedError } from '../plan/context.ts';
import { isSystem, logPlace, requireDatabase, temporaryDatabase } from '../tables/databases.ts';
import { unknownTable } from './catalog-view.ts';
import type { Run } from './core.ts';

export interface Place {
  database: string;
  name: string;
  span: Span;
}

export function nameOf(run: Run, name: Name): string {
  if (name.parameter === undefined) return name.name;
  const value = run.request.params?.[name.parameter] ?? run.session?.params.get(name.parameter);
  if (value !== undefined) return value;
  throw failAt(
    name.span,
    'UNKNOWN_QUERY_PARAMETER',
    `Query parameter \`${name.parameter}\` was not set`,
  );
}

export function placeOf(run: Run, name: TableName): Place {
  const database = name.database ? nameOf(run, name.database) : run.database;
  return { database, name: nameOf(run, name.table), span: name.span };
}

/** Points a failure at a place in the text, unless it has one. */
export function pointing(error: unknown, span: Span): unknown {
  if (!(error instanceof EngineError) || error.position !== undefined) return error;
  return failAt(
    span,
    error.name as ErrorName,
    error.message,
    error.hint ? { hint: error.hint } : {},
  );
}

/** The table, temporary ones of the session first; undefined when there is none. */
export function findTable(run: Run, name: TableName): TableState | undefined {
  const { catalog } = run.core.storage.context;
  const place = placeOf(run, name);
  const temporary = name.database ? undefined : run.session?.temporary.get(place.name);
  if (temporary !== undefined) return catalog.table(temporary);
  if (place.database === temporaryDatabase) return undefined;
  return catalog.find(place.database, place.name);
}

/** Errors: UNKNOWN_TABLE, UNKNOWN_DATABASE with a suggestion, at the name. */
export function requireTable(run: Run, name: TableName): TableState {
  const place = placeOf(run, name);
  if (isSystem(place.database)) {
    throw failAt(name.span, 'ACCESS_DENIED', `Tables of the database system cannot be changed`);
  }
  const table = findTable(run, name);
  if (table) return table;
  const database = name.database ? place.database : undefined;
  const error = unknownTable(run, run.core.storage.context.catalog.state, database, place.name);
  throw pointing(error, name.span);
}

/** As in ClickHouse a table that is not there has no CREATE statement, which is another failure. */
export function requireDefinition(run: Run, name: TableName): TableDefinition {
  const table = findTable(run, name);
  if (table) return table.definition;
  try {
    return requireTable(run, name).definition;
  } catch (error) {
    const failure = error instanceof SpannedError ? error.error : undefined;
    if (failure?.name !== 'UNKNOWN_TABLE') throw error;
    const hint = failure.hint === undefined ? {} : { hint: failure.hint };
    throw failAt(name.span, 'CANNOT_GET_CREATE_TABLE_QUERY', failure.message, hint);
  }
}

/** A database that new tables may be made in. */
export function requireWritable(run: Run, database: string, span: Span): void {
  if (isSystem(database) || database === temporaryDatabase || database === logPlace.database) {
    throw failAt(span, 'ACCESS_DENIED', `Nothing can be created in the database ${database}`);
  }
  try {
    requireDatabase(run.core.storage.context.catalog.state, database);
  } catch (error) {
    throw pointing(error, span);
  }
}

/** Names become parts of answers and of nothing else, but keep them sane. */
export function checkName(name: string, span: Span, what: string): void {
  const bytes = Buffer.byteLength(name);
  if (name === '' || bytes > 255 || /[\0\n]/.test(name)) {
    throw failAt(
      span,
      'BAD_ARGUMENTS',
      `The name of a ${what} has 1 to 255 bytes and no zero byte or line end`,
    );
  }
}

export function refuseCluster(cluster: string | undefined, span: Span): void {
  if (cluster !== undefined) {
    throw failAt(span, 'NOT_IMPLEMENTED', 'ON CLUSTER is not implemented: there are no clusters');
  }
}

export { fail };

/** Where something is to be made, and what is there already. Throws when nothing may be made there.
 *  @param what `table`, `view`: for the message */
export function placeToFill(
  run: Run,
  name: TableName,
  what: string,
): { place: Place; existing: TableState | undefined } {
  const place = placeOf(run, name);
  checkName(place.name, name.table.span, what);
  requireWritable(run, place.database, name.span);
  const existing = run.core.storage.context.catalog.find(place.database, place.name);
  return { place, existing };
}
