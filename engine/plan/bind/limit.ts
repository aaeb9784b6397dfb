// LIMIT and OFFSET in all their forms. Those that count from the end or are shares of the rows need to
// know how many rows there are: two window calls number and count them, and a filter keeps the right ones.

import type { Expression, Span } from '../../../sql/index.ts';
import { failAt, newColumn, notBuilt } from '../context.ts';
import {
  type Column,
  columnExpr,
  type Expr,
  literalExpr,
  type SortExpr,
  someExpr,
} from '../expression.ts';
import { filter, type Node, project, type WindowItem } from '../logical.ts';
import type { FrameJson } from '../physical/wire.ts';
import { baseType, isInteger } from '../types.ts';
import { constantOf } from './expression/constants.ts';
import { bindExpression } from './expression/index.ts';
import { integerOf } from './expression/literals.ts';
import { resolveCall } from './expression/resolve-call.ts';
import type { Scope } from './scope.ts';

/** A number of rows: from the start, what a subquery gives, from the end, or a share of all. */
export type Amount =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'computed'; readonly rows: Expr }
  | { readonly kind: 'last'; readonly rows: number }
  | { readonly kind: 'share'; readonly share: number };

/** A constant of LIMIT or OFFSET. */
export function amountOf(ast: Expression, scope: Scope, what: string): Amount {
  const bound = bindExpression(ast, scope);
  if (someExpr(bound, (e) => e.kind === 'scalar') && isInteger(baseType(bound.type)))
    return { kind: 'computed', rows: bound };
  const value = constantOf(scope.ctx, bound);
  const numeric = value !== undefined && /^(U?Int|Float|Decimal|Bool)/.test(value.type);
  const n = numeric ? integerOf(value.value) : undefined;
  if (n !== undefined) {
    const rows = Math.min(Math.abs(n), Number.MAX_SAFE_INTEGER);
    return n < 0 ? { kind: 'last', rows } : { kind: 'rows', rows };
  }
  const share = numeric ? Number(value.value) : Number.NaN;
  if (share === 0 || (share >= 1 && Number.isSafeInteger(share)))
    return { kind: 'rows', rows: share };
  if (share > 0 && share < 1) return { kind: 'share', share };
  throw failAt(
    ast.span,
    'INVALID_LIMIT_EXPRESSION',
    `${what} must be a constant integer, or a share between 0 and 1`,
  );
}

const whole: FrameJson = {
  unit: 'rows',
  start: { kind: 'unboundedPreceding' },
  end: { kind: 'unboundedFollowing' },
};

interface Counted {
  readonly node: Node;
  /** Number of the row within its group, from 1. */
  readonly row: Expr;
  /** Rows of the group. */
  readonly all: Expr;
}

function counted(
  scope: Scope,
  input: Node,
  partition: readonly Expr[],
  order: readonly SortExpr[],
): Counted {
  const item = (name: string): WindowItem => ({
    column: newColumn(scope.ctx, name, 'UInt64'),
    name,
    params: [],
    args: [],
    frame: whole,
  });
  const row = item('row_number');
  const all = item('count');
  const base: Node = {
    kind: 'window',
    input,
    partition,
    order,
    calls: partition.length > 0 ? [row] : [row, all],
    columns: [...input.columns, row.column, ...(partition.length > 0 ? [] : [all.column])],
  };
  const node: Node =
    partition.length === 0
      ? base
      : {
          kind: 'window',
          input: base,
          partition,
          order: [],
          calls: [all],
          columns: [...base.columns, all.column],
        };
  return { node, row: columnExpr(row.column), all: columnExpr(all.column) };
}

/** The filter that keeps the rows meant: first those behind the offset, of them those of the limit. */
function keeps(
  scope: Scope,
  { row, all }: Counted,
  limit: Amount | undefined,
  offset: Amount | undefined,
  span: Span,
): Expr {
  const call = (name: string, ...args: Expr[]): Expr => resolveCall(scope, name, args, span);
  const number = (n: number): Expr => literalExpr('Int64', String(n), span);
  const count = call('toInt64', all);
  const at = call('toInt64', row);
  const share = (s: number): Expr =>
    call('toInt64', call('ceil', call('multiply', all, literalExpr('Float64', String(s), span))));
  const tests: Expr[] = [];
  // Rows in (from, to] are left by the offset.
  let from: Expr = number(0);
  let to: Expr = count;
  const given = (a: Amount & { kind: 'rows' | 'computed' }): Expr =>
    a.kind === 'rows' ? number(a.rows) : call('toInt64', a.rows);
  if (offset?.kind === 'rows' || offset?.kind === 'computed') from = given(offset);
  if (offset?.kind === 'share') from = share(offset.share);
  if (offset?.kind === 'last') to = call('minus', count, number(offset.rows));
  tests.push(call('greater', at, from), call('lessOrEquals', at, to));
  if (limit?.kind === 'last')
    tests.push(call('greater', at, call('minus', to, number(limit.rows))));
  if (limit?.kind === 'rows' || limit?.kind === 'computed')
    tests.push(call('lessOrEquals', at, call('plus', from, given(limit))));
  if (limit?.kind === 'share')
    tests.push(call('lessOrEquals', at, call('plus', from, share(limit.share))));
  return call('and', ...tests);
}

function withoutHelpers(node: Node, columns: readonly Column[]): Node {
  return project(
    node,
    columns.map((column) => ({ column, expr: columnExpr(column) })),
  );
}

export interface LimitParts {
  readonly limit: Amount | undefined;
  readonly offset: Amount | undefined;
  readonly ties: readonly Expr[] | undefined;
  readonly span: Span;
}

export function limitNode(
  scope: Scope,
  input: Node,
  { limit, offset, ties, span }: LimitParts,
): Node {
  const plain = (a: Amount | undefined): a is undefined | { kind: 'rows'; rows: number } =>
    a === undefined || a.kind === 'rows';
  if (plain(limit) && plain(offset)) {
    return {
      kind: 'limit',
      input,
      ...(limit === undefined ? {} : { limit: limit.rows }),
      offset: offset?.rows ?? 0,
      ...(ties ? { ties } : {}),
      columns: input.columns,
    };
  }
  if (limit?.kind === 'share' && offset?.kind === 'last')
    throw notBuilt(span, 'A fractional LIMIT with a negative OFFSET');
  if (limit?.kind === 'last' && offset?.kind === 'share')
    throw notBuilt(span, 'A negative LIMIT with a fractional OFFSET');
  if (ties) throw notBuilt(span, 'WITH TIES of a negative, fractional or computed LIMIT');
  const rows = counted(scope, input, [], []);
  return withoutHelpers(filter(rows.node, keeps(scope, rows, limit, offset, span)), input.columns);
}

export function limitByNode(
  scope: Scope,
  input: Node,
  keys: readonly Expr[],
  { limit, offset, span }: Omit<LimitParts, 'ties'>,
): Node {
  if (limit?.kind === 'share' || offset?.kind === 'share')
    throw notBuilt(span, 'A fractional LIMIT BY');
  if (limit?.kind === 'rows' && (offset === undefined || offset.kind === 'rows')) {
    const skip = offset?.rows ?? 0;
    return {
      kind: 'limitBy',
      input,
      keys,
      limit: limit.rows,
      offset: skip,
      columns: input.columns,
    };
  }
  // The order of the rows is kept in a column, for the window brings the groups together.
  const place = newColumn(scope.ctx, 'row_number', 'UInt64');
  const numbered: Node = {
    kind: 'window',
    input,
    partition: [],
    order: [],
    calls: [{ column: place, name: 'row_number', params: [], args: [], frame: whole }],
    columns: [...input.columns, place],
  };
  const order = [{ expr: columnExpr(place), desc: false, nullsFirst: false }];
  const rows = counted(scope, numbered, keys, order);
  const kept = filter(rows.node, keeps(scope, rows, limit, offset, span));
  const sorted: Node = {
    kind: 'sort',
    input: kept,
    keys: order,
    withTies: false,
    columns: kept.columns,
  };
  return withoutHelpers(sorted, input.columns);
}
