// Columns of a Merge or Buffer that is made without any: those of the tables that it stands for.

import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import type { CatalogState } from '../../catalog/state.ts';
import { fail } from '../../errors.ts';
import { bufferTarget, engineTarget } from '../../tables/other-engines.ts';

/** The definition with columns; itself when it has some, or when its rows are its own. */
export function withBorrowedColumns(state: CatalogState, table: TableDefinition): TableDefinition {
  if (table.columns.length > 0 || !engineTarget(table)) return table;
  return { ...table, columns: [...columnsThere(state, table)] };
}

/** Of several tables the first that has a name says its type. */
function columnsThere(state: CatalogState, table: TableDefinition): Iterable<ColumnDefinition> {
  const plain = ({ definition }: { definition: TableDefinition }) =>
    definition.columns
      .filter((c) => c.defaultKind === undefined || c.defaultKind === 'DEFAULT')
      .map(({ name, type }): ColumnDefinition => ({ name, type }));
  if (table.engine.name === 'Buffer') return plain(bufferTarget(state, table));
  const { database = '', table: pattern = '' } = engineTarget(table) ?? {};
  const names = new RegExp(pattern);
  const found = new Map<string, ColumnDefinition>();
  for (const [name, id] of state.databases.get(database)?.tables ?? []) {
    const from = names.test(name) ? state.tables.get(id) : undefined;
    for (const column of from ? plain(from) : [])
      if (!found.has(column.name)) found.set(column.name, column);
  }
  if (found.size > 0) return found.values();
  throw fail('CANNOT_EXTRACT_TABLE_STRUCTURE', `No table of ${database} matches ${pattern}`, {
    hint: 'Write the columns behind the name of the table',
  });
}
