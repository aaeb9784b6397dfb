// Joins of every kind, with what keys are made of and what stands beside them.
import { aggregate } from '../aggregates.ts';
import { column, expression, type Visible } from '../expressions.ts';
import type { Random } from '../random.ts';
import type { Kind, TableDef } from '../tables.ts';
import { named, ordering, outputs, type Query, visible, where } from './parts.ts';

/** Outputs of rows or of aggregates over `seen`, the conditions on them, and the order. */
function selected(
  random: Random,
  seen: readonly Visible[],
): { list: string; where: string; tail: string; ordered: boolean } {
  const list = random.chance(0.4)
    ? random.some(1, 3, (i) => `${aggregate(random, seen, 1).sql} AS c${i}`)
    : outputs(random, seen);
  const tail = ordering(random, list.length);
  return {
    list: list.join(', '),
    where: where(random, seen, 0.3).replace('PREWHERE', 'WHERE'),
    tail: tail.sql,
    ordered: tail.ordered,
  };
}

const nulls = (random: Random): string[] => (random.chance(0.5) ? ['join_use_nulls = 1'] : []);

/** Kinds that columns of both sides have. */
const common = (left: readonly Visible[], right: readonly Visible[]): Kind[] => [
  ...new Set(left.map((c) => c.kind).filter((kind) => right.some((c) => c.kind === kind))),
];

const sides = (random: Random): [TableDef, TableDef] => [
  named(random.pick(['wide', 'side', 'typed'])),
  named(
    random.weighted([
      [8, 'side'],
      [2, 'wide'],
      [4, 'typed'],
      [2, 'ticks'],
      [1, 'nothing'],
    ] as const),
  ),
];

/** Equal keys, one or two, bare or computed; something about one side, or about both, beside them now and then. */
function condition(random: Random, l: readonly Visible[], r: readonly Visible[]): string {
  const kinds = common(l, r);
  const key = (): string => {
    const kind = random.weighted([
      [3, 'int' as Kind],
      [1, 'string' as Kind],
      [3, random.pick(kinds)],
    ]);
    const fitting = kinds.includes(kind) ? kind : 'int';
    const side = (columns: readonly Visible[]): string =>
      fitting !== 'enum' && random.chance(0.15)
        ? `assumeNotNull(${column(random, columns, fitting)})`
        : column(random, columns, fitting);
    return `${side(l)} ${random.chance(0.06) ? 'IS NOT DISTINCT FROM' : '='} ${side(r)}`;
  };
  const keys = random.some(1, random.chance(0.25) ? 2 : 1, key).join(' AND ');
  return random.chance(0.15)
    ? `${keys} AND ${expression(random, random.pick([l, r]), 'bool', 1)}`
    : keys;
}

export function joined(random: Random): Query {
  const [left, right] = sides(random);
  const l = visible(left, 'l.');
  const r = visible(right, 'r.');
  const join = random.pick([
    'INNER',
    'LEFT',
    'RIGHT',
    'FULL',
    'LEFT SEMI',
    'LEFT ANTI',
    'RIGHT SEMI',
    'RIGHT ANTI',
    'INNER',
    'LEFT',
  ]);
  const one = join.endsWith('SEMI') || join.endsWith('ANTI');
  const seen = one ? (join.startsWith('LEFT') ? l : r) : [...l, ...r];
  const on = condition(random, l, r);
  const what = selected(random, seen);
  return {
    sql: `SELECT ${what.list} FROM ${left.name} AS l ${join} JOIN ${right.name} AS r ON ${on}${what.where}${what.tail}`,
    ordered: what.ordered,
    settings: nulls(random),
  };
}

/** The nearest row of `ticks`, of which each has a moment of its own. */
export function nearest(random: Random): Query {
  const left = named(random.pick(['wide', 'side', 'typed']));
  const l = visible(left, 'l.');
  const r = visible(named('ticks'), 'r.');
  const moments = l.filter((c) => ['datetime', 'date', 'instant'].includes(c.kind));
  const kind = random.pick(['ASOF', 'ASOF LEFT', 'ASOF LEFT', 'ASOF']);
  const keys = l.filter((c) => c.kind === 'int');
  const on = `${random.pick(keys).sql} = r.k AND ${random.pick(moments).sql} ${random.pick(['>=', '>', '<', '<='])} r.at`;
  const what = selected(random, [...l, ...r]);
  return {
    sql: `SELECT ${what.list} FROM ${left.name} AS l ${kind} JOIN ticks AS r ON ${on}${what.where}${what.tail}`,
    ordered: what.ordered,
    settings: nulls(random),
  };
}

/** ANY joins with rows of which each key has one, three tables in a row, and USING. */
export function joinedFurther(random: Random): Query {
  const left = named(random.pick(['wide', 'typed']));
  const l = visible(left, 'l.');
  const key = random.pick(l.filter((c) => c.kind === 'int')).sql;
  const name = random.pick(l.filter((c) => c.kind === 'string')).sql;
  const total: Visible = { sql: 't.total', kind: 'float', nullable: false };
  const groups = '(SELECT k, sum(v) AS total FROM side GROUP BY k) AS t';
  const r = visible(named('side'), 'r.');
  const source = random.pick<() => { from: string; seen: Visible[] }>([
    () => ({
      from: `${left.name} AS l ANY LEFT JOIN ${groups} ON ${key} = t.k`,
      seen: [...l, total],
    }),
    () => ({
      from: `${left.name} AS l ${random.pick(['LEFT', 'INNER', 'FULL'])} JOIN side AS r ON ${name} = r.name ${random.pick(['LEFT', 'INNER'])} JOIN ${groups} ON r.k = t.k`,
      seen: [...l, ...r, total],
    }),
    () => ({
      from: `${left.name} AS l, ${groups}`,
      seen: [...l, total],
    }),
    () => ({
      from: `${left.name} AS l CROSS JOIN (SELECT * FROM ticks ORDER BY k, at LIMIT ${random.int(3)}) AS r`,
      seen: [...l, ...visible(named('ticks'), 'r.')],
    }),
    () => ({
      from: `side AS l ${random.pick(['INNER', 'LEFT', 'FULL', 'RIGHT'])} JOIN ticks AS r USING (k)`,
      seen: [
        { sql: 'k', kind: 'int', nullable: false },
        ...visible(named('side'), 'l.').slice(1),
        ...visible(named('ticks'), 'r.').slice(1),
      ],
    }),
    () => ({
      from: `${left.name} AS l INNER JOIN side AS r ON ${name} = r.name AND ${key} ${random.pick(['<', '>=', '!='])} r.k`,
      seen: [...l, ...r],
    }),
  ])();
  const what = selected(random, source.seen);
  return {
    sql: `SELECT ${what.list} FROM ${source.from}${what.where}${what.tail}`,
    ordered: what.ordered,
    settings: nulls(random),
  };
}
