// The end of a SELECT: DISTINCT, ORDER BY with FILL, LIMIT BY, LIMIT and OFFSET.

import type { Expression, Fill, Select } from '../../../sql/index.ts';
import { failAt, newColumn } from '../context.ts';
import { type Column, columnExpr, type Expr, type SortExpr } from '../expression.ts';
import { type Assigned, type FillItem, type Node, project } from '../logical.ts';
import type { Lit } from '../physical/wire.ts';
import { castLit } from './common-type.ts';
import { constantOf } from './expression/constants.ts';
import { bindExpression } from './expression/index.ts';
import { type Amount, amountOf, limitByNode, limitNode } from './limit.ts';
import { makeSource, newScope, plainColumn, type Scope } from './scope.ts';

export interface Ordering {
  order: readonly SortExpr[];
  /** Keys of LIMIT BY or DISTINCT ON. */
  by: readonly Expr[];
  distinctOn: boolean;
}

export function bindLimits(
  ast: Select,
  scope: Scope,
  input: Node,
  results: readonly Assigned[],
  ordering: Ordering,
): Node {
  const { ctx } = scope;
  const known = new Map<string, Column>();
  for (const item of results) if (!known.has(item.expr.key)) known.set(item.expr.key, item.column);
  const extra: Assigned[] = [];
  /** The projected column that holds the expression. */
  const withTies = ast.limit?.withTies ?? false;
  const keepsConstants = withTies || (ast.orderBy?.items.some((item) => item.fill) ?? false);
  const place = (expr: Expr): Expr => {
    if (expr.kind === 'literal' && !keepsConstants) return expr;
    let column = known.get(expr.key);
    if (!column) {
      column = newColumn(ctx, 'sort', expr.type);
      known.set(expr.key, column);
      extra.push({ column, expr });
    }
    return columnExpr(column);
  };
  const order = ordering.order
    .map((o) => ({ ...o, expr: place(o.expr) }))
    .filter((o) => o.expr.kind !== 'literal');
  const by = ordering.by.map(place);
  const columns = results.map((r) => r.column);
  let node: Node = project(input, [...results, ...extra]);
  if (ast.distinct && !ordering.distinctOn) {
    const keys = extra.length > 0 ? { keys: columns.map((c) => columnExpr(c)) } : {};
    node = { kind: 'distinct', input: node, ...keys, columns: node.columns };
  }
  if (withTies && order.length === 0) {
    throw failAt(ast.limit?.span, 'WITH_TIES_WITHOUT_ORDER_BY', 'LIMIT WITH TIES needs ORDER BY');
  }
  if (order.length > 0) {
    node = { kind: 'sort', input: node, keys: order, withTies, columns: node.columns };
    node = fill(ast, scope, node, order, columns);
  }
  if (by.length > 0 || ast.limitBy) {
    const { limitBy } = ast;
    const first: Amount = { kind: 'rows', rows: 1 };
    node = limitByNode(scope, node, by, {
      limit: limitBy ? amountOf(limitBy.limit, scope, 'LIMIT BY') : first,
      offset: limitBy?.offset && amountOf(limitBy.offset, scope, 'OFFSET'),
      span: limitBy?.span ?? ast.span,
    });
  }
  if (ast.limit) {
    const { limit: most, offset: skip } = ast.limit;
    node = limitNode(scope, node, {
      limit: most && amountOf(most, scope, 'LIMIT'),
      offset: skip && amountOf(skip, scope, 'OFFSET'),
      ties: withTies ? order.map((o) => o.expr) : undefined,
      span: ast.limit.span,
    });
  }
  if (extra.length > 0) {
    node = project(
      node,
      columns.map((column) => ({ column, expr: columnExpr(column) })),
    );
  }
  return node;
}

function fill(
  ast: Select,
  scope: Scope,
  input: Node,
  order: readonly SortExpr[],
  columns: readonly Column[],
): Node {
  const items = ast.orderBy?.items ?? [];
  if (!items.some((item) => item.fill)) return input;
  if (order.length !== items.length) {
    throw failAt(
      ast.orderBy?.span,
      'INVALID_WITH_FILL_EXPRESSION',
      'WITH FILL needs columns to order by',
    );
  }
  const keys = items.flatMap((item, i): FillItem[] => {
    const sort = order[i];
    if (!item.fill || sort?.expr.kind !== 'column') return [];
    const { id, type } = sort.expr;
    if (order.some((o, j) => j !== i && o.expr.key === sort.expr.key)) {
      const text = 'WITH FILL stands twice behind the same expression';
      throw failAt(item.span, 'INVALID_WITH_FILL_EXPRESSION', text);
    }
    return [{ column: id, desc: sort.desc, ...fillBounds(item.fill, scope, type) }];
  });
  const before = order.slice(
    0,
    items.findIndex((item) => item.fill),
  );
  const prefix = before.flatMap((o) => (o.expr.kind === 'column' ? [o.expr.id] : []));
  const interpolate = (ast.orderBy?.interpolate ?? []).map((item) => {
    const column = columns.find((c) => c.name === item.name.name);
    if (!column) {
      throw failAt(
        item.span,
        'UNKNOWN_IDENTIFIER',
        `INTERPOLATE of \`${item.name.name}\`, which is not in SELECT`,
      );
    }
    const inner = newScope(scope.ctx, item.span);
    inner.sources = [
      makeSource(
        {},
        columns.map((c) => plainColumn(c)),
      ),
    ];
    const expr = item.expr ? bindExpression(item.expr, inner) : columnExpr(column);
    return { column: column.id, expr };
  });
  const every = ast.orderBy?.interpolate !== undefined && interpolate.length === 0;
  const rest = every
    ? columns.filter((c) => !keys.some((k) => k.column === c.id) && !prefix.includes(c.id))
    : [];
  return {
    kind: 'fill',
    input,
    keys,
    interpolate: [...interpolate, ...rest.map((c) => ({ column: c.id, expr: columnExpr(c) }))],
    prefix,
    columns: input.columns,
  };
}

/** A moment as a step is as long as from 1970 to it. */
function stepOf(step: Lit | undefined, { ctx }: Scope): Lit | undefined {
  if (!step?.type.startsWith('DateTime64')) return step;
  const seconds = Number(castLit(ctx, step, 'Float64'));
  return Number.isInteger(seconds)
    ? { type: 'IntervalSecond', value: String(seconds) }
    : { type: 'IntervalMillisecond', value: String(Math.round(seconds * 1000)) };
}

function fillBounds(
  ast: Fill,
  scope: Scope,
  type: string,
): Partial<Record<'from' | 'to' | 'step' | 'staleness', Lit>> {
  const read = (e: Expression | undefined, asColumn: boolean): Lit | undefined => {
    if (!e) return undefined;
    const value = constantOf(scope.ctx, bindExpression(e, scope));
    if (!value)
      throw failAt(e.span, 'INVALID_WITH_FILL_EXPRESSION', 'WITH FILL takes constants only');
    if (!asColumn) return value;
    const bare = type.replace(/^Nullable\((.*)\)$/, '$1');
    if (/^Date(32)?$/.test(bare) && value.type.startsWith('DateTime')) {
      const text = `WITH FILL of a ${bare} takes no ${value.type}`;
      throw failAt(e.span, 'INVALID_WITH_FILL_EXPRESSION', text, { hint: 'Write toDate(…)' });
    }
    return { type: bare, value: castLit(scope.ctx, value, bare) };
  };
  const result: Partial<Record<'from' | 'to' | 'step' | 'staleness', Lit>> = {};
  const from = read(ast.from, true);
  const to = read(ast.to, true);
  const step = stepOf(read(ast.step, false), scope);
  const staleness = read(ast.staleness, false);
  if (from) result.from = from;
  if (to) result.to = to;
  if (step) result.step = step;
  if (staleness) result.staleness = staleness;
  return result;
}
