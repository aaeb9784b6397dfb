// The tables that generated queries read: every common type, with NULLs, duplicates, edges and empty values,
// small enough that an engine answers in a millisecond. The same statements are run everywhere.
import { type Random, seeded } from './random.ts';
import {
  date,
  fixed,
  instant,
  integer,
  ip4,
  ip6,
  list,
  longDate,
  moment,
  orNull,
  quarter,
  unsigned,
  uuid,
  wide,
  word,
} from './values.ts';

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
  | 'bool'
  | 'wide'
  | 'uuid'
  | 'ip4'
  | 'ip6'
  | 'date32'
  | 'instant'
  | 'enum'
  | 'fixed'
  | 'dict'
  | 'pair'
  | 'gaps'
  | 'grid';

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
    name: 'typed',
    orderBy: 'id',
    rows: 80,
    columns: [
      column('id', 'UInt16', 'int', (_, row) => String(row)),
      column('i128', 'Int128', 'wide', wide),
      column('u256', 'UInt256', 'wide', unsigned),
      column('n256', 'Nullable(Int256)', 'wide', orNull(wide)),
      column('f32', 'Float32', 'float', quarter),
      column('d9', 'Decimal(9, 3)', 'decimal', quarter),
      column('d38', 'Decimal(38, 10)', 'decimal', quarter),
      column('nd', 'Nullable(Decimal(60, 5))', 'decimal', orNull(quarter)),
      column('e', "Enum8('red' = 1, 'green' = 2, 'blue' = -3)", 'enum', (r) =>
        r.pick(["'red'", "'green'", "'blue'"]),
      ),
      column(
        'ne',
        "Nullable(Enum16('a' = 1000, 'hello' = -1000))",
        'enum',
        orNull((r) => r.pick(["'a'", "'hello'"])),
      ),
      column('u', 'UUID', 'uuid', uuid),
      column('nu', 'Nullable(UUID)', 'uuid', orNull(uuid)),
      column('a4', 'IPv4', 'ip4', ip4),
      column('n6', 'Nullable(IPv6)', 'ip6', orNull(ip6)),
      column('d32', 'Date32', 'date32', longDate),
      column('t64', "DateTime64(3, 'UTC')", 'instant', instant),
      column('nt', "Nullable(DateTime64(6, 'UTC'))", 'instant', orNull(instant)),
      column('fs', 'FixedString(4)', 'fixed', fixed),
      column('lcf', 'LowCardinality(Nullable(FixedString(3)))', 'fixed', orNull(fixed)),
      column('s', 'LowCardinality(String)', 'string', word),
      column(
        'nb',
        'Nullable(Bool)',
        'bool',
        orNull((r) => String(r.chance(0.5))),
      ),
      column(
        'm',
        'Map(String, Int32)',
        'dict',
        (r) =>
          `{${["'a'", "'b'", "''"]
            .filter(() => r.chance(0.5))
            .map((key) => `${key}:${integer(-9, 9)(r)}`)
            .join(',')}}`,
      ),
      column('p', 'Tuple(a Int32, b String)', 'pair', (r) => `(${integer(-5, 5)(r)},${word(r)})`),
      column('g', 'Array(Nullable(Int32))', 'gaps', (r) => list(r, 4, orNull(integer(-9, 9)))),
      column('aas', 'Array(Array(String))', 'grid', (r) => list(r, 2, (q) => list(q, 2, word))),
    ],
  },
  {
    name: 'ticks',
    orderBy: '(k, at)',
    rows: 60,
    columns: [
      column('k', 'Int32', 'int', integer(-5, 5)),
      // every moment once: the nearest row of an ASOF JOIN is a certain one
      column(
        'at',
        "DateTime('UTC')",
        'datetime',
        (_, row) => `${1_550_000_000 + ((row * 37) % 60) * 2_000_003}`,
      ),
      column('price', 'Nullable(Float64)', 'float', orNull(quarter)),
      column('src', 'String', 'string', word),
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
