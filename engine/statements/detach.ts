// DETACH, ATTACH and UNDROP of tables: the name goes and comes back, the rows stay where they are.

import type { Drop, Span, TableName } from '../../sql/index.ts';
import type { AsideTable, TableState } from '../catalog/state.ts';
import { EngineError } from '../errors.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { placeOf } from '../query/names.ts';
import { dropTables, putAside } from '../storage/mutations/mutations.ts';
import { truncate } from '../storage/mutations/replace-rows.ts';

export async function detach(run: Run, ast: Drop, tables: readonly TableState[]): Promise<Answer> {
  if (ast.object !== 'TABLE' && ast.object !== 'VIEW')
    throw notBuilt(ast.span, `DETACH ${ast.object}`);
  const { storage } = run.core;
  for (const table of tables) {
    const store = storage.store(table.id);
    // A Set or Join that is not persistent holds its rows only as long as it is there.
    if (table.definition.settings.persistent === '0') await truncate(storage, store);
    await putAside(storage, store, 'detached');
  }
  run.core.plans.clear();
  return done;
}

/** DROP that UNDROP can take back for a while; at once where nothing can be kept. */
export async function dropForAWhile(run: Run, tables: readonly TableState[]): Promise<void> {
  const { storage } = run.core;
  const gone: number[] = [];
  for (const table of tables) {
    const keeps = table.segments.length > 0 || storage.store(table.id).memory.rows > 0;
    try {
      if (!keeps || storage.context.limits.dropDelayMs === 0) throw nothingKept;
      await putAside(storage, storage.store(table.id), 'dropped');
    } catch (error) {
      // A full disk must not keep anybody from making room.
      const full = error instanceof EngineError && error.fault === 'disk_full';
      if (error !== nothingKept && !full) throw error;
      gone.push(table.id);
    }
  }
  if (gone.length > 0) await dropTables(storage, gone);
}

const nothingKept = new Error('nothing is kept');

function find(run: Run, name: TableName, reason: AsideTable['reason']): AsideTable | undefined {
  const place = placeOf(run, name);
  const all = [...run.core.storage.context.catalog.state.aside.values()].filter(
    ({ table, reason: why }) =>
      why === reason &&
      table.definition.database === place.database &&
      table.definition.name === place.name,
  );
  return all.sort((a, b) => b.timeMs - a.timeMs)[0];
}

/** Whether a detached table waits under the name. */
export const isDetached = (run: Run, name: TableName): boolean =>
  find(run, name, 'detached') !== undefined;

async function bringBack(run: Run, name: TableName, found: AsideTable): Promise<Answer> {
  const { catalog } = run.core.storage.context;
  const place = placeOf(run, name);
  if (catalog.find(place.database, place.name)) {
    const text = `Table ${place.database}.${place.name} already exists`;
    throw failAt(name.span, 'TABLE_ALREADY_EXISTS', text);
  }
  await catalog.commit({ ddl: [{ op: 'bringBack', id: found.table.id }] });
  run.core.storage.merges.schedule();
  return done;
}

export async function attachTable(
  run: Run,
  name: TableName,
  ifNotExists: boolean,
  span: Span,
): Promise<Answer> {
  const place = placeOf(run, name);
  const { catalog } = run.core.storage.context;
  if (catalog.find(place.database, place.name)) {
    if (ifNotExists) return done;
    const text = `Table ${place.database}.${place.name} already exists`;
    throw failAt(name.span, 'TABLE_ALREADY_EXISTS', text);
  }
  const found = find(run, name, 'detached');
  if (found) return bringBack(run, name, found);
  const text = `There is no detached table ${place.database}.${place.name}`;
  throw failAt(span, 'CANNOT_GET_CREATE_TABLE_QUERY', text);
}

export async function undrop(run: Run, ast: Drop): Promise<Answer> {
  for (const name of ast.names) {
    const found = find(run, name, 'dropped');
    if (!found) {
      const place = placeOf(run, name);
      const text = `Table ${place.database}.${place.name} is not among the dropped ones`;
      throw failAt(name.span, 'UNKNOWN_TABLE', text, {
        hint: 'system.dropped_tables shows what can be brought back, and until when',
      });
    }
    await bringBack(run, name, found);
  }
  return done;
}
