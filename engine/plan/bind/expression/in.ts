// IN and its kin: over lists, arrays, tables and subqueries, with ClickHouse's rules for NULL and for
// values of other types.

import type { Expression, Span } from '../../../../sql/index.ts';
import { failAt } from '../../context.ts';
import { type Expr, inExpr, literalExpr } from '../../expression.ts';
import type { Lit, LitValue } from '../../physical/wire.ts';
import { arrayElementType, baseType, isNullable, tupleElements } from '../../types.ts';
import {
  findCommon,
  identifierParts,
  type Locals,
  type Scope,
  unknownIdentifier,
} from '../scope.ts';
import { constantOf } from './constants.ts';
import { lookUp } from './identifier.ts';
import { bindExpression } from './index.ts';
import { resolveCall } from './resolve-call.ts';
import { asMember, checkNesting, nestingOf } from './set-members.ts';
import { bindTableSet, inSubquery } from './subquery.ts';

/** x IN source: NULL where x is NULL; with transform_null_in or nullIn, NULL is a value like others. */
export function bindIn(
  scope: Scope,
  left: Expr,
  source: Expression,
  negated: boolean,
  locals: Locals,
  span: Span,
  nulls = false,
): Expr {
  const nullsCount = scope.ctx.settings.bool('transform_null_in');
  // nullIn: a NULL on the left is no member, but an answer all the same.
  const ofNull = nulls
    ? literalExpr('UInt8', negated ? '1' : '0', span)
    : literalExpr('Nullable(Nothing)', null, span);
  if (left.type === 'Nullable(Nothing)' && !nullsCount) return ofNull;
  const bound = bindMembership(scope, left, source, negated, locals, span, nullsCount);
  if (nullsCount) return withNullMember(scope, left, bound, span);
  const test = withoutNulls(bound);
  const isTest = test.kind === 'in' || test.kind === 'correlated';
  if (!isTest || !isNullable(left.type)) return test;
  const isNull = resolveCall(scope, 'isNull', [left], span);
  return resolveCall(scope, 'if', [isNull, ofNull, test], span);
}

/** NULL is looked for beside the set, which has none. */
function withNullMember(scope: Scope, left: Expr, test: Expr, span: Span): Expr {
  if (test.kind !== 'in' || !('values' in test.set)) return test;
  const { values } = test.set;
  const list = Array.isArray(values.value) ? values.value : [];
  const hasNull = list.includes(null);
  if (left.type === 'Nullable(Nothing)') {
    return literalExpr('UInt8', hasNull !== test.negated ? '1' : '0', span);
  }
  if (!hasNull) return test;
  const without = { ...values, value: list.filter((v) => v !== null) };
  const rest = inExpr(left, { values: without }, test.negated, test.type, span);
  if (!isNullable(left.type)) return rest;
  const isNull = resolveCall(scope, test.negated ? 'isNotNull' : 'isNull', [left], span);
  return resolveCall(scope, test.negated ? 'and' : 'or', [isNull, rest], span);
}

function bindMembership(
  scope: Scope,
  left: Expr,
  source: Expression,
  negated: boolean,
  locals: Locals,
  span: Span,
  nullsCount: boolean,
): Expr {
  const { ctx } = scope;
  if (source.kind === 'Subquery') {
    return inSubquery(left, source.query, negated, scope, span, nullsCount);
  }
  if (source.kind === 'Tuple' && source.items.length === 1) {
    // `IN (t)`: a table, unless there is a column of this name.
    const only = source.items[0] as Expression;
    const names = only.kind === 'Identifier' ? identifierParts(ctx, only) : undefined;
    if (only.kind === 'Identifier' && names && !lookUp(scope, names, locals, only.span))
      return bindMembership(scope, left, only, negated, locals, span, nullsCount);
  }
  if (source.kind === 'Identifier') {
    const names = identifierParts(ctx, source);
    const value = lookUp(scope, names, locals, source.span);
    if (!value) {
      const table = bindTableSet(source, names, scope);
      if (!table && findCommon(scope, names[0] as string) === undefined) {
        throw unknownIdentifier(scope, names, source.span);
      }
      if (table) {
        checkSetWidth(left, table.columns, span);
        return inExpr(left, { subquery: table.index }, negated, 'UInt8', span);
      }
    } else return inList(scope, left, [value], true, negated, span);
  }
  const list = listed(source);
  if (list) {
    const items = list.map((item) => bindExpression(item, scope, locals));
    // (a, b) IN (1, 2) means the one tuple (1, 2).
    const whole =
      items.length > 1 && nestingOf(baseType(left.type)) === 1 + nestingOf(items[0]?.type ?? '');
    if (whole) {
      const tuple = resolveCall(scope, 'tuple', items, source.span);
      return inList(scope, left, [tuple], false, negated, span);
    }
    if (items.length === 1) return inList(scope, left, items, true, negated, span);
    return inList(scope, left, items, false, negated, span);
  }
  return inList(scope, left, [bindExpression(source, scope, locals)], true, negated, span);
}

/** The items of `(a, b)` or `tuple(a, b)`. */
function listed(source: Expression): readonly Expression[] | undefined {
  if (source.kind === 'Tuple') return source.items;
  const plain = source.kind === 'Function' && source.name === 'tuple' && !source.parameters;
  return plain ? source.args : undefined;
}

export function checkSetWidth(left: Expr, columns: number, span: Span): void {
  const width = tupleElements(baseType(left.type))?.length ?? 1;
  if (width === columns || columns === 1) return;
  throw failAt(
    span,
    'NUMBER_OF_COLUMNS_DOESNT_MATCH',
    `The left side of IN has ${width} column(s), the right side ${columns}`,
  );
}

/** `single`: the one item may be a collection whose elements are meant. */
function inList(
  scope: Scope,
  left: Expr,
  items: readonly Expr[],
  single: boolean,
  negated: boolean,
  span: Span,
): Expr {
  const { ctx } = scope;
  // a tuple with a NULL that is written out equals no other
  const untyped = tupleElements(baseType(left.type))?.some((e) => e.type === 'Nullable(Nothing)');
  if (untyped && !ctx.settings.bool('transform_null_in')) {
    return literalExpr('UInt8', negated ? '1' : '0', span);
  }
  const literals = items.map((item) => constantOf(ctx, item));
  const only = items[0];
  if (only && literals.every((l) => l !== undefined)) {
    const right = single ? only.type : `Tuple(${items.map((i) => i.type).join(', ')})`;
    checkNesting(left.type, right, span);
  }
  if (single && only) {
    const literal = literals[0];
    const elementType = arrayElementType(only.type);
    const leftIsArray = arrayElementType(left.type) !== undefined;
    if (elementType && literal && !(leftIsArray && arrayElementType(elementType) === undefined)) {
      if (
        !Array.isArray(literal.value) ||
        elementType === baseType(left.type) ||
        !/String|Tuple/.test(elementType + left.type)
      )
        return inExpr(left, { values: literal }, negated, 'UInt8', span);
      const lits = literal.value.map((value) => ({ type: elementType, value }));
      return setOf(scope, left, lits, negated, span);
    }
    const elements = tupleElements(only.type);
    if (elements && literal && Array.isArray(literal.value)) {
      const leftIsTuple = tupleElements(baseType(left.type)) !== undefined;
      if (!leftIsTuple || elements.every((e) => tupleElements(e.type))) {
        const lits = literal.value.map((value, i) => ({
          type: elements[i]?.type ?? 'Nothing',
          value,
        }));
        return setOf(scope, left, lits, negated, span);
      }
    }
    if (elementType && !literal) {
      const has = resolveCall(scope, 'has', [only, left], span);
      return negated ? resolveCall(scope, 'not', [has], span) : has;
    }
  }
  if (literals.every((l) => l !== undefined)) return setOf(scope, left, literals, negated, span);
  return inColumns(scope, left, items, negated, span);
}

/**
 * IN over a list that is not constant: a NULL in the list equals nothing, a NULL on the left gives NULL; with
 * transform_null_in NULL equals NULL.
 */
function inColumns(
  scope: Scope,
  left: Expr,
  items: readonly Expr[],
  negated: boolean,
  span: Span,
): Expr {
  const call = (name: string, ...args: readonly Expr[]) => resolveCall(scope, name, args, span);
  const nullsCount = scope.ctx.settings.bool('transform_null_in');
  const same = nullsCount ? 'isNotDistinctFrom' : 'equals';
  const tests = items.map((item) => call(same, left, item));
  let some = tests.length === 1 ? (tests[0] as Expr) : call('or', ...tests);
  if (nullsCount) return negated ? call('not', some) : some;
  const nothing = some.type === 'Nullable(Nothing)';
  if (isNullable(some.type)) {
    if (items.some((item) => isNullable(item.type)))
      some = call('ifNull', some, literalExpr('UInt8', '0', span));
    if (isNullable(left.type))
      some = call('if', call('isNull', left), literalExpr('Nullable(Nothing)', null, span), some);
  }
  if (!nothing) some = call('toNullable', call('toUInt8', some));
  return negated ? call('not', some) : some;
}

function checkSetSize(scope: Scope, size: number, span: Span): void {
  const most = scope.ctx.settings.number('max_rows_in_set');
  if (most === 0 || size <= most || scope.ctx.settings.text('set_overflow_mode') !== 'throw')
    return;
  const text = `Limit for IN-set exceeded: ${size} rows, maximum: ${most}`;
  throw failAt(span, 'SET_SIZE_LIMIT_EXCEEDED', text, { hint: 'Raise max_rows_in_set' });
}

function setOf(
  scope: Scope,
  left: Expr,
  written: readonly Lit[],
  negated: boolean,
  span: Span,
): Expr {
  checkSetSize(scope, written.length, span);
  const wanted = baseType(left.type);
  const literals = written.map((l) => asMember(scope, l, wanted, span));
  const kinds = [...new Set(literals.map((l) => l.type))];
  let element = kinds[0] ?? 'Nothing';
  if (kinds.length > 1) {
    try {
      const array = scope.ctx.kernel.resolveFunction(
        'array',
        kinds.map((type) => ({ type })),
      );
      element = arrayElementType(array) ?? element;
    } catch {
      // No common type, as in IN (1, 'a'): compare with each.
      const tests = literals.map((l) =>
        resolveCall(scope, 'equals', [left, literalExpr(l.type, l.value, span)], span),
      );
      const some = resolveCall(scope, 'or', tests, span);
      return negated ? resolveCall(scope, 'not', [some], span) : some;
    }
  }
  const values = { type: `Array(${element})`, value: literals.map((l) => l.value) };
  return inExpr(left, { values }, negated, 'UInt8', span);
}

/** Nothing equals a NULL, nor a tuple with one in it: such elements of a set go. */
function withoutNulls(test: Expr): Expr {
  if (test.kind !== 'in' || !('values' in test.set)) return test;
  const { values: set } = test.set;
  if (!Array.isArray(set.value)) return test;
  const tuples = tupleElements(arrayElementType(set.type) ?? '') !== undefined;
  const good = (value: LitValue): boolean =>
    value !== null && !(tuples && Array.isArray(value) && value.includes(null));
  if (set.value.every(good)) return test;
  const values = { ...set, value: set.value.filter(good) };
  return inExpr(test.expr, { values }, test.negated, test.type, test.span);
}
