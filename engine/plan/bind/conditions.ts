// Conditions of WHERE, HAVING and the like: their type, and what may not stand in them.
import type { Expression, Span } from '../../../sql/index.ts';
import { failAt } from '../context.ts';
import { type Expr, someExpr } from '../expression.ts';
import { baseType } from '../types.ts';
import { bindExpression } from './expression/index.ts';
import { resolveCall } from './expression/resolve-call.ts';
import type { Scope } from './scope.ts';

/** Whether an expression can filter rows. */
export const isCondition = (expr: Expr): boolean =>
  /^(U?Int(8|16|32|64)|Bool|Nothing|Float\d+)$/.test(baseType(expr.type));

/** Checks that an expression can filter rows. */
export function condition(expr: Expr, ast: Expression, clause: string): Expr {
  if (!isCondition(expr)) {
    throw failAt(
      ast.span,
      'ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER',
      `${clause} needs a condition (UInt8 or Bool), not ${expr.type}`,
    );
  }
  return expr;
}

/** Checks that an expression is over rows: nothing in it is known only when they are in groups or in order. */
export function ofRows(expr: Expr, clause: string): Expr {
  someExpr(expr, (e) => {
    if (e.kind === 'aggregate') {
      const hint = clause === 'WHERE' ? { hint: 'Conditions on aggregates go into HAVING' } : {};
      throw failAt(
        e.span,
        'ILLEGAL_AGGREGATION',
        `Aggregate function ${e.name} is found in ${clause}`,
        hint,
      );
    }
    if (e.kind === 'window') {
      const hint =
        clause === 'WHERE' ? { hint: 'Conditions on window functions go into QUALIFY' } : {};
      const text = `A window function is found in ${clause}`;
      throw failAt(e.span, 'ILLEGAL_AGGREGATION', text, hint);
    }
    if (e.kind === 'grouping') {
      throw failAt(e.span, 'ILLEGAL_AGGREGATION', `grouping() is found in ${clause}`);
    }
    return false;
  });
  return expr;
}

export function withoutWindows(having: Expression, scope: Scope): Expr {
  const bound = bindExpression(having, scope);
  if (someExpr(bound, (e) => e.kind === 'window')) {
    throw failAt(having.span, 'ILLEGAL_AGGREGATION', 'A window function is found in HAVING', {
      hint: 'Conditions on window functions go into QUALIFY',
    });
  }
  return bound;
}

export function andOf(scope: Scope, list: readonly Expr[], span: Span): Expr {
  return list.length === 1 ? (list[0] as Expr) : resolveCall(scope, 'and', list, span);
}
