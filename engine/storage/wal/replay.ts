// The log of small inserts back into memory, as far as it can be read.

import type { TokenRecord } from '../../catalog/state.ts';
import { EngineError } from '../../errors.ts';
import type { Storage } from '../storage.ts';
import { DamagedLog } from './damaged.ts';
import type { WalPart } from './frame.ts';
import {
  type FlushedThrough,
  isBehind,
  type LogDamage,
  type LoggedFrame,
  type WalOnDisk,
} from './read.ts';

/** Puts the frames that are not in segments into memtables. Gives their rows.
 *  What lies behind damage waits for somebody to say that the rest is good enough (`DamagedLog`). */
export function replay(storage: Storage, disk: WalOnDisk, flushedThrough: FlushedThrough): number {
  const damages: LogDamage[] = [...disk.damages];
  const held = new Set(damages.map(({ file }) => file));
  const lastRead = new Map<number, number>();
  let rows = 0;
  for (const frame of disk.frames) {
    for (const part of frame.parts) {
      const through = flushedThrough(part.tableId);
      if (through >= frame.sequence) continue;
      if (isBehind(damages, part.tableId, frame.sequence, through)) {
        held.add(frame.file);
        continue;
      }
      const read = readFrame(storage, frame, part);
      if ('why' in read) {
        damages.push(read);
        held.add(frame.file);
        continue;
      }
      const token = tokenOf(frame, part);
      if (token) storage.context.catalog.tokens.add(part.tableId, [token]);
      storage.store(part.tableId).apply(read.batch, frame.sequence, token);
      lastRead.set(part.tableId, frame.sequence);
      rows += part.rows;
    }
  }
  if (damages.length > 0) keep(storage, disk, damages, held, lastRead);
  return rows;
}

/** The rows of a part, as a batch; or what is wrong with them. */
export function readFrame(
  storage: Storage,
  frame: LoggedFrame,
  part: WalPart,
): { readonly batch: number } | LogDamage {
  const store = storage.store(part.tableId);
  const { definition } = store.table;
  const { file, at: offset, sequence } = frame;
  const place = { file, offset, from: sequence, through: sequence, table: part.tableId };
  if (definition.schemaVersion !== part.schemaVersion) {
    return { ...place, why: 'rows of another version of the table are not flushed' };
  }
  try {
    return { batch: storage.context.kernel.walDecode(store.shape(definition), part.payload) };
  } catch (error) {
    if (!(error instanceof EngineError) || error.name === 'MEMORY_LIMIT_EXCEEDED') throw error;
    return { ...place, why: error.message };
  }
}

/** The token of a frame belongs to its first part. */
export function tokenOf(frame: LoggedFrame, part: WalPart): TokenRecord | undefined {
  if (!frame.token || part !== frame.parts[0]) return undefined;
  return { ...frame.token, rows: part.rows, timeMs: frame.timeMs };
}

/** Takes the files out of the log that are damaged, say where damage ends, or hold rows that wait. */
function keep(
  storage: Storage,
  disk: WalOnDisk,
  damages: readonly LogDamage[],
  held: Set<string>,
  lastRead: ReadonlyMap<number, number>,
): void {
  const { files, catalog, logger } = storage.context;
  for (const [index, { path }] of disk.files.entries()) {
    const next = disk.files[index + 1];
    if (next && damages.some(({ file }) => file === path)) held.add(next.path);
  }
  const log = new DamagedLog(files, catalog, damages, storage.wal.hold(held), lastRead);
  storage.damagedLog = log;
  catalog.guard = (change) => log.checkChange(change);
  const names = (id: number): string => {
    const definition = catalog.table(id)?.definition;
    return definition ? `${definition.database}.${definition.name}` : `table ${id}, which is aside`;
  };
  const readOnly = log.tables().map(names);
  for (const { file, offset, why, from, through } of damages) {
    const text = 'the log of small inserts is damaged; tables that may lack rows are read-only';
    logger.error({ file, offset, why, from, through, readOnly }, text);
  }
}
