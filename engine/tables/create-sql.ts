// Definitions → the CREATE statement that makes them, for SHOW CREATE and system.tables.

import { parseExpression, parseStatement, printLines, quoteString } from '../../sql/index.ts';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../catalog/definition.ts';
import { isMaterialized, viewExtra } from '../catalog/views.ts';
import { identifierText } from '../plan/bind/names.ts';
import { typeInLines } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { temporaryDatabase } from './databases.ts';
import { engineTarget } from './other-engines.ts';
import { constraintsOf } from './shape.ts';

const tick = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

function columnSql(column: ColumnDefinition, pretty: Pretty): string {
  const type = pretty === 'types' ? typeInLines(column.type, 4) : column.type;
  const parts = [tick(column.name), type];
  if (column.defaultKind)
    parts.push(
      column.defaultKind,
      ...(column.defaultExpr === undefined ? [] : [column.defaultExpr]),
    );
  if (column.comment !== undefined) parts.push('COMMENT', quoteString(column.comment));
  if (column.codec !== undefined) parts.push(`CODEC(${column.codec})`);
  if (column.ttl !== undefined) parts.push('TTL', column.ttl);
  const settings = Object.entries(column.settings ?? {}).map(
    ([name, value]) => `${name} = ${value}`,
  );
  if (settings.length > 0) parts.push(`SETTINGS (${settings.join(', ')})`);
  return parts.join(' ');
}

/** One line; a column a line; or the elements of tuples on lines of their own, too. */
export type Pretty = boolean | 'types';

/** What stood around the only expression of a key. */
export type KeyForm = 'parentheses' | 'tuple';
export type KeyForms = Readonly<
  Record<'orderBy' | 'primaryKey' | 'partitionBy' | 'sampleBy', KeyForm | undefined>
>;

/** A key of one expression as it was written. */
export function writtenKey(
  { extra }: TableDefinition,
  clause: keyof KeyForms,
  text: string,
): string {
  const form = (extra?.keyForms as KeyForms | undefined)?.[clause];
  if (form === 'tuple') return `tuple(${text})`;
  return form === 'parentheses' ? `(${text})` : text;
}

/** The expressions of a key, without the parentheses around several. */
export function keyItems(table: TableDefinition, clause: 'orderBy' | 'primaryKey'): string {
  const list = table[clause] ?? [];
  const [only] = list;
  return list.length === 1 && only !== undefined
    ? writtenKey(table, clause, only)
    : list.join(', ');
}

/** Which expressions of a sorting key were written with DESC, and whether a list was. Rows lie ascending all the
 *  same: the word says how somebody likes to read them. */
export interface KeyDirections {
  readonly desc: readonly boolean[];
  readonly list: boolean;
}

function keyText(table: TableDefinition, clause: 'orderBy' | 'primaryKey'): string {
  const directions = table.extra?.keyDirections as KeyDirections | undefined;
  if (clause === 'orderBy' && directions) {
    const parts = table.orderBy.map((text, i) => (directions.desc[i] ? `${text} DESC` : text));
    return directions.list ? `tuple(${parts.join(', ')})` : parts.join(', ');
  }
  const items = keyItems(table, clause);
  if (items === '') return 'tuple()';
  return (table[clause] ?? []).length === 1 ? items : `(${items})`;
}

export const indexText = ({ expr, wrapped }: IndexDefinition): string =>
  wrapped ? `(${expr})` : expr;

/** The same as system.data_skipping_indices has it: several without parentheses around them. */
export const indexItems = (index: IndexDefinition): string =>
  parseExpression(index.expr).kind === 'Tuple' ? index.expr.slice(1, -1) : indexText(index);

/** The arguments of an engine; those of Merge and Buffer name their target in full. */
function argumentsOf(table: TableDefinition): string {
  const { name, args } = table.engine;
  const target = engineTarget(table);
  if (!target || !/^(Merge|Buffer)$/.test(name)) return args;
  const rest = name === 'Buffer' ? args.split(',').slice(2) : [];
  return [
    quoteString(target.database),
    quoteString(target.table),
    ...rest.map((s) => s.trim()),
  ].join(', ');
}

/** `MergeTree PARTITION BY … ORDER BY … SETTINGS …`: the engine with all it was told. */
export function engineSql(table: TableDefinition, separator = ' '): string {
  const { engine } = table;
  const name = engine.name === 'Null' ? '`Null`' : engine.name;
  const args = argumentsOf(table);
  const parts = [args ? `${name}(${args})` : name];
  if (table.partitionBy !== undefined)
    parts.push(`PARTITION BY ${writtenKey(table, 'partitionBy', table.partitionBy)}`);
  if (table.primaryKey) parts.push(`PRIMARY KEY ${keyText(table, 'primaryKey')}`);
  if (/MergeTree$/.test(engine.name)) parts.push(`ORDER BY ${keyText(table, 'orderBy')}`);
  if (table.sampleBy !== undefined)
    parts.push(`SAMPLE BY ${writtenKey(table, 'sampleBy', table.sampleBy)}`);
  if (table.ttl !== undefined) parts.push(`TTL ${table.ttl}`);
  const settings = Object.entries(table.settings);
  if (/MergeTree$/.test(engine.name) && !('index_granularity' in table.settings)) {
    settings.push(['index_granularity', '8192']);
  }
  if (settings.length > 0) {
    const list = settings.map(
      ([name, value]) => `${name} = ${/^-?\d+(\.\d+)?$/.test(value) ? value : quoteString(value)}`,
    );
    parts.push(`SETTINGS ${list.join(', ')}`);
  }
  return parts.join(separator);
}

/** A stored query a clause a line. */
function prettyQuery(text: string, indent: string, directions: boolean): string {
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement') return indent + text;
  return printLines(statement.query, indent, directions);
}

const queryText = (query: string, pretty: boolean): string =>
  pretty ? prettyQuery(query, '', true) : query;

/** `pretty`: one column a line, as SHOW CREATE prints it.
 *  @param inner a materialised view's own table */
export function createTableSql(
  table: TableDefinition,
  pretty: Pretty,
  inner?: TableDefinition,
): string {
  const temporary = table.database === temporaryDatabase;
  const name = temporary
    ? identifierText(table.name.slice(table.name.lastIndexOf('\n') + 1))
    : `${identifierText(table.database)}.${identifierText(table.name)}`;
  const elements = table.columns.map((column) => columnSql(column, pretty));
  for (const index of table.indexes) {
    elements.push(
      `INDEX ${identifierText(index.name)} ${indexText(index)} TYPE ${index.type} GRANULARITY ${index.granularity}`,
    );
  }
  for (const { name: constraint, type, expr } of constraintsOf(table)) {
    elements.push(`CONSTRAINT ${identifierText(constraint)} ${type} ${expr}`);
  }
  for (const projection of table.projections ?? []) {
    const { name, query } = projection;
    const body = pretty
      ? `\n    (\n${prettyQuery(query, '        ', false)}\n    )`
      : ` (${query})`;
    elements.push(`PROJECTION ${identifierText(name)}${body}`);
  }
  const gap = pretty ? '\n' : ' ';
  // The columns of a view with parameters are known once it is called.
  const listed = pretty ? `\n    ${elements.join(',\n    ')}\n` : elements.join(', ');
  const columns = elements.length === 0 ? '' : `${gap}(${listed})`;
  const comment = table.comment === undefined ? '' : `${gap}COMMENT ${quoteString(table.comment)}`;
  if (isMaterialized(table)) {
    const { query, to, refresh } = viewExtra(table);
    const target = to && `${identifierText(to.database)}.${identifierText(to.name)}`;
    const when = (refresh as { text?: string } | undefined)?.text;
    const head = `CREATE MATERIALIZED VIEW ${name}${when ? `${gap}${when}` : ''}`;
    const where = target ? ` TO ${target}` : '';
    const storage = inner && !target ? `${gap}ENGINE = ${engineSql(inner, gap)}` : '';
    return `${head}${where}${columns}${storage}${comment}${gap}AS ${queryText(query, pretty !== false)}`;
  }
  if (table.extra?.function !== undefined) {
    return `CREATE TABLE ${name}${columns} AS ${String(table.extra.function)}${comment}`;
  }
  if (table.engine.name === 'View') {
    return `CREATE VIEW ${name}${columns}${comment}${gap}AS ${queryText(String(table.extra?.query ?? ''), pretty !== false)}`;
  }
  return `CREATE ${temporary ? 'TEMPORARY ' : ''}TABLE ${name}${columns}${gap}ENGINE = ${engineSql(table, gap)}${comment}`;
}

export function createDatabaseSql(run: Run, name: string): string {
  const definition = run.core.storage.context.catalog.state.databases.get(name)?.definition;
  const comment = definition?.comment;
  const tail = typeof comment === 'string' ? `\nCOMMENT ${quoteString(comment)}` : '';
  return `CREATE DATABASE ${identifierText(name)}\nENGINE = Atomic${tail}`;
}
