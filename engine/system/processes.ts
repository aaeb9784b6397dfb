// system.processes

import type { LitValue } from '../plan/physical/wire.ts';
import { columns, flag, type SystemTable } from './table.ts';

export const processes: SystemTable = {
  name: 'processes',
  doc: 'Statements that run now',
  columns: [
    ...columns(
      ['is_initial_query', 'UInt8', 'Always 1'],
      ['user', 'String', 'Who runs it'],
      ['query_id', 'String', 'Its id'],
      ['address', 'String', 'Not known'],
      ['elapsed', 'Float64', 'Seconds since it came'],
      ['is_cancelled', 'UInt8', 'It was asked to end'],
      ['read_rows', 'UInt64', 'Rows read so far'],
      ['read_bytes', 'UInt64', 'Bytes read so far'],
      ['total_rows_approx', 'UInt64', 'Not known: 0'],
      ['result_rows', 'UInt64', 'Rows of the result so far'],
      ['memory_usage', 'Int64', 'Bytes of memory'],
      ['peak_memory_usage', 'Int64', 'Most bytes of memory so far'],
      ['query', 'String', 'Its text'],
      ['query_kind', 'String', 'Select, Insert, …'],
      ['current_database', 'String', 'Database of names without one'],
      ['initial_query_id', 'String', 'As query_id'],
      ['initial_user', 'String', 'As user'],
    ),
    { name: '__key', type: 'String', doc: 'Number of the run', hidden: true },
  ],
  rows(run) {
    const now = run.core.clock.now();
    return run.core.processes.list().map((p): LitValue[] => {
      const t = p.progress();
      return [
        '1',
        p.user,
        p.id,
        '',
        String(Math.max(0, now - p.startedMs) / 1000),
        flag(p.cancelled !== undefined),
        String(t.readRows),
        String(t.readBytes),
        '0',
        String(t.resultRows),
        String(t.memory),
        String(t.peakMemory),
        p.text.slice(0, 100_000),
        p.kind,
        p.database,
        p.id,
        p.user,
        p.key,
      ];
    });
  },
};
