// Calls: scalar functions with their lambdas, aggregates with their modifiers, window functions,
// and the few names that are not functions of the kernel (arrayJoin, grouping, in).

import type { Expression, FunctionCall, Lambda, Span } from '../../../../sql/index.ts';
import { nearest } from '../../../nearest.ts';
import {
  isCustomSetting,
  isKnownSetting,
  settingTypeOf,
  unknownSetting,
} from '../../../settings/index.ts';
import { failAt } from '../../context.ts';
import {
  columnExpr,
  type Expr,
  groupingExpr,
  lambdaExpr,
  literalExpr,
  unfoldExpr,
} from '../../expression.ts';
import { baseType, tupleElements, unfoldedType } from '../../types.ts';
import { bindJoinGet } from '../from/join-table.ts';
import type { Locals, Scope } from '../scope.ts';
import { expandColumns } from '../star.ts';
import { bindAggregate, resolveAggregate } from './aggregate.ts';
import { bindIf } from './case.ts';
import { constantOf } from './constants.ts';
import { bindIn } from './in.ts';
import { bindExpression, castTo, namedTuple, withSpan } from './index.ts';
import { asLambda, callLambda, inlineLambda, lambdaColumn, readsLambda } from './lambda.ts';
import { numberLiteral } from './literals.ts';
import { convert, resolveCall } from './resolve-call.ts';
import { globalVariable, rowText, subcolumn } from './special-calls.ts';
import { existsSubquery } from './subquery.ts';
import { textFunction } from './text.ts';
import { bindWindow, windowOnly } from './window.ts';

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
    if (ast.args.length === 0) {
      const text = 'grouping takes at least one key of GROUP BY';
      throw failAt(ast.span, 'TOO_FEW_ARGUMENTS_FOR_FUNCTION', text);
    }
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
  const { changed } = scope.ctx.settings;
  if (!isKnownSetting(name) || (isCustomSetting(name) && !changed.has(name))) {
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

/** Arguments; `*` and COLUMNS stand for several. Lambdas stay undefined. */
export function bindArguments(
  ast: FunctionCall,
  scope: Scope,
  locals: Locals,
): (Expr | undefined)[] {
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
    throw failAt(call.span, 'UNSUPPORTED_METHOD', 'untuple takes one Tuple');
  return elements.map((_, i) =>
    resolveCall(scope, 'tupleElement', [value, literalExpr('UInt8', String(i + 1))], call.span),
  );
}

function bindScalar(ast: FunctionCall, scope: Scope, locals: Locals, name: string): Expr {
  const bound = bindArguments(ast, scope, locals);
  if (bound.every((arg) => arg !== undefined)) {
    const call = resolveCall(scope, name, bound, ast.span);
    return name === 'tuple' ? namedTuple(scope, ast.args, call) : call;
  }
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
    const unpacked =
      given.length === 1 && unpackedLambda(scope, lambda, given[0] as string, locals);
    if (unpacked) return unpacked;
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

/** `(a, b) -> …` over an array of tuples: the parameters are the elements of each. */
function unpackedLambda(
  scope: Scope,
  lambda: Lambda,
  type: string,
  locals: Locals,
): Expr | undefined {
  const elements = lambda.params.length > 1 ? tupleElements(type) : undefined;
  if (elements?.length !== lambda.params.length) return undefined;
  const whole = lambdaColumn(scope, 'tuple', type);
  const inner = new Map<string, Expr>(locals ?? []);
  lambda.params.forEach((param, i) => {
    const index = literalExpr('UInt8', String(i + 1));
    const args = [columnExpr(whole, param.span), index];
    inner.set(param.name, resolveCall(scope, 'tupleElement', args, param.span));
  });
  const body = bindExpression(lambda.body, scope, inner);
  return lambdaExpr([{ id: whole.id, type: whole.type }], body);
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
