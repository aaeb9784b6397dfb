// The tables that generated queries read: every common type, with NULLs, duplicates, edges and empty values,
// small enough that an engine answers in a millisecond. The same statements are run everywhere.
import { type Random, seeded } from './random.ts';

/** What an expression is, for the generator: one kind covers all widths of a family. */
export type Kind =
  | 'int'
  | 'float'
  | 'decimal'
  | 'string'
  | 'date'
  | 'datetime'
  | 'ints'
  | 'strings'
  | 'bool';

export interface ColumnDef {
  name: string;
  type: string;
  kind: Kind;
  nullable: boolean;
  /** A literal for the row of this number. */
  value(random: Random, row: number): string;
}

export interface TableDef {
  name: string;
  orderBy: string;
  rows: number;
  columns: ColumnDef[];
}

const words = [
  '',
  'a',
  'b',
  'ab',
  'Abc',
  'hello',
  'Hello World',
  'x,y',
  '%_',
  'ünïcödé',
  '10',
  '-7',
  '2.5',
];
const quote = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
const word = (random: Random): string => quote(random.pick(words));
const integer =
  (low: number, high: number) =>
  (random: Random): string =>
    String(
      random.chance(0.1)
        ? random.pick([low, high, 0])
        : low < 0
          ? random.int(41) - 20
          : random.int(41),
    );
const two = (n: number): string => String(n).padStart(2, '0');
const date = (random: Random): string =>
  `'${2019 + random.int(4)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}'`;
const moment = (random: Random): string =>
  `${date(random).slice(0, -1)} ${two(random.int(24))}:${two(random.int(60))}:${two(random.int(60))}'`;
/** Quarters: sums of them are exact in any order. */
const quarter = (random: Random): string => String((random.int(4001) - 2000) / 4);

const orNull =
  (value: (random: Random) => string) =>
  (random: Random): string =>
    random.chance(0.2) ? 'NULL' : value(random);

const column = (
  name: string,
  type: string,
  kind: Kind,
  value: (random: Random, row: number) => string,
): ColumnDef => ({ name, type, kind, nullable: type.includes('Nullable('), value });

export const tables: readonly TableDef[] = [
  {
    name: 'wide',
    orderBy: 'id',
    rows: 120,
    columns: [
      column('id', 'UInt32', 'int', (_, row) => String(row)),
      column('i8', 'Int8', 'int', integer(-128, 127)),
      column('u16', 'UInt16', 'int', integer(0, 65535)),
      column('i32', 'Int32', 'int', integer(-2147483648, 2147483647)),
      column('n64', 'Nullable(Int64)', 'int', orNull(integer(-1000000, 1000000))),
      column('f64', 'Float64', 'float', quarter),
      column('nf', 'Nullable(Float64)', 'float', orNull(quarter)),
      column('dec', 'Decimal(12, 2)', 'decimal', quarter),
      column('s', 'String', 'string', word),
      column('ns', 'Nullable(String)', 'string', orNull(word)),
      column('lc', 'LowCardinality(String)', 'string', word),
      column('lcn', 'LowCardinality(Nullable(String))', 'string', orNull(word)),
      column('d', 'Date', 'date', date),
      column('nd', 'Nullable(Date)', 'date', orNull(date)),
      column('dt', "DateTime('UTC')", 'datetime', moment),
      column('b', 'Bool', 'bool', (r) => String(r.chance(0.5))),
      column(
        'ai',
        'Array(Int32)',
        'ints',
        (r) => `[${r.some(0, 4, () => integer(-9, 9)(r)).join(',')}]`,
      ),
      column('ss', 'Array(String)', 'strings', (r) => `[${r.some(0, 3, () => word(r)).join(',')}]`),
    ],
  },
  {
    name: 'side',
    orderBy: 'k',
    rows: 60,
    columns: [
      column('k', 'Int32', 'int', integer(-20, 20)),
      column('nk', 'Nullable(Int32)', 'int', orNull(integer(-20, 20))),
      column('name', 'String', 'string', word),
      column('tag', 'LowCardinality(Nullable(String))', 'string', orNull(word)),
      column('v', 'Float64', 'float', quarter),
      column('day', 'Date', 'date', date),
    ],
  },
  {
    name: 'nothing',
    orderBy: 'k',
    rows: 0,
    columns: [
      column('k', 'Int32', 'int', integer(0, 1)),
      column('t', 'Nullable(String)', 'string', word),
    ],
  },
];

/** Statements that make and fill the tables. Two inserts each: several segments. */
export function setup(): string[] {
  const random = seeded(20);
  return tables.flatMap((table) => {
    const columns = table.columns.map((c) => `\`${c.name}\` ${c.type}`).join(', ');
    const out = [
      `CREATE TABLE ${table.name} (${columns}) ENGINE = MergeTree ORDER BY ${table.orderBy}`,
    ];
    for (let from = 0; from < table.rows; from += table.rows / 2) {
      const rows = Array.from(
        { length: table.rows / 2 },
        (_, i) => `(${table.columns.map((c) => c.value(random, from + i)).join(', ')})`,
      );
      out.push(`INSERT INTO ${table.name} VALUES ${rows.join(', ')}`);
    }
    return out;
  });
}
