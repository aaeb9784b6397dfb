// system.tables

import type { TableState } from '../catalog/state.ts';
import { innerOf, viewsOn } from '../catalog/views.ts';
import { isNullable } from '../plan/types.ts';
import type { LitValue } from '../plan/wire.ts';
import type { Run } from '../query/core.ts';
import { temporaryDatabase, visibleDatabases } from '../tables/catalog-view.ts';
import { createTableSql, engineSql } from '../tables/create-sql.ts';
import { allSystemTables } from './index.ts';
import { informationSchemas, informationTables } from './information-schema.ts';
import { nodeTables } from './numbers.ts';
import { columns, dateTime, flag, type SystemTable } from './table.ts';

const noUuid = '00000000-0000-0000-0000-000000000000';

function row(run: Run, table: TableState, name: string, temporary: boolean): LitValue[] {
  const { definition: d } = table;
  const view = /View$/.test(d.engine.name);
  const { state } = run.core.storage.context.catalog;
  const readers = viewsOn(state, d.id);
  const memory = run.core.storage.store(table.id).memory;
  const rows = table.segments.reduce((n, s) => n + s.rows, memory.rows);
  const bytes = table.segments.reduce((n, s) => n + s.bytes, memory.bytes);
  const key = (list: readonly string[] | undefined): string => (list ?? []).join(', ');
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
    engineSql(d),
    view ? String(d.extra?.query ?? '') : '',
    d.partitionBy ?? '',
    key(d.orderBy),
    key(d.primaryKey ?? d.orderBy),
    d.sampleBy ?? '',
    'default',
    view ? null : String(rows),
    view ? null : String(bytes),
    view ? null : String(bytes),
    view ? null : String(table.segments.length),
    d.comment ?? '',
    flag(d.columns.some((c) => isNullable(c.type))),
    name,
  ];
}

export const tables: SystemTable = {
  name: 'tables',
  doc: 'Tables and views of all databases, temporary ones of the session',
  columns: [
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
    ),
    { name: 'table', type: 'String', doc: 'As name', hidden: true },
  ],
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
    for (const table of [...allSystemTables(), ...made]) {
      const width = tables.columns.length;
      const line = Array.from({ length: width }, (): LitValue => '');
      const set = (column: string, value: LitValue): void => {
        line[tables.columns.findIndex((c) => c.name === column)] = value;
      };
      set('database', 'system');
      set('name', table.name);
      set('table', table.name);
      set('uuid', noUuid);
      set('engine', 'System');
      set('engine_full', 'System');
      set('is_temporary', '0');
      set('has_nullable_columns', '0');
      set('metadata_modification_time', dateTime(run.core.startedMs));
      for (const list of ['data_paths', 'dependencies_database', 'dependencies_table'])
        set(list, []);
      for (const n of ['total_rows', 'total_bytes', 'total_bytes_uncompressed', 'parts'])
        set(n, null);
      set('comment', table.doc);
      out.push(line);
    }
    for (const database of informationSchemas) {
      for (const name of informationTables) {
        const line = Array.from({ length: tables.columns.length }, (): LitValue => '');
        const set = (column: string, value: LitValue): void => {
          line[tables.columns.findIndex((c) => c.name === column)] = value;
        };
        set('database', database);
        set('name', name);
        set('table', name);
        set('uuid', noUuid);
        set('engine', 'View');
        set('engine_full', 'View');
        set('is_temporary', '0');
        set('has_nullable_columns', '0');
        set('metadata_modification_time', dateTime(run.core.startedMs));
        for (const list of ['data_paths', 'dependencies_database', 'dependencies_table'])
          set(list, []);
        for (const n of ['total_rows', 'total_bytes', 'total_bytes_uncompressed', 'parts'])
          set(n, null);
        out.push(line);
      }
    }
    return out;
  },
};
