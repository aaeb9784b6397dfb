// AST → typed expression. Types come from the kernel; casts that SQL implies are put in here.

import type { Expression, Span } from '../../sql/ast.ts';
import { suggest } from '../../sql/suggest.ts';
import { bindFunction, untupled } from './bind-call.ts';
import { bindIn } from './bind-in.ts';
import { expandColumns } from './bind-star.ts';
import { existsSubquery, inSubquery, scalarSubquery } from './bind-subquery.ts';
import { constantOf } from './constants.ts';
import { deeper, failAt, newColumn, notBuilt, type Planning, SpannedError } from './context.ts';
import { castExpr, columnExpr, type Expr, lambdaExpr, literalExpr } from './expression.ts';
import { literalOf, numberLiteral, parameterExpr, positionalExpr } from './literals.ts';
import { identifierText, typeText } from './names.ts';
import { resolveCall } from './resolve-call.ts';
import {
  type AliasEntry,
  collectAliases,
  findColumn,
  identifierParts,
  type Locals,
  nameText,
  type Scope,
  unknownIdentifier,
} from './scope.ts';
import {
  arrayElementType,
  baseType,
  isNullable,
  nullableType,
  tupleElements,
  typeHead,
} from './types.ts';
import type { Lit } from './wire.ts';

type Kind = Expression['kind'];
type Of<K extends Kind> = Extract<Expression, { kind: K }>;
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

/** As in ClickHouse, the branch that a constant condition leaves out may name what is not there. */
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
      const unknown = error instanceof SpannedError && error.error.name === 'UNKNOWN_IDENTIFIER';
      if (unknown && taken === false) return undefined;
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
    to = scope.ctx.kernel.canonicalType(type);
  } catch (error) {
    throw withSpan(error, span);
  }
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

/** Binds the alias `name` of this scope, once. */
export function bindAlias(scope: Scope, name: string): Expr {
  const entry = scope.aliases.get(name);
  if (!entry) throw new Error(`alias ${name} is not in the scope`);
  if (entry.bound) return entry.bound;
  const cuts = cutsOf(scope.ctx);
  entry.binding = true;
  try {
    const bound = bindExpression(entry.ast, entry.scope);
    cuts.open.delete(entry);
    // What was found while another alias is being bound may mean something else outside of it.
    if (cuts.open.size === 0) entry.bound = bound;
    else if (++cuts.rebinds > rebindsMax)
      throw failAt(
        entry.ast.span,
        'CYCLIC_ALIASES',
        `Alias \`${name}\` is part of too many cycles`,
      );
    return bound;
  } finally {
    entry.binding = false;
    cuts.open.delete(entry);
  }
}

/** Aliases that were passed over because they are just being bound: `a AS b, b AS a`. */
interface Cuts {
  readonly open: Set<AliasEntry>;
  rebinds: number;
}
const allCuts = new WeakMap<Planning, Cuts>();
const rebindsMax = 1000;

function cutsOf(ctx: Planning): Cuts {
  let cuts = allCuts.get(ctx);
  if (!cuts) {
    cuts = { open: new Set(), rebinds: 0 };
    allCuts.set(ctx, cuts);
  }
  return cuts;
}

function bindIdentifier(ast: Of<'Identifier'>, scope: Scope, locals: Locals): Expr {
  const names = identifierParts(scope.ctx, ast);
  const found = lookUp(scope, names, locals, ast.span);
  if (found) return found;
  throw unknownIdentifier(scope, names, ast.span, ast.parts);
}

export function lookUp(
  scope: Scope,
  names: string[],
  locals: Locals,
  span: Span,
): Expr | undefined {
  const first = names[0] as string;
  const local = locals?.get(first);
  if (local) return descend(scope, respan(local, span), names.slice(1), span);
  const columnFirst = scope.ctx.settings.bool('prefer_column_name_to_alias');
  const entry = scope.aliases.get(first);
  if (entry && !entry.binding && !(columnFirst && findColumn(scope, names, span))) {
    const asTable = names.length > 1 ? findColumn(scope, names, span) : undefined;
    if (!asTable) {
      const bound = aliasOrNothing(scope, first);
      if (bound) return descend(scope, respan(bound, span), names.slice(1), span);
    }
  }
  if (entry?.binding) cutsOf(scope.ctx).open.add(entry);
  const found = findColumn(scope, names, span);
  if (found) {
    const expr = respan(found.column.expr(), span);
    return descend(scope, expr, names.slice(found.used), span);
  }
  return lookOutside(scope, names, span);
}

/** The alias, or undefined when it needs itself and a column of its name may be meant. */
function aliasOrNothing(scope: Scope, name: string): Expr | undefined {
  try {
    return bindAlias(scope, name);
  } catch (error) {
    const cyclic =
      error instanceof SpannedError &&
      error.error.name === 'UNKNOWN_IDENTIFIER' &&
      scope.sources.some((s) => s.byName.has(name));
    if (cyclic) return undefined;
    throw error;
  }
}

/** Names of the queries around this one. Their columns become parameters of the subqueries between. */
function lookOutside(scope: Scope, names: string[], span: Span): Expr | undefined {
  const edges: Scope[] = [];
  for (let outer: Scope | undefined = scope; outer; outer = outer.parent) {
    if (outer !== scope) {
      const entry = outer.aliases.get(names[0] as string);
      if (entry && !entry.binding) {
        const bound = bindAlias(outer, names[0] as string);
        const value = isOwn(bound) ? bound : across(edges, bound, names, span);
        return descend(scope, respan(value, span), names.slice(1), span);
      }
      const found = findColumn(outer, names, span);
      if (found) {
        const value = across(edges, found.column.expr(), names, span);
        return descend(scope, respan(value, span), names.slice(found.used), span);
      }
    }
    if (outer.across) edges.push(outer);
  }
  return undefined;
}

/** A value of an outer query as the subqueries behind `edges` (innermost first) see it. */
function across(edges: readonly Scope[], outer: Expr, names: string[], span: Span): Expr {
  if (edges.length === 0) {
    const name = names.map(identifierText).join('.');
    throw notBuilt(span, `A subquery in FROM that uses a column beside it (${name})`);
  }
  let value = outer;
  for (const { ctx, across: known } of edges.toReversed()) {
    let param = known?.get(value.key);
    if (!param) {
      param = { column: newColumn(ctx, names.at(-1) as string, value.type), value };
      known?.set(value.key, param);
    }
    value = { ...columnExpr(param.column, span), outer: true };
  }
  return value;
}

/** Whether an expression stands on its own, without columns of a query around. */
function isOwn(expr: Expr): boolean {
  switch (expr.kind) {
    case 'column':
    case 'aggregate':
    case 'window':
    case 'correlated':
      return false;
    case 'call':
    case 'grouping':
      return expr.args.every(isOwn);
    case 'cast':
    case 'in':
    case 'unfold':
      return isOwn(expr.expr);
    default:
      return true;
  }
}

/** The same expression, pointing at the place where it is used now. */
function respan(expr: Expr, span: Span): Expr {
  return expr.kind === 'column' ? { ...expr, span } : expr;
}

function descend(scope: Scope, expr: Expr, names: readonly string[], span: Span): Expr {
  let value = expr;
  for (const name of names) {
    const elements = tupleElements(baseType(value.type));
    const known = elements?.some((e, i) => e.name === name || String(i + 1) === name);
    if (elements && !known) {
      const has = elements.map((e) => e.name).filter((n) => n);
      const near = suggest(name, has);
      throw failAt(
        span,
        'UNKNOWN_IDENTIFIER',
        `Unknown expression identifier: the Tuple has no element \`${name}\``,
        near === undefined ? {} : { hint: `Did you mean \`${near}\`?` },
      );
    }
    value = elementOf(scope, value, name, span);
  }
  return value;
}

/** `a.size1`: the lengths of the arrays inside an array, `size2` those inside them. */
function sizesBelow(scope: Scope, array: Expr, levels: number, span: Span): Expr {
  if (levels === 0) return resolveCall(scope, 'length', [array], span);
  const inner = arrayElementType(array.type);
  if (inner === undefined)
    throw failAt(span, 'UNKNOWN_IDENTIFIER', `${array.type} has no arrays that deep`);
  const column = newColumn(scope.ctx, 'x', inner);
  const body = sizesBelow(scope, columnExpr(column, span), levels - 1, span);
  const lambda = lambdaExpr([{ id: column.id, type: inner }], body);
  return resolveCall(scope, 'arrayMap', [lambda, array], span);
}

/** `a.null` of an array: for each element whether it is NULL. */
function nullsOf(scope: Scope, array: Expr, element: string, span: Span): Expr {
  const column = newColumn(scope.ctx, 'x', element);
  const body = resolveCall(scope, 'isNull', [columnExpr(column, span)], span);
  const lambda = lambdaExpr([{ id: column.id, type: element }], body);
  return resolveCall(scope, 'arrayMap', [lambda, array], span);
}

/** `value.name`: an element of a named tuple, or one of the subcolumns of other types. */
export function elementOf(scope: Scope, value: Expr, name: string, span: Span): Expr {
  const elements = tupleElements(baseType(value.type));
  const list = arrayElementType(value.type);
  const isFlags = name === 'null' && list !== undefined && isNullable(list);
  if (elements || (list !== undefined && !isFlags && !/^size\d$/.test(name))) {
    return resolveCall(scope, 'tupleElement', [value, literalExpr('String', name, span)], span);
  }
  const head = typeHead(value.type);
  if (name === 'null' && isNullable(value.type)) return resolveCall(scope, 'isNull', [value], span);
  if (name === 'size0' && (head === 'Array' || head === 'Map')) {
    return resolveCall(scope, 'length', [value], span);
  }
  const deep = /^size([1-9])$/.exec(name);
  if (deep && head === 'Array') return sizesBelow(scope, value, Number(deep[1]), span);
  if (isFlags) return nullsOf(scope, value, list, span);
  if (head === 'Map' && name === 'keys') return resolveCall(scope, 'mapKeys', [value], span);
  if (head === 'Map' && name === 'values') return resolveCall(scope, 'mapValues', [value], span);
  throw failAt(
    span,
    'UNKNOWN_IDENTIFIER',
    `A value of type ${value.type} has no element \`${name}\``,
  );
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
  let value = bindExpression(left, scope, locals);
  for (const node of spine.reverse()) {
    value = resolveCall(
      scope,
      node.fn,
      [value, bindExpression(node.right, scope, locals)],
      node.span,
    );
  }
  return value;
}

function bindCase(ast: Of<'Case'>, scope: Scope, locals: Locals): Expr {
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
  return resolveCall(scope, fn, args, span);
}

function bindQuantified(ast: Of<'Quantified'>, scope: Scope, locals: Locals): Expr {
  const left = bindExpression(ast.expr, scope, locals);
  const any = ast.quantifier === 'ANY';
  if ((ast.fn === 'equals' && any) || (ast.fn === 'notEquals' && !any)) {
    return inSubquery(left, ast.query, !any, scope, ast.span);
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
