// Window functions with every frame.
import { aggregate } from '../aggregates.ts';
import { expression, scalarKind } from '../expressions.ts';
import type { Random } from '../random.ts';
import { named, ordering, type Query, visible, where } from './parts.ts';

/** A call that OVER may follow, with one answer for one frame. */
const overable = (call: string): string => (/^array|FILTER/.test(call) ? 'count()' : call);

export function windowed(random: Random): Query {
  const columns = visible(named('wide'));
  const partition = random.chance(0.6)
    ? `PARTITION BY ${expression(random, columns, scalarKind(random, columns), 1)} `
    : '';
  const order = `ORDER BY ${random.chance(0.5) ? `${expression(random, columns, scalarKind(random, columns), 0)}, ` : ''}id`;
  const frame = random.weighted([
    [3, ''],
    [1, ' ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'],
    [1, ` ROWS BETWEEN ${random.int(4)} PRECEDING AND ${random.int(4)} FOLLOWING`],
    [1, ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING'],
    [1, ' RANGE UNBOUNDED PRECEDING'],
    [1, ' ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING'],
  ]);
  const over = `(${partition}${order}${frame})`;
  const whole = `(${partition}${order})`;
  const calls = random.some(1, 3, (i) => {
    const value = expression(random, columns, scalarKind(random, columns), 1);
    return `${random.pick([
      () => `${overable(aggregate(random, columns, 1).sql)} OVER ${over}`,
      () => `row_number() OVER ${whole}`,
      () =>
        `rank() OVER (${partition}ORDER BY ${expression(random, columns, scalarKind(random, columns), 0)})`,
      () =>
        `dense_rank() OVER (${partition}ORDER BY ${expression(random, columns, scalarKind(random, columns), 0)})`,
      () => `lagInFrame(${value}, ${1 + random.int(3)}) OVER ${over}`,
      () => `leadInFrame(${value}) OVER ${over}`,
      () => `first_value(${value}) OVER ${over}`,
      () => `last_value(${value}) OVER ${over}`,
      () => `nth_value(${value}, 2) OVER ${over}`,
      () => `ntile(${1 + random.int(5)}) OVER ${whole}`,
      () => `lag(${value}) OVER ${whole}`,
    ])()} AS w${i}`;
  });
  const list = ['id', ...calls];
  const tail = ordering(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM wide${where(random, columns, 0.3)}${tail.sql}`,
    ordered: tail.ordered,
  };
}

/** Frames by the distance of keys; numbers, days and seconds. None is NULL: what is near to NULL is not said. */
export function ranged(random: Random): Query {
  const columns = visible(named('wide'));
  const key = random.pick(['id', 'i8', 'u16', 'i32', 'd', 'dt', 'f64']);
  const by = `${random.chance(0.5) ? 'PARTITION BY b ' : ''}ORDER BY ${key} ${random.pick(['ASC', 'DESC', ''])}`;
  const unit = key === 'dt' ? 86_400 : 1;
  const distance = (): string => String(random.int(30) * unit);
  const start = random.pick(['UNBOUNDED PRECEDING', `${distance()} PRECEDING`, 'CURRENT ROW']);
  const end = random.pick(['UNBOUNDED FOLLOWING', `${distance()} FOLLOWING`, 'CURRENT ROW']);
  const calls = random.some(
    1,
    3,
    (i) => `${overable(aggregate(random, columns, 1).sql)} OVER w AS w${i}`,
  );
  return {
    sql: `SELECT id, ${calls.join(', ')} FROM wide${where(random, columns, 0.3)} WINDOW w AS (${by} RANGE BETWEEN ${start} AND ${end}) ORDER BY id`,
    ordered: true,
  };
}

/** Rows chosen by a window, and functions of ranks over groups. */
export function qualified(random: Random): Query {
  const columns = visible(named('wide'));
  const kind = scalarKind(random, columns);
  const part = expression(random, columns, scalarKind(random, columns), 0);
  const order = `ORDER BY ${expression(random, columns, kind, 1)}${random.pick(['', ' DESC'])}, id`;
  return random.pick<() => Query>([
    () => ({
      sql: `SELECT id, ${expression(random, columns, kind, 1)} AS c FROM wide QUALIFY row_number() OVER (PARTITION BY ${part} ${order}) <= ${1 + random.int(3)} ORDER BY id`,
      ordered: true,
    }),
    () => ({
      sql: `SELECT id, sum(i32) OVER (PARTITION BY ${part}) AS c FROM wide${where(random, columns)} QUALIFY c > ${random.int(50)} ORDER BY id`,
      ordered: true,
    }),
    () => ({
      sql: `SELECT ${part} AS k, count() AS n, rank() OVER (ORDER BY count() DESC) AS r, sum(count()) OVER () AS all_rows FROM wide${where(random, columns)} GROUP BY k`,
      ordered: false,
    }),
    () => ({
      sql: `SELECT id, percent_rank() OVER (ORDER BY ${part}) AS p, cume_dist() OVER (ORDER BY ${part}) AS c FROM wide ORDER BY id`,
      ordered: true,
    }),
  ])();
}
