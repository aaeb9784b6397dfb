// SQL text ↔ syntax trees: the only door of this folder.
import type { DataType, Expression, Statement } from './ast/index.ts';
import { SqlTooDeepError } from './error.ts';
import { End } from './lexer.ts';
import { Cursor, Failure, TooDeep } from './parse/cursor.ts';
import { diagnose } from './parse/diagnose.ts';
import { parseExpression as expression, withAlias } from './parse/expression.ts';
import { parseAll } from './parse/statements.ts';
import { parseType as type } from './parse/type.ts';

export type * from './ast/index.ts';
export { emptySelect } from './build.ts';
export { type Place, placeOf, SqlSyntaxError, SqlTooDeepError } from './error.ts';
export { quoteIdentifier, quoteString } from './escape.ts';
export { keywords } from './keywords.ts';
export { Broken, End, Lexer, Numeric, Symbol_, Text, Word } from './lexer.ts';
export { valuesEnd } from './parse/insert.ts';
export { print } from './print/index.ts';
export { printLines, printSyntax } from './print/lines.ts';
export { normalised, printNormal } from './print/normal-form.ts';
export { numberName } from './print/number-name.ts';
export { treeLines } from './print/tree/index.ts';
export { editDistance, editsAllowed, suggest, suggestColumn } from './suggest.ts';
export { children, transform, type Visitor, visit, walk } from './walk.ts';

export interface ParseOptions {
  /** Levels of nesting; ClickHouse's max_parser_depth. 0 means the default. */
  depthMax?: number;
  /** Rows after VALUES end at their `;`, so that statements may follow. Otherwise everything
   *  behind VALUES is data. */
  splitData?: boolean;
}

export const depthMaxDefault = 1000;

function run<T>(text: string, options: ParseOptions, parse: (p: Cursor) => T): T {
  const depthMax = options.depthMax || depthMaxDefault;
  const splitData = options.splitData ?? false;
  const attempt = (trace: boolean): T | Failure | { p: Cursor; failure: Failure } => {
    const p = new Cursor(text, { depthMax, splitData, trace });
    try {
      return parse(p);
    } catch (error) {
      if (error instanceof Failure) return trace ? { p, failure: error } : error;
      if (error instanceof TooDeep) {
        throw new SqlTooDeepError(text, p.lexer.starts[error.index] ?? 0, depthMax);
      }
      // The stack ended before the limit did.
      if (error instanceof RangeError) throw new SqlTooDeepError(text, p.start(), depthMax);
      throw error;
    }
  };
  const first = attempt(false);
  if (!(first instanceof Failure)) return first as T;
  const second = attempt(true) as { p: Cursor; failure: Failure };
  throw diagnose(second.p, second.failure);
}

/** All statements of a text. Throws SqlSyntaxError. */
export function parseStatements(text: string, options: ParseOptions = {}): Statement[] {
  return run(text, options, (p) => parseAll(p, Number.POSITIVE_INFINITY));
}

/** The one statement of a text; a `;` may end it. Throws SqlSyntaxError. */
export function parseStatement(text: string, options: ParseOptions = {}): Statement {
  return run(text, options, (p) => parseAll(p, 1)[0] ?? p.fail('statement'));
}

/** One expression and nothing else. Throws SqlSyntaxError. */
export function parseExpression(text: string, options: ParseOptions = {}): Expression {
  return run(text, options, (p) => toEnd(p, expression(p, withAlias)));
}

/** One data type and nothing else. Throws SqlSyntaxError. */
export function parseType(text: string, options: ParseOptions = {}): DataType {
  return run(text, options, (p) => toEnd(p, type(p)));
}

function toEnd<T>(p: Cursor, result: T): T {
  return p.kind === End ? result : p.fail('end of text');
}
