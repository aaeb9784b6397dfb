// The only deleter. A segment file goes when no commit names it, no reader holds it, and, if its rows
// live on in a merged segment, after a while (at once when space is short). Files whose name is not
// one of ours are never touched. Nothing here ever fails its caller: what cannot be removed now is
// found again later.

import type { Catalog } from '../catalog/catalog.ts';
import { filesOf, type SegmentDescriptor } from '../catalog/state.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../facade.ts';
import { FileError, type FilesApi } from '../files.ts';
import { expireQuarantine } from './integrity/quarantine.ts';
import type { StorageLimits } from './limits.ts';

export const SEGMENT_DIR = 'segments';
/** Boot and counter in hex, as `FileNames` makes them, and the kernel's number. */
const OUR_NAME = /^[0-9a-f]{8}-[0-9a-f]{8}(-\d+)+\.(seg|del|pat)$/;
const SPACE_SHORT_BYTES = 1 << 30;

/** Fresh names for segment files: the number of the opening and a counter, so never used twice. */
export class FileNames {
  readonly #boot: string;
  #next = 1;

  constructor(boot: number) {
    this.#boot = boot.toString(16).padStart(8, '0');
  }

  prefix(tableId: number): string {
    const counter = (this.#next++).toString(16).padStart(8, '0');
    return `${SEGMENT_DIR}/${tableId}/${this.#boot}-${counter}`;
  }
}

export class Collector {
  readonly #files: FilesApi;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #limits: StorageLimits;
  readonly #logger: Logger;
  /** Files that nothing explains, found at the start; they stay. */
  readonly unexplained: string[] = [];

  constructor(
    files: FilesApi,
    catalog: Catalog,
    clock: Clock,
    limits: StorageLimits,
    logger: Logger,
  ) {
    this.#files = files;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Removes what may go now. Gives the bytes that became free. */
  collect(options: { spaceIsShort?: boolean } = {}): number {
    let bytes = 0;
    this.#quietly(() => {
      bytes = this.#collect(options);
    });
    return bytes;
  }

  #collect(options: { spaceIsShort?: boolean }): number {
    const { retired } = this.#catalog;
    if (retired.size === 0) return 0;
    const pinned = this.#catalog.pinnedFiles();
    const short = options.spaceIsShort ?? this.spaceIsShort;
    const youngest = this.#clock.now() - this.#limits.oldPartsLifetimeMs;
    const live = this.#catalog.liveFiles();
    let bytes = 0;
    for (const entry of [...retired.values()]) {
      if (live.has(entry.file)) {
        // Another table, or another version of the segment, has it.
        this.#catalog.forget(entry.file);
        continue;
      }
      if (pinned.has(entry.file)) continue;
      if (entry.replaced && !short && entry.retiredMs > youngest) continue;
      this.#remove(entry.file);
      this.#catalog.forget(entry.file);
      bytes += entry.bytes;
    }
    return bytes;
  }

  /** Files of a write that did not become a commit. */
  sweep(prefix: string): void {
    const at = prefix.lastIndexOf('/');
    const dir = prefix.slice(0, at);
    const start = `${prefix.slice(at + 1)}-`;
    this.#quietly(() => {
      for (const { name } of this.#list(dir)) {
        if (name.startsWith(start)) this.discard(`${dir}/${name}`);
      }
    });
  }

  /** One file that was written and is in no commit. Whatever the caller believes: what a table names stays. */
  discard(file: string): void {
    if (!this.#catalog.liveFiles().has(file)) this.#remove(file);
  }

  /** A segment that is in no commit, with the files beside it. */
  discardSegment(segment: SegmentDescriptor): void {
    for (const { file } of filesOf(segment)) this.discard(file);
  }

  /** The directory of a dropped table, once it is empty. */
  removeTableDir(tableId: number): void {
    const dir = `${SEGMENT_DIR}/${tableId}`;
    const inUse = [...this.#catalog.retired.keys()].some((file) => file.startsWith(`${dir}/`));
    this.#quietly(() => {
      if (!inUse && this.#exists(dir) && this.#list(dir).length === 0) this.#remove(dir);
    });
  }

  /** At the start: removes files of ours that no commit names, notes the others. */
  collectLeftovers(): void {
    this.#quietly(() => this.#collectLeftovers());
    this.#quietly(() => expireQuarantine(this.#files, this.#clock.now()));
  }

  #collectLeftovers(): void {
    const live = this.#catalog.liveFiles();
    for (const dir of this.#list(SEGMENT_DIR)) {
      const path = `${SEGMENT_DIR}/${dir.name}`;
      if (!dir.dir || !/^\d+$/.test(dir.name)) {
        this.unexplained.push(path);
        continue;
      }
      for (const { name } of this.#list(path)) {
        const file = `${path}/${name}`;
        if (live.has(file)) continue;
        // Written by an opening that this catalog does not know: it may be an older copy of itself.
        const known = Number.parseInt(name.slice(0, 8), 16) < this.#catalog.boot;
        if (OUR_NAME.test(name) && known) this.#remove(file);
        else this.unexplained.push(file);
      }
      if (!this.#catalog.table(Number(dir.name))) this.removeTableDir(Number(dir.name));
    }
    if (this.unexplained.length > 0) {
      const files = this.unexplained.slice(0, 20);
      this.#logger.warn({ files }, 'files that no commit and no name of ours explains; they stay');
    }
  }

  get spaceIsShort(): boolean {
    let retiredBytes = 0;
    for (const { bytes } of this.#catalog.retired.values()) retiredBytes += bytes;
    const free = this.#files.freeSpace();
    return free < SPACE_SHORT_BYTES || free < retiredBytes;
  }

  #list(dir: string) {
    try {
      return this.#files.list(dir);
    } catch (error) {
      if (error instanceof FileError && error.kind === 'NotFound') return [];
      throw error;
    }
  }

  #exists(dir: string): boolean {
    const at = dir.lastIndexOf('/');
    return this.#list(dir.slice(0, at)).some(({ name }) => name === dir.slice(at + 1));
  }

  #remove(path: string): void {
    this.#quietly(() => this.#files.remove(path), path);
  }

  #quietly(work: () => void, path?: string): void {
    try {
      work();
    } catch (error) {
      if (error instanceof FileError && error.kind === 'NotFound') return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn({ path, reason }, 'files that are not needed could not be removed');
    }
  }
}
