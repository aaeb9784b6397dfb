// What formats.test.ts compares: tables of all types, formats by family, settings of each family.

export interface Table {
  readonly name: string;
  readonly columns: string;
  readonly rows: string;
}

export const tables: readonly Table[] = [
  {
    name: 'numbers_',
    columns:
      'id UInt8, u16 UInt16, u32 UInt32, u64 UInt64, u128 UInt128, u256 UInt256, i8 Int8, i16 Int16, i32 Int32, i64 Int64, i128 Int128, i256 Int256, f32 Float32, f64 Float64, d32 Decimal(9, 2), d64 Decimal(18, 5), d128 Decimal(38, 10), d256 Decimal(76, 20), b Bool',
    rows: `(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false),
      (1, 65535, 4294967295, 18446744073709551615, 340282366920938463463374607431768211455, 115792089237316195423570985008687907853269984665640564039457584007913129639935, 127, 32767, 2147483647, 9223372036854775807, 170141183460469231731687303715884105727, 57896044618658097711785492504343953926634992332820282019728792003956564819967, 3.4e38, 1.7976931348623157e308, 1234567.89, 1234567890123.45678, 1.0000000001, 1.5, true),
      (2, 1, 1, 1, 1, 1, -128, -32768, -2147483648, -9223372036854775808, -1, -1, -1.5, 0.1, -0.01, -1.1, -3.14, -0.00000000000000000001, true),
      (3, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 2.5, -0.25, 1.5, 2.50, 3, 4, false),
      (4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 12, 1e21, 10, 100, 1000, 10000, true),
      (5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1e-7, 123456789.125, 0.10, 0.5, 0, 0, true)`,
  },
  {
    name: 'texts',
    columns:
      "id UInt8, s String, f FixedString(4), l LowCardinality(String), e Enum8('a' = 1, 'b b' = -2, 'it''s' = 3), e16 Enum16('x' = 1000, 'y\\t' = -1000), u UUID, i4 IPv4, i6 IPv6",
    rows: `(0, '', '', '', 'a', 'x', '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::'),
      (1, 'plain', 'abcd', 'low', 'b b', 'y\\t', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', '192.168.0.1', '2001:db8::1'),
      (2, 'tab\\there, line\\nend\\r quote\\' double" back\\\\slash / zero\\0 bell\\b\\f', 'a\\0b', '<a href="x">&amp;\\'</a>', 'it''s', 'x', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255', '::ffff:1.2.3.4'),
      (3, 'żółć 日本 🎉 é', 'żó', '🎉', 'a', 'x', '00000000-0000-0000-0000-000000000001', '1.2.3.4', 'fe80::1'),
      (4, 'NULL', '\\\\N', 'a,b;c|d', 'a', 'x', '00000000-0000-0000-0000-000000000001', '1.2.3.4', 'fe80::1'),
      (5, '  spaces  ', '    ', '1.5', 'a', 'x', '00000000-0000-0000-0000-000000000001', '1.2.3.4', 'fe80::1'),
      (6, '=1+1', '@x', '-5', 'a', 'x', '00000000-0000-0000-0000-000000000001', '1.2.3.4', 'fe80::1')`,
  },
  {
    name: 'times',
    columns:
      "id UInt8, d Date, d32 Date32, t DateTime('UTC'), z DateTime('Asia/Seoul'), t3 DateTime64(3, 'UTC'), t9 DateTime64(9, 'UTC')",
    rows: `(0, '1970-01-01', '1900-01-01', 0, 0, 0, 0),
      (1, '2149-06-06', '2299-12-31', '2106-02-07 06:28:15', '2024-01-01 00:00:00', '2299-12-31 23:59:59.999', '2024-02-29 12:34:56.123456789'),
      (2, '2024-02-29', '2024-02-29', '2024-02-29 12:34:56', '2024-02-29 12:34:56', '1970-12-31 23:59:59.001', '1970-01-01 00:00:00.000000001')`,
  },
  {
    name: 'nulls',
    columns:
      'id UInt8, n Nullable(Int32), f Nullable(Float64), s Nullable(String), l LowCardinality(Nullable(String)), d Nullable(Date), b Nullable(Bool), a Array(Nullable(Int8))',
    rows: `(0, NULL, NULL, NULL, NULL, NULL, NULL, []), (1, 0, 0, '', '', '1970-01-01', false, [NULL]), (2, -5, 1.5, 'NULL', 'x', '2024-02-29', true, [1, NULL, 3])`,
  },
  {
    name: 'denormals',
    columns: 'id UInt8, f Float32, d Float64, n Nullable(Float64), a Array(Float64)',
    rows: '(0, nan, inf, -inf, [nan]), (1, -inf, nan, nan, []), (2, 1e38, -1.5e300, NULL, [inf, 0])',
  },
  {
    name: 'nested_',
    columns:
      "id UInt8, a Array(String), aa Array(Array(UInt16)), t Tuple(UInt8, String), n Tuple(x Int8, `y y` Array(String)), m Map(String, UInt32), mt Map(UInt8, Tuple(a String, b Nullable(Float32))), ad Array(Date), ae Array(Enum8('a' = 1, 'b' = 2)), al Array(LowCardinality(String))",
    rows: `(0, [], [], (0, ''), (0, []), {}, {}, [], [], []),
      (1, ['a', 'it''s', 'q"q', 'tab\\t'], [[1, 2], [], [3]], (1, 'x'), (-1, ['p', 'q']), {'k': 1, 'it''s': 2}, {1: ('a', 1.5), 2: ('b"', NULL)}, ['2024-02-29'], ['a', 'b'], ['x', 'x', '']),
      (2, ['\\\\', ', ', '\\n'], [[65535]], (255, 'a\\tb'), (127, ['']), {'': 0}, {0: ('', 0)}, ['1970-01-01', '2000-01-01'], ['b'], ['ż'])`,
  },
];

export type Settings = Record<string, string | number>;

/** Settings of what is written that no setting reads back. */
export interface Variant {
  readonly set: Settings;
  readonly outOnly?: boolean;
}

export interface Family {
  readonly name: string;
  readonly formats: readonly string[];
  readonly settings?: readonly (Settings | Variant)[];
  readonly tables?: readonly string[];
  readonly outOnly?: boolean;
}

export const families: readonly Family[] = [
  {
    name: 'TabSeparated',
    formats: ['TabSeparated', 'TabSeparatedWithNames', 'TabSeparatedWithNamesAndTypes', 'TSKV'],
    settings: [
      { format_tsv_null_representation: 'nil' },
      { output_format_tsv_crlf_end_of_line: 1, input_format_tsv_crlf_end_of_line: 1 },
      { bool_true_representation: 'yes', bool_false_representation: 'no' },
      { date_time_output_format: 'iso', date_time_input_format: 'best_effort' },
      { date_time_output_format: 'unix_timestamp' },
      { output_format_decimal_trailing_zeros: 1 },
    ],
  },
  {
    name: 'TabSeparatedRaw',
    formats: ['TabSeparatedRaw', 'TabSeparatedRawWithNames', 'TabSeparatedRawWithNamesAndTypes'],
    outOnly: true,
  },
  {
    name: 'CSV',
    formats: ['CSV', 'CSVWithNames', 'CSVWithNamesAndTypes'],
    settings: [
      { format_csv_delimiter: ';' },
      { format_csv_null_representation: 'nil' },
      { output_format_csv_crlf_end_of_line: 1 },
      {
        output_format_csv_serialize_tuple_into_separate_columns: 0,
        input_format_csv_deserialize_separate_columns_into_tuple: 0,
      },
      { bool_true_representation: 'on', bool_false_representation: 'off' },
      { date_time_output_format: 'iso', date_time_input_format: 'best_effort' },
      { format_csv_allow_single_quotes: 1 },
    ],
  },
  {
    name: 'CustomSeparated',
    formats: ['CustomSeparated', 'CustomSeparatedWithNames', 'CustomSeparatedWithNamesAndTypes'],
    settings: [
      {
        set: { format_custom_escaping_rule: 'CSV', format_custom_field_delimiter: '|' },
        outOnly: true,
      },
      {
        format_custom_escaping_rule: 'Quoted',
        format_custom_field_delimiter: ', ',
        format_custom_row_before_delimiter: '<',
        format_custom_row_after_delimiter: '>',
        format_custom_row_between_delimiter: '\n',
      },
      {
        format_custom_escaping_rule: 'JSON',
        format_custom_result_before_delimiter: '[[',
        format_custom_result_after_delimiter: ']]\n',
      },
      { set: { format_custom_escaping_rule: 'XML' }, outOnly: true },
    ],
  },
  {
    name: 'Values',
    formats: ['Values'],
    settings: [{ set: { output_format_values_escape_quote_with_quote: 1 }, outOnly: true }],
  },
  {
    name: 'JSON documents',
    formats: [
      'JSON',
      'JSONCompact',
      'JSONColumnsWithMetadata',
      'JSONColumns',
      'JSONCompactColumns',
    ],
    settings: [
      { output_format_json_quote_64bit_integers: 1 },
      { output_format_json_quote_denormals: 1 },
      {
        set: { output_format_json_quote_decimals: 1, output_format_json_quote_64bit_floats: 1 },
        outOnly: true,
      },
      { output_format_json_escape_forward_slashes: 0 },
      { output_format_json_named_tuples_as_objects: 0 },
    ],
  },
  {
    name: 'JSON documents of texts',
    formats: ['JSONStrings', 'JSONCompactStrings'],
    outOnly: true,
  },
  {
    name: 'JSON rows',
    formats: [
      'JSONEachRow',
      'JSONCompactEachRow',
      'JSONCompactEachRowWithNames',
      'JSONCompactEachRowWithNamesAndTypes',
      'JSONStringsEachRow',
      'JSONCompactStringsEachRow',
      'JSONCompactStringsEachRowWithNamesAndTypes',
      'JSONObjectEachRow',
    ],
    settings: [
      { output_format_json_quote_64bit_integers: 1 },
      { output_format_json_quote_denormals: 1, input_format_json_read_numbers_as_strings: 1 },
      {
        output_format_json_named_tuples_as_objects: 0,
        input_format_json_named_tuples_as_objects: 0,
      },
      { output_format_json_array_of_rows: 1 },
      { output_format_json_skip_null_value_in_named_tuples: 1 },
      { date_time_output_format: 'unix_timestamp' },
    ],
  },
  {
    name: 'Pretty',
    formats: [
      'Pretty',
      'PrettyNoEscapes',
      'PrettyMonoBlock',
      'PrettyCompact',
      'PrettyCompactNoEscapes',
      'PrettyCompactMonoBlock',
      'PrettySpace',
      'PrettySpaceNoEscapesMonoBlock',
    ],
    settings: [
      { output_format_pretty_grid_charset: 'ASCII' },
      { output_format_pretty_row_numbers: 0 },
      {
        output_format_pretty_max_value_width: 5,
        output_format_pretty_max_value_width_apply_for_single_value: 1,
      },
      { output_format_pretty_display_footer_column_names: 0 },
      { output_format_pretty_max_rows: 2 },
      {
        output_format_pretty_highlight_digit_groups: 0,
        output_format_pretty_single_large_number_tip_threshold: 0,
      },
      { output_format_pretty_multiline_fields: 0 },
    ],
    tables: ['numbers_', 'times', 'nulls', 'denormals'],
    outOnly: true,
  },
  {
    name: 'Pretty texts',
    formats: ['Pretty', 'PrettyCompact', 'PrettySpace', 'PrettySpaceMonoBlock'],
    settings: [{ output_format_pretty_row_numbers: 0 }],
    tables: ['texts'],
    outOnly: true,
  },
  {
    name: 'texts for people',
    formats: ['Vertical', 'Markdown', 'XML', 'SQLInsert'],
    settings: [
      { output_format_sql_insert_table_name: 'x', output_format_sql_insert_max_batch_size: 2 },
      { output_format_sql_insert_use_replace: 1, output_format_sql_insert_quote_names: 0 },
      { output_format_sql_insert_include_column_names: 0 },
      { output_format_json_quote_64bit_integers: 1 },
    ],
    outOnly: true,
  },
  {
    name: 'binary',
    formats: ['RowBinary', 'RowBinaryWithNames', 'RowBinaryWithNamesAndTypes', 'Native'],
  },
];
