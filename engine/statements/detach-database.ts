// DETACH and ATTACH of databases: under a name that no statement can write, so that nothing finds the tables
// while their rows, their keys and what merges do with them stay as they are.

import type { CreateDatabase, Drop, Name } from '../../sql/index.ts';
import { failAt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { nameOf, pointing } from '../query/names.ts';
import { detachedName, isSystem, requireDatabase } from '../tables/databases.ts';

async function renamed(run: Run, from: string, to: string): Promise<Answer> {
  run.core.plans.clear();
  await run.core.storage.context.catalog.commit({ ddl: [{ op: 'renameDatabase', from, to }] });
  run.core.plans.clear();
  return done;
}

export async function detachDatabase(run: Run, ast: Drop): Promise<Answer> {
  const { state } = run.core.storage.context.catalog;
  const written = ast.names[0]?.table as Name;
  const name = nameOf(run, written);
  if (isSystem(name))
    throw failAt(written.span, 'ACCESS_DENIED', 'The database system cannot be detached');
  if (ast.ifExists && !state.databases.has(name)) return done;
  try {
    requireDatabase(state, name);
  } catch (error) {
    throw pointing(error, written.span);
  }
  const aside = detachedName(name);
  if (state.databases.has(aside)) {
    const text = `Another database ${name} is detached already`;
    throw failAt(written.span, 'DATABASE_ALREADY_EXISTS', text, {
      hint: 'Rename this one first, and ATTACH the other',
    });
  }
  return renamed(run, name, aside);
}

export async function attachDatabase(run: Run, ast: CreateDatabase): Promise<Answer> {
  const { databases } = run.core.storage.context.catalog.state;
  const name = nameOf(run, ast.name);
  if (databases.has(name)) {
    if (ast.ifNotExists) return done;
    const text = `Database ${name} already exists`;
    throw failAt(ast.name.span, 'DATABASE_ALREADY_EXISTS', text);
  }
  if (databases.has(detachedName(name))) return renamed(run, detachedName(name), name);
  throw failAt(ast.name.span, 'UNKNOWN_DATABASE', `No database ${name} is detached`);
}
