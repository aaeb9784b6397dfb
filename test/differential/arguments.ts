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
