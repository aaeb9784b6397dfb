// Backups in a folder below `backups` of the data directory, or below `backups_path`. Nothing else of the disk
// can be named.

import { fail } from '../errors.ts';
import { FileError, type FilesApi } from '../files.ts';
import type { Core } from '../query/core.ts';
import { openFiles } from '../storage/native-files.ts';
import { piecesOf } from './pieces.ts';
import type { Pieces, Place } from './place.ts';
import type { Target } from './target.ts';

const folder = 'backups';

export function folderPlace(core: Core, target: Target): Place {
  const path = core.settings.text('backups_path');
  const { files, catalog } = core.storage.context;
  // What is kept "in memory" is gone with the process.
  const name = target.kind === 'Memory' ? `memory-${catalog.boot}/${target.name}` : target.name;
  if (path === '') return new Folder(files, `${folder}/${name}`, () => {});
  const own = openFiles(core.native.files, path);
  return new Folder(own, name, () => own.close(), otherDisk);
}

/** A disk of backups alone that fails to sync says nothing about the disk of the data. */
function otherDisk(error: unknown): unknown {
  if (!(error instanceof FileError) || error.kind !== 'SyncFailed') return error;
  const text = `The disk of the backups failed to store ${error.file}`;
  return fail('CANNOT_WRITE_TO_FILE_DESCRIPTOR', text, { cause: error });
}

export class Folder implements Place {
  readonly #files: FilesApi;
  readonly #dir: string;
  readonly #made = new Set<string>();
  readonly #failure: (error: unknown) => unknown;
  readonly close: () => void;

  /** @param dir below the root of `files`
   *  @param failure what a failed write throws */
  constructor(
    files: FilesApi,
    dir: string,
    close: () => void,
    failure: (error: unknown) => unknown = (error) => error,
  ) {
    this.#files = files;
    this.#dir = dir;
    this.close = close;
    this.#failure = failure;
  }

  async length(name: string): Promise<number | undefined> {
    return this.#files.length(`${this.#dir}/${name}`);
  }

  read(name: string, bytes: number): Pieces {
    return piecesOf(this.#files, `${this.#dir}/${name}`, bytes);
  }

  async write(name: string, pieces: Pieces): Promise<void> {
    try {
      await this.#write(name, pieces);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async #write(name: string, pieces: Pieces): Promise<void> {
    const path = `${this.#dir}/${name}`;
    const dir = path.slice(0, path.lastIndexOf('/'));
    if (!this.#made.has(dir)) makeDirs(this.#files, dir);
    this.#made.add(dir);
    const out = this.#files.create(path);
    try {
      for await (const piece of pieces) out.append(piece);
      await out.sync();
    } finally {
      out.close();
    }
  }

  async sync(): Promise<void> {
    try {
      for (const dir of this.#made) await this.#files.syncDir(dir);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async clear(): Promise<void> {
    this.#sweep(this.#dir);
  }

  #sweep(path: string): void {
    let entries: ReturnType<FilesApi['list']>;
    try {
      entries = this.#files.list(path);
    } catch {
      return;
    }
    for (const { name, dir } of entries) {
      if (dir) this.#sweep(`${path}/${name}`);
      this.#files.remove(`${path}/${name}`);
    }
  }
}

/** Makes a folder and those above it. */
function makeDirs(files: FilesApi, dir: string): void {
  for (let at = dir.indexOf('/'); at > 0; at = dir.indexOf('/', at + 1)) {
    files.makeDir(dir.slice(0, at));
  }
  files.makeDir(dir);
}
