// GROUP BY of keys that fill a range finds its groups in an array (`aggregate/dense.rs`): the same rows as without,
// in memory and from files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'colonnade-dense-'));
const user = { name: 'default' };
let engine: Engine;

async function ask(sql: string, settings: Record<string, string> = {}): Promise<string> {
  const result = await engine.query({ sql, format: 'TabSeparated', user, settings });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const sums = (key: string, where = '1'): string =>
  `SELECT count(), sum(c), sum(s), sum(cityHash64(k, c, s, a)) FROM (SELECT ${key} AS k, count() AS c,
     sum(n) AS s, max(n) AS a FROM filled WHERE ${where} GROUP BY k)`;

const queries = [
  sums('sorted'),
  sums('mixed'),
  sums('negative'),
  sums('nullable'),
  sums('sorted', 'n % 7 = 0'),
  'SELECT count(), sum(k), sum(u) FROM (SELECT mixed AS k, uniqExact(small) AS u FROM filled GROUP BY k)',
  'SELECT count(DISTINCT mixed), count(DISTINCT sorted) FROM filled',
  'SELECT count(DISTINCT nullable) FROM filled',
  'SELECT count(), sum(k) FROM (SELECT DISTINCT mixed AS k FROM filled)',
  'SELECT mixed AS k, sum(n) AS s FROM filled GROUP BY k HAVING s % 1000 = 3 ORDER BY k LIMIT 5',
  'SELECT mixed % 3 AS g, count() FROM (SELECT mixed, count() FROM filled GROUP BY mixed WITH TOTALS) GROUP BY g ORDER BY g',
];

describe('dense keys', () => {
  beforeAll(async () => {
    engine = await open({ dataDir: dir });
    await ask(`CREATE TABLE filled (id UInt32, sorted UInt32, mixed UInt32, negative Int64, nullable Nullable(UInt32),
      small UInt8, n Int32) ORDER BY id`);
    const rows = (
      from: number,
      count: number,
    ): string => `INSERT INTO filled SELECT number, intDiv(number, 2),
      number * 7919 % 300007, number * 31 % 300007 - 150000, if(number % 9 = 0, NULL, number * 17 % 300007),
      number % 5, number % 1000 - 400 FROM numbers(${from}, ${count})`;
    await ask(rows(0, 500_000));
    await ask(rows(500_000, 100_000));
    // rows that are in no segment yet
    await ask(rows(600_000, 1000));
  }, 120_000);
  afterAll(async () => {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const sql of queries) {
    it(sql.replace(/\s+/g, ' ').slice(0, 100), { timeout: 120_000 }, async () => {
      const plain = await ask(sql, { kernel_paths_off: 'dense_keys,partitioned_groups' });
      expect(await ask(sql)).toBe(plain);
      expect(await ask(sql, { max_threads: '1' })).toBe(plain);
      expect(await ask(sql, { max_bytes_before_external_group_by: '12000000' })).toBe(plain);
    });
  }
});
