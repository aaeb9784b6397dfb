// One table's rows: its memtables beside the segments that the catalog names. Gives readers a
// consistent view and takes appends; everything that changes existing rows is in `mutations/`.
//
// A memtable is visible while its last sequence lies behind what the catalog says is flushed, so the
// commit that adds its segments hides it in the same instant: readers see each row once.

import { segmentName } from '../catalog/blocks.ts';
import type { Pin } from '../catalog/catalog.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { allSegments } from '../catalog/history.ts';
import {
  companionsOf,
  type SegmentDescriptor,
  type TableState,
  type TokenRecord,
} from '../catalog/state.ts';
import { fail } from '../errors.ts';
import type { KernelTable, SegmentRef } from './kernel.ts';
import { Gate, Mutex } from './locks.ts';
import { appendBatch, type Memtable, openMemtable } from './memtable.ts';
import type { Rest, StorageContext } from './storage.ts';

/** What a query holds while it reads. */
export interface TableSnapshot {
  /** Of the kernel: segments, memtables and their rows, fixed. */
  readonly handle: number;
  readonly table: TableState;
  release(): void;
}

/** A part of a table's rows, for plans that use a projection. */
export interface TablePart {
  /** Projection id. */
  readonly projection: string;
  /** Rows of the projection; rows that it does not have; the table's rows, its order where it has it. */
  readonly side: 'projected' | 'rest' | 'reordered';
}

interface Registered {
  readonly handle: number;
  readonly table: TableState;
  readonly memtables: readonly Memtable[];
  readonly rows: number;
  readonly pin: Pin;
  readers: number;
  /** Somebody has asked for it. */
  used: boolean;
}

const refs = new WeakMap<readonly SegmentDescriptor[], readonly SegmentRef[]>();

/** With the ids of partitions. */
const marked = new WeakMap<readonly SegmentDescriptor[], readonly SegmentRef[]>();

/** Descriptors of wide tables are long; readers are registered often and need little of them. */
export function refsOf(segments: readonly SegmentDescriptor[]): readonly SegmentRef[] {
  const known = refs.get(segments);
  if (known) return known;
  const made = segments.map((segment) => {
    const { file, rows, partition, level, deleted, patch } = segment;
    const name = segmentName(segment);
    const beside = { ...(deleted ? { deleted } : {}), ...(patch ? { patch } : {}) };
    return { file, name, rows, partition, level, ...beside };
  });
  refs.set(segments, made);
  return made;
}

function partRefs(segments: readonly SegmentDescriptor[], part: TablePart): SegmentRef[] {
  return segments.flatMap((segment): SegmentRef[] => {
    const companions = companionsOf(segment, part.projection);
    const own = refsOf([segment]);
    if (part.side === 'rest') return companions ? [] : [...own];
    if (!companions) return part.side === 'reordered' ? [...own] : [];
    return companions.map(({ file, rows }) => ({ ...(own[0] as SegmentRef), file, rows }));
  });
}

export class TableStore {
  readonly id: number;
  /** Inserts pass; what changes the schema shuts it. */
  readonly gate = new Gate();
  /** One statement at a time changes existing rows or the schema, or merges on demand. */
  readonly statements = new Mutex();
  /** Held while memtables become segments. Taken after `statements` and `gate`. */
  readonly structure = new Mutex();
  /** Above 0 no merge of this table may begin. */
  mergesHeld = 0;
  /** What SYSTEM STOP … has stopped for this table. */
  readonly resting = new Set<Rest>();
  /** A flush that failed is tried again then. */
  retryFlushMs = 0;
  readonly #context: StorageContext;
  #active: Memtable | undefined;
  #sealed: Memtable[] = [];
  /** The view last given out, whole and by part. */
  #registered = new Map<string, Registered>();
  #shape: { definition: TableDefinition; table: KernelTable } | undefined;
  #dropped = false;

  constructor(context: StorageContext, id: number) {
    this.#context = context;
    this.id = id;
  }

  /** The table at the newest version. Throws UNKNOWN_TABLE after a DROP. */
  get table(): TableState {
    const table = this.#dropped ? undefined : this.#context.catalog.table(this.id);
    if (!table) throw fail('UNKNOWN_TABLE', 'The table was dropped');
    return table;
  }

  /** The definition as the kernel wants it. */
  shape(definition: TableDefinition = this.table.definition): KernelTable {
    if (this.#shape?.definition !== definition) {
      this.#shape = { definition, table: this.#context.shape(definition) };
    }
    return this.#shape.table;
  }

  /** Whether SYSTEM STOP … keeps this kind of work from beginning by itself. */
  rests(kind: Rest): boolean {
    const all = this.#context.resting;
    const merges = this.resting.has('merges') || all.has('merges');
    return merges || this.resting.has(kind) || all.has(kind);
  }

  /** Rows and bytes in memory. */
  get memory(): { rows: number; bytes: number } {
    let rows = 0;
    let bytes = 0;
    for (const memtable of this.#visible()) {
      rows += memtable.rows;
      bytes += memtable.bytes;
    }
    return { rows, bytes };
  }

  /** When the oldest row in memory came; undefined without any. */
  get oldestMs(): number | undefined {
    return [...this.#sealed, this.#active].find((memtable) => memtable?.rows)?.openedMs;
  }

  get activeIsDue(): boolean {
    const { limits, clock } = this.#context;
    const active = this.#active;
    if (!active || active.rows === 0) return false;
    const full = active.rows >= limits.memtableRowsMax || active.bytes >= limits.memtableBytesMax;
    return full || clock.now() - active.openedMs >= limits.memtableAgeMs;
  }

  get hasSealed(): boolean {
    return this.#sealed.length > 0;
  }

  /** Opens a memtable, so that `apply` has one. */
  prepare(): void {
    const { kernel, clock } = this.#context;
    this.#active ??= openMemtable(kernel, this.shape(), clock.now());
  }

  /** Makes an insert's rows visible. The log holds them already, so this must not fail. */
  apply(batch: number, sequence: number, token: TokenRecord | undefined): void {
    const { kernel, clock, limits } = this.#context;
    if (this.#dropped) {
      kernel.batchDrop(batch);
      return;
    }
    const active = this.#active ?? openMemtable(kernel, this.shape(), clock.now());
    this.#active = active;
    appendBatch(kernel, active, batch, sequence, token);
    const { rows, bytes } = active;
    if (rows >= limits.memtableRowsMax || bytes >= limits.memtableBytesMax) this.seal();
  }

  /** Ends the memtable in use; the next insert begins a new one. */
  seal(): void {
    const active = this.#active;
    this.#active = undefined;
    // An empty one may be of a shape that is about to change.
    if (active && active.rows === 0) this.#context.kernel.memtableDrop(active.handle);
    else if (active) this.#sealed.push(active);
  }

  /** Sealed memtables that are not in segments yet, oldest first. */
  get sealed(): readonly Memtable[] {
    return this.#sealed;
  }

  /** Lets go of the memtables that a commit has put into segments. */
  dropFlushed(): void {
    const through = this.#context.catalog.table(this.id)?.flushedThrough ?? Number.MAX_SAFE_INTEGER;
    const gone = this.#sealed.filter((memtable) => memtable.lastSequence <= through);
    this.#sealed = this.#sealed.filter((memtable) => memtable.lastSequence > through);
    this.#refresh();
    for (const memtable of gone) this.#context.kernel.memtableDrop(memtable.handle);
  }

  /** The table is gone: nothing in memory is needed any more. */
  drop(): void {
    this.seal();
    this.#dropped = true;
    this.dropFlushed();
  }

  /** A consistent view of segments and memtables. Synchronous: views taken in one turn agree. */
  snapshot(part?: TablePart): TableSnapshot {
    const { table } = this;
    const key = part ? `${part.projection} ${part.side}` : '';
    const memtables = part?.side === 'projected' ? [] : this.#visible();
    const rows = memtables.reduce((sum, memtable) => sum + memtable.rows, 0);
    let registered = this.#registered.get(key);
    const same =
      registered?.table === table &&
      registered.rows === rows &&
      registered.memtables.length === memtables.length &&
      registered.memtables.every((memtable, index) => memtable === memtables[index]);
    if (!registered || !same) {
      registered = this.#register(table, memtables, rows, part);
      this.#replace(key, registered);
    }
    registered.used = true;
    return this.#hold(key, registered);
  }

  /** An older version: its segments alone. Throws BAD_ARGUMENTS when it is not kept any more. */
  snapshotAt(version: TableState): TableSnapshot {
    const { kernel, catalog, files } = this.#context;
    const now = this.table;
    const there = new Set(allSegments(now));
    if (!version.segments.every((segment) => there.has(segment)))
      throw fail('BAD_ARGUMENTS', 'The version was vacuumed meanwhile');
    const handle = kernel.registerTable({
      store: files.store,
      table: this.#context.shape(version.definition),
      segments: refsOf(version.segments),
      memtables: [],
    });
    const pin = catalog.pin(version);
    let held = true;
    return {
      handle,
      table: version,
      release: () => {
        if (!held) return;
        held = false;
        kernel.releaseTable(handle);
        pin.release();
      },
    };
  }

  #hold(key: string, registered: Registered): TableSnapshot {
    registered.readers++;
    let held = true;
    return {
      handle: registered.handle,
      table: registered.table,
      release: () => {
        if (!held) return;
        held = false;
        registered.readers--;
        if (registered !== this.#registered.get(key)) this.#releaseIfUnread(registered);
      },
    };
  }

  #visible(): Memtable[] {
    const through = this.#context.catalog.table(this.id)?.flushedThrough ?? 0;
    const all = this.#active ? [...this.#sealed, this.#active] : this.#sealed;
    return all.filter((memtable) => memtable.lastSequence > through);
  }

  #register(
    table: TableState,
    memtables: Memtable[],
    rows: number,
    part: TablePart | undefined,
  ): Registered {
    const { kernel, catalog, files } = this.#context;
    const projected = part?.side === 'projected';
    const handle = kernel.registerTable({
      store: files.store,
      table: projected
        ? this.#context.companionShape(table.definition, part.projection)
        : this.shape(table.definition),
      segments: part ? partRefs(table.segments, part) : this.#refs(table),
      memtables: memtables.map((memtable) => memtable.handle),
    });
    const pin = catalog.pin(table);
    return { handle, table, memtables, rows, readers: 0, used: false, pin };
  }

  #refs({ definition, segments }: TableState): readonly SegmentRef[] {
    const known = marked.get(segments);
    if (known) return known;
    const made = refsOf(segments).map((ref) => ({
      ...ref,
      partitionId: this.#context.partitionId(definition, ref.partition),
    }));
    marked.set(segments, made);
    return made;
  }

  #replace(key: string, next: Registered | undefined): void {
    const old = this.#registered.get(key);
    if (next) this.#registered.set(key, next);
    else this.#registered.delete(key);
    if (old) this.#releaseIfUnread(old);
  }

  #releaseIfUnread(registered: Registered): void {
    if (registered.readers > 0) return;
    this.#context.kernel.releaseTable(registered.handle);
    registered.pin.release();
  }

  /** The cached view must not hold files and memory that the newest version has let go of. Where it was
   *  asked for, that of the newest version comes first: segments of both stay open and in the cache. */
  #refresh(): void {
    const now = this.#context.catalog.table(this.id);
    for (const [key, { table, used }] of [...this.#registered]) {
      if (table === now) continue;
      const again = now && used && key === '' && !this.#dropped;
      this.#replace(key, again ? this.#tryRegister(now) : undefined);
    }
  }

  #tryRegister(table: TableState): Registered | undefined {
    const memtables = this.#visible();
    const rows = memtables.reduce((sum, memtable) => sum + memtable.rows, 0);
    try {
      return this.#register(table, memtables, rows, undefined);
    } catch {
      // Whoever asks for the table will be told.
      return undefined;
    }
  }

  /** After a commit changed the table. */
  changed(): void {
    this.#refresh();
  }
}
