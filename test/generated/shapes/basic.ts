// Plain selects, groups, subqueries in FROM, sets of rows and arrays unfolded.
import { aggregate } from '../aggregates.ts';
import { expression, keyed, scalarKind, type Visible } from '../expressions.ts';
import type { Random } from '../random.ts';
import { named, ordering, outputs, type Query, table, visible, where } from './parts.ts';

export function flat(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const list = outputs(random, columns);
  const distinct = random.chance(0.15) ? 'DISTINCT ' : '';
  const tail = ordering(random, list.length);
  return {
    sql: `SELECT ${distinct}${list.join(', ')} FROM ${from.name}${where(random, columns)}${tail.sql}`,
    ordered: tail.ordered,
  };
}

export function grouped(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const keys = random.some(
    0,
    3,
    (i) => `${keyed(random, columns, scalarKind(random, columns), 1)} AS k${i}`,
  );
  const calls = random.some(1, 4, (i) => `${aggregate(random, columns, 2).sql} AS a${i}`);
  const list = [...keys, ...calls];
  const names = keys.map((_, i) => `k${i}`).join(', ');
  const having = random.chance(0.25)
    ? ` HAVING ${random.pick(['count() > 1', 'count() < 10', 'a0 IS NOT NULL', 'count() > 1 AND isNotNull(a0)'])}`
    : '';
  const group =
    keys.length === 0
      ? ''
      : ` GROUP BY ${random.weighted([
          [6, names],
          [1, `ROLLUP(${names})`],
          [1, `CUBE(${names})`],
          [1, `${names} WITH TOTALS`],
          [1, `GROUPING SETS ((${names}), ())`],
          [1, `GROUPING SETS (${keys.map((_, i) => `(k${i})`).join(', ')})`],
          [0.5, `${names} WITH ROLLUP WITH TOTALS`],
          [1, 'ALL'],
          [1, keys.map((_, i) => i + 1).join(', ')],
        ])}`;
  if (/ROLLUP|CUBE|GROUPING SETS/.test(group) && random.chance(0.4)) {
    list.push(`grouping(${names}) AS level`);
  }
  const tail = ordering(random, list.length);
  // with these ClickHouse takes keys out of single sets, and shows f(default) or the default for f(key)
  const settings = group.includes('GROUPING SETS')
    ? ['optimize_injective_functions_in_group_by = 0', 'optimize_group_by_function_keys = 0']
    : [];
  return {
    sql: `SELECT ${list.join(', ')} FROM ${from.name}${where(random, columns)}${group}${having}${tail.sql}`,
    ordered: tail.ordered,
    settings,
  };
}

export function nested(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const kinds = random.some(2, 4, () => scalarKind(random, columns));
  const inner = kinds.map((k, i) => `${expression(random, columns, k, 1)} AS x${i}`).join(', ');
  const body = `SELECT ${inner} FROM ${from.name}${where(random, columns, 0.4)}`;
  const outer: Visible[] = kinds.map((kind, i) => ({ sql: `x${i}`, kind, nullable: true }));
  const list = random.chance(0.5)
    ? random.some(1, 3, (i) => `${aggregate(random, outer, 2).sql} AS c${i}`)
    : outputs(random, outer, 3);
  const tail = ordering(random, list.length);
  const [head, source] = random.chance(0.5) ? ['', `(${body})`] : [`WITH q AS (${body}) `, 'q'];
  const condition = where(random, outer, 0.4).replace('PREWHERE', 'WHERE');
  return {
    sql: `${head}SELECT ${list.join(', ')} FROM ${source}${condition}${tail.sql}`,
    ordered: tail.ordered,
  };
}

export function combined(random: Random): Query {
  const kinds = random.some(1, 3, () => scalarKind(random, []));
  const part = (): string => {
    const from = table(random);
    const columns = visible(from);
    const list = kinds.map((k, i) => `${expression(random, columns, k, 1)} AS c${i}`);
    return `SELECT ${list.join(', ')} FROM ${from.name}${where(random, columns)}`;
  };
  const parts = random.some(2, 3, part);
  const operator = random.pick([
    'UNION ALL',
    'UNION DISTINCT',
    'INTERSECT',
    'EXCEPT',
    'EXCEPT DISTINCT',
    'INTERSECT DISTINCT',
  ]);
  return { sql: parts.join(` ${operator} `), ordered: false };
}

export function unfolded(random: Random): Query {
  const left = random.chance(0.4) ? 'LEFT ' : '';
  const array = random.pick(['ai', 'ss', 'arrayEnumerate(ai)']);
  const kind = array === 'ss' ? 'string' : 'int';
  const columns = [
    ...visible(named('wide')),
    { sql: 'e', kind, nullable: false } as const,
    { sql: 'e', kind, nullable: false } as const,
  ];
  const list = random.chance(0.5)
    ? random.some(1, 3, (i) => `${aggregate(random, columns, 1).sql} AS c${i}`)
    : outputs(random, columns, 3);
  const tail = ordering(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM wide ${left}ARRAY JOIN ${array} AS e${where(random, columns, 0.4).replace('PREWHERE', 'WHERE')}${tail.sql}`,
    ordered: tail.ordered,
  };
}
