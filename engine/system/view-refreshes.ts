// system.view_refreshes

import type { LitValue } from '../plan/physical/wire.ts';
import { columns, dateTime, type SystemTable } from './table.ts';

export const viewRefreshes: SystemTable = {
  name: 'view_refreshes',
  doc: 'Materialised views with REFRESH: when they were refreshed, when they will be',
  columns: columns(
    ['database', 'String', 'Database'],
    ['view', 'String', 'View'],
    ['uuid', 'UUID', 'Of the view'],
    ['status', 'String', 'Scheduled, Running, Disabled (stopped) or WaitingForDependencies'],
    ['last_success_time', 'Nullable(DateTime)', 'Start of the last refresh that succeeded'],
    ['last_success_duration_ms', 'Nullable(UInt64)', 'How long it took'],
    ['last_refresh_time', 'Nullable(DateTime)', 'Start of the last attempt since the start'],
    ['last_refresh_replica', 'String', 'Always empty'],
    ['next_refresh_time', 'Nullable(DateTime)', 'When the next one begins'],
    ['exception', 'String', 'What the last attempt failed with'],
    ['retry', 'UInt64', 'Attempts of this turn that failed'],
    ['progress', 'Nullable(Float64)', '1 when none runs'],
    ['read_rows', 'Nullable(UInt64)', 'Rows read by the last refresh'],
    ['read_bytes', 'Nullable(UInt64)', 'Not counted'],
    ['total_rows', 'Nullable(UInt64)', 'Rows it had to read'],
    ['written_rows', 'Nullable(UInt64)', 'Rows it wrote'],
    ['written_bytes', 'Nullable(UInt64)', 'Not counted'],
  ),
  rows(run) {
    const { catalog } = run.core.storage.context;
    return (run.core.refreshes?.list() ?? []).flatMap((view): LitValue[][] => {
      const d = catalog.table(view.id)?.definition;
      if (!d) return [];
      const { last, attemptMs, nextMs } = view;
      return [
        [
          d.database,
          d.name,
          d.uuid,
          view.status,
          last ? dateTime(last.startedMs) : null,
          last ? String(last.durationMs) : null,
          attemptMs === undefined ? null : dateTime(attemptMs),
          '',
          nextMs === undefined ? null : dateTime(Math.max(nextMs, run.nowMs)),
          view.exception,
          String(view.retries),
          view.status === 'Running' ? '0' : '1',
          String(view.readRows),
          '0',
          String(view.readRows),
          String(view.writtenRows),
          '0',
        ],
      ];
    });
  },
};
