// Statements that change existing rows or the schema. Each seals the memtable first and commits both
// in one record, so that a replay of the log never revives a row.

import { compatible, type TableDefinition } from '../../catalog/definition.ts';
import {
  type DdlChange,
  filesOf,
  type SegmentDescriptor,
  type TableChange,
  type TokenRecord,
} from '../../catalog/state.ts';
import { fail } from '../../errors.ts';
import { runJob } from '../flush.ts';
import { hasInsertRules, type KernelTableRules } from '../kernel.ts';
import { SchemaChanged, type Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { besideMerges, overFixedSegments, type Settle } from './fixed-segments.ts';
import type { Started } from './mutation-log.ts';
import { patchedSegments } from './patches.ts';

/** Adds segments that were written outside of a job (large inserts); all tables in one commit.
 *  Throws SchemaChanged when a table was altered in a way that does not fit the files. */
export async function commitSegments(
  storage: Storage,
  parts: readonly {
    readonly definition: TableDefinition;
    readonly segments: readonly SegmentDescriptor[];
    readonly views?: readonly TableDefinition[];
    /** The rows come from no view. */
    readonly direct?: boolean;
  }[],
  token?: TokenRecord,
): Promise<void> {
  const ids = new Set(parts.map((part) => part.definition.id));
  const finished: SegmentDescriptor[][] = [];
  const leave: (() => void)[] = [];
  try {
    for (const { definition, segments } of parts) {
      finished.push([...(await storage.context.finish(storage, definition, segments))]);
    }
    for (const id of ids) {
      // What came before must not lie behind: the engine lets the last row win.
      const store = storage.store(id);
      if ((store.shape() as KernelTableRules).engine && store.memory.rows > 0) {
        await storage.flusher.flush(store);
      }
    }
    for (const id of [...ids].sort((a, b) => a - b)) {
      leave.push(await storage.store(id).gate.pass());
    }
    for (const { definition, views, direct } of parts) {
      const now = storage.store(definition.id).table.definition;
      if (!compatible(definition, now)) throw new SchemaChanged();
      storage.checkViews(definition.id, views, direct);
    }
    const tables = parts.map(({ definition: { id } }, index) => ({
      id,
      add: finished[index] ?? [],
      fed: finished[index]?.length ?? 0,
      ...(token && index === 0 ? { tokens: [token] } : {}),
    }));
    await storage.context.catalog.commit({ tables });
  } catch (error) {
    // The segments themselves are the caller's to remove.
    if (!storage.context.health.poisoned) {
      for (const { file } of finished.flat().flatMap((s) => filesOf(s).slice(1))) {
        storage.collector.discard(file);
      }
    }
    throw error;
  } finally {
    for (const out of leave) out();
  }
  storage.merges.schedule();
}

/** Rows in memory as segments that no commit names yet. Uses up the batch.
 *  Throws SchemaChanged when the table is not what the rows were decoded for. */
export async function segmentsOf(
  storage: Storage,
  definition: TableDefinition,
  batch: number,
): Promise<readonly SegmentDescriptor[]> {
  const { kernel } = storage.context;
  let memtable: number | undefined;
  let used = false;
  try {
    const store = storage.store(definition.id);
    if (store.table.definition.schemaVersion !== definition.schemaVersion) {
      throw new SchemaChanged();
    }
    memtable = kernel.memtableOpen(store.shape());
    const rules: KernelTableRules = store.shape();
    if (hasInsertRules(rules, 0, {})) kernel.batchPrepare(batch, rules, {});
    kernel.memtableAppend(memtable, batch);
    used = true;
    const work = { kind: 'flush', memtables: [memtable] } as const;
    return await runJob(storage, store, work, async ({ segments }) => segments);
  } finally {
    if (!used) kernel.batchDrop(batch);
    if (memtable !== undefined) kernel.memtableDrop(memtable);
  }
}

/** Rewrites rows (DELETE, UPDATE). Rows that come while it runs are not touched.
 *  @param change the planner's JSON for the kernel
 *  @returns rows before and after, of the segments that were looked at */
export function rewrite(
  storage: Storage,
  store: TableStore,
  change: object,
  only: (segment: SegmentDescriptor) => boolean = () => true,
  started: Started = () => {},
): Promise<{ rowsIn: number; rowsOut: number }> {
  const { catalog } = storage.context;
  const light = 'patchRows' in change && change.patchRows !== 0;
  const over = light ? besideMerges : overFixedSegments;
  return over(storage, store, async (all, settle?: Settle) => {
    const segments = all.filter(only);
    if (segments.length === 0) return { rowsIn: 0, rowsOut: 0 };
    const work = { kind: 'rewrite', segments, change } as const;
    return await runJob(
      storage,
      store,
      work,
      async (result) => {
        const { patches = [], unchanged = [] } = result;
        const stay = new Set([...unchanged, ...patches.map(({ file }) => file)]);
        const replace = replacements(
          segments.filter(({ file }) => !stay.has(file)),
          result.segments,
        );
        const describe = patchedSegments(segments, patches);
        const operation = 'delete' in change ? 'DELETE' : 'UPDATE';
        const table = { id: store.id, replace, describe, operation };
        const touched = [...replace, ...describe].map(({ file }) => file);
        await settle?.(touched);
        if (touched.length > 0) await catalog.commit({ tables: [table] });
        return { rowsIn: result.rowsIn, rowsOut: result.rowsOut };
      },
      (job) => started(job, segments),
    );
  });
}

/** Says something new of segments that stay as they are; one commit for each.
 *  @param change gives the new descriptor, or the same when nothing changes */
export function describeSegments(
  storage: Storage,
  store: TableStore,
  change: (segment: SegmentDescriptor, definition: TableDefinition) => Promise<SegmentDescriptor>,
): Promise<void> {
  const { catalog, health } = storage.context;
  return overFixedSegments(storage, store, async (segments) => {
    for (const segment of segments) {
      const changed = await change(segment, store.table.definition);
      if (changed === segment) continue;
      try {
        const table = { id: store.id, describe: [changed], operation: 'MATERIALIZE' };
        await catalog.commit({ tables: [table] });
      } catch (error) {
        const before = new Set(filesOf(segment).map(({ file }) => file));
        for (const { file } of health.poisoned ? [] : filesOf(changed)) {
          if (!before.has(file)) storage.collector.discard(file);
        }
        throw error;
      }
    }
  });
}

/** Which new segments stand for which old ones: each in its place, so that the order of rows stays. */
export function replacements(
  old: readonly SegmentDescriptor[],
  made: readonly SegmentDescriptor[],
): { file: string; add: SegmentDescriptor[] }[] {
  return old.map(({ file, created }) => ({
    file,
    add: made.flatMap((segment): SegmentDescriptor[] => {
      if (segment.replaces !== file) return [];
      const { replaces: _, ...kept } = segment;
      return [{ ...kept, ...(created === undefined ? {} : { created }) } as SegmentDescriptor];
    }),
  }));
}

/** Takes every row of some partitions away. */
export function dropPartitions(
  storage: Storage,
  store: TableStore,
  gone: (partition: string) => boolean,
): Promise<void> {
  const { catalog } = storage.context;
  const commit = async (sealed: TableChange) => {
    const isGone = (segment: SegmentDescriptor) => gone(segment.partition);
    const remove = store.table.segments.filter(isGone).map(({ file }) => file);
    const add = sealed.add?.filter((segment) => !isGone(segment)) ?? [];
    await catalog.commit({ tables: [{ ...sealed, add, remove, operation: 'DROP PARTITION' }] });
    for (const { file } of sealed.add?.filter(isGone) ?? []) storage.collector.discard(file);
  };
  return store.statements.run(async () => {
    await store.structure.run(async () => {
      store.seal();
      await storage.flusher.withSealed(store, store.sealed.length, commit);
    });
    storage.collector.collect();
  });
}

/** Changes the definition: rows in memory become segments of the old shape in the same commit.
 *  @param change gives the new definition; may throw, then nothing happened
 *  @param more changes of the catalog that belong to the same commit */
export function alter(
  storage: Storage,
  store: TableStore,
  change: (definition: TableDefinition) => TableDefinition,
  more: readonly DdlChange[] = [],
): Promise<void> {
  return quietly(store, async () => {
    const old = store.table.definition;
    const definition = { ...change(old), schemaVersion: old.schemaVersion + 1 };
    if (definition.id !== old.id) throw fail('LOGICAL_ERROR', 'ALTER changed the table id');
    const ddl: DdlChange[] = [{ op: 'alterTable', id: store.id, definition }, ...more];
    store.seal();
    await storage.flusher.withSealed(store, store.sealed.length, async (sealed) => {
      await storage.context.catalog.commit({ ddl, tables: [sealed] });
    });
  });
}

/** Runs `work` while no insert, flush or other statement touches the table. */
export function quietly<T>(store: TableStore, work: () => Promise<T>): Promise<T> {
  return store.statements.run(() => quietlyHeld(store, work));
}

/** As `quietly`, for a statement that holds `statements` already. */
export async function quietlyHeld<T>(store: TableStore, work: () => Promise<T>): Promise<T> {
  const open = await store.gate.shut();
  try {
    return await store.structure.run(work);
  } finally {
    open();
  }
}

/** Runs `work` while no insert touches any of the tables. */
export async function whileShut<T>(
  stores: readonly TableStore[],
  work: () => Promise<T>,
): Promise<T> {
  const inOrder = [...new Set(stores)].sort((a, b) => a.id - b.id);
  const open: (() => void)[] = [];
  try {
    for (const store of inOrder) open.push(await store.gate.shut());
    return await work();
  } finally {
    for (const go of open) go();
  }
}

/** Takes a table's name away; its rows wait on the disk. */
export function putAside(
  storage: Storage,
  store: TableStore,
  reason: 'detached' | 'dropped',
): Promise<void> {
  return quietly(store, () =>
    storage.merges.without(store, async () => {
      store.seal();
      // The rows first, in a commit of their own: a table that is aside changes no more, and the segments stay
      // when the second commit is refused.
      await storage.flusher.withSealed(store, store.sealed.length, async (sealed) => {
        if (sealed.flushedThrough === undefined) return;
        await storage.context.catalog.commit({ tables: [sealed] });
      });
      await storage.context.catalog.commit({ ddl: [{ op: 'putAside', id: store.id, reason }] });
      storage.trimWal();
    }),
  );
}

/** Drops tables in one commit. Inserts on their way end before it.
 *  @param more changes of the catalog that belong to the same commit */
export async function dropTables(
  storage: Storage,
  ids: readonly number[],
  more: readonly DdlChange[] = [],
): Promise<void> {
  const stores = ids.map((id) => storage.store(id));
  await whileShut(stores, async () => {
    const ddl = ids.map((id): DdlChange => ({ op: 'dropTable', id }));
    await storage.context.catalog.commit({ ddl: [...ddl, ...more] });
  });
  storage.collector.collect();
  storage.trimWal();
  for (const id of ids) storage.collector.removeTableDir(id);
}
