// Data directories that earlier versions have written, as after a power cut, each with the answers it gave
// (test/golden-dir/<version>/): they open and answer the same, for good. A directory of a version that
// is not known yet is refused, and not a byte of it changes.
//
// COLONNADE_TEST_COMPLETE=1 adds a directory for the newest format where there is none.

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHeads, writeHead } from '../../engine/catalog/heads.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native/index.ts';
import { openFiles } from '../../engine/storage/native-files.ts';
import { Ours } from '../peers.ts';

const golden = join(import.meta.dirname, '..', 'golden-dir');
const newest = '1';
const scratch = mkdtempSync(join(tmpdir(), 'colonnade-golden-'));

const statements = [
  'CREATE DATABASE g',
  `CREATE TABLE g.types (id UInt64, part UInt8, i Int32, f Float64, d Decimal(20, 4), s String,
     lc LowCardinality(String), n Nullable(String), day Date, t DateTime('Europe/Berlin'), t64 DateTime64(3, 'UTC'),
     u UUID, e Enum8('a' = 1, 'b' = 2), a Array(String), m Map(String, Int64), p Tuple(x Int8, y String), w UInt256,
     INDEX by_s s TYPE bloom_filter GRANULARITY 1, INDEX by_i i TYPE minmax GRANULARITY 1)
   ENGINE = MergeTree PARTITION BY part ORDER BY (lc, id)`,
  `INSERT INTO g.types SELECT number, number % 3, number * 7 - 90, number / 8, number * 1.5, concat('text ', toString(number)),
     concat('kind ', toString(number % 5)), if(number % 4 = 0, NULL, toString(number)), toDate('2024-01-01') + number % 400,
     toDateTime('2024-03-31 00:30:00', 'Europe/Berlin') + number * 600, toDateTime64('2024-02-29 23:59:59.999', 3, 'UTC') + number,
     toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), number % 2 + 1, [toString(number % 4), 'x'], map('k', number),
     (number % 100, 'y'), toUInt256(number) * 1000000007 FROM numbers(90)`,
  'ALTER TABLE g.types DETACH PARTITION 2',
  'CREATE TABLE g.latest (id UInt32, v UInt32, body String) ENGINE = ReplacingMergeTree(v) ORDER BY id',
  'INSERT INTO g.latest SELECT number, 1, toString(number) FROM numbers(100)',
  "INSERT INTO g.latest SELECT number, 2, 'new' FROM numbers(10)",
  `CREATE TABLE g.base (id UInt64, g UInt8, v Int64, PROJECTION by_g (SELECT g, sum(v), count() GROUP BY g))
   ENGINE = MergeTree ORDER BY id SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
  'CREATE TABLE g.sums (g UInt8, s AggregateFunction(sum, Int64), q AggregateFunction(uniq, UInt64)) ENGINE = AggregatingMergeTree ORDER BY g',
  'CREATE MATERIALIZED VIEW g.view TO g.sums AS SELECT g, sumState(v) AS s, uniqState(id) AS q FROM g.base GROUP BY g',
  'INSERT INTO g.base SELECT number, number % 6, number - 50 FROM numbers(300)',
  'OPTIMIZE TABLE g.base FINAL',
  'DELETE FROM g.base WHERE id % 10 = 3',
  'UPDATE g.base SET v = 7 WHERE id % 10 = 4',
  "ALTER TABLE g.base ADD COLUMN extra String DEFAULT concat('e', toString(id))",
  `CREATE TABLE g.marked (id UInt64, v Int64) ENGINE = MergeTree ORDER BY id
   SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
  'INSERT INTO g.marked SELECT number, number FROM numbers(500)',
  'OPTIMIZE TABLE g.marked FINAL',
  'DELETE FROM g.marked WHERE id = 5',
  'UPDATE g.marked SET v = 7000 WHERE id = 6',
  'CREATE TABLE g.versions (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS history_retention = 4000000000',
  'INSERT INTO g.versions SELECT number FROM numbers(10)',
  'ALTER TABLE g.versions DELETE WHERE id < 5 SETTINGS mutations_sync = 2',
  'CREATE TABLE g.expiring (id UInt64, t DateTime) ENGINE = MergeTree ORDER BY id TTL t + INTERVAL 1000 YEAR',
  "INSERT INTO g.expiring VALUES (1, '2024-01-01 00:00:00')",
  'CREATE FUNCTION golden_twice AS (x) -> x * 2',
  'CREATE TABLE g.small (id UInt64, s String) ENGINE = MergeTree ORDER BY id',
  "INSERT INTO g.small SETTINGS insert_deduplication_token = 'one' VALUES (1, 'a'), (2, 'b')",
  "INSERT INTO g.small VALUES (3, 'c')",
];

const questions = [
  'SELECT * FROM g.types ORDER BY id',
  "SELECT count(), sum(i), max(t) FROM g.types WHERE lc = 'kind 3' AND s LIKE 'text 1%'",
  'SELECT * FROM g.latest FINAL ORDER BY id LIMIT 20',
  'SELECT g, sum(v), count() FROM g.base GROUP BY g ORDER BY g',
  'SELECT g, sum(v), count() FROM g.base GROUP BY g ORDER BY g SETTINGS optimize_use_projections = 0',
  'SELECT g, sumMerge(s), uniqMerge(q) FROM g.sums GROUP BY g ORDER BY g',
  'SELECT extra, v FROM g.base WHERE id IN (1, 4, 299) ORDER BY id',
  'SELECT count(), sum(v), max(v) FROM g.marked',
  'SELECT version - min(version) OVER (), operation, rows FROM (DESCRIBE HISTORY g.versions) ORDER BY version',
  'SELECT * FROM g.expiring',
  'SELECT golden_twice(21)',
  'SELECT * FROM g.small ORDER BY id',
  "INSERT INTO g.small SETTINGS insert_deduplication_token = 'one' VALUES (1, 'a'), (2, 'b')",
  'SELECT count() FROM g.small',
  'ALTER TABLE g.types ATTACH PARTITION 2',
  'SELECT count(), sum(id) FROM g.types',
  'CHECK TABLE g.types',
  'CHECK TABLE g.base',
  'CHECK TABLE g.marked',
];

async function answers(folder: string): Promise<Record<string, string>> {
  const engine = await open({ dataDir: folder });
  const out: Record<string, string> = {};
  try {
    for (const sql of questions) {
      const result = await engine.query({ sql, format: 'TabSeparated', user: { name: 'default' } });
      const parts: Uint8Array[] = [];
      for await (const chunk of result.chunks) parts.push(chunk);
      out[sql] = Buffer.concat(parts).toString();
    }
  } finally {
    await engine.close();
  }
  return out;
}

/** Written by the engine of now, and copied while it runs. */
async function make(version: string): Promise<void> {
  const ours = await Ours.start('golden');
  const folder = join(golden, version);
  try {
    for (const sql of statements) await ours.must(sql);
    mkdirSync(folder, { recursive: true });
    for (const name of ['catalog', 'segments', 'wal']) {
      cpSync(join(ours.dir, 'colonnade', name), join(folder, 'data', name), { recursive: true });
    }
  } finally {
    await ours.close();
  }
  const copy = join(scratch, 'made');
  cpSync(join(folder, 'data'), copy, { recursive: true });
  writeFileSync(join(folder, 'answers.json'), `${JSON.stringify(await answers(copy), null, 2)}\n`);
}

function hashes(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile() && entry.name !== 'lock');
  return Object.fromEntries(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe('data directories', async () => {
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  if (process.env.COLONNADE_TEST_COMPLETE && !existsSync(join(golden, newest))) await make(newest);

  for (const version of readdirSync(golden)) {
    it(`of format ${version} open and answer as they did`, async () => {
      const folder = join(scratch, version);
      cpSync(join(golden, version, 'data'), folder, { recursive: true });
      const known = JSON.parse(readFileSync(join(golden, version, 'answers.json'), 'utf8'));
      expect(await answers(folder)).toEqual(known);
      // Once more, after a stop in order.
      const again = await answers(folder);
      expect(again['SELECT count(), sum(id) FROM g.types']).toBe('90\t4005\n');
    });
  }

  it('of a newer format are refused without a write', async () => {
    const folder = join(scratch, 'newer');
    cpSync(join(golden, newest, 'data'), folder, { recursive: true });
    const files = openFiles(native().files, folder);
    const { newest: head, slot } = readHeads(files);
    if (!head) throw new Error('there is no head');
    const newer = { ...head, format: head.format + 1, sequence: head.sequence + 1 };
    await writeHead(files, 1 - slot, newer);
    files.close();
    const before = hashes(folder);
    await expect(open({ dataDir: folder })).rejects.toThrow(/newer version \(format 2, known: 1\)/);
    expect(hashes(folder)).toEqual(before);
  });
});
