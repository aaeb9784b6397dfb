// Definitions → the CREATE statement that makes them, for SHOW CREATE and system.tables.

import { parseStatement, printLines, quoteString } from '../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { isMaterialized, viewExtra } from '../catalog/views.ts';
import { identifierText } from '../plan/bind/names.ts';
import type { Run } from '../query/core.ts';
import { engineTarget } from './other-engines.ts';
import { constraintsOf } from './shape.ts';

/** Where the tables of sessions are kept. */
export const temporaryDatabase = '_temporary_and_external_tables';

const tick = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

function columnSql(column: ColumnDefinition): string {
  const parts = [tick(column.name), column.type];
  if (column.defaultKind)
    parts.push(
      column.defaultKind,
      ...(column.defaultExpr === undefined ? [] : [column.defaultExpr]),
    );
  if (column.comment !== undefined) parts.push('COMMENT', quoteString(column.comment));
  if (column.codec !== undefined) parts.push(`CODEC(${column.codec})`);
  if (column.ttl !== undefined) parts.push('TTL', column.ttl);
  return parts.join(' ');
}

const keyText = (list: readonly string[]): string =>
  list.length === 0 ? 'tuple()' : list.length === 1 ? (list[0] as string) : `(${list.join(', ')})`;

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
  if (table.partitionBy !== undefined) parts.push(`PARTITION BY ${table.partitionBy}`);
  if (table.primaryKey) parts.push(`PRIMARY KEY ${keyText(table.primaryKey)}`);
  if (/MergeTree$/.test(engine.name)) parts.push(`ORDER BY ${keyText(table.orderBy)}`);
  if (table.sampleBy !== undefined) parts.push(`SAMPLE BY ${table.sampleBy}`);
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
  pretty: boolean,
  inner?: TableDefinition,
): string {
  const temporary = table.database === temporaryDatabase;
  const name = temporary
    ? identifierText(table.name.slice(table.name.lastIndexOf('\n') + 1))
    : `${identifierText(table.database)}.${identifierText(table.name)}`;
  const elements = table.columns.map(columnSql);
  for (const index of table.indexes) {
    elements.push(
      `INDEX ${identifierText(index.name)} ${index.expr} TYPE ${index.type} GRANULARITY ${index.granularity}`,
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
    return `${head}${where}${columns}${storage}${comment}${gap}AS ${queryText(query, pretty)}`;
  }
  if (table.extra?.function !== undefined) {
    return `CREATE TABLE ${name}${columns} AS ${String(table.extra.function)}${comment}`;
  }
  if (table.engine.name === 'View') {
    return `CREATE VIEW ${name}${columns}${comment}${gap}AS ${queryText(String(table.extra?.query ?? ''), pretty)}`;
  }
  return `CREATE ${temporary ? 'TEMPORARY ' : ''}TABLE ${name}${columns}${gap}ENGINE = ${engineSql(table, gap)}${comment}`;
}

export function createDatabaseSql(run: Run, name: string): string {
  const definition = run.core.storage.context.catalog.state.databases.get(name)?.definition;
  const comment = definition?.comment;
  const tail = typeof comment === 'string' ? `\nCOMMENT ${quoteString(comment)}` : '';
  return `CREATE DATABASE ${identifierText(name)}\nENGINE = Atomic${tail}`;
}
