// Settings with an effect that have ClickHouse's type and default: what each does.

export const asClickhouse: Record<string, string> = {
  // limits
  max_block_size: 'Rows of a block that is made, such as one of numbers()',
  max_concurrent_queries_for_user:
    'Queries of one user that run at a time. 0 = as many as the server',
  max_concurrent_queries_for_all_users:
    'Queries that may run when one begins. 0 = as many as the server',
  max_columns_to_read: 'Columns that a query may read of a table. 0 = any number',
  max_rows_to_read_leaf: 'Rows that a query may read of tables of this server. 0 = any number',
  max_bytes_to_read_leaf: 'Bytes that a query may read of tables of this server. 0 = any number',
  max_rows_to_group_by: 'Groups of a GROUP BY at most. 0 = any number',
  group_by_overflow_mode: "Beyond max_rows_to_group_by: 'throw', 'break', or 'any' for known keys",
  max_rows_in_set: 'Rows of the right side of IN at most. 0 = any number',
  set_overflow_mode: "Beyond max_rows_in_set: 'throw' or 'break'",
  max_bytes_in_set: 'Bytes of the right side of IN at most. 0 = any number',
  max_rows_in_join: 'Rows of the right side of a join at most. 0 = any number',
  max_bytes_in_join: 'Bytes of the right side of a join at most. 0 = any number',
  join_overflow_mode: "Beyond these: 'throw' or 'break'",
  max_rows_in_distinct: 'Different rows of a DISTINCT at most. 0 = any number',
  max_bytes_in_distinct: 'Bytes of different rows of a DISTINCT at most. 0 = any number',
  distinct_overflow_mode: "Beyond these: 'throw' or 'break'",
  max_rows_to_sort: 'Rows that ORDER BY may take. 0 = any number',
  max_bytes_to_sort: 'Bytes that ORDER BY may take. 0 = any number',
  sort_overflow_mode: "Beyond these: 'throw' or 'break'",
  max_ast_elements: 'Nodes of the tree of a statement at most. 0 = any number',
  max_subquery_depth: 'How deep subqueries may lie in each other. 0 = any depth',
  function_range_max_elements_in_block: 'Elements that range() may make in one block',
  regexp_max_matches_per_row: 'Matches that extractAllGroups… may give for a row',
  throw_on_max_partitions_per_insert_block:
    'Whether max_partitions_per_insert_block fails or only tells',

  // what SQL means
  additional_table_filters: 'Conditions for tables of FROM, by their names',
  additional_result_filter: 'A condition for the rows of the result',
  final: 'Every table is read with FINAL',
  do_not_merge_across_partitions_select_final: 'FINAL looks at each partition alone',
  join_algorithm: 'Which ways of joining may be taken; a way without any is refused',
  join_any_take_last_row: 'A table of engine Join keeps the last row of a key, not the first',
  any_join_distinct_right_table_keys: 'ANY INNER JOIN as before version 19.14',
  joined_subquery_requires_alias: 'Subqueries in a JOIN need a name',
  enable_unaligned_array_join: 'ARRAY JOIN of arrays of unequal lengths fills with defaults',
  empty_result_for_aggregation_by_constant_keys_on_empty_set:
    'No row where all keys of GROUP BY are constants and there are no rows',
  totals_mode: 'Which groups WITH TOTALS counts when HAVING leaves some out',
  totals_auto_threshold:
    "Of 'after_having_auto': which share of groups must pass HAVING for all rows to count",
  force_grouping_standard_compatibility: 'For columns that are not keys, grouping() is 1',
  use_variant_as_common_type: 'Types without a common one are Variant; refused here instead',
  least_greatest_legacy_null_behavior:
    'With a NULL among their arguments, least() and greatest() give NULL',
  short_circuit_function_evaluation: 'Whether branches are computed only for the rows they are for',
  cast_string_to_date_time_mode: "How CAST reads dates: 'best_effort', 'best_effort_us', 'basic'",
  enable_extended_results_for_datetime_functions: 'Functions of dates give Date32 and DateTime64',
  formatdatetime_e_with_space_padding: '%e of formatDateTime is padded with a space',
  formatdatetime_f_prints_scale_number_of_digits:
    '%f of formatDateTime has as many digits as the type',
  formatdatetime_f_prints_single_zero: '%f of formatDateTime prints one zero for whole seconds',
  formatdatetime_format_without_leading_zeros:
    '%c, %l and %k of formatDateTime have no leading zero',
  formatdatetime_parsedatetime_m_is_month_name: '%M is the name of the month, not the minute',
  function_json_value_return_type_allow_complex: 'JSON_VALUE may give arrays and objects',
  function_json_value_return_type_allow_nullable: 'JSON_VALUE gives NULL for what is not there',
  function_locate_has_mysql_compatible_argument_order: 'As in MySQL: locate(needle, haystack)',
  splitby_max_substrings_includes_remaining_string: 'The last part of splitBy… is all that is left',

  // reading
  use_skip_indexes: 'Blocks are left out by skip indexes',
  use_skip_indexes_if_final: 'Also in queries with FINAL',
  force_primary_key: 'A query fails that reads a table without its primary key',
  force_index_by_date: 'A query fails that reads a table without its partition key',
  ignore_data_skipping_indices: 'Skip indexes that are not asked',
  force_data_skipping_indices: 'Skip indexes without which a query fails',

  // tables and rows
  allow_ddl: 'Statements that define or drop may run',
  allow_drop_detached: 'ALTER TABLE … DROP DETACHED may run',
  allow_deprecated_syntax_for_merge_tree: 'MergeTree(date, key, granularity) may be written',
  allow_non_metadata_alters: 'ALTER may change files of a table',
  allow_suspicious_indices: 'Indexes and keys may name a column twice',
  allow_suspicious_low_cardinality_types: 'LowCardinality of numbers may be a type of columns',
  allow_suspicious_fixed_string_types: 'FixedString may be longer than 256 bytes',
  compatibility_ignore_auto_increment_in_create_table: 'AUTO_INCREMENT is accepted without effect',
  create_index_ignore_unique: 'CREATE UNIQUE INDEX makes an index like any other',
  allow_create_index_without_type: 'CREATE INDEX without TYPE is passed over',
  enable_nullable_tuple_type: 'Nullable(Tuple(…)) is a type that CAST may name',
  enable_named_columns_in_function_tuple:
    'Elements of tuple(a, b) are called a and b, like the columns',
  allow_suspicious_codecs: 'CODEC may combine what makes nothing of each other',
  flatten_nested: 'Nested columns are arrays side by side',
  optimize_throw_if_noop: 'OPTIMIZE fails where there was nothing to merge',
  max_table_size_to_drop:
    'Where it is set: larger tables are neither dropped nor truncated. 0 = any',
  describe_include_subcolumns:
    'DESCRIBE lists parts of columns that can be read by themselves, too',
  print_pretty_type_names: 'Types of tuples are shown in several lines',
  describe_compact_output: 'DESCRIBE shows names and types only',
  check_query_single_value_result: 'CHECK TABLE answers with one value',
  materialize_ttl_after_modify: 'A new TTL is applied to the rows that are there',
  optimize_on_insert: "Inserted rows pass the engine's rule before they are stored",
  insert_null_as_default: "NULL for a column that cannot hold it is the column's default",
  throw_if_no_data_to_insert: 'An INSERT without rows fails',
  alter_update_mode: "How ALTER … UPDATE changes rows: 'heavy', 'lightweight', …",
  system_events_show_zero_values:
    'Show in system.events and system.errors what has not happened, too',

  // formats: what is inferred
  column_names_for_schema_inference: 'Names of columns for files without any',
  schema_inference_hints: 'Names and types that inference takes for given',
  format_schema: 'The schema of formats that need one',
  interval_output_format: "Intervals as numbers ('numeric') or words ('kusto')",
  output_format_trim_fixed_string: 'FixedString is written without zeros at its end',

  input_format_max_rows_to_read_for_schema_inference: 'Rows that inference looks at',
  schema_inference_make_columns_nullable:
    "Inferred types are Nullable: 0 = never, 1 = always, 2 or 'auto' = where NULLs were seen, 3 = as 1",
  input_format_values_interpret_expressions: 'VALUES may hold expressions, not only plain values',
  input_format_values_deduce_templates_of_expressions:
    'Rows of VALUES that differ only in literals are computed at once',
  input_format_try_infer_integers: 'Whole numbers are Int64 when types are inferred, else Float64',
  input_format_try_infer_dates: 'Dates are recognised when types are inferred',
  input_format_try_infer_datetimes: 'Dates with times are recognised when types are inferred',
  input_format_try_infer_datetimes_only_datetime64: 'They are DateTime64, never DateTime',
  input_format_try_infer_exponent_floats: 'Numbers such as 1e5 are recognised outside of JSON',
  input_format_csv_use_best_effort_in_schema_inference: 'Types of CSV are inferred; else String',
  input_format_tsv_use_best_effort_in_schema_inference: 'Types of TSV are inferred; else String',
  input_format_csv_try_infer_numbers_from_strings: 'Numbers in quotes are inferred as numbers',
  input_format_csv_try_infer_strings_from_quoted_tuples: 'Tuples in quotes are inferred as String',
  input_format_json_try_infer_numbers_from_strings: 'Numbers in strings are inferred as numbers',
  input_format_json_try_infer_named_tuples_from_objects:
    'Objects are inferred as named tuples, else as String or Map',
  input_format_json_infer_incomplete_types_as_strings:
    'Keys with nothing but null and [] are String, else an error',

  // formats: headers and lines
  input_format_with_names_use_header: 'Names of a header say which columns follow',
  input_format_with_types_use_header: 'Types of a header must be those of the columns',
  input_format_csv_skip_first_lines: 'Lines in front of CSV that are passed over',
  input_format_tsv_skip_first_lines: 'Lines in front of TSV that are passed over',
  input_format_custom_detect_header: 'A first row of names is found out',

  // formats: CSV, TSV, JSON
  input_format_csv_allow_variable_number_of_columns: 'Rows may have more or fewer fields',
  format_csv_allow_double_quotes: 'Fields of CSV may stand in ""',
  input_format_csv_allow_whitespace_or_tab_as_delimiter: 'Blanks beside fields of CSV are kept',
  input_format_csv_use_default_on_bad_values: 'Fields that cannot be read are defaults',
  input_format_csv_arrays_as_nested_csv: 'Arrays in CSV are CSV themselves',
  input_format_tsv_allow_variable_number_of_columns: 'Rows may have more or fewer fields',
  input_format_custom_allow_variable_number_of_columns: 'Rows may have more or fewer fields',
  input_format_json_compact_allow_variable_number_of_columns: 'Rows may have more or fewer values',
  input_format_csv_detect_header: 'A first row of names is found out',
  output_format_csv_serialize_tuple_into_separate_columns: 'Elements of a tuple are fields',
  output_format_csv_header_serialize_tuple_into_separate_columns:
    'Elements of a tuple have names of their own in the header',
  input_format_tsv_crlf_end_of_line: 'Lines of TSV end with \\r\\n',
  input_format_tsv_detect_header: 'A first row of names is found out',
  input_format_json_defaults_for_missing_elements_in_named_tuple:
    'Elements that an object lacks have their defaults',
  input_format_json_empty_as_default: 'Empty strings of JSON are defaults of other types',
  input_format_json_validate_types_from_metadata: "Types under 'meta' must be those of the columns",
  format_json_object_each_row_column_for_object_name:
    'The column of the names of rows in JSONObjectEachRow',
  input_format_json_ignore_unknown_keys_in_named_tuple: 'Keys that no element has are passed over',
  input_format_json_read_arrays_as_strings: 'Arrays may go into String',
  input_format_json_read_bools_as_strings: 'Booleans of JSON may go into String',
  output_format_json_map_as_array_of_tuples: 'Maps are written as arrays of pairs',
  output_format_json_skip_null_value_in_named_tuples: 'Elements that are NULL are left out',

  // formats: Custom, Template, Regexp
  format_custom_escaping_rule: 'How fields of Custom formats are escaped',
  format_custom_result_before_delimiter: 'Text before all rows',
  format_custom_result_after_delimiter: 'Text behind all rows',
  format_custom_row_before_delimiter: 'Text before a row',
  format_custom_row_after_delimiter: 'Text behind a row',
  format_custom_row_between_delimiter: 'Text between rows',
  format_template_resultset: 'File with the form of the whole result',
  format_template_resultset_format: 'The form of the whole result',
  format_template_row: 'File with the form of a row',
  format_template_row_format: 'The form of a row',
  format_template_rows_between_delimiter: 'Text between rows',
  format_regexp: 'The pattern that a row of Regexp is',
  format_regexp_escaping_rule: 'How its groups are escaped',
  format_regexp_skip_unmatched: 'Lines that do not match are passed over',

  // formats: for people
  output_format_markdown_escape_special_characters: 'Characters with a meaning are escaped',
  output_format_pretty_color: "Colours in Pretty: '0', '1', 'auto'",
  output_format_pretty_display_footer_column_names: 'Names also below long tables',
  output_format_pretty_display_footer_column_names_min_rows: 'From how many rows on',
  output_format_pretty_fallback_to_vertical: 'Wide rows of small tables are shown in Vertical',
  output_format_pretty_fallback_to_vertical_max_rows_per_chunk: 'Up to how many rows',
  output_format_pretty_fallback_to_vertical_min_columns: 'From how many columns on',
  output_format_pretty_fallback_to_vertical_min_table_width: 'From which width on',
  output_format_pretty_highlight_digit_groups: 'With colours, digits of thousands are underlined',
  output_format_pretty_highlight_trailing_spaces: 'With colours, blanks at the end of texts show',
  output_format_pretty_named_tuples_as_json: 'Named tuples are JSON over several lines',
  output_format_pretty_max_value_width_apply_for_single_value: "A table's only value is cut, too",
  output_format_pretty_grid_charset: "Lines of tables in 'UTF-8' or 'ASCII'",
  output_format_pretty_max_column_name_width_cut_to: 'To what names are cut. 0 = they are not',
  output_format_pretty_max_column_name_width_min_chars_to_cut: 'How much longer cut names are',
  output_format_pretty_max_column_pad_width: 'Width to which columns are filled up',
  output_format_pretty_max_value_width: 'Width at which values are cut. 0 = they are not',
  output_format_pretty_multiline_fields: 'Values of several lines are shown in several lines',
  output_format_pretty_single_large_number_tip_threshold:
    'From which number on a single one is shown in words. 0 = never',
  output_format_float_precision: 'Digits behind the point of floats at most. 0 = all',
  output_format_always_write_decimal_point_in_float_and_decimal: 'Whole ones end with a point',
  date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands:
    'Fractions of seconds have 0, 3, 6 or 9 digits, as few as they need',
  output_format_sql_insert_include_column_names: 'INSERT statements name the columns',
  output_format_sql_insert_max_batch_size: 'Rows of one INSERT statement',
  output_format_sql_insert_quote_names: 'Names of columns are quoted',
  output_format_sql_insert_table_name: 'The table that is named',
  output_format_sql_insert_use_replace: 'REPLACE instead of INSERT',
};
