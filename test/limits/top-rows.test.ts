// ORDER BY … LIMIT over a table: columns read late and blocks left out change no answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ours } from '../peers.ts';

let ours: Ours;

const ask = (sql: string, settings: Record<string, string> = {}): Promise<string> =>
  ours.must(sql, { format: 'TSVRaw', settings });

const columns = `number AS id, toDateTime(1700000000 + number, 'UTC') AS ts, if(number % 5 = 0, NULL, number % 1000) AS n,
  if(number % 11 = 0, nan, number / 7) AS f, concat('name', toString(number % 99991)) AS s,
  toLowCardinality(toString(number % 10)) AS lc, [number, number % 3] AS a, (number % 7, 'x') AS t`;
const setup = [
  `CREATE TABLE w (id UInt64, ts DateTime('UTC'), n Nullable(UInt32), f Float64, s String,
     lc LowCardinality(String), a Array(UInt64), t Tuple(UInt64, String)) ORDER BY (lc, id)`,
  `INSERT INTO w SELECT ${columns} FROM numbers(300000)`,
  `INSERT INTO w SELECT ${columns} FROM numbers(300000, 200000)`,
  // a few rows that are in memory still
  `INSERT INTO w SELECT ${columns} FROM numbers(500000, 50)`,
  'DELETE FROM w WHERE id % 1000 = 999',
];

const queries = [
  'SELECT * FROM w ORDER BY ts DESC, id LIMIT 10',
  'SELECT * FROM w ORDER BY ts, id LIMIT 10 OFFSET 15',
  "SELECT * FROM w WHERE s LIKE '%77%' ORDER BY ts DESC LIMIT 20",
  "SELECT s, a, t, length(s) + id FROM w WHERE n > 500 AND lc != '3' ORDER BY n, id LIMIT 30",
  'SELECT id, n, s FROM w ORDER BY n NULLS FIRST, id DESC LIMIT 25',
  'SELECT id, n, s FROM w ORDER BY n DESC NULLS LAST, id LIMIT 25',
  'SELECT id, f, s FROM w ORDER BY f DESC, id LIMIT 25',
  'SELECT id, f, s FROM w ORDER BY f ASC NULLS FIRST, id LIMIT 25',
  'SELECT upper(s) AS u, id, a[1] FROM w ORDER BY u DESC, id LIMIT 7',
  'SELECT id, x, s FROM (SELECT id, s, n * 2 AS x, a FROM w WHERE id > 1000) WHERE x < 900 ORDER BY x DESC, id LIMIT 12',
  'SELECT _part_offset IS NOT NULL, id, s FROM w ORDER BY id DESC LIMIT 3',
  'SELECT t, s FROM w ORDER BY a DESC, t, s LIMIT 5',
  'SELECT * FROM w ORDER BY lc DESC, id DESC LIMIT 5 BY n LIMIT 9',
  'SELECT id, s FROM w WHERE id = 77 ORDER BY ts LIMIT 5',
  'SELECT id, s FROM w WHERE id > 10000000 ORDER BY ts LIMIT 5',
  'SELECT * FROM w ORDER BY id LIMIT 0',
];

beforeAll(async () => {
  ours = await Ours.start('top');
  for (const sql of setup) await ask(sql);
}, 120_000);
afterAll(() => ours?.close());

describe('the first rows', () => {
  for (const sql of queries) {
    it(sql, async () => {
      const plain = await ask(sql, { kernel_paths_off: 'late_columns,top_threshold' });
      for (const off of ['', 'late_columns', 'top_threshold', 'all'])
        expect(await ask(sql, { kernel_paths_off: off })).toBe(plain);
    });
  }
  it('reads few blocks where the key follows the rows', async () => {
    const text = await ask('EXPLAIN ANALYZE SELECT * FROM w ORDER BY id DESC LIMIT 10');
    expect(text).toMatch(/\d by rows that are first already/);
  });
  it('computes what is not determined once', async () => {
    const sql = 'SELECT r FROM (SELECT rand() AS r, id, s FROM w) ORDER BY r LIMIT 50';
    const values = (await ask(sql)).trim().split('\n').map(Number);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(values[49]).toBeLessThan(2 ** 32 / 1000);
  });
});
