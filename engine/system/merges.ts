// system.merges: what merges run now.

import { segmentName } from '../catalog/blocks.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { columns, type SystemTable } from './table.ts';

export const merges: SystemTable = {
  name: 'merges',
  doc: 'Merges that run now; SYSTEM STOP MERGES ends them',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['elapsed', 'Float64', 'Seconds since it began'],
    ['progress', 'Float64', 'How much is done, of 1'],
    ['num_parts', 'UInt64', 'Segments that become one'],
    ['source_part_names', 'Array(String)', 'Their names'],
    ['result_part_name', 'String', 'Known at its end'],
    ['source_part_paths', 'Array(String)', 'Their files'],
    ['result_part_path', 'String', 'Known at its end'],
    ['partition_id', 'String', 'Partition as a word'],
    ['partition', 'String', 'Value of PARTITION BY'],
    ['is_mutation', 'UInt8', 'Mutations are in system.mutations'],
    ['total_size_bytes_compressed', 'UInt64', 'Bytes of the segments'],
    ['total_size_bytes_uncompressed', 'UInt64', 'Bytes of the segments'],
    ['total_size_marks', 'UInt64', 'Blocks of the segments'],
    ['rows_read', 'UInt64', 'Rows of the segments'],
    ['memory_usage', 'UInt64', 'Not measured'],
    ['thread_id', 'UInt64', 'Number of the job'],
    ['merge_type', 'String', 'Always Regular'],
    ['merge_algorithm', 'String', 'Always Horizontal'],
  ),
  rows(run) {
    const { storage } = run.core;
    return storage.merges.running.flatMap((merge): LitValue[][] => {
      const table = storage.context.catalog.table(merge.tableId);
      if (!table) return [];
      const files = new Set(merge.files);
      const segments = table.segments.filter(({ file }) => files.has(file));
      const sum = (of: (s: (typeof segments)[number]) => number) =>
        String(segments.reduce((n, s) => n + of(s), 0));
      const bytes = sum((s) => s.bytes);
      return [
        [
          table.definition.database,
          table.definition.name,
          String(Math.max(0, run.nowMs - merge.startedMs) / 1000),
          String(storage.progressOf(merge.job)),
          String(merge.files.length),
          segments.map((s) => segmentName(s)),
          '',
          [...merge.files],
          '',
          segments[0]?.partitionId ?? '',
          segments[0]?.partition ?? '',
          '0',
          bytes,
          bytes,
          sum((s) => Math.ceil(s.rows / 65_536)),
          String(merge.rows),
          '0',
          String(merge.job),
          'Regular',
          'Horizontal',
        ],
      ];
    });
  },
};
