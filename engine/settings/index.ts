// Settings with an effect: one table with type, default and description. What is not in it but known to
// ClickHouse (clickhouse.ts) is accepted; any other name is an error with the nearest.

import { suggest } from '../../sql/suggest.ts';
import { fail } from '../errors.ts';
import { clickhouseSettings } from './clickhouse.ts';
import { settingValue } from './values.ts';

export type SettingType = 'bool' | 'integer' | 'float' | 'text' | 'seconds' | 'bytes';

export interface SettingDefinition {
  readonly type: SettingType;
  readonly default: string;
  readonly doc: string;
  /** Ours, not ClickHouse's. */
  readonly own?: true;
  /** The kernel reads it by name. */
  readonly kernel?: true;
}

type Row = readonly [SettingType, string, string, ('own' | 'kernel')?];

const rows: Record<string, Row> = {
  // limits
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
  max_concurrent_queries_for_user: [
    'integer',
    '0',
    'Queries of one user at a time. 0 = any number',
  ],
  // meaning of SQL
  prefer_column_name_to_alias: ['bool', '0', 'A name means a column rather than an alias'],
  enable_positional_arguments: [
    'bool',
    '1',
    'Numbers in GROUP BY, ORDER BY and LIMIT BY are positions',
  ],
  union_default_mode: ['text', '', "What UNION alone means: 'ALL', 'DISTINCT' or '' (an error)"],
  intersect_default_mode: ['text', 'ALL', "What INTERSECT alone means: 'ALL' or 'DISTINCT'"],
  except_default_mode: ['text', 'ALL', "What EXCEPT alone means: 'ALL' or 'DISTINCT'"],
  single_join_prefer_left_table: [
    'bool',
    '1',
    'A name that both tables of a join have means the left one',
  ],
  join_default_strictness: ['text', 'ALL', "What JOIN alone means: 'ALL' or 'ANY'; '' = an error"],
  aggregate_functions_null_for_empty: ['bool', '0', 'Aggregates over no rows give NULL'],
  empty_result_for_aggregation_by_empty_set: [
    'bool',
    '0',
    'Aggregating no rows without keys gives no row',
  ],
  create_table_empty_primary_key_by_default: [
    'bool',
    '1',
    'A MergeTree without ORDER BY is not sorted',
  ],
  max_recursive_cte_evaluation_depth: [
    'integer',
    '1000',
    'Steps of a WITH RECURSIVE at most; 0 = any number',
  ],
  recursive_cte_max_steps_in_type_inference: [
    'integer',
    '10',
    'How often the types of a WITH RECURSIVE may become wider',
  ],
  join_use_nulls: ['bool', '0', 'Rows without a partner in an outer join get NULL, not defaults'],
  group_by_use_nulls: ['bool', '0', 'Keys outside a grouping set are NULL, not defaults'],
  count_distinct_implementation: ['text', 'uniqExact', 'The aggregate that count(DISTINCT x) is'],
  transform_null_in: ['bool', '0', 'NULL in a set of IN equals NULL', 'kernel'],
  data_type_default_nullable: ['bool', '0', 'Columns without NULL or NOT NULL are Nullable'],
  session_timezone: ['text', '', "Time zone of the query; '' = the server's", 'kernel'],
  cast_keep_nullable: ['bool', '0', 'CAST of a Nullable value stays Nullable', 'kernel'],
  cast_ipv4_ipv6_default_on_conversion_error: [
    'bool',
    '0',
    'A text that is no IP address becomes the address of zeros',
    'kernel',
  ],
  asterisk_include_materialized_columns: ['bool', '0', '* includes MATERIALIZED columns'],
  asterisk_include_alias_columns: ['bool', '0', '* includes ALIAS columns'],
  date_time_overflow_behavior: ['text', 'ignore', 'What a date out of range becomes', 'kernel'],
  decimal_check_overflow: ['bool', '1', 'Overflow of decimals is an error', 'kernel'],
  allow_hyperscan: [
    'bool',
    '1',
    'The functions multiMatch* and multiFuzzyMatch* may be called',
    'kernel',
  ],
  validate_polygons: ['bool', '1', 'Edges of a polygon that cross are an error', 'kernel'],
  max_hyperscan_regexp_length: [
    'integer',
    '0',
    'Bytes of one regular expression of multiMatch*; 0 = any number',
    'kernel',
  ],
  max_hyperscan_regexp_total_length: [
    'integer',
    '0',
    'Bytes of all regular expressions of one multiMatch*; 0 = any number',
    'kernel',
  ],
  allow_deprecated_error_prone_window_functions: [
    'bool',
    '0',
    'Allows runningDifference and its kin',
    'kernel',
  ],
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
  optimize_throw_if_noop: ['bool', '0', 'OPTIMIZE that had nothing to do is an error'],
  allow_nondeterministic_mutations: [
    'bool',
    '0',
    'Functions such as now() in ALTER … DELETE and UPDATE',
  ],
  // answers
  default_format: ['text', '', 'Format of results without FORMAT'],
  log_comment: ['text', '', 'A remark that system.query_log keeps'],
  log_queries: ['bool', '1', 'Whether the query is kept in system.query_log'],
  send_progress_in_http_headers: ['bool', '0', 'Progress in headers before the result'],
  http_headers_progress_interval_ms: ['integer', '100', 'Pause between two progress headers'],
  wait_end_of_query: ['bool', '0', 'The answer starts when the query has ended'],
  http_wait_end_of_query: ['bool', '0', 'The answer starts when the query has ended'],
  enable_http_compression: ['bool', '0', 'Answers are compressed as Accept-Encoding allows'],
  http_zlib_compression_level: ['integer', '3', 'Level of gzip and deflate answers'],
  add_http_cors_header: ['bool', '0', 'Adds CORS headers to answers'],
  http_write_exception_in_output_format: [
    'bool',
    '1',
    'Errors are written in the format of the result',
  ],
  cancel_http_readonly_queries_on_client_close: [
    'bool',
    '1',
    'A query ends when its client is gone (always so here)',
  ],
  extremes: ['bool', '0', 'Adds the least and greatest value of each column', 'kernel'],
  exact_rows_before_limit: ['bool', '0', 'Rows before LIMIT are counted to the last', 'kernel'],
  // formats, read by the kernel
  output_format_json_quote_64bit_integers: [
    'bool',
    '0',
    '64-bit integers in JSON are strings',
    'kernel',
  ],
  output_format_json_quote_64bit_floats: [
    'bool',
    '0',
    '64-bit floats in JSON are strings',
    'kernel',
  ],
  output_format_json_quote_denormals: [
    'bool',
    '0',
    'Infinity and NaN in JSON are strings, not null',
    'kernel',
  ],
  output_format_json_quote_decimals: ['bool', '0', 'Decimals in JSON are strings', 'kernel'],
  output_format_json_escape_forward_slashes: ['bool', '1', 'Writes / as \\/ in JSON', 'kernel'],
  output_format_json_named_tuples_as_objects: [
    'bool',
    '1',
    'Named tuples are JSON objects',
    'kernel',
  ],
  output_format_json_array_of_rows: ['bool', '0', 'JSONEachRow is one array', 'kernel'],
  output_format_json_validate_utf8: [
    'bool',
    '0',
    'Bytes that are no UTF-8 are replaced in JSON',
    'kernel',
  ],
  output_format_write_statistics: ['bool', '1', 'JSON ends with statistics', 'kernel'],
  output_format_csv_crlf_end_of_line: ['bool', '0', 'CSV lines end with CR LF', 'kernel'],
  output_format_tsv_crlf_end_of_line: ['bool', '0', 'TSV lines end with CR LF', 'kernel'],
  output_format_decimal_trailing_zeros: ['bool', '0', 'Decimals keep their zeros', 'kernel'],
  output_format_pretty_max_rows: ['integer', '1000', 'Rows that Pretty formats show', 'kernel'],
  output_format_pretty_row_numbers: ['bool', '1', 'Pretty formats number rows', 'kernel'],
  output_format_parquet_row_group_size: [
    'integer',
    '1000000',
    'Rows of a group in Parquet',
    'kernel',
  ],
  output_format_parquet_compression_method: ['text', 'zstd', 'Compression in Parquet', 'kernel'],
  output_format_parquet_string_as_string: ['bool', '1', 'Strings are UTF-8 in Parquet', 'kernel'],
  output_format_arrow_string_as_string: ['bool', '1', 'Strings are UTF-8 in Arrow', 'kernel'],
  output_format_arrow_compression_method: ['text', 'lz4_frame', 'Compression in Arrow', 'kernel'],
  output_format_values_escape_quote_with_quote: [
    'bool',
    '0',
    "Writes '' for ' in Values",
    'kernel',
  ],
  output_format_binary_write_json_as_string: [
    'bool',
    '0',
    'JSON as text in binary formats',
    'kernel',
  ],
  date_time_input_format: [
    'text',
    'basic',
    "How dates are read: 'basic', 'best_effort', 'best_effort_us'",
    'kernel',
  ],
  date_time_output_format: [
    'text',
    'simple',
    "How dates are written: 'simple', 'iso', 'unix_timestamp'",
    'kernel',
  ],
  bool_true_representation: ['text', 'true', 'Text of true', 'kernel'],
  bool_false_representation: ['text', 'false', 'Text of false', 'kernel'],
  format_csv_delimiter: ['text', ',', 'Separates fields of CSV', 'kernel'],
  format_csv_allow_single_quotes: ['bool', '0', "Fields of CSV may stand in ''", 'kernel'],
  format_csv_allow_double_quotes: ['bool', '1', 'Fields of CSV may stand in ""', 'kernel'],
  format_csv_null_representation: ['text', '\\N', 'Text of NULL in CSV', 'kernel'],
  format_tsv_null_representation: ['text', '\\N', 'Text of NULL in TSV', 'kernel'],
  format_custom_field_delimiter: ['text', '\t', 'Separates fields of CustomSeparated', 'kernel'],
  input_format_allow_errors_num: ['integer', '0', 'Bad rows that are skipped', 'kernel'],
  input_format_allow_errors_ratio: ['float', '0', 'Share of bad rows that are skipped', 'kernel'],
  input_format_skip_unknown_fields: ['bool', '1', 'Fields without a column are skipped', 'kernel'],
  input_format_with_names_use_header: [
    'bool',
    '1',
    'The header of CSV and TSV names the columns',
    'kernel',
  ],
  input_format_with_types_use_header: ['bool', '1', 'The types in a header must fit', 'kernel'],
  input_format_null_as_default: [
    'bool',
    '1',
    'NULL for a column that is not Nullable is its default',
    'kernel',
  ],
  input_format_defaults_for_omitted_fields: [
    'bool',
    '1',
    'Missing fields get the DEFAULT of their column',
    'kernel',
  ],
  input_format_import_nested_json: ['bool', '0', 'JSON objects fill Nested columns', 'kernel'],
  input_format_csv_empty_as_default: ['bool', '1', 'Empty fields of CSV are defaults', 'kernel'],
  input_format_csv_skip_first_lines: ['integer', '0', 'Lines of CSV to skip', 'kernel'],
  input_format_csv_trim_whitespaces: [
    'bool',
    '1',
    'Blanks around fields of CSV do not count',
    'kernel',
  ],
  input_format_tsv_empty_as_default: ['bool', '0', 'Empty fields of TSV are defaults', 'kernel'],
  input_format_tsv_skip_first_lines: ['integer', '0', 'Lines of TSV to skip', 'kernel'],
  input_format_json_read_numbers_as_strings: [
    'bool',
    '1',
    'Numbers may fill String columns',
    'kernel',
  ],
  input_format_json_read_bools_as_numbers: [
    'bool',
    '1',
    'Words true and false may fill numbers',
    'kernel',
  ],
  input_format_json_read_objects_as_strings: [
    'bool',
    '1',
    'Objects may fill String columns',
    'kernel',
  ],
  input_format_json_named_tuples_as_objects: ['bool', '1', 'Objects fill named tuples', 'kernel'],
  input_format_values_interpret_expressions: ['bool', '1', 'VALUES may hold expressions'],
  input_format_parallel_parsing: ['bool', '1', 'Input is decoded on several threads', 'kernel'],
  input_format_max_rows_to_read_for_schema_inference: [
    'integer',
    '25000',
    'Rows that types are guessed from',
    'kernel',
  ],
  schema_inference_make_columns_nullable: [
    'text',
    'auto',
    'Whether guessed columns are Nullable',
    'kernel',
  ],
  // ours
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

export const settingDefinitions: ReadonlyMap<string, SettingDefinition> = new Map(
  Object.entries(rows).map(([name, [type, value, doc, mark]]) => [
    name,
    {
      type,
      default: value,
      doc,
      ...(mark === 'own' ? { own: true as const } : {}),
      ...(mark === 'kernel' ? { kernel: true as const } : {}),
    },
  ]),
);

/** Names that users may make up, as ClickHouse's own configuration allows. */
const custom = /^(SQL_|custom_)\w+$/;

export const isKnownSetting = (name: string): boolean =>
  settingDefinitions.has(name) || clickhouseSettings.has(name) || custom.test(name);

export function unknownSetting(name: string): Error {
  const near = suggest(name, [...settingDefinitions.keys(), ...clickhouseSettings.keys()]);
  return fail('UNKNOWN_SETTING', `Unknown setting '${name}'`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

const ownTypes: Record<SettingType, string> = {
  bool: 'Bool',
  integer: 'UInt64',
  bytes: 'UInt64',
  float: 'Float',
  seconds: 'Seconds',
  text: 'String',
};

/** The type of a known setting by ClickHouse's name for it. */
export function settingTypeOf(name: string): string {
  const known = clickhouseSettings.get(name);
  if (known) return known.type;
  const own = settingDefinitions.get(name);
  return own ? ownTypes[own.type] : 'Custom';
}

export const settingDefault = (name: string): string =>
  settingDefinitions.get(name)?.default ?? clickhouseSettings.get(name)?.default ?? '';

/** Other names of a setting mean the one. */
export const canonicalSetting = (name: string): string =>
  clickhouseSettings.get(name)?.aliasOf ?? name;

/** The value as it is kept; throws for one that does not fit. */
export function normaliseSetting(name: string, value: string): string {
  if (!isKnownSetting(name)) throw unknownSetting(name);
  return settingValue(name, settingTypeOf(name), value, settingDefault(name));
}

export interface Settings {
  text(name: string): string;
  bool(name: string): boolean;
  /** Whole numbers, bytes and seconds. */
  number(name: string): number;
  /** Those that were set, without defaults. */
  readonly changed: ReadonlyMap<string, string>;
  /** Further values over these; names and values are checked. */
  with(more: Iterable<readonly [string, string]>): Settings;
  /** The defaults again for these. */
  without(names: Iterable<string>): Settings;
  /** The changed ones, for the kernel. */
  forKernel(): Record<string, string>;
  /** A text that is equal for equal settings, for caches. */
  readonly key: string;
}

function make(changed: ReadonlyMap<string, string>): Settings {
  const text = (name: string): string => changed.get(name) ?? settingDefault(name);
  let key: string | undefined;
  let kernel: Record<string, string> | undefined;
  return {
    text,
    bool: (name) => text(name) === '1',
    number: (name) => Number(text(name)) || 0,
    changed,
    with(more) {
      let next: Map<string, string> | undefined;
      for (const [written, value] of more) {
        const name = canonicalSetting(written);
        const normal = normaliseSetting(name, value);
        if ((next ?? changed).get(name) === normal) continue;
        next ??= new Map(changed);
        next.set(name, normal);
      }
      return next ? make(next) : this;
    },
    without(names) {
      const next = new Map(changed);
      for (const name of names) {
        if (!isKnownSetting(name)) throw unknownSetting(name);
        next.delete(canonicalSetting(name));
      }
      return next.size === changed.size ? this : make(next);
    },
    forKernel() {
      kernel ??= Object.fromEntries([...changed].filter(([name]) => !engineOnly.has(name)));
      return kernel;
    },
    get key() {
      key ??= [...changed]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([n, v]) => `${n}=${v}`)
        .join('\n');
      return key;
    },
  };
}

/** What the engine does alone; the token is handed over only where rows are to be hashed. */
const engineOnly = new Set(['insert_deduplication_token', 'log_comment']);

export const defaultSettings: Settings = make(new Map());
