// The system tables, by name.

import type { TableColumn, TableSource } from '../plan/context.ts';
import type { LitValue } from '../plan/wire.ts';
import type { Run } from '../query/core.ts';
import { absentTables } from './absent.ts';
import { backups } from './backups.ts';
import { columns } from './columns.ts';
import { databases } from './databases.ts';
import { functions } from './functions.ts';
import { languageTables } from './language.ts';
import { events, metrics } from './metrics.ts';
import { mutations } from './mutations.ts';
import { nodeTables } from './numbers.ts';
import { detachedParts, parts } from './parts.ts';
import { processes } from './processes.ts';
import { projections } from './projections.ts';
import { queryLog } from './query-log.ts';
import { serverTables } from './server.ts';
import { settings } from './settings.ts';
import {
  buildOptions,
  clusters,
  dataTypes,
  dictionaries,
  disks,
  errors,
  formats,
  grants,
  indices,
  merges,
  tableEngines,
  tableFunctions,
  users,
} from './small.ts';
import type { SystemTable } from './table.ts';
import { tables } from './tables.ts';
import { viewRefreshes } from './view-refreshes.ts';

let byName: Map<string, SystemTable> | undefined;

function registry(): Map<string, SystemTable> {
  byName ??= new Map(
    [
      tables,
      columns,
      databases,
      parts,
      detachedParts,
      functions,
      settings,
      processes,
      queryLog,
      metrics,
      events,
      errors,
      formats,
      dataTypes,
      tableFunctions,
      tableEngines,
      buildOptions,
      clusters,
      dictionaries,
      mutations,
      merges,
      users,
      disks,
      indices,
      grants,
      viewRefreshes,
      backups,
      ...languageTables,
      ...serverTables,
      ...absentTables,
      projections,
    ].map((t) => [t.name, t]),
  );
  return byName;
}

export const allSystemTables = (): SystemTable[] => [...registry().values()];
export const systemTableNames = (): string[] => [...registry().keys(), ...nodeTables.keys()];

/** A table of the database system as the planner sees it. */
export function systemTable(run: Run, name: string): TableSource | undefined {
  const node = nodeTables.get(name);
  if (node) return node;
  const table = registry().get(name);
  if (!table) return undefined;
  const shown = table.columns.map(
    (c): TableColumn =>
      c.hidden
        ? { name: c.name, type: c.type, kind: 'MATERIALIZED' }
        : { name: c.name, type: c.type },
  );
  return {
    kind: 'rows',
    database: 'system',
    name,
    columns: shown,
    rows(wanted): LitValue[][] {
      const all = table.rows(run);
      if (wanted.length === table.columns.length) return all;
      const at = wanted.map((column) => table.columns.findIndex((c) => c.name === column));
      return all.map((row) => at.map((i) => row[i] as LitValue));
    },
  };
}
