// Window calls: `f(x) OVER (…)` with named windows and frames.

import {
  type Expression,
  type Frame,
  type FrameBound,
  type FunctionCall,
  type OrderItem,
  type Span,
  suggest,
  type WindowSpec,
} from '../../../../sql/index.ts';
import { failAt, notBuilt } from '../../context.ts';
import { type Expr, literalExpr, type SortExpr, someExpr, windowExpr } from '../../expression.ts';
import type { BoundJson, FrameJson } from '../../physical/wire.ts';
import { withoutLowCardinality } from '../../types.ts';
import type { Locals, Scope } from '../scope.ts';
import { aggregateParts, resolvedAggregate } from './aggregate.ts';
import { constantOf } from './constants.ts';
import { bindExpression } from './index.ts';
import { readsLambda } from './lambda.ts';
import { resolveCall } from './resolve-call.ts';

/**
 * Functions that only work over a window, with their canonical names and the types of their results:
 * 'argument' is that of the first argument, 'kernel' what the kernel says.
 */
export const windowOnly: ReadonlyMap<string, { name: string; type: string }> = new Map([
  ['row_number', { name: 'row_number', type: 'UInt64' }],
  ['rank', { name: 'rank', type: 'UInt64' }],
  ['dense_rank', { name: 'dense_rank', type: 'UInt64' }],
  ['denserank', { name: 'dense_rank', type: 'UInt64' }],
  ['percent_rank', { name: 'percent_rank', type: 'Float64' }],
  ['percentrank', { name: 'percent_rank', type: 'Float64' }],
  ['cume_dist', { name: 'cume_dist', type: 'Float64' }],
  ['ntile', { name: 'ntile', type: 'UInt64' }],
  ['lag', { name: 'lag', type: 'argument' }],
  ['lead', { name: 'lead', type: 'argument' }],
  ['laginframe', { name: 'lagInFrame', type: 'argument' }],
  ['leadinframe', { name: 'leadInFrame', type: 'argument' }],
  ['nth_value', { name: 'nth_value', type: 'argument' }],
  ['first_value', { name: 'first_value', type: 'argument' }],
  ['last_value', { name: 'last_value', type: 'argument' }],
  ['exponentialtimedecayedsum', { name: 'exponentialTimeDecayedSum', type: 'kernel' }],
  ['exponentialtimedecayedmax', { name: 'exponentialTimeDecayedMax', type: 'kernel' }],
  ['exponentialtimedecayedcount', { name: 'exponentialTimeDecayedCount', type: 'kernel' }],
  ['exponentialtimedecayedavg', { name: 'exponentialTimeDecayedAvg', type: 'kernel' }],
  ['nonnegativederivative', { name: 'nonNegativeDerivative', type: 'kernel' }],
]);

/** Numbers of rows, which take arguments and pass over them as in ClickHouse. */
const argumentsIgnored = new Set(['row_number', 'percent_rank', 'cume_dist']);

/** first_value and last_value are aggregates where these give NULL for no rows. */
function windowFunction(name: string, scope: Scope): { name: string; type: string } | undefined {
  const found = windowOnly.get(name.toLowerCase());
  const empty = scope.ctx.settings.bool('aggregate_functions_null_for_empty');
  return empty && /^(first|last)_value$/i.test(name) ? undefined : found;
}

export function sortKeys(
  scope: Scope,
  items: readonly OrderItem[],
  bind: (e: Expression) => Expr,
): SortExpr[] {
  return items.map(({ expr, collate, direction, nulls, span }) => {
    const value = bind(expr);
    const locale = collate === undefined ? [] : [literalExpr('String', collate, span)];
    return {
      expr:
        locale.length > 0 ? resolveCall(scope, 'collationKey', [value, ...locale], span) : value,
      desc: direction === 'DESC',
      nullsFirst: nulls === 'FIRST',
    };
  });
}

export function bindWindow(ast: FunctionCall, scope: Scope, locals: Locals): Expr {
  const spec = resolveSpec(
    ast.over as WindowSpec | { kind: 'Name'; name: string; span: Span },
    scope,
  );
  const only = windowFunction(ast.name, scope);
  const canonical = only?.name ?? scope.ctx.kernel.functions.aggregate(ast.name);
  if (canonical === undefined) {
    throw failAt(
      ast.nameSpan,
      'UNKNOWN_AGGREGATE_FUNCTION',
      `${ast.name} is neither an aggregate nor a window function`,
    );
  }
  const parts = aggregateParts(ast, scope, locals, canonical);
  if (locals && parts.args.some((arg) => readsLambda(scope, arg)))
    throw notBuilt(ast.span, 'A window function over a parameter of a lambda');
  if (argumentsIgnored.has(canonical)) parts.args.length = 0;
  let type: string;
  let { name } = parts;
  if (only && only.type !== 'kernel') {
    if (only.type === 'argument' && parts.args.length === 0) {
      throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', `${ast.name} needs an argument`);
    }
    type =
      only.type === 'argument' ? withoutLowCardinality((parts.args[0] as Expr).type) : only.type;
  } else {
    const types = parts.args.map((a) => a.type);
    ({ name, type } = resolvedAggregate(scope, name, parts.params, types, ast.span));
  }
  const partition = spec.partitionBy.map((e) => bindExpression(e, scope));
  const order = sortKeys(scope, spec.orderBy, (e) => bindExpression(e, scope));
  for (const part of [...parts.args, ...partition, ...order.map((o) => o.expr)]) {
    if (!someExpr(part, (e) => e.kind === 'window')) continue;
    throw failAt(
      part.span ?? ast.span,
      'ILLEGAL_AGGREGATION',
      `A window function stands inside the window function ${ast.name}`,
      { hint: 'Compute the inner one in a subquery.' },
    );
  }
  return windowExpr({
    name,
    params: parts.params,
    args: parts.args,
    partition,
    order,
    frame: frameOf(spec, scope, name),
    type,
    span: ast.span,
  });
}

/** What WINDOW defines is checked also where no function stands over it. */
export function checkWindow(spec: WindowSpec, scope: Scope): void {
  const { partitionBy, orderBy, frame } = resolveSpec(spec, scope);
  for (const e of [...partitionBy, ...orderBy.map((o) => o.expr)]) bindExpression(e, scope);
  for (const end of [frame?.start, frame?.finish])
    if (frame && end) bound(end, frame, scope, end === frame.start);
}

type Over = WindowSpec | { kind: 'Name'; name: string; span: Span };

function resolveSpec(over: Over, scope: Scope, seen: readonly string[] = []): WindowSpec {
  if (over.kind === 'Name') {
    const spec = scope.windows.get(over.name);
    if (!spec || seen.includes(over.name)) {
      const near = suggest(over.name, scope.windows.keys());
      throw failAt(over.span, 'BAD_ARGUMENTS', `Window '${over.name}' is not defined`, {
        ...(near === undefined ? {} : { hint: `Did you mean \`${near}\`?` }),
      });
    }
    return resolveSpec(spec, scope, [...seen, over.name]);
  }
  if (!over.base) return over;
  const base = resolveSpec(over.base, scope, seen);
  if (over.partitionBy.length > 0) {
    throw failAt(over.span, 'BAD_ARGUMENTS', 'PARTITION BY cannot be added to a named window');
  }
  if (over.orderBy.length > 0 && base.orderBy.length > 0) {
    throw failAt(over.span, 'BAD_ARGUMENTS', 'The named window has its ORDER BY already');
  }
  if (base.frame) {
    throw failAt(
      over.span,
      'BAD_ARGUMENTS',
      `The window ${over.base.name} has a frame and cannot be built upon`,
      { hint: `Write OVER ${over.base.name} to use it as it is.` },
    );
  }
  const orderBy = over.orderBy.length > 0 ? over.orderBy : base.orderBy;
  return { ...base, orderBy, ...(over.frame ? { frame: over.frame } : {}) };
}

function frameOf(spec: WindowSpec, scope: Scope, name: string): FrameJson {
  const { frame } = spec;
  if (!frame) {
    const whole = name === 'lag' || name === 'lead';
    const end = spec.orderBy.length > 0 && !whole ? 'currentRow' : 'unboundedFollowing';
    return { unit: 'range', start: { kind: 'unboundedPreceding' }, end: { kind: end } };
  }
  if (frame.exclude && frame.exclude !== 'NO OTHERS')
    throw notBuilt(frame.span, 'EXCLUDE in a frame');
  const unit = frame.unit.toLowerCase() as FrameJson['unit'];
  // as in ClickHouse, which has neither; the kernel could do both
  if (unit === 'groups') throw notBuilt(frame.span, 'A GROUPS frame');
  const start = bound(frame.start, frame, scope, true);
  const end = frame.finish
    ? bound(frame.finish, frame, scope, false)
    : { kind: 'currentRow' as const };
  if (start.kind === 'unboundedFollowing' || end.kind === 'unboundedPreceding') {
    throw failAt(frame.span, 'BAD_ARGUMENTS', 'The frame ends before it starts');
  }
  const whole = start.kind === 'unboundedPreceding' && end.kind === 'unboundedFollowing';
  const fits = wholeOnly.get(name);
  if (fits && !(whole && fits.includes(unit))) {
    throw failAt(frame.span, 'BAD_ARGUMENTS', `${name} works on whole partitions`, {
      hint: 'Leave the frame away: it would change nothing.',
    });
  }
  return { unit, start, end };
}

/** Functions that take no frame but the whole partition, in these units. */
const wholeOnly: ReadonlyMap<string, readonly string[]> = new Map([
  ['percent_rank', ['range']],
  ['cume_dist', ['range']],
  ['ntile', ['rows']],
  ['lag', []],
  ['lead', []],
]);

function bound(ast: FrameBound, frame: Frame, scope: Scope, first: boolean): BoundJson {
  if (ast.type === 'CURRENT ROW') return { kind: 'currentRow' };
  const preceding = ast.type === 'PRECEDING';
  if (!ast.value) return { kind: preceding ? 'unboundedPreceding' : 'unboundedFollowing' };
  const offset = constantOf(scope.ctx, bindExpression(ast.value, scope));
  if (!offset) throw failAt(ast.span, 'BAD_ARGUMENTS', 'The offset of a frame must be a constant');
  if (offset.type.startsWith('Interval')) {
    throw failAt(
      ast.span,
      'BAD_ARGUMENTS',
      'The offset of a frame must be a number, not an INTERVAL',
      {
        hint: 'Order by toUnixTimestamp(…) or by the day number and give seconds or days.',
      },
    );
  }
  if (typeof offset.value === 'string' && offset.value.startsWith('-')) {
    const where = first ? 'start' : 'end';
    throw failAt(
      ast.span,
      'BAD_ARGUMENTS',
      `The ${where} of a ${frame.unit} frame cannot be negative`,
    );
  }
  return { kind: preceding ? 'preceding' : 'following', offset };
}
