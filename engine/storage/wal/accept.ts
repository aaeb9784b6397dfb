// SYSTEM RESTORE REPLICA for a table that a damaged log has made read-only: what can be read behind the
// damage becomes segments, and in the same commit the table is done with the log.

import type { TokenRecord } from '../../catalog/state.ts';
import { runJob } from '../flush.ts';
import { quietly } from '../mutations/mutations.ts';
import type { Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { ACCEPTED, type DamagedLog } from './damaged.ts';
import { readFrame, tokenOf } from './replay.ts';

/** @returns rows that came back; none when the table is not read-only */
export async function acceptLog(storage: Storage, store: TableStore): Promise<number> {
  const { damagedLog } = storage;
  if (!damagedLog?.of(store.id)) return 0;
  await storage.flusher.flush(store);
  const rows = await quietly(store, () => recover(storage, store, damagedLog));
  const { logger } = storage.context;
  const { database, name } = store.table.definition;
  logger.info({ table: `${database}.${name}`, rows }, 'the table takes writes again');
  await storage.releaseLog();
  return rows;
}

async function recover(storage: Storage, store: TableStore, log: DamagedLog): Promise<number> {
  if (!log.of(store.id)) return 0;
  const { kernel, catalog, logger } = storage.context;
  const memtable = kernel.memtableOpen(store.shape());
  const tokens: TokenRecord[] = [];
  let rows = 0;
  try {
    for (const frame of log.withheld(store.id)) {
      for (const part of frame.parts.filter(({ tableId }) => tableId === store.id)) {
        const read = readFrame(storage, frame, part);
        if ('why' in read) {
          logger.error(read, 'inserted rows cannot be read; they stay in quarantine');
          continue;
        }
        kernel.memtableAppend(memtable, read.batch);
        rows += part.rows;
        const token = tokenOf(frame, part);
        if (token) tokens.push(token);
      }
    }
    const flushedThrough = storage.wal.sequence;
    const accepted = { id: store.id, flushedThrough, tokens, operation: ACCEPTED };
    if (rows === 0) await catalog.commit({ tables: [accepted] });
    else {
      const work = { kind: 'flush', memtables: [memtable] } as const;
      await runJob(storage, store, work, ({ segments }) =>
        catalog.commit({ tables: [{ ...accepted, add: segments }] }),
      );
    }
  } finally {
    kernel.memtableDrop(memtable);
  }
  return rows;
}
