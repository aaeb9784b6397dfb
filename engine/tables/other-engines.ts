// Engines without rows of their own: Merge reads several tables as one, Buffer stands for its target.

import { quoteString } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { CatalogState, TableState } from '../catalog/state.ts';
import { fail } from '../errors.ts';
import { identifierText } from '../plan/bind/names.ts';

/** `extra.target` of a definition: a database, and a table or a pattern of names. */
export interface EngineTarget {
  readonly database: string;
  readonly table: string;
}

export const engineTarget = ({ extra }: TableDefinition): EngineTarget | undefined =>
  extra?.target as EngineTarget | undefined;

/** The table that a Buffer stands for: rows are never held back, so it is the table itself. */
export function bufferTarget(state: CatalogState, definition: TableDefinition): TableState {
  const target = engineTarget(definition);
  const id = target && state.databases.get(target.database)?.tables.get(target.table);
  const table = id === undefined ? undefined : state.tables.get(id);
  if (!table) throw fail('UNKNOWN_TABLE', `The target table of ${definition.name} does not exist`);
  if (table.id === definition.id) {
    throw fail('INFINITE_LOOP', 'The Buffer stands for itself: give it another target');
  }
  const there = new Map(table.definition.columns.map(({ name, type }) => [name, type]));
  const other = definition.columns.find(({ name, type }) => there.get(name) !== type);
  if (!other) return table;
  const text = `Column ${other.name} ${other.type} of the Buffer ${definition.name} has no equal in its target`;
  throw fail('NOT_IMPLEMENTED', text, {
    hint: 'Rows are handed on as they are: ALTER the target, or make the Buffer anew',
  });
}

/** The query that a Merge table is: its columns of every table whose name matches. `modifiers`: FINAL
 *  and SAMPLE, which mean those tables. */
export function mergeQuery(
  state: CatalogState,
  definition: TableDefinition,
  modifiers: string,
  matching: (pattern: string, names: readonly string[]) => ReadonlySet<string>,
): string {
  const target = engineTarget(definition);
  const there = [...(state.databases.get(target?.database ?? '')?.tables ?? [])];
  const matched = matching(
    target?.table ?? '',
    there.map(([name]) => name),
  );
  const tables = there
    .filter(([name, id]) => id !== definition.id && matched.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, id]) => state.tables.get(id) ?? []);
  const parts = tables.map(({ definition: from }) => {
    const there = new Set(from.columns.map((column) => column.name));
    const list = definition.columns.map(({ name, type }) => {
      const quoted = identifierText(name);
      const text = type.replace(/[\\']/g, '\\$&');
      const value = there.has(name) ? quoted : `defaultValueOfTypeName('${text}')`;
      return `CAST(${value}, '${text}') AS ${quoted}`;
    });
    for (const [column, value] of [
      ['_table', from.name],
      ['_database', from.database],
    ] as const) {
      if (definition.columns.some((c) => c.name === column)) continue;
      list.push(`CAST(${quoteString(value)}, 'LowCardinality(String)') AS ${column}`);
    }
    if (!definition.columns.some((c) => c.name === '_sample_factor')) {
      const factor = from.sampleBy === undefined ? '1' : '_sample_factor';
      list.push(`CAST(${factor}, 'Float64') AS _sample_factor`);
    }
    const name = `${identifierText(from.database)}.${identifierText(from.name)}`;
    return `SELECT ${list.join(', ')} FROM ${name} ${modifiers}`;
  });
  if (parts.length > 0) return parts.join(' UNION ALL ');
  const none = definition.columns.map(
    ({ name, type }) =>
      `defaultValueOfTypeName('${type.replace(/[\\']/g, '\\$&')}') AS ${identifierText(name)}`,
  );
  return `SELECT ${none.join(', ')} WHERE 0`;
}

/** The query that a GenerateRandom table is. */
export function randomQuery({ columns, engine }: TableDefinition): string {
  const structure = columns.map(({ name, type }) => `${identifierText(name)} ${type}`).join(', ');
  const more = engine.args === '' ? '' : `, ${engine.args}`;
  return `SELECT * FROM generateRandom(${quoteString(structure)}${more})`;
}
