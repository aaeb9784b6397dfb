// Damaged bytes of every format, packed and not, and of the states of every aggregate function: an error or other
// rows, never a defect of ours, a hang, or memory for what a length only claims. COLONNADE_TEST_BYTES is how many
// (1,000; 100,000 by night), COLONNADE_TEST_SEED the first one's seed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine, QueryRequest } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { seeded } from '../generated/random.ts';
import { damageBytes } from './bytes.ts';

const count = Number(process.env.COLONNADE_TEST_BYTES ?? 1000);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
const HANG_MS = 8000;
/** Beyond what the process had when all was set up. */
const GROWTH_MAX = 1 << 30;

const columns = `
  a UInt8, b Int64, c UInt256, d Float32, e Decimal(38, 5), f String, g FixedString(5), h LowCardinality(String),
  i Nullable(Int32), j Array(Array(UInt16)), k Map(String, UInt32), l Tuple(x UInt8, y String), m Date, n DateTime64(3),
  o UUID, p IPv6, q Enum8('one' = 1, 'two' = 2), r Bool, s Array(LowCardinality(Nullable(String))), t Array(Nullable(Date32))`;

const rows = `SELECT number, number * 3 - 20, number * 1000000007, number / 7, number / 3, repeat('text', number % 9),
  toFixedString('five!', 5), toString(number % 3), if(number % 4 = 0, NULL, number), [[number, 1], []],
  map('k', number, toString(number), 7), (number, 'tuple'), toDate(number), toDateTime64(number, 3),
  reinterpret(reverse(sipHash128(number)), 'UUID'), toIPv6('::1'), 1 + number % 2, number % 2,
  [toString(number % 5), NULL], [NULL, toDate32(number)] FROM numbers(60)`;

/** Arguments to try a function with, and their types. */
const tries: readonly (readonly [string, string])[] = [
  ['number', 'UInt64'],
  ['toString(number)', 'String'],
  ['toFloat64(number), toUInt64(number % 3)', 'Float64, UInt64'],
  ['number, number', 'UInt64, UInt64'],
  ['toDateTime(number), number % 2, number % 3', 'DateTime, UInt8, UInt8'],
  ['[number, 2]', 'Array(UInt64)'],
  ['[number], [number]', 'Array(UInt64), Array(UInt64)'],
  ['(number, 1.5)', 'Tuple(UInt64, Float64)'],
];

interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
  /** What reads bytes like these. */
  readonly read: (bytes: Buffer) => Promise<void>;
}

let dir: string;
let engine: Engine;
const samples: Sample[] = [];

async function ask(sql: string, more: Partial<QueryRequest> = {}): Promise<Buffer> {
  const settings = {
    max_execution_time: '2',
    max_memory_usage: '200000000',
    input_format_parallel_parsing: '0',
    ...more.settings,
  };
  const result = await engine.query({ sql, user: { name: 'default' }, ...more, settings });
  const chunks: Uint8Array[] = [];
  for await (const chunk of result.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* whole(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function addFormats(): Promise<void> {
  const sql =
    "SELECT name FROM system.formats WHERE is_input AND is_output AND name NOT IN ('Template', 'LineAsString') FORMAT TSV";
  for (const name of (await ask(sql)).toString().trim().split('\n')) {
    const bytes = await ask(`SELECT * FROM src FORMAT ${name}`).catch(() => undefined);
    if (!bytes) continue;
    const insert = `INSERT INTO dst FORMAT ${name}`;
    const read = async (data: Buffer) => void (await ask(insert, { data: whole(data) }));
    samples.push({ name, bytes, read });
  }
  const plain = await ask('SELECT * FROM src FORMAT JSONEachRow');
  const packers = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const;
  for (const [dataEncoding, pack] of packers) {
    const read = async (data: Buffer) =>
      void (await ask('INSERT INTO dst FORMAT JSONEachRow', { data: whole(data), dataEncoding }));
    samples.push({ name: dataEncoding, bytes: pack(plain), read });
  }
}

async function addStates(): Promise<void> {
  const sql = 'SELECT name FROM system.functions WHERE is_aggregate AND NOT empty(name) FORMAT TSV';
  for (const name of (await ask(sql)).toString().trim().split('\n')) {
    for (const [values, types] of tries) {
      const state = `SELECT ${name}State(${values}) FROM numbers(30) FORMAT RowBinary`;
      const bytes = await ask(state).catch(() => undefined);
      if (!bytes) continue;
      const type = `AggregateFunction(${name}, ${types})`;
      const read = async (data: Buffer) => {
        await ask(`CREATE OR REPLACE TABLE st (x ${type}) ENGINE = Memory`);
        await ask('INSERT INTO st FORMAT RowBinary', { data: whole(data) });
        const merged = `${name}Merge(x), hex(${name}MergeState(x))`;
        await ask(`SELECT ${merged}, any(finalizeAggregation(x)) FROM st FORMAT Null`);
      };
      samples.push({ name: type, bytes, read });
      break;
    }
  }
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'colonnade-decoders-'));
  engine = await open({ dataDir: dir });
  await ask(`CREATE TABLE src (${columns}) ENGINE = Memory`);
  await ask(`CREATE TABLE dst (${columns}) ENGINE = Memory`);
  await ask(`INSERT INTO src ${rows}`);
  await addFormats();
  await addStates();
}, 120_000);

afterAll(async () => {
  await engine?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** What is wrong with how a sample was read; nothing when it was refused in a good way. */
async function defectOf({ read }: Sample, bytes: Buffer): Promise<string | undefined> {
  const from = performance.now();
  try {
    await read(bytes);
  } catch (error) {
    const { fault, code, message } = error as { fault?: string; code?: number; message: string };
    if (fault === undefined || fault === 'bug' || code === 49) return `${code} ${message}`;
  }
  const took = performance.now() - from;
  return took > HANG_MS ? `took ${Math.round(took)} ms` : undefined;
}

it(`${count} damaged inputs do no harm`, { timeout: 7_200_000 }, async () => {
  expect(samples.length).toBeGreaterThan(150);
  const defects: string[] = [];
  for (const { name, bytes, read } of samples) {
    await read(bytes).catch((error) => defects.push(`${name}, undamaged: ${error}`));
  }
  const before = process.memoryUsage().rss;
  for (let seed = first; seed < first + count; seed++) {
    const random = seeded(seed);
    if (seed % 50 === 0) await ask('TRUNCATE TABLE dst');
    const sample = random.pick(samples);
    const bytes = damageBytes(sample.bytes, random);
    const defect = await defectOf(sample, bytes);
    if (defect) defects.push(`seed ${seed}: ${sample.name}: ${defect}`);
    const grown = process.memoryUsage().rss - before;
    if (grown > GROWTH_MAX) {
      defects.push(`seed ${seed}: ${sample.name}: ${Math.round(grown / (1 << 20))} MB more`);
      break;
    }
  }
  expect(defects.slice(0, 40)).toEqual([]);
});
