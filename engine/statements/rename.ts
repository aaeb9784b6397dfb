// RENAME and EXCHANGE of tables and databases: all pairs of a statement in one commit.

import type { Rename } from '../../sql/index.ts';
import type { DdlChange } from '../catalog/state.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import {
  checkName,
  findTable,
  nameOf,
  placeOf,
  pointing,
  refuseCluster,
  requireTable,
  requireWritable,
} from '../query/names.ts';
import { isSystem, requireDatabase } from '../tables/databases.ts';

export async function rename(run: Run, ast: Rename): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  const { catalog } = run.core.storage.context;
  if (ast.object === 'DICTIONARY') throw notBuilt(ast.span, `${ast.action} DICTIONARY`);
  const ddl: DdlChange[] = [];
  if (ast.object === 'DATABASE') {
    if (ast.action === 'EXCHANGE') throw notBuilt(ast.span, 'EXCHANGE DATABASES');
    for (const { from, to } of ast.pairs) {
      const [old, fresh] = [nameOf(run, from.table), nameOf(run, to.table)];
      checkName(fresh, to.span, 'database');
      if (isSystem(old) || isSystem(fresh))
        throw failAt(from.span, 'ACCESS_DENIED', 'The database system keeps its name');
      if (ast.ifExists && !catalog.state.databases.has(old)) continue;
      try {
        requireDatabase(catalog.state, old);
      } catch (error) {
        throw pointing(error, from.span);
      }
      ddl.push({ op: 'renameDatabase', from: old, to: fresh });
    }
  } else {
    // Names given by earlier pairs of the same statement count.
    const renamed = new Map<string, number>();
    for (const { from, to } of ast.pairs) {
      const source = placeOf(run, from);
      const target = placeOf(run, to);
      const moved = renamed.get(`${source.database}.${source.name}`);
      if (moved === undefined && ast.ifExists && !findTable(run, from)) continue;
      const id = moved ?? requireTable(run, from).id;
      if (ast.action === 'EXCHANGE') {
        ddl.push({ op: 'exchangeTables', a: id, b: requireTable(run, to).id });
        continue;
      }
      checkName(target.name, to.table.span, 'table');
      requireWritable(run, target.database, to.span);
      if (source.database === target.database && source.name === target.name) {
        const text = `Table ${target.database}.${target.name} already exists`;
        throw failAt(to.span, 'TABLE_ALREADY_EXISTS', text);
      }
      ddl.push({ op: 'renameTable', id, database: target.database, name: target.name });
      renamed.set(`${target.database}.${target.name}`, id);
    }
  }
  if (ddl.length > 0) await catalog.commit({ ddl });
  return done;
}
