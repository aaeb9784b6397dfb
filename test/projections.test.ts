// Random aggregations and filters give the same rows with and without projections; some segments have
// none, some rows are deleted, some are in memory only.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomNumbers } from './engine-storage/support.ts';
import { Ours } from './peers.ts';

const queries = Number(process.env.COLONNADE_TEST_QUERIES ?? 150);
const seed = Number(process.env.COLONNADE_TEST_SEED ?? 1);
let db: Ours;

beforeAll(async () => {
  db = await Ours.start('projections');
  const rows = (from: number, count: number) =>
    `SELECT toDateTime('2024-02-27 20:00:00') + ${from} * 13 + number * 37, toDate('2023-12-01') + number % 100,
       number % 7, if(number % 11 = 0, NULL, toString(number % 5)), number % 1000 - 500, number / 8,
       addMilliseconds(toDateTime64('2024-02-27 20:00:00', 3), number * 1500)
     FROM numbers(${count})`;
  await db.must(`CREATE TABLE t (ts DateTime, d Date, k UInt8, s Nullable(String), v Int32, f Float64,
      m DateTime64(3)) ENGINE = MergeTree ORDER BY k`);
  await db.must(`INSERT INTO t ${rows(0, 100_000)}`);
  for (const projection of [
    'a (SELECT toStartOfMinute(ts), k, sum(v), count(), max(f), uniqExact(s) GROUP BY toStartOfMinute(ts), k)',
    'b (SELECT d, s, sum(v), min(v), any(k), avg(f), count() GROUP BY d, s)',
    'c (SELECT toStartOfFiveMinutes(m), toHour(ts), sum(f), count(s), quantileExact(v) GROUP BY toStartOfFiveMinutes(m), toHour(ts))',
    'o (SELECT * ORDER BY v, ts)',
    'q (SELECT d, v, k ORDER BY d)',
  ]) {
    await db.must(`ALTER TABLE t ADD PROJECTION ${projection}`);
  }
  await db.must(`INSERT INTO t ${rows(1, 90_000)}`);
  await db.must(`INSERT INTO t ${rows(2, 80_000)}`);
  await db.must('DELETE FROM t WHERE v = 17 AND k = 3');
  await db.must(`INSERT INTO t ${rows(3, 70_000)}`);
  await db.must(`INSERT INTO t ${rows(4, 1000)}`);
}, 120_000);
afterAll(() => db.close());

const keys = [
  'toStartOfMinute(ts)',
  'toStartOfHour(ts)',
  'toStartOfInterval(ts, INTERVAL 15 MINUTE)',
  'toDate(ts)',
  'toHour(ts)',
  'toStartOfTenMinutes(ts)',
  'toStartOfDay(ts)',
  'toYYYYMM(ts)',
  'toDayOfWeek(ts)',
  'toStartOfWeek(ts)',
  'toMonday(ts)',
  'k',
  'k % 2',
  'd',
  'toStartOfMonth(d)',
  'toYear(d)',
  'toStartOfQuarter(d)',
  's',
  'upper(s)',
  'toStartOfHour(m)',
  'toStartOfFifteenMinutes(m)',
  'toDate(m)',
  'toMinute(ts)',
  "dateTrunc('hour', ts)",
  "dateTrunc('month', d)",
];
const calls = [
  'sum(v)',
  'count()',
  'max(f)',
  'uniqExact(s)',
  'min(v)',
  'avg(f)',
  'sum(f)',
  'count(s)',
  'quantileExact(v)',
  'sum(v) / count()',
];
const filters = [
  'k < 4',
  'k = 3',
  "ts >= '2024-03-01 00:00:00'",
  "ts < '2024-03-10 12:00:00'",
  "ts >= '2024-03-01 00:00:30'",
  "d >= '2024-01-15'",
  "d < '2024-02-01'",
  "s = '3'",
  's IS NOT NULL',
  'toHour(ts) BETWEEN 3 AND 15',
  'v = 100',
  "toDate(ts) = '2024-03-05'",
  'k IN (1, 2)',
  "m >= '2024-02-28 00:00:00'",
  "m < '2024-02-28 00:00:00.5'",
  'v > 450',
  "ts > '2024-03-01 00:00:00'",
  "'2024-03-02 00:00:00' <= ts",
  "ts <= '2024-03-10 12:00:00'",
];

describe('projections', () => {
  it(`change no row of ${queries} queries (seed ${seed})`, async () => {
    const draw = randomNumbers(seed);
    const some = (list: readonly string[], most: number, least = 0): string[] =>
      Array.from(
        { length: least + draw(most - least + 1) },
        () => list[draw(list.length)] as string,
      );
    const differ: string[] = [];
    let used = 0;
    for (let i = 0; i < queries; i++) {
      const where = some(filters, 2);
      const condition = where.length > 0 ? ` WHERE ${where.join(' AND ')}` : '';
      const by = [...new Set(some(keys, 2))];
      const query =
        draw(5) === 0
          ? `SELECT d, v, k FROM t${condition} ORDER BY d, v, k LIMIT 50`
          : `SELECT ${[...by, ...new Set(some(calls, 3, 1))].join(', ')} FROM t${condition}` +
            (by.length > 0 ? ` GROUP BY ${by.join(', ')} ORDER BY ${by.join(', ')}` : '');
      const fast = await db.must(`${query} SETTINGS optimize_use_projections = 1`);
      const slow = await db.must(`${query} SETTINGS optimize_use_projections = 0`);
      if (rounded(fast) !== rounded(slow)) differ.push(query);
      const plan = await db.must(`EXPLAIN ${query}`);
      if (/projected|reordered/.test(plan)) used++;
    }
    expect(differ).toEqual([]);
    expect(used).toBeGreaterThan(queries / 10);
  }, 300_000);
});

/** Sums of floats depend on their order. */
const rounded = (text: string): string =>
  text.replace(/-?\d+\.\d+(e[+-]\d+)?/g, (n) => Number(n).toPrecision(9));
