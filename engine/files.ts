// Every file operation of the engine goes through this interface. It mirrors the kernel's trait
// `Files`: the same code runs on a real directory and on the simulated disk of the crash tests.

import { type EngineError, fail } from './errors.ts';

export interface FileEntry {
  readonly name: string;
  readonly dir: boolean;
  readonly len: number;
}

export interface WriteFile {
  readonly path: string;
  length(): number;
  /** Adds bytes at the end and gives the offset where they begin; on an error nothing is added. */
  append(bytes: Uint8Array): number;
  writeAt(offset: number, bytes: Uint8Array): void;
  truncate(length: number): void;
  /** Resolves when the bytes are on the disk. Once it has failed, the file takes nothing more. */
  sync(): Promise<void>;
  close(): void;
}

export interface FilesApi {
  /** Number of this set of files in the kernel; jobs and table snapshots name it. */
  readonly store: number;
  read(path: string, offset: number, length: number): Buffer;
  readAll(path: string): Buffer;
  /** Length in bytes; undefined when there is no such file. */
  length(path: string): number | undefined;
  list(dir: string): FileEntry[];
  /** A new file; an existing one is an error. */
  create(path: string): WriteFile;
  openWrite(path: string): WriteFile;
  /** Durable on return. */
  makeDir(path: string): void;
  syncDir(path: string): Promise<void>;
  remove(path: string): void;
  freeSpace(): number;
  /** Takes the directory for this process; the answer gives it back. */
  lock(): () => void;
  /** 64-bit checksum (xxh3). */
  checksum(bytes: Uint8Array): bigint;
  close(): void;
}

export type FileErrorKind =
  | 'NotFound'
  | 'Exists'
  | 'DiskFull'
  | 'SyncFailed'
  | 'Short'
  | 'Locked'
  | 'BadPath'
  | 'Io'
  | 'Crashed';

/** What the operating system said, sorted by what has to be done about it. */
export class FileError extends Error {
  readonly kind: FileErrorKind;
  readonly errno: number;
  readonly file: string;
  readonly pid: number | undefined;

  constructor(kind: FileErrorKind, errno: number, file: string, what: string, pid?: number) {
    super(what);
    this.kind = kind;
    this.errno = errno;
    this.file = file;
    this.pid = pid;
  }
}

/** What was written is not what is read.
 *  @param offset bytes from the start of the file where the damage begins */
export function damaged(file: string, offset: number, why: string): EngineError {
  const hint = 'Restore the file from a backup; nothing was changed.';
  return fail('CORRUPTED_DATA', `${file} is damaged at offset ${offset}: ${why}`, { hint });
}
