// Tables of every engine, filled, changed and merged at random by colonnade and by ClickHouse (chdb, in process): the same
// rows at every step, with FINAL and without. COLONNADE_TEST_QUERIES is how many tables (25), COLONNADE_TEST_SEED
// the first one's seed, COLONNADE_TEST_REPORT a file for all differences.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { type Random, seeded } from '../generated/random.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 25);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);

interface Session {
  query(sql: string, format?: string): string;
  cleanup?(): void;
}

let engine: Engine;
let peer: Session | undefined;
let dir = '';

/** Columns beside the key, the engine, and how a value of each column is written. */
interface Shape {
  readonly columns: readonly string[];
  readonly engine: string;
  readonly values: readonly ((random: Random) => string)[];
  /** Not all rows of equal keys are the same in ClickHouse's answer: only these columns are compared. */
  readonly compared?: string;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.int(list.length)] as T;
const small = (random: Random): string => String(random.int(7) - 2);
const text = (random: Random): string => `'t${random.int(5)}'`;
const nullable = (random: Random): string => (random.int(3) === 0 ? 'NULL' : small(random));
const version = (random: Random): string => String(random.int(4));
const flag = (random: Random): string => String(Number(random.int(4) === 0));
const sign = (random: Random): string => (random.int(2) === 0 ? '1' : '-1');
const array = (random: Random): string =>
  `[${Array.from({ length: 2 }, () => random.int(3)).join(', ')}]`;

const shapes: readonly Shape[] = [
  { columns: ['v Int32', 's String'], engine: 'ReplacingMergeTree', values: [small, text] },
  {
    columns: ['ver UInt8', 's String', 'n Nullable(Int32)'],
    engine: 'ReplacingMergeTree(ver)',
    values: [version, text, nullable],
  },
  {
    columns: ['ver UInt8', 'gone UInt8', 's String'],
    engine: 'ReplacingMergeTree(ver, gone)',
    values: [version, flag, text],
  },
  {
    columns: ['v Int32', 'f Float64', 'n Nullable(Int32)', 's String', 'd Decimal(9, 2)'],
    engine: 'SummingMergeTree',
    values: [small, small, nullable, text, small],
  },
  {
    columns: ['v Int32', 'w Int64', 's LowCardinality(String)'],
    engine: 'SummingMergeTree(w)',
    values: [small, small, text],
  },
  {
    columns: ['aMap Nested(id UInt8, n Int64)', 'v UInt8'],
    engine: 'SummingMergeTree',
    values: [(r) => `${array(r)}, ${array(r)}`, () => '1'],
  },
  {
    columns: [
      'm SimpleAggregateFunction(max, Int32)',
      't SimpleAggregateFunction(sum, Int64)',
      'a SimpleAggregateFunction(groupArrayArray, Array(UInt8))',
      'l SimpleAggregateFunction(anyLast, Nullable(Int32))',
    ],
    engine: 'AggregatingMergeTree',
    values: [small, small, array, nullable],
  },
  { columns: ['v Int32', 'sign Int8'], engine: 'CollapsingMergeTree(sign)', values: [small, sign] },
  {
    columns: ['v Int32', 'sign Int8', 'ver UInt8'],
    engine: 'VersionedCollapsingMergeTree(sign, ver)',
    values: [() => '5', sign, version],
  },
  {
    columns: ['v Nullable(Int32)', 's Nullable(String)', 'w Int32'],
    engine: 'CoalescingMergeTree',
    values: [nullable, (r) => (r.int(2) ? 'NULL' : text(r)), small],
  },
  { columns: ['v Int32', 's String'], engine: 'MergeTree', values: [small, text] },
];
const keys = ['k', '(k, k2)', '(intDiv(k, 2), k2)', 'k2', '(k2, k % 3)'];
const partitions = ['', '', '', 'PARTITION BY k2', 'PARTITION BY k % 2'];

async function run(sql: string): Promise<string> {
  try {
    const result = await engine.query({
      sql,
      database: 'g',
      format: 'TabSeparated',
      user: { name: 'default' },
      settings: { session_timezone: 'UTC' },
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of result.chunks) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    return `error ${code} ${message}`;
  }
}

function theirs(session: Session, sql: string): string {
  try {
    return session.query(sql, 'TabSeparated');
  } catch (error) {
    const { message } = error as Error;
    return `error ${/Code: (\d+)/.exec(message)?.[1] ?? 0} ${message}`;
  }
}

const same = (a: string, b: string): boolean =>
  a === b || (/^error \d+/.exec(a)?.[0] ?? a) === (/^error \d+/.exec(b)?.[0] ?? b);

/** The statements of one table's life. */
function* life(random: Random, table: string): Generator<string> {
  const shape = pick(random, shapes);
  const collapsing = shape.engine.startsWith('Collapsing');
  const key = collapsing ? '(k, k2)' : pick(random, keys);
  // Rows of a group take each other's place in turn, as the engine is made for: of signs that do not match up
  // ClickHouse's merges keep a row that its FINAL does not show.
  const signs = new Map<string, string>();
  let gone = 0;
  const partition = pick(random, partitions);
  yield `CREATE TABLE ${table} (k UInt8, k2 UInt8, ${shape.columns.join(', ')}) ENGINE = ${shape.engine} ${partition} ORDER BY ${key} SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1, enable_block_number_column = 1, enable_block_offset_column = 1`;
  const all = `SELECT * FROM ${table}`;
  const steps = 4 + random.int(6);
  const plain = shape.engine === 'MergeTree';
  // Of rows of one key in several partitions ClickHouse takes that of the last partition for the last row;
  // here it is the row that was inserted last.
  const column = /k2?/.exec(partition)?.[0];
  const apart =
    column === undefined || !RegExp(`\\b${column}\\b(?! %)`).test(key.replace('intDiv(k, 2)', ''));
  const perPartition = column === undefined ? random.int(2) : Number(apart);
  const settings = `SETTINGS do_not_merge_across_partitions_select_final = ${perPartition}`;
  const final = plain ? '' : 'FINAL';
  // ClickHouse drops a row whose sums are zero only if the query reads those sums: the columns of a query
  // decide how many rows it sees. Here the rows are the same for every query, so this one reads all.
  const rows = shape.engine.startsWith('Summing')
    ? `(SELECT * FROM ${table} FINAL ORDER BY ALL LIMIT 1000)`
    : `${table} ${final}`;
  for (let step = 0; step < steps; step++) {
    const inserted = Array.from({ length: 1 + random.int(8) }, () => {
      const values = shape.values.map((value) => value(random));
      const [k, k2] = [random.int(5), random.int(2)];
      if (collapsing) {
        const sign = signs.get(`${k} ${k2}`) === '1' ? '-1' : '1';
        signs.set(`${k} ${k2}`, sign);
        values[1] = sign;
      }
      return `(${k}, ${k2}, ${values.join(', ')})`;
    });
    const asIs = random.int(4) === 0 ? 'SETTINGS optimize_on_insert = 0 ' : '';
    yield `INSERT INTO ${table} ${asIs}VALUES ${inserted.join(', ')}`;
    switch (random.int(9)) {
      case 0:
        gone = random.int(5);
        yield `DELETE FROM ${table} WHERE k = ${gone} AND k2 = 1`;
        signs.delete(`${gone} 1`);
        break;
      case 1:
        gone = random.int(5);
        yield `ALTER TABLE ${table} DELETE WHERE k = ${gone} SETTINGS mutations_sync = 2`;
        signs.delete(`${gone} 0`);
        signs.delete(`${gone} 1`);
        break;
      case 2:
        yield `OPTIMIZE TABLE ${table} FINAL`;
        yield `${all} ORDER BY ALL`;
        break;
      case 3:
        if (shape.columns[0]?.startsWith('v Int32')) {
          yield `ALTER TABLE ${table} UPDATE v = v + 1 WHERE k2 = 0 SETTINGS mutations_sync = 2`;
        }
        break;
    }
    yield `SELECT count() FROM ${table}`;
    yield `${all} ${final} ORDER BY ALL ${settings}`;
    // ClickHouse leaves parts out by the partition key's columns before it merges for FINAL: with a
    // condition on one that is not part of the key, rows of other partitions no longer count.
    if (!apart || column !== 'k') {
      yield `${all} ${final} WHERE k = ${random.int(5)} ORDER BY ALL ${settings}`;
    }
    if (!apart || column !== 'k2') {
      yield `SELECT count(), sum(k2) FROM ${rows} WHERE k2 = ${random.int(2)} ${settings}`;
    }
    yield `SELECT k, count() FROM ${rows} GROUP BY k ORDER BY k ${settings}`;
  }
  yield `OPTIMIZE TABLE ${table} FINAL`;
  yield `${all} ORDER BY ALL`;
  yield `DROP TABLE ${table}`;
}

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
  const chdb = (await oracle('chdb')) as { Session: new (path: string) => Session } | undefined;
  if (!chdb) return;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-engines-'));
  peer = new chdb.Session(join(dir, 'chdb'));
  for (const sql of [
    "SET session_timezone = 'UTC', max_threads = 1",
    'CREATE DATABASE g ENGINE = Atomic',
    'USE g',
  ]) {
    peer.query(sql, 'Null');
  }
  engine = await open({ dataDir: join(dir, 'colonnade') });
  await run('CREATE DATABASE g');
}, 120_000);

afterAll(async () => {
  if (!peer) return;
  await engine.close();
  peer.cleanup?.();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} tables live as in ClickHouse`, { timeout: 3_600_000 }, async (context) => {
  if (!peer) return context.skip();
  const differences: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const before: string[] = [];
    for (const sql of life(seeded(seed), `t${seed}`)) {
      const a = await run(sql);
      const b = theirs(peer, sql);
      if (/^(CREATE|INSERT|DELETE|ALTER|OPTIMIZE)/.test(sql)) before.push(sql);
      if (same(a, b)) continue;
      differences.push(`seed ${seed}: ${before.join(';\n')};\n${sql}\n  ours\n${a}  theirs\n${b}`);
      break;
    }
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) {
    writeFileSync(report, `${differences.join('\n')}\n`);
    console.log(`${count} tables, ${differences.length} differ`);
  }
  expect(differences.slice(0, 5)).toEqual([]);
});
