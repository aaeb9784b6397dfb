// system.mutations

import { segmentName } from '../catalog/blocks.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import type { MutationEntry } from '../storage/mutations/mutation-log.ts';
import { columns, dateTime, flag, type SystemTable } from './table.ts';

/** Names of the segments that a mutation has not been through: it goes by rows, in their order. */
function leftOf({ segments }: MutationEntry, progress: number): string[] {
  const all = segments.reduce((sum, { rows }) => sum + rows, 0);
  let end = 0;
  return segments.flatMap((segment) => {
    end += segment.rows;
    return end > all * progress ? [segmentName(segment)] : [];
  });
}

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
    ['parts_in_progress_names', 'Array(String)', 'The segment it is at'],
    ['parts_to_do_names', 'Array(String)', 'Segments that it has not been through'],
    ['parts_to_do', 'Int64', 'Their number'],
    ['is_done', 'UInt8', 'Whether it is done'],
    ['is_killed', 'UInt8', 'Whether it was killed'],
    ['latest_failed_part', 'String', 'Not known'],
    ['latest_fail_time', 'DateTime', 'When it failed'],
    ['latest_fail_reason', 'String', 'Why it failed'],
  ),
  rows: (run) =>
    run.core.storage.mutations.list().map((m): LitValue[] => {
      const running = m.state === 'running';
      const left = running ? leftOf(m, run.core.storage.progressOf(m.job)) : [];
      return [
        m.database,
        m.table,
        m.id,
        m.command,
        dateTime(m.createdMs),
        [],
        [],
        left.slice(0, 1),
        left,
        String(Math.max(left.length, running ? 1 : 0)),
        flag(m.state === 'done'),
        flag(m.killed),
        '',
        dateTime(m.failedMs),
        m.failure,
      ];
    }),
};
