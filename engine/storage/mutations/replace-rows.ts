// Other rows for a whole table, in one commit: none (TRUNCATE), new ones (REFRESH), those of an older
// version (RESTORE).

import { compatible, storedName, type TableDefinition } from '../../catalog/definition.ts';
import {
  type DdlChange,
  filesOf,
  type SegmentDescriptor,
  type TableState,
} from '../../catalog/state.ts';
import { sealedChange } from '../flush.ts';
import { SchemaChanged, type Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { quietly } from './mutations.ts';

/** Takes every row away. */
export const truncate = (storage: Storage, store: TableStore): Promise<void> =>
  replaceRows(storage, store, store.table.definition, []);

/** Puts rows in the place of all that are there, in one commit. The caller removes the segments when
 *  this fails.
 *  @param definition what the segments were written for
 *  @param ddl changes of the catalog that belong to the same commit */
export async function replaceRows(
  storage: Storage,
  store: TableStore,
  definition: TableDefinition,
  segments: readonly SegmentDescriptor[],
  ddl: readonly DdlChange[] = [],
): Promise<void> {
  const { catalog, health, finish } = storage.context;
  const finished = await finish(storage, definition, segments);
  try {
    await quietly(store, () =>
      storage.merges.without(store, async () => {
        if (!compatible(definition, store.table.definition)) throw new SchemaChanged();
        store.seal();
        const remove = store.table.segments.map((segment) => segment.file);
        const change = sealedChange(store.id, [...store.sealed], finished);
        const operation = finished.length > 0 ? 'REPLACE' : 'TRUNCATE';
        const tables = [{ ...change, remove, operation }];
        await catalog.commit({ ...(ddl.length ? { ddl } : {}), tables });
        store.dropFlushed();
      }),
    );
  } catch (error) {
    for (const { file } of health.poisoned ? [] : finished.flatMap((s) => filesOf(s).slice(1))) {
      storage.collector.discard(file);
    }
    throw error;
  }
  storage.trimWal();
  storage.collector.collect();
}

/** Makes a table what it was at an older version, in one commit that is itself a version.
 *  Throws ABORTED when the version is gone by then. */
export function restoreVersion(
  storage: Storage,
  store: TableStore,
  find: (table: TableState) => Pick<TableState, 'definition' | 'segments'>,
): Promise<void> {
  return quietly(store, () =>
    storage.merges.without(store, async () => {
      store.seal();
      await storage.flusher.withSealed(store, store.sealed.length, async (sealed) => {
        const { table } = store;
        const { definition, segments } = find(table);
        const wanted = new Set(segments);
        const there = new Set(table.segments);
        const change = {
          // What was in memory belongs to no older version, but must not come back from the log.
          ...sealed,
          add: segments.filter((segment) => !there.has(segment)),
          remove: table.segments.filter((s) => !wanted.has(s)).map(({ file }) => file),
          operation: 'RESTORE',
        };
        const ddl = restoredDefinition(table.definition, definition);
        await storage.context.catalog.commit({ ...(ddl ? { ddl: [ddl] } : {}), tables: [change] });
        for (const segment of sealed.add ?? []) storage.collector.discardSegment(segment);
      });
      storage.collector.collect();
    }),
  );
}

/** Columns, keys and expressions as they were; the name, and how long versions are kept, as now. */
function restoredDefinition(now: TableDefinition, old: TableDefinition): DdlChange | undefined {
  if (now === old || now.schemaVersion === old.schemaVersion) return undefined;
  const stored = new Set(old.columns.map(storedName));
  const lost = [...now.columns.map(storedName), ...(now.retired ?? [])];
  const { database, name, schemaVersion } = now;
  const settings = { ...old.settings };
  for (const key of ['history_retention', 'history_versions']) {
    if (now.settings[key] === undefined) delete settings[key];
    else settings[key] = now.settings[key];
  }
  const definition: TableDefinition = {
    ...old,
    database,
    name,
    settings,
    schemaVersion: schemaVersion + 1,
    retired: [...new Set([...(old.retired ?? []), ...lost.filter((n) => !stored.has(n))])],
  };
  return { op: 'alterTable', id: now.id, definition };
}
