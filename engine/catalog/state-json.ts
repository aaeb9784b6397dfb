// A state as plain JSON, for the snapshots of the catalog, and back.

import { packTable, unpackTable } from './history.ts';
import type { AsideTable, CatalogState, DatabaseState } from './state.ts';

export function stateToJson(state: CatalogState): object {
  return {
    version: state.version,
    timeMs: state.timeMs,
    nextTableId: state.nextTableId,
    walSequence: state.walSequence,
    databases: [...state.databases.values()].map((db) => ({
      name: db.name,
      definition: db.definition,
    })),
    tables: [...state.tables.values()].map(packTable),
    aside: [...state.aside.values()].map((a) => ({ ...a, table: packTable(a.table) })),
    objects: [...state.objects].map(([kind, byName]) => [kind, [...byName]]),
  };
}

interface StateJson {
  version: number;
  timeMs: number;
  nextTableId: number;
  walSequence: number;
  databases: { name: string; definition: Record<string, unknown> }[];
  tables: Parameters<typeof unpackTable>[0][];
  /** Absent in catalogs of the first version. */
  aside?: (Omit<AsideTable, 'table'> & { table: Parameters<typeof unpackTable>[0] })[];
  objects: [string, [string, unknown][]][];
}

export function stateFromJson(json: unknown): CatalogState {
  const from = json as StateJson;
  const names = new Map(from.databases.map((db) => [db.name, new Map<string, number>()]));
  for (const { id, definition } of from.tables) {
    names.get(definition.database)?.set(definition.name, id);
  }
  const databases = from.databases.map((db): [string, DatabaseState] => [
    db.name,
    { ...db, tables: names.get(db.name) ?? new Map() },
  ]);
  return {
    version: from.version,
    timeMs: from.timeMs,
    nextTableId: from.nextTableId,
    walSequence: from.walSequence,
    databases: new Map(databases),
    tables: new Map(from.tables.map((t) => [t.id, unpackTable(t)])),
    aside: new Map(
      (from.aside ?? []).map((a) => [a.table.id, { ...a, table: unpackTable(a.table) }]),
    ),
    objects: new Map(from.objects.map(([kind, byName]) => [kind, new Map(byName)])),
  };
}
