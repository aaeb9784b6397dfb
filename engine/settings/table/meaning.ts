// What SQL means: names, types, NULLs, joins, casts.
import type { SettingRow } from '../definition.ts';

export const meaning: Record<string, SettingRow> = {
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
};
