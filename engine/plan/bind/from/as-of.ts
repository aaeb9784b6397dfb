// VERSION AS OF and TIMESTAMP AS OF: which version of a table is meant.

import type { Expression, Span } from '../../../../sql/index.ts';
import { EngineError, type ErrorName } from '../../../errors.ts';
import { type AsOf, failAt, type StoredTable, type TableSource } from '../../context.ts';
import { columnsOf, type Expr, literalExpr, someExpr } from '../../expression.ts';
import { exprJson } from '../../physical/expression.ts';
import { constantOf } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { resolveCall } from '../expression/resolve-call.ts';
import type { Scope } from '../scope.ts';

/** The constant behind AS OF; undefined without one. */
export function asOfOf(
  scope: Scope,
  version: Expression | undefined,
  timestamp: Expression | undefined,
): AsOf | undefined {
  if (timestamp) return momentOf(scope, bindExpression(timestamp, scope), timestamp.span);
  if (!version) return undefined;
  return versionOf(scope, bindExpression(version, scope), version.span);
}

function versionOf(scope: Scope, expr: Expr, span: Span): AsOf {
  const value = constantOf(scope.ctx, expr)?.value;
  const number = Number(value);
  if (value !== null && value !== '' && Number.isSafeInteger(number) && number >= 0) {
    return { version: number };
  }
  throw failAt(span, 'BAD_ARGUMENTS', 'A version is a whole number', {
    hint: 'DESCRIBE HISTORY of the table shows its versions',
  });
}

/** What cannot be known before the rows of the table are. */
const ofRun = new Set(['aggregate', 'window', 'grouping', 'unfold', 'scalar', 'correlated']);

function momentOf(scope: Scope, expr: Expr, span: Span): AsOf {
  if (columnsOf(expr).size > 0 || someExpr(expr, (e) => ofRun.has(e.kind))) throw noMoment(span);
  const precise = resolveCall(scope, 'toDateTime64', [expr, literalExpr('UInt8', '3')], span);
  const ms = resolveCall(scope, 'toUnixTimestamp64Milli', [precise], span);
  const text = { cast: exprJson(ms, new Map(), []), to: 'String' };
  let value: unknown;
  try {
    // now() is known, too: the plan is made for this run alone.
    value = scope.ctx.kernel.fold(text)?.value;
  } catch (error) {
    if (error instanceof EngineError) throw failAt(span, error.name as ErrorName, error.message);
    throw error;
  }
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return { timeMs: Number(value) };
  throw noMoment(span);
}

const noMoment = (span: Span): Error =>
  failAt(span, 'BAD_ARGUMENTS', 'The moment of AS OF is no constant', {
    hint: "Write a time, as in TIMESTAMP AS OF '2026-01-01 00:00:00' or now() - INTERVAL 1 HOUR",
  });

/** A number is a version, anything else a moment. */
export function versionOrMoment(scope: Scope, ast: Expression): AsOf {
  const expr = bindExpression(ast, scope);
  return /^U?Int\d+$/.test(expr.type)
    ? versionOf(scope, expr, ast.span)
    : momentOf(scope, expr, ast.span);
}

/** A failure of `work` at a place in the statement. */
export function atPlace<T>(span: Span, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError) || error.position !== undefined) throw error;
    const { name, message, hint } = error;
    throw failAt(span, name as ErrorName, message, hint === undefined ? {} : { hint });
  }
}

/** A table that keeps versions. */
export function versioned(
  scope: Scope,
  table: TableSource,
  span: Span,
): Required<Pick<StoredTable, 'at' | 'changes'>> {
  scope.ctx.cacheable = false;
  if (table.kind === 'stored' && table.at && table.changes) {
    return { at: table.at, changes: table.changes };
  }
  throw failAt(span, 'NOT_IMPLEMENTED', `${table.name} is no table that keeps versions`);
}

export const olderVersion = (
  scope: Scope,
  table: TableSource,
  asOf: AsOf,
  span: Span,
): StoredTable => atPlace(span, () => versioned(scope, table, span).at(asOf));
