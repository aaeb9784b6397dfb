// system.tables

import type { TableState } from '../catalog/state.ts';
import { innerOf, viewsOn } from '../catalog/views.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { isNullable } from '../plan/types.ts';
import type { Run } from '../query/core.ts';
import { createTableSql, engineSql, keyItems, writtenKey } from '../tables/create-sql.ts';
import { informationSchemas, temporaryDatabase, visibleDatabases } from '../tables/databases.ts';
import { informationTables } from './information-schema.ts';
import { nodeTables } from './numbers.ts';
import { columns, dateTime, flag, type SystemColumn, type SystemTable } from './table.ts';

const noUuid = '00000000-0000-0000-0000-000000000000';

/** As ClickHouse says of its engines: not those that keep rows in memory or read others' rows. */
const keepsRows = (engine: string): boolean =>
  !/View$|^(Memory|Merge|Null|GenerateRandom|Buffer)$/.test(engine);

function row(run: Run, table: TableState, name: string, temporary: boolean): LitValue[] {
  const { definition: d } = table;
  const view = /View$/.test(d.engine.name);
  const { state } = run.core.storage.context.catalog;
  const readers = [...viewsOn(state, d.id)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const memory = run.core.storage.store(table.id).memory;
  const rows = table.segments.reduce((n, s) => n + s.rows, memory.rows);
  const bytes = table.segments.reduce((n, s) => n + s.bytes, memory.bytes);
  const sql = createTableSql(d, false, innerOf(state, d));
  return [
    temporary ? '' : d.database,
    name,
    d.uuid,
    d.engine.name,
    flag(temporary),
    [],
    '',
    dateTime(run.core.startedMs),
    readers.map((reader) => reader.database),
    readers.map((reader) => reader.name),
    sql,
    view ? '' : engineSql(d),
    view ? String(d.extra?.query ?? '') : '',
    writtenKey(d, 'partitionBy', d.partitionBy ?? ''),
    keyItems(d, 'orderBy'),
    keyItems(d, d.primaryKey ? 'primaryKey' : 'orderBy'),
    writtenKey(d, 'sampleBy', d.sampleBy ?? ''),
    'default',
    view ? null : String(rows),
    view ? null : String(bytes),
    view ? null : String(bytes),
    view ? null : String(table.segments.length),
    d.comment ?? '',
    flag(d.columns.some((c) => isNullable(c.type))),
    flag(keepsRows(d.engine.name)),
    name,
  ];
}

const shown: readonly SystemColumn[] = [
  ...columns(
    ['database', 'String', 'Database; empty for temporary tables'],
    ['name', 'String', 'Name of the table'],
    ['uuid', 'UUID', 'Identity of the table'],
    ['engine', 'String', 'Table engine without its arguments'],
    ['is_temporary', 'UInt8', 'Lasts as long as its session'],
    ['data_paths', 'Array(String)', 'Not shown'],
    ['metadata_path', 'String', 'Not shown'],
    ['metadata_modification_time', 'DateTime', 'When the server read the definition'],
    ['dependencies_database', 'Array(String)', 'Databases of views that read this table'],
    ['dependencies_table', 'Array(String)', 'Views that read this table'],
    ['create_table_query', 'String', 'Statement that makes the table'],
    ['engine_full', 'String', 'Engine with arguments, keys and settings'],
    ['as_select', 'String', 'Query of a view'],
    ['partition_key', 'String', 'PARTITION BY'],
    ['sorting_key', 'String', 'ORDER BY'],
    ['primary_key', 'String', 'PRIMARY KEY'],
    ['sampling_key', 'String', 'SAMPLE BY'],
    ['storage_policy', 'String', 'Always default'],
    ['total_rows', 'Nullable(UInt64)', 'Rows, those in memory included'],
    ['total_bytes', 'Nullable(UInt64)', 'Bytes on disk and in memory'],
    ['total_bytes_uncompressed', 'Nullable(UInt64)', 'As total_bytes'],
    ['parts', 'Nullable(UInt64)', 'Segments'],
    ['comment', 'String', 'COMMENT of the table'],
    ['has_nullable_columns', 'UInt8', 'Whether a column is Nullable'],
    ['has_own_data', 'UInt8', 'Whether its rows lie on the disk under its name, as in ClickHouse'],
  ),
  { name: 'table', type: 'String', doc: 'As name', hidden: true },
];

/** A table of the server itself: most columns are empty or zero. */
function builtIn(
  run: Run,
  about: { database: string; name: string; engine: string; comment?: string },
): LitValue[] {
  const value = (column: string): LitValue => {
    switch (column) {
      case 'table':
        return about.name;
      case 'engine_full':
        return about.engine;
      case 'uuid':
        return noUuid;
      case 'is_temporary':
      case 'has_nullable_columns':
      case 'has_own_data':
        return '0';
      case 'metadata_modification_time':
        return dateTime(run.core.startedMs);
      case 'data_paths':
      case 'dependencies_database':
      case 'dependencies_table':
        return [];
      case 'total_rows':
      case 'total_bytes':
      case 'total_bytes_uncompressed':
      case 'parts':
        return null;
      default:
        return (about as Record<string, string | undefined>)[column] ?? '';
    }
  };
  return shown.map(({ name }) => value(name));
}

/** @param all the tables of the database system, this one among them */
export const tables = (all: () => readonly SystemTable[]): SystemTable => ({
  name: 'tables',
  doc: 'Tables and views of all databases, temporary ones of the session',
  columns: shown,
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const out: LitValue[][] = [];
    for (const name of visibleDatabases(state)) {
      for (const [tableName, id] of state.databases.get(name)?.tables ?? []) {
        const table = state.tables.get(id);
        // A name with a line end belongs to a table that is still being made.
        if (table && !tableName.includes('\n')) out.push(row(run, table, tableName, false));
      }
    }
    for (const [name, id] of run.session?.temporary ?? []) {
      const table = state.tables.get(id);
      if (table?.definition.database === temporaryDatabase) out.push(row(run, table, name, true));
    }
    const made = [...nodeTables.keys()].map((name) => ({ name, doc: 'Made as it is read' }));
    for (const { name, doc } of [...all(), ...made])
      out.push(builtIn(run, { database: 'system', name, engine: 'System', comment: doc }));
    for (const database of informationSchemas) {
      for (const name of informationTables)
        out.push(builtIn(run, { database, name, engine: 'View' }));
    }
    return out;
  },
});
