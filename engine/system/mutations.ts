// system.mutations

import type { LitValue } from '../plan/wire.ts';
import { columns, dateTime, flag, type SystemTable } from './table.ts';

export const mutations: SystemTable = {
  name: 'mutations',
  doc: 'Statements that change rows that are there: those that run, and the last that ended',
  columns: columns(
    ['database', 'String', 'Database'],
    ['table', 'String', 'Table'],
    ['mutation_id', 'String', 'Id, for KILL MUTATION'],
    ['command', 'String', 'Command'],
    ['create_time', 'DateTime', 'When it came'],
    ['block_numbers.partition_id', 'Array(String)', 'Always empty'],
    ['block_numbers.number', 'Array(Int64)', 'Always empty'],
    ['parts_in_progress_names', 'Array(String)', 'Always empty'],
    ['parts_to_do_names', 'Array(String)', 'Always empty'],
    ['parts_to_do', 'Int64', '1 while it runs'],
    ['is_done', 'UInt8', 'Whether it is done'],
    ['is_killed', 'UInt8', 'Whether it was killed'],
    ['latest_failed_part', 'String', 'Not known'],
    ['latest_fail_time', 'DateTime', 'When it failed'],
    ['latest_fail_reason', 'String', 'Why it failed'],
  ),
  rows: (run) =>
    run.core.storage.mutations
      .list()
      .map((m): LitValue[] => [
        m.database,
        m.table,
        m.id,
        m.command,
        dateTime(m.createdMs),
        [],
        [],
        [],
        [],
        m.state === 'running' ? '1' : '0',
        flag(m.state === 'done'),
        flag(m.killed),
        '',
        dateTime(m.failedMs),
        m.failure,
      ]),
};
