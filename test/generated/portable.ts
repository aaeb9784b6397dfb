// Random SELECTs in the SQL that ClickHouse and DuckDB share, word for word and in meaning: 64-bit numbers, text,
// dates, joins, windows, sets. Ours runs them under join_use_nulls and aggregate_functions_null_for_empty.

import { type Random, seeded } from './random.ts';
import type { Query } from './shapes/parts.ts';

type Kind = 'num' | 'flt' | 'txt' | 'day' | 'yes';
interface Column {
  sql: string;
  kind: Kind;
}

const texts = ["''", "'a'", "'b'", "'Ab'", "'hello'", "'x y'", "'10'"];
const num = (random: Random): string => String(random.int(21) - 10);
const orNull = (random: Random, value: string): string => (random.chance(0.2) ? 'NULL' : value);
const day = (random: Random): string =>
  `'${2019 + random.int(3)}-${String(1 + random.int(12)).padStart(2, '0')}-${String(1 + random.int(28)).padStart(2, '0')}'`;

const columns: Record<string, readonly [string, string, string, Kind][]> = {
  p: [
    ['id', 'Int64', 'BIGINT', 'num'],
    ['a', 'Nullable(Int64)', 'BIGINT', 'num'],
    ['f', 'Nullable(Float64)', 'DOUBLE', 'flt'],
    ['s', 'Nullable(String)', 'VARCHAR', 'txt'],
    ['d', 'Nullable(Date)', 'DATE', 'day'],
  ],
  q: [
    ['k', 'Nullable(Int64)', 'BIGINT', 'num'],
    ['v', 'Nullable(Float64)', 'DOUBLE', 'flt'],
    ['t', 'Nullable(String)', 'VARCHAR', 'txt'],
    ['e', 'Nullable(Date)', 'DATE', 'day'],
  ],
};

/** @returns statements for us and for DuckDB */
export function portableSetup(): { ours: string[]; duck: string[] } {
  const random = seeded(7);
  const ours: string[] = [];
  const duck: string[] = [];
  for (const [table, list] of Object.entries(columns)) {
    ours.push(
      `CREATE TABLE ${table} (${list.map(([n, t]) => `${n} ${t}`).join(', ')}) ENGINE = MergeTree ORDER BY tuple()`,
    );
    duck.push(`CREATE TABLE ${table} (${list.map(([n, , t]) => `${n} ${t}`).join(', ')})`);
    for (let part = 0; part < 2; part++) {
      const rows = Array.from({ length: 50 }, (_, i) => {
        const cells = list.map(([name, , , kind]) => {
          if (name === 'id') return String(part * 50 + i);
          if (kind === 'num') return orNull(random, num(random));
          if (kind === 'flt') return orNull(random, String((random.int(401) - 200) / 4));
          if (kind === 'txt') return orNull(random, random.pick(texts));
          return orNull(random, day(random));
        });
        return `(${cells.join(', ')})`;
      });
      for (const out of [ours, duck]) out.push(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
    }
  }
  return { ours, duck };
}

const calls: Record<Kind, readonly string[]> = {
  num: [
    '(num + num)',
    '(num - num)',
    '(num * 3)',
    '(-num)',

    'coalesce(num, 0)',
    'nullif(num, 2)',
    'CASE WHEN yes THEN num ELSE num END',
    'CAST(length(txt) AS BIGINT)',
    'CAST(num AS BIGINT)',
    'CAST(year(day) AS BIGINT)',
    'CAST(month(day) AS BIGINT)',
    'CASE num WHEN 1 THEN 2 WHEN 3 THEN num END',
    'CAST(num % 4 AS BIGINT)',
    'CAST(sign(num) AS BIGINT)',
    'if(yes, num, num)',
    'CAST(EXTRACT(DAY FROM day) AS BIGINT)',
  ],
  flt: [
    '(flt + flt)',
    '(flt - 1.5)',
    '(flt * 2)',
    'abs(flt)',
    '(num / 4)',
    'coalesce(flt, 0.5)',
    'floor(flt)',
    'ceil(flt)',
    'CASE WHEN yes THEN flt END',
    'CAST(num AS DOUBLE)',
    'nullif(flt, 0.25)',
    'sqrt(abs(flt))',
  ],
  txt: [
    'upper(txt)',
    'lower(txt)',
    "(txt || '-')",
    'substring(txt, 1, 2)',
    "coalesce(txt, 'none')",
    "replace(txt, 'l', 'L')",
    'CAST(num AS VARCHAR)',
    'CASE WHEN yes THEN txt ELSE txt END',
    "nullif(txt, 'a')",
    'reverse(txt)',
    'left(txt, 2)',
    'trim(txt)',
    'CAST(day AS VARCHAR)',
  ],
  day: ["coalesce(day, DATE '2020-01-01')", 'CASE WHEN yes THEN day END', 'if(yes, day, day)'],
  yes: [
    '(num < num)',
    '(num = num)',
    '(num <> 3)',
    '(num >= 0)',
    '(flt > 1.5)',
    "(txt = 'a')",
    '(txt < txt)',
    "(day >= DATE '2020-06-01')",
    '(yes AND yes)',
    '(yes OR yes)',
    '(NOT yes)',
    '(num IS NULL)',
    '(txt IS NOT NULL)',
    'num IN (1, 2, 3)',
    "txt NOT IN ('a', 'b')",
    'num BETWEEN -3 AND 4',
    "txt LIKE '%l%'",
    "txt ILIKE 'A%'",
    '(flt IS NULL OR yes)',
  ],
};
const literals: Record<Kind, readonly string[]> = {
  num: ['0', '1', '-2', '5'],
  flt: ['0.5', '-1.25'],
  txt: ["'a'", "'zz'"],
  day: ["DATE '2020-03-15'"],
  yes: ['(1 = 1)', '(1 = 2)'],
};

function expression(random: Random, from: readonly Column[], kind: Kind, depth: number): string {
  const fitting = from.filter((c) => c.kind === kind);
  if (depth <= 0 || random.chance(0.25)) {
    if (fitting.length > 0 && random.chance(0.9)) return random.pick(fitting).sql;
    return random.pick(literals[kind]);
  }
  return random
    .pick(calls[kind])
    .replace(/\b(num|flt|txt|day|yes)\b(?!\()/g, (hole) =>
      expression(random, from, hole as Kind, depth - 1),
    );
}

const value = (random: Random): Kind => random.pick(['num', 'num', 'flt', 'txt', 'day'] as const);
const columnsOf = (table: string, alias = ''): Column[] =>
  (columns[table] ?? []).map(([name, , , kind]) => ({ sql: `${alias}${name}`, kind }));
const where = (random: Random, from: readonly Column[], share = 0.6): string =>
  random.chance(share) ? ` WHERE ${expression(random, from, 'yes', 2)}` : '';

const aggregates = [
  'count(*)',
  'count(num)',
  'count(DISTINCT num)',
  'count(DISTINCT txt)',
  'sum(num)',
  'sum(flt)',
  'avg(num)',
  'avg(flt)',
  'min(num)',
  'max(flt)',
  'min(txt)',
  'max(txt)',
  'min(day)',
  'max(day)',
  'sum(CASE WHEN yes THEN num END)',
  'count(*) FILTER (WHERE yes)',
  'sum(num) FILTER (WHERE yes)',
  'stddev_pop(flt)',
  'var_pop(flt)',
];
const aggregate = (random: Random, from: readonly Column[]): string =>
  random
    .pick(aggregates)
    .replace(/\b(num|flt|txt|day|yes)\b/g, (hole) => expression(random, from, hole as Kind, 1));

function order(random: Random, count: number): { sql: string; ordered: boolean } {
  if (random.chance(0.5)) return { sql: '', ordered: false };
  const keys = Array.from(
    { length: count },
    (_, i) => `${i + 1} ${random.pick(['ASC', 'DESC'])} NULLS ${random.pick(['FIRST', 'LAST'])}`,
  );
  const limit = random.chance(0.4) ? ` LIMIT ${1 + random.int(12)}` : '';
  return { sql: ` ORDER BY ${keys.join(', ')}${limit}`, ordered: true };
}

type Shape = (random: Random) => Query;

const flat: Shape = (random) => {
  const table = random.pick(['p', 'q']);
  const from = columnsOf(table);
  const list = random.some(1, 4, (i) => `${expression(random, from, value(random), 2)} AS c${i}`);
  const tail = order(random, list.length);
  const distinct = random.chance(0.2) ? 'DISTINCT ' : '';
  return {
    sql: `SELECT ${distinct}${list.join(', ')} FROM ${table}${where(random, from)}${tail.sql}`,
    ordered: tail.ordered,
  };
};

const grouped: Shape = (random) => {
  const table = random.pick(['p', 'q']);
  const from = columnsOf(table);
  const keys = random.some(0, 2, () => expression(random, from, value(random), 1));
  const bare = keys.map((key) => (/\b[a-z]\b/.test(key) ? key : (from[0]?.sql ?? key)));
  const list = [
    ...bare.map((key, i) => `${key} AS g${i}`),
    ...random.some(1, 3, (i) => `${aggregate(random, from)} AS c${i}`),
  ];
  const tail = order(random, list.length);
  const group = bare.length > 0 ? ` GROUP BY ${bare.map((_, i) => i + 1).join(', ')}` : '';
  const having = bare.length > 0 && random.chance(0.3) ? ' HAVING count(*) > 1' : '';
  return {
    sql: `SELECT ${list.join(', ')} FROM ${table}${where(random, from)}${group}${having}${tail.sql}`,
    ordered: tail.ordered,
  };
};

const joined: Shape = (random) => {
  const l = columnsOf('p', 'l.');
  const r = columnsOf('q', 'r.');
  const on = random.pick([
    'l.a = r.k',
    'l.s = r.t',
    'l.d = r.e',
    'l.a + 1 = r.k',
    'l.a = r.k AND l.s = r.t',
    'l.id = r.k AND l.f < r.v',
    'upper(l.s) = upper(r.t)',
  ]);
  const join = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'LEFT JOIN', 'JOIN']);
  const equal = join === 'JOIN' || !on.includes('<');
  const both = [...l, ...r];
  const list = random.chance(0.5)
    ? random.some(1, 3, (i) => `${aggregate(random, both)} AS c${i}`)
    : random.some(1, 4, (i) => `${expression(random, both, value(random), 1)} AS c${i}`);
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM p AS l ${join} q AS r ON ${equal ? on : 'l.a = r.k'}${where(random, both, 0.4)}${tail.sql}`,
    ordered: tail.ordered,
  };
};

const subqueries: Shape = (random) => {
  const p = columnsOf('p');
  const q = columnsOf('q');
  const condition = random.pick([
    () => `a IN (SELECT k FROM q${where(random, q)})`,
    // NULL NOT IN (no rows) is true in standard SQL and NULL in ClickHouse's, hence the first condition.
    () =>
      `a IS NOT NULL AND a NOT IN (SELECT k FROM q WHERE k IS NOT NULL AND ${expression(random, q, 'yes', 1)})`,
    () =>
      `EXISTS (SELECT 1 FROM q WHERE q.k = p.a AND ${expression(random, columnsOf('q', 'q.'), 'yes', 1)})`,
    () => `NOT EXISTS (SELECT 1 FROM q WHERE q.k = p.a)`,
    () => `f > (SELECT avg(v) FROM q)`,
    () => `f < (SELECT max(v) FROM q WHERE q.k = p.a)`,
    () => `(SELECT count(*) FROM q WHERE q.t = p.s) > 3`,
    () => `coalesce((SELECT count(*) FROM q WHERE q.k = p.a AND q.v > p.f), 0) < 2`,
    () => `f > (SELECT avg(v) FROM q WHERE q.k = p.a OR q.t = p.s)`,
    () => `EXISTS (SELECT 1 FROM q WHERE q.k = p.a AND q.v < p.f)`,
    () => `NOT EXISTS (SELECT 1 FROM q WHERE q.t = p.s AND q.k <> p.a)`,
    () => `a IN (SELECT k FROM q WHERE q.t = p.s)`,
    () => `(a IN (SELECT k FROM q WHERE q.t = p.s) OR ${expression(random, p, 'yes', 1)})`,
    () => `id >= (SELECT min(o.k) FROM q AS o WHERE o.t = p.s AND o.k < p.id)`,
    () =>
      `(EXISTS (SELECT 1 FROM q WHERE q.k = p.a) OR s = 'a') AND NOT EXISTS (SELECT 1 FROM q WHERE q.e = p.d)`,
    () =>
      `(SELECT max(o.k + w.k) FROM q AS o JOIN q AS w ON o.k = w.k WHERE o.t = p.s AND w.v > p.f) > a`,
  ])();
  const list = random.some(1, 3, (i) => `${expression(random, p, value(random), 1)} AS c${i}`);
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM p WHERE ${condition}${tail.sql}`,
    ordered: tail.ordered,
  };
};

const windowed: Shape = (random) => {
  const from = columnsOf('p');
  const partition = random.chance(0.6)
    ? `PARTITION BY ${expression(random, from, value(random), 1)} `
    : '';
  const by = `${random.chance(0.5) ? `${random.pick(['a', 's', 'd', 'f'])} NULLS LAST, ` : ''}id`;
  const frame = random.pick([
    '',
    '',
    ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
    ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
    ' ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING',
  ]);
  const plain = `(${partition}ORDER BY ${by})`;
  const framed = `(${partition}ORDER BY ${by}${frame})`;
  const calls = random.some(1, 3, (i) => {
    const e = expression(random, from, random.pick(['num', 'txt', 'day'] as const), 1);
    const n = random.pick(['a', 's', 'd', 'f']); // NULL where there is no row before
    const call = random.pick([
      `row_number() OVER ${plain}`,
      `rank() OVER (${partition}ORDER BY a NULLS LAST)`,
      `dense_rank() OVER (${partition}ORDER BY s NULLS FIRST)`,
      `sum(${expression(random, from, 'num', 1)}) OVER ${framed}`,
      `min(${e}) OVER ${framed}`,
      `count(*) OVER ${framed}`,
      `avg(${expression(random, from, 'flt', 1)}) OVER ${framed}`,
      `lag(${n}, 1) OVER ${plain}`,
      `lead(${n}, 2) OVER ${plain}`,
      `first_value(id) OVER ${framed}`,
      `last_value(id * 2) OVER ${framed}`,
      `ntile(3) OVER ${plain}`,
      `percent_rank() OVER (${partition}ORDER BY d NULLS LAST)`,
      `cume_dist() OVER (${partition}ORDER BY a NULLS LAST)`,
    ]);
    return `${call} AS c${i}`;
  });
  return {
    sql: `SELECT id, ${calls.join(', ')} FROM p${where(random, from, 0.3)}`,
    ordered: false,
  };
};

const sets: Shape = (random) => {
  const kinds = random.some(1, 3, () => value(random));
  const part = (table: string): string => {
    const from = columnsOf(table);
    return `SELECT ${kinds.map((k, i) => `${expression(random, from, k, 1)} AS c${i}`).join(', ')} FROM ${table}${where(random, from)}`;
  };
  return {
    sql: `${part('p')} ${random.pick(['UNION ALL', 'UNION DISTINCT', 'INTERSECT DISTINCT', 'EXCEPT DISTINCT'])} ${part('q')}`,
    ordered: false,
  };
};

const shapes: readonly (readonly [number, Shape])[] = [
  [4, flat],
  [4, grouped],
  [4, joined],
  [3, subqueries],
  [3, windowed],
  [2, sets],
];

export const portableQuery = (random: Random): Query => random.weighted(shapes)(random);
