// Settings that ClickHouse does not have, most of them the server's bounds.
import type { SettingRow } from '../definition.ts';

export const own: Record<string, SettingRow> = {
  colonnade_plain_joins: [
    'bool',
    '0',
    'Joins without their fast paths and without what the build side tells the scans; for tests',
    'kernel',
  ],
  optimizer_rules_off: [
    'text',
    '',
    'Names of planner rules to leave out, separated by commas',
    'own',
  ],
  kernel_paths_off: [
    'text',
    '',
    'Names of short cuts of the kernel to leave out, separated by commas; a wrong name is refused with the list; all = all',
    'kernel',
  ],
  strict_input: [
    'bool',
    '0',
    'Values that their column cannot hold are errors, as on /ingest',
    'own',
  ],
  statement_cache: ['bool', '1', 'Plans of repeated statements are kept', 'own'],
  max_server_memory: [
    'bytes',
    '0',
    'Memory of the server. 0 = 80 % of the machine or its cgroup',
    'own',
  ],
  max_body_bytes: ['bytes', '68719476736', 'Bytes of an ingest on the wire', 'own'],
  max_values_expressions_bytes: [
    'bytes',
    '4194304',
    'Text of INSERT … VALUES that is held so that expressions in it can be computed; longer ones take plain values only',
    'own',
  ],
  max_values_templates: [
    'integer',
    '100',
    'Shapes of rows with expressions in one INSERT … VALUES that are each computed at once; rows of further shapes are computed one by one',
    'own',
  ],
  max_decompression_ratio: [
    'integer',
    '200',
    'Growth of a compressed body after its first 64 MiB',
    'own',
  ],
  max_concurrent_queries: ['integer', '100', 'Queries that run at a time', 'own'],
  max_queued_queries: ['integer', '1000', 'Queries that may wait for their turn', 'own'],
  queue_wait_ms: [
    'integer',
    '10000',
    'How long a query waits for its turn, in milliseconds',
    'own',
  ],
  query_log_flush_ms: [
    'integer',
    '0',
    'How often the query log goes to the disk; 0: it stays in memory. A server does it every 7500 ms',
    'own',
  ],
  query_log_days: ['integer', '30', 'How long the query log is kept on the disk', 'own'],
  user_files_path: [
    'text',
    '',
    'Folder that file() may read and write; empty: `user_files` in the data directory',
    'own',
  ],
  local_files: [
    'bool',
    '0',
    'Any file of this machine may be named by file(), as in the library and the command line',
    'own',
  ],
  outbound_hosts: [
    'text',
    '',
    'What url() and s3() may call: host:port, … or * for every public address; empty: nothing',
    'own',
  ],
  outbound_bytes_max: ['bytes', '17179869184', 'Bytes of one answer to url() and s3()', 'own'],
  backups_path: ['text', '', 'Folder of backups; empty: `backups` in the data directory', 'own'],
  query_log_entries: ['integer', '10000', 'Queries that system.query_log remembers', 'own'],
  statement_cache_entries: ['integer', '1000', 'Plans that are kept', 'own'],
};
