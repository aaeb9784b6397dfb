// The rows of all tables: one object that the rest of the engine talks to. `recover.ts` makes it.

import { fedByViews } from '../catalog/agreement.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor, TokenRecord } from '../catalog/state.ts';
import { sameViews, viewsOn } from '../catalog/views.ts';
import type { Clock } from '../clock.ts';
import { EngineError, fail } from '../errors.ts';
import type { Logger } from '../facade.ts';
import type { FilesApi } from '../files.ts';
import { Flusher } from './flush.ts';
import { Collector, FileNames } from './gc.ts';
import type { Health } from './integrity/health.ts';
import { Scrub } from './integrity/scrub.ts';
import {
  hasInsertRules,
  type InsertHow,
  type Kernel,
  type KernelTable,
  type KernelTableRules,
} from './kernel.ts';
import type { StorageLimits } from './limits.ts';
import { Merges } from './merges/merges.ts';
import { MutationLog } from './mutations/mutation-log.ts';
import { Past } from './past.ts';
import { TableStore } from './table-store.ts';
import type { DamagedLog } from './wal/damaged.ts';
import type { WalPart } from './wal/frame.ts';
import type { Wal } from './wal/wal.ts';

/** Work in the background that SYSTEM STOP … stops: merges of any kind, or those of the TTL. */
export type Rest = 'merges' | 'ttl';

export interface StorageContext {
  /** What SYSTEM STOP … has stopped for all tables. */
  readonly resting: Set<Rest>;
  readonly files: FilesApi;
  readonly kernel: Kernel;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: StorageLimits;
  readonly health: Health;
  /** Binds a definition for the kernel; may throw what the binder throws. */
  readonly shape: (definition: TableDefinition) => KernelTable;
  /** How the rows of a projection lie in files. */
  readonly companionShape: (definition: TableDefinition, projection: string) => KernelTable;
  /** What `_partition_id` shows for a partition's text. */
  readonly partitionId: (definition: TableDefinition, partition: string) => string;
  /** Writes what belongs beside new segments (projections) and says so in their descriptors. */
  readonly finish: FinishSegments;
}

export type FinishSegments = (
  storage: Storage,
  definition: TableDefinition,
  segments: readonly SegmentDescriptor[],
) => Promise<readonly SegmentDescriptor[]>;

/** The rows of one insert for one table. */
export interface AppendPart {
  readonly tableId: number;
  /** The definition that the rows were decoded for. */
  readonly definition: TableDefinition;
  readonly batch: number;
  readonly rows: number;
  readonly how?: InsertHow;
  /** The materialised views whose rows are among the other parts. */
  readonly views?: readonly TableDefinition[];
  /** The rows come from no view. */
  readonly direct?: boolean;
}

/** The table was altered while rows for it were on their way; they have to be decoded anew. */
export class SchemaChanged extends Error {}

const TICK_MS = 1000;
const RETRY_SECONDS = 1;
/** How far the wall clock may run ahead of the time that has passed since the start. */
const CLOCK_SLACK_MS = 60_000;

/** Jobs of all databases of the process: the kernel knows them by their numbers alone. */
let nextJob = 1;

const stopping = (): EngineError =>
  new EngineError('ABORTED', 236, 'unavailable', 'The server is stopping');

export class Storage {
  readonly context: StorageContext;
  readonly wal: Wal;
  readonly collector: Collector;
  readonly names: FileNames;
  readonly flusher: Flusher;
  readonly merges: Merges;
  readonly mutations: MutationLog;
  readonly scrub: Scrub;
  /** Where the log could not be read at the start, until somebody accepts what could be. */
  damagedLog: DamagedLog | undefined;
  readonly #stores = new Map<number, TableStore>();
  readonly #stopListening: () => void;
  readonly #unlock: () => void;
  #stopTick = () => {};
  readonly #past: Past;
  #closing = false;
  /** Queries may put what does not fit their memory into the folder for temporary files. */
  hasTemporary = false;

  readonly #startedMs: number;
  readonly #startedSteadyMs: number;

  constructor(context: StorageContext, wal: Wal, unlock: () => void) {
    this.context = context;
    this.#startedMs = context.clock.now();
    this.#startedSteadyMs = context.clock.steady?.() ?? context.clock.now();
    this.wal = wal;
    this.#unlock = unlock;
    const { files, catalog, clock, limits, logger } = context;
    this.collector = new Collector(files, catalog, clock, limits, logger);
    this.#past = new Past(context, this.collector);
    this.names = new FileNames(catalog.boot);
    this.flusher = new Flusher(this);
    this.merges = new Merges(this);
    this.scrub = new Scrub(context);
    this.mutations = new MutationLog(clock, limits.mutationsKept, (job) =>
      context.kernel.cancelJob(job),
    );
    this.#stopListening = catalog.onCommit(({ record }) => {
      for (const change of record.tables ?? []) this.#stores.get(change.id)?.changed();
      for (const change of record.ddl ?? []) {
        if (/^(dropTable|dropDatabase|putAside)$/.test(change.op)) this.#dropGone();
        else if (change.op === 'alterTable') this.#stores.get(change.id)?.changed();
      }
    });
  }

  /** Starts the work in the background. */
  start(): void {
    const tick = () => {
      this.#stopTick = this.context.clock.after(TICK_MS, tick);
      this.maintain();
    };
    this.#stopTick = this.context.clock.after(TICK_MS, tick);
  }

  /** The store of a table. Throws UNKNOWN_TABLE. */
  store(tableId: number): TableStore {
    let store = this.#stores.get(tableId);
    if (!store) {
      if (!this.context.catalog.table(tableId)) {
        throw fail('UNKNOWN_TABLE', 'The table does not exist any more');
      }
      store = new TableStore(this.context, tableId);
      this.#stores.set(tableId, store);
    }
    return store;
  }

  get stores(): IterableIterator<TableStore> {
    return this.#stores.values();
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** The time by which rows expire, in seconds. A clock that jumps ahead does not make it jump: it
   *  passes no faster than time does. */
  get ttlSeconds(): number {
    const { clock } = this.context;
    const passed = (clock.steady?.() ?? clock.now()) - this.#startedSteadyMs;
    return Math.floor(Math.min(clock.now(), this.#startedMs + passed + CLOCK_SLACK_MS) / 1000);
  }

  nextJob(): number {
    return nextJob++;
  }

  /** How much of a job is done, of 1. */
  progressOf(job: number): number {
    return this.context.kernel.jobProgress?.(job) ?? 0;
  }

  /** Bytes of rows in memory, of all tables. */
  get memtableBytes(): number {
    let bytes = 0;
    for (const store of this.#stores.values()) bytes += store.memory.bytes;
    return bytes;
  }

  /** Throws when an insert should come later: 429 for pressure, 503 for an untrusted disk; or not at
   *  all: TABLE_IS_READ_ONLY. */
  admit(tableId: number): void {
    this.context.health.check();
    if (this.#closing) throw stopping();
    this.damagedLog?.checkWritable(tableId);
    const { limits } = this.context;
    if (this.memtableBytes >= limits.memtablesBytesMax) {
      this.flusher.flushLargest();
      const text = `Rows wait in memory for the disk (limit ${limits.memtablesBytesMax} bytes)`;
      throw fail('TOO_MANY_PARTS', text, { retryAfterSeconds: RETRY_SECONDS });
    }
    const crowd = this.merges.mostSegments(tableId);
    if (crowd >= limits.segmentsPerPartitionMax) {
      const text = `A partition has ${crowd} segments (limit ${limits.segmentsPerPartitionMax})`;
      const hint = 'Merges are behind; send larger inserts, or wait.';
      const retryAfterSeconds = Math.min(60, 1 + Math.ceil(crowd / 1000));
      throw fail('TOO_MANY_PARTS', text, { hint, retryAfterSeconds });
    }
  }

  /** Puts rows into the log and, once they are on the disk, into memtables: all parts at once.
   *  The token belongs to the first part's table. The batches are used up, also on an error.
   *  Errors: SchemaChanged, UNKNOWN_TABLE, NOT_ENOUGH_SPACE, CANNOT_FSYNC. */
  async append(parts: readonly AppendPart[], token?: TokenRecord): Promise<void> {
    const { kernel, clock, catalog } = this.context;
    const left = new Set(parts.map((part) => part.batch));
    const leave: (() => void)[] = [];
    try {
      const inOrder = [...new Set(parts.map((part) => part.tableId))].sort((a, b) => a - b);
      for (const id of inOrder) leave.push(await this.store(id).gate.pass());
      const walParts = parts.map((part) => this.#walPart(part));
      const entry = { parts: walParts, timeMs: token?.timeMs ?? clock.now() };
      const named = token ? { ...entry, token: { token: token.token, hash: token.hash } } : entry;
      await this.wal.append(named, (sequence) => {
        for (const [index, part] of parts.entries()) {
          left.delete(part.batch);
          this.store(part.tableId).apply(part.batch, sequence, index === 0 ? token : undefined);
        }
        const first = parts[0];
        if (token && first) catalog.tokens.add(first.tableId, [token]);
      });
    } catch (error) {
      if (error instanceof EngineError && error.fault === 'disk_full') {
        this.trimWal();
        this.collector.collect({ spaceIsShort: true });
      }
      throw error;
    } finally {
      for (const batch of left) kernel.batchDrop(batch);
      for (const out of leave) out();
    }
    for (const part of parts) this.flusher.flushIfDue(part.tableId);
  }

  /** Throws SchemaChanged when a view came or went since the rows for the views were computed.
   *  @param direct the rows come from no view: a table that only views fill must know */
  checkViews(tableId: number, seen: readonly TableDefinition[] | undefined, direct = false): void {
    const { state } = this.context.catalog;
    if (seen && !sameViews(seen, viewsOn(state, tableId))) throw new SchemaChanged();
    if (direct && fedByViews(state).has(tableId)) throw new SchemaChanged();
  }

  #walPart({ tableId, definition, batch, rows, views, direct, how = {} }: AppendPart): WalPart {
    const store = this.store(tableId);
    this.damagedLog?.checkWritable(tableId);
    const now = store.table.definition;
    if (now.schemaVersion !== definition.schemaVersion) throw new SchemaChanged();
    this.checkViews(tableId, views, direct);
    // Once the rows are in the log nothing may fail any more, so what may is done before.
    store.prepare();
    const left = this.prepareRows(now, batch, rows, how);
    const payload = this.context.kernel.walEncode(batch);
    return { tableId, schemaVersion: now.schemaVersion, rows: left, payload };
  }

  /** Rows of an insert as the table wants them: checked, merged by its engine, in order.
   *  @returns how many are left */
  prepareRows(
    definition: TableDefinition,
    batch: number,
    rows: number,
    how: InsertHow = {},
  ): number {
    const store = this.store(definition.id);
    const shape: KernelTableRules = store.shape(definition);
    if (!hasInsertRules(shape, rows, how)) return rows;
    const now = store.rests('ttl') ? {} : { now: this.ttlSeconds };
    return this.context.kernel.batchPrepare(batch, shape, { ...how, ...now });
  }

  /** Resolves when nothing that was begun is still on its way. */
  async idle(): Promise<void> {
    await this.flusher.idle();
    await this.merges.idle();
    await this.scrub.idle();
    await this.wal.idle();
    await this.context.catalog.idle();
  }

  /** What is due: old memtables, merges, files that may go. */
  maintain(): void {
    if (this.#closing || this.context.health.poisoned) return;
    try {
      for (const store of this.#stores.values()) this.flusher.flushIfDue(store.id);
      if (this.wal.bytes > this.context.limits.walBytesMax) this.flusher.flushOldest();
      this.merges.schedule();
      this.scrub.step();
      void this.releaseLog();
      this.#past.forget();
      this.collector.collect();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.context.logger.warn({ reason }, 'upkeep of the tables failed; it is tried again');
    }
  }

  /** Puts damaged log files away when no table waits for them any more. */
  async releaseLog(): Promise<void> {
    const { clock, catalog, health, logger } = this.context;
    const log = this.damagedLog;
    try {
      if (!log || !(await log.release(clock.now())) || this.damagedLog !== log) return;
      this.damagedLog = undefined;
      catalog.guard = () => {};
      this.trimWal();
    } catch (error) {
      logger.warn({ reason: health.refused(error).message }, 'the damaged log stays for now');
    }
  }

  /** Removes log files that hold only flushed rows. */
  trimWal(): void {
    const { catalog } = this.context;
    if (this.damagedLog && !this.damagedLog.settled) return;
    this.wal.dropFlushed(
      (id, sequence) => (catalog.table(id)?.flushedThrough ?? Infinity) >= sequence,
    );
  }

  #dropGone(): void {
    for (const [id, store] of this.#stores) {
      if (this.context.catalog.table(id)) continue;
      store.drop();
      this.#stores.delete(id);
    }
  }

  /** Stops: flushes everything and says so on the disk. What cannot be flushed (or not by the
   *  deadline) stays in the log for the next start. */
  async close(deadlineMs = 8000): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#stopTick();
    const { catalog, files, health, clock, logger } = this.context;
    await this.merges.stop();
    await this.wal.idle();
    let timedOut = () => {};
    const deadline = new Promise<boolean>((resolve) => {
      timedOut = clock.after(deadlineMs, () => resolve(false));
    });
    const flushed = health.poisoned
      ? false
      : await Promise.race([this.flusher.flushAll(), deadline]);
    timedOut();
    this.#stopListening();
    try {
      if (!flushed || health.poisoned) throw fail('ABORTED', 'rows stay in the log');
      await this.wal.removeAll();
      await this.releaseLog();
      // Nobody reads any more: what merges have replaced need not wait.
      this.collector.collect({ spaceIsShort: true });
      // A log that somebody still has to look at is not a clean stop.
      if (this.damagedLog) await catalog.close();
      else await catalog.closeClean(this.wal.sequence);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'stopped without a flush; the log is replayed at the next start');
      await this.wal.close().catch(() => {});
      await catalog.close().catch(() => {});
    }
    this.context.kernel.forgetStore(files.store);
    this.#unlock();
    files.close();
  }
}
