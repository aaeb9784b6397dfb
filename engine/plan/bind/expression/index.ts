// AST → typed expression. Types come from the kernel; casts that SQL implies are put in here.

import type { Expression, Span } from '../../../../sql/index.ts';
import { deeper, failAt, SpannedError } from '../../context.ts';
import { castExpr, type Expr, literalExpr } from '../../expression.ts';
import { refuseSuspicious } from '../../suspicious-types.ts';
import { inZoneOf, isNullable, nullableType, tupleElements, typeHead } from '../../types.ts';
import { columnName, typeText } from '../names.ts';
import { collectAliases, type Locals, nameText, type Scope } from '../scope.ts';
import { expandColumns } from '../star.ts';
import { bindFunction, untupled } from './call.ts';
import { bindCase, bindIf } from './case.ts';
import { bindAlias, bindIdentifier, elementOf } from './identifier.ts';
import { bindIn } from './in.ts';
import { literalOf, numberLiteral, parameterExpr, positionalExpr } from './literals.ts';
import { resolveCall } from './resolve-call.ts';
import { existsSubquery, scalarSubquery } from './subquery.ts';

type Kind = Expression['kind'];
export type Of<K extends Kind> = Extract<Expression, { kind: K }>;
type Bind<K extends Kind> = (ast: Of<K>, scope: Scope, locals: Locals) => Expr;

const binders: { [K in Kind]: Bind<K> } = {
  Literal: (ast, scope) => {
    if (ast.type !== 'string' || ast.bytes === undefined) return literalOf(ast);
    return resolveCall(scope, 'unhex', [literalExpr('String', ast.bytes, ast.span)], ast.span);
  },
  Identifier: bindIdentifier,
  Alias: (ast, scope, locals) => {
    const name = nameText(scope.ctx, ast.alias);
    const entry = scope.aliases.get(name);
    if (entry && entry.ast === ast.expr && !locals && !entry.binding) return bindAlias(scope, name);
    return bindExpression(ast.expr, scope, locals);
  },
  Star: (ast, scope) => {
    const [only, second] = expandColumns(ast, scope);
    if (only && !second) return only.expr;
    throw failAt(ast.span, 'UNSUPPORTED_METHOD', '* cannot stand here, only in a list of columns');
  },
  ColumnsMatcher: (ast, scope) => {
    const [only, second] = expandColumns(ast, scope);
    if (only && !second) return only.expr;
    const text = 'COLUMNS stands for several columns where one value is needed';
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  },
  Function: bindFunction,
  Lambda: (ast) => {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'A lambda can only be an argument of a function');
  },
  Binary: bindBinary,
  Chain: (ast, scope, locals) =>
    resolveCall(
      scope,
      ast.fn,
      ast.operands.map((o) => bindExpression(o, scope, locals)),
      ast.span,
    ),
  Unary: (ast, scope, locals) => {
    const { operand } = ast;
    if (ast.fn === 'negate' && operand.kind === 'Literal' && operand.type === 'number') {
      const text = operand.text.startsWith('-') ? operand.text.slice(1) : `-${operand.text}`;
      return numberLiteral(text, ast.span);
    }
    return resolveCall(scope, ast.fn, [bindExpression(operand, scope, locals)], ast.span);
  },
  Ternary: (ast, scope, locals) => {
    const args = [ast.condition, ast.whenTrue, ast.whenFalse] as const;
    return bindIf(args, scope, locals, ast.span);
  },
  Case: bindCase,
  Cast: (ast, scope, locals) =>
    castTo(scope, bindExpression(ast.expr, scope, locals), typeText(ast.type), ast.type.span),
  Interval: (ast, scope, locals) => {
    const unit = (ast.unit[0] as string) + ast.unit.slice(1).toLowerCase();
    const value = bindExpression(ast.value, scope, locals);
    return resolveCall(scope, `toInterval${unit}`, [value], ast.span);
  },
  Between: (ast, scope, locals) => {
    const x = bindExpression(ast.expr, scope, locals);
    const low = bindExpression(ast.low, scope, locals);
    const high = bindExpression(ast.high, scope, locals);
    const sides = ast.negated
      ? [
          resolveCall(scope, 'less', [x, low], ast.span),
          resolveCall(scope, 'greater', [x, high], ast.span),
        ]
      : [
          resolveCall(scope, 'greaterOrEquals', [x, low], ast.span),
          resolveCall(scope, 'lessOrEquals', [x, high], ast.span),
        ];
    return resolveCall(scope, ast.negated ? 'or' : 'and', sides, ast.span);
  },
  In: (ast, scope, locals) =>
    bindIn(
      scope,
      bindExpression(ast.expr, scope, locals),
      ast.source,
      ast.negated,
      locals,
      ast.span,
    ),
  IsNull: (ast, scope, locals) => {
    const fn = ast.negated ? 'isNotNull' : 'isNull';
    return resolveCall(scope, fn, [bindExpression(ast.expr, scope, locals)], ast.span);
  },
  Quantified: bindQuantified,
  Exists: (ast, scope) => existsSubquery(ast.query, scope, ast.span),
  Subquery: (ast, scope) => scalarSubquery(ast.query, scope, ast.span),
  Tuple: (ast, scope, locals) => collection(scope, 'tuple', ast.items, locals, ast.span),
  Array: (ast, scope, locals) => collection(scope, 'array', ast.items, locals, ast.span),
  Map: (ast, scope, locals) => {
    const args = ast.keys.flatMap((key, i) => [key, ast.values[i] as Expression]);
    return collection(scope, 'map', args, locals, ast.span);
  },
  Index: (ast, scope, locals) => {
    const value = bindExpression(ast.expr, scope, locals);
    return resolveCall(
      scope,
      'arrayElement',
      [value, bindExpression(ast.index, scope, locals)],
      ast.span,
    );
  },
  TupleAccess: (ast, scope, locals) => {
    const value = bindExpression(ast.expr, scope, locals);
    if (ast.name) return elementOf(scope, value, nameText(scope.ctx, ast.name), ast.span);
    return resolveCall(
      scope,
      'tupleElement',
      [value, numberLiteral(String(ast.index ?? 0), ast.span)],
      ast.span,
    );
  },
  Parameter: (ast, scope) => parameterExpr(scope.ctx, ast),
  Positional: (ast, scope) => positionalExpr(scope.ctx, ast),
};

export function bindExpression(ast: Expression, scope: Scope, locals?: Locals): Expr {
  const bind = binders[ast.kind] as (a: Expression, s: Scope, l: Locals) => Expr;
  return deeper(scope.ctx, ast.span, () => bind(ast, scope, locals));
}

/** An expression that a definition keeps: aliases inside it are its own. */
export function bindStored(ast: Expression, scope: Scope): Expr {
  const own = { ...scope, aliases: new Map(scope.aliases) };
  collectAliases(own, ast);
  return bindExpression(ast, own.aliases.size > 0 ? own : scope);
}

/** CAST(expr AS type), the type as text. */
export function castTo(scope: Scope, expr: Expr, type: string, span: Span): Expr {
  let to: string;
  try {
    to = inZoneOf(scope.ctx.kernel.canonicalType(type), expr.type);
  } catch (error) {
    throw withSpan(error, span);
  }
  refuseSuspicious(scope.ctx.settings, to, span);
  const keeps =
    isNullable(expr.type) &&
    typeHead(to) !== 'LowCardinality' &&
    scope.ctx.settings.bool('cast_keep_nullable');
  return castExpr(expr, keeps ? nullableType(to) : to, expr.span ?? span);
}

/** Gives a failure of the kernel the place it is about. */
export function withSpan(error: unknown, span: Span | undefined): Error {
  const failure = error as { name: string; code?: number; message: string; hint?: string };
  if (span === undefined || failure.code === undefined) return error as Error;
  return failAt(span, failure.name as 'BAD_ARGUMENTS', failure.message, {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  });
}

/** As in ClickHouse, a list of values without a common type is a list, which nothing can be compared with. */
function bindOperand(fn: string, ast: Expression, scope: Scope, locals: Locals): Expr {
  try {
    return bindExpression(ast, scope, locals);
  } catch (error) {
    const failure = error instanceof SpannedError ? error.error : (error as Error);
    const compared = ast.kind === 'Array' && /equal|less|greater/i.test(fn);
    if (!compared || failure.name !== 'NO_COMMON_TYPE') throw error;
    throw failAt(ast.span, 'ILLEGAL_TYPE_OF_ARGUMENT', failure.message);
  }
}

/** Operators of one precedence are left-deep: the left spine is walked in a loop. */
function bindBinary(ast: Of<'Binary'>, scope: Scope, locals: Locals): Expr {
  const spine: Of<'Binary'>[] = [];
  let left: Expression = ast;
  while (left.kind === 'Binary') {
    spine.push(left);
    left = left.left;
  }
  if (spine.length > 5000) {
    throw failAt(ast.span, 'TOO_DEEP_AST', 'The expression has more than 5,000 operators in a row');
  }
  const innermost = spine.at(-1)?.fn ?? '';
  let value = bindOperand(innermost, left, scope, locals);
  for (const node of spine.reverse()) {
    const right = bindOperand(node.fn, node.right, scope, locals);
    value = resolveCall(scope, node.fn, [value, right], node.span);
  }
  return value;
}

/** `(1, 2)`, `[1, 2]`: of literals a literal, else a call. */
function collection(
  scope: Scope,
  fn: 'tuple' | 'array' | 'map',
  items: readonly Expression[],
  locals: Locals,
  span: Span,
): Expr {
  const args = items.flatMap((item) => {
    if (item.kind === 'Star' || item.kind === 'ColumnsMatcher')
      return expandColumns(item, scope).map((column) => column.expr);
    if (item.kind === 'Function' && item.name === 'untuple') return untupled(item, scope, locals);
    return bindExpression(item, scope, locals);
  });
  const call = resolveCall(scope, fn, args, span);
  return fn === 'tuple' ? namedTuple(scope, items, call) : call;
}

/** With `enable_named_columns_in_function_tuple` elements are called like what they are made of, if all can be. */
export function namedTuple(scope: Scope, items: readonly Expression[], tuple: Expr): Expr {
  if (!scope.ctx.settings.bool('enable_named_columns_in_function_tuple')) return tuple;
  const names = items.map((item) => columnName(item, scope));
  const usable = names.every((name) => /^[A-Za-z_]\w*$/.test(name) && name !== 'NULL');
  const elements = tupleElements(tuple.type);
  if (!usable || new Set(names).size !== elements?.length) return tuple;
  const named = elements.map(({ type }, i) => `${names[i]} ${type}`).join(', ');
  return castExpr(tuple, `Tuple(${named})`, tuple.span);
}

function bindQuantified(ast: Of<'Quantified'>, scope: Scope, locals: Locals): Expr {
  const left = bindExpression(ast.expr, scope, locals);
  const any = ast.quantifier === 'ANY';
  if ((ast.fn === 'equals' && any) || (ast.fn === 'notEquals' && !any)) {
    const rows = { kind: 'Subquery', query: ast.query, span: ast.query.span } as const;
    return bindIn(scope, left, rows, !any, locals, ast.span);
  }
  const lower = ast.fn === 'less' || ast.fn === 'lessOrEquals';
  const upper = ast.fn === 'greater' || ast.fn === 'greaterOrEquals';
  if (!lower && !upper) {
    // Equal to all of them, or unlike one of them: there is but one value, or more.
    const only = scalarSubquery(ast.query, scope, ast.span, 'singleValueOrNull');
    const equal = resolveCall(scope, 'equals', [left, only], ast.span);
    const known = resolveCall(scope, 'ifNull', [equal, literalExpr('UInt8', '0')], ast.span);
    return ast.fn === 'equals' ? known : resolveCall(scope, 'not', [known], ast.span);
  }
  const reduce = lower === any ? 'max' : 'min';
  const bound = scalarSubquery(ast.query, scope, ast.span, reduce);
  return resolveCall(scope, ast.fn, [left, bound], ast.span);
}
