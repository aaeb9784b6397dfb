// Turns memtables into segments: one job of the kernel and one commit each.

import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor, TableChange, TokenRecord } from '../catalog/state.ts';
import { EngineError } from '../errors.ts';
import type { Job, JobResult } from './kernel.ts';
import type { Storage } from './storage.ts';
import type { TableStore } from './table-store.ts';

const RETRY_MS = 2000;

/** Distributes over a union. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type JobWork = Without<Job, 'job' | 'store' | 'table' | 'prefix'>;

/** Runs a job under a fresh file name. What a failed job has written is swept away.
 *  @param commit makes the files part of the table; when it fails they are swept away too */
export async function runJob<T>(
  storage: Storage,
  store: TableStore,
  work: JobWork,
  commit: (result: JobResult) => Promise<T>,
  started: (job: number) => void = () => {},
  definition: TableDefinition = store.table.definition,
): Promise<T> {
  const { kernel, files, health } = storage.context;
  const prefix = storage.names.prefix(store.id);
  let finished: readonly SegmentDescriptor[] = [];
  try {
    health.check();
    files.makeDir(prefix.slice(0, prefix.lastIndexOf('/')));
    const job = storage.nextJob();
    started(job);
    const base = { job, store: files.store, table: store.shape(definition), prefix };
    const result = await kernel.runJob({ ...base, ...work });
    finished = await storage.context.finish(storage, definition, result.segments);
    return await commit({ ...result, segments: finished });
  } catch (error) {
    const refused = health.refused(error);
    if (!health.poisoned) {
      storage.collector.sweep(prefix);
      for (const segment of finished) storage.collector.discardSegment(segment);
    }
    if (refused.fault === 'disk_full') storage.collector.collect({ spaceIsShort: true });
    throw refused;
  }
}

export class Flusher {
  readonly #storage: Storage;
  readonly #running = new Map<number, Promise<void>>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  flushIfDue(tableId: number): void {
    const { catalog, clock } = this.#storage.context;
    if (!catalog.table(tableId) || this.#running.has(tableId)) return;
    const store = this.#storage.store(tableId);
    const due = store.hasSealed || store.activeIsDue;
    if (due && clock.now() >= store.retryFlushMs) this.#background(store);
  }

  /** Frees memory: begins with the table that holds most of it. */
  flushLargest(): void {
    this.#flushFirst((store) => -store.memory.bytes);
  }

  /** Frees the log: begins with the table whose rows wait longest. */
  flushOldest(): void {
    this.#flushFirst((store) => store.oldestMs ?? Number.MAX_SAFE_INTEGER);
  }

  #flushFirst(order: (store: TableStore) => number): void {
    const full = [...this.#storage.stores].filter((s) => s.memory.rows > 0);
    const idle = full.filter((s) => !this.#running.has(s.id));
    const [first] = idle.sort((a, b) => order(a) - order(b));
    if (first && this.#storage.context.clock.now() >= first.retryFlushMs) this.#background(first);
  }

  #background(store: TableStore): void {
    if (this.#running.size >= this.#storage.context.limits.flushesMax) return;
    const work = this.flush(store)
      .catch((error) => {
        store.retryFlushMs = this.#storage.context.clock.now() + RETRY_MS;
        const reason = error instanceof Error ? error.message : String(error);
        const level = error instanceof EngineError && error.fault === 'missing' ? 'debug' : 'warn';
        this.#storage.context.logger[level]({ table: store.id, reason }, 'flush failed');
      })
      .finally(() => this.#running.delete(store.id));
    this.#running.set(store.id, work);
  }

  /** Puts all rows that are in memory now into segments. */
  flush(store: TableStore): Promise<void> {
    return store.structure.run(async () => {
      store.seal();
      while (store.hasSealed) {
        await this.withSealed(store, 1, async (change) => {
          await this.#storage.context.catalog.commit({ tables: [change] });
        });
      }
    });
  }

  /** Runs the flush jobs of the oldest sealed memtables (all by default) and hands their change to
   *  `commit`, which must commit it. The caller holds `structure`. */
  async withSealed<T>(
    store: TableStore,
    count: number,
    commit: (change: TableChange) => Promise<T>,
    prepared: readonly SegmentDescriptor[] = [],
    from = 0,
  ): Promise<T> {
    const memtables = store.sealed.slice(0, count);
    const memtable = memtables[from];
    if (!memtable) {
      const result = await commit(sealedChange(store.id, memtables, prepared));
      store.dropFlushed();
      this.#storage.trimWal();
      return result;
    }
    const work = { kind: 'flush', memtables: [memtable.handle] } as const;
    return runJob(this.#storage, store, work, ({ segments }) =>
      this.withSealed(store, count, commit, [...prepared, ...segments], from + 1),
    );
  }

  /** Resolves when nothing runs in the background. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Flushes every table; false when some rows could not be. */
  async flushAll(): Promise<boolean> {
    let all = true;
    for (const store of [...this.#storage.stores]) {
      try {
        await this.flush(store);
      } catch (error) {
        if (!(error instanceof EngineError && error.fault === 'missing')) all = false;
      }
    }
    return all;
  }
}

/** What a commit says about memtables that become segments. */
export function sealedChange(
  id: number,
  memtables: readonly { lastSequence: number; tokens: readonly TokenRecord[] }[],
  add: readonly SegmentDescriptor[],
): TableChange {
  const last = memtables.at(-1);
  const tokens = memtables.flatMap((memtable) => memtable.tokens);
  const change: TableChange = { id, add, fed: add.length };
  if (!last) return change;
  return { ...change, flushedThrough: last.lastSequence, ...(tokens.length ? { tokens } : {}) };
}
