// system.query_log: the newest statements from memory, and those that went to the disk.

import type { LitValue } from '../plan/physical/wire.ts';
import type { LogEntry } from '../query/log.ts';
import { columns, date, dateTime, dateTime64, mapOf, type SystemTable } from './table.ts';

export const queryLog: SystemTable = {
  name: 'query_log',
  doc: 'Statements that have ended; the newest are kept in memory',
  columns: columns(
    [
      'type',
      "Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionBeforeStart' = 3, 'ExceptionWhileProcessing' = 4)",
      'How it ended',
    ],
    ['event_date', 'Date', 'Day of its end'],
    ['event_time', 'DateTime', 'Time of its end'],
    ['event_time_microseconds', 'DateTime64(6)', 'Time of its end'],
    ['query_start_time', 'DateTime', 'When it came'],
    ['query_start_time_microseconds', 'DateTime64(6)', 'When it came'],
    ['query_duration_ms', 'UInt64', 'Milliseconds from coming to end'],
    ['read_rows', 'UInt64', 'Rows read'],
    ['read_bytes', 'UInt64', 'Bytes read'],
    ['written_rows', 'UInt64', 'Rows written'],
    ['written_bytes', 'UInt64', 'Bytes written'],
    ['result_rows', 'UInt64', 'Rows of the result'],
    ['result_bytes', 'UInt64', 'Bytes of the result'],
    ['memory_usage', 'UInt64', 'Most bytes of memory'],
    ['current_database', 'String', 'Database of names without one'],
    ['query', 'String', 'Its text'],
    ['query_kind', 'String', 'Select, Insert, …'],
    ['exception_code', 'Int32', 'Code of the failure, or 0'],
    ['exception', 'String', 'Message of the failure'],
    ['is_initial_query', 'UInt8', 'Always 1'],
    ['user', 'String', 'Who ran it'],
    ['query_id', 'String', 'Its id'],
    ['initial_query_id', 'String', 'As query_id'],
    ['log_comment', 'String', 'Setting log_comment'],
    ['Settings', 'Map(String, String)', 'Settings that differed'],
  ),
  rows: (run) => run.core.log.list().map(rowOf),
};

/** What the table on the disk does not have yet; `query_log` shows both. */
export const recentLog: SystemTable = {
  ...queryLog,
  name: 'query_log_recent',
  doc: 'Statements that have ended and are in memory only',
  rows: (run) => run.core.log.unstored().map(rowOf),
};

export const rowOf = (e: LogEntry): LitValue[] => [
  e.type,
  date(e.endedMs),
  dateTime(e.endedMs),
  dateTime64(e.endedMs),
  dateTime(e.startedMs),
  dateTime64(e.startedMs),
  String(Math.max(0, Math.round(e.endedMs - e.startedMs))),
  String(e.readRows),
  String(e.readBytes),
  String(e.writtenRows),
  String(e.writtenBytes),
  String(e.resultRows),
  String(e.resultBytes),
  String(e.memory),
  e.database,
  e.text,
  e.kind,
  String(e.code),
  e.message,
  '1',
  e.user,
  e.id,
  e.id,
  e.comment,
  mapOf(e.settings),
];
