// Portable joins: of two tables and of three, of every kind that both have.

import type { Random } from '../random.ts';
import type { Query } from '../shapes/parts.ts';
import { aggregate, expression, outputs, where } from './expressions.ts';
import { order, type Shape } from './selects.ts';
import { type Column, columnsOf } from './tables.ts';

const equalities = [
  'l.a = r.k',
  'l.s = r.t',
  'l.d = r.e',
  'l.m = r.c',
  'l.a + 1 = r.k',
  'l.a = r.k AND l.s = r.t',
  'upper(l.s) = upper(r.t)',
  'l.a IS NOT DISTINCT FROM r.k AND l.s = r.t',
];
/** Beside an equality. */
const further = [
  'l.f < r.v',
  'l.m >= r.c',
  'l.id > 20',
  'r.v > 0',
  '(l.s = r.t OR r.v < l.f)',
  'r.t IS NOT NULL',
  'l.a + r.k > 3',
];

const condition = (random: Random): string =>
  `${random.pick(equalities)}${random.chance(0.4) ? ` AND ${random.pick(further)}` : ''}`;

const shown = (random: Random, from: readonly Column[]): string[] =>
  random.chance(0.5)
    ? random.some(1, 3, (i) => `${aggregate(random, from)} AS c${i}`)
    : outputs(random, from, 1, 4, 1);

function joined(random: Random, source: string, from: readonly Column[]): Query {
  const list = shown(random, from);
  const tail = order(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${source}${where(random, from, 0.4)}${tail.sql}`,
    ordered: tail.ordered,
  };
}

const two: Shape = (random) => {
  const join = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'LEFT JOIN', 'JOIN']);
  return joined(random, `p AS l ${join} q AS r ON ${condition(random)}`, [
    ...columnsOf('p', 'l.'),
    ...columnsOf('q', 'r.'),
  ]);
};

/** Rows of the left that have partners, or none. */
const half: Shape = (random) => {
  const join = random.pick(['SEMI JOIN', 'ANTI JOIN']);
  return joined(random, `p AS l ${join} q AS r ON ${condition(random)}`, columnsOf('p', 'l.'));
};

/** The nearest row of the right, whose place is the only thing of it that is looked at. */
const nearest: Shape = (random) => {
  const join = random.pick(['ASOF JOIN', 'ASOF LEFT JOIN']);
  const compare = random.pick(['>=', '>', '<=', '<']);
  const [by, at, value] = random.pick([
    ['k', 'f', 'coalesce(v, 0.0)'],
    ['k', 'f', 'coalesce(v, 1.5)'],
    ['t', 'f', 'coalesce(v, 0.0)'],
  ] as const);
  const right = `(SELECT ${by} AS b, ${value} AS w FROM q${where(random, columnsOf('q'), 0.3)}) AS r`;
  const left = by === 'k' ? 'a' : 's';
  const from: Column[] = [...columnsOf('p', 'l.'), { sql: 'r.w', kind: 'flt' }];
  const source = `(SELECT * REPLACE (coalesce(f, 0.0) AS f) FROM p) AS l ${join} ${right} ON l.${left} = r.b AND l.${at} ${compare} r.w`;
  return joined(random, source, from);
};

const three: Shape = (random) => {
  const kind = () => random.pick(['JOIN', 'LEFT JOIN', 'LEFT JOIN', 'JOIN', 'FULL JOIN']);
  const last = random.pick([
    `${kind()} p AS o ON o.id = l.id`,
    `${kind()} p AS o ON o.id = r.k`,
    `${kind()} p AS o ON o.a = r.k AND o.s = l.s`,
    `SEMI JOIN p AS o ON o.id = r.k`,
    `ANTI JOIN p AS o ON o.a = l.id`,
    `CROSS JOIN (SELECT max(id) AS id FROM p) AS o`,
  ]);
  const third = /SEMI|ANTI/.test(last)
    ? []
    : last.startsWith('CROSS')
      ? [{ sql: 'o.id', kind: 'num' as const }]
      : columnsOf('p', 'o.');
  return joined(random, `p AS l ${kind()} q AS r ON ${condition(random)} ${last}`, [
    ...columnsOf('p', 'l.'),
    ...columnsOf('q', 'r.'),
    ...third,
  ]);
};

/** The condition stands in WHERE. */
const comma: Shape = (random) => {
  const from = [...columnsOf('p', 'l.'), ...columnsOf('q', 'r.')];
  const list = shown(random, from);
  const tail = order(random, list.length);
  const source = random.pick(['p AS l, q AS r', 'p AS l CROSS JOIN q AS r']);
  return {
    sql: `SELECT ${list.join(', ')} FROM ${source} WHERE ${condition(random)} AND ${expression(random, from, 'yes', 1)}${tail.sql}`,
    ordered: tail.ordered,
  };
};

/** Nothing equal is asked of both sides. */
const unequal: Shape = (random) => {
  const join = random.pick([
    'JOIN',
    'LEFT JOIN',
    'RIGHT JOIN',
    'FULL JOIN',
    'SEMI JOIN',
    'ANTI JOIN',
  ]);
  const on = random.pick([
    'l.a < r.k',
    'l.f > r.v AND l.id > 80',
    'l.a = r.k OR l.s = r.t',
    'l.d <= r.e AND l.m > r.c',
    'l.a + r.k = 4',
  ]);
  const left = columnsOf('p', 'l.');
  const from = /SEMI|ANTI/.test(join) ? left : [...left, ...columnsOf('q', 'r.')];
  return joined(random, `p AS l ${join} q AS r ON ${on}`, from);
};

/** Groups of one side beside rows of the other. */
const withGroups: Shape = (random) => {
  const q = columnsOf('q');
  const right = `(SELECT k, ${aggregate(random, q)} AS x, CAST(count(*) AS BIGINT) AS n, max(v) AS w FROM q${where(random, q, 0.3)} GROUP BY k) AS r`;
  const join = random.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN']);
  const on = `l.a = r.k${random.pick(['', ' AND r.n > 2', ' AND l.f < r.w'])}`;
  const from: Column[] = [
    ...columnsOf('p', 'l.'),
    { sql: 'r.n', kind: 'num' },
    { sql: 'r.w', kind: 'flt' },
  ];
  return joined(random, `p AS l ${join} ${right} ON ${on}`, from);
};

/** One column under one name. */
const using: Shape = (random) => {
  const join = random.pick(['JOIN', 'LEFT JOIN', 'NATURAL JOIN']);
  const by = join === 'NATURAL JOIN' ? '' : ' USING (a)';
  const source = `(SELECT a, f, s FROM p) AS l ${join} (SELECT k AS a, v, t FROM q) AS r${by}`;
  return joined(random, source, [
    { sql: 'a', kind: 'num' },
    { sql: 'l.f', kind: 'flt' },
    { sql: 's', kind: 'txt' },
    { sql: 'r.v', kind: 'flt' },
    { sql: 't', kind: 'txt' },
  ]);
};

export const joins: readonly (readonly [number, Shape])[] = [
  [3, two],
  [2, half],
  [2, nearest],
  [2, three],
  [1, unequal],
  [1, withGroups],
  [1, comma],
  [1, using],
];
