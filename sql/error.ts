// The two ways parsing fails, with positions as users count them: code points, lines, columns.

/** Where something stands in a text. */
export interface Place {
  /** Code points from 0. */
  position: number;
  /** Code points. */
  length: number;
  /** From 1. */
  line: number;
  /** Code points from 1. */
  column: number;
}

function codePoints(text: string, start: number, end: number): number {
  let count = end - start;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0xd800 && c <= 0xdbff && i + 1 < end) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) count--;
    }
  }
  return count;
}

/** A span in UTF-16 offsets → code points, line and column. O(length of text). */
export function placeOf(text: string, span: { start: number; end: number }): Place {
  const start = Math.min(Math.max(span.start, 0), text.length);
  const end = Math.min(Math.max(span.end, start), text.length);
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return {
    position: codePoints(text, 0, start),
    length: codePoints(text, start, end),
    line,
    column: codePoints(text, lineStart, start) + 1,
  };
}

export interface SyntaxErrorDetails {
  message: string;
  place: Place;
  /** The offending token as written (cut), or `end of query`. */
  found: string;
  /** At most 5. */
  expected: string[];
  hint?: string;
}

/** The text is no statement. ClickHouse: Code 62, SYNTAX_ERROR. */
export class SqlSyntaxError extends Error {
  override readonly name: 'SYNTAX_ERROR' | 'TOO_DEEP_RECURSION' = 'SYNTAX_ERROR';
  readonly code: number = 62;
  readonly position: number;
  readonly length: number;
  readonly line: number;
  readonly column: number;
  readonly found: string;
  readonly expected: readonly string[];
  readonly hint?: string;

  constructor(details: SyntaxErrorDetails) {
    super(details.message);
    this.position = details.place.position;
    this.length = details.place.length;
    this.line = details.place.line;
    this.column = details.place.column;
    this.found = details.found;
    this.expected = details.expected;
    if (details.hint !== undefined) this.hint = details.hint;
  }
}

/** The statement nests deeper than the limit. ClickHouse: Code 306, TOO_DEEP_RECURSION. */
export class SqlTooDeepError extends SqlSyntaxError {
  override readonly name = 'TOO_DEEP_RECURSION' as const;
  override readonly code = 306;

  constructor(text: string, offset: number, limit: number) {
    const place = placeOf(text, { start: offset, end: Math.min(offset + 1, text.length) });
    super({
      message:
        `The statement nests too deep (line ${place.line}, col ${place.column}). ` +
        `At most ${limit} levels are allowed (max_parser_depth); simplify it, or flatten ` +
        'long chains with arrays, IN or WITH.',
      place,
      found: text.slice(offset, offset + 1),
      expected: [],
    });
  }
}
