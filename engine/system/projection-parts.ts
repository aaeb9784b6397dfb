// system.projection_parts: the files of projections, beside the segments that they belong to.

import { segmentName } from '../catalog/blocks.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { sessionJson } from '../query/core.ts';
import { visibleDatabases } from '../tables/databases.ts';
import { partitionIdOf } from '../tables/partition-id.ts';
import { columns, dateTime, flag, type SystemTable } from './table.ts';

export const projectionParts: SystemTable = {
  name: 'projection_parts',
  doc: 'Files of projections',
  columns: columns(
    ['partition', 'String', 'Value of PARTITION BY'],
    ['name', 'String', 'Name of the projection'],
    ['part_type', 'String', 'Always Compact'],
    ['parent_name', 'String', 'Segment that it belongs to'],
    ['parent_part_type', 'String', 'Always Compact'],
    ['active', 'UInt8', 'Whether queries may read it: not once rows were deleted'],
    ['rows', 'UInt64', 'Rows'],
    ['bytes_on_disk', 'UInt64', 'Bytes of its files'],
    ['data_compressed_bytes', 'UInt64', 'Bytes of its files'],
    ['data_uncompressed_bytes', 'UInt64', 'Bytes of its files'],
    ['parent_rows', 'UInt64', 'Rows of the segment'],
    ['parent_bytes_on_disk', 'UInt64', 'Bytes of the segment'],
    ['modification_time', 'DateTime', 'When it was written'],
    ['partition_id', 'String', 'Value of PARTITION BY as a word'],
    ['min_block_number', 'Int64', 'Number of its oldest insert'],
    ['max_block_number', 'Int64', 'Number of its newest insert'],
    ['level', 'UInt32', 'Merges behind it'],
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['engine', 'String', 'Engine of the table'],
    ['disk_name', 'String', 'Always default'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const kernel = run.core.native.planner(sessionJson(run));
    const visible = new Set(visibleDatabases(state));
    const out: LitValue[][] = [];
    for (const { definition, segments } of state.tables.values()) {
      if (!visible.has(definition.database) || definition.name.includes('\n')) continue;
      for (const { id, name } of definition.projections ?? []) {
        for (const segment of segments) {
          const files = segment.projections?.[id];
          if (!files) continue;
          const sum = (of: 'rows' | 'bytes') => String(files.reduce((n, file) => n + file[of], 0));
          const bytes = sum('bytes');
          out.push([
            definition.partitionBy === undefined ? 'tuple()' : segment.partition,
            name,
            'Compact',
            segmentName(segment),
            'Compact',
            flag(segment.deleted === undefined),
            sum('rows'),
            bytes,
            bytes,
            bytes,
            String(segment.rows),
            String(segment.bytes),
            dateTime(segment.created ?? 0),
            partitionIdOf(kernel, definition, segment.partition),
            String(segment.block?.min ?? 0),
            String(segment.block?.max ?? 0),
            String(segment.level),
            definition.database,
            definition.name,
            definition.engine.name,
            'default',
          ]);
        }
      }
    }
    return out;
  },
};
