// The kernel's files as `FilesApi`: a real directory, or a simulated disk for crash tests.

import { FileError, type FileErrorKind, type FilesApi, type WriteFile } from '../files.ts';

/** The addon's functions for files, as `engine/native/` hands them over. */
export interface FilesBinding {
  filesOpen(root: string): number;
  filesOpenSim(seed: number): number;
  filesClose(store: number): void;
  filesRead(store: number, path: string, offset: number, length: number): Buffer;
  filesReadAll(store: number, path: string): Buffer;
  filesLength(store: number, path: string): number;
  filesList(store: number, dir: string): { name: string; dir: boolean; len: number }[];
  filesCreate(store: number, path: string): number;
  filesOpenWrite(store: number, path: string): number;
  filesMakeDir(store: number, path: string): void;
  filesRemove(store: number, path: string): void;
  filesFreeSpace(store: number): number;
  filesLock(store: number): number;
  filesUnlock(lock: number): void;
  filesAppend(file: number, bytes: Buffer): number;
  filesWriteAt(file: number, offset: number, bytes: Buffer): void;
  filesTruncate(file: number, length: number): void;
  filesHandleLength(file: number): number;
  filesCloseHandle(file: number): void;
  filesSync(file: number): Promise<void>;
  filesSyncDir(store: number, path: string): Promise<void>;
  filesSyncNow(file: number): void;
  filesSyncDirNow(store: number, path: string): void;
  filesChecksum(bytes: Buffer): bigint;
  simRestart(store: number, powerCut: boolean): void;
  simCrashAfter(store: number, n: number): void;
  simCrashed(store: number): boolean;
  simOperations(store: number): number;
  simFailSyncs(store: number, n: number, count: number): void;
  simSetCapacity(store: number, bytes: number): void;
  simUsed(store: number): number;
  simDamage(store: number, path: string, offset: number, mask: number): void;
  simCut(store: number, path: string, length: number): void;
}

interface CrossedError {
  name: string;
  message: string;
  detail?: { kind: FileErrorKind; errno: number; file: string; pid: number | null };
}

function fileError(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('{')) return error;
  const crossed = JSON.parse(error.message) as CrossedError;
  if (crossed.name !== 'FILE_ERROR' || !crossed.detail) return new Error(crossed.message);
  const { kind, errno, file, pid } = crossed.detail;
  return new FileError(kind, errno, file, crossed.message, pid ?? undefined);
}

function unwrap<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error);
  }
}

async function unwrapLater<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error);
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The files of a directory, which is made if it is missing. Throws FileError. */
export function openFiles(binding: FilesBinding, root: string): FilesApi {
  return filesOf(
    binding,
    unwrap(() => binding.filesOpen(root)),
    false,
  );
}

function filesOf(binding: FilesBinding, store: number, simulated: boolean): FilesApi {
  const b = binding;
  const sync = (file: number) =>
    // A simulated disk answers in the same turn, so that a run can be repeated by its seed.
    unwrapLater(async () => (simulated ? b.filesSyncNow(file) : b.filesSync(file)));
  const writer = (path: string, file: number): WriteFile => ({
    path,
    length: () => unwrap(() => b.filesHandleLength(file)),
    append: (bytes) => unwrap(() => b.filesAppend(file, asBuffer(bytes))),
    writeAt: (offset, bytes) => unwrap(() => b.filesWriteAt(file, offset, asBuffer(bytes))),
    truncate: (length) => unwrap(() => b.filesTruncate(file, length)),
    sync: () => sync(file),
    close: () => b.filesCloseHandle(file),
  });
  return {
    store,
    read: (path, offset, length) => unwrap(() => b.filesRead(store, path, offset, length)),
    readAll: (path) => unwrap(() => b.filesReadAll(store, path)),
    length: (path) => {
      const length = unwrap(() => b.filesLength(store, path));
      return length < 0 ? undefined : length;
    },
    list: (dir) => unwrap(() => b.filesList(store, dir)),
    create: (path) =>
      writer(
        path,
        unwrap(() => b.filesCreate(store, path)),
      ),
    openWrite: (path) =>
      writer(
        path,
        unwrap(() => b.filesOpenWrite(store, path)),
      ),
    makeDir: (path) => unwrap(() => b.filesMakeDir(store, path)),
    syncDir: (path) =>
      unwrapLater(async () =>
        simulated ? b.filesSyncDirNow(store, path) : b.filesSyncDir(store, path),
      ),
    remove: (path) => unwrap(() => b.filesRemove(store, path)),
    freeSpace: () => unwrap(() => b.filesFreeSpace(store)),
    lock: () => {
      const lock = unwrap(() => b.filesLock(store));
      return () => b.filesUnlock(lock);
    },
    checksum: (bytes) => b.filesChecksum(asBuffer(bytes)),
    close: () => (simulated ? undefined : b.filesClose(store)),
  };
}

/** A simulated disk. `files` stays usable over restarts; closing it leaves the disk as it is. */
export interface SimulatedDisk {
  readonly files: FilesApi;
  /** Ends the life of everything open; after a power cut un-synced bytes are there in part. */
  restart(powerCut: boolean): void;
  /** The machine stops at the `n`-th changing operation from now; undefined takes it back. */
  crashAfter(n: number | undefined): void;
  readonly crashed: boolean;
  readonly operations: number;
  failSyncs(n: number, count?: number): void;
  setCapacity(bytes: number | undefined): void;
  readonly used: number;
  damage(path: string, offset: number, mask: number): void;
  cut(path: string, length: number): void;
  close(): void;
}

export function openSimulated(binding: FilesBinding, seed: number): SimulatedDisk {
  const store = binding.filesOpenSim(seed >>> 0);
  return {
    files: filesOf(binding, store, true),
    restart: (powerCut) => binding.simRestart(store, powerCut),
    crashAfter: (n) => binding.simCrashAfter(store, n ?? 0),
    get crashed() {
      return binding.simCrashed(store);
    },
    get operations() {
      return binding.simOperations(store);
    },
    failSyncs: (n, count = 1) => binding.simFailSyncs(store, n, count),
    setCapacity: (bytes) => binding.simSetCapacity(store, bytes ?? -1),
    get used() {
      return binding.simUsed(store);
    },
    damage: (path, offset, mask) => unwrap(() => binding.simDamage(store, path, offset, mask)),
    cut: (path, length) => unwrap(() => binding.simCut(store, path, length)),
    close: () => binding.filesClose(store),
  };
}
