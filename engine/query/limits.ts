// Settings → the limits a query runs under.

import type { LimitsJson } from '../plan/physical/wire.ts';
import { TEMPORARY_DIR } from '../storage/temporary.ts';
import type { Run } from './core.ts';

export function limitsJson(run: Run, analyze: boolean): LimitsJson {
  const { settings, core } = run;
  const seconds = settings.number('max_execution_time');
  const memory = settings.number('max_memory_usage');
  const half = Math.floor(core.memoryBytes / 2);
  const userMemoryBytes = settings.number('max_memory_usage_for_user');
  const memoryBytes = least(
    memory > 0 ? Math.min(memory, core.memoryBytes) : half,
    userMemoryBytes,
  );
  return {
    executionMs: Math.min(Math.ceil(seconds * 1000), Number.MAX_SAFE_INTEGER),
    executionBreak: settings.text('timeout_overflow_mode') === 'break',
    memoryBytes,
    userMemoryBytes,
    resultRows: settings.number('max_result_rows'),
    resultBytes: settings.number('max_result_bytes'),
    resultBreak: settings.text('result_overflow_mode') === 'break',
    readRows: least(settings.number('max_rows_to_read'), settings.number('max_rows_to_read_leaf')),
    readBytes: least(
      settings.number('max_bytes_to_read'),
      settings.number('max_bytes_to_read_leaf'),
    ),
    readBreak: settings.text('read_overflow_mode') === 'break',
    threads: settings.number('max_threads'),
    analyze,
    ...(core.storage.hasTemporary ? { spill: spill(run, memoryBytes) } : {}),
  };
}

/** The lower of two limits; 0 is none. */
const least = (a: number, b: number): number => (a > 0 && b > 0 ? Math.min(a, b) : a || b);

/** Where the operators of a query put what does not fit, and from when on. */
function spill({ settings, core, key }: Run, memoryBytes: number): LimitsJson['spill'] {
  const from = (what: string): number => {
    const bytes = settings.number(`max_bytes_before_external_${what}`);
    const ratio = settings.number(`max_bytes_ratio_before_external_${what}`);
    const share = ratio > 0 && memoryBytes > 0 ? Math.floor(memoryBytes * Math.min(ratio, 1)) : 0;
    return bytes > 0 && share > 0 ? Math.min(bytes, share) : bytes || share;
  };
  return {
    store: core.storage.context.files.store,
    prefix: `${TEMPORARY_DIR}/${key}`,
    bytes: settings.number('max_temporary_data_on_disk_size_for_query'),
    groupByAt: from('group_by'),
    joinAt: from('join'),
    sortAt: from('sort'),
  };
}
