// if and CASE: which branch stands, and what a branch may be that is never taken.

import type { Expression, Span } from '../../../../sql/index.ts';
import { SpannedError } from '../../context.ts';
import { type Expr, literalExpr } from '../../expression.ts';
import type { Lit } from '../../physical/wire.ts';
import { isNullable } from '../../types.ts';
import type { Locals, Scope } from '../scope.ts';
import { constantOf } from './constants.ts';
import { bindExpression, type Of } from './index.ts';
import { resolveCall } from './resolve-call.ts';

/** As in ClickHouse, the branch that a constant condition leaves out may be wrong: name what is not there, have no type. */
export function bindIf(
  [test, yes, no]: readonly [Expression, Expression, Expression],
  scope: Scope,
  locals: Locals,
  span: Span,
): Expr {
  const condition = bindExpression(test, scope, locals);
  const constant = constantOf(scope.ctx, condition) ?? constantQuery(test, scope);
  const bind = (branch: Expression, taken: boolean | undefined): Expr | undefined => {
    try {
      return bindExpression(branch, scope, locals);
    } catch (error) {
      if (error instanceof SpannedError && taken === false) return undefined;
      throw error;
    }
  };
  const isTrue = constant && !/^(0|false|null)$/.test(String(constant.value));
  const whenTrue = bind(yes, isTrue);
  const whenFalse = bind(no, isTrue === undefined ? undefined : !isTrue);
  if (!whenTrue) return whenFalse as Expr;
  if (!whenFalse) return whenTrue;
  return resolveCall(scope, 'if', [condition, whenTrue, whenFalse], span);
}

/** The value of `(SELECT constant)`. */
function constantQuery(test: Expression, scope: Scope): Lit | undefined {
  const query = test.kind === 'Subquery' && test.query.kind === 'Select' ? test.query : undefined;
  const [only, second] = query?.columns ?? [];
  if (!query || !only || second || query.from || query.where || query.with) return undefined;
  return constantOf(scope.ctx, bindExpression(only, scope));
}

export function bindCase(ast: Of<'Case'>, scope: Scope, locals: Locals): Expr {
  const operand = ast.operand && bindExpression(ast.operand, scope, locals);
  if (operand?.type.startsWith('LowCardinality(') && !isNullable(operand.type)) {
    const whole = dictionaryCase(ast, operand, scope, locals);
    if (whole) return whole;
  }
  const args: Expr[] = [];
  for (const when of ast.whens) {
    const test = bindExpression(when.when, scope, locals);
    args.push(operand ? caseTest(scope, operand, test, when.span) : test);
    args.push(bindExpression(when.result, scope, locals));
  }
  args.push(
    ast.otherwise
      ? bindExpression(ast.otherwise, scope, locals)
      : literalExpr('Nullable(Nothing)', null, ast.span),
  );
  return resolveCall(scope, args.length === 3 ? 'if' : 'multiIf', args, ast.span);
}

/** Whether a WHEN is the operand's value; a literal NULL is the same as NULL here. */
function caseTest(scope: Scope, operand: Expr, test: Expr, span: Span): Expr {
  const nothing = [operand, test].some((e) => e.type === 'Nullable(Nothing)');
  return resolveCall(scope, nothing ? 'isNotDistinctFrom' : 'equals', [operand, test], span);
}

/** CASE over a dictionary with constants only: computed once per distinct value, and LowCardinality itself. */
function dictionaryCase(
  ast: Of<'Case'>,
  operand: Expr,
  scope: Scope,
  locals: Locals,
): Expr | undefined {
  if (!ast.otherwise) return undefined;
  const parts = [...ast.whens.flatMap((w) => [w.when, w.result]), ast.otherwise];
  const values = parts.map((part) => bindExpression(part, scope, locals));
  const plain = values.every((v) => v.kind === 'literal' && v.type !== 'Nullable(Nothing)');
  return plain
    ? resolveCall(scope, 'caseWithExpression', [operand, ...values], ast.span)
    : undefined;
}
