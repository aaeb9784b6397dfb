// What is left of a log of small inserts that cannot be read throughout.
//
// A table that may lack rows is read-only: its rows end before the damage, and what can be read behind it
// waits in the files, which nobody writes into. RESTORE REPLICA (`accept`) puts those rows into segments
// and says in the same commit that the log is done with for the table; that the catalog remembers. When no
// table is left the damaged files go to quarantine/, and the others with them.

import type { Catalog } from '../../catalog/catalog.ts';
import type { Change, TableChange } from '../../catalog/state.ts';
import type { FilesApi } from '../../files.ts';
import { readOnlyTable } from '../integrity/damage.ts';
import { copyToQuarantine } from '../integrity/quarantine.ts';
import {
  concerns,
  type LogDamage,
  type LogFile,
  type LoggedFrame,
  readWal,
  WAL_DIR,
} from './read.ts';

/** What `accept` calls its change in the history. */
export const ACCEPTED = 'RECOVER LOG';

export class DamagedLog {
  readonly damages: readonly LogDamage[];
  readonly #files: FilesApi;
  readonly #catalog: Catalog;
  readonly #held: readonly LogFile[];
  /** The last sequence of each table that was read from these files into memory. */
  readonly #read: ReadonlyMap<number, number>;
  /** Files that are in quarantine already. */
  readonly #copied = new Set<string>();
  #releasing: Promise<void> | undefined;

  constructor(
    files: FilesApi,
    catalog: Catalog,
    damages: readonly LogDamage[],
    held: readonly LogFile[],
    read: ReadonlyMap<number, number>,
  ) {
    this.#files = files;
    this.#catalog = catalog;
    this.damages = damages;
    this.#held = held;
    this.#read = read;
  }

  /** The first place that a table, or one that is aside, may lack rows of. */
  of(tableId: number): LogDamage | undefined {
    const table = this.#table(tableId);
    return table && this.damages.find((each) => concerns(each, tableId, table.flushedThrough));
  }

  #table(id: number) {
    const { tables, aside } = this.#catalog.state;
    return tables.get(id) ?? aside.get(id)?.table;
  }

  /** Tables that are read-only, also those that are aside. */
  tables(): number[] {
    const { tables, aside } = this.#catalog.state;
    return [...tables.keys(), ...aside.keys()].filter((id) => this.of(id) !== undefined);
  }

  /** Whole frames behind the damage that hold rows of a table. */
  withheld(tableId: number): readonly LoggedFrame[] {
    const through = this.#table(tableId)?.flushedThrough ?? Number.POSITIVE_INFINITY;
    const paths = this.#held.map(({ path }) => path);
    return readWal(this.#files, () => through, paths).frames.filter(
      (frame) => frame.sequence > through && frame.parts.some((part) => part.tableId === tableId),
    );
  }

  /** Whether the rows that were read from these files are all in segments. Until then no later file of
   *  the log may go: the gap would look like a loss. */
  get settled(): boolean {
    return [...this.#read].every(
      ([id, sequence]) => (this.#table(id)?.flushedThrough ?? Number.POSITIVE_INFINITY) >= sequence,
    );
  }

  /** Throws TABLE_IS_READ_ONLY when the table may lack rows. */
  checkWritable(tableId: number): void {
    const damage = this.of(tableId);
    const definition = damage && this.#table(tableId)?.definition;
    if (definition) throw readOnlyTable(definition, damage);
  }

  /** Throws TABLE_IS_READ_ONLY for a change of rows or columns of such a table. */
  checkChange({ tables = [], ddl = [] }: Change): void {
    for (const change of tables) if (!isFlush(change)) this.checkWritable(change.id);
    for (const change of ddl) if (change.op === 'alterTable') this.checkWritable(change.id);
  }

  /** Puts the damaged files into quarantine once no table needs them.
   *  @returns whether they are gone */
  async release(nowMs: number): Promise<boolean> {
    if (!this.settled || this.tables().length > 0) return false;
    this.#releasing ??= this.#release(nowMs).finally(() => {
      this.#releasing = undefined;
    });
    await this.#releasing;
    return true;
  }

  /** Goes on where an attempt that failed has stopped. */
  async #release(nowMs: number): Promise<void> {
    const damaged = new Set(this.damages.map(({ file }) => file));
    const left = this.#held.filter(({ path }) => this.#files.length(path) !== undefined);
    for (const { path } of left) {
      if (!damaged.has(path) || this.#copied.has(path)) continue;
      await copyToQuarantine(this.#files, path, nowMs);
      this.#copied.add(path);
    }
    for (const { path } of left) this.#files.remove(path);
    await this.#files.syncDir(WAL_DIR);
  }
}

/** What a change may say that touches rows which are in segments. */
const touching = ['remove', 'replace', 'detach', 'attach', 'dropDetached', 'describe'] as const;

/** Rows that everybody sees already go into segments: no change to anybody. */
function isFlush(change: TableChange): boolean {
  if (change.operation !== undefined) return change.operation === ACCEPTED;
  return change.flushedThrough !== undefined && touching.every((key) => change[key] === undefined);
}
