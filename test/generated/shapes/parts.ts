// What the shapes of generated queries have in common. Every query either orders by all it returns or is compared without
// order, so that two right engines cannot differ.
import { expression, randomKind, type Visible } from '../expressions.ts';
import type { Random } from '../random.ts';
import { type TableDef, tables } from '../tables.ts';

export interface Query {
  sql: string;
  /** Whether the order of the rows is part of the answer. */
  ordered: boolean;
  /** What the shape needs so that both mean the same. */
  settings?: readonly string[];
}

export const visible = (table: TableDef, alias = ''): Visible[] =>
  table.columns.map((c) => ({
    sql: `${alias}${c.name}`,
    kind: c.kind,
    nullable: c.nullable,
  }));

/** How often each table is asked, against the others. */
const shares: Readonly<Record<string, number>> = { wide: 8, side: 4, typed: 8, ticks: 1 };

export const table = (random: Random): TableDef =>
  random.weighted(tables.map((t) => [shares[t.name] ?? 1, t] as const));

export const named = (name: string): TableDef => {
  const found = tables.find((t) => t.name === name);
  if (!found) throw new Error(`no table ${name}`);
  return found;
};

export const where = (random: Random, columns: readonly Visible[], share = 0.6): string =>
  random.chance(share)
    ? ` ${random.chance(0.1) ? 'PREWHERE' : 'WHERE'} ${expression(random, columns, 'bool', 2)}`
    : '';

export const outputs = (random: Random, columns: readonly Visible[], most = 4): string[] =>
  random.some(
    1,
    most,
    (i) => `${expression(random, columns, randomKind(random, columns), 2)} AS c${i}`,
  );

/** ORDER BY every output (then rows that tie are the same), with a limit now and then. */
export function ordering(random: Random, count: number): { sql: string; ordered: boolean } {
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
