// Calls that answer differently for each row, whatever their arguments. All equal ones of a query block are one
// value a row, as in ClickHouse: `SELECT rand() = rand()` is 1, and an alias keeps its value from WHERE to SELECT.

import type { Expr } from './expression.ts';

const random = /^(rand(?!omConst|Const)|generate(UUID|ULID|Snowflake)|fuzz)/i;

export const isRandom = (expr: Expr): boolean => expr.kind === 'call' && random.test(expr.name);
