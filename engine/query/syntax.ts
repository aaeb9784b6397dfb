// A statement's text → its tree, and failures → their place in the text.
import { parseStatement, placeOf, type Statement, walk } from '../../sql/index.ts';
import { asEngineError, EngineError, fail } from '../errors.ts';
import { SpannedError } from '../plan/context.ts';
import type { Core } from './core.ts';

const cachedTextMax = 8192;

/** A text's tree; repeated texts are parsed once. Errors: SYNTAX_ERROR with its place. */
export function parse(core: Core, text: string): Statement {
  const known = core.syntax.get(text);
  if (known) return known;
  let statement: Statement;
  try {
    statement = parseStatement(text);
  } catch (error) {
    throw fromSyntax(error);
  }
  if (text.length <= cachedTextMax && statement.kind !== 'Insert') core.syntax.set(text, statement);
  return statement;
}

function fromSyntax(error: unknown): unknown {
  const failure = error as {
    code?: number;
    name: string;
    message: string;
    position?: number;
    length?: number;
    line?: number;
    column?: number;
    hint?: string;
  };
  if (typeof failure.code !== 'number' || failure.position === undefined) return error;
  const { position, length, line, column, hint } = failure;
  return new EngineError(failure.name, failure.code, 'client', failure.message, {
    position,
    ...(length === undefined ? {} : { length }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Any failure as an EngineError, placed in the statement's text where it has a span. */
export function placed(error: unknown, text: string): EngineError {
  if (!(error instanceof SpannedError)) return asEngineError(error);
  const { error: failure, span } = error;
  if (failure.position === undefined && span.end > 0) Object.assign(failure, placeOf(text, span));
  return failure;
}

/** No value for a `?` may be left over; that none lacks is seen where it is bound. */
export function checkPositional(statement: Statement, given: number): void {
  let wanted = 0;
  walk(statement, (node) => {
    if (node.kind === 'Positional') wanted = Math.max(wanted, node.index + 1);
    return undefined;
  });
  if (given > wanted) {
    throw fail(
      'BAD_QUERY_PARAMETER',
      `${given} values for ? are given, but the statement has ${wanted} of them`,
    );
  }
}
