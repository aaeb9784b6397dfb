// Calls: scalar functions with their lambdas, aggregates with their modifiers, window functions,
// and the few names that are not functions of the kernel (arrayJoin, grouping, in).

import type { Expression, FunctionCall, Lambda, Name, Span } from '../../sql/ast.ts';
import { isKnownSetting, settingTypeOf, unknownSetting } from '../settings.ts';
import { supertype } from './bind.ts';
import { bindExpression, bindIf, castTo, withSpan } from './bind-expression.ts';
import { bindIn } from './bind-in.ts';
import { expandColumns } from './bind-star.ts';
import { existsSubquery } from './bind-subquery.ts';
import { textFunction } from './bind-text.ts';
import { bindWindow, windowOnly } from './bind-window.ts';
import { constantOf } from './constants.ts';
import { type ArgumentType, checkMeasure, failAt, newColumn, notBuilt } from './context.ts';
import {
  aggregateExpr,
  type Column,
  callExpr,
  castExpr,
  columnExpr,
  columnsOf,
  type Expr,
  groupingExpr,
  lambdaExpr,
  literalExpr,
  measureOf,
  someExpr,
  unfoldExpr,
} from './expression.ts';
import { bindJoinGet } from './join-table.ts';
import { numberLiteral } from './literals.ts';
import { nearest } from './nearest.ts';
import type { Locals, Scope } from './scope.ts';
import { collectAliases, findColumn, identifierParts } from './scope.ts';
import { differenceByUnit, globalVariable, rowText, subcolumn } from './special-calls.ts';
import { hasOwnNames, substituted, withoutFunctions } from './substitute.ts';
import { byElement } from './tuple-comparison.ts';
import { baseType, isInteger, prettyType, tupleElements, unfoldedType } from './types.ts';
import type { Lit } from './wire.ts';

/** Functions whose type depends on the value of an argument that may be computed. */
const needsConstants =
  /^(to(FixedString|Decimal|DateTime|TimeZone|StartOf|UnixTimestamp64)|fromUnix|makeDate|tupleElement|arrayElement|dateTrunc|date_trunc|JSONExtract|JSON_|cast|accurateCast|reinterpret|now|getSetting|parseDateTime|serverTimezone|round|floor|ceil|trunc|dateDiff|timeSlot|defaultValueOf|transform|enum)/i;

const sets: Record<string, { negated: boolean; nulls?: true }> = {
  in: { negated: false },
  notIn: { negated: true },
  globalIn: { negated: false },
  globalNotIn: { negated: true },
  nullIn: { negated: false, nulls: true },
  notNullIn: { negated: true, nulls: true },
  globalNullIn: { negated: false, nulls: true },
  globalNotNullIn: { negated: true, nulls: true },
};

export function bindFunction(ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  const { kernel, userFunctions } = scope.ctx;
  const lower = ast.name.toLowerCase();
  if (ast.over) return bindWindow(ast, scope, locals);
  if (lower === 'arrayjoin' || ast.name === 'unnest') return bindArrayJoin(ast, scope, locals);
  if (lower === 'grouping') {
    return groupingExpr(
      ast.args.map((a) => bindExpression(a, scope, locals)),
      ast.span,
    );
  }
  if (ast.name === 'joinGet' || ast.name === 'joinGetOrNull') {
    return bindJoinGet(ast, scope, locals, ast.name === 'joinGetOrNull');
  }
  const set = Object.hasOwn(sets, ast.name) ? sets[ast.name] : undefined;
  if (set && ast.args.length !== 2) {
    const text = `${ast.name} takes two arguments, ${ast.args.length} given`;
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  if (set) {
    const left = bindExpression(ast.args[0] as Expression, scope, locals);
    return bindIn(scope, left, ast.args[1] as Expression, set.negated, locals, ast.span, set.nulls);
  }
  if (lower === 'exists' && ast.args[0]?.kind === 'Subquery') {
    return existsSubquery(ast.args[0].query, scope, ast.span);
  }
  if (lower === 'if' && ast.args.length === 3) {
    const args = ast.args as [Expression, Expression, Expression];
    if (args.every((a) => a.kind !== 'Lambda' && a.kind !== 'Star'))
      return bindIf(args, scope, locals, ast.span);
  }
  if (lower === 'cast' && ast.args.length === 2) return bindCast(ast, scope, locals);
  if (ast.name === 'getSetting' || ast.name === 'getSettingOrDefault') {
    const value = settingValue(ast, scope, locals);
    if (value) return value;
  }
  const special =
    textFunction(ast, scope, locals) ??
    subcolumn(ast, scope, locals) ??
    globalVariable(ast, scope, locals) ??
    rowText(ast, scope, locals);
  if (special) return special;
  const inline = inlineLambda(ast, scope) ?? userFunctions.get(ast.name);
  if (inline) return callLambda(inline, ast, scope, locals);
  const scalar = kernel.functions.scalar(ast.name);
  const plain = !ast.distinct && !ast.filter && !ast.parameters && !ast.nulls && !ast.orderBy;
  if (scalar !== undefined && plain) return bindScalar(ast, scope, locals, scalar);
  const aggregate =
    kernel.functions.aggregate(ast.name) ??
    (windowOnly.has(lower) ? kernel.functions.aggregate(lower) : undefined);
  if (aggregate !== undefined) return bindAggregate(ast, scope, locals, aggregate);
  if (scalar !== undefined) {
    throw failAt(
      ast.nameSpan,
      'SYNTAX_ERROR',
      `${ast.name} is not an aggregate function: it takes no DISTINCT, FILTER, ORDER BY or parameters`,
    );
  }
  if (windowOnly.has(lower)) {
    throw failAt(ast.nameSpan, 'BAD_ARGUMENTS', `Window function ${ast.name} needs OVER (…)`);
  }
  throw unknownFunction(scope, ast.name, ast.nameSpan);
}

/** getSetting('name'): a constant of the setting's own type. */
function settingValue(ast: FunctionCall, scope: Scope, locals: Locals): Expr | undefined {
  const [first, second] = ast.args;
  const name = first && constantOf(scope.ctx, bindExpression(first, scope, locals))?.value;
  if (typeof name !== 'string') return undefined;
  if (!isKnownSetting(name)) {
    if (second) return bindExpression(second, scope, locals);
    throw failAt(first?.span, 'UNKNOWN_SETTING', unknownSetting(name).message);
  }
  const text = scope.ctx.settings.text(name);
  const type = settingTypeOf(name);
  if (type === 'Bool') return literalExpr('Bool', text === '1', ast.span);
  if (/^(Seconds|Milliseconds|Float|Double)$/.test(type)) {
    const value = type === 'Milliseconds' ? String(Number(text) / 1000) : text;
    return literalExpr('Float64', value || '0', ast.span);
  }
  const isNumber = /Int|MaxThreads|Custom/.test(type) && /^-?\d+$/.test(text);
  return isNumber ? numberLiteral(text, ast.span) : literalExpr('String', text, ast.span);
}

export function unknownFunction(scope: Scope, name: string, span: Span): Error {
  if (/^dict(Get|Has|IsIn)/.test(name)) {
    const text = `${name}: there are no dictionaries here`;
    return failAt(span, 'BAD_ARGUMENTS', text, { hint: 'Use a table of engine Join and joinGet' });
  }
  const near = nearest(name, scope.ctx.kernel.functions.names());
  return failAt(span, 'UNKNOWN_FUNCTION', `Function with name \`${name}\` does not exist`, {
    ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
  });
}

function bindCast(ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  const value = bindExpression(ast.args[0] as Expression, scope, locals);
  const type = constantOf(scope.ctx, bindExpression(ast.args[1] as Expression, scope, locals));
  if (typeof type?.value !== 'string') {
    throw failAt(
      ast.args[1]?.span,
      'ILLEGAL_TYPE_OF_ARGUMENT',
      'The type of CAST must be a constant string',
    );
  }
  return castTo(scope, value, type.value, (ast.args[1] as Expression).span);
}

function bindArrayJoin(ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  if (ast.args.length !== 1) {
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', 'arrayJoin takes one argument');
  }
  const written = bindExpression(ast.args[0] as Expression, scope, locals);
  // An empty array without a type gives no row, whatever it would hold.
  const array = written.type === 'Array(Nothing)' ? convert(written, 'Array(UInt8)') : written;
  if (locals && readsLambda(scope, array)) {
    const text = 'The argument of arrayJoin cannot depend on the parameter of a lambda';
    throw failAt(ast.span, 'BAD_ARGUMENTS', text);
  }
  const type = unfoldedType(array.type);
  if (type === undefined) {
    const text = `Argument 1 of arrayJoin must be an Array or a Map, not ${array.type}`;
    throw failAt(ast.span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
  }
  return unfoldExpr(array, type, ast.span);
}

/** Whether an expression has another value for each element that a lambda sees. */
function readsLambda(scope: Scope, expr: Expr): boolean {
  const { lambdaColumns } = scope.ctx;
  return [...columnsOf(expr)].some((id) => lambdaColumns?.has(id));
}

/** A column for the parameter of a lambda. */
function lambdaColumn(scope: Scope, name: string, type: string): Column {
  const column = newColumn(scope.ctx, name, type);
  scope.ctx.lambdaColumns ??= new Set();
  scope.ctx.lambdaColumns.add(column.id);
  return column;
}

/** `f(x)` where WITH names a lambda f. */
function inlineLambda(
  ast: FunctionCall,
  scope: Scope,
  name = ast.name,
  left = 10,
): Lambda | undefined {
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const written = s.aliases.get(name)?.ast;
    if (written?.kind === 'Lambda') return written;
    // Another name of a lambda.
    if (written?.kind !== 'Identifier' || written.parts.length !== 1 || left === 0) continue;
    const found = inlineLambda(ast, s, (written.parts[0] as Name).name, left - 1);
    if (found) return found;
  }
  return undefined;
}

function callLambda(lambda: Lambda, ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  if (lambda.params.length !== ast.args.length) {
    const text = `${ast.name} takes ${lambda.params.length} argument(s), ${ast.args.length} given`;
    throw failAt(ast.span, 'BAD_ARGUMENTS', text);
  }
  const { ctx } = scope;
  ctx.lambdas ??= new Set();
  if (ctx.lambdas.has(lambda)) {
    const text = `${ast.name} calls itself`;
    throw failAt(ast.span, 'UNSUPPORTED_METHOD', text, { hint: 'WITH RECURSIVE can repeat' });
  }
  const inner = new Map<string, Expr>();
  const functors = ast.args.some((arg) => asLambda(arg, scope, locals));
  lambda.params.forEach((param, i) => {
    if (functors) return;
    inner.set(param.name, bindExpression(ast.args[i] as Expression, scope, locals));
  });
  ctx.lambdas.add(lambda);
  try {
    const body = withoutFunctions(lambda.body, ctx.userFunctions);
    // Queries and aliases inside do not see what is bound already: the arguments are put in as they are
    // written.
    if (!functors && !hasOwnNames(body)) return bindExpression(body, scope, inner);
    const whole = substituted({ ...lambda, body }, ast.args);
    const own = { ...scope, aliases: new Map(scope.aliases) };
    collectAliases(own, whole);
    return bindExpression(whole, own, locals);
  } finally {
    ctx.lambdas.delete(lambda);
  }
}

/** Arguments; `*` and COLUMNS stand for several. Lambdas stay undefined. */
function bindArguments(ast: FunctionCall, scope: Scope, locals: Locals): (Expr | undefined)[] {
  return ast.args.flatMap((arg) => {
    if (arg.kind === 'Star' || arg.kind === 'ColumnsMatcher') {
      return expandColumns(arg, scope).map((item) => item.expr);
    }
    if (arg.kind === 'Function' && arg.name === 'untuple') return untupled(arg, scope, locals);
    if (asLambda(arg, scope, locals, arg === ast.args[0] ? ast : undefined)) return [undefined];
    return [bindExpression(arg, scope, locals)];
  });
}

/** `f(untuple(t))`: the elements of the tuple are the arguments. */
export function untupled(call: FunctionCall, scope: Scope, locals: Locals): Expr[] {
  const [arg] = call.args;
  const value = arg && bindExpression(arg, scope, locals);
  const elements = value && tupleElements(baseType(value.type));
  if (!elements || call.args.length !== 1)
    throw failAt(call.span, 'ILLEGAL_TYPE_OF_ARGUMENT', 'untuple takes one Tuple');
  return elements.map((_, i) =>
    resolveCall(scope, 'tupleElement', [value, literalExpr('UInt8', String(i + 1))], call.span),
  );
}

/** A lambda written in place, or the name of one. */
function asLambda(
  arg: Expression,
  scope: Scope,
  locals: Locals,
  call?: FunctionCall,
): Lambda | undefined {
  if (arg.kind === 'Lambda') return arg;
  if (arg.kind === 'Alias') return asLambda(arg.expr, scope, locals, call);
  const written = arg.kind === 'Function' ? writtenLambda(arg) : undefined;
  if (written) return written;
  if (arg.kind !== 'Identifier' || arg.parts.length !== 1) return undefined;
  const [name] = identifierParts(scope.ctx, arg) as [string];
  if (locals?.has(name)) return undefined;
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const entry = s.aliases.get(name);
    if (entry?.ast.kind === 'Lambda') return entry.ast;
    const other = entry?.ast.kind === 'Identifier' && entry.ast.parts[0]?.name !== name;
    if (entry) return other ? asLambda(entry.ast, s, locals, call) : undefined;
  }
  return call && nameAsLambda(name, arg, call, scope);
}

/** `lambda(tuple(x, y), body)`, as ClickHouse's tree has it. */
function writtenLambda({ name, args, span }: FunctionCall): Lambda | undefined {
  const [head, body] = args;
  if (name !== 'lambda' || !body || args.length !== 2 || head?.kind !== 'Function')
    return undefined;
  const params = head.args.flatMap((e) => (e.kind === 'Identifier' ? e.parts.slice(0, 1) : []));
  if (head.name !== 'tuple' || params.length !== head.args.length) return undefined;
  return { kind: 'Lambda', params, body, span };
}

/** `arrayMap(upper, list)`: the name of a function stands for it, unless it is a column's. */
function nameAsLambda(
  name: string,
  { span }: Expression,
  call: FunctionCall,
  scope: Scope,
): Lambda | undefined {
  if (!/^(array|map)[A-Z]/.test(call.name) || call.args.length < 2) return undefined;
  if (scope.ctx.kernel.functions.scalar(name) === undefined) return undefined;
  for (let s: Scope | undefined = scope; s; s = s.parent)
    if (findColumn(s, [name], span)) return undefined;
  const params: Name[] = call.args.slice(1).map((_, i) => ({
    kind: 'Name',
    name: `x${i}`,
    quoted: false,
    span,
  }));
  const args = params.map((p): Expression => ({ kind: 'Identifier', parts: [p], span }));
  const body = { kind: 'Function', name, nameSpan: span, args, distinct: false, span } as const;
  return { kind: 'Lambda', params, body, span };
}

function bindScalar(ast: FunctionCall, scope: Scope, locals: Locals, name: string): Expr {
  const bound = bindArguments(ast, scope, locals);
  if (bound.every((arg) => arg !== undefined)) return resolveCall(scope, name, bound, ast.span);
  // Lambdas: the other arguments tell the types of their parameters.
  const lambdas = ast.args.map((arg, i) => asLambda(arg, scope, locals, i === 0 ? ast : undefined));
  const described = bound.map((arg, i) =>
    arg ? { type: arg.type } : { params: lambdas[i]?.params.length ?? 0 },
  );
  let types: (string[] | undefined)[];
  try {
    types = scope.ctx.kernel.lambdaParams(name, described);
  } catch (error) {
    throw withSpan(error, ast.span);
  }
  const args = bound.map((arg, i): Expr => {
    if (arg) return arg;
    const lambda = lambdas[i] as Lambda;
    const given = types[i];
    if (!given)
      throw failAt(lambda.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `${ast.name} takes no lambda here`);
    if (given.length === 0) {
      const bad = bound.find((other) => other !== undefined);
      throw failAt(
        bad?.span ?? ast.span,
        bad ? 'ILLEGAL_TYPE_OF_ARGUMENT' : 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH',
        `${ast.name} takes arrays, not ${bad?.type ?? 'this'}`,
      );
    }
    const [pair] = lambda.params;
    if (given.length === 2 && pair && lambda.params.length === 1 && name.startsWith('map')) {
      const entry = given.map((type, p) => lambdaColumn(scope, p === 0 ? 'key' : 'value', type));
      const tuple = resolveCall(
        scope,
        'tuple',
        entry.map((e) => columnExpr(e)),
        lambda.span,
      );
      const inner = new Map<string, Expr>(locals ?? []).set(pair.name, tuple);
      const params = entry.map(({ id, type }) => ({ id, type }));
      return lambdaExpr(params, bindExpression(lambda.body, scope, inner));
    }
    if (given.length !== lambda.params.length) {
      const text = `The lambda has ${lambda.params.length} parameter(s), ${ast.name} gives ${given.length}`;
      throw failAt(lambda.span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
    }
    const inner = new Map<string, Expr>(locals ?? []);
    const params = lambda.params.map((param, p) => {
      const column = lambdaColumn(scope, param.name, given[p] as string);
      inner.set(param.name, columnExpr(column, param.span));
      return { id: column.id, type: column.type };
    });
    return lambdaExpr(params, bindExpression(lambda.body, scope, inner));
  });
  return resolveCall(scope, name, args, ast.span);
}

/** A call of a scalar function with bound arguments; the kernel says its type. */
export function resolveCall(scope: Scope, name: string, args: readonly Expr[], span: Span): Expr {
  let depth = 0;
  let size = 1;
  for (const arg of args) {
    const measure = measureOf(arg);
    depth = Math.max(depth, measure.depth);
    size += measure.size;
  }
  checkMeasure({ depth: depth + 1, size }, span);
  const described = (fold: boolean): ArgumentType[] =>
    args.map((arg) => {
      if (arg.kind === 'lambda') return { type: arg.type, lambda: true };
      const constant = arg.kind === 'literal' || fold ? constantOf(scope.ctx, arg) : undefined;
      return constant ? { type: arg.type, constant } : { type: arg.type };
    });
  const resolve = (fold: boolean) =>
    callExpr(name, args, scope.ctx.kernel.resolveFunction(name, described(fold)), span);
  const branch = name === 'if' || name === 'multiIf' ? takenBranch(scope, args) : undefined;
  if (branch) {
    try {
      const { type } = resolve(false);
      // As in ClickHouse, a call of nothing but constants is folded, type and all; else the branch stands for it.
      const folds = args.every((arg) => constantOf(scope.ctx, arg));
      return !folds && sameValues(branch.type, type) ? branch : convert(branch, type);
    } catch (error) {
      // The branches have no type in common as a function's, but the one that is taken has one.
      if (scope.ctx.settings.text('use_variant_as_common_type') === '0')
        throw withSpan(error, span);
      const common = supertype(scope.ctx, branchTypes(args));
      return common === undefined ? branch : convert(branch, common);
    }
  }
  const byUnit = differenceByUnit(scope, name, args, span);
  if (byUnit) return byUnit;
  const paired = byElement(name, args, (inner, given) => resolveCall(scope, inner, given, span));
  if (paired) return paired;
  const known = nullTest(scope, name, args);
  if (known !== undefined) return literalExpr('UInt8', known ? '1' : '0', span);
  if (name.toLowerCase() === 'totypename' && args.length === 1 && !args.some(needsRows))
    return literalExpr('String', prettyType(args[0]?.type ?? ''), span);
  const fold = needsConstants.test(name);
  try {
    return resolve(fold);
  } catch (error) {
    // The function may need to know what its constant arguments come to.
    if (fold) throw withSpan(error, span);
  }
  try {
    return resolve(true);
  } catch (error) {
    const failure = error as { name?: string; message: string };
    if (name === 'transform' && failure.name === 'NO_COMMON_TYPE')
      throw failAt(span, 'ILLEGAL_TYPE_OF_ARGUMENT', failure.message);
    throw withSpan(error, span);
  }
}

/** isNull and isNotNull of a column whose type has no NULL. */
function nullTest(scope: Scope, name: string, args: readonly Expr[]): boolean | undefined {
  const [arg] = args;
  if ((name !== 'isNull' && name !== 'isNotNull') || args.length !== 1) return undefined;
  if (arg?.kind !== 'column' || arg.outer || /Nullable|Variant|Dynamic|JSON|Nothing/.test(arg.type))
    return undefined;
  if (scope.ctx.settings.bool('group_by_use_nulls')) return undefined;
  return name === 'isNotNull';
}

/** Types of what if and multiIf may give. */
const branchTypes = (args: readonly Expr[]): string[] =>
  args.filter((_, i) => i % 2 === 1 || i === args.length - 1).map((arg) => arg.type);

/** Types of the same values, which ClickHouse does not convert: Bool and UInt8, Decimals of one scale and width. */
function sameValues(a: string, b: string): boolean {
  const storage = (type: string): string => {
    const [, precision, scale] = /^Decimal\((\d+), (\d+)\)$/.exec(type) ?? [];
    if (precision === undefined) return type === 'Bool' ? 'UInt8' : type;
    return `Decimal ${[9, 18, 38, 76].find((most) => Number(precision) <= most)}, ${scale}`;
  };
  return storage(a) === storage(b);
}

/** What becomes a node of the plan changes the rows, and so has to stay even where its value is not asked for. */
const needsRows = (expr: Expr): boolean =>
  someExpr(expr, (e) => /^(aggregate|window|unfold|grouping|correlated)$/.test(e.kind));

/** The branch of if or multiIf that constant conditions lead to. The others are not run: they may throw. */
function takenBranch(scope: Scope, args: readonly Expr[]): Expr | undefined {
  if (args.length < 3 || args.length % 2 === 0) return undefined;
  if (args.some(needsRows)) return undefined;
  for (let i = 0; i + 1 < args.length; i += 2) {
    const test = args[i] as Expr;
    if (!isInteger(baseType(test.type)) && baseType(test.type) !== 'Bool') return undefined;
    const constant = constantOf(scope.ctx, test);
    if (!constant) return undefined;
    if (constant.value === true || !/^(0|false|null)$/.test(String(constant.value)))
      return args[i + 1];
  }
  return args[args.length - 1];
}

function literalParams(ast: FunctionCall, scope: Scope, locals: Locals): Lit[] {
  return (ast.parameters ?? []).map((param) => {
    const value = constantOf(scope.ctx, bindExpression(param, scope, locals));
    if (value) return value;
    throw failAt(
      param.span,
      'PARAMETERS_TO_AGGREGATE_FUNCTIONS_MUST_BE_LITERALS',
      `Parameters of ${ast.name} must be literals`,
    );
  });
}

/** Name, parameters and arguments of an aggregate call with DISTINCT and FILTER worked in. */
export function aggregateParts(
  ast: FunctionCall,
  scope: Scope,
  locals: Locals,
  canonical: string,
): { name: string; params: Lit[]; args: Expr[] } {
  if (ast.orderBy) throw notBuilt(ast.orderBy[0]?.span ?? ast.span, 'ORDER BY inside an aggregate');
  let name = canonical;
  const isCount = /^count(?!.*Merge)/.test(canonical);
  const bareStar = ast.args.length === 1 && ast.args[0]?.kind === 'Star' && isCount;
  const args = (bareStar ? [] : bindArguments(ast, scope, locals)).map((arg) => {
    if (arg) return arg;
    throw failAt(ast.span, 'UNSUPPORTED_METHOD', `Aggregate ${ast.name} takes no lambda`);
  });
  if (ast.nulls) {
    if (
      ast.nulls === 'RESPECT' &&
      /^(any|anyLast|first_value|last_value|argMin|argMax)$/.test(name)
    ) {
      name = `${name}_respect_nulls`;
    } else if (ast.nulls === 'RESPECT') {
      throw notBuilt(ast.span, `RESPECT NULLS of ${ast.name}`);
    }
  }
  if (ast.distinct) {
    const asUniq = name === 'count' && args.length > 0;
    name = asUniq ? scope.ctx.settings.text('count_distinct_implementation') : `${name}Distinct`;
  }
  const counted = /^(count)(Distinct)(If)?$/.exec(name);
  if (counted && args.length > 0) {
    name = `${scope.ctx.settings.text('count_distinct_implementation')}${counted[3] ?? ''}`;
  }
  if (ast.filter) {
    const condition = bindExpression(ast.filter, scope, locals);
    // count() and the rest alike: -If takes the condition as its last argument.
    name = `${name}If`;
    args.push(condition);
  }
  return { name, params: literalParams(ast, scope, locals), args };
}

function bindAggregate(ast: FunctionCall, scope: Scope, locals: Locals, canonical: string): Expr {
  const { name, params, args } = aggregateParts(ast, scope, locals, canonical);
  for (const arg of args) {
    if (locals && readsLambda(scope, arg)) {
      throw notBuilt(ast.span, `The aggregate ${ast.name} over a parameter of a lambda`);
    }
    if (someExpr(arg, (e) => e.kind === 'aggregate')) {
      throw failAt(
        arg.span ?? ast.span,
        'ILLEGAL_AGGREGATION',
        `Aggregate function ${ast.name} has another aggregate function in its arguments`,
      );
    }
    if (someExpr(arg, (e) => e.kind === 'window')) {
      throw failAt(ast.span, 'ILLEGAL_AGGREGATION', `A window function stands inside ${ast.name}`);
    }
  }
  return resolveAggregate(scope, name, params, args, ast.span);
}

export function resolveAggregate(
  scope: Scope,
  name: string,
  params: readonly Lit[],
  args: readonly Expr[],
  span: Span,
): Expr {
  const types = args.map((a) => a.type);
  try {
    let resolved = scope.ctx.kernel.resolveAggregate(name, params, types);
    const orNull = scope.ctx.settings.bool('aggregate_functions_null_for_empty');
    if (orNull && !resolved.defaultOnNulls && !/Or(Null|Default)/.test(name)) {
      resolved = scope.ctx.kernel.resolveAggregate(`${name}OrNull`, params, types);
    }
    return aggregateExpr(resolved.name, params, args, resolved.type, span);
  } catch (error) {
    throw withSpan(error, span);
  }
}

/** A call by name with arguments that are bound already (APPLY). */
export function callByName(
  scope: Scope,
  name: string,
  parameters: readonly Expression[],
  args: readonly Expr[],
  span: Span,
): Expr {
  const { functions } = scope.ctx.kernel;
  const scalar = functions.scalar(name);
  if (scalar !== undefined && parameters.length === 0)
    return resolveCall(scope, scalar, args, span);
  const aggregate = functions.aggregate(name);
  if (aggregate === undefined) throw unknownFunction(scope, name, span);
  const params = parameters.map((param) => {
    const value = constantOf(scope.ctx, bindExpression(param, scope));
    if (value) return value;
    throw failAt(param.span, 'PARAMETERS_TO_AGGREGATE_FUNCTIONS_MUST_BE_LITERALS', 'Not a literal');
  });
  return resolveAggregate(scope, aggregate, params, args, span);
}

/** The expression as `type`; itself when it has it already. */
export function convert(expr: Expr, type: string): Expr {
  if (expr.type === type) return expr;
  if (expr.kind === 'literal' && expr.value === null)
    return castExpr(literalExpr(expr.type, null), type);
  return castExpr(expr, type, expr.span);
}
