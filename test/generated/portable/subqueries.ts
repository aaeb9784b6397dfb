// Portable queries inside others: in conditions, in what is selected, in FROM and in WITH.
import { aggregate, expression, outputs, value, where } from './expressions.ts';
import { order, type Shape } from './selects.ts';
import { type Column, columnsOf } from './tables.ts';

const inConditions: Shape = (random) => {
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
    () => `m > (SELECT avg(c) FROM q WHERE q.k = p.a)`,
    () => `d > (SELECT min(e) FROM q WHERE q.t = p.s${random.chance(0.5) ? ' AND q.k > 0' : ''})`,
    () => `EXISTS (SELECT k FROM q WHERE q.t = p.s GROUP BY k HAVING count(*) > 1)`,
    () => `f >= (SELECT max(v) FROM q WHERE q.k < p.a)`,
    () =>
      `EXISTS (SELECT 1 FROM q WHERE q.k = p.a AND EXISTS (SELECT 1 FROM p AS i WHERE i.s = q.t AND i.id > 10))`,
    () => `(a, s) IN (SELECT k, t FROM q WHERE k IS NOT NULL AND t IS NOT NULL)`,
    () => `a IN (SELECT k FROM q INTERSECT SELECT id FROM p)`,
    () => `a IN (SELECT max(k) FROM q GROUP BY t)`,
  ])();
  const list = outputs(random, p, 1, 3, 1);
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM p WHERE ${condition}${tail.sql}`,
    ordered: tail.ordered,
  };
};

/** Of each row, something of the other table's: what LATERAL would be asked for. */
const selected: Shape = (random) => {
  const q = columnsOf('q', 'q.');
  const related = random.pick([
    'q.k = p.a',
    'q.t = p.s',
    'q.k = p.a AND q.t = p.s',
    'q.k < p.a',
    'q.k = p.a AND q.v > p.f',
  ]);
  const scalar = random.pick([
    `max(${expression(random, q, random.pick(['num', 'flt', 'txt', 'day', 'dec'] as const), 1)})`,
    `sum(${expression(random, q, random.pick(['num', 'flt', 'dec'] as const), 1)})`,
    `min(${expression(random, q, 'tim', 0)})`,
    `avg(${expression(random, q, 'flt', 1)})`,
  ]);
  const filter = random.chance(0.4) ? ` AND ${expression(random, q, 'yes', 1)}` : '';
  return {
    sql: `SELECT id, (SELECT ${scalar} FROM q WHERE ${related}${filter}) AS c0, coalesce((SELECT count(*) FROM q WHERE ${related}), 0) AS c1 FROM p${where(random, columnsOf('p'), 0.3)}`,
    ordered: false,
  };
};

/** Of each row, whether the other table has something, and with which it compares. */
const compared: Shape = (random) => {
  const q = columnsOf('q', 'q.');
  const p = columnsOf('p', 't.');
  const related = random.pick(['q.k = t.a', 'q.t = t.s', 'q.k < t.a', 'q.c = t.m OR q.k = t.id']);
  const some = `(SELECT 1 FROM q WHERE ${related} AND ${expression(random, q, 'yes', 1)})`;
  const most = `coalesce((SELECT max(v) FROM q WHERE ${related}), 0.5)`;
  const list = random.some(1, 3, (i) => {
    const text = random.pick([
      `EXISTS ${some}`,
      `NOT EXISTS ${some}`,
      `CASE WHEN EXISTS ${some} THEN ${expression(random, p, 'txt', 1)} ELSE 'none' END`,
      `${most} > t.f`,
      `(SELECT avg(k) FROM q) + t.id`,
      't.a = ANY (SELECT k FROM q WHERE k IS NOT NULL)',
      't.a <> ALL (SELECT k FROM q WHERE k > 2)',
      't.f >= ALL (SELECT v FROM q WHERE v < 20)',
      `t.s IN (SELECT t FROM q WHERE t IS NOT NULL AND ${expression(random, q, 'yes', 1)} OR t = 'a')`,
      `(SELECT count(*) FROM q WHERE ${where(random, q, 1).slice(7)}) * t.a`,
    ]);
    return `${text} AS c${i}`;
  });
  const filter = random.pick([
    '',
    ` WHERE ${expression(random, p, 'yes', 1)}`,
    ' WHERE t.a > ALL (SELECT k FROM q WHERE k < 2)',
    ' WHERE t.f < ANY (SELECT v FROM q WHERE v > 3)',
    ' WHERE t.a = ANY (SELECT k FROM q)',
  ]);
  return { sql: `SELECT t.id, ${list.join(', ')} FROM p AS t${filter}`, ordered: false };
};

/** Groups judged by the other table, or by all groups. */
const judged: Shape = (random) => {
  const key = random.pick(['a', 'id % 7', 'm']);
  const having = random.pick([
    'count(*) > (SELECT count(*) / 40 FROM p)',
    'sum(f) > (SELECT avg(v) FROM q)',
    'max(id) IN (SELECT k * 9 FROM q WHERE k IS NOT NULL)',
  ]);
  return {
    sql: `SELECT ${key} AS g, ${aggregate(random, columnsOf('p'))} AS c FROM p${where(random, columnsOf('p'), 0.4)} GROUP BY g HAVING ${having}`,
    ordered: false,
  };
};

/** A table made of a query, asked in its turn. */
const nested: Shape = (random) => {
  const from = columnsOf('p');
  const kinds = random.some(2, 4, () => value(random));
  const inner = kinds.map((k, i) => `${expression(random, from, k, 2)} AS x${i}`);
  const columns: Column[] = kinds.map((kind, i) => ({ sql: `x${i}`, kind }));
  const list = random.chance(0.5)
    ? ['x0', ...random.some(1, 2, (i) => `${aggregate(random, columns)} AS c${i}`)]
    : outputs(random, columns, 1, 3, 1);
  const group = list[0] === 'x0' ? ' GROUP BY x0' : '';
  const tail = order(random, list.length);
  const query = `SELECT ${inner.join(', ')} FROM p${where(random, from)}`;
  const rest = `${where(random, columns, 0.4)}${group}${tail.sql}`;
  const sql = random.chance(0.5)
    ? `SELECT ${list.join(', ')} FROM (${query}) AS b${rest}`
    : `WITH b AS (${query}) SELECT ${list.join(', ')} FROM b${rest}`;
  return { sql, ordered: tail.ordered };
};

/** One query by name, twice. */
const shared: Shape = (random) => {
  const q = columnsOf('q');
  const sql = `WITH g AS (SELECT k, ${aggregate(random, q)} AS x, count(*) AS n FROM q${where(random, q)} GROUP BY k), h AS (SELECT k, n FROM g WHERE n > 1) SELECT g.k, g.n, g.x, h.n AS hn FROM g ${random.pick(['JOIN', 'LEFT JOIN'])} h ON g.k = h.k`;
  return { sql, ordered: false };
};

const recursive: Shape = (random) => {
  const n = 3 + random.int(20);
  const step = 1 + random.int(3);
  const sql = random.pick([
    `WITH RECURSIVE r AS (SELECT CAST(1 AS BIGINT) AS n UNION ALL SELECT n + ${step} FROM r WHERE n < ${n}) SELECT n FROM r`,
    `WITH RECURSIVE r AS (SELECT CAST(0 AS BIGINT) AS n, CAST(1 AS BIGINT) AS m UNION ALL SELECT m, n + m FROM r WHERE m < ${n * 10}) SELECT n, m FROM r`,
    `WITH RECURSIVE r AS (SELECT id, a, 0 AS l FROM p WHERE id < ${step} UNION ALL SELECT p.id, p.a, r.l + 1 FROM p JOIN r ON p.id = r.id * 2 + 1 WHERE p.id < ${n * 4}) SELECT l, count(*) AS n, sum(a) AS s FROM r GROUP BY l`,
    `WITH RECURSIVE r AS (SELECT CAST(${step} AS BIGINT) AS n UNION DISTINCT SELECT CAST((n * 2 + 1) % ${n} AS BIGINT) FROM r) SELECT n FROM r`,
    `WITH RECURSIVE r AS (SELECT id, CAST(id AS VARCHAR) AS path FROM p WHERE id = ${n} UNION ALL SELECT r.id - ${step}, r.path || '/' || CAST(r.id - ${step} AS VARCHAR) FROM r WHERE r.id > ${step}) SELECT id, path FROM r`,
    `WITH RECURSIVE r AS (SELECT DATE '2020-01-30' AS d, 0 AS i UNION ALL SELECT CAST(d + INTERVAL ${step} DAY AS DATE), i + 1 FROM r WHERE i < ${n}) SELECT r.d, count(p.id) AS n FROM r LEFT JOIN p ON p.d = r.d GROUP BY r.d`,
  ]);
  return { sql, ordered: false };
};

export const subqueries: readonly (readonly [number, Shape])[] = [
  [3, inConditions],
  [2, selected],
  [2, compared],
  [1, judged],
  [2, nested],
  [1, shared],
  [1, recursive],
];
