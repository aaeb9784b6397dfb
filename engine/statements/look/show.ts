// SHOW …: most forms are queries over the system tables; SHOW CREATE prints a definition.

import {
  type Expression,
  parseStatement,
  print,
  quoteString,
  type Select,
  type Show,
  suggest,
} from '../../../sql/index.ts';
import { innerOf } from '../../catalog/views.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import type { LitValue } from '../../plan/physical/wire.ts';
import { applyOutput } from '../../query/apply-settings.ts';
import type { Answer, Run } from '../../query/core.ts';
import { nameOf, placeOf, pointing, requireDefinition } from '../../query/names.ts';
import { bindTop, planText, startPlanning } from '../../query/plan-query.ts';
import { createDatabaseSql, createTableSql } from '../../tables/create-sql.ts';
import { isSystem, requireDatabase } from '../../tables/databases.ts';
import type { Rows } from './describe.ts';

export function show(run: Run, ast: Show): Answer {
  applyOutput(run, ast.output);
  const rows = showRows(run, ast);
  if (rows) return { kind: 'rows', ...rows };
  const planning = startPlanning(run);
  return { kind: 'plan', plan: planText(planning, bindTop(planning, showQuery(run, ast))) };
}

const empty = (...names: string[]): Rows => ({
  columns: names.map((name) => ({ name, type: 'String' })),
  rows: [],
});

/** Forms whose rows are made here; undefined for those that are queries. */
export function showRows(run: Run, ast: Show): Rows | undefined {
  switch (ast.type) {
    case 'CREATE':
    case 'CREATE TABLE':
    case 'CREATE VIEW':
    case 'CREATE TEMPORARY TABLE':
      return statementRow(showCreateTable(run, ast));
    case 'CREATE DICTIONARY': {
      const name = ast.name && requireDefinition(run, ast.name).name;
      throw failAt(
        ast.name?.span ?? ast.span,
        'BAD_ARGUMENTS',
        `${name ?? ''} is not a DICTIONARY`,
      );
    }
    case 'CREATE DATABASE': {
      const name = ast.name ? nameOf(run, ast.name.table) : run.database;
      database(run, ast, name);
      return statementRow(createDatabaseSql(run, name));
    }
    case 'GRANTS':
    case 'ACCESS':
      return empty('GRANTS');
    case 'USERS':
      return { columns: [{ name: 'name', type: 'String' }], rows: [[run.user.name]] };
    case 'ROLES':
    case 'CURRENT ROLES':
    case 'ENABLED ROLES':
    case 'POLICIES':
    case 'ROW POLICIES':
    case 'QUOTAS':
    case 'PROFILES':
    case 'SETTINGS PROFILES':
    case 'DICTIONARIES':
    case 'NAMED COLLECTIONS':
    case 'FILESYSTEM CACHES':
      return empty('name');
    case 'CLUSTERS':
      return empty('cluster');
    case 'PRIVILEGES':
      return empty('privilege', 'aliases', 'level', 'parent_group');
    case 'MERGES':
      return empty('table', 'database', 'estimate_complete');
    default:
      return undefined;
  }
}

const statementRow = (sql: string): Rows => ({
  columns: [{ name: 'statement', type: 'String' }],
  rows: [[sql] as LitValue[]],
});

function showCreateTable(run: Run, ast: Show): string {
  if (!ast.name) throw failAt(ast.span, 'SYNTAX_ERROR', 'SHOW CREATE needs a name');
  const place = placeOf(run, ast.name);
  if (isSystem(place.database)) {
    const table = startPlanning(run).ctx.catalog.find(place.database, place.name);
    if (table) {
      const columns = table.columns.map((c) => `    \`${c.name}\` ${c.type}`).join(',\n');
      const what = table.kind === 'view' ? 'VIEW' : 'TABLE';
      const engine = table.kind === 'view' ? `\nAS ${print(table.query)}` : '\nENGINE = System';
      return `CREATE ${what} ${place.database}.${place.name}\n(\n${columns}\n)${engine}`;
    }
  }
  const definition = requireDefinition(run, ast.name);
  if (ast.type === 'CREATE VIEW' && !/View$/.test(definition.engine.name)) {
    throw failAt(ast.name.span, 'BAD_ARGUMENTS', `${place.name} is a table, not a view`);
  }
  const { state } = run.core.storage.context.catalog;
  const types = run.settings.text('print_pretty_type_names') === '1';
  return createTableSql(definition, types ? 'types' : true, innerOf(state, definition));
}

function database(run: Run, ast: Show, name: string): void {
  try {
    requireDatabase(run.core.storage.context.catalog.state, name);
  } catch (error) {
    throw pointing(error, ast.from?.span ?? ast.name?.span ?? ast.span);
  }
}

/** The query that a form stands for. */
export function showQuery(run: Run, ast: Show): Select {
  const base = parseStatement(baseQuery(run, ast));
  if (base.kind !== 'QueryStatement' || base.query.kind !== 'Select')
    throw notBuilt(ast.span, `SHOW ${ast.type}`);
  const select = base.query;
  const more: Expression[] = [];
  if (ast.like) {
    const pattern = quoteString(ast.like.pattern);
    const op = `${ast.like.negated ? 'NOT ' : ''}${ast.like.caseInsensitive ? 'ILIKE' : 'LIKE'}`;
    const test = parseStatement(`SELECT 1 WHERE ${likeColumn(ast)} ${op} ${pattern}`);
    if (test.kind === 'QueryStatement' && test.query.kind === 'Select' && test.query.where)
      more.push(test.query.where);
  }
  if (ast.where) more.push(ast.where);
  const all = select.where ? [select.where, ...more] : more;
  const where: Expression | undefined =
    all.length > 1
      ? { kind: 'Chain', op: 'AND', fn: 'and', operands: all, span: ast.span }
      : all[0];
  return {
    ...select,
    ...(where ? { where } : {}),
    ...(ast.limit
      ? { limit: { kind: 'Limit', limit: ast.limit, withTies: false, span: ast.limit.span } }
      : {}),
  };
}

const likeColumn = (ast: Show): string =>
  ast.type.startsWith('COLUMNS') || ast.type === 'FIELDS' ? 'field' : 'name';

function baseQuery(run: Run, ast: Show): string {
  const from = ast.from ? nameOf(run, ast.from) : run.database;
  const db = quoteString(from);
  switch (ast.type) {
    case 'TABLES': {
      if (!ast.temporary) database(run, ast, from);
      const kind = ast.full ? ', engine' : '';
      const where = ast.temporary ? 'is_temporary' : `database = ${db} AND NOT is_temporary`;
      return `SELECT name${kind} FROM system.tables WHERE ${where} ORDER BY name`;
    }
    case 'DATABASES':
    case 'SCHEMAS':
      return 'SELECT name FROM system.databases ORDER BY name';
    case 'COLUMNS':
    case 'FIELDS': {
      if (!ast.name) throw failAt(ast.span, 'SYNTAX_ERROR', 'SHOW COLUMNS needs a table');
      const place = placeOf(run, ast.name);
      const owner = ast.from ? from : place.database;
      const full = ast.full ? ", NULL AS collation, comment, '' AS privileges" : '';
      return `SELECT name AS field, type, if(match(type, '^(LowCardinality\\\\()?Nullable'), 'YES', 'NO') AS \`null\`, if(is_in_primary_key, 'PRI SOR', if(is_in_sorting_key, 'SOR', '')) AS key, if(default_expression = '' OR default_kind = 'EPHEMERAL', NULL, default_expression) AS default, '' AS extra${full} FROM system.columns WHERE database = ${quoteString(owner)} AND table = ${quoteString(place.name)} ORDER BY field`;
    }
    case 'INDEX':
    case 'INDEXES':
    case 'INDICES':
    case 'KEYS': {
      if (!ast.name) throw failAt(ast.span, 'SYNTAX_ERROR', 'SHOW INDEX needs a table');
      const place = placeOf(run, ast.name);
      const database = quoteString(ast.from ? from : place.database);
      const table = quoteString(place.name);
      const list = (
        name: string,
        seq: string,
        column: string,
        order: string,
        kind: string,
        expr: string,
      ): string =>
        `table, 1 AS non_unique, ${name} AS key_name, ${seq} AS seq_in_index, ${column} AS column_name, ${order} AS collation, 0 AS cardinality, NULL AS sub_part, NULL AS packed, NULL AS \`null\`, ${kind} AS index_type, '' AS comment, '' AS index_comment, 'YES' AS visible, ${expr} AS expression`;
      const skipping = `SELECT ${list('name', '1', "''", 'NULL', 'upper(type)', 'expr')} FROM system.data_skipping_indices WHERE database = ${database} AND table = ${table}`;
      const primary = `SELECT ${list("'PRIMARY'", 'place', 'column', "'A'", "'PRIMARY'", "''")} FROM (SELECT name AS table, splitByString(', ', primary_key) AS keys FROM system.tables WHERE database = ${database} AND name = ${table}) ARRAY JOIN keys AS column, arrayEnumerate(keys) AS place`;
      return `SELECT * FROM (${skipping} UNION ALL ${primary}) ORDER BY index_type, expression, seq_in_index`;
    }
    case 'FUNCTIONS':
      return 'SELECT * FROM system.functions ORDER BY name';
    case 'SETTINGS':
      return `SELECT name, type, value FROM system.settings ${ast.changed ? 'WHERE changed' : ''} ORDER BY name`;
    case 'SETTING': {
      const name = ast.name ? nameOf(run, ast.name.table) : '';
      return `SELECT value FROM system.settings WHERE name = ${quoteString(name)}`;
    }
    case 'PROCESSLIST':
      return 'SELECT * FROM system.processes ORDER BY elapsed DESC';
    case 'ENGINES':
      return 'SELECT * FROM system.table_engines ORDER BY name';
    case 'FORMATS':
      return 'SELECT * FROM system.formats ORDER BY name';
    default: {
      const near = suggest(ast.type, [
        'TABLES',
        'DATABASES',
        'COLUMNS',
        'FUNCTIONS',
        'SETTINGS',
        'PROCESSLIST',
      ]);
      throw notBuilt(ast.span, `SHOW ${ast.type}`, near ? `Did you mean SHOW ${near}?` : undefined);
    }
  }
}
