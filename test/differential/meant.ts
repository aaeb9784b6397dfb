// Differences from ClickHouse's functions that are meant or known: what the call and the two answers match, and why.
export const meant: readonly (readonly [RegExp, string])[] = [
  [
    /\((sin|cos|tan|exp|log|ln|erf|lgamma|tgamma|gamma|atan|asin|acos|acosh|asinh|atanh|pow|power|hypot|cbrt|sigmoid)\w*\(/i,
    'the last digits of elementary functions are those of each library',
  ],
  [/Nullable\(Tuple\(/, 'Tuple is never Nullable here, as in ClickHouse 25'],
  [
    /\((bitNot|bitPositionsToArray|gcd|lcm|intDiv|modulo|mod|plus|minus|multiply|divide)\w*\([\s\S]*ours {3}43/,
    'arithmetic takes fewer types here: no text, no number with an array, no 128 bits in places',
  ],
  [/\(change\w+\(toDate32/, 'a Date32 becomes a DateTime64 of whole seconds here'],
  [/\(geohashDecode\(/, 'what is no geohash is read to its first wrong letter here'],
  [
    /\((printf|concatWithSeparator\w*|concat_ws|tokensForLikePattern)\(.*materialize/,
    'constant patterns only',
  ],
  [/\(arrayUnion\(/, 'elements keep the order in which they come'],
  [/toDate32\('1925-03-04'\)/, 'days before 1970 in types without them: limits of the type here'],
  [/\w*(Day|Hour|Week|Month)s?\w*\(INTERVAL/, 'an interval is no date here'],
  [/\(\w+OrDefault\(nan/, 'nan has no default here'],
  [
    /\(to(Date32|Decimal\w*|IPv4)OrDefault\(/,
    'numbers become addresses and decimals, and the default of Date32 is 1970',
  ],
  [/\(toInterval\w+\([^\n]*toNullable/, 'a Nullable text that is no number is refused here'],
  [/\(YYYYMMDD/, 'numbers that are no date give 1970 here'],
  [
    /ours {3}42 [\s\S]*should be [\w ]*\d+\n[\s\S]*theirs Nullable\(Nothing\)/,
    'a wrong number of arguments is said first',
  ],
  [/\(arrayStringConcat\(NULL/, 'NULL is no array here'],
  [/\(errorCodeToName\(/, 'codes are integers here'],
  [
    /\((least|greatest|less|greater|equals|notEquals)\w*\([\s\S]*ours {3}(43|386)/,
    'fewer types compare here',
  ],
  [/\(formatReadable\w*\(/, 'no second argument here'],
  [/\((mid|substr|substring|substringUTF8)\([\s\S]*2\.5/, 'places in texts are integers here'],
  [/\((least|greatest)\(true/, 'a Bool becomes a UInt8, as in ClickHouse 25'],
  [/\(roundToExp2\(true/, 'a Bool stays one here'],
  [/\(concat\(toFixedString\('abc', 5\)\)/, 'a single FixedString keeps its zeros'],
  [
    /\((left|murmurHash3_32)\([\s\S]*theirs LowCardinality\(/,
    'two dictionaries, or a NULL beside one, give a plain type here',
  ],
  [/\(positive_modulo\([\s\S]*ours {3}43/, 'no remainder by an array'],
  [/\(xor\(NULL, \(1, 2\)\)/, 'a tuple is no truth value'],
  [/\(toTime\([\s\S]*theirs Time/, 'type Time is not here'],
  [
    /\(toDecimal\d+\([^\n]*, toNullable/,
    'a Nullable scale does not make text that is no number NULL',
  ],
  [/\(xxHash64Spark\(NULL\)/, 'a hash of NULL is NULL here'],
];
