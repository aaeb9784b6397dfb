// The tables of portable queries: the same rows for both, in types that mean the same.
import { type Random, seeded } from '../random.ts';

export type Kind = 'num' | 'flt' | 'txt' | 'day' | 'yes' | 'dec' | 'tim';
export interface Column {
  sql: string;
  kind: Kind;
}

const texts = ["''", "'a'", "'b'", "'Ab'", "'hello'", "'x y'", "'10'"];
const two = (n: number): string => String(n).padStart(2, '0');
const date = (random: Random): string =>
  `${2019 + random.int(3)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}`;

/** Values of each kind that columns have. */
const cells: Record<Exclude<Kind, 'yes'>, (random: Random) => string> = {
  num: (random) => String(random.int(21) - 10),
  flt: (random) => String((random.int(401) - 200) / 4),
  txt: (random) => random.pick(texts),
  day: (random) => `'${date(random)}'`,
  dec: (random) => ((random.int(2001) - 1000) / 100).toFixed(2),
  tim: (random) => `'${date(random)} ${two(random.int(24))}:${two(random.int(60))}:00'`,
};

/** Types here and there. */
const types: Record<keyof typeof cells, readonly [string, string]> = {
  num: ['Nullable(Int64)', 'BIGINT'],
  flt: ['Nullable(Float64)', 'DOUBLE'],
  txt: ['Nullable(String)', 'VARCHAR'],
  day: ['Nullable(Date)', 'DATE'],
  dec: ['Nullable(Decimal(18, 2))', 'DECIMAL(18, 2)'],
  tim: ["Nullable(DateTime('UTC'))", 'TIMESTAMP'],
};

const tables: Record<string, Record<string, keyof typeof cells>> = {
  p: { a: 'num', f: 'flt', s: 'txt', d: 'day', m: 'dec', z: 'tim' },
  q: { k: 'num', v: 'flt', t: 'txt', e: 'day', c: 'dec' },
};

/** `p` has a key, too. */
export const columnsOf = (table: string, alias = ''): Column[] => [
  ...(table === 'p' ? [{ sql: `${alias}id`, kind: 'num' as const }] : []),
  ...Object.entries(tables[table] ?? {}).map(([name, kind]) => ({ sql: `${alias}${name}`, kind })),
];

/** @returns statements for us and for DuckDB */
export function portableSetup(): { ours: string[]; duck: string[] } {
  const random = seeded(7);
  const ours: string[] = [];
  const duck: string[] = [];
  for (const [table, columns] of Object.entries(tables)) {
    const key = table === 'p';
    const defined = (side: 0 | 1): string =>
      [
        ...(key ? [`id ${['Int64', 'BIGINT'][side]}`] : []),
        ...Object.entries(columns).map(([name, kind]) => `${name} ${types[kind][side]}`),
      ].join(', ');
    ours.push(`CREATE TABLE ${table} (${defined(0)}) ENGINE = MergeTree ORDER BY tuple()`);
    duck.push(`CREATE TABLE ${table} (${defined(1)})`);
    for (let part = 0; part < 2; part++) {
      const rows = Array.from({ length: 50 }, (_, i) => {
        const row = Object.values(columns).map((kind) =>
          random.chance(0.2) ? 'NULL' : cells[kind](random),
        );
        return `(${[...(key ? [part * 50 + i] : []), ...row].join(', ')})`;
      });
      for (const out of [ours, duck]) out.push(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
    }
  }
  return { ours, duck };
}
