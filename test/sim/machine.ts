// What the life-cycle simulator runs on: a disk that can be cut off, and a way to start the storage
// engine on it. There are two: the kernel's simulated disk with the kernel, and a small stand-in for
// both that needs no addon.

import type { TableDefinition } from '../../engine/catalog/definition.ts';
import type { manualClock } from '../../engine/clock.ts';
import type { Logger } from '../../engine/facade.ts';
import { Inserter, type InsertOutcome } from '../../engine/ingest/insert.ts';
import type { SimulatedDisk } from '../../engine/storage/native-files.ts';
import { openStorage } from '../../engine/storage/recover.ts';
import type { Storage } from '../../engine/storage/storage.ts';
import { fakeKernel, type Row } from '../engine-storage/fake-kernel.ts';
import { type MemoryFiles, memoryFiles } from '../engine-storage/memory-files.ts';

export type { Row };

export type Clock = ReturnType<typeof manualClock>;

/** One life of the engine. */
export interface World {
  readonly storage: Storage;
  readonly clock: Clock;
  insert(
    table: string,
    rows: readonly Row[],
    options: { token?: string; large?: boolean },
  ): Promise<InsertOutcome>;
  /** Every row of a table, of one snapshot. */
  read(table: string): Promise<Row[]>;
  /** A change for `rewrite` that takes away the rows of a batch. */
  deleteBatch(batch: number): object;
  /** The rows of a batch as a condition; without it rows are never hidden beside their segment. */
  condition?(batch: number): object;
  /** A definition of the usual columns. */
  define(name: string): TableDefinition;
}

export interface Machine {
  readonly disk: SimulatedDisk;
  /** Lets what is on its way go on; a turn of the event loop without it. */
  pass?(): Promise<void>;
  boot(clock: Clock): Promise<World>;
}

const lines = (rows: readonly Row[]): string =>
  `${rows.map((r) => JSON.stringify(r)).join('\n')}\n`;

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function usualDefinition(storage: Storage, name: string): TableDefinition {
  return {
    id: storage.context.catalog.reserveTableId(),
    uuid: '00000000-0000-0000-0000-000000000000',
    database: 'd',
    name,
    engine: { name: 'MergeTree', args: '' },
    columns: [
      { name: 'id', type: 'UInt64' },
      { name: 'part', type: 'UInt8' },
      { name: 'batch', type: 'UInt32' },
    ],
    orderBy: ['id'],
    partitionBy: 'part',
    indexes: [],
    settings: {},
    schemaVersion: 1,
  };
}

/** Inserts through the engine's own entry; large ones are padded beyond the small path. */
export function insertThrough(
  storage: Storage,
  inserter: Inserter,
  spec: (definition: TableDefinition) => object,
): World['insert'] {
  return (table, rows, { token, large }) => {
    const text = lines(rows) + (large ? '\n'.repeat(200_000) : '');
    async function* body() {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    }
    const find = () => {
      const found = storage.context.catalog.find('d', table);
      if (!found) throw new Error(`no table ${table}`);
      return found.definition;
    };
    return inserter.insert({ table: find, spec, body: body(), token });
  };
}

function memoryDisk(seed: number): SimulatedDisk {
  let state = (seed * 2654435761) >>> 0 || 1;
  const chance = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let current: MemoryFiles = memoryFiles();
  return {
    get files() {
      return current;
    },
    restart: (powerCut) => {
      current = current.restart(powerCut, chance);
    },
    crashAfter: (n) => current.crashAfter(n),
    get crashed() {
      return current.crashed;
    },
    get operations() {
      return current.operations;
    },
    failSyncs: (n) => current.failSyncs(n),
    setCapacity: (bytes) => current.setCapacity(bytes),
    get used() {
      return current.used;
    },
    damage: (path, offset, mask) =>
      current.poke(path, (bytes) => {
        bytes[offset] = (bytes[offset] ?? 0) ^ mask;
        return bytes;
      }),
    cut: () => {},
    close: () => {},
  };
}

/** The engine's policy over a stand-in for the kernel, on any disk. */
export function standInMachine(disk: SimulatedDisk): Machine {
  return {
    disk,
    boot: async (clock) => {
      const kernel = fakeKernel(disk.files);
      const options = { files: disk.files, kernel, clock, logger: quiet, shape: () => ({}) };
      const storage = await openStorage({ ...options, limits: { memtableRowsMax: 200 } });
      const inserter = new Inserter(storage, kernel);
      return {
        storage,
        clock,
        insert: insertThrough(storage, inserter, () => ({})),
        read: async (table) => {
          const id = storage.context.catalog.find('d', table)?.id ?? 0;
          const snapshot = storage.store(id).snapshot();
          try {
            return kernel.rows(snapshot.handle);
          } finally {
            snapshot.release();
          }
        },
        deleteBatch: (batch) => ({ deleteBatch: batch }),
        define: (name) => usualDefinition(storage, name),
      };
    },
  };
}

export const memoryMachine = (seed: number): Machine => standInMachine(memoryDisk(seed));
