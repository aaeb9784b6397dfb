// system.parts: the segments of all tables, and what is in memory as one part without a file.

import type { LitValue } from '../plan/wire.ts';
import { partitionId } from '../statements/partition.ts';
import { visibleDatabases } from '../tables/catalog-view.ts';
import { columns, dateTime, type SystemTable } from './table.ts';

export const parts: SystemTable = {
  name: 'parts',
  doc: 'Segments of all tables',
  columns: columns(
    ['partition', 'String', 'Value of PARTITION BY'],
    ['name', 'String', 'Name of the segment'],
    ['uuid', 'UUID', 'Always zero'],
    ['part_type', 'String', 'Compact, or InMemory for rows that are only in the log and memory'],
    ['active', 'UInt8', 'Always 1: replaced segments are not listed'],
    ['marks', 'UInt64', 'Blocks'],
    ['rows', 'UInt64', 'Rows'],
    ['bytes_on_disk', 'UInt64', 'Bytes of the file'],
    ['data_compressed_bytes', 'UInt64', 'Bytes of the file'],
    ['data_uncompressed_bytes', 'UInt64', 'Bytes of the file'],
    ['modification_time', 'DateTime', 'When it was written'],
    ['min_block_number', 'Int64', '0'],
    ['max_block_number', 'Int64', '0'],
    ['level', 'UInt32', 'Merges behind it'],
    ['partition_id', 'String', 'Value of PARTITION BY as a word'],
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['engine', 'String', 'Engine of the table'],
    ['disk_name', 'String', 'Always default'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const out: LitValue[][] = [];
    for (const database of visibleDatabases(state)) {
      for (const [name, id] of state.databases.get(database)?.tables ?? []) {
        const table = state.tables.get(id);
        if (!table || name.includes('\n')) continue;
        const zero = '00000000-0000-0000-0000-000000000000';
        const engine = table.definition.engine.name;
        for (const s of table.segments) {
          const file = s.file.slice(s.file.lastIndexOf('/') + 1).replace(/\.seg$/, '');
          const bytes = String(s.bytes);
          out.push([
            s.partition === '' ? 'tuple()' : s.partition,
            file,
            zero,
            'Compact',
            '1',
            String(Math.ceil(s.rows / 65_536)),
            String(s.rows),
            bytes,
            bytes,
            bytes,
            dateTime(s.created ?? 0),
            '0',
            '0',
            String(s.level),
            partitionId(s.partition),
            database,
            name,
            engine,
            'default',
          ]);
        }
        const memory = run.core.storage.store(id).memory;
        if (memory.rows > 0) {
          const bytes = String(memory.bytes);
          out.push([
            '',
            'memory',
            zero,
            'InMemory',
            '1',
            '0',
            String(memory.rows),
            '0',
            bytes,
            bytes,
            dateTime(run.nowMs),
            '0',
            '0',
            '0',
            'memory',
            database,
            name,
            engine,
            'default',
          ]);
        }
      }
    }
    return out;
  },
};
