// Runs merges in the background, a bounded number at a time, and the merges of OPTIMIZE.

import type { TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor } from '../../catalog/state.ts';
import { EngineError, fail } from '../../errors.ts';
import { runJob } from '../flush.ts';
import type { KernelTableRules, MergeHow } from '../kernel.ts';
import { isHeavilyPatched } from '../mutations/patches.ts';
import type { Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { byPartition, finalMerges, nextMerge } from './policy.ts';

const SPACE_RESERVE_BYTES = 16 << 20;
const RETRY_MS = 10_000;

interface Running {
  readonly tableId: number;
  readonly files: readonly string[];
  readonly rows: number;
  readonly startedMs: number;
  job: number;
  done: Promise<void>;
}

/** What the table says of the size of its merges; 0 is no bound of its own. */
function mergeBytesMax({ settings }: TableDefinition, max: number): number {
  const own = Number(settings.max_bytes_to_merge_at_max_space_in_pool ?? 0);
  return own > 0 ? Math.min(own, max) : max;
}

/** Whether the TTL has something to do in a segment. A segment that says nothing is looked at. */
const isDue = ({ ttl }: SegmentDescriptor, seconds: number): boolean =>
  ttl === undefined || (ttl.next !== null && ttl.next <= seconds);

/** Most rows of the segment are deleted: it is worth writing the others anew. */
const isHollow = ({ deleted, rows }: SegmentDescriptor): boolean =>
  deleted !== undefined && deleted.rows * 2 > rows;

/** All rows of the segment are over. */
const isOver = ({ ttl }: SegmentDescriptor, seconds: number): boolean =>
  ttl !== undefined && ttl.all !== null && ttl.all <= seconds;

export class Merges {
  readonly #storage: Storage;
  readonly #running = new Set<Running>();
  /** Tables whose last merge failed, and when to try again. */
  readonly #pause = new Map<number, number>();
  #stopped = false;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** For system.merges. */
  get running(): readonly Running[] {
    return [...this.#running];
  }

  /** Segments of the fullest partition of a table. */
  mostSegments(tableId: number): number {
    const segments = this.#storage.context.catalog.table(tableId)?.segments ?? [];
    const { segmentsPerPartitionMax } = this.#storage.context.limits;
    if (segments.length < segmentsPerPartitionMax) return 0;
    return Math.max(0, ...[...byPartition(segments).values()].map((list) => list.length));
  }

  /** Begins the merges that are worth it. */
  schedule(): void {
    const { limits, health, catalog, clock } = this.#storage.context;
    for (const { id, segments } of catalog.state.tables.values()) {
      if (this.#running.size >= limits.mergesMax || this.#stopped || health.poisoned) return;
      if (segments.length === 0 || (this.#pause.get(id) ?? 0) > clock.now()) continue;
      const store = this.#storage.store(id);
      if (store.mergesHeld > 0 || store.rests('merges')) continue;
      if (this.#storage.damagedLog?.of(id)) continue;
      const busy = this.#busy(id);
      if (this.#expire(store, segments, busy)) continue;
      const bytesMax = mergeBytesMax(store.table.definition, limits.mergeBytesMax);
      const stale = segments.find(
        (segment) =>
          (isHollow(segment) || isHeavilyPatched(segment)) &&
          segment.bytes <= bytesMax &&
          !busy.has(segment.file),
      );
      if (stale && this.#hasSpace([stale])) {
        this.#background(store, [stale]);
        continue;
      }
      if (segments.length < 2) continue;
      for (const list of byPartition(segments).values()) {
        const inputs = nextMerge(list, busy, { ...limits, mergeBytesMax: bytesMax });
        if (!inputs || !this.#hasSpace(inputs)) continue;
        this.#background(store, inputs);
        break;
      }
    }
  }

  /** Lets go of what is over by its TTL: whole segments in one commit, parts of one by a merge. */
  #expire(
    store: TableStore,
    segments: readonly SegmentDescriptor[],
    busy: ReadonlySet<string>,
  ): boolean {
    if (!segments.some((segment) => segment.ttl) || store.rests('ttl')) return false;
    const rules: KernelTableRules = store.shape();
    if (!rules.ttl) return false;
    const seconds = this.#storage.ttlSeconds;
    const free = segments.filter(({ file }) => !busy.has(file));
    const over = free.filter((segment) => isOver(segment, seconds));
    if (over.length > 0) {
      this.#inBackground(store, this.#dropWhole(store, over));
      return true;
    }
    const due = free.find((segment) => segment.ttl && isDue(segment, seconds));
    if (due && this.#hasSpace([due])) this.#background(store, [due]);
    return due !== undefined;
  }

  /** What runs is known while it does, and can be waited for. */
  async #track(running: Running, result: Promise<unknown>): Promise<void> {
    running.done = result.then(
      () => {},
      () => {},
    );
    this.#running.add(running);
    try {
      await result;
    } finally {
      this.#running.delete(running);
    }
  }

  async #dropWhole(store: TableStore, over: readonly SegmentDescriptor[]): Promise<void> {
    const { catalog, clock } = this.#storage.context;
    const files = over.map(({ file }) => file);
    const running: Running = {
      tableId: store.id,
      files,
      rows: 0,
      startedMs: clock.now(),
      job: 0,
      done: Promise.resolve(),
    };
    const result = catalog.commit({ tables: [{ id: store.id, remove: files }] });
    await this.#track(running, result);
    this.#storage.collector.collect();
  }

  #background(store: TableStore, inputs: readonly SegmentDescriptor[]): void {
    // Inserts will have to wait when there are many more segments: then merges go first.
    const behind =
      store.table.segments.length * 4 > this.#storage.context.limits.segmentsPerPartitionMax;
    this.#inBackground(store, this.merge(store, inputs, behind ? {} : { polite: true }));
  }

  #inBackground(store: TableStore, work: Promise<void>): void {
    const { clock, logger } = this.#storage.context;
    work.then(
      () => this.schedule(),
      (error) => {
        this.#pause.set(store.id, clock.now() + RETRY_MS);
        const expected = error instanceof EngineError && error.fault !== 'bug';
        const reason = error instanceof Error ? error.message : String(error);
        logger[expected ? 'debug' : 'warn']({ table: store.id, reason }, 'merge failed');
      },
    );
  }

  #busy(tableId: number): Set<string> {
    const files = [...this.#running].filter((m) => m.tableId === tableId).flatMap((m) => m.files);
    return new Set(files);
  }

  #hasSpace(inputs: readonly SegmentDescriptor[]): boolean {
    const bytes = inputs.reduce((sum, segment) => sum + segment.bytes, 0);
    const { files, logger } = this.#storage.context;
    try {
      return files.freeSpace() > bytes * 1.2 + SPACE_RESERVE_BYTES;
    } catch (error) {
      // A disk that does not say how full it is gets no merges; nobody waits for them.
      logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'no merges');
      return false;
    }
  }

  /** Merges these segments into one and commits it, unless one of them is gone by then. */
  async merge(
    store: TableStore,
    inputs: readonly SegmentDescriptor[],
    how: MergeHow = {},
  ): Promise<void> {
    const { catalog, clock } = this.#storage.context;
    const rows = inputs.reduce((sum, segment) => sum + segment.rows, 0);
    const files = inputs.map((segment) => segment.file);
    const level = 1 + Math.max(...inputs.map((segment) => segment.level));
    const pin = catalog.pin(store.table);
    const running: Running = {
      tableId: store.id,
      files,
      rows,
      startedMs: clock.now(),
      job: 0,
      done: Promise.resolve(),
    };
    const rules: KernelTableRules = store.shape();
    const now = rules.ttl ? { now: this.#storage.ttlSeconds } : {};
    const rolled = !rules.ttl && !how.deduplicate && !how.cleanup;
    const work = { kind: 'merge', segments: inputs, level, how: { ...now, ...how } } as const;
    const result = runJob(
      this.#storage,
      store,
      work,
      ({ segments }) =>
        catalog.commit({
          tables: [{ id: store.id, add: segments, remove: files, sameRows: true, rolled }],
        }),
      (job) => {
        running.job = job;
      },
    );
    try {
      await this.#track(running, result);
    } finally {
      pin.release();
    }
  }

  /** Keeps merges of a table from running while `work` does; running ones are called off. */
  without<T>(store: TableStore, work: () => Promise<T>): Promise<T> {
    return this.noneBegins(store, async () => {
      await this.#callOff((merge) => merge.tableId === store.id);
      return await work();
    });
  }

  /** Keeps merges of a table from beginning while `work` runs. */
  async noneBegins<T>(store: TableStore, work: () => Promise<T>): Promise<T> {
    store.mergesHeld++;
    try {
      return await work();
    } finally {
      store.mergesHeld--;
    }
  }

  /** Calls off the merges of a table that take one of these segments; another table may have the same files. */
  callOffOf(store: TableStore, files: readonly string[]): Promise<void> {
    const taken = new Set(files);
    return this.#callOff(
      (merge) => merge.tableId === store.id && merge.files.some((file) => taken.has(file)),
    );
  }

  async #callOff(which: (merge: Running) => boolean): Promise<void> {
    const chosen = [...this.#running].filter(which);
    for (const { job } of chosen) if (job) this.#storage.context.kernel.cancelJob(job);
    await Promise.all(chosen.map(({ done }) => done));
  }

  /** OPTIMIZE: one more merge in each partition, or with `final` as few segments as there may be.
   *  @param only partitions to look at; all without it */
  async optimize(
    store: TableStore,
    options: MergeHow & { final: boolean; only?: (partition: string) => boolean },
  ): Promise<number> {
    this.#storage.damagedLog?.checkWritable(store.id);
    // rows of several inserts become one segment
    let done = store.memory.rows > 0 ? 1 : 0;
    await this.#storage.flusher.flush(store);
    if (store.rests('merges')) {
      throw fail('ABORTED', 'Cancelled merging parts', {
        hint: 'SYSTEM START MERGES lets them run',
      });
    }
    await store.statements.run(() =>
      this.without(store, async () => {
        const { limits } = this.#storage.context;
        for (const [partition, list] of byPartition(store.table.segments)) {
          if (options.only && !options.only(partition)) continue;
          const alone = (segment: SegmentDescriptor) => this.#wantsMerge(store, segment, options);
          // Several inserts may lie in one segment already, and wait to be merged with each other.
          const rest = list.filter(alone).slice(0, 1);
          const one = nextMerge(list, new Set(), limits, 1) ?? (rest.length > 0 ? rest : undefined);
          const merges = options.final ? finalMerges(list, limits, alone) : one ? [one] : [];
          const { final: _, only: __, ...how } = options;
          for (const inputs of merges) await this.merge(store, inputs, how);
          done += merges.filter((inputs) => inputs.length > 1).length;
        }
      }),
    );
    this.#storage.collector.collect();
    return done;
  }

  /** A segment that a merge would change though it has no company. */
  #wantsMerge(store: TableStore, segment: SegmentDescriptor, options: MergeHow): boolean {
    const rules: KernelTableRules = store.shape();
    if (options.cleanup || options.deduplicate) return true;
    if (segment.deleted !== undefined || segment.patch !== undefined) return true;
    if (rules.engine && segment.level === 0) return true;
    return rules.ttl !== undefined && isDue(segment, this.#storage.ttlSeconds);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running].map(({ done }) => done));
  }

  /** Calls off what runs and begins nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#callOff(() => true);
  }
}
