// Typed random expressions: a wanted kind in, SQL text out. Each family of functions is one table row, so that
// a new function is one line here.
import type { Random } from './random.ts';
import type { Kind } from './tables.ts';

/** A column that an expression may use. */
export interface Visible {
  sql: string;
  kind: Kind;
  nullable: boolean;
}

const kinds: readonly Kind[] = [
  'int',
  'float',
  'decimal',
  'string',
  'date',
  'datetime',
  'ints',
  'strings',
  'bool',
];
const scalarKinds: readonly Kind[] = ['int', 'float', 'string', 'date', 'datetime', 'bool'];

export const randomKind = (random: Random): Kind => random.pick(kinds);
export const scalarKind = (random: Random): Kind => random.pick(scalarKinds);

/** Kind of the result, then the call with `int`, `string`, … where an expression of that kind belongs; # is a small constant. */
const calls: Record<Kind, readonly string[]> = {
  int: [
    '(int + int)',
    '(int - int)',
    '(int * int)',
    '(-int)',
    'intDiv(int, #)',
    'modulo(int, #)',
    '(int % #)',
    'abs(int)',
    'sign(int)',
    'length(string)',
    'lengthUTF8(string)',
    'position(string, string)',
    'toInt32OrZero(string)',
    'toInt64OrNull(string)',
    'toYear(date)',
    'toMonth(date)',
    'toDayOfWeek(date)',
    'toYYYYMM(date)',
    'toHour(datetime)',
    'toUnixTimestamp(datetime)',
    'toDayOfYear(date)',
    'toQuarter(date)',
    'toISOWeek(date)',
    'toRelativeDayNum(date)',
    "dateDiff('day', date, date)",
    "dateDiff('hour', datetime, datetime)",
    "date_diff('month', date, date)",
    "age('day', datetime, datetime)",
    'length(ints)',
    'length(strings)',
    'arraySum(ints)',
    'arrayMax(arrayPushBack(ints, 1))',
    'indexOf(ints, int)',
    'arrayElement(ints, #)',
    'countEqual(ints, #)',
    'arrayCount(x -> x > #, ints)',
    'arrayUniq(strings)',
    'arraySum(x -> x * 2, ints)',
    'bitAnd(int, #)',
    'bitOr(int, #)',
    'bitXor(int, #)',
    'bitShiftRight(int, #)',
    'ifNull(int, #)',
    'coalesce(int, int, #)',
    'nullIf(int, #)',
    'if(bool, int, int)',
    'multiIf(bool, int, bool, int, int)',
    'greatest(int, #)',
    'least(int, #)',
    'toInt64(float)',
    'toInt32(int)',
    'round(int, -1)',
    'toUInt8(bool)',
    'cityHash64(string)',
    'xxHash64(string)',
    'sipHash64(int)',
    'CRC32(string)',
    'murmurHash3_32(string)',
    'halfMD5(string)',
    'CASE int WHEN 1 THEN int WHEN 2 THEN # ELSE int END',
    'CASE WHEN bool THEN int ELSE # END',
    'ascii(string)',
    'toUInt16(date)',
    'countSubstrings(string, string)',
    'gcd(int, #)',
    'toStartOfYear(date) - date',
    'levenshteinDistance(string, string)',
  ],
  float: [
    '(float + float)',
    '(float - int)',
    '(float * #)',
    '(int / #)',
    '(float / #)',
    'toFloat64(int)',
    'sqrt(abs(float))',
    'floor(float)',
    'ceil(float)',
    'round(float, 1)',
    'trunc(float)',
    'if(bool, float, float)',
    'ifNull(float, 0.5)',
    'exp(# / 10)',
    'log(1 + abs(float))',
    'pow(#, 2)',
    'arrayAvg(arrayPushBack(ints, 1))',
    'toFloat64OrZero(string)',
    'greatest(float, 0.25)',
    'abs(float)',
    'toFloat32(#)',
    'sin(#)',
    'nullIf(float, 0)',
    'roundBankers(float)',
    'toFloat64(dec)',
  ],
  decimal: [
    '(decimal + decimal)',
    '(decimal * #)',
    'abs(decimal)',
    'toDecimal64(int % 100, 2)',
    'if(bool, decimal, decimal)',
    'round(decimal, 1)',
    '(decimal - #)',
    'toDecimal32(#, 3)',
    'floor(decimal)',
  ],
  string: [
    'concat(string, string)',
    "(string || '-')",
    'lower(string)',
    'upper(string)',
    'reverse(string)',
    'substring(string, 2)',
    'substring(string, #, 3)',
    'left(string, #)',
    'right(string, #)',
    'trim(string)',
    "replaceAll(string, 'l', 'L')",
    "replaceOne(string, 'a', 'b')",
    "replaceRegexpAll(string, '[aeiou]', '*')",
    'toString(int)',
    'toString(date)',
    'toString(datetime)',
    'toString(ints)',
    'toString(decimal)',
    'ifNull(string, string)',
    'if(bool, string, string)',
    'coalesce(string, string)',
    'nullIf(string, string)',
    'substringUTF8(string, 2, 2)',
    'upperUTF8(string)',
    'hex(string)',
    'base64Encode(string)',
    "leftPad(string, 6, '*')",
    'repeat(string, 2)',
    "splitByChar(' ', string)[1]",
    "arrayStringConcat(strings, ',')",
    'arrayElement(strings, 1)',
    "formatDateTime(datetime, '%Y-%m-%d %H:%i')",
    "extract(string, '[a-z]+')",
    'toTypeName(int)',
    'initcap(string)',
    'multiIf(bool, string, bool, string, string)',
    'CAST(int AS String)',
    "dateName('month', date)",
    'MD5(string)',
    "transform(int, [1, 2, 3], ['one', 'two', 'three'], 'other')",
    'CASE WHEN bool THEN string END',
    'char(64 + #)',
    'domain(string)',
    'JSONExtractString(\'{"a":"x"}\', \'a\')',
    "appendTrailingCharIfAbsent(string, '/')",
    'concat(string, int, date)',
  ],
  date: [
    '(date + #)',
    'toStartOfMonth(date)',
    'toMonday(date)',
    'toDate(datetime)',
    'addDays(date, #)',
    'addMonths(date, #)',
    'subtractYears(date, 1)',
    '(date + INTERVAL 1 WEEK)',
    'toStartOfQuarter(date)',
    'toStartOfYear(date)',
    'toLastDayOfMonth(date)',
    "toDate('2020-02-29')",
    'if(bool, date, date)',
    'ifNull(date, toDate(100))',
    'toStartOfWeek(date, 1)',
    'greatest(date, date)',
    "date_trunc('month', date)",
    'toDateOrNull(string)',
    'toStartOfInterval(date, INTERVAL 2 MONTH)',
  ],
  datetime: [
    '(datetime + #)',
    'toStartOfHour(datetime)',
    'toStartOfDay(datetime)',
    'addHours(datetime, #)',
    'subtractMinutes(datetime, #)',
    '(datetime + INTERVAL 1 DAY)',
    'toStartOfFiveMinutes(datetime)',
    'toStartOfInterval(datetime, INTERVAL 15 MINUTE)',
    "toDateTime('2021-03-04 05:06:07', 'UTC')",
    'if(bool, datetime, datetime)',
    "date_trunc('hour', datetime)",
    'addMonths(datetime, #)',
    "toTimeZone(datetime, 'Europe/Berlin')",
    "toDateTime(date, 'UTC')",
  ],
  ints: [
    'arrayMap(x -> x + #, ints)',
    'arrayFilter(x -> x > 0, ints)',
    'arraySort(ints)',
    'arrayReverse(ints)',
    'arrayDistinct(ints)',
    '[int, #]',
    'arrayConcat(ints, ints)',
    'range(#)',
    'arrayCumSum(ints)',
    'arraySlice(ints, 1, 2)',
    'arrayPushFront(ints, #)',
    'arrayEnumerate(ints)',
    'if(bool, ints, ints)',
    'arrayDifference(ints)',
    'arrayReverseSort(ints)',
    'arrayMap(x -> length(x), strings)',
    'arrayCompact(ints)',
    'arrayPopBack(ints)',
    'arrayResize(ints, 2)',
  ],
  strings: [
    'arrayMap(x -> upper(x), strings)',
    "arrayFilter(x -> x != '', strings)",
    'arraySort(strings)',
    '[string, string]',
    "splitByString(' ', string)",
    "splitByChar(',', string)",
    'arrayDistinct(strings)',
    'arrayConcat(strings, strings)',
    'arrayReverse(strings)',
    'arrayMap(x -> toString(x), ints)',
    "extractAll(string, '[a-z]')",
    'alphaTokens(string)',
    'arraySlice(strings, -1)',
  ],
  bool: [
    '(int < int)',
    '(int = int)',
    '(int >= #)',
    '(int != #)',
    '(float > float)',
    '(string = string)',
    '(string < string)',
    '(date < date)',
    '(datetime >= datetime)',
    '(bool AND bool)',
    '(bool OR bool)',
    'NOT bool',
    'xor(bool, bool)',
    'int IN (1, 2, #)',
    'int NOT IN (0, #)',
    "string IN ('a', 'b', '')",
    'int BETWEEN -5 AND #',
    "string LIKE '%l%'",
    "string ILIKE 'h%'",
    "string NOT LIKE '_'",
    'isNull(int)',
    'string IS NOT NULL',
    'empty(string)',
    'notEmpty(ints)',
    'has(ints, #)',
    'hasAny(strings, strings)',
    "startsWith(string, 'a')",
    "match(string, '^[A-Z]')",
    'arrayExists(x -> x > 3, ints)',
    'arrayAll(x -> x < 10, ints)',
    'isNull(string)',
    '(decimal > #)',
    "endsWith(string, 'o')",
    'if(bool, bool, bool)',
    '(int, string) = (int, string)',
    'date IN (date, toDate(18500))',
    '(int = float)',
    '(ints = ints)',
    'identity(bool)',
    'tuple(int, #) < tuple(#, int)',
  ],
};

const literals: Record<Kind, readonly string[]> = {
  int: ['0', '1', '2', '-3', '7', '100', '255', '-129', '70000', 'NULL'],
  float: ['0.5', '-1.25', '2.', '100.75'],
  decimal: ["toDecimal64('1.25', 2)", "toDecimal32('-0.5', 1)"],
  string: ["'a'", "''", "'hello'", "'Hello World'", "'10'", "'x,y'", 'NULL'],
  date: ["toDate('2020-06-15')", "toDate('2021-12-31')"],
  datetime: ["toDateTime('2020-06-15 12:30:45', 'UTC')"],
  ints: ['[1, 2, 3]', '[3, 1, 2, 1]', '[-1]'],
  strings: ["['a', 'b']", "['x', '', 'hello']"],
  bool: ['true', 'false', '1', '0'],
};

const holes = /\b(int|float|decimal|string|date|datetime|ints|strings|bool)\b|#/g;

/** Replaces the kinds in a pattern, outside its string literals. */
function fill(pattern: string, put: (hole: string) => string): string {
  return pattern
    .split(/('(?:[^'\\]|\\.)*')/)
    .map((piece, i) => (i % 2 ? piece : piece.replace(holes, put)))
    .join('');
}

/** An expression of `kind` over `columns`, at most `depth` calls deep. */
export function expression(
  random: Random,
  columns: readonly Visible[],
  kind: Kind,
  depth: number,
): string {
  const fitting = columns.filter((c) => c.kind === kind);
  if (depth <= 0 || random.chance(0.25)) {
    if (fitting.length > 0 && random.chance(0.85)) return random.pick(fitting).sql;
    return random.pick(literals[kind]);
  }
  return fill(random.pick(calls[kind]), (hole) =>
    hole === '#' ? String(1 + random.int(9)) : expression(random, columns, hole as Kind, depth - 1),
  );
}

/** A column of this kind; the first one of any kind where there is none. */
export function column(random: Random, columns: readonly Visible[], kind: Kind): string {
  const fitting = columns.filter((c) => c.kind === kind);
  return random.pick(fitting.length > 0 ? fitting : columns).sql;
}

/** An expression that reads a column: constant keys are folded in ways of each engine's own. */
export function keyed(
  random: Random,
  columns: readonly Visible[],
  kind: Kind,
  depth: number,
): string {
  const sql = expression(random, columns, kind, depth);
  const reads = columns.some((c) => new RegExp(`\\b${c.sql}\\b`).test(sql));
  return reads ? sql : column(random, columns, kind);
}

/** Aggregate calls: kind of the result, then the call. All give the same answer in any order of rows. */
const aggregates: readonly (readonly [Kind, string])[] = [
  ['int', 'count()'],
  ['int', 'count(int)'],
  ['int', 'sum(int)'],
  ['int', 'min(int)'],
  ['int', 'max(int)'],
  ['int', 'uniqExact(int)'],
  ['int', 'count(DISTINCT string)'],
  ['int', 'countIf(bool)'],
  ['int', 'sumIf(int, bool)'],
  ['int', 'uniq(string)'],
  ['float', 'avg(int)'],
  ['float', 'avg(float)'],
  ['float', 'sum(float)'],
  ['float', 'max(float)'],
  ['float', 'quantileExact(0.5)(float)'],
  ['float', 'median(#)'],
  ['float', 'stddevPop(float)'],
  ['float', 'varSamp(float)'],
  ['float', 'avgIf(float, bool)'],
  ['float', 'corr(float, float)'],
  ['float', 'quantile(0.9)(#)'],
  ['decimal', 'sum(decimal)'],
  ['decimal', 'max(decimal)'],
  ['string', 'min(string)'],
  ['string', 'max(string)'],
  ['date', 'min(date)'],
  ['date', 'max(date)'],
  ['datetime', 'max(datetime)'],
  ['ints', 'arraySort(groupArray(int))'],
  ['ints', 'arraySort(groupUniqArray(int))'],
  ['strings', 'arraySort(groupArray(string))'],
  ['ints', 'sumForEach(ints)'],
  ['ints', 'arraySort(groupArrayDistinct(int))'],
  ['int', 'sumOrNull(int)'],
  ['int', 'maxOrDefault(int)'],
  ['int', 'groupBitXor(int)'],
  ['int', 'sumDistinct(int)'],
  ['int', 'minArray(ints)'],
  ['int', 'countArray(ints)'],
  ['int', 'uniqExactIf(string, bool)'],
  ['int', 'any(#)'],
  ['int', 'sum(int) FILTER (WHERE bool)'],
];

/** An aggregate call over `columns`, and the kind of its result. */
export function aggregate(
  random: Random,
  columns: readonly Visible[],
  depth: number,
): { sql: string; kind: Kind } {
  const [kind, pattern] = random.pick(aggregates);
  const sql = fill(pattern, (hole) =>
    hole === '#' ? String(1 + random.int(9)) : expression(random, columns, hole as Kind, depth - 1),
  );
  return { sql, kind };
}
