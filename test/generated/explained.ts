// Differences that are meant: what the text of a difference (what differs, then the query) matches, and why.
export const explained: readonly (readonly [RegExp, string])[] = [
  [
    /types: .*LowCardinality\((Nullable\()?UInt8.*\n.*\b(lcn?|tag) (NOT )?IN /,
    'IN over a LowCardinality column gives a plain UInt8 here: a dictionary of two values saves nothing',
  ],
  [
    /: (theirs|48) .*Conditional functions with different Decimal scales/,
    'what counts as a constant condition, which needs no common scale, is not quite the same',
  ],
  [
    /theirs .*There is no supertype for types[\s\S]*if\((false|true|0|1)\b/,
    'the branch that a constant condition takes needs no common type here',
  ],
  [
    /theirs .*Illegal (column|type) FixedString/,
    'functions of text take FixedString here where ClickHouse does not',
  ],
  [
    /: (12|153) [^\n]*\n.*(isNull|isNotNull|IS (NOT )?NULL)/,
    'ClickHouse does not run what stands in isNull, if its type has no NULL',
  ],
  [
    /types: LowCardinality.*\| Nullable.*\n.*(levenshteinDistance)/,
    'beside a constant expression some functions of ClickHouse lose LowCardinality',
  ],
];
