// Every failure the engine can answer: ClickHouse's code and name, and whose fault it is.
// Codes are append-only; the HTTP edge turns a fault into a status.

import type { Failure, Fault } from './facade.ts';

const table = {
  UNSUPPORTED_METHOD: [1, 'client'],
  UNSUPPORTED_PARAMETER: [2, 'client'],
  CANNOT_PARSE_TEXT: [6, 'client'],
  INCORRECT_NUMBER_OF_COLUMNS: [7, 'client'],
  THERE_IS_NO_COLUMN: [8, 'client'],
  SIZES_OF_COLUMNS_DOESNT_MATCH: [9, 'client'],
  NOT_FOUND_COLUMN_IN_BLOCK: [10, 'client'],
  POSITION_OUT_OF_BOUND: [11, 'client'],
  PARAMETER_OUT_OF_BOUND: [12, 'client'],
  DUPLICATE_COLUMN: [15, 'client'],
  NO_SUCH_COLUMN_IN_TABLE: [16, 'client'],
  SIZE_OF_FIXED_STRING_DOESNT_MATCH: [19, 'client'],
  NUMBER_OF_COLUMNS_DOESNT_MATCH: [20, 'client'],
  CANNOT_READ_FROM_ISTREAM: [23, 'client'],
  CANNOT_PARSE_ESCAPE_SEQUENCE: [25, 'client'],
  CANNOT_PARSE_QUOTED_STRING: [26, 'client'],
  CANNOT_PARSE_INPUT_ASSERTION_FAILED: [27, 'client'],
  CANNOT_PRINT_FLOAT_OR_DOUBLE_NUMBER: [28, 'client'],
  ATTEMPT_TO_READ_AFTER_EOF: [32, 'client'],
  CANNOT_READ_ALL_DATA: [33, 'client'],
  TOO_MANY_ARGUMENTS_FOR_FUNCTION: [34, 'client'],
  TOO_FEW_ARGUMENTS_FOR_FUNCTION: [35, 'client'],
  BAD_ARGUMENTS: [36, 'client'],
  UNKNOWN_ELEMENT_IN_AST: [37, 'client'],
  CANNOT_PARSE_DATE: [38, 'client'],
  TOO_LARGE_SIZE_COMPRESSED: [39, 'client'],
  CHECKSUM_DOESNT_MATCH: [40, 'bug'],
  CANNOT_PARSE_DATETIME: [41, 'client'],
  NUMBER_OF_ARGUMENTS_DOESNT_MATCH: [42, 'client'],
  ILLEGAL_TYPE_OF_ARGUMENT: [43, 'client'],
  ILLEGAL_COLUMN: [44, 'client'],
  UNKNOWN_FUNCTION: [46, 'missing'],
  UNKNOWN_IDENTIFIER: [47, 'missing'],
  NOT_IMPLEMENTED: [48, 'not_built'],
  LOGICAL_ERROR: [49, 'bug'],
  UNKNOWN_TYPE: [50, 'missing'],
  EMPTY_LIST_OF_COLUMNS_QUERIED: [51, 'client'],
  TYPE_MISMATCH: [53, 'client'],
  STORAGE_DOESNT_ALLOW_PARAMETERS: [54, 'client'],
  STORAGE_REQUIRES_PARAMETER: [55, 'client'],
  UNKNOWN_STORAGE: [56, 'missing'],
  TABLE_ALREADY_EXISTS: [57, 'conflict'],
  TABLE_METADATA_ALREADY_EXISTS: [58, 'conflict'],
  ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER: [59, 'client'],
  UNKNOWN_TABLE: [60, 'missing'],
  SYNTAX_ERROR: [62, 'client'],
  UNKNOWN_AGGREGATE_FUNCTION: [63, 'missing'],
  CANNOT_GET_SIZE_OF_FIELD: [68, 'client'],
  ARGUMENT_OUT_OF_BOUND: [69, 'client'],
  CANNOT_CONVERT_TYPE: [70, 'client'],
  CANNOT_WRITE_AFTER_END_OF_BUFFER: [71, 'bug'],
  CANNOT_PARSE_NUMBER: [72, 'client'],
  EMPTY_DATA_PASSED: [92, 'client'],
  UNKNOWN_FORMAT: [73, 'missing'],
  CANNOT_READ_FROM_FILE_DESCRIPTOR: [74, 'bug'],
  CANNOT_WRITE_TO_FILE_DESCRIPTOR: [75, 'bug'],
  CANNOT_OPEN_FILE: [76, 'bug'],
  CANNOT_CLOSE_FILE: [77, 'bug'],
  UNKNOWN_TYPE_OF_QUERY: [78, 'client'],
  INDEX_NOT_USED: [277, 'client'],
  QUERY_IS_PROHIBITED: [392, 'denied'],
  BAD_DATABASE_FOR_TEMPORARY_TABLE: [442, 'client'],
  INCORRECT_QUERY: [80, 'client'],
  UNKNOWN_DATABASE: [81, 'missing'],
  DATABASE_ALREADY_EXISTS: [82, 'conflict'],
  RECEIVED_ERROR_TOO_MANY_REQUESTS: [364, 'busy'],
  UNEXPECTED_END_OF_FILE: [3, 'client'],
  TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT: [359, 'too_large'],
  ILLEGAL_SYNTAX_FOR_DATA_TYPE: [377, 'client'],
  TOO_MANY_ROWS: [158, 'too_large'],
  TIMEOUT_EXCEEDED: [159, 'timeout'],
  TOO_SLOW: [160, 'timeout'],
  TOO_MANY_COLUMNS: [161, 'too_large'],
  TOO_DEEP_SUBQUERIES: [162, 'too_large'],
  READONLY: [164, 'denied'],
  TOO_DEEP_AST: [167, 'too_large'],
  TOO_BIG_AST: [168, 'too_large'],
  INCORRECT_FILE_NAME: [79, 'client'],
  UNKNOWN_SETTING: [115, 'missing'],
  NO_DATA_TO_INSERT: [108, 'client'],
  THERE_IS_NO_DEFAULT_VALUE: [116, 'client'],
  INCORRECT_DATA: [117, 'client'],
  ENGINE_REQUIRED: [119, 'client'],
  CANNOT_INSERT_VALUE_OF_DIFFERENT_SIZE_INTO_TUPLE: [120, 'client'],
  UNSUPPORTED_JOIN_KEYS: [121, 'client'],
  INCOMPATIBLE_COLUMNS: [122, 'client'],
  INCOMPATIBLE_TYPE_OF_JOIN: [264, 'client'],
  INCORRECT_RESULT_OF_SCALAR_SUBQUERY: [125, 'client'],
  TOO_LARGE_STRING_SIZE: [131, 'client'],
  AGGREGATE_FUNCTION_DOESNT_ALLOW_PARAMETERS: [133, 'client'],
  PARAMETERS_TO_AGGREGATE_FUNCTIONS_MUST_BE_LITERALS: [134, 'client'],
  ZERO_ARRAY_OR_TUPLE_INDEX: [135, 'client'],
  UNKNOWN_ELEMENT_OF_ENUM: [691, 'client'],
  ILLEGAL_DIVISION: [153, 'client'],
  TOO_LARGE_ARRAY_SIZE: [128, 'too_large'],
  ILLEGAL_PREWHERE: [182, 'client'],
  UNEXPECTED_EXPRESSION: [183, 'client'],
  ILLEGAL_AGGREGATION: [184, 'client'],
  UNKNOWN_USER: [192, 'denied'],
  REQUIRED_PASSWORD: [194, 'denied'],
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: [216, 'conflict'],
  NOT_AN_AGGREGATE: [215, 'client'],
  QUOTA_EXCEEDED: [201, 'busy'],
  TOO_MANY_SIMULTANEOUS_QUERIES: [202, 'busy'],
  NO_FREE_CONNECTION: [203, 'busy'],
  CANNOT_FSYNC: [204, 'unavailable'],
  NETWORK_ERROR: [210, 'client'],
  SOCKET_TIMEOUT: [209, 'timeout'],
  MULTIPLE_EXPRESSIONS_FOR_ALIAS: [179, 'client'],
  SET_SIZE_LIMIT_EXCEEDED: [191, 'too_large'],
  UNEXPECTED_AST_STRUCTURE: [223, 'client'],
  CLIENT_HAS_CONNECTED_TO_WRONG_PORT: [217, 'client'],
  TABLE_IS_DROPPED: [218, 'missing'],
  DATABASE_NOT_EMPTY: [219, 'conflict'],
  NO_SUCH_DATA_PART: [232, 'missing'],
  BAD_DATA_PART_NAME: [233, 'client'],
  DUPLICATE_DATA_PART: [235, 'conflict'],
  ABORTED: [236, 'conflict'],
  MEMORY_LIMIT_EXCEEDED: [241, 'too_large'],
  TABLE_IS_READ_ONLY: [242, 'denied'],
  NOT_ENOUGH_SPACE: [243, 'disk_full'],
  INVALID_PARTITION_VALUE: [248, 'client'],
  TOO_MANY_PARTS: [252, 'busy'],
  CANNOT_ASSIGN_OPTIMIZE: [388, 'conflict'],
  ALIAS_REQUIRED: [206, 'client'],
  AMBIGUOUS_IDENTIFIER: [207, 'client'],
  EMPTY_NESTED_TABLE: [208, 'client'],
  CORRUPTED_DATA: [246, 'bug'],
  INCORRECT_ELEMENT_OF_SET: [124, 'client'],
  UNKNOWN_ROLE: [511, 'missing'],
  UNKNOWN_DISK: [479, 'client'],
  NO_SUCH_PROJECTION_IN_TABLE: [582, 'missing'],
  ILLEGAL_PROJECTION: [583, 'client'],
  PROJECTION_NOT_USED: [584, 'client'],
  ACCESS_DENIED: [497, 'denied'],
  AUTHENTICATION_FAILED: [516, 'denied'],
  SUPPORT_IS_DISABLED: [344, 'not_built'],
  TOO_MANY_BYTES: [307, 'too_large'],
  QUERY_WAS_CANCELLED: [394, 'timeout'],
  FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: [395, 'client'],
  TOO_MANY_ROWS_OR_BYTES: [396, 'too_large'],
  QUERY_IS_NOT_SUPPORTED_IN_MATERIALIZED_VIEW: [397, 'client'],
  UNKNOWN_MUTATION_COMMAND: [398, 'client'],
  CANNOT_STAT: [400, 'missing'],
  INVALID_JOIN_ON_EXPRESSION: [403, 'client'],
  BAD_ODBC_CONNECTION_STRING: [404, 'client'],
  TOP_AND_LIMIT_TOGETHER: [406, 'client'],
  DECIMAL_OVERFLOW: [407, 'client'],
  ILLEGAL_COLUMN_OF_DIFFERENT_TYPE: [432, 'client'],
  CANNOT_PARSE_UUID: [376, 'client'],
  ILLEGAL_SYNTAX_FOR_CODEC_TYPE: [431, 'client'],
  UNKNOWN_CODEC: [432, 'missing'],
  ILLEGAL_CODEC_PARAMETER: [433, 'client'],
  DATA_TYPE_CANNOT_BE_USED_IN_TABLES: [370, 'client'],
  DATA_TYPE_CANNOT_HAVE_ARGUMENTS: [378, 'client'],
  CANNOT_PARSE_PROTOBUF_SCHEMA: [434, 'client'],
  SESSION_NOT_FOUND: [372, 'missing'],
  SESSION_IS_LOCKED: [373, 'conflict'],
  INVALID_SESSION_TIMEOUT: [374, 'client'],
  HTTP_LENGTH_REQUIRED: [381, 'client'],
  INCORRECT_INDEX: [282, 'client'],
  UNKNOWN_QUERY_PARAMETER: [456, 'client'],
  BAD_QUERY_PARAMETER: [457, 'client'],
  CANNOT_UNLINK: [458, 'bug'],
  ILLEGAL_STATISTICS: [708, 'client'],
  ILLEGAL_INDEX: [127, 'client'],
  CANNOT_CLOCK_GETTIME: [114, 'bug'],
  UNKNOWN_TIME_ZONE: [36, 'client'],
  INVALID_SETTING_VALUE: [471, 'client'],
  BAD_TTL_EXPRESSION: [450, 'client'],
  BAD_TTL_FILE: [451, 'client'],
  VIOLATED_CONSTRAINT: [469, 'client'],
  READONLY_SETTING: [472, 'client'],
  INVALID_WITH_FILL_EXPRESSION: [475, 'client'],
  WITH_TIES_WITHOUT_ORDER_BY: [476, 'client'],
  INVALID_LIMIT_EXPRESSION: [440, 'client'],
  CANNOT_PARSE_BOOL: [467, 'client'],
  CANNOT_GET_CREATE_TABLE_QUERY: [390, 'missing'],
  CLUSTER_DOESNT_EXIST: [701, 'missing'],
  UNKNOWN_TOTALS_MODE: [213, 'client'],
  UNKNOWN_OVERFLOW_MODE: [145, 'client'],
  UNKNOWN_JOIN: [418, 'client'],
  UNKNOWN_UNION: [557, 'client'],
  UNKNOWN_LOAD_BALANCING: [212, 'client'],
  UNKNOWN_MYSQL_DATATYPES_SUPPORT_LEVEL: [543, 'client'],
  UNKNOWN_DISTRIBUTED_PRODUCT_MODE: [283, 'client'],
  ILLEGAL_FINAL: [181, 'client'],
  SAMPLING_NOT_SUPPORTED: [141, 'client'],
  UNKNOWN_IDENTIFIER_IN_FINAL: [181, 'client'],
  UNFINISHED: [341, 'unavailable'],
  UNION_ALL_RESULT_STRUCTURES_MISMATCH: [258, 'client'],
  UNION_ALL_COLUMN_ALIAS_MISMATCH: [352, 'client'],
  EXPECTED_ALL_OR_DISTINCT: [558, 'client'],
  INTERSECT_OR_EXCEPT_RESULT_STRUCTURES_MISMATCH: [596, 'client'],
  NO_COMMON_TYPE: [386, 'client'],
  VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE: [321, 'client'],
  CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING: [441, 'client'],
  CANNOT_PARSE_IPV4: [675, 'client'],
  CANNOT_PARSE_IPV6: [676, 'client'],
  UNKNOWN_INTERPOLATE: [652, 'client'],
  TOO_MANY_PARTITIONS: [565, 'client'],
  TOO_MANY_TEMPORARY_COLUMNS: [165, 'too_large'],
  TOO_LARGE_DISTRIBUTED_DEPTH: [581, 'client'],
  INFINITE_LOOP: [269, 'client'],
  CYCLIC_ALIASES: [174, 'client'],
  INVALID_GROUPING_SET: [36, 'client'],
  UNEXPECTED_DATA_AFTER_PARSED_VALUE: [632, 'client'],
  CANNOT_EXTRACT_TABLE_STRUCTURE: [636, 'client'],
  ONLY_NULLS_WHILE_READING_SCHEMA: [652, 'client'],
  INSERT_WAS_DEDUPLICATED: [389, 'conflict'],
  ALTER_OF_COLUMN_IS_FORBIDDEN: [524, 'client'],
  CANNOT_CREATE_CHARSET_CONVERTER: [360, 'client'],
  UNSUPPORTED_COLLATION_LOCALE: [186, 'client'],
  BAD_COLLATION: [262, 'client'],
  CANNOT_DECOMPRESS: [271, 'client'],
  ZSTD_DECODER_FAILED: [561, 'client'],
  TLD_LIST_NOT_FOUND: [562, 'client'],
  LZ4_DECODER_FAILED: [618, 'client'],
  ZLIB_INFLATE_FAILED: [354, 'client'],
  UNKNOWN_COMPRESSION_METHOD: [89, 'client'],
  CANNOT_RESTORE_TABLE: [608, 'client'],
  BACKUP_NOT_FOUND: [599, 'missing'],
  BACKUP_VERSION_NOT_SUPPORTED: [600, 'client'],
  BACKUP_DAMAGED: [601, 'client'],
  NO_BASE_BACKUP: [602, 'client'],
  WRONG_BASE_BACKUP: [603, 'client'],
  BACKUP_ENTRY_NOT_FOUND: [605, 'client'],
  REFRESH_FAILED: [730, 'client'],
  UNKNOWN_VOLUME: [548, 'client'],
  BACKUP_ALREADY_EXISTS: [598, 'conflict'],
  UNKNOWN_PROTOCOL: [480, 'client'],
  INVALID_IDENTIFIER: [703, 'client'],
  FUNCTION_ALREADY_EXISTS: [609, 'conflict'],
  CANNOT_DROP_FUNCTION: [610, 'client'],
  CANNOT_CREATE_RECURSIVE_FUNCTION: [611, 'client'],
  ILLEGAL_TIME_SERIES_TAGS: [729, 'client'],
  EXPECTED_ALL_OR_ANY: [417, 'client'],
  CANNOT_UPDATE_COLUMN: [420, 'client'],
  MULTIPLE_ASSIGNMENTS_TO_COLUMN: [419, 'client'],
  CANNOT_READ_ARRAY_FROM_TEXT: [130, 'client'],
  FORMAT_IS_NOT_SUITABLE_FOR_INPUT: [85, 'client'],
  FORMAT_IS_NOT_SUITABLE_FOR_OUTPUT: [399, 'client'],
  CANNOT_READ_MAP_FROM_TEXT: [563, 'client'],
  EMPTY_LIST_OF_COLUMNS_PASSED: [90, 'client'],
  SIZES_OF_ARRAYS_DONT_MATCH: [190, 'client'],
  CANNOT_COMPILE_REGEXP: [427, 'client'],
  CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN: [349, 'client'],
  TOO_DEEP_RECURSION: [306, 'too_large'],
  DUPLICATED_PART_UUIDS: [567, 'bug'],
  UNKNOWN_IDENTIFIER_IN_DATA: [117, 'client'],
  FILE_DOESNT_EXIST: [107, 'bug'],
  CANNOT_CREATE_FILE: [586, 'bug'],
  DATA_TYPE_CANNOT_BE_USED_IN_KEY: [549, 'client'],
  BAD_TYPE_OF_FIELD: [169, 'client'],
  DICTIONARIES_WAS_NOT_LOADED: [156, 'client'],
  ILLEGAL_COLUMN_FOR_FILTER: [59, 'client'],
  CANNOT_PARSE_INTERVAL: [6, 'client'],
  CANNOT_FORMAT_DATETIME: [490, 'client'],
  OPENSSL_ERROR: [454, 'client'],
  BAD_GET: [170, 'client'],
  FUNCTION_NOT_ALLOWED: [446, 'client'],
  DEPRECATED_FUNCTION: [721, 'client'],
  CANNOT_ADD_DIFFERENT_AGGREGATE_STATES: [421, 'client'],
  LIMIT_EXCEEDED: [290, 'too_large'],
  CANNOT_ALLOCATE_MEMORY: [173, 'too_large'],
  SIZES_OF_COLUMNS_IN_TUPLE_DOESNT_MATCH: [13, 'client'],
  SIZES_OF_NESTED_COLUMNS_ARE_INCONSISTENT: [366, 'client'],
  SUSPICIOUS_TYPE_FOR_LOW_CARDINALITY: [455, 'client'],
  CANNOT_SCHEDULE_TASK: [439, 'busy'],
  HYPERSCAN_CANNOT_SCAN_TEXT: [447, 'client'],
  CANNOT_NORMALIZE_STRING: [621, 'client'],
  INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE: [353, 'client'],
  UNSUPPORTED: [48, 'not_built'],
  INTERNAL: [49, 'bug'],
  RECEIVED_ERROR_FROM_REMOTE_IO_SERVER: [86, 'client'],
  DNS_ERROR: [198, 'client'],
  DATABASE_ACCESS_DENIED: [291, 'denied'],
  TOO_MANY_REDIRECTS: [483, 'client'],
  UNACCEPTABLE_URL: [491, 'denied'],
  S3_ERROR: [499, 'client'],
  CANNOT_APPEND_TO_FILE: [641, 'conflict'],
  CANNOT_DETECT_FORMAT: [715, 'client'],
  UNKNOWN_EXCEPTION: [1002, 'bug'],
} as const satisfies Record<string, readonly [number, Fault]>;

export type ErrorName = keyof typeof table;

/** All names with their codes, for system.errors and the manual. */
export const errorTable: ReadonlyMap<string, { code: number; fault: Fault }> = new Map(
  Object.entries(table).map(([name, [code, fault]]) => [name, { code, fault }]),
);

const nameByCode = new Map<number, ErrorName>();
for (const [name, [code]] of Object.entries(table)) {
  if (!nameByCode.has(code)) nameByCode.set(code, name as ErrorName);
}

/** What a failure may say beside its name and message. */
export interface FailureExtra extends Omit<Failure, 'code' | 'name' | 'message' | 'fault'> {
  cause?: unknown;
}

/** How often each name was answered since the start; system.errors shows it. */
export const errorCounts = new Map<string, { count: number; lastMs: number; last: string }>();

export class EngineError extends Error implements Failure {
  readonly code: number;
  override readonly name: string;
  readonly fault: Fault;
  position?: number;
  length?: number;
  line?: number;
  column?: number;
  hint?: string;
  retryAfterSeconds?: number;
  logId?: string;

  constructor(name: string, code: number, fault: Fault, message: string, extra?: FailureExtra) {
    super(message, extra?.cause === undefined ? undefined : { cause: extra.cause });
    this.name = name;
    this.code = code;
    this.fault = fault;
    if (extra?.position !== undefined) this.position = extra.position;
    if (extra?.length !== undefined) this.length = extra.length;
    if (extra?.line !== undefined) this.line = extra.line;
    if (extra?.column !== undefined) this.column = extra.column;
    if (extra?.hint !== undefined) this.hint = extra.hint;
    if (extra?.retryAfterSeconds !== undefined) this.retryAfterSeconds = extra.retryAfterSeconds;
    if (extra?.logId !== undefined) this.logId = extra.logId;
  }
}

/** Makes the failure; the caller throws it. */
export function fail(name: ErrorName, message: string, extra?: FailureExtra): EngineError {
  const [code, fault] = table[name];
  return new EngineError(name, code, fault, message, extra);
}

/** A failure that came from the kernel as a code; every other code than 49 is the statement's fault. */
export function failCode(code: number, name: string, message: string, extra?: FailureExtra) {
  const named = errorTable.get(name);
  if (named) return new EngineError(name, named.code, named.fault, message, extra);
  const known = errorTable.get(nameByCode.get(code) ?? '');
  return new EngineError(
    name,
    code,
    known?.fault ?? (code === 49 ? 'bug' : 'client'),
    message,
    extra,
  );
}

/** Any thrown value as a failure; what is not one already is a bug of ours with a log id. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (isFailure(error)) {
    const { name, code, fault, message } = error;
    return new EngineError(name, code, fault, message, { cause: error });
  }
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return fail('TOO_DEEP_RECURSION', 'The statement is nested too deeply');
  }
  const text = error instanceof Error ? error.message : String(error);
  return fail('LOGICAL_ERROR', `Internal error: ${text}`, { cause: error });
}

/** What a caller's own bytes failed with while they were read has the fields of a failure too. */
function isFailure(error: unknown): error is Failure {
  if (!(error instanceof Error)) return false;
  const { code, fault } = error as Partial<Failure>;
  return typeof code === 'number' && typeof fault === 'string';
}

/** Counts a failure that was answered. */
export function noteError(error: EngineError, nowMs: number): void {
  const entry = errorCounts.get(error.name) ?? { count: 0, lastMs: 0, last: '' };
  entry.count++;
  entry.lastMs = nowMs;
  entry.last = error.message.slice(0, 1000);
  errorCounts.set(error.name, entry);
}
