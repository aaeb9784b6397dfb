// Random SELECTs, one function per shape. Every query either orders by all it returns or is compared without order,
// so that two right engines cannot differ.
import {
  aggregate,
  column,
  expression,
  keyed,
  randomKind,
  scalarKind,
  type Visible,
} from './expressions.ts';
import type { Random } from './random.ts';
import { type TableDef, tables } from './tables.ts';

export interface Query {
  sql: string;
  /** Whether the order of the rows is part of the answer. */
  ordered: boolean;
}

const visible = (table: TableDef, alias = ''): Visible[] =>
  table.columns.map((c) => ({
    sql: `${alias}${c.name}`,
    kind: c.kind,
    nullable: c.nullable,
  }));

const table = (random: Random): TableDef =>
  random.weighted(tables.map((t, i) => [i === 0 ? 8 : i === 1 ? 4 : 1, t] as const));

const named = (name: string): TableDef => {
  const found = tables.find((t) => t.name === name);
  if (!found) throw new Error(`no table ${name}`);
  return found;
};

const where = (random: Random, columns: readonly Visible[], share = 0.6): string =>
  random.chance(share)
    ? ` ${random.chance(0.1) ? 'PREWHERE' : 'WHERE'} ${expression(random, columns, 'bool', 2)}`
    : '';

const outputs = (random: Random, columns: readonly Visible[], most = 4): string[] =>
  random.some(1, most, (i) => `${expression(random, columns, randomKind(random), 2)} AS c${i}`);

/** ORDER BY every output (then rows that tie are the same), with a limit now and then. */
function ordering(random: Random, count: number): { sql: string; ordered: boolean } {
  if (random.chance(0.4)) return { sql: '', ordered: false };
  const keys = Array.from(
    { length: count },
    (_, i) => `${i + 1}${random.pick(['', ' ASC', ' DESC', ' DESC NULLS FIRST', ' NULLS LAST'])}`,
  );
  const limit = random.weighted([
    [4, ''],
    [2, ` LIMIT ${random.int(20)}`],
    [1, ` LIMIT ${random.int(9)}, ${1 + random.int(9)}`],
    [1, ` OFFSET ${random.int(9)}`],
    [1, ` LIMIT ${1 + random.int(3)} BY 1`],
  ]);
  return { sql: ` ORDER BY ${keys.join(', ')}${limit}`, ordered: true };
}

function flat(random: Random): Query {
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

function grouped(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const keys = random.some(
    0,
    3,
    (i) => `${keyed(random, columns, scalarKind(random), 1)} AS k${i}`,
  );
  const calls = random.some(1, 4, (i) => `${aggregate(random, columns, 2).sql} AS a${i}`);
  const list = [...keys, ...calls];
  const names = keys.map((_, i) => `k${i}`).join(', ');
  const having = random.chance(0.25)
    ? ` HAVING ${random.pick(['count() > 1', 'count() < 10', 'max(length(toString(a0))) > 0', 'a0 IS NOT NULL'].filter((h) => !h.startsWith('max')))}`
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
          [1, 'ALL'],
          [1, keys.map((_, i) => i + 1).join(', ')],
        ])}`;
  const tail = ordering(random, list.length);
  // with these ClickHouse takes keys out of single sets, and shows f(default) or the default for f(key)
  const asWritten = group.includes('GROUPING SETS')
    ? ' SETTINGS optimize_injective_functions_in_group_by = 0, optimize_group_by_function_keys = 0'
    : '';
  return {
    sql: `SELECT ${list.join(', ')} FROM ${from.name}${where(random, columns)}${group}${having}${tail.sql}${asWritten}`,
    ordered: tail.ordered,
  };
}

function joined(random: Random): Query {
  const left = named(random.pick(['wide', 'side']));
  const right = named(
    random.weighted([
      [8, 'side'],
      [2, 'wide'],
      [1, 'nothing'],
    ] as const),
  );
  const l = visible(left, 'l.');
  const r = visible(right, 'r.');
  const kinds = (['int', 'int', 'string', 'date'] as const).filter((k) =>
    r.some((c) => c.kind === k),
  );
  const kind = random.pick(kinds);
  const a = column(random, l, kind);
  const b = column(random, r, kind);
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
  const residual = random.chance(0.15)
    ? ` AND ${expression(random, random.chance(0.5) ? l : r, 'bool', 1)}`
    : '';
  const seen =
    join.endsWith('SEMI') || join.endsWith('ANTI')
      ? join.startsWith('LEFT')
        ? l
        : r
      : [...l, ...r];
  const list = random.chance(0.4)
    ? random.some(1, 3, (i) => `${aggregate(random, seen, 1).sql} AS c${i}`)
    : outputs(random, seen);
  const tail = ordering(random, list.length);
  const nulls = random.chance(0.5) ? ' SETTINGS join_use_nulls = 1' : '';
  return {
    sql: `SELECT ${list.join(', ')} FROM ${left.name} AS l ${join} JOIN ${right.name} AS r ON ${a} = ${b}${residual}${where(random, seen, 0.3).replace('PREWHERE', 'WHERE')}${tail.sql}${nulls}`,
    ordered: tail.ordered,
  };
}

function nested(random: Random): Query {
  const from = table(random);
  const columns = visible(from);
  const kinds = random.some(2, 4, () => scalarKind(random));
  const inner = kinds.map((k, i) => `${expression(random, columns, k, 1)} AS x${i}`).join(', ');
  const body = `SELECT ${inner} FROM ${from.name}${where(random, columns, 0.4)}`;
  const outer: Visible[] = kinds.map((kind, i) => ({ sql: `x${i}`, kind, nullable: true }));
  const list = random.chance(0.5)
    ? random.some(1, 3, (i) => `${aggregate(random, outer, 2).sql} AS c${i}`)
    : outputs(random, outer, 3);
  const tail = ordering(random, list.length);
  const [head, source] = random.chance(0.5) ? ['', `(${body})`] : [`WITH q AS (${body}) `, 'q'];
  return {
    sql: `${head}SELECT ${list.join(', ')} FROM ${source}${where(random, outer, 0.4)}${tail.sql}`,
    ordered: tail.ordered,
  };
}

function filtered(random: Random): Query {
  const from = named('wide');
  const columns = visible(from);
  const list = outputs(random, columns, 3);
  const side = visible(named('side'));
  const condition = random.pick([
    () =>
      `i8 ${random.pick(['IN', 'NOT IN'])} (SELECT ${random.pick(['k', 'nk'])} FROM side${where(random, side)})`,
    () => `(i8, s) IN (SELECT k, name FROM side${where(random, side)})`,
    () => `${random.chance(0.5) ? 'NOT ' : ''}EXISTS (SELECT 1 FROM side${where(random, side)})`,
    () => `i32 > (SELECT ${random.pick(['min', 'max', 'avg'])}(k) FROM side${where(random, side)})`,
    () => `EXISTS (SELECT 1 FROM side WHERE side.k = wide.i8)`,
    () => `f64 > (SELECT avg(v) FROM side WHERE side.k = wide.i8)`,
    () => `s NOT IN (SELECT name FROM side WHERE k > 0)`,
  ])();
  const tail = ordering(random, list.length);
  return {
    sql: `SELECT ${list.join(', ')} FROM wide WHERE ${condition}${tail.sql}`,
    ordered: tail.ordered,
  };
}

/** A call that OVER may follow, with one answer for one frame. */
const overable = (call: string): string => (/^array|FILTER/.test(call) ? 'count()' : call);

function windowed(random: Random): Query {
  const columns = visible(named('wide'));
  const partition = random.chance(0.6)
    ? `PARTITION BY ${expression(random, columns, scalarKind(random), 1)} `
    : '';
  const order = `ORDER BY ${random.chance(0.5) ? `${expression(random, columns, scalarKind(random), 0)}, ` : ''}id`;
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
    const value = expression(random, columns, scalarKind(random), 1);
    return `${random.pick([
      () => `${overable(aggregate(random, columns, 1).sql)} OVER ${over}`,
      () => `row_number() OVER ${whole}`,
      () =>
        `rank() OVER (${partition}ORDER BY ${expression(random, columns, scalarKind(random), 0)})`,
      () =>
        `dense_rank() OVER (${partition}ORDER BY ${expression(random, columns, scalarKind(random), 0)})`,
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

function combined(random: Random): Query {
  const kinds = random.some(1, 3, () => scalarKind(random));
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

function unfolded(random: Random): Query {
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

const shapes: readonly (readonly [number, (random: Random) => Query])[] = [
  [6, flat],
  [6, grouped],
  [4, joined],
  [3, nested],
  [2, filtered],
  [3, windowed],
  [2, combined],
  [1, unfolded],
];

export const query = (random: Random): Query => random.weighted(shapes)(random);
