// Differences that are meant: what the text of a difference (what differs, then the query) matches, and why.
export const explained: readonly (readonly [RegExp, string])[] = [
  [
    /types: .*\| .*LowCardinality\((Nullable\()?UInt8.*\n.*\b(lcn?f?|tag|s)\b.* (NOT )?IN /,
    'IN over a LowCardinality column gives a plain UInt8 here: a dictionary of two values saves nothing',
  ],
  [
    /: (theirs|48) .*Conditional functions with different Decimal scales/,
    'what counts as a constant condition, which needs no common scale, is not quite the same',
  ],
  [
    /theirs .*There is no supertype for types[\s\S]*\b(if\(|multiIf\(|CASE)/,
    'the branch that a constant condition takes needs no common type here',
  ],
  [
    /theirs .*((Illegal (column|type) |Expected: String, got: |doesn't support |cannot work with )FixedString|Column of type FixedString is not supported)/,
    'functions of text take FixedString here where ClickHouse does not',
  ],
  [
    /: (12|153|349) [^\n]*\n.*(isNull|isNotNull|IS (NOT )?NULL)/,
    'ClickHouse does not run what stands in isNull, if its type has no NULL',
  ],
  [
    /types: .*LowCardinality.*\|.*\n.*(levenshteinDistance|CASE WHEN (false|0) THEN \w+ END|age\('day', toDateTime\('[^']*', 'UTC'\), toDateTime\('[^']*', 'UTC'\)\))/,
    'what is constant without being written so costs LowCardinality beside it in ClickHouse',
  ],
  [/names: .* \| \n.* WITH TOTALS/, 'of no rows with a row of totals chdb gives nothing at all'],
  [
    /: row .*\n.*\bcorr\(/,
    'the correlation with a constant is noise: its deviation is not quite zero in floats',
  ],
  [
    /: (theirs .*)?(Code: )?153\b[\s\S]*\bgcd\(/,
    'gcd with 0 is an error; whether it is computed for rows that other conditions leave out is not said',
  ],
  [
    /\brows? .*\n.*\bhasA(ny|ll)\(/,
    'ClickHouse 26 takes NULL in an array for the default value in these functions',
  ],
  [
    /: row .*\d{16,}.*\n.*\bavg\(/,
    'the mean of large integers is exact here; ClickHouse adds them up in 64 bits',
  ],
  [
    /types: .*Decimal.*\|.*Decimal.*\n.*\b(if\(|multiIf|CASE)/,
    'of Decimals of one scale and width ClickHouse takes the first for the common type when a condition is constant',
  ],
  [
    /theirs .*(Correlated subqueries are not supported|Not found column|can't find correlated column)/,
    'answered here and not there',
  ],
  [
    /rows \|.*\n.*CASE WHEN (0|1|false|true) THEN \S+( ELSE \S+)? END.*(ROLLUP|CUBE)/,
    'a CASE that its conditions decide is a constant here, and no level of ROLLUP',
  ],
  [
    /: row .*\n.*\b(dateDiff|date_diff)\('hour'.*toTimeZone/,
    'hours between times of two zones are hours between instants here',
  ],
  [
    /: row .*\n.* RIGHT SEMI JOIN /,
    'which of several rows on the left a row on the right is shown with is not said',
  ],
  [
    /theirs .*Illegal column UInt16 of first argument of function toDecimal/,
    'a Date less a number is computed as UInt16 by ClickHouse when there are no rows, and refused by the function around it',
  ],
  [
    /: (row|\d+ rows) .*\n.*(if|ifNull|multiIf|coalesce)\(.*\b(lcf|toFixedString)\b/,
    'ClickHouse keeps the zero bytes of a FixedString in a conditional function beside NULLs, and leaves them out elsewhere',
  ],
  [
    /: row .*\n.*\bskewPop\(/,
    'the skewness of a constant is noise: its deviation is not quite zero in floats',
  ],
  [/theirs .*Method getResultType is supported only for correlated/, 'answered here and not there'],
  [/theirs .*GROUPING function argument .* is not in GROUP BY/, 'answered here and not there'],
  [
    /theirs .*of function `isNotDistinctFrom`/,
    'ClickHouse compares only types that have a common one in this way',
  ],
  [
    /theirs .*Can't compare decimal number due to overflow/,
    'wide integers and Decimals are compared by value here',
  ],
  [/theirs .*Unexpected value 0 in enum/, 'ClickHouse computes with the value beneath a NULL'],
  [
    /theirs .*Merge suffix because it corresponds to different.*OrNull/,
    'states made for no rows are merged under -If here too',
  ],
  [
    /: row .*\n.*toRelativeHourNum\(.*'1965/,
    'hours before 1970 are counted from the same moment as those behind it here',
  ],
  [
    /: row .*\n.*sumKahan\([^()]*\) OVER/,
    'ClickHouse adds a NULL row as the value of the row before in sumKahan over a window',
  ],
  [
    /: row .*\n.*groupArraySorted\(5\)\(.*\) OVER /,
    'groupArraySorted of ClickHouse forgets values when a frame grows beyond its size',
  ],
  [
    /theirs .*LowCardinality\(Nullable\(Float64\)\) is prohibited/,
    'a type that ClickHouse makes for itself, and then refuses',
  ],
  [
    /theirs .*because it is non constant in source stream but must be constant in result/,
    'a condition that one pass of ClickHouse takes for a constant and another does not',
  ],
  [
    /theirs .*Expected String: while executing function toIPv4OrDefault on .*FixedString/,
    'functions of text take FixedString here where ClickHouse does not',
  ],
  [
    /theirs .*Code: 349\b.*CAST\(.*\n.*\) = \(.*CAST\(nk AS String\)/,
    'of tuples the elements behind one that differs are not computed here',
  ],
  [
    /: 53 Cannot compare .*\n.* LIMIT 0$/,
    'ClickHouse finds at the first row that a constant does not fit, and there is none',
  ],
  [
    /: 386 There is no supertype for types (String, (U?Int\d+|Float64)|(U?Int\d+|Float64), String) .*\n.* FROM nothing\b/,
    'ClickHouse finds at the first row that texts and numbers do not compare, and there is none',
  ],
  [
    /: 407 Decimal math overflow in Decimal32.*\n.*\b(halfMD5|cityHash64|sipHash64|xxHash64)\(/,
    'ClickHouse cuts an integer of 64 bits to the 32 of the Decimal beside it before it looks for an overflow',
  ],
  [
    /: \d+ rows \| \d+ rows\n {2}SELECT DISTINCT (?!.* LIMIT ).* OFFSET \d+( SETTINGS .*)?$/,
    'ClickHouse loses more rows than OFFSET says from DISTINCT without LIMIT',
  ],
  [
    /: row .*\n.*\bcovar(Pop|Samp)\([^,]*, abs\(100\.75\)\)/,
    'the covariance with a constant is nothing; in ClickHouse it is noise beside values of 256 bits',
  ],
  [
    /: 43 Illegal type Date.* of function (plus|minus): expected an integer.*\n.*toTypeName\(to(U?Int)(128|256)\(/,
    'ClickHouse finds in the run that a time and a wide integer do not add up, and toTypeName does not run it',
  ],
  [
    /types: .*\b(Bool|UInt8).*\|.*\b(Bool|UInt8).*\n.*\bif\(to\w+\('[^']*'\) IN \('.*transform_null_in/,
    'a constant that is looked for among constants decides which of Bool and UInt8 if gives in ClickHouse',
  ],
  [
    /: \d+ rows \| \d+ rows\n.*mapContainsKey\(m, assumeNotNull\((toString\(lcf\)|CASE WHEN nb THEN s END)\)\)/,
    'what assumeNotNull makes of NULL is not said, and ClickHouse finds the key of the default value by NULL',
  ],
  [
    /theirs .*Positional argument number 0 is out of bounds[\s\S]*DISTINCT ON \(false\)/,
    'ClickHouse takes the constant false in DISTINCT ON for the place of a column',
  ],
  [
    /: row .*OrNullOrNull, .*\n.*aggregate_functions_null_for_empty/,
    'of a state that is OrNull by itself ClickHouse makes one that is so twice',
  ],
  [
    /: row .*\n.*sumIfState\(.*aggregate_functions_null_for_empty/,
    'a state of sumIfOrNull that ClickHouse made by blocks has seen rows that the condition left out',
  ],
];
