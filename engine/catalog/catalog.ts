// The catalog in memory: the newest state, pins of readers, and the files that commits let go of.

import type { Clock } from '../clock.ts';
import type { FilesApi } from '../files.ts';
import type { Health } from '../storage/integrity/health.ts';
import { liveFilesOf } from './apply.ts';
import { type Applied, Committer } from './commit.ts';
import { allSegments } from './history.ts';
import { CatalogLog, readCatalog } from './log.ts';
import {
  type CatalogState,
  type Change,
  emptyState,
  filesOf,
  findTable,
  type SegmentDescriptor,
  type TableState,
} from './state.ts';
import { TokenBook } from './tokens.ts';

/** A file that no live table names any more. */
export interface RetiredFile {
  readonly file: string;
  readonly bytes: number;
  readonly retiredMs: number;
  /** Its rows live on in other segments; it stays for a while. Else it may go when nobody reads it. */
  readonly replaced: boolean;
}

/** What a reader holds: the table as it was. Released exactly once. */
export interface Pin {
  readonly table: TableState;
  release(): void;
}

export class Catalog {
  readonly #log: CatalogLog;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #pins = new Map<TableState, number>();
  readonly #retired = new Map<string, RetiredFile>();
  readonly #listeners = new Set<(applied: Applied) => void>();
  readonly tokens: TokenBook;
  readonly warnings: readonly string[];
  /** Whether the last stop said that nothing is missing. */
  readonly wasClean: boolean;
  /** Throws when a change must not be; asked before each commit. */
  guard: (change: Change) => void = () => {};
  /** The WAL sequence that was last given out: a table that is made now has no older rows. */
  walSequenceNow = (): number => 0;
  #state: CatalogState;
  #reservedTableId: number;

  private constructor(
    log: CatalogLog,
    state: CatalogState,
    tokens: TokenBook,
    disk: { readonly warnings: readonly string[]; readonly wasClean: boolean },
    health: Health,
    clock: Clock,
  ) {
    this.#log = log;
    this.#state = state;
    this.#clock = clock;
    this.#reservedTableId = state.nextTableId;
    this.tokens = tokens;
    this.warnings = disk.warnings;
    this.wasClean = disk.wasClean;
    const publish = (applied: Applied) => this.#publish(applied);
    this.#committer = new Committer(log, state, tokens, health, clock, publish);
  }

  /** Opens the catalog of a directory, or makes it. Throws CORRUPTED_DATA naming file and offset. */
  static async open(files: FilesApi, health: Health, clock: Clock): Promise<Catalog> {
    const disk = readCatalog(files);
    if (!disk) {
      const log = await CatalogLog.create(files);
      const fresh = { warnings: [], wasClean: false };
      return new Catalog(log, emptyState(), new TokenBook(), fresh, health, clock);
    }
    const log = await CatalogLog.open(files, disk);
    disk.tokens.expire(clock.now());
    const found = { warnings: disk.warnings, wasClean: disk.head.clean };
    return new Catalog(log, disk.state, disk.tokens, found, health, clock);
  }

  get state(): CatalogState {
    return this.#state;
  }

  /** Counts the openings of the directory; part of the names of new segment files. */
  get boot(): number {
    return this.#log.boot;
  }

  /** No WAL sequence up to this one may be given out again. */
  get walSequence(): number {
    return Math.max(this.#state.walSequence, this.#log.walSequence);
  }

  find(database: string, name: string): TableState | undefined {
    return findTable(this.#state, database, name);
  }

  table(id: number): TableState | undefined {
    return this.#state.tables.get(id);
  }

  /** A table id that nobody else gets. */
  reserveTableId(): number {
    this.#reservedTableId = Math.max(this.#reservedTableId, this.#state.nextTableId);
    return this.#reservedTableId++;
  }

  /** Resolves with the new version when the change is on the disk and visible; all of it or nothing. */
  async commit(change: Change): Promise<number> {
    this.guard(change);
    const makes = change.ddl?.some(({ op }) => op === 'createTable');
    return this.#committer.commit(
      makes ? { ...change, walSequence: this.walSequenceNow() } : change,
    );
  }

  /** Called right after each commit became visible, in order, in the same turn of the event loop. */
  onCommit(listener: (applied: Applied) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pin(table: TableState): Pin {
    this.#pins.set(table, (this.#pins.get(table) ?? 0) + 1);
    let held = true;
    return {
      table,
      release: () => {
        if (!held) return;
        held = false;
        const left = (this.#pins.get(table) ?? 1) - 1;
        if (left > 0) this.#pins.set(table, left);
        else this.#pins.delete(table);
      },
    };
  }

  /** Files that some reader still holds. */
  pinnedFiles(): Set<string> {
    const files = new Set<string>();
    for (const table of this.#pins.keys()) {
      for (const segment of table.segments)
        for (const { file } of filesOf(segment)) files.add(file);
    }
    return files;
  }

  /** Files that no live table names, oldest first; `gc.ts` alone takes them off the list. */
  get retired(): ReadonlyMap<string, RetiredFile> {
    return this.#retired;
  }

  forget(file: string): void {
    this.#retired.delete(file);
  }

  idle(): Promise<void> {
    return this.#committer.idle();
  }

  /** The end of a stop that left nothing behind in memory. */
  async closeClean(walSequence: number): Promise<void> {
    await this.#committer.idle();
    await this.#log.closeClean(this.#state.version, walSequence);
  }

  async close(): Promise<void> {
    await this.#committer.idle();
    this.#log.close();
  }

  /** Files that the newest version of some table names. */
  liveFiles(): ReadonlySet<string> {
    return liveFilesOf(this.#state);
  }

  #publish(applied: Applied): void {
    const { record, before, after } = applied;
    this.#state = after;
    const merged = new Set<number>();
    for (const change of record.tables ?? []) {
      if (change.tokens) this.tokens.add(change.id, change.tokens);
      if (change.sameRows) merged.add(change.id);
    }
    const touched = record.ddl
      ? [...before.tables.keys(), ...before.aside.keys()]
      : (record.tables ?? []).map(({ id }) => id);
    for (const id of touched)
      this.#retireLost(tableOf(before, id), tableOf(after, id), merged.has(id));
    for (const listener of this.#listeners) listener(applied);
  }

  /** Segments that no version of a table has any more. */
  #retireLost(
    before: TableState | undefined,
    after: TableState | undefined,
    replaced: boolean,
  ): void {
    if (!before || before === after) return;
    const kept = new Set(after ? allSegments(after) : []);
    for (const segment of allSegments(before)) {
      if (!kept.has(segment)) this.#retire(segment, replaced);
    }
  }

  /** The segment may be named elsewhere still: what is live is asked when the file is to go. */
  #retire(segment: SegmentDescriptor, replaced: boolean): void {
    for (const { file, bytes } of filesOf(segment)) {
      this.#retired.set(file, { file, bytes, replaced, retiredMs: this.#clock.now() });
    }
  }
}

const tableOf = (state: CatalogState, id: number): TableState | undefined =>
  state.tables.get(id) ?? state.aside.get(id)?.table;
