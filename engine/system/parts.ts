// system.parts: the segments of all tables, and what is in memory as one part without a file.

import { segmentName } from '../catalog/blocks.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import type { SegmentDescriptor } from '../catalog/state.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import { sessionJson } from '../query/core.ts';
import { visibleDatabases } from '../tables/databases.ts';
import { keyColumns } from '../tables/key-columns.ts';
import { partitionIdOf } from '../tables/partition-id.ts';
import { columns, date, dateTime, flag, type SystemTable } from './table.ts';

/** How many granules ClickHouse makes of so many rows and bytes, and the mark behind the last. */
function marksOf({ settings }: TableDefinition, segment: SegmentDescriptor): number {
  const { rows, columns = [] } = segment as SegmentDescriptor & { columns?: { raw?: number }[] };
  const fixed = Number(settings.index_granularity ?? 8192) || 8192;
  const bytesMax = Number(settings.index_granularity_bytes ?? 10_485_760);
  if (bytesMax === 0) return Math.ceil(rows / fixed);
  const bytes = columns.reduce((sum, { raw = 0 }) => sum + raw, 0) || rows;
  const wanted =
    bytes >= bytesMax
      ? Math.floor(rows / Math.max(1, Math.floor(bytes / bytesMax)))
      : Math.floor(bytesMax / Math.max(1, bytes / rows));
  return Math.ceil(rows / Math.min(fixed, Math.max(1, wanted))) + 1;
}

/** Milliseconds of the first and the last day, or second, of a segment. */
interface Times {
  readonly dates: readonly [number, number];
  readonly times: readonly [number, number];
}
const never = [0, 0] as const;
const noTimes: Times = { dates: never, times: never };

/** What PARTITION BY says of days or times: of the one Date that it is made of, otherwise of the one DateTime. */
function timesOf(definition: TableDefinition): (segment: SegmentDescriptor) => Times {
  const { partition } = keyColumns(definition);
  const columns = definition.columns.filter(({ name }) => partition.includes(name));
  const dates = columns.filter(({ type }) => type === 'Date');
  const found = dates.length > 0 ? dates : columns.filter(({ type }) => /^DateTime/.test(type));
  const [column] = found;
  if (column === undefined || found.length > 1) return () => noTimes;
  const stored = column.stored ?? column.name;
  return (segment) => {
    const { columns = [] } = segment as { columns?: { name: string; times?: [number, number] }[] };
    const [first, last] = columns.find(({ name }) => name === stored)?.times ?? never;
    return dates.length > 0
      ? { ...noTimes, dates: [first * 86_400_000, last * 86_400_000] }
      : { ...noTimes, times: [first * 1000, last * 1000] };
  };
}

const shown = ({ dates, times }: Times): string[] => [...dates.map(date), ...times.map(dateTime)];

export const parts: SystemTable = {
  name: 'parts',
  doc: 'Segments of all tables',
  columns: columns(
    ['partition', 'String', 'Value of PARTITION BY'],
    ['name', 'String', 'Name of the segment'],
    ['uuid', 'UUID', 'Always zero'],
    ['part_type', 'String', 'Compact, or InMemory for rows that are only in the log and memory'],
    ['active', 'UInt8', 'Always 1: replaced segments are not listed'],
    ['marks', 'UInt64', 'Marks that ClickHouse would keep'],
    ['rows', 'UInt64', 'Rows'],
    ['bytes_on_disk', 'UInt64', 'Bytes of the file'],
    ['data_compressed_bytes', 'UInt64', 'Bytes of the file'],
    ['data_uncompressed_bytes', 'UInt64', 'Bytes of the file'],
    ['modification_time', 'DateTime', 'When it was written'],
    ['min_block_number', 'Int64', 'Number of its oldest insert'],
    ['max_block_number', 'Int64', 'Number of its newest insert'],
    ['level', 'UInt32', 'Merges behind it'],
    ['partition_id', 'String', 'Value of PARTITION BY as a word'],
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['engine', 'String', 'Engine of the table'],
    ['disk_name', 'String', 'Always default'],
    ['is_frozen', 'UInt8', 'Always 0: a frozen copy is a directory of its own'],
    ['delete_ttl_info_min', 'DateTime', 'When the TTL has something to do in it; 0 for never'],
    ['delete_ttl_info_max', 'DateTime', 'When all its rows are over; 0 for never'],
    ['refcount', 'UInt32', 'Always 1'],
    ['visible', 'UInt8', 'Always 1'],
    ['data_version', 'UInt64', 'As min_block_number'],
    ['path', 'String', 'File below the data directory'],
    ['default_compression_codec', 'String', 'Always LZ4'],
    ['projections', 'Array(String)', 'Projections that are kept beside it'],
    ['has_lightweight_delete', 'UInt8', 'Whether some of its rows are deleted'],
    ['min_date', 'Date', 'First day of the Date in PARTITION BY'],
    ['max_date', 'Date', 'Last day of the Date in PARTITION BY'],
    ['min_time', 'DateTime', 'First second of the DateTime in PARTITION BY'],
    ['max_time', 'DateTime', 'Last second of the DateTime in PARTITION BY'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const kernel = run.core.native.planner(sessionJson(run));
    const out: LitValue[][] = [];
    for (const database of visibleDatabases(state)) {
      for (const [name, id] of state.databases.get(database)?.tables ?? []) {
        const table = state.tables.get(id);
        if (!table || name.includes('\n')) continue;
        const zero = '00000000-0000-0000-0000-000000000000';
        const engine = table.definition.engine.name;
        const times = timesOf(table.definition);
        for (const s of table.segments) {
          const file = segmentName(s);
          const bytes = String(s.bytes);
          out.push([
            table.definition.partitionBy === undefined ? 'tuple()' : s.partition,
            file,
            zero,
            'Compact',
            '1',
            String(marksOf(table.definition, s)),
            String(s.rows),
            bytes,
            bytes,
            bytes,
            dateTime(s.created ?? 0),
            String(s.block?.min ?? 0),
            String(s.block?.max ?? 0),
            String(s.level),
            partitionIdOf(kernel, table.definition, s.partition),
            database,
            name,
            engine,
            'default',
            '0',
            dateTime((s.ttl?.next ?? 0) * 1000),
            dateTime((s.ttl?.all ?? 0) * 1000),
            '1',
            '1',
            String(s.block?.min ?? 0),
            s.file,
            'LZ4',
            (table.definition.projections ?? [])
              .filter((p) => s.projections?.[p.id])
              .map((p) => p.name),
            flag(s.deleted !== undefined),
            ...shown(times(s)),
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
            '0',
            dateTime(0),
            dateTime(0),
            '1',
            '1',
            '0',
            '',
            'LZ4',
            [],
            '0',
            ...shown(noTimes),
          ]);
        }
      }
    }
    return out;
  },
};

export const detachedParts: SystemTable = {
  name: 'detached_parts',
  doc: 'Segments that ALTER … DETACH has put aside',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['partition_id', 'Nullable(String)', 'Value of PARTITION BY as a word'],
    ['name', 'String', 'Name of the segment'],
    ['bytes_on_disk', 'UInt64', 'Bytes of the file'],
    ['modification_time', 'DateTime', 'When it was written'],
    ['disk', 'String', 'Always default'],
    ['path', 'String', 'File below the data directory'],
    ['reason', 'Nullable(String)', 'Empty: a statement asked for it'],
    ['min_block_number', 'Nullable(Int64)', '0'],
    ['max_block_number', 'Nullable(Int64)', '0'],
    ['level', 'Nullable(UInt32)', 'Merges behind it'],
  ),
  rows(run) {
    const { state } = run.core.storage.context.catalog;
    const kernel = run.core.native.planner(sessionJson(run));
    const visible = new Set(visibleDatabases(state));
    const out: LitValue[][] = [];
    for (const { definition, detached = [] } of state.tables.values()) {
      if (!visible.has(definition.database)) continue;
      for (const segment of detached) {
        out.push([
          definition.database,
          definition.name,
          partitionIdOf(kernel, definition, segment.partition),
          segmentName(segment),
          String(segment.bytes),
          dateTime(segment.created ?? 0),
          'default',
          segment.file,
          '',
          String(segment.block?.min ?? 0),
          String(segment.block?.max ?? 0),
          String(segment.level),
        ]);
      }
    }
    return out;
  },
};
