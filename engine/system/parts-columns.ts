// system.parts_columns: a row for each column of each segment.

import type { LitValue } from '../plan/physical/wire.ts';
import type { Run } from '../query/core.ts';
import { parts } from './parts.ts';
import { columns, type SystemTable } from './table.ts';

const ofPart = [
  'partition',
  'name',
  'part_type',
  'active',
  'marks',
  'rows',
  'bytes_on_disk',
  'modification_time',
  'level',
  'database',
  'table',
  'engine',
  'disk_name',
  'uuid',
  'partition_id',
  'min_block_number',
  'max_block_number',
  'data_compressed_bytes',
  'data_uncompressed_bytes',
  'refcount',
  'data_version',
  'path',
  'min_date',
  'max_date',
  'min_time',
  'max_time',
];

const ofColumn = columns(
  ['column', 'String', 'Column'],
  ['type', 'String', 'Type'],
  ['column_position', 'UInt64', 'Place in the table, from 1'],
  ['default_kind', 'String', 'DEFAULT, MATERIALIZED and the like'],
  ['default_expression', 'String', 'Its expression'],
  ['serialization_kind', 'String', 'Always Default'],
);

const positions = new Map(parts.columns.map((c, i) => [c.name, i]));
const shared = ofPart.flatMap((name) => parts.columns.filter((c) => c.name === name));

export const partsColumns: SystemTable = {
  name: 'parts_columns',
  doc: 'Columns of the segments of tables',
  columns: [...shared, ...ofColumn],
  rows(run: Run): LitValue[][] {
    const { catalog } = run.core.storage.context;
    const value = (row: readonly LitValue[], name: string): LitValue =>
      row[positions.get(name) as number] as LitValue;
    return parts.rows(run).flatMap((row) => {
      const table = catalog.find(String(value(row, 'database')), String(value(row, 'table')));
      const stored = (table?.definition.columns ?? []).filter(
        (c) => c.defaultKind !== 'ALIAS' && c.defaultKind !== 'EPHEMERAL',
      );
      return stored.map((c, i): LitValue[] => [
        ...shared.map((s) => value(row, s.name)),
        c.name,
        c.type,
        String(i + 1),
        c.defaultKind ?? '',
        c.defaultExpr ?? '',
        'Default',
      ]);
    });
  },
};
