// The system tables, by name.

import { parseStatement } from '../../sql/index.ts';
import type { TableColumn, TableSource } from '../plan/context.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import type { Run, SystemTables } from '../query/core.ts';
import { logPlace } from '../tables/databases.ts';
import { absentTables } from './absent.ts';
import { backups } from './backups.ts';
import { columns } from './columns.ts';
import { damage } from './damage.ts';
import { databases } from './databases.ts';
import { functions } from './functions.ts';
import { informationTable, informationTables } from './information-schema.ts';
import { languageTables } from './language.ts';
import { merges } from './merges.ts';
import { events, metrics } from './metrics.ts';
import { mutations } from './mutations.ts';
import { nodeTables } from './numbers.ts';
import { detachedParts, parts } from './parts.ts';
import { partsColumns } from './parts-columns.ts';
import { processes } from './processes.ts';
import { projectionParts } from './projection-parts.ts';
import { projections } from './projections.ts';
import { queryLog, recentLog } from './query-log.ts';
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
  tableEngines,
  tableFunctions,
  users,
} from './small.ts';
import type { SystemTable } from './table.ts';
import { tables } from './tables.ts';
import { completed } from './unfilled.ts';
import { viewRefreshes } from './view-refreshes.ts';

let byName: Map<string, SystemTable> | undefined;

function registry(): Map<string, SystemTable> {
  byName ??= new Map(
    [
      tables(allSystemTables),
      columns(allSystemTables),
      databases,
      parts,
      detachedParts,
      partsColumns,
      functions,
      settings,
      processes,
      queryLog,
      recentLog,
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
      damage,
      ...languageTables,
      ...serverTables,
      ...absentTables,
      projections,
      projectionParts,
    ].map((t) => [t.name, completed(t)]),
  );
  return byName;
}

const allSystemTables = (): SystemTable[] => [...registry().values()];

/** The databases `system` and `information_schema` to those that bind names. */
export const systemTables: SystemTables = {
  names: (database) =>
    database === 'system' ? [...registry().keys(), ...nodeTables.keys()] : informationTables,
  find: (run, database, name) =>
    database === 'system' ? systemTable(run, name) : informationTable(database, name),
};

/** A table of the database system as the planner sees it. */
function systemTable(run: Run, name: string): TableSource | undefined {
  const node = nodeTables.get(name);
  if (node) return node;
  const table = registry().get(name);
  if (!table) return undefined;
  if (name === queryLog.name && storedLog(run)) return wholeLog(table);
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

const storedLog = (run: Run) =>
  run.core.storage.context.catalog.find(logPlace.database, logPlace.name);

/** Entries on the disk and those in memory. */
function wholeLog(table: SystemTable): TableSource {
  const list = table.columns.map((c) => c.name).join(', ');
  const text = `SELECT ${list} FROM ${logPlace.database}.${logPlace.name}
    UNION ALL SELECT ${list} FROM system.query_log_recent`;
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement') throw new Error('the log is a query');
  return {
    kind: 'view',
    database: 'system',
    name: table.name,
    columns: table.columns.map(({ name, type }) => ({ name, type })),
    query: statement.query,
    changes: true,
  };
}
