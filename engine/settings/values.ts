// Values of settings: each type of ClickHouse's settings reads and refuses texts in its own way.

import { type ErrorName, fail } from '../errors.ts';

const suffixes: Record<string, bigint> = {
  '': 1n,
  k: 1000n,
  m: 1000n ** 2n,
  g: 1000n ** 3n,
  t: 1000n ** 4n,
  ki: 1n << 10n,
  mi: 1n << 20n,
  gi: 1n << 30n,
  ti: 1n << 40n,
};

const u64: readonly [bigint, bigint] = [0n, (1n << 64n) - 1n];
const ranges: Record<string, readonly [bigint, bigint]> = {
  UInt64: u64,
  NonZeroUInt64: u64,
  UInt64Auto: u64,
  MaxThreads: u64,
  Int64: [-(1n << 63n), (1n << 63n) - 1n],
  Int32: [-(1n << 31n), (1n << 31n) - 1n],
};

interface Words {
  readonly words: readonly string[];
  readonly error?: ErrorName;
  /** Several, separated by commas. */
  readonly list?: true;
}

const w = (text: string, error?: ErrorName, list?: true): Words => ({
  words: text.split(' '),
  ...(error ? { error } : {}),
  ...(list ? { list } : {}),
});

/** Types whose values are words. An empty word is written as _. */
const enums: Record<string, Words> = {
  AggregateFunctionInputFormat: w('array state value'),
  AlterUpdateMode: w('heavy lightweight lightweight_force'),
  ArrowFlightDescriptorType: w('command path'),
  DateTimeInputFormat: w('basic best_effort best_effort_us'),
  ObjectStorageGranularityLevel: w('bucket file'),
  DecorrelationJoinKind: w('left right'),
  DateTimeOutputFormat: w('iso simple unix_timestamp'),
  DateTimeOverflowBehavior: w('ignore saturate throw'),
  DeduplicateInsertMode: w('backward_compatible_choice disable enable'),
  DeduplicateInsertSelectMode: w(
    'disable enable_even_for_bad_queries enable_when_possible force_enable',
  ),
  DefaultDatabaseEngine: w('Atomic Ordinary'),
  SQLSecurityType: w('DEFINER INVOKER NONE'),
  DefaultTableEngine: w(
    'Log Memory MergeTree None ReplacingMergeTree ReplicatedMergeTree ReplicatedReplacingMergeTree SharedMergeTree SharedReplacingMergeTree StripeLog',
  ),
  Dialect: w('clickhouse kusto polyglot promql prql'),
  OverflowMode: w('break throw', 'UNKNOWN_OVERFLOW_MODE'),
  DistributedCacheLogMode: w('all nothing on_error'),
  DistributedCachePoolBehaviourOnLimit: w('allocate_bypassing_pool wait'),
  DistributedDDLOutputMode: w(
    'never_throw none none_only_active null_status_on_timeout null_status_on_timeout_only_active throw throw_only_active',
  ),
  DistributedProductMode: w('allow deny global local', 'UNKNOWN_DISTRIBUTED_PRODUCT_MODE'),
  SetOperationMode: w('ALL DISTINCT _', 'UNKNOWN_UNION'),
  ExplainQueryPlanDefault: w('legacy pretty'),
  FileLikeEngineDefaultPartitionStrategy: w('hive wildcard'),
  CapnProtoEnumComparingMode: w('by_names by_names_case_insensitive by_values'),
  EscapingRule: w('CSV Escaped JSON None Quoted Raw XML'),
  GeoToH3ArgumentOrder: w('lat_lon lon_lat'),
  OverflowModeGroupBy: w('any break throw', 'UNKNOWN_OVERFLOW_MODE'),
  StreamingHandleErrorMode: w('dead_letter_queue default stream'),
  IcebergMetadataLogLevel: w(
    'manifest_file_entry manifest_file_metadata manifest_list_entry manifest_list_metadata metadata none',
  ),
  InputFormatColumnMatchingCaseSensitivity: w('auto ignore_case match_case'),
  GeoJSONUnsupportedGeometryHandling: w('null throw'),
  IntervalOutputFormat: w('kusto numeric'),
  JemallocProfileFormat: w('collapsed raw symbolized'),
  JoinAlgorithm: w(
    'auto default direct full_sorting_merge grace_hash hash parallel_hash partial_merge prefer_partial_merge',
    'UNKNOWN_JOIN',
    true,
  ),
  JoinStrictness: w('ALL ANY _', 'UNKNOWN_JOIN'),
  LightweightDeleteMode: w('alter_update lightweight_update lightweight_update_force'),
  LightweightMutationProjectionMode: w('drop rebuild throw'),
  LoadBalancing: w(
    'first_or_random hostname_levenshtein_distance hostname_longest_common_prefix hostname_longest_common_suffix in_order nearest_hostname random round_robin',
    'UNKNOWN_LOAD_BALANCING',
  ),
  LogQueriesType: w('EXCEPTION_BEFORE_START EXCEPTION_WHILE_PROCESSING QUERY_FINISH QUERY_START'),
  MySQLDataTypesSupport: w(
    'date2Date32 date2String datetime64 decimal geometry',
    'UNKNOWN_MYSQL_DATATYPES_SUPPORT_LEVEL',
    true,
  ),
  ArrowCompression: w('lz4_frame none zstd'),
  MsgPackUUIDRepresentation: w('bin ext str'),
  ORCCompression: w('lz4 none snappy zlib zstd'),
  ParquetCompression: w('brotli gzip lz4 none snappy zstd'),
  ParquetVersion: w('1.0 2.4 2.6 2.latest'),
  ParallelReplicasCustomKeyFilterType: w('default range'),
  ParallelReplicasMode: w('auto custom_key_range custom_key_sampling read_tasks sampling_key'),
  QueryResultCacheNondeterministicFunctionHandling: w('ignore save throw'),
  QueryResultCacheSystemTableHandling: w('ignore save throw'),
  JoinOrderAlgorithm: w('dphyp dpsize dpsub greedy'),
  S3UriStyle: w('auto path virtual_hosted'),
  SchemaInferenceMode: w('default union'),
  LogsLevel: w('debug error fatal information none test trace warning'),
  ShortCircuitFunctionEvaluation: w('disable enable force_enable'),
  IdentifierQuotingRule: w('always user_display when_necessary'),
  IdentifierQuotingStyle: w('Backticks BackticksMySQL DoubleQuotes'),
  SkipUnavailableShardsMode: w(
    'unavailable unavailable_or_exception_before_processing unavailable_or_table_missing',
  ),
  SnappyMode: w('basic framed'),
  LocalFSReadMethod: w('io_uring mmap pread pread_fake_async pread_threadpool read'),
  TextIndexPostingListApplyMode: w('lazy materialize'),
  TotalsMode: w(
    'after_having_auto after_having_exclusive after_having_inclusive before_having',
    'UNKNOWN_TOTALS_MODE',
  ),
  UpdateParallelMode: w('async auto sync'),
  VectorSearchFilterStrategy: w('auto postfilter prefilter'),
  TransactionsWaitCSNMode: w('async wait wait_unknown'),
};

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** The value of a setting as it is kept. */
export function settingValue(name: string, type: string, value: string, initial: string): string {
  const text = value.trim();
  if (name === 'compatibility' && !/^(\d+(\.\d+){1,3})?$/.test(text)) {
    throw fail('BAD_ARGUMENTS', `compatibility takes a version such as 25.8, not '${text}'`);
  }
  const words = Object.hasOwn(enums, type) ? enums[type] : undefined;
  if (words) return wordOf(name, value, words);
  switch (type) {
    case 'Bool':
      return boolOf(name, text);
    case 'BoolAuto':
      return text === 'auto' ? text : boolOf(name, text);
    case 'Seconds':
    case 'Milliseconds':
    case 'Float':
    case 'Double':
    case 'FloatAuto':
      return floatOf(name, type, text);
    case 'Char':
      return charOf(name, value);
    case 'Timezone':
      return zoneOf(name, text);
    case 'Map':
      if (text !== '' && !text.startsWith('{'))
        throw refused(
          'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
          name,
          "a map such as {'key':'value'}",
          text,
        );
      return value;
    default:
      return Object.hasOwn(ranges, type) ? integerOf(name, type, text, initial) : value;
  }
}

function refused(error: ErrorName, name: string, expected: string, value: string): Error {
  return fail(error, `Setting ${name} takes ${expected}, not '${clip(value)}'`);
}

function boolOf(name: string, text: string): string {
  if (text === '0' || /^false$/i.test(text)) return '0';
  if (text === '1' || /^true$/i.test(text)) return '1';
  const isNumber = /^[-+]?\d+(\.\d*)?$/.test(text);
  throw refused(isNumber ? 'CANNOT_CONVERT_TYPE' : 'CANNOT_PARSE_BOOL', name, '0 or 1', text);
}

function integerOf(name: string, type: string, text: string, initial: string): string {
  if (/^auto(\(\d+\))?$/.test(text) && (type === 'MaxThreads' || type === 'UInt64Auto'))
    return /^\d+$/.test(initial) && type === 'MaxThreads' ? initial : text;
  if (/^(true|false)$/i.test(text)) return /^t/i.test(text) ? '1' : '0';
  const match = /^([-+]?\d+)([kmgt]i?)?$/i.exec(text);
  const [low, high] = ranges[type] as readonly [bigint, bigint];
  let n: bigint;
  if (match) {
    n = BigInt(match[1] as string) * (suffixes[(match[2] ?? '').toLowerCase()] ?? 1n);
  } else {
    const number = text === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(number))
      throw refused('CANNOT_PARSE_INPUT_ASSERTION_FAILED', name, 'a whole number', text);
    n = BigInt(Math.trunc(number));
  }
  if (n < low || n > high)
    throw refused('CANNOT_CONVERT_TYPE', name, `a number from ${low} to ${high}`, text);
  if (n === 0n && type === 'NonZeroUInt64')
    throw refused('BAD_ARGUMENTS', name, 'a number greater than 0', text);
  return n.toString();
}

function floatOf(name: string, type: string, text: string): string {
  if (type === 'FloatAuto' && text === 'auto') return text;
  const suffix = /^(\d+)([kmgt]i?)$/i.exec(text);
  if (suffix)
    return String(Number(suffix[1]) * Number(suffixes[(suffix[2] as string).toLowerCase()] ?? 1n));
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text))
    throw refused('CANNOT_PARSE_NUMBER', name, 'a number', text);
  // A time below zero is none at all.
  return text.startsWith('-') && /econds$/.test(type) ? '0' : text;
}

function charOf(name: string, value: string): string {
  if (Buffer.byteLength(value) > 1)
    throw refused('SIZE_OF_FIXED_STRING_DOESNT_MATCH', name, 'one character', value);
  return value;
}

function zoneOf(name: string, text: string): string {
  if (text === '' || isZone(text)) return text;
  throw refused('BAD_ARGUMENTS', name, "a time zone such as 'Europe/Berlin'", text);
}

const zones = new Map<string, boolean>();

function isZone(text: string): boolean {
  const known = zones.get(text);
  if (known !== undefined) return known;
  let good = /^[A-Za-z][\w+\-/]*$/.test(text);
  try {
    if (good) new Intl.DateTimeFormat('en', { timeZone: text });
  } catch {
    good = false;
  }
  if (zones.size < 2000) zones.set(text, good);
  return good;
}

function wordOf(
  name: string,
  value: string,
  { words, error = 'BAD_ARGUMENTS', list }: Words,
): string {
  const one = (part: string): string => {
    const found = words.find((word) => word.toLowerCase() === (part || '_').toLowerCase());
    if (found !== undefined) return found === '_' ? '' : found;
    const all = words.map((word) => `'${word === '_' ? '' : word}'`).join(', ');
    throw refused(error, name, `one of ${all}`, part);
  };
  return list
    ? value
        .split(',')
        .map((part) => one(part.trim()))
        .join(',')
    : one(value.trim());
}
