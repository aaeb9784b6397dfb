// Rows that are in the log but not yet in segments: a handle of the kernel and counters.

import type { TokenRecord } from '../catalog/state.ts';
import type { Kernel, KernelTable } from './kernel.ts';

export interface Memtable {
  readonly handle: number;
  readonly openedMs: number;
  rows: number;
  bytes: number;
  /** WAL sequence of the last insert in it. */
  lastSequence: number;
  /** Tokens of the inserts in it; they go into the commit that flushes it. */
  readonly tokens: TokenRecord[];
}

export function openMemtable(kernel: Kernel, table: KernelTable, nowMs: number): Memtable {
  const handle = kernel.memtableOpen(table);
  return { handle, openedMs: nowMs, rows: 0, bytes: 0, lastSequence: 0, tokens: [] };
}

/** Takes the rows of one insert; the batch is used up. */
export function appendBatch(
  kernel: Kernel,
  memtable: Memtable,
  batch: number,
  sequence: number,
  token: TokenRecord | undefined,
): void {
  const { rows, bytes } = kernel.memtableAppend(memtable.handle, batch);
  memtable.rows = rows;
  memtable.bytes = bytes;
  memtable.lastSequence = sequence;
  if (token) memtable.tokens.push(token);
}
