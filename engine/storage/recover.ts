// Opens a data directory.
//
// 1. Take the directory for this process. 2. Read the catalog: it names what exists. 3. Replay the
// log of small inserts into memtables, skipping what is in segments already; tables that may lack rows
// because of damage in it are read-only. 4. Collect files that no commit names. Only the catalog heads are overwritten and torn ends are cut: no space is needed.

import { Catalog } from '../catalog/catalog.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { Clock } from '../clock.ts';
import { fail } from '../errors.ts';
import type { Logger } from '../facade.ts';
import { damaged, FileError, type FilesApi } from '../files.ts';
import { Health } from './integrity/health.ts';
import type { Kernel, KernelTable } from './kernel.ts';
import { defaultLimits, type StorageLimits } from './limits.ts';
import { Storage, type StorageContext } from './storage.ts';
import { openTemporary } from './temporary.ts';
import { readWal, type WalOnDisk } from './wal/read.ts';
import { replay } from './wal/replay.ts';
import { openWal } from './wal/wal.ts';

export interface StorageOptions {
  readonly files: FilesApi;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<StorageLimits>;
  readonly shape: (definition: TableDefinition) => KernelTable;
  readonly companionShape?: StorageContext['companionShape'];
  readonly partitionId?: StorageContext['partitionId'];
  readonly finish?: StorageContext['finish'];
}

/** Errors: CORRUPTED_DATA (file and offset), or the directory belongs to another process. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { files, logger, clock } = options;
  const unlock = lockDirectory(files);
  try {
    const health = new Health(logger);
    const catalog = await Catalog.open(files, health, clock);
    for (const warning of catalog.warnings) logger.warn({ warning }, 'catalog');
    const limits = { ...defaultLimits, ...options.limits };
    const context: StorageContext = {
      companionShape: () => {
        throw fail('LOGICAL_ERROR', 'There are no projections here');
      },
      partitionId: (_, partition) => partition,
      finish: async (_, __, segments) => segments,
      ...options,
      catalog,
      health,
      limits,
      resting: new Set(),
    };
    const flushedThrough = (id: number) => catalog.table(id)?.flushedThrough ?? Infinity;
    const disk = readWal(files, flushedThrough);
    refuseLogAfterCleanStop(catalog, disk);
    if (disk.torn) logger.warn({ ...disk.torn }, 'a write to the log had no end; it is cut off');
    const wal = await openWal(files, health, clock, disk, catalog.walSequence);
    const storage = new Storage(context, wal, unlock);
    catalog.walSequenceNow = () => wal.sequence;
    const rows = replay(storage, disk, flushedThrough);
    if (rows > 0) logger.info({ rows, frames: disk.frames.length }, 'replayed the insert log');
    storage.collector.collectLeftovers();
    storage.hasTemporary = openTemporary(files, logger);
    storage.trimWal();
    return storage;
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Takes the directory for this process. Throws when another one has it, naming it. */
export function lockDirectory(files: FilesApi): () => void {
  try {
    return files.lock();
  } catch (error) {
    if (!(error instanceof FileError) || error.kind !== 'Locked') throw error;
    const holder = error.pid === undefined ? 'another process' : `process ${error.pid}`;
    throw fail('ABORTED', `The data directory is in use by ${holder}`, {
      hint: 'Stop it first, or use another directory.',
    });
  }
}

function refuseLogAfterCleanStop(catalog: Catalog, disk: WalOnDisk): void {
  const file = disk.files[0]?.path ?? disk.torn?.path;
  if (catalog.wasClean && file) throw damaged(file, 0, 'a clean stop leaves no such file');
}
