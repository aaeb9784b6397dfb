// Columns of a Merge or Buffer that is made without any: those of the tables that it stands for.

import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { fail } from '../../errors.ts';
import { matchingNames } from '../../plan/matching-names.ts';
import { type Run, sessionJson } from '../../query/core.ts';
import { bufferTarget, engineTarget } from '../../tables/other-engines.ts';

/** The definition with columns; itself when it has some, or when its rows are its own. */
export function withBorrowedColumns(run: Run, table: TableDefinition): TableDefinition {
  if (table.columns.length > 0 || !engineTarget(table)) return table;
  return { ...table, columns: [...columnsThere(run, table)] };
}

/** Of several tables the first that has a name says its type. */
function columnsThere(run: Run, table: TableDefinition): Iterable<ColumnDefinition> {
  const { state } = run.core.storage.context.catalog;
  const plain = ({ definition }: { definition: TableDefinition }) =>
    definition.columns
      .filter((c) => c.defaultKind === undefined || c.defaultKind === 'DEFAULT')
      .map(({ name, type }): ColumnDefinition => ({ name, type }));
  if (table.engine.name === 'Buffer') return plain(bufferTarget(state, table));
  const { database = '', table: pattern = '' } = engineTarget(table) ?? {};
  const tables = [...(state.databases.get(database)?.tables ?? [])];
  const names = tables.map(([name]) => name);
  const matched = matchingNames(run.core.native.planner(sessionJson(run)), pattern, names);
  const found = new Map<string, ColumnDefinition>();
  for (const [name, id] of tables) {
    const from = matched.has(name) ? state.tables.get(id) : undefined;
    for (const column of from ? plain(from) : [])
      if (!found.has(column.name)) found.set(column.name, column);
  }
  if (found.size > 0) return found.values();
  throw fail('CANNOT_EXTRACT_TABLE_STRUCTURE', `No table of ${database} matches ${pattern}`, {
    hint: 'Write the columns behind the name of the table',
  });
}
