// A storage engine over a small disk in memory and the stand-in for the kernel, with one table if wanted.

import type { TableDefinition } from '../../engine/catalog/definition.ts';
import { manualClock } from '../../engine/clock.ts';
import { Inserter } from '../../engine/ingest/insert.ts';
import type { StorageLimits } from '../../engine/storage/limits.ts';
import { openStorage } from '../../engine/storage/recover.ts';
import { fakeKernel, type Row } from './fake-kernel.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import { quietLogger } from './support.ts';

export async function world(
  files: MemoryFiles = memoryFiles(),
  limits: Partial<StorageLimits> = {},
) {
  const clock = manualClock(1_700_000_000_000);
  const kernel = fakeKernel(files);
  const storage = await openStorage({
    files,
    kernel,
    clock,
    logger: quietLogger,
    shape: () => ({}),
    limits,
  });
  const inserter = new Inserter(storage, kernel);
  const { catalog } = storage.context;
  const definition = (name: string): TableDefinition => ({
    id: catalog.reserveTableId(),
    uuid: '',
    database: 'd',
    name,
    engine: { name: 'MergeTree', args: '' },
    columns: [{ name: 'id', type: 'UInt64' }],
    orderBy: ['id'],
    partitionBy: 'part',
    indexes: [],
    settings: {},
    schemaVersion: 1,
  });
  const insert = (rows: Row[], token?: string, table = 't', pad = 0) => {
    const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}${'\n'.repeat(pad)}`;
    async function* body() {
      yield Buffer.from(text);
    }
    const found = () => {
      const state = catalog.find('d', table);
      if (!state) throw new Error('no table');
      return state.definition;
    };
    return inserter.insert({ table: found, spec: () => ({}), body: body(), token });
  };
  const rows = (table = 't') => {
    const snapshot = storage.store(catalog.find('d', table)?.id ?? 0).snapshot();
    try {
      return kernel.rows(snapshot.handle);
    } finally {
      snapshot.release();
    }
  };
  const store = (table = 't') => storage.store(catalog.find('d', table)?.id ?? 0);
  const ids = (table = 't') =>
    rows(table)
      .map((row) => row.id)
      .sort((a, b) => a - b);
  return { files, clock, kernel, storage, catalog, definition, insert, rows, ids, store };
}

export async function withTable(files?: MemoryFiles, limits?: Partial<StorageLimits>) {
  const w = await world(files, limits);
  const definition = w.definition('t');
  await w.catalog.commit({
    ddl: [
      { op: 'createDatabase', name: 'd' },
      { op: 'createTable', definition },
    ],
  });
  return w;
}

export const row = (id: number, batch = 1): Row => ({ id, part: id % 2, batch });
/** Padding that makes an insert large. */
export const LARGE = 200_000;
