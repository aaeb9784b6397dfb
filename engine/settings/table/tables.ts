// What happens to tables and around them: writing, files and other servers, materialised views.
import type { SettingRow } from '../definition.ts';

export const tables: Record<string, SettingRow> = {
  // writing
  materialized_views_ignore_errors: [
    'bool',
    '0',
    'A materialized view that fails is passed over; the rows are stored without it',
  ],
  // files and other servers
  glob_expansion_max_elements: [
    'integer',
    '1000',
    'Files that one pattern of file(), url() and s3() may name',
  ],
  engine_file_truncate_on_insert: [
    'bool',
    '0',
    'INSERT INTO FUNCTION file() writes the file anew instead of adding to it',
  ],
  engine_file_allow_create_multiple_files: [
    'bool',
    '0',
    'INSERT INTO FUNCTION file() takes a fresh name where a file cannot be added to',
  ],
  s3_truncate_on_insert: ['bool', '0', 'INSERT INTO FUNCTION s3() may replace an object'],
  http_connection_timeout: ['seconds', '1', 'How long url() and s3() wait for a connection'],
  http_receive_timeout: ['seconds', '30', 'How long url() and s3() wait for the next bytes'],
  http_max_tries: ['integer', '10', 'How often url() and s3() ask a server that fails'],
  remote_read_min_bytes_for_seek: [
    'bytes',
    '4194304',
    'Parquet of url() and s3(): gaps up to this come with what lies around them, shorter objects whole',
  ],
  max_http_get_redirects: ['integer', '0', 'Redirects that url() follows, 10 at most'],
  // rollups
  optimize_use_materialized_views: [
    'bool',
    '1',
    'Aggregations read materialised views that hold finer groups of the same rows',
  ],
  optimize_use_projections: ['bool', '1', 'Queries read projections where they fit'],
  force_optimize_projection: ['bool', '0', 'A query that no projection fits is an error'],
  force_optimize_projection_name: ['text', '', 'A query that does not use it is an error'],
  preferred_optimize_projection_name: ['text', '', 'The projection to take where several fit'],
  insert_deduplication_token: ['text', '', 'Names an INSERT: the same again is stored once'],
  insert_deduplicate: ['bool', '1', 'Obey insert_deduplication_token'],
  async_insert: ['bool', '0', 'Accepted: every insert shares its disk sync with others already'],
  wait_for_async_insert: ['bool', '1', 'Accepted: an insert is answered when it is durable'],
  mutations_sync: ['integer', '0', 'Accepted: a mutation is done when it is answered'],
  alter_sync: ['integer', '1', 'Accepted: an ALTER is done when it is answered'],
  lightweight_deletes_sync: ['integer', '2', 'Accepted: a DELETE is done when it is answered'],
  update_patch_rows: [
    'integer',
    '262144',
    'Rows of a segment that an UPDATE changes without writing the segment anew. 0 = none',
    'own',
  ],
  allow_nondeterministic_mutations: [
    'bool',
    '0',
    'Functions such as now() in ALTER … DELETE and UPDATE',
  ],
};
