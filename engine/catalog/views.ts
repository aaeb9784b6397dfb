// Which materialised views read a table, and where their rows go. Pure functions of the catalog's
// state, so that whoever holds a table's gate can ask again whether the answer is still the same.

import type { TableDefinition } from './definition.ts';
import { type CatalogState, findTable, type TableState } from './state.ts';

export interface TableRefName {
  readonly database: string;
  readonly name: string;
}

/** What a materialised view keeps in `definition.extra`. */
export interface ViewExtra {
  /** Text of the query, names of tables in full. */
  readonly query: string;
  /** The table whose inserts it sees; undefined when the query reads none. */
  readonly source?: TableRefName;
  /** The target: named (TO), or the view's own table. */
  readonly to?: TableRefName;
  readonly inner?: number;
  /** REFRESH …, as written; such a view sees no inserts. */
  readonly refresh?: unknown;
}

export const isMaterialized = (definition: TableDefinition): boolean =>
  definition.engine.name === 'MaterializedView';

export const viewExtra = (definition: TableDefinition): ViewExtra =>
  definition.extra as unknown as ViewExtra;

/** The table that holds a materialised view's rows; undefined when it is gone. */
export function targetOf(
  state: CatalogState,
  definition: TableDefinition,
  depth = 0,
): TableState | undefined {
  const { to, inner } = viewExtra(definition);
  const found = inner === undefined ? to && findTable(state, to.database, to.name) : undefined;
  const table = inner === undefined ? found : state.tables.get(inner);
  if (!table || !isMaterialized(table.definition)) return table;
  // A view into a view: its rows go where that one's go.
  return depth > 100 ? undefined : targetOf(state, table.definition, depth + 1);
}

/** A materialised view's own table. */
export function innerOf(
  state: CatalogState,
  definition: TableDefinition,
): TableDefinition | undefined {
  if (!isMaterialized(definition)) return undefined;
  return state.tables.get(viewExtra(definition).inner ?? -1)?.definition;
}

type Index = ReadonlyMap<number, readonly TableDefinition[]>;

const indexes = new WeakMap<CatalogState['tables'], Index>();
const none: readonly TableDefinition[] = [];

function indexOf(state: CatalogState): Index {
  const known = indexes.get(state.tables);
  if (known) return known;
  const index = new Map<number, TableDefinition[]>();
  for (const { definition } of state.tables.values()) {
    if (!isMaterialized(definition)) continue;
    const { source, refresh } = viewExtra(definition);
    if (!source || refresh) continue;
    const table = findTable(state, source.database, source.name);
    if (!table) continue;
    const list = index.get(table.id) ?? [];
    list.push(definition);
    index.set(table.id, list);
  }
  indexes.set(state.tables, index);
  return index;
}

/** The materialised views that see the inserts into a table, in the order they were made. */
export const viewsOn = (state: CatalogState, tableId: number): readonly TableDefinition[] =>
  indexOf(state).get(tableId) ?? none;

/** The materialised views whose rows go into a table. */
export const viewsInto = (state: CatalogState, tableId: number): TableDefinition[] =>
  [...state.tables.values()].flatMap(({ definition }) =>
    isMaterialized(definition) && targetOf(state, definition)?.id === tableId ? [definition] : [],
  );

export const sameViews = (a: readonly TableDefinition[], b: readonly TableDefinition[]): boolean =>
  a.length === b.length && a.every((definition, i) => definition === b[i]);
