// The log of small inserts: one for the data directory, in files of at most 8 MiB.
//
// Entries that are queued while a sync is running go out together with the next one. An entry is
// applied (made visible) in the order of its sequence, right after its sync, and then acknowledged.
// On a full disk the part that was written is cut off again and the next insert simply tries anew.

import type { Clock } from '../../clock.ts';
import { FileError, type FilesApi, type WriteFile } from '../../files.ts';
import type { Health } from '../integrity/health.ts';
import { encodeFileHeader, encodeFrame, type WalEntry } from './frame.ts';
import { type LogFile, sequenceOf, WAL_DIR, type WalOnDisk } from './read.ts';

const FILE_BYTES_MAX = 8 << 20;
/** Bytes of one write. A single entry may be longer. */
const GROUP_BYTES_MAX = 4 << 20;
const GATHER_MS_MAX = 2;
/** Turns of the event loop are far fewer in that time: a clock that stands still holds no insert. */
const GATHER_TURNS_MAX = 10_000;

interface Waiting {
  readonly entry: WalEntry;
  /** Makes the rows visible; called in the order of the sequence. */
  readonly apply: (sequence: number) => void;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: unknown) => void;
}

export class Wal {
  readonly #files: FilesApi;
  readonly #health: Health;
  readonly #clock: Clock;
  #sequence: number;
  #done: LogFile[];
  #current: (LogFile & { handle: WriteFile; first: number }) | undefined;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** How long the last sync took, and how many entries it carried. */
  #syncMs = 0;
  #lastCount = 0;

  constructor(
    files: FilesApi,
    health: Health,
    clock: Clock,
    sequence: number,
    old: readonly LogFile[],
  ) {
    this.#files = files;
    this.#health = health;
    this.#clock = clock;
    this.#sequence = sequence;
    this.#done = [...old];
  }

  /** Last sequence that was given out and is on the disk. */
  get sequence(): number {
    return this.#sequence;
  }

  get bytes(): number {
    return [...this.#done, ...(this.#current ? [this.#current] : [])].reduce(
      (n, f) => n + f.bytes,
      0,
    );
  }

  /** Resolves when the entry is on the disk and applied. Errors: NOT_ENOUGH_SPACE, CANNOT_FSYNC. */
  append(entry: WalEntry, apply: (sequence: number) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, apply, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Inserts of the same turn of the event loop share a write.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#gather();
      await this.#group(this.#takeGroup());
    }
    this.#running = undefined;
  }

  /** Clients that were answered together send their next rows a moment apart. Waiting for them, for
   *  less than half a sync, saves the sync that the first of them would have for itself. */
  async #gather(): Promise<void> {
    const waitMs = Math.min(GATHER_MS_MAX, this.#syncMs / 2);
    const until = this.#nowMs + waitMs;
    for (let turns = 0; turns < GATHER_TURNS_MAX; turns++) {
      if (this.#queue.length >= this.#lastCount || this.#nowMs >= until) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get #nowMs(): number {
    return this.#clock.steady?.() ?? this.#clock.now();
  }

  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { entry } of this.#queue) {
      for (const part of entry.parts) bytes += part.payload.length;
      if (count > 0 && bytes > GROUP_BYTES_MAX) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #group(group: Waiting[]): Promise<void> {
    try {
      this.#health.check();
      await this.#write(group);
    } catch (error) {
      const refused = this.#health.refused(error);
      for (const waiting of group) waiting.reject(refused);
      return;
    }
    for (const { entry, apply, resolve, reject } of group) {
      const sequence = ++this.#sequence;
      for (const part of entry.parts) this.#current?.last.set(part.tableId, sequence);
      try {
        apply(sequence);
        resolve(sequence);
      } catch (error) {
        reject(error);
      }
    }
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (this.#current && this.#current.handle.length() >= FILE_BYTES_MAX) this.#closeCurrent();
    this.#current ??= this.#begin();
    const { handle, first } = this.#current;
    const base = handle.length();
    const checksum = this.#files.checksum;
    const isNew = base === 0;
    const parts = isNew ? [encodeFileHeader(first, checksum)] : [];
    for (const [index, { entry }] of group.entries()) {
      parts.push(encodeFrame(entry, this.#sequence + 1 + index, base, checksum));
    }
    try {
      handle.append(Buffer.concat(parts));
    } catch (error) {
      // What the disk did take has been cut off; that is made durable, so that it stays refused.
      if (error instanceof FileError && error.kind === 'DiskFull') await handle.sync();
      throw error;
    }
    const startedMs = this.#nowMs;
    await handle.sync();
    this.#syncMs = this.#nowMs - startedMs;
    this.#lastCount = group.length;
    if (isNew) await this.#files.syncDir(WAL_DIR);
    this.#current.bytes = handle.length();
  }

  #begin() {
    this.#files.makeDir(WAL_DIR);
    const first = this.#sequence + 1;
    const path = `${WAL_DIR}/${String(first).padStart(16, '0')}.wal`;
    return { path, first, handle: this.#files.create(path), last: new Map(), bytes: 0 };
  }

  #closeCurrent(): void {
    if (!this.#current) return;
    this.#current.handle.close();
    this.#done.push(this.#current);
    this.#current = undefined;
  }

  /** Removes the oldest files whose rows are all in segments. The file in use is left alone. */
  dropFlushed(isFlushed: (tableId: number, sequence: number) => boolean): void {
    let oldest = this.#done[0];
    while (oldest && [...oldest.last].every(([table, sequence]) => isFlushed(table, sequence))) {
      this.#files.remove(oldest.path);
      this.#done.shift();
      oldest = this.#done[0];
    }
  }

  /** Takes old files out of the log; the caller keeps them. */
  hold(paths: ReadonlySet<string>): LogFile[] {
    const held = this.#done.filter(({ path }) => paths.has(path));
    this.#done = this.#done.filter(({ path }) => !paths.has(path));
    return held;
  }

  /** Removes every file; the caller has flushed every table. The clean stop. */
  async removeAll(): Promise<void> {
    await this.#running;
    this.#closeCurrent();
    if (this.#done.length === 0) return;
    for (const { path } of this.#done.splice(0)) this.#files.remove(path);
    await this.#files.syncDir(WAL_DIR);
  }

  async close(): Promise<void> {
    await this.#running;
    this.#closeCurrent();
  }
}

/** Makes what was read the start of a new log: cuts the torn end, writes bad headers anew. Needs no free
 *  space. Files that are damaged stay as they are.
 *
 *  A process that was killed leaves bytes that were never synced, and one whose sync failed leaves
 *  pages that the system shows but will never write. So the last file, the only one that can have
 *  such a tail, is written over itself before its sync is believed. */
export async function openWal(
  files: FilesApi,
  health: Health,
  clock: Clock,
  disk: WalOnDisk,
  lastSequence: number,
): Promise<Wal> {
  const { torn } = disk;
  const last = disk.files.at(-1);
  const damaged = new Set(disk.damages.map(({ file }) => file));
  for (const file of disk.files) {
    const handle = files.openWrite(file.path);
    try {
      if (torn?.path === file.path) handle.truncate(file.bytes);
      if (!damaged.has(file.path)) {
        if (file === last) handle.writeAt(0, files.readAll(file.path));
        if (disk.headers.includes(file.path)) {
          handle.writeAt(0, encodeFileHeader(sequenceOf(file.path), files.checksum));
        }
      }
      await handle.sync();
    } finally {
      handle.close();
    }
  }
  if (torn && torn.validBytes === 0) files.remove(torn.path);
  if (disk.files.length > 0 || torn) await files.syncDir(WAL_DIR);
  return new Wal(files, health, clock, Math.max(lastSequence, disk.sequence), disk.files);
}
