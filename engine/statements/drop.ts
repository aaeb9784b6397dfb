// DROP, DETACH, TRUNCATE of tables, views, databases, functions.

import type { Drop, TableName } from '../../sql/index.ts';
import type { TableState } from '../catalog/state.ts';
import { isMaterialized, targetOf, viewExtra } from '../catalog/views.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { applySettings } from '../query/apply-settings.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import {
  findTable,
  nameOf,
  placeOf,
  pointing,
  refuseCluster,
  requireTable,
} from '../query/names.ts';
import { startPlanning } from '../query/plan-query.ts';
import { dropTables } from '../storage/mutations/mutations.ts';
import { truncate } from '../storage/mutations/replace-rows.ts';
import { isSystem, requireDatabase, temporaryDatabase } from '../tables/databases.ts';
import { withInner } from './create/publish-view.ts';
import { detach, dropForAWhile, undrop } from './detach.ts';
import { detachDatabase } from './detach-database.ts';
import { dropIndex } from './index-statements.ts';
import { likePattern } from './look/like.ts';

export async function drop(run: Run, ast: Drop): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  applySettings(run, ast.settings);
  if (ast.action === 'UNDROP') return undrop(run, ast);
  switch (ast.object) {
    case 'DATABASE':
      if (ast.action === 'DETACH') return detachDatabase(run, ast);
      return ast.action === 'TRUNCATE' ? truncateDatabase(run, ast) : dropDatabase(run, ast);
    case 'FUNCTION':
      return dropFunction(run, ast);
    case 'INDEX':
      return dropIndex(run, ast);
    case 'DICTIONARY':
      throw notBuilt(ast.span, 'DROP DICTIONARY');
    default:
  }
  if (ast.allTables) return truncateDatabase(run, ast);
  const tables = ast.names.flatMap((name) => {
    const table = lookUp(run, ast, name);
    return table ? [{ name, table }] : [];
  });
  if (ast.action !== 'DETACH') for (const { name, table } of tables) checkSize(run, name, table);
  if (ast.action === 'TRUNCATE') {
    const { storage } = run.core;
    for (const { name, table } of tables) {
      if (isMaterialized(table.definition)) {
        const target = targetOf(storage.context.catalog.state, table.definition);
        const { inner } = viewExtra(table.definition);
        if (target && target.id === inner) await truncate(storage, storage.store(inner));
        continue;
      }
      const { name: engine } = table.definition.engine;
      if (engine === 'View' || engine === 'Buffer') {
        throw failAt(
          name.span,
          'NOT_IMPLEMENTED',
          `A ${engine} has no rows of its own to truncate`,
        );
      }
      await truncate(storage, storage.store(table.id));
    }
    return done;
  }
  if (ast.action === 'DETACH') {
    return detach(
      run,
      ast,
      tables.map((t) => t.table),
    );
  }
  const { state } = run.core.storage.context.catalog;
  const ids = [...new Set(tables.flatMap((t) => withInner(state, t.table)))];
  const plain = ast.sync || ast.temporary || tables.some((t) => !isPlain(t.table));
  if (plain) await dropTables(run.core.storage, ids);
  else
    await dropForAWhile(
      run,
      ids.flatMap((id) => state.tables.get(id) ?? []),
    );
  for (const { name } of tables)
    if (!name.database) run.session?.temporary.delete(nameOf(run, name.table));
  return done;
}

/** max_table_size_to_drop, where the statement or its session sets it. */
function checkSize(run: Run, { span }: TableName, { definition, segments }: TableState): void {
  const most = Number(run.settings.changed.get('max_table_size_to_drop') ?? 0);
  if (!(most > 0)) return;
  const inMemory = run.core.storage.store(definition.id).memory.bytes;
  const bytes = segments.reduce((sum, s) => sum + s.bytes, inMemory);
  if (bytes <= most) return;
  const text = `Table ${definition.database}.${definition.name} has ${bytes} bytes, more than max_table_size_to_drop (${most}): it stays`;
  throw failAt(span, 'TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT', text, {
    hint: 'SETTINGS max_table_size_to_drop = 0 takes tables of any size',
  });
}

/** Tables that UNDROP may bring back: no views, none of a session. */
const isPlain = ({ definition }: TableState): boolean =>
  definition.database !== temporaryDatabase && !/View$/.test(definition.engine.name);

function lookUp(run: Run, ast: Drop, name: TableName): TableState | undefined {
  const place = placeOf(run, name);
  const { catalog } = startPlanning(run).ctx;
  if (isSystem(place.database) && ast.ifExists && !catalog.find(place.database, place.name))
    return undefined;
  if (isSystem(place.database))
    throw failAt(name.span, 'ACCESS_DENIED', 'Tables of the database system stay');
  if (ast.temporary && !run.session?.temporary.has(place.name)) {
    if (ast.ifExists) return undefined;
    const text = `Temporary table ${place.name} does not exist`;
    throw failAt(name.span, 'UNKNOWN_TABLE', text);
  }
  const table = findTable(run, name);
  if (!table) {
    if (ast.ifExists) return undefined;
    return requireTable(run, name);
  }
  const isView = /View$/.test(table.definition.engine.name);
  if (ast.object === 'VIEW' && !isView) {
    throw failAt(name.span, 'INCORRECT_QUERY', `${place.name} is a table, not a view`, {
      hint: 'Write DROP TABLE',
    });
  }
  if (ast.ifEmpty) {
    const rows = table.segments.reduce(
      (n, s) => n + s.rows,
      run.core.storage.store(table.id).memory.rows,
    );
    if (rows > 0) throw failAt(name.span, 'TABLE_IS_READ_ONLY', `Table ${place.name} is not empty`);
  }
  return table;
}

async function dropDatabase(run: Run, ast: Drop): Promise<Answer> {
  const { catalog } = run.core.storage.context;
  for (const { table: written } of ast.names) {
    const name = nameOf(run, written);
    if (isSystem(name) || name === temporaryDatabase) {
      throw failAt(written.span, 'ACCESS_DENIED', `The database ${name} stays`);
    }
    const database = catalog.state.databases.get(name);
    if (!database) {
      if (ast.ifExists) continue;
      try {
        requireDatabase(catalog.state, name);
      } catch (error) {
        throw pointing(error, written.span);
      }
      continue;
    }
    if (ast.ifEmpty && database.tables.size > 0) {
      throw failAt(
        written.span,
        'DATABASE_NOT_EMPTY',
        `Database ${name} has ${database.tables.size} table(s)`,
      );
    }
    const tables = [...database.tables.values()];
    await dropTables(run.core.storage, tables, [{ op: 'dropDatabase', name }]);
  }
  return done;
}

async function truncateDatabase(run: Run, ast: Drop): Promise<Answer> {
  const { storage } = run.core;
  const written = ast.names[0]?.table;
  if (!written) throw failAt(ast.span, 'SYNTAX_ERROR', 'A database is missing');
  const name = nameOf(run, written);
  try {
    requireDatabase(storage.context.catalog.state, name);
  } catch (error) {
    throw pointing(error, written.span);
  }
  const fits = ast.like && likePattern(ast.like.pattern, ast.like.caseInsensitive);
  for (const [table, id] of storage.context.catalog.state.databases.get(name)?.tables ?? []) {
    if (fits && fits(table) === ast.like?.negated) continue;
    if (/View$/.test(storage.context.catalog.table(id)?.definition.engine.name ?? '')) continue;
    await truncate(storage, storage.store(id));
  }
  return done;
}

async function dropFunction(run: Run, ast: Drop): Promise<Answer> {
  const { catalog } = run.core.storage.context;
  for (const { table: written } of ast.names) {
    const name = nameOf(run, written);
    const { functions } = run.core.native;
    if (functions.scalar(name) !== undefined || functions.aggregate(name) !== undefined)
      throw failAt(written.span, 'CANNOT_DROP_FUNCTION', `The function ${name} is built in`);
    if (!catalog.state.objects.get('function')?.has(name)) {
      if (ast.ifExists) continue;
      throw failAt(written.span, 'UNKNOWN_FUNCTION', `There is no user-defined function ${name}`);
    }
    await catalog.commit({ ddl: [{ op: 'removeObject', kind: 'function', name }] });
    run.core.plans.clear();
  }
  return done;
}
