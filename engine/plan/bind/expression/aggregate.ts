// Aggregates with their parameters, modifiers (DISTINCT, FILTER, ORDER BY) and arguments.

import type { FunctionCall, Span } from '../../../../sql/index.ts';
import { failAt, notBuilt } from '../../context.ts';
import { aggregateExpr, type Expr, someExpr } from '../../expression.ts';
import type { Lit } from '../../physical/wire.ts';
import type { Locals, Scope } from '../scope.ts';
import { bindArguments } from './call.ts';
import { constantOf } from './constants.ts';
import { bindExpression, withSpan } from './index.ts';
import { readsLambda } from './lambda.ts';

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

export function bindAggregate(
  ast: FunctionCall,
  scope: Scope,
  locals: Locals,
  canonical: string,
): Expr {
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
    if (someExpr(arg, (e) => e.kind === 'grouping')) {
      throw failAt(ast.span, 'ILLEGAL_AGGREGATION', `grouping() stands inside ${ast.name}`);
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
  const resolved = resolvedAggregate(scope, name, params, types, span);
  return aggregateExpr(resolved.name, params, args, resolved.type, span);
}

/** The name with -OrNull: inside -State and -Merge, whose states then know whether there were rows. */
const nullForEmpty = (name: string): string =>
  name.replace(/((?<!Simple)State|Merge(State)?)?$/, (suffix) => `OrNull${suffix}`);

/** What the kernel makes of an aggregate, under `aggregate_functions_null_for_empty` if that is set. */
export function resolvedAggregate(
  scope: Scope,
  name: string,
  params: readonly Lit[],
  types: readonly string[],
  span: Span,
): { name: string; type: string } {
  const { kernel, settings } = scope.ctx;
  const orNull = settings.bool('aggregate_functions_null_for_empty') && !name.includes('OrNull');
  try {
    // states that a query under the setting made are merged as they were made
    const merges = orNull && /^AggregateFunction\(\w+OrNull/.test(types[0] ?? '');
    if (merges && /Merge(State|If)?$/.test(name)) {
      return kernel.resolveAggregate(name.replace('Merge', 'OrNullMerge'), params, types);
    }
    const resolved = kernel.resolveAggregate(name, params, types);
    return orNull && !resolved.defaultOnNulls
      ? kernel.resolveAggregate(nullForEmpty(name), params, types)
      : resolved;
  } catch (error) {
    throw withSpan(error, span);
  }
}
