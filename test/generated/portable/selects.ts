// Portable selections from one table: lists, groups, grouping sets, distinct rows, pages, and sets of selections.
import type { Random } from '../random.ts';
import type { Query } from '../shapes/parts.ts';
import { aggregate, expression, filled, lists, outputs, value, where } from './expressions.ts';
import { type Column, columnsOf } from './tables.ts';

export type Shape = (random: Random) => Query;

/** ORDER BY all `count` outputs, so that the order has no choice. */
export function everyOutput(random: Random, count: number): string {
  const keys = Array.from(
    { length: count },
    (_, i) => `${i + 1} ${random.pick(['ASC', 'DESC'])} NULLS ${random.pick(['FIRST', 'LAST'])}`,
  );
  return ` ORDER BY ${keys.join(', ')}`;
}

export function order(random: Random, count: number): { sql: string; ordered: boolean } {
  if (random.chance(0.5)) return { sql: '', ordered: false };
  const limit = random.chance(0.4) ? ` LIMIT ${1 + random.int(12)}` : '';
  const offset = limit !== '' && random.chance(0.4) ? ` OFFSET ${random.int(6)}` : '';
  return { sql: `${everyOutput(random, count)}${limit}${offset}`, ordered: true };
}

const flat: Shape = (random) => {
  const table = random.pick(['p', 'q']);
  const from = columnsOf(table);
  const list = outputs(random, from, 1, 4, 2);
  const tail = order(random, list.length);
  const distinct = random.chance(0.2) ? 'DISTINCT ' : '';
  return {
    sql: `SELECT ${distinct}${list.join(', ')} FROM ${table}${where(random, from)}${tail.sql}`,
    ordered: tail.ordered,
  };
};

/** Their NULLs have no order that both share. */
const listed: Shape = (random) => {
  const from = columnsOf('p');
  const made = random.some(1, 3, (i) => `${filled(random, from, random.pick(lists), 1)} AS c${i}`);
  return { sql: `SELECT id, ${made.join(', ')} FROM p${where(random, from)}`, ordered: false };
};

/** Keys that name a column: constants are no keys for DuckDB. */
const keysOf = (random: Random, from: readonly Column[], low: number, high: number): string[] =>
  random
    .some(low, high, () => expression(random, from, value(random), 1))
    .map((key) => (/\b[a-z]\b/.test(key) ? key : (from[0]?.sql ?? key)));

const grouped: Shape = (random) => {
  const table = random.pick(['p', 'q']);
  const from = columnsOf(table);
  const keys = keysOf(random, from, 0, 2);
  const list = [
    ...keys.map((key, i) => `${key} AS g${i}`),
    ...random.some(1, 3, (i) => `${aggregate(random, from)} AS c${i}`),
  ];
  const tail = order(random, list.length);
  const group = random.pick([keys.map((_, i) => i + 1).join(', '), 'ALL']);
  const by = keys.length > 0 ? ` GROUP BY ${group}` : '';
  const having =
    keys.length > 0 && random.chance(0.3)
      ? ` HAVING ${random.pick(['count(*) > 1', `count(*) > 1 OR ${aggregate(random, from)} IS NULL`, 'sum(1) < 5'])}`
      : '';
  return {
    sql: `SELECT ${list.join(', ')} FROM ${table}${where(random, from)}${by}${having}${tail.sql}`,
    ordered: tail.ordered,
  };
};

/** Expressions over keys and over aggregates. */
const computed: Shape = (random) => {
  const from = columnsOf('p');
  const keys = random.pick(['a', 's', 'd', 'm']) === 'a' ? ['a', 's'] : ['d', 'm', 'a'];
  const given: Column[] = [
    ...from.filter((c) => keys.includes(c.sql)),
    { sql: `sum(${expression(random, from, 'num', 1)} + id)`, kind: 'num' },
    { sql: `max(${expression(random, from, 'flt', 1)})`, kind: 'flt' },
    { sql: `min(${expression(random, from, 'txt', 1)})`, kind: 'txt' },
    { sql: `min(${expression(random, from, 'tim', 1)})`, kind: 'tim' },
  ];
  const list = outputs(random, given, 1, 3, 2);
  const having = random.chance(0.4) ? ` HAVING ${expression(random, given, 'yes', 2)}` : '';
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM p${where(random, from)} GROUP BY ${keys.join(', ')}${having}${tail.sql}`,
    ordered: tail.ordered,
  };
};

const groupingSets: Shape = (random) => {
  const from = columnsOf('p');
  const kinds = random.some(2, 3, () => value(random));
  // The keys are columns of a table of their own: both find the same one in a list that way.
  const keys = kinds.map((kind, i) => `${expression(random, from, kind, 1)} AS g${i}`);
  const names = kinds.map((_, i) => `g${i}`);
  const sets = random.some(2, 4, () => `(${names.filter(() => random.chance(0.5)).join(', ')})`);
  const by = random.pick([
    `ROLLUP (${names.join(', ')})`,
    `CUBE (${names.join(', ')})`,
    `GROUPING SETS (${[...new Set(sets)].join(', ')})`,
  ]);
  const given = names.filter((name) => !by.startsWith('GROUPING') || new RegExp(name).test(by));
  const inner = `(SELECT id, a, f, m, s, d, z, ${keys.join(', ')} FROM p WHERE id < ${10 + random.int(90)}) AS b`; // totals of no rows are none in ClickHouse
  const list = [
    ...given,
    ...(given.length > 0 && random.chance(0.5) ? [`grouping(${given.join(', ')}) AS gr`] : []),
    ...random.some(1, 2, (i) => `${aggregate(random, from)} AS c${i}`),
  ];
  const having = random.chance(0.2) ? ' HAVING count(*) > 2' : '';
  if (given.length > 0 && random.chance(0.3)) {
    list.push(`sum(count(*)) OVER (PARTITION BY grouping(${given.join(', ')})) AS w`);
  }
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${inner} GROUP BY ${by}${having}${tail.sql}`,
    ordered: tail.ordered,
  };
};

/** Rows by place in a total order: ties, one of each, the first of each. */
const pages: Shape = (random) => {
  const from = columnsOf('p');
  const key = random.pick(['a', 's', 'd', 'm']);
  const n = 1 + random.int(6);
  const filter = where(random, from, 0.4);
  const sql = random.pick([
    `SELECT ${key}, count(*) AS n FROM (SELECT ${key} FROM p${filter} ⟨ORDER BY ${key} NULLS LAST LIMIT ${n} WITH TIES¦QUALIFY rank() OVER (ORDER BY ${key} NULLS LAST) <= ${n}⟩) AS b GROUP BY ${key}`,
    `SELECT DISTINCT ON (${key}) ${key}, id, f FROM p${filter} ORDER BY ${key} NULLS FIRST, id DESC`,
    `SELECT id, ${key} FROM p${filter} ⟨ORDER BY id LIMIT ${n} BY ${key}¦QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY id) <= ${n}⟩`,
    `SELECT ${expression(random, from, value(random), 2)} AS c0, id FROM p${filter} ORDER BY 1 NULLS LAST, id LIMIT ${n} OFFSET ${random.int(9)}`,
    `SELECT ${expression(random, from, value(random), 2)} AS c0, s FROM p${filter} ORDER BY ${expression(random, from, value(random), 2)} DESC NULLS LAST, id LIMIT ${n}`,
    `SELECT * EXCLUDE (f, z) FROM p${filter} ORDER BY id DESC OFFSET ${90 + n}`,
    `SELECT * REPLACE (${expression(random, from, 'flt', 1)} AS f) FROM p${filter}`,
    `SELECT * FROM (SELECT id, a, CAST(${expression(random, from, 'num', 1)} AS BIGINT) AS b FROM p${filter}) AS i UNPIVOT (v FOR n IN (a, b))`,
    `SELECT * FROM (SELECT a, s, id, m FROM p${filter}) AS i PIVOT (${random.pick(['sum(id)', 'count(id)', 'max(m)'])} FOR s IN ('a', 'hello', 'x y'))`.replace(
      'a, s, id, m',
      random.pick(['a, s, id, m', 's, id, m']),
    ),
    `SELECT id, ⟨arrayJoin¦unnest⟩([id, 7, id * 2]) AS u, a FROM p${filter}`,
  ]);
  return { sql, ordered: / ORDER BY (1|id|[asdm] NULLS FIRST)\b[^)]*$/.test(sql) };
};

const sets: Shape = (random) => {
  const kinds = random.some(1, 3, () => value(random));
  const part = (): string => {
    const table = random.pick(['p', 'q']);
    const from = columnsOf(table);
    const list = kinds.map((k, i) => `${expression(random, from, k, 1)} AS c${i}`);
    return `SELECT ${list.join(', ')} FROM ${table}${where(random, from)}`;
  };
  const operator = (): string =>
    `${random.pick(['UNION', 'INTERSECT', 'EXCEPT'])} ${random.pick(['ALL', 'DISTINCT'])}`;
  let text = `${part()} ${random.pick([operator(), operator(), 'UNION', 'UNION ALL BY NAME'])} ${part()}`;
  text = random.weighted([
    [5, text],
    [2, `(${text}) ${operator()} (${part()})`],
    // INTERSECT binds closer
    [2, `${part()} ${operator()} ${part()} ${operator()} ${part()}`],
  ]);
  if (random.chance(0.5)) return { sql: text, ordered: false };
  const tail = order(random, kinds.length);
  return { sql: `SELECT * FROM (${text}) AS u${tail.sql}`, ordered: tail.ordered };
};

export const selects: readonly (readonly [number, Shape])[] = [
  [4, flat],
  [4, grouped],
  [1, listed],
  [2, computed],
  [2, groupingSets],
  [2, pages],
  [3, sets],
];
