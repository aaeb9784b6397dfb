// Settings → the limits a query runs under.

import type { LimitsJson } from '../plan/wire.ts';
import type { Run } from './core.ts';

export function limitsJson(run: Run, analyze: boolean): LimitsJson {
  const { settings, core } = run;
  const seconds = settings.number('max_execution_time');
  const memory = settings.number('max_memory_usage');
  const half = Math.floor(core.memoryBytes / 2);
  return {
    executionMs: Math.ceil(seconds * 1000),
    memoryBytes: memory > 0 ? Math.min(memory, core.memoryBytes) : half,
    resultRows: settings.number('max_result_rows'),
    resultBytes: settings.number('max_result_bytes'),
    resultBreak: settings.text('result_overflow_mode') === 'break',
    readRows: settings.number('max_rows_to_read'),
    readBytes: settings.number('max_bytes_to_read'),
    threads: settings.number('max_threads'),
    analyze,
  };
}
