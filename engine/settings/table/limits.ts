// What a statement may use: time, memory, rows, threads; and what happens beyond.
import type { SettingRow } from '../definition.ts';

export const limits: Record<string, SettingRow> = {
  max_execution_time: [
    'seconds',
    '60',
    'Time limit of a query in seconds; waiting for the client does not count. 0 = none',
  ],
  timeout_overflow_mode: [
    'text',
    'throw',
    "What happens at max_execution_time: 'throw', or 'break' with the rows until then",
  ],
  max_memory_usage: [
    'bytes',
    '0',
    'Memory limit of a query in bytes. 0 = half of the limit of the server',
  ],
  max_memory_usage_for_user: [
    'bytes',
    '0',
    'Memory limit of all queries of a user together, in bytes. 0 = the limit of the server',
  ],
  max_bytes_before_external_group_by: [
    'bytes',
    '0',
    'Memory of a query from which GROUP BY goes on in files. 0 = only the ratio decides',
  ],
  max_bytes_ratio_before_external_group_by: [
    'float',
    '0.5',
    'Share of max_memory_usage from which GROUP BY goes on in files. 0 = never',
  ],
  max_bytes_before_external_sort: [
    'bytes',
    '0',
    'Memory of a query from which ORDER BY goes on in files. 0 = only the ratio decides',
  ],
  max_bytes_ratio_before_external_sort: [
    'float',
    '0.5',
    'Share of max_memory_usage from which ORDER BY goes on in files. 0 = never',
  ],
  max_bytes_before_external_join: [
    'bytes',
    '0',
    'Memory of a query from which JOIN goes on in files. 0 = only the ratio decides',
  ],
  max_bytes_ratio_before_external_join: [
    'float',
    '0.5',
    'Share of max_memory_usage from which JOIN goes on in files. 0 = never',
  ],
  max_temporary_data_on_disk_size_for_query: [
    'bytes',
    '0',
    'Bytes of the temporary files of a query. 0 = three quarters of the free space',
  ],
  max_result_rows: ['integer', '0', 'Limit of the rows of a result. 0 = none'],
  max_result_bytes: ['bytes', '0', 'Limit of the bytes of a result. 0 = none'],
  result_overflow_mode: ['text', 'throw', "What happens at max_result_rows: 'throw' or 'break'"],
  max_rows_to_read: ['integer', '0', 'Limit of the rows a query reads. 0 = none'],
  max_bytes_to_read: ['bytes', '0', 'Limit of the bytes a query reads. 0 = none'],
  read_overflow_mode: ['text', 'throw', "What happens at max_rows_to_read: 'throw' or 'break'"],
  max_threads: ['integer', '0', 'Threads of a query. 0 = all'],
  max_query_size: ['bytes', '262144', 'Bytes of a statement without the data of an INSERT'],
  max_ast_depth: ['integer', '1000', 'How deeply a statement may be nested'],
  max_partitions_per_insert_block: [
    'integer',
    '100',
    'Partitions that one INSERT may write to. 0 = any number',
  ],
  limit: ['integer', '0', 'Rows of the result at most, beside LIMIT. 0 = no limit'],
  offset: ['integer', '0', 'Rows of the result to skip, beside OFFSET'],
  readonly: ['integer', '0', '1: only reads; 2: reads and SET'],
};
