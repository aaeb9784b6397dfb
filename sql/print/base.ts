// Small parts that all printers share.
import type { Drop, Expression, Name, Query, SettingItem, Show, TableName } from '../ast/index.ts';
import { quoteIdentifier, quoteString } from '../escape.ts';
import { print } from './index.ts';

/** How much is spelled out: `full` as ClickHouse writes statements down, with operands in parentheses.
 *  Printing is synchronous, so one value holds for one call of `inFull`. */
export const style: {
  full: boolean;
  /** ORDER BY without ASC, as in projections. */
  plainOrder?: boolean | undefined;
  subquery?: ((query: Query) => string) | undefined;
  /** What is implied is said: FROM system.one, ALL of joins. */
  implied?: boolean | undefined;
} = { full: false };

export function inFull<T>(work: () => T): T {
  const { full, plainOrder, subquery, implied } = style;
  style.full = true;
  try {
    return work();
  } finally {
    Object.assign(style, { full, plainOrder, subquery, implied });
  }
}

const plainName = /^[A-Za-z0-9_$]+(?:\.[A-Za-z0-9_$]+)*$/;

export function printName(node: Name): string {
  if (node.parameter !== undefined) return `{${node.parameter}:Identifier}`;
  // Subcolumns of JSON keep their signs.
  if (!node.quoted && /^[:^]|\[\]$/.test(node.name)) return node.name;
  return bareName(node.name, node.quoted);
}
export const bareName = (name: string, quoted = false): string =>
  (quoted && (!style.full || reserved.test(name))) || !plainName.test(name)
    ? quoteIdentifier(name)
    : name;

/** Names that need quotes, and those that begin with a digit or hold a dot. */
const reserved =
  /^(?:select|distinct|all|table|from|where|null|true|false|and|or|not|\d.*|.*\..*)$/i;

export const printTableName = (node: TableName): string =>
  node.database === undefined
    ? printName(node.table)
    : `${printName(node.database)}.${printName(node.table)}`;

/** Words and parts that are there, joined by blanks. */
export const words = (...parts: (string | false | undefined)[]): string =>
  parts.filter((part) => part !== false && part !== undefined && part !== '').join(' ');

/** `prefix part`, or nothing without a part. */
export const after = (prefix: string, part: string | undefined): string | undefined =>
  part === undefined ? undefined : `${prefix} ${part}`;

export const text = (prefix: string, value: string | undefined): string | undefined =>
  value === undefined ? undefined : `${prefix} ${quoteString(value)}`;

export const names = (list: readonly Name[]): string => list.map(printName).join(', ');

/** Where an alias is not allowed without parentheses. */
export const plain = (node: Expression): string =>
  node.kind === 'Alias' ? `(${print(node)})` : print(node);
export const plainOf = (prefix: string, node: Expression | undefined): string | undefined =>
  node === undefined ? undefined : `${prefix} ${plain(node)}`;

/** Expressions of a list in which aliases are allowed. */
export const list = (items: readonly Expression[]): string => items.map(print).join(', ');
export const plainList = (items: readonly Expression[]): string => items.map(plain).join(', ');

export const settings = (items: readonly SettingItem[]): string => items.map(print).join(', ');
export const settingsClause = (items: readonly SettingItem[] | undefined): string | undefined =>
  items === undefined ? undefined : `SETTINGS ${settings(items)}`;
export const cluster = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `ON CLUSTER ${bareName(name)}`;

export const exists = (node: { ifExists: boolean }): string | false => node.ifExists && 'IF EXISTS';
export const missing = (node: { ifNotExists: boolean }): string | false =>
  node.ifNotExists && 'IF NOT EXISTS';

export function printLike(node: Drop | Show): string | undefined {
  const { like } = node;
  if (like === undefined) return undefined;
  return words(
    like.negated && 'NOT',
    like.caseInsensitive ? 'ILIKE' : 'LIKE',
    quoteString(like.pattern),
  );
}
