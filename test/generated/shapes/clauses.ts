// Clauses that follow ORDER BY or change what it keeps: WITH FILL, WITH TIES, LIMIT BY, DISTINCT ON; and states of
// aggregates merged by a query around the one that made them.
import { aggregate } from '../aggregates.ts';
import { expression, keyed, scalarKind } from '../expressions.ts';
import type { Random } from '../random.ts';
import { named, outputs, type Query, table, visible, where } from './parts.ts';

export function filled(random: Random): Query {
  const from = named(random.pick(['wide', 'side']));
  const columns = visible(from);
  const key = random.pick<() => { sql: string; fill: string }>([
    () => {
      const low = random.int(10) - 5;
      const bounds = random.pick([
        '',
        ` FROM ${low}`,
        ` TO ${low + 12}`,
        ` FROM ${low} TO ${low + 12}`,
      ]);
      return {
        sql: `toInt32(ifNull(${expression(random, columns, 'int', 0)}, 0) % 20)`,
        fill: `${bounds}${random.pick(['', ' STEP 2', ' STEP 3'])}`,
      };
    },
    () => ({
      sql: `toStartOfMonth(${from.name === 'wide' ? 'd' : 'day'})`,
      fill: `${random.pick(['', " FROM toDate('2018-11-01')"])} STEP INTERVAL ${1 + random.int(3)} MONTH`,
    }),
    () => ({
      sql: `toStartOfYear(${from.name === 'wide' ? 'd' : 'day'})`,
      fill: ` STEP INTERVAL 100 DAY`,
    }),
    () => ({
      sql: `toFloat64(floor(${from.name === 'wide' ? 'f64' : 'v'} / 100))`,
      fill: ` FROM -6 TO 6 STEP ${random.pick(['0.5', '1', '2'])}`,
    }),
  ])();
  const { sql } = aggregate(random, columns, 1);
  const interpolate = random.pick(['', '', ' INTERPOLATE', ' INTERPOLATE (a AS a)']);
  return {
    sql: `SELECT ${key.sql} AS k, ${sql} AS a, count() AS n FROM ${from.name}${where(random, columns)} GROUP BY k ORDER BY k WITH FILL${key.fill}${interpolate}`,
    ordered: true,
  };
}

export function cut(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const list = outputs(random, columns, 3);
  const [first = ''] = list;
  const plain = first.slice(0, first.lastIndexOf(' AS '));
  const all = list.map((_, i) => i + 1).join(', ');
  const n = 1 + random.int(5);
  return random.pick<() => Query>([
    () => ({
      sql: `SELECT ${list.join(', ')} FROM ${from.name}${where(random, columns)} ORDER BY c0${random.pick(['', ' DESC'])} LIMIT ${n} WITH TIES`,
      ordered: false,
    }),
    () => ({
      sql: `SELECT ${list.join(', ')} FROM ${from.name} ORDER BY ${all} LIMIT ${n} OFFSET ${random.int(3)} BY c0${random.pick(['', ` LIMIT ${n * 3}`])}`,
      ordered: true,
    }),
    () => ({
      sql: `SELECT DISTINCT ON (${plain}) ${list.join(', ')} FROM ${from.name}${where(random, columns)} ORDER BY ${all}`,
      ordered: true,
    }),
    () => ({
      sql: `SELECT ${list.join(', ')} FROM ${from.name} ORDER BY ${all} LIMIT ${n} BY c0${list.length > 1 ? ', c1' : ''}`,
      ordered: true,
    }),
    () => ({
      sql: `SELECT ${list.join(', ')} FROM ${from.name} ORDER BY ALL${random.pick(['', ' DESC'])} LIMIT ${n * 4}`,
      ordered: true,
    }),
  ])();
}

/** Aggregates whose states are made by groups and merged by others. */
export function merged(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const calls = random.some(1, 3, () =>
    random.pick<() => [string, string, string, string]>([
      () => ['sum', 'sum', '', expression(random, columns, 'int', 1)],
      () => ['avg', 'avg', '', expression(random, columns, 'float', 1)],
      () => ['count', 'count', '', expression(random, columns, 'string', 1)],
      () => ['uniqExact', 'uniqExact', '', expression(random, columns, 'string', 1)],
      () => ['uniq', 'uniq', '', expression(random, columns, 'int', 1)],
      () => ['min', 'min', '', expression(random, columns, 'string', 1)],
      () => ['max', 'max', '', expression(random, columns, 'date', 1)],
      () => ['quantileExact', 'quantileExact', '(0.3)', expression(random, columns, 'int', 1)],
      () => [
        'sumIf',
        'sumIf',
        '',
        `${expression(random, columns, 'int', 1)}, ${expression(random, columns, 'bool', 1)}`,
      ],
      () => ['groupBitXor', 'groupBitXor', '', expression(random, columns, 'int', 1)],
      () => ['sumOrNull', 'sumOrNull', '', expression(random, columns, 'int', 1)],
      () => ['varPop', 'varPop', '', expression(random, columns, 'int', 0)],
      () => ['sumMap', 'sumMap', '', expression(random, columns, 'dict', 0)],
      () => ['uniqArray', 'uniqArray', '', expression(random, columns, 'strings', 1)],
    ])(),
  );
  const key = keyed(random, columns, scalarKind(random, columns), 1);
  const inner = calls.map(
    ([name, , parameters, args], i) => `${name}State${parameters}(${args}) AS s${i}`,
  );
  const outer = calls.map(([, name, parameters], i) =>
    random.pick([
      `${name}Merge${parameters}(s${i}) AS c${i}`,
      `finalizeAggregation(${name}MergeState${parameters}(s${i})) AS c${i}`,
      `${name}MergeIf${parameters}(s${i}, n > 2) AS c${i}`,
      `toTypeName(${name}MergeState${parameters}(s${i})) AS c${i}`,
    ]),
  );
  return {
    sql: `SELECT n % 2 AS odd, ${outer.join(', ')} FROM (SELECT ${key} AS k, count() AS n, ${inner.join(', ')} FROM ${from.name}${where(random, columns)} GROUP BY k) GROUP BY odd ORDER BY odd`,
    ordered: true,
  };
}
