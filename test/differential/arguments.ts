// Typed arguments that every function is called with, and the functions that cannot be compared.

/** Values of every family of types, constant and not. */
export const values: readonly string[] = [
  'toUInt8(200)',
  '-5',
  'materialize(toInt64(-7))',
  'toInt128(12)',
  '2.5',
  'toFloat32(-1.5)',
  'nan',
  "toDecimal64('12.34', 2)",
  'true',
  "'abc'",
  "''",
  "materialize('Hello, World 12')",
  "toFixedString('abc', 5)",
  "toDate('2024-02-29')",
  "toDate32('1925-03-04')",
  "toDateTime('2024-02-29 12:34:56')",
  "toDateTime64('2024-02-29 12:34:56.789', 3)",
  "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
  "toIPv4('10.1.2.3')",
  "toIPv6('2001:db8::1')",
  "CAST('b', 'Enum8(\\'a\\' = 1, \\'b\\' = 2)')",
  'NULL',
  'toNullable(5)',
  "materialize(CAST(NULL, 'Nullable(Int32)'))",
  "toNullable('xyz')",
  "materialize(toLowCardinality('lcm'))",
  "materialize(toLowCardinality(toNullable('lcn')))",
  '[1, 2, 3]',
  "materialize(['b', 'a', ''])",
  '[1, NULL, 3]',
  "(1, 'a')",
  '(1, 2)',
  "map('k', 1)",
];

/** Values at the ends of their types, and rarer types: for the nightly run. */
export const rareValues: readonly string[] = [
  "toUInt256('115792089237316195423570985008687907853269984665640564039457584007913129639935')",
  "toInt128('-170141183460469231731687303715884105728')",
  "materialize(toUInt64('18446744073709551615'))",
  "toInt8('-128')",
  "toBFloat16('1.1')",
  '1e20',
  '-inf',
  '-0.',
  "materialize(toDecimal128('-99999999999999.123', 3))",
  "toDecimal256('1234567890123456789.5', 1)",
  "toDateTime64('1925-01-01 00:00:00.123456', 6, 'Asia/Kolkata')",
  "toDateTime64('1969-12-31 23:59:59.5', 1)",
  "materialize(toDateTime('2024-03-31 01:30:00', 'Europe/Berlin'))",
  "toDateTime('2106-02-07 06:28:15')",
  "toDate('2149-06-06')",
  "toDate32('2299-12-31')",
  "materialize(toFixedString('x\\0y', 4))",
  "CAST('x', 'Enum16(\\'x\\' = 1000)')",
  "toLowCardinality('12')",
  'materialize(toLowCardinality(toUInt16(7)))',
  'toIntervalDay(3)',
  'toIntervalMonth(-1)',
  '[[1], [], [2, 3]]',
  "materialize([toNullable('a'), NULL])",
  'if(materialize(0), 1.5, NULL)',
];

/** What the second of two arguments may be. */
export const partners: readonly string[] = [
  '3',
  'materialize(toInt64(-7))',
  '2.5',
  "'abc'",
  "materialize('b,c')",
  "toDate('2024-02-29')",
  'toNullable(5)',
  "materialize(toLowCardinality('b'))",
  '[1, 2]',
  '(1, 2)',
];

/** More of them, for the nightly run. */
export const rarePartners: readonly string[] = [
  '-1',
  '0',
  "''",
  "'UTC'",
  "'day'",
  'NULL',
  'toUInt256(2)',
  "toDecimal32('0.5', 1)",
  'materialize(toLowCardinality(toNullable(2)))',
  'toIntervalDay(3)',
];

/** Functions with answers of their own: of chance, of the time, of the server, or of what this one has not. */
export const incomparable: readonly (readonly [RegExp, string])[] = [
  [/^(rand|generate|fuzz|arrayShuffle|arrayPartialShuffle|arrayRandom)|UUIDv7/i, 'random'],
  [/^(now|today|yesterday|curdate|curtime|current|utc|localtime|timestamp$)/i, 'the time'],
  [/^(sleep|throwIf|trap|logTrace)/i, 'effects'],
  [
    /(uptime|version|hostname|fqdn|port|user|database|schema|timezone|queryID|query_id)/i,
    'the server',
  ],
  [
    /^(get|display|has.*Column|file|dict|joinGet|zookeeper|transactionID|show|shard)/i,
    'the server',
  ],
  [/^(initial|server|connection|build|revision|oldest|enabled|default|is_)/i, 'the server'],
  [/^(block|row|running|neighbor|materialize|ignore|indexHint|identity|__)/i, 'blocks'],
  [/^(JSON|toJSON|dynamic|variant|formatQuery|normalize|obfuscate)/i, 'texts of an engine'],
  [/^(h3|s2|stem|lemmatize|synonyms|detect|catboost|evalML|svg|wk|readWK|polygon)/i, 'libraries'],
  [/^(structureTo|dumpColumn|toColumnTypeName|byteSize|estimate|partitionI|tid)/i, 'its insides'],
];
