// A table with every kind of rollup, order and index, statements that change it on the way, and random
// queries of which many can be answered by a rollup and some only look as if.
import type { Random } from './random.ts';

/** The table's rows come in lots, so that some are in segments, some in memory. */
const lot = (first: number, rows: number): string =>
  `INSERT INTO facts SELECT
     toDateTime('2024-01-30 18:00:00') + intDiv(number * 7919, 3) % 172800 AS ts, toDate(ts) - number % 3,
     number % 7, ['de', 'fr', 'us', ''][1 + number % 4], if(number % 5 = 0, NULL, number % 11),
     toInt32(cityHash64(number) % 2001) - 1000, if(number % 9 = 0, NULL, number * 3), toDecimal64((number % 977) / 4, 2)
   FROM numbers(${first}, ${rows})`;

export const setup = (): string[] => [
  `CREATE TABLE facts (ts DateTime, d Date, k UInt8, c LowCardinality(String), o Nullable(Int16), v Int32,
     w Nullable(UInt64), m Decimal(12, 2),
     INDEX by_v v TYPE minmax GRANULARITY 1, INDEX by_o o TYPE set(20) GRANULARITY 1,
     INDEX by_c c TYPE bloom_filter GRANULARITY 1,
     PROJECTION by_quarter (SELECT toStartOfFifteenMinutes(ts), k, sum(v), count(), max(w)
       GROUP BY toStartOfFifteenMinutes(ts), k),
     PROJECTION by_color (SELECT c, o, count(), sum(w), uniqExact(v), min(v) GROUP BY c, o),
     PROJECTION in_order (SELECT * ORDER BY v))
   ENGINE = MergeTree ORDER BY (k, ts)`,
  `CREATE MATERIALIZED VIEW by_hour ENGINE = AggregatingMergeTree ORDER BY (k, c, h) AS
     SELECT toStartOfHour(ts) AS h, k, c, countState() AS n, sumState(v) AS s, sumState(w) AS sw, countState(w) AS nw,
       minSimpleState(v) AS low, maxState(v) AS high, uniqState(v) AS u, quantileExactState(0.5)(v) AS q, sumState(m) AS sm
     FROM facts GROUP BY h, k, c`,
  `CREATE MATERIALIZED VIEW by_day ENGINE = SummingMergeTree ORDER BY (d, k, c) AS
     SELECT d, k, c, count() AS n, sum(v) AS s, sum(w) AS sw, sum(m) AS sm, sumIf(v, v > 0) AS up FROM facts GROUP BY d, k, c`,
  `CREATE TABLE highs (d Date, c String, n UInt64, s Int64, high Int32) ENGINE = MergeTree ORDER BY d`,
  `CREATE MATERIALIZED VIEW to_highs TO highs AS
     SELECT d, c, count() AS n, sum(v) AS s, max(v) AS high FROM facts WHERE v >= 500 AND k < 5 GROUP BY d, c`,
  `CREATE MATERIALIZED VIEW by_bits ENGINE = AggregatingMergeTree ORDER BY b AS
     SELECT bitAnd(k, 3) AS b, groupBitOrState(k) AS bits, countIfState(v > 0) AS ups, avgState(v) AS a FROM facts GROUP BY b`,
  'CREATE TABLE names (c String, title String) ENGINE = MergeTree ORDER BY c',
  "INSERT INTO names VALUES ('de', 'Deutschland'), ('fr', 'France'), ('xx', 'nowhere')",
  lot(0, 6000),
  lot(6000, 2000),
  'OPTIMIZE TABLE facts',
  lot(8000, 300),
];

/** What happens to the table between queries. Mostly all rollups can be read again behind it. */
export const changes = (random: Random, serial: number): string[] => [
  ...random.weighted<string[]>([
    [4, [lot(100_000 + serial * 1000, 1 + random.int(300))]],
    [1, ['OPTIMIZE TABLE facts FINAL']],
    [1, ['by_hour', 'by_day', 'highs'].map((table) => `OPTIMIZE TABLE ${table} FINAL`)],
    [1, [`ALTER TABLE facts DELETE WHERE k = ${random.int(7)} AND v % 50 = ${random.int(50)}`]],
    [1, [`DELETE FROM facts WHERE v = ${random.int(900)}`]],
    [1, [`ALTER TABLE facts UPDATE w = w + 1 WHERE k = ${random.int(7)} AND v < -900`]],
    [1, ["INSERT INTO highs VALUES ('2024-01-31', 'de', 1, 2, 3)"]],
  ]),
  ...(random.chance(0.75) ? ['SYSTEM REBUILD ROLLUP facts'] : []),
];

const keys = [
  'k',
  'c',
  'd',
  'c',
  'o',
  'toStartOfHour(ts)',
  'toStartOfMinute(ts)',
  'toStartOfFifteenMinutes(ts)',
  'toStartOfDay(ts)',
  'toDate(ts)',
  'toYYYYMM(d)',
  'toMonday(d)',
  'toDayOfWeek(toDate(ts))',
  'toStartOfInterval(ts, INTERVAL 6 HOUR)',
  'toStartOfInterval(ts, INTERVAL 90 MINUTE)',
  'toHour(ts)',
  'toStartOfMonth(d)',
  'bitAnd(k, 3)',
  'k % 2',
  'upper(c)',
  "concat(c, '-', toString(k))",
  'if(k > 3, c, d::String)',
  'isNull(o)',
];

const calls = [
  'count()',
  'count(v)',
  'count(w)',
  'sum(v)',
  'sum(w)',
  'sum(m)',
  'avg(v)',
  'avg(w)',
  'min(v)',
  'max(v)',
  'max(w)',
  'uniq(v)',
  'uniqExact(v)',
  'uniqExact(c)',
  'min(k)',
  'max(toStartOfHour(ts))',
  'quantileExact(0.9)(v)',
  'groupBitOr(k)',
  'countIf(v > 0)',
  "countIf(c = 'de')",
  'sumIf(v, k > 2)',
  'sumIf(v, v > 0)',
  "avgIf(v, c IN ('fr', 'us'))",
  'sum(v) + count()',
  'round(avg(v), 2)',
  'max(v) - min(v)',
  'count(DISTINCT c)',
];

const moment = (random: Random): string => {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = random.pick(['2024-01-31', '2024-02-01', '2024-02-02', '2024-02-03']);
  const minute = random.weighted([
    [3, '00'],
    [1, two(random.int(60))],
  ]);
  const second = random.chance(0.85) ? '00' : two(random.int(60));
  return `'${day} ${two(random.int(24))}:${minute}:${second}'`;
};

const condition = (random: Random): string =>
  random.weighted<() => string>([
    [3, () => `k ${random.pick(['<', '>=', '=', '!='])} ${random.int(7)}`],
    [2, () => `c ${random.pick(['=', '!='])} '${random.pick(['de', 'fr', 'us', '', 'zz'])}'`],
    [1, () => `c IN ('de', '${random.pick(['us', ''])}')`],
    [3, () => `ts ${random.pick(['>=', '<'])} ${moment(random)}`],
    [1, () => `ts ${random.pick(['>', '<='])} ${moment(random)}`],
    [
      2,
      () =>
        `d ${random.pick(['>=', '<', '=', '<='])} '2024-0${random.pick(['1-30', '2-01', '2-02'])}'`,
    ],
    [1, () => `toDate(ts) BETWEEN '2024-01-31' AND '2024-02-0${1 + random.int(3)}'`],
    [1, () => `toYYYYMM(ts) = 20240${1 + random.int(2)}`],
    [2, () => `v >= 500 AND k < 5`],
    [
      1,
      () =>
        `v > ${random.pick(['499', '500', '700', '-10'])} AND k <= ${random.pick(['3', '4', '5'])}`,
    ],
    [1, () => `o ${random.pick(['IS NULL', 'IS NOT NULL', '= 3', '> 7'])}`],
    [1, () => `bitAnd(k, 3) = ${random.int(4)}`],
    [1, () => `(k = ${random.int(7)} OR c = 'fr')`],
    [0.5, () => `v BETWEEN ${random.int(100)} AND 300`],
  ])();

const groupBy = (random: Random, list: readonly string[]): string => {
  if (list.length === 0) return '';
  const names = list.map((_, i) => `g${i}`).join(', ');
  return ` GROUP BY ${random.weighted([
    [8, names],
    [1, `ROLLUP(${names})`],
    [1, `CUBE(${names})`],
    [1, `GROUPING SETS ((${names}), ())`],
    [1, `${names} WITH TOTALS`],
  ])}`;
};

function grouped(random: Random): string {
  const list = random.some(0, 2, () => random.pick(keys));
  const wanted = random.some(1, 2, () => random.pick(calls));
  const filters = random.chance(0.5) ? random.some(1, 2, () => condition(random)) : [];
  const columns = [
    ...list.map((key, i) => `${key} AS g${i}`),
    ...wanted.map((call, i) => `${call} AS a${i}`),
  ];
  const where = filters.length > 0 ? ` WHERE ${filters.join(' AND ')}` : '';
  const having = random.chance(0.15) ? ` HAVING count() > ${random.int(300)}` : '';
  const from = random.weighted([
    [8, 'facts'],
    [1, '(SELECT * FROM facts)'],
    [1, '(SELECT ts, d, k, c, o, v, w, m FROM facts WHERE k != 6)'],
  ]);
  return `SELECT ${columns.join(', ')} FROM ${from}${where}${groupBy(random, list)}${having}`;
}

/** A query; its rows come in any order. */
export const rollupQuery = (random: Random): string =>
  random.weighted<() => string>([
    [10, () => grouped(random)],
    [1, () => `SELECT count(), max(a0) FROM (${grouped(random)})`],
    [1, () => `${withoutTotals(grouped(random))} UNION ALL ${withoutTotals(grouped(random))}`],
    [
      1,
      () => `SELECT title, n FROM (SELECT c, count() AS n FROM facts WHERE ${condition(random)} GROUP BY c) AS f
         JOIN names USING (c)`,
    ],
    [
      1,
      () => `SELECT k, ts, v, w FROM facts WHERE v = ${random.int(1000)} AND ${condition(random)}`,
    ],
  ])();

const withoutTotals = (sql: string): string =>
  `SELECT toString(a0) FROM (${sql.replace(' WITH TOTALS', '')})`;
