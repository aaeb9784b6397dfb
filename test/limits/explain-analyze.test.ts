// EXPLAIN ANALYZE: what each node measured, and what each index spared.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ours } from '../peers.ts';

let ours: Ours;

const ask = (sql: string, settings: Record<string, string> = {}): Promise<string> =>
  ours.must(sql, { format: 'TSVRaw', settings });

const rows = 500_000;
const setup = [
  `CREATE TABLE t (k UInt64, u String, low String, v Float64, tags Array(String),
     INDEX by_u u TYPE bloom_filter, INDEX by_lower lower(u) TYPE bloom_filter(0.001),
     INDEX by_sum k + 1000 TYPE minmax, INDEX by_tag tags TYPE bloom_filter(0.001))
   ORDER BY k`,
  `INSERT INTO t SELECT number, hex(cityHash64(number)), toString(intDiv(number, 100000)), number / 3,
     [concat('tag', toString(intDiv(number, 70000)))] FROM numbers(${rows})`,
  'OPTIMIZE TABLE t FINAL',
];

beforeAll(async () => {
  ours = await Ours.start('explain');
  for (const sql of setup) await ask(sql);
}, 120_000);
afterAll(() => ours?.close());

describe('EXPLAIN ANALYZE', () => {
  it('counts rows of every node', async () => {
    const text = await ask(
      'EXPLAIN ANALYZE SELECT low, count() FROM t WHERE k < 200000 GROUP BY low ORDER BY low LIMIT 1',
    );
    expect(text).toMatch(/Limit 1 .*; 1 rows, /);
    expect(text).toMatch(/Aggregate count\(\) by low .*; 2 rows, /);
    expect(text).toMatch(/Scan default.t .*; 200000 rows, /);
    expect(text).toMatch(/Blocks: 8 \(4 pruned\)\n {2}4 by statistics of k\n/);
  });
  it('conditions reach the scan below HAVING and below joins that have none of their own', async () => {
    const text = await ask(
      'EXPLAIN SELECT low, count() AS c FROM t WHERE k < 100 GROUP BY low HAVING c > 3',
    );
    expect(text).toMatch(/Scan default.t .* where k < 100/);
    const joined = await ask(
      'EXPLAIN SELECT count() FROM (SELECT k FROM t WHERE k < 7) AS a JOIN (SELECT k FROM t WHERE v < 9) AS b ON a.k = b.k WHERE a.k + b.k > 0',
    );
    expect(joined).toMatch(/where k < 7/);
    expect(joined).toMatch(/where v < 9/);
  });
  it('measures subqueries', async () => {
    const text = await ask(
      'EXPLAIN ANALYZE SELECT count() FROM t WHERE k IN (SELECT k FROM t WHERE k < 3)',
    );
    expect(text).toMatch(/Subquery 1\n.*; 3 rows, /);
  });

  const one = 'hex(cityHash64(77))';
  const pruned: [string, string, RegExp][] = [
    ['a bloom filter', `u = ${one}`, /\d by bloom_filter by_u/],
    ['an index over an expression', `lower(u) = lower(${one})`, /\d by bloom_filter by_lower/],
    ['minmax of an expression', 'k + 1000 > 400000 + 1000', /\d by minmax by_sum/],
    ['elements of an array', "has(tags, 'tag3')", /\d by bloom_filter by_tag/],
    ['a dictionary', "low LIKE '4%'", /\d by dictionary of low/],
  ];
  for (const [what, where, expected] of pruned) {
    it(`names ${what}, which changes no answer`, async () => {
      const sql = `SELECT count(), sum(k) FROM t WHERE ${where}`;
      expect(await ask(`EXPLAIN ANALYZE ${sql}`)).toMatch(expected);
      const answer = await ask(sql);
      expect(answer).not.toMatch(/^0\t/);
      for (const off of ['skip_indexes', 'prune_blocks', 'encoded_filters,key_search', 'all'])
        expect(await ask(sql, { kernel_paths_off: off })).toBe(answer);
      const without = await ask(`EXPLAIN ANALYZE ${sql}`, { use_skip_indexes: '0' });
      expect(without).not.toMatch(/bloom_filter|minmax/);
    });
  }
  it('an index made again over something else answers for its own expression', async () => {
    await ask('ALTER TABLE t DROP INDEX by_lower');
    await ask('ALTER TABLE t ADD INDEX by_lower upper(u) TYPE bloom_filter');
    const sql = `SELECT count() FROM t WHERE upper(u) = ${one}`;
    expect(await ask(sql)).toBe('1\n');
    expect(await ask(`SELECT count() FROM t WHERE lower(u) = lower(${one})`)).toBe('1\n');
  });
  it('refuses a path that does not exist', async () => {
    await expect(ask('SELECT 1', { kernel_paths_off: 'wings' })).rejects.toMatchObject({
      code: 36,
    });
  });
});
