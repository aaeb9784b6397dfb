// Calls whose answer depends on more than their arguments.

import { type Expr, someExpr } from './expression.ts';

const random = /^(rand(?!omConst|Const)|generate(UUID|ULID|Snowflake)|fuzz)/i;

/**
 * Answers differently for each row, whatever the arguments. All equal ones of a query block are one value a row,
 * as in ClickHouse: `SELECT rand() = rand()` is 1, and an alias keeps its value from WHERE to SELECT.
 */
export const isRandom = (expr: Expr): boolean => expr.kind === 'call' && random.test(expr.name);

const volatile =
  /^(rand|generate|throwIf|sleep|rowNumber|running|neighbor|blockNumber|now64|nowInBlock|materialize|ignore|identity|arrayJoin)/i;

/** Must not run on other rows than written: it acts, or answers differently each time. */
export const isVolatile = (expr: Expr): boolean =>
  someExpr(expr, (e) => e.kind === 'call' && volatile.test(e.name));
