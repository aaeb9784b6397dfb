// The table of an INSERT as it is at a moment: it may be altered while rows come in.

import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { fail } from '../../errors.ts';
import type { Run } from '../../query/core.ts';

/** The definition as it is now; the table may have been altered since the statement began. */
export function current(run: Run, definition: TableDefinition): TableDefinition {
  const table = run.core.storage.context.catalog.table(definition.id);
  if (!table)
    throw fail('UNKNOWN_TABLE', `Table ${definition.database}.${definition.name} was dropped`);
  return table.definition;
}

/** Columns of an older definition as this one has them. */
export function same(
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
): ColumnDefinition[] {
  return columns.map((c) => {
    const found = definition.columns.find((other) => other.name === c.name);
    if (!found)
      throw fail('NO_SUCH_COLUMN_IN_TABLE', `Column ${c.name} was dropped while the rows came in`);
    return found;
  });
}
