// Queries larger than their memory: the answer is that of the same query in memory, and no file remains.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'colonnade-spill-'));
const user = { name: 'default' };
let engine: Engine;

async function ask(sql: string, settings: Record<string, string>): Promise<string> {
  const result = await engine.query({ sql, format: 'TabSeparated', user, settings });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const n = 200_000;
const grouped = [
  `SELECT count(), sum(c), sum(s), sum(cityHash64(k)) FROM
     (SELECT number * 7 % ${n} AS k, count() AS c, sum(number) AS s FROM numbers(${2 * n}) GROUP BY k)`,
  `SELECT count(), sum(c), sum(s), sum(cityHash64(k)) FROM
     (SELECT toString(number % ${n}) AS k, count() AS c, max(number) AS s FROM numbers(${2 * n}) GROUP BY k)`,
  `SELECT count(), sum(c), sum(length(s)), sum(cityHash64(k, k2)) FROM
     (SELECT toString(number % ${n}) AS k, if(number % 3 = 0, NULL, number % 5) AS k2,
        uniqExact(number) AS c, groupArray(number) AS s FROM numbers(${2 * n}) GROUP BY k, k2)`,
  `SELECT count(), sum(c), sum(cityHash64(k, k2)) FROM
     (SELECT toString(number % ${n}) AS k, number % 3 AS k2, count() AS c FROM numbers(${n}) GROUP BY ROLLUP(k, k2))`,
  `SELECT number % ${n} AS k, count() AS c FROM numbers(${2 * n}) GROUP BY k WITH TOTALS HAVING k < 9
     ORDER BY c DESC, k LIMIT 3`,
  `SELECT [number % ${n}] AS k, (number % 3, 'x') AS t, any(number) AS c FROM numbers(${n}) GROUP BY k, t
     ORDER BY c LIMIT 3`,
  `SELECT count(), sum(k) FROM (SELECT DISTINCT number % ${n} AS k FROM numbers(${2 * n}))`,
];

const counted = [
  'SELECT count(DISTINCT number % 1000) FROM numbers(300000)',
  'SELECT uniqExact(toString(number % 70000)) FROM numbers(200000)',
  'SELECT count(DISTINCT number) FROM numbers(0)',
  'SELECT count(DISTINCT (number % 7, number % 11)) FROM numbers(1000)',
  'SELECT count(DISTINCT if(number % 7 = 0, NULL, number)), uniqExact(number / 0) FROM numbers(1000)',
];

const ordered = [
  'SELECT number FROM numbers(300000) ORDER BY cityHash64(number)',
  'SELECT toString(number % 1000) AS s, number FROM numbers(200000) ORDER BY s DESC, number % 7, -number',
  `SELECT if(number % 10 = 0, NULL, toString(number * 7919 % 100003)) AS s, [number % 3] AS a, number
     FROM numbers(150000) ORDER BY s NULLS FIRST, a DESC, number`,
  'SELECT number, number / 3 FROM numbers(200000) ORDER BY intHash32(number) DESC LIMIT 150000, 20',
  'SELECT count() FROM (SELECT rand() AS r, number FROM numbers(200000) ORDER BY r, number)',
  `SELECT length(s), sum(n) FROM (SELECT repeat(toString(number), 20) AS s, number AS n FROM numbers(100000)
     ORDER BY s) GROUP BY 1 ORDER BY 1`,
];

const windows = [
  `SELECT k, n, sum(n) OVER (PARTITION BY k ORDER BY n), row_number() OVER (PARTITION BY k ORDER BY n)
     FROM (SELECT number % 1013 AS k, number * 7919 % 200003 AS n FROM numbers(200000)) ORDER BY k, n`,
  `SELECT sum(r), max(l) FROM (SELECT rank() OVER (PARTITION BY toString(number % 5) ORDER BY number % 1000) AS r,
     lagInFrame(number) OVER (PARTITION BY toString(number % 5) ORDER BY number) AS l FROM numbers(200000))`,
  `SELECT sum(x) FROM (SELECT sum(number) OVER (ORDER BY number DESC) AS x FROM numbers(100000))`,
];

describe('spilling', () => {
  beforeAll(async () => {
    engine = await open({ dataDir: dir });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const sql of grouped) {
    it(`GROUP BY: ${sql.slice(0, 60)}`, async () => {
      const inMemory = await ask(sql, { max_bytes_ratio_before_external_group_by: '0' });
      // one table per worker, partitions that all share, and both in files
      expect(await ask(sql, { kernel_paths_off: 'partitioned_groups' })).toBe(inMemory);
      for (const bytes of ['1000000', '12000000'])
        expect(await ask(sql, { max_bytes_before_external_group_by: bytes })).toBe(inMemory);
      expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    });
  }
  for (const sql of [...ordered, ...windows]) {
    it(`rows in order: ${sql.slice(0, 60)}`, async () => {
      const inMemory = await ask(sql, { max_bytes_ratio_before_external_sort: '0' });
      const alone = {
        max_bytes_ratio_before_external_sort: '0',
        kernel_paths_off: 'parallel_sort',
      };
      expect(await ask(sql, alone)).toBe(inMemory);
      expect(await ask(sql, { max_bytes_before_external_sort: '1000000' })).toBe(inMemory);
      expect(await ask(sql, { max_bytes_before_external_sort: '100000' })).toBe(inMemory);
      expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    });
  }
  for (const sql of counted) {
    it(`distinct values: ${sql.slice(7, 60)}`, async () => {
      const plain = await ask(sql, { kernel_paths_off: 'distinct_groups' });
      expect(await ask(sql, {})).toBe(plain);
      expect(await ask(sql, { max_bytes_before_external_group_by: '1000000' })).toBe(plain);
    });
  }
  it('max_memory_usage alone makes it spill', async () => {
    const sql = `SELECT count() FROM (SELECT number AS k, count() FROM numbers(2000000) GROUP BY k)`;
    const limits = { max_memory_usage: '50000000' };
    expect(await ask(sql, limits)).toBe('2000000\n');
    const never = { ...limits, max_bytes_ratio_before_external_group_by: '0' };
    await expect(ask(sql, never)).rejects.toMatchObject({ code: 241 });
  });
  it('ORDER BY under max_memory_usage alone', async () => {
    const sql = `SELECT count(), sum(n * k) FROM (SELECT number AS n, cityHash64(number) AS k
      FROM numbers(3000000) ORDER BY k)`;
    const limits = { max_memory_usage: '50000000' };
    expect(await ask(sql, limits)).toBe(await ask(sql, {}));
    const never = { ...limits, max_bytes_ratio_before_external_sort: '0' };
    await expect(ask(sql, never)).rejects.toMatchObject({
      code: 241,
      message: expect.stringMatching(
        /max_memory_usage.*While sorting.*max_bytes_before_external_sort/,
      ),
    });
  });
  it('temporary files have a limit', async () => {
    const settings = {
      max_bytes_before_external_group_by: '1000000',
      max_temporary_data_on_disk_size_for_query: '100000',
    };
    await expect(ask(grouped[0] ?? '', settings)).rejects.toMatchObject({ code: 396 });
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });
});
