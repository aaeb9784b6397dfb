// Portable windows: functions of place, aggregates over frames, names, QUALIFY, windows over groups.
import type { Random } from '../random.ts';
import { aggregate, expression, value, where } from './expressions.ts';
import type { Shape } from './selects.ts';
import { columnsOf } from './tables.ts';

const from = columnsOf('p');

const edges = ['UNBOUNDED PRECEDING', '4 PRECEDING', '1 PRECEDING', 'CURRENT ROW'];
const ends = ['CURRENT ROW', '2 FOLLOWING', '5 FOLLOWING', 'UNBOUNDED FOLLOWING'];
const between = (random: Random): string =>
  random.pick([
    `BETWEEN ${random.pick(edges)} AND ${random.pick(ends)}`,
    'BETWEEN 3 PRECEDING AND 1 PRECEDING',
    'BETWEEN 1 FOLLOWING AND 3 FOLLOWING',
    random.pick(edges),
  ]);

const partitionOf = (random: Random): string =>
  random.chance(0.6) ? `PARTITION BY ${expression(random, from, value(random), 1)} ` : '';

/** Rows in an order without ties, and frames of them. */
function byRows(random: Random, partition: string): { plain: string; framed: string } {
  const key = random.pick(['a', 's', 'd', 'f', 'm', 'z']);
  const by = random.chance(0.5)
    ? `${key} ${random.pick(['ASC', 'DESC'])} NULLS ${random.pick(['FIRST', 'LAST'])}, id`
    : `id${random.pick(['', ' DESC'])}`;
  const plain = `${partition}ORDER BY ${by}`;
  const frame = random.chance(0.7) ? ` ROWS ${between(random)}` : '';
  return { plain, framed: `${plain}${frame}` };
}

/** Frames of all rows near in value: ties come in and go out together. Beside NULLs a distance means
 *  something else to ClickHouse, which looks for its end among all rows. */
function byRange(random: Random, partition: string): string {
  const key = random.pick(['id', 'coalesce(a, 0)', 'coalesce(m, 0)', 'coalesce(f, 0)']);
  const nulls = random.pick(['', ` NULLS ${random.pick(['FIRST', 'LAST'])}`]);
  return `${partition}ORDER BY ${key}${random.pick(['', ' DESC'])}${nulls} RANGE ${between(random)}`;
}

/** Aggregates that do not ask for the order of the rows of a frame. */
function overFrame(random: Random, window: string): string {
  const e = expression(random, from, random.pick(['num', 'txt', 'day', 'dec'] as const), 1);
  return `${random.pick([
    `sum(${expression(random, from, 'num', 1)})`,
    `sum(${expression(random, from, 'dec', 1)})`,
    `avg(${expression(random, from, 'flt', 1)})`,
    `min(${e})`,
    `max(${e})`,
    `count(${e})`,
    'count(*)',
    `sum(a) FILTER (WHERE ${expression(random, from, 'yes', 1)})`,
    `count(DISTINCT s)`,
  ])} OVER ${window}`;
}

function call(random: Random): string {
  const partition = partitionOf(random);
  const { plain, framed } = byRows(random, partition);
  const n = random.pick(['a', 's', 'd', 'f', 'm', 'z']); // NULL where there is no row before
  return random.pick([
    `row_number() OVER (${plain})`,
    `rank() OVER (${partition}ORDER BY a NULLS LAST)`,
    `dense_rank() OVER (${partition}ORDER BY s NULLS FIRST)`,
    `lag(${n}, 1) OVER (${plain})`,
    `lead(${n}, 2) OVER (${plain})`,
    `lag(id, 2, -1) OVER (${plain})`,
    `first_value(id) OVER (${framed})`,
    `last_value(id * 2) OVER (${framed})`,
    `nth_value(${n}, 2) OVER (${framed})`,
    `ntile(3) OVER (${plain})`,
    `percent_rank() OVER (${partition}ORDER BY d NULLS LAST)`,
    `cume_dist() OVER (${partition}ORDER BY a NULLS LAST)`,
    overFrame(random, `(${framed})`),
    overFrame(random, `(${framed})`),
    overFrame(random, `(${framed})`),
    overFrame(random, `(${byRange(random, partition)})`),
    overFrame(random, `(${byRange(random, partition)})`),
    overFrame(random, `(${partition.trim()})`),
  ]);
}

/** Windows inside expressions. */
const around = (random: Random): string =>
  random.weighted([
    [8, call(random)],
    [1, `(${call(random)}) IS NULL`],
    [1, `CASE WHEN ${overFrame(random, '(ORDER BY id)')} IS NULL THEN 0 ELSE id END`],
    [1, `id - max(a) OVER (${partitionOf(random).trim()})`],
  ]);

const windowed: Shape = (random) => ({
  sql: `SELECT id, ${random.some(1, 3, (i) => `${around(random)} AS c${i}`).join(', ')} FROM p${where(random, from, 0.3)}`,
  ordered: false,
});

const named: Shape = (random) => {
  const partition = partitionOf(random);
  const { plain } = byRows(random, partition);
  const list = [
    'row_number() OVER w',
    overFrame(random, 'w'),
    overFrame(random, `(w ROWS ${between(random)})`),
  ];
  return {
    sql: `SELECT id, ${list.map((c, i) => `${c} AS c${i}`).join(', ')} FROM p${where(random, from, 0.3)} WINDOW w AS (${plain})`,
    ordered: false,
  };
};

const qualified: Shape = (random) => {
  const { plain } = byRows(random, partitionOf(random));
  const condition = random.pick([
    `row_number() OVER (${plain}) <= ${1 + random.int(4)}`,
    `sum(id) OVER (${plain}) > 100`,
    `lag(a) OVER (${plain}) < a`,
    `count(*) OVER (PARTITION BY a) > 3 AND id > 20`,
  ]);
  return {
    sql: `SELECT id, ${call(random)} AS c0 FROM p${where(random, from, 0.3)} QUALIFY ${condition}`,
    ordered: false,
  };
};

/** Windows over what groups give. */
const overGroups: Shape = (random) => {
  const key = random.pick(['a', 's', 'd', 'year(d)', 'm']);
  const sql = `SELECT ${key} AS g, ${aggregate(random, from)} AS c0, rank() OVER (ORDER BY count(*) DESC) AS c1, sum(count(*)) OVER (ORDER BY sum(id), ${key} NULLS LAST) AS c2, max(sum(id)) OVER () AS c3 FROM p${where(random, from, 0.3)} GROUP BY ${key}`;
  return { sql, ordered: false };
};

export const windows: readonly (readonly [number, Shape])[] = [
  [3, windowed],
  [1, named],
  [1, qualified],
  [1, overGroups],
];
