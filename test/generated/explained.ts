// Differences that are meant: what the text of a difference (what differs, then the query) matches, and why.
export const explained: readonly (readonly [RegExp, string])[] = [
  [
    /types: .*LowCardinality\((Nullable\()?UInt8.*\n.*\b(lcn?|tag)\b.* (NOT )?IN /,
    'IN over a LowCardinality column gives a plain UInt8 here: a dictionary of two values saves nothing',
  ],
  [
    /: (theirs|48) .*Conditional functions with different Decimal scales/,
    'what counts as a constant condition, which needs no common scale, is not quite the same',
  ],
  [
    /theirs .*There is no supertype for types[\s\S]*(if\((false|true|0|1)\b|CASE)/,
    'the branch that a constant condition takes needs no common type here',
  ],
  [
    /theirs .*(Illegal (column|type) |Expected: String, got: |doesn't support |cannot work with )FixedString/,
    'functions of text take FixedString here where ClickHouse does not',
  ],
  [
    /: (12|153|349) [^\n]*\n.*(isNull|isNotNull|IS (NOT )?NULL)/,
    'ClickHouse does not run what stands in isNull, if its type has no NULL',
  ],
  [
    /types: LowCardinality.*\| Nullable.*\n.*(levenshteinDistance)/,
    'beside a constant expression some functions of ClickHouse lose LowCardinality',
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
    /theirs .*(Correlated subqueries are not supported|Not found column)/,
    'answered here and not there',
  ],
  [
    /rows \|.*\n.*CASE WHEN [01] THEN.*(ROLLUP|CUBE)/,
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
];
