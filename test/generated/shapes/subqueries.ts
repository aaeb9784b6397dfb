// Subqueries in conditions and outputs, correlated ones, and queries that refer to themselves.
import { aggregate } from '../aggregates.ts';
import { expression } from '../expressions.ts';
import type { Random } from '../random.ts';
import { named, ordering, outputs, type Query, visible, where } from './parts.ts';

export function filtered(random: Random): Query {
  const columns = visible(named('wide'));
  const list = outputs(random, columns, 3);
  const side = visible(named('side'));
  const typed = visible(named('typed'));
  const condition = random.pick([
    () =>
      `i8 ${random.pick(['IN', 'NOT IN'])} (SELECT ${random.pick(['k', 'nk'])} FROM side${where(random, side)})`,
    () => `n64 ${random.pick(['IN', 'NOT IN'])} (SELECT nk FROM side${where(random, side)})`,
    () =>
      `${random.pick(['s', 'ns', 'lcn'])} ${random.pick(['IN', 'NOT IN'])} (SELECT ${random.pick(['tag', 'name'])} FROM side${where(random, side)})`,
    () => `(i8, s) IN (SELECT k, name FROM side${where(random, side)})`,
    () => `(i8, ns) NOT IN (SELECT nk, tag FROM side${where(random, side)})`,
    () => `dec IN (SELECT d9 FROM typed${where(random, typed)})`,
    () => `i32 IN (SELECT n256 FROM typed${where(random, typed)})`,
    () => `${random.chance(0.5) ? 'NOT ' : ''}EXISTS (SELECT 1 FROM side${where(random, side)})`,
    () => `i32 > (SELECT ${random.pick(['min', 'max', 'avg'])}(k) FROM side${where(random, side)})`,
    () => `(i8, s) > (SELECT min(k), min(name) FROM side${where(random, side)})`,
    () => `i8 > ANY (SELECT k FROM side${where(random, side)})`,
    () => `i8 <= ALL (SELECT k FROM side${where(random, side)})`,
    () => `EXISTS (SELECT 1 FROM side WHERE side.k = wide.i8)`,
    () => `f64 > (SELECT avg(v) FROM side WHERE side.k = wide.i8)`,
    () => `s NOT IN (SELECT name FROM side WHERE k > 0)`,
  ])();
  const tail = ordering(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM wide WHERE ${condition}${tail.sql}`,
    ordered: tail.ordered,
    settings: random.chance(0.25) ? ['transform_null_in = 1'] : [],
  };
}

/** A subquery among the outputs: its value is the same for all rows, or follows from the row around it. */
export function scalars(random: Random): Query {
  const columns = visible(named('wide'));
  const side = visible(named('side'));
  const one = random.pick([
    () => `(SELECT ${aggregate(random, side, 1).sql} FROM side${where(random, side)})`,
    () =>
      `(SELECT tuple(${aggregate(random, side, 1).sql}, count()) FROM side${where(random, side)})`,
    () => `(SELECT max(side.v) FROM side WHERE side.k = wide.i8 AND side.name != wide.s)`,
    () =>
      `(SELECT groupArray(x) FROM (SELECT k AS x FROM side${where(random, side)} ORDER BY ALL))`,
    () => `(SELECT name FROM side WHERE k = ${random.int(60)} ORDER BY ALL LIMIT 1)`,
  ])();
  // ClickHouse looks for the columns of the row around among those that are read anyway
  const list = ['id', 'i8', 's', `${one} AS c0`, `${expression(random, columns, 'int', 1)} AS c1`];
  return {
    sql: `SELECT ${list.join(', ')} FROM wide${where(random, columns)} ORDER BY id`,
    ordered: true,
  };
}

export function recursive(random: Random): Query {
  const steps = 1 + random.int(8);
  const side = visible(named('side'));
  return random.pick<() => Query>([
    () => ({
      sql: `WITH RECURSIVE r AS (SELECT toInt64(1) AS n, toInt64(${random.int(9)}) AS x UNION ALL SELECT n + 1, x * ${1 + random.int(3)} - n FROM r WHERE n < ${steps}) SELECT n, x, (SELECT count() FROM side WHERE k < ${random.int(9)}) AS c FROM r ORDER BY n`,
      ordered: true,
    }),
    () => ({
      sql: `WITH RECURSIVE r AS (SELECT k, toUInt8(0) AS level FROM side${where(random, side)} UNION ALL SELECT toInt32(intDiv(k, 2)), toUInt8(level + 1) FROM r WHERE level < ${steps} AND k != 0) SELECT k, level, count() AS c FROM r GROUP BY k, level ORDER BY ALL`,
      ordered: true,
    }),
    () => ({
      sql: `WITH RECURSIVE r AS (SELECT k, k AS first, toUInt8(0) AS level FROM side WHERE k > ${random.int(12)} UNION ALL SELECT side.nk::Int32, r.first, toUInt8(level + 1) FROM r JOIN side ON side.k = r.k WHERE level < 3 AND side.nk IS NOT NULL) SELECT level, count() AS c, sum(k) AS s, min(first) AS m FROM r GROUP BY level ORDER BY level`,
      ordered: true,
    }),
  ])();
}
