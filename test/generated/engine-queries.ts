// Tables whose engines keep one row a key, with every kind of skip index, a projection and a TTL, statements that change
// them on the way, and random queries over them with FINAL and SAMPLE.
import type { Random } from './random.ts';

/** Rows of some keys are expired and dropped at any moment: queries leave them out, as the TTL does. */
const alive = 'alive';

const columns = `k UInt16, j UInt32, ver UInt64, gone UInt8, v Int32, w Nullable(Int64), c LowCardinality(String), t String,
     d Date, alive UInt8, ts DateTime`;

const indexes = `INDEX by_v v TYPE minmax GRANULARITY 1, INDEX by_c c TYPE set(8) GRANULARITY 1,
     INDEX by_w w TYPE bloom_filter(0.01) GRANULARITY 1, INDEX by_word t TYPE tokenbf_v1(1024, 3, 0) GRANULARITY 1,
     INDEX by_part t TYPE ngrambf_v1(3, 1024, 3, 0) GRANULARITY 1, INDEX by_sum (v + k) TYPE minmax GRANULARITY 1`;

const engines: Readonly<Record<string, string>> = {
  replaced: `ReplacingMergeTree(ver, gone) PARTITION BY d ORDER BY (d, k, intHash32(j), j) SAMPLE BY intHash32(j)`,
  plain: `MergeTree ORDER BY (k, intHash32(j), j) SAMPLE BY intHash32(j)`,
};

/** Every version is given once: the newest row of a key is a certain one. */
const lot = (table: string, first: number, rows: number): string =>
  `INSERT INTO ${table} SELECT number % 40 AS k, intDiv(number * 7919, 11) % 300 AS j, ${first} + number,
     cityHash64(number, ${first}) % 9 = 0, toInt32(cityHash64(number, ${first}, 1) % 2001) - 1000,
     if(number % 6 = 0, NULL, number % 50), ['de', 'fr', 'us', ''][1 + cityHash64(number) % 4],
     ['quick brown', 'lazy dog', 'brown fox', '', 'dogs'][1 + cityHash64(number, 2) % 5],
     toDate('2024-01-01') + k % 3, j % 10 != 0 AS alive, if(alive, now() + 864000, toDateTime('2001-01-01 00:00:00'))
   FROM numbers(${rows})`;

export const setup = (): string[] =>
  Object.entries(engines).flatMap(([table, engine]) => [
    `CREATE TABLE ${table} (${columns}, ${indexes}${
      table === 'plain'
        ? ', PROJECTION by_color (SELECT c, alive, count(), sum(v) GROUP BY c, alive), PROJECTION in_order (SELECT * ORDER BY v)'
        : ''
    }) ENGINE = ${engine} TTL ts + INTERVAL 1 HOUR
     SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
    lot(table, 0, 4000),
    lot(table, 10_000, 1500),
    `OPTIMIZE TABLE ${table}`,
    lot(table, 20_000, 200),
  ]);

/** What happens to the tables between queries. */
export const changes = (random: Random, serial: number): string[] => {
  const table = random.pick(Object.keys(engines));
  return [
    random.weighted<() => string>([
      [4, () => lot(table, 100_000 + serial * 10_000, 1 + random.int(400))],
      [1, () => `OPTIMIZE TABLE ${table} FINAL`],
      [1, () => `OPTIMIZE TABLE ${table}`],
      [2, () => `DELETE FROM ${table} WHERE k = ${random.int(40)} AND v % 7 = ${random.int(7)}`],
      [2, () => `UPDATE ${table} SET v = v + 1 WHERE k = ${random.int(40)} AND v < 0`],
      [
        1,
        () =>
          `UPDATE ${table} SET c = 'it', t = 'lazy fox' WHERE v BETWEEN 0 AND ${random.int(60)}`,
      ],
      [
        1,
        () =>
          `ALTER TABLE ${table} UPDATE w = w + 1 WHERE k < ${random.int(9)} SETTINGS mutations_sync = 1`,
      ],
      [
        1,
        () =>
          `ALTER TABLE ${table} DELETE WHERE v = ${random.int(900)} SETTINGS mutations_sync = 1`,
      ],
      [1, () => `ALTER TABLE ${table} MATERIALIZE TTL SETTINGS mutations_sync = 1`],
    ])(),
  ];
};

const condition = (random: Random): string =>
  random.weighted<() => string>([
    [2, () => `v ${random.pick(['<', '>=', '='])} ${random.int(1000) - 500}`],
    [2, () => `k ${random.pick(['<', '>=', '=', '!='])} ${random.int(40)}`],
    [1, () => `k IN (${random.some(1, 3, () => random.int(40)).join(', ')})`],
    [2, () => `c ${random.pick(['=', '!='])} '${random.pick(['de', 'us', '', 'it', 'zz'])}'`],
    [1, () => `c IN ('de', 'it')`],
    [
      1,
      () => `w ${random.pick(['IS NULL', 'IS NOT NULL', `= ${random.int(60)}`, 'IN (3, 7, 99)'])}`,
    ],
    [1, () => `hasToken(t, '${random.pick(['brown', 'dog', 'fox', 'cat'])}')`],
    [1, () => `t LIKE '%${random.pick(['row', 'dog', 'zy f', 'cat'])}%'`],
    [1, () => `v + k ${random.pick(['<', '>'])} ${random.int(1000)}`],
    [1, () => `d ${random.pick(['=', '>'])} '2024-01-0${1 + random.int(3)}'`],
    [1, () => `(k = ${random.int(40)} OR v > ${random.int(900)})`],
    [1, () => `ver > ${random.int(25_000)}`],
    [0.5, () => `j BETWEEN ${random.int(100)} AND ${random.int(300)}`],
  ])();

const lists: readonly string[] = [
  'count(), sum(v)',
  'c, count(), sum(v)',
  'd, max(v), min(k), uniqExact(j)',
  'k, sum(w), countIf(gone), any(d)',
  'k % 5 AS m, avg(v), groupArraySorted(3)(j)',
];
const keys = ['', ' GROUP BY c', ' GROUP BY d', ' GROUP BY k', ' GROUP BY m'];

/** The rows of `replaced` that FINAL shows, found by their versions. */
const newest = `(SELECT d, k, j, argMax((gone, v, w, c, t, alive, ts, ver), ver) AS x, x.1 AS gone, x.2 AS v, x.3 AS w, toLowCardinality(x.4) AS c,
  x.5 AS t, x.6 AS alive, x.8 AS ver FROM replaced GROUP BY d, k, j HAVING gone = 0)`;

export interface EngineQuery {
  sql: string;
  /** The same rows, asked for in another way. */
  same?: string;
}

export function engineQuery(random: Random): EngineQuery {
  const table = random.pick(Object.keys(engines));
  const final = table === 'replaced' && random.chance(0.6);
  const sample = random.weighted([
    [6, ''],
    [1, ' SAMPLE 1/4'],
    [1, ' SAMPLE 1/3 OFFSET 1/2'],
  ]);
  const conditions = [alive, ...random.some(0, 2, () => condition(random))];
  const split = random.chance(0.2) && conditions.length > 1 && !final;
  const where = split
    ? ` PREWHERE ${conditions[1]} WHERE ${[alive, ...conditions.slice(2)].join(' AND ')}`
    : ` WHERE ${conditions.join(' AND ')}`;
  const rows = random.chance(0.3);
  const at = random.int(lists.length);
  const list = rows ? 'd, k, j, v, w, c, t' : lists[at];
  const tail = rows
    ? random.pick([' ORDER BY ALL LIMIT 20', ' ORDER BY v DESC, d, k, j, ver LIMIT 5', ''])
    : keys[at];
  const sql = `SELECT ${list} FROM ${table}${final ? ' FINAL' : ''}${sample}${where}${tail}`;
  return final && sample === '' ? { sql, same: sql.replace('replaced FINAL', newest) } : { sql };
}
