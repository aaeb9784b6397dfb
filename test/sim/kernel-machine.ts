// The life-cycle simulator's machine with the kernel itself: simulated disk, real segments, real
// memtables, real log payloads, and queries to see what is there.

import type { TableDefinition } from '../../engine/catalog/definition.ts';
import { storedName } from '../../engine/catalog/definition.ts';
import { Inserter } from '../../engine/ingest/insert.ts';
import { type Native, native } from '../../engine/native/index.ts';
import { openSimulated } from '../../engine/storage/native-files.ts';
import { openStorage } from '../../engine/storage/recover.ts';
import type { Storage } from '../../engine/storage/storage.ts';
import {
  insertThrough,
  type Machine,
  quiet,
  type Row,
  usualDefinition,
  type World,
} from './machine.ts';
import { inTurns, Turns } from './turns.ts';

const position = (definition: TableDefinition, name: string): number =>
  definition.columns.findIndex((column) => column.name === name);

/** The usual table for the kernel: sorted by id, partitioned by part. */
function shape(definition: TableDefinition) {
  return {
    columns: definition.columns.map((column) => ({
      name: column.name,
      type: column.type,
      stored: storedName(column),
    })),
    sortKey: [{ col: position(definition, 'id') }],
    partitionKey: [{ col: position(definition, 'part') }],
    skipIndexes: [],
    timezone: 'UTC',
  };
}

const columnsOf = (definition: TableDefinition) =>
  definition.columns.map(({ name, type }) => ({ name, type }));

const spec = (definition: TableDefinition) => ({
  format: 'JSONEachRow',
  columns: columnsOf(definition),
  settings: {},
});

let nextKey = 1;

async function run(kernel: Native, plan: object): Promise<string> {
  const key = `sim-${nextKey++}`;
  const chunks: Buffer[] = [];
  try {
    const { first, last } = await kernel.startQuery(JSON.stringify(plan), key);
    if (first) chunks.push(first);
    for (let more = !last; more; ) {
      const chunk = await kernel.nextChunk(key);
      if (chunk) chunks.push(chunk);
      else more = false;
    }
  } finally {
    kernel.closeQuery(key);
  }
  return Buffer.concat(chunks).toString();
}

async function read(kernel: Native, storage: Storage, table: string): Promise<Row[]> {
  const snapshot = storage.store(storage.context.catalog.find('d', table)?.id ?? 0).snapshot();
  try {
    const columns = ['id', 'part', 'batch'];
    const text = await run(kernel, {
      root: { kind: 'scan', table: snapshot.handle, columns },
      names: columns,
      sink: {
        kind: 'format',
        format: 'JSONEachRow',
        settings: { output_format_json_quote_64bit_integers: '0' },
      },
    });
    return text
      .split('\n')
      .filter((line) => line)
      .map((line) => JSON.parse(line) as Row)
      .map(({ id, part, batch }) => ({ id: Number(id), part, batch }));
  } finally {
    snapshot.release();
  }
}

const ofBatch = (batch: number): object => ({
  call: 'equals',
  args: [{ col: 2 }, { lit: { type: 'UInt32', value: String(batch) } }],
});

/** Rows that become segments without the log, as large inserts do. */
async function insertSegments(
  kernel: Native,
  storage: Storage,
  inserter: Inserter,
  table: string,
  rows: readonly Row[],
  token: string | undefined,
) {
  const definition = storage.context.catalog.find('d', table)?.definition;
  if (!definition) throw new Error(`no table ${table}`);
  const { files, health } = storage.context;
  storage.admit(definition.id);
  const prefix = storage.names.prefix(definition.id);
  const kernelTable = shape(definition);
  const memtable = kernel.memtableOpen(kernelTable);
  try {
    const body = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
    const { batch, ...decoded } = kernel.decodeRows(spec(definition), body);
    kernel.memtableAppend(memtable, batch);
    files.makeDir(prefix.slice(0, prefix.lastIndexOf('/')));
    const job = { job: storage.nextJob(), store: files.store, table: kernelTable, prefix };
    const { segments } = await kernel.runJob({ ...job, kind: 'flush', memtables: [memtable] });
    return await inserter.store(
      definition,
      { ...decoded, segments },
      token === undefined ? {} : { token },
    );
  } catch (error) {
    const refused = health.refused(error);
    if (!health.poisoned) storage.collector.sweep(prefix);
    throw refused;
  } finally {
    kernel.memtableDrop(memtable);
  }
}

/** Every so many seeds jobs run on their threads as they like, and are called off in the midst of their work:
 *  such a life cannot be repeated. */
const FREE = 8;

export function kernelMachine(seed: number): Machine {
  const threads = native();
  const disk = openSimulated(threads.files, seed);
  const turns = new Turns(seed);
  const free = seed % FREE === 0;
  return {
    disk,
    ...(free ? {} : { pass: () => turns.pass() }),
    boot: async (clock): Promise<World> => {
      const kernel = free ? threads : inTurns(threads, turns);
      // A new process knows nothing of what the old one had open.
      kernel.forgetStore(disk.files.store);
      const options = { files: disk.files, kernel, clock, logger: quiet, shape };
      const storage = await openStorage({ ...options, limits: { memtableRowsMax: 200 } });
      const inserter = new Inserter(storage, kernel);
      const small = insertThrough(storage, inserter, spec);
      return {
        storage,
        clock,
        insert: (table, rows, { token, large }) =>
          large
            ? insertSegments(kernel, storage, inserter, table, rows, token)
            : small(table, rows, {
                ...(token === undefined ? {} : { token }),
                large: large ?? false,
              }),
        read: (table) => read(kernel, storage, table),
        deleteBatch: (batch) => ({ delete: ofBatch(batch) }),
        condition: ofBatch,
        define: (name) => usualDefinition(storage, name),
      };
    },
  };
}
