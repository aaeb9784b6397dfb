// SELECT: from its clauses to nodes, in ClickHouse's order.
import type { Expression, Select, TableExpression } from '../../../sql/index.ts';
import { checkMeasure, failAt, newColumn, notBuilt } from '../context.ts';
import {
  type Column,
  columnExpr,
  type Expr,
  literalExpr,
  measureOf,
  someExpr,
} from '../expression.ts';
import { type Assigned, filter, type Node, one } from '../logical.ts';
import { isCorrelated, Unfolder } from '../unnest/unfold.ts';
import { type Aggregation, bindAggregation } from './aggregation.ts';
import { condition, ofRows, withoutWindows } from './conditions.ts';
import { bindExpression } from './expression/index.ts';
import { checkWindow, sortKeys } from './expression/window.ts';
import { bindFrom } from './from/index.ts';
import { bindLimits, type Ordering } from './order.ts';
import { addWith, collectSelectAliases } from './query.ts';
import { makeSource, nameText, newScope, type Scope, type Source } from './scope.ts';
import { type Item, positional, selectItems } from './select-list.ts';
import { splitWindows } from './split-windows.ts';

/** What SELECT without FROM reads: system.one, whose one value is known. */
const systemOne: Source = makeSource({ database: 'system', table: 'one' }, [
  { name: 'dummy', type: 'UInt8', expr: () => literalExpr('UInt8', '0'), hidden: false },
]);

export function bindSelect(ast: Select, parent: Scope): Node {
  const { ctx } = parent;
  const scope = newScope(ctx, ast.span, parent);
  addWith(scope, ast.with);
  collectSelectAliases(scope, ast);
  let node = bindSources(ast, scope);
  for (const { spec } of ast.windows) checkWindow(spec, scope);
  const items = selectItems(ast, scope);
  if (items.length === 0) {
    const text = 'No column is left of this list';
    throw failAt(ast.columns[0]?.span ?? ast.span, 'EMPTY_LIST_OF_COLUMNS_QUERIED', text);
  }

  // 1. Rows: arrayJoin() of conditions comes before them.
  const unfold = new Unfolder(ctx);
  node = unfold.filtered(node, rowConditions(ast, scope));

  // 2. Everything behind the aggregation is bound before it is known what it aggregates.
  const aggregation: Aggregation = bindAggregation(ast, items, scope, node, unfold);
  node = aggregation.node;
  const { rewrite } = aggregation;
  const after = aggregation.aggregated ? new Unfolder(ctx) : unfold;
  const size = items.reduce((sum, item) => sum + measureOf(item.expr()).size, 0);
  checkMeasure({ depth: 0, size }, ast.span);
  const exprs = items.map((item) => rewrite(item.expr()));
  const having =
    ast.having && rewrite(condition(withoutWindows(ast.having, scope), ast.having, 'HAVING'));
  const qualify =
    ast.qualify && rewrite(condition(bindExpression(ast.qualify, scope), ast.qualify, 'QUALIFY'));
  const ordering = bindOrdering(ast, items, scope, rewrite);

  // 3. HAVING, arrayJoin() in SELECT, windows, QUALIFY. A window inside arrayJoin() comes before it.
  const unfolds = (e: Expr): boolean => someExpr(e, (x) => x.kind === 'unfold');
  if (having && !unfolds(having)) node = after.filtered(node, [having]);
  const written = [...exprs, ...ordering.order.map((o) => o.expr), ...ordering.by];
  const inside = written.some((e) =>
    someExpr(e, (x) => x.kind === 'unfold' && someExpr(x, (y) => y.kind === 'window')),
  );
  const early = inside
    ? splitWindows(ctx, node, [...written, ...(qualify ? [qualify] : [])])
    : undefined;
  if (early) node = early.node;
  const qualified = qualify && isCorrelated(qualify) ? after.apply(qualify) : qualify;
  const place = (e: Expr): Expr => after.apply(early ? early.rewrite(e) : e);
  const unfolded = exprs.map(place);
  const order = ordering.order.map((o) => ({ ...o, expr: place(o.expr) }));
  const by = ordering.by.map(place);
  const kept = having && unfolds(having) ? after.apply(having) : undefined;
  node = after.over(node);
  if (kept) node = filter(node, kept);
  const windows = splitWindows(ctx, node, [
    ...unfolded,
    ...order.map((o) => o.expr),
    ...by,
    ...(qualified ? [qualified] : []),
  ]);
  node = windows.node;
  if (qualified) {
    node = filter(node, windows.rewrite(early ? early.rewrite(qualified) : qualified));
  }

  // 4. The result's columns, with what sorting needs beside them.
  const results: Assigned[] = items.map((item, i) => {
    const expr = windows.rewrite(unfolded[i] as Expr);
    const column = newColumn(ctx, item.name, expr.type);
    const values = expr.kind === 'column' ? ctx.valueSets?.get(expr.id) : undefined;
    if (values) ctx.valueSets?.set(column.id, values);
    return { column, expr };
  });
  return bindLimits(ast, scope, node, results, {
    ...ordering,
    order: order.map((o) => ({ ...o, expr: windows.rewrite(o.expr) })),
    by: by.map((e) => windows.rewrite(e)),
  });
}

/** Windows and FROM: what the names of this SELECT can mean. */
function bindSources(ast: Select, scope: Scope): Node {
  for (const { name, spec } of ast.windows) {
    if (scope.windows.has(name.name)) {
      throw failAt(name.span, 'BAD_ARGUMENTS', `Window ${name.name} is defined twice`);
    }
    scope.windows.set(name.name, spec);
  }
  if (ast.into) throw notBuilt(ast.into.span, 'SELECT … INTO');
  if (!ast.from) {
    scope.sources = [systemOne];
    return one;
  }
  const from = bindFrom(ast.from, scope);
  scope.sources = from.sources;
  scope.merged = from.merged;
  scope.star = from.star;
  return from.node;
}

/** The conditions of PREWHERE and WHERE. */
function rowConditions(ast: Select, scope: Scope): Expr[] {
  if (ast.prewhere && !leftmostIsStored(ast.from, scope)) {
    throw failAt(
      ast.prewhere.span,
      'ILLEGAL_PREWHERE',
      'PREWHERE is only for tables that are stored',
      {
        hint: 'Write WHERE',
      },
    );
  }
  const conditions: Expr[] = [];
  for (const [clause, e] of [
    ['PREWHERE', ast.prewhere],
    ['WHERE', ast.where],
  ] as const) {
    if (!e) continue;
    const bound = ofRows(bindExpression(e, scope), clause);
    if (clause === 'PREWHERE' && someExpr(bound, (x) => x.kind === 'unfold')) {
      throw failAt(e.span, 'ILLEGAL_PREWHERE', 'PREWHERE cannot contain arrayJoin', {
        hint: 'Write WHERE',
      });
    }
    conditions.push(condition(bound, e, clause));
  }
  return conditions;
}

function leftmostIsStored(from: TableExpression | undefined, scope: Scope): boolean {
  if (!from) return false;
  if (from.kind === 'Join' || from.kind === 'ArrayJoin') return leftmostIsStored(from.left, scope);
  if (from.kind !== 'Table') return false;
  const { database, table } = from.name;
  const found = scope.ctx.catalog.find(
    database && nameText(scope.ctx, database),
    nameText(scope.ctx, table),
  );
  return found?.kind === 'stored' || found?.kind === 'view';
}

function bindOrdering(
  ast: Select,
  items: readonly Item[],
  scope: Scope,
  rewrite: (e: Expr) => Expr,
): Ordering {
  const one_ = (e: Expression): Expr =>
    rewrite(positional(e, items, scope)?.expr() ?? bindExpression(e, scope));
  const list = ast.orderBy?.all ? items.map((item) => item.expr()).map(rewrite) : undefined;
  const itemAll = ast.orderBy?.items[0];
  const order = list
    ? list.map((expr) => ({
        expr,
        desc: itemAll?.direction === 'DESC',
        nullsFirst: itemAll?.nulls === 'FIRST',
      }))
    : sortKeys(scope, ast.orderBy?.items ?? [], one_);
  const { limitBy } = ast;
  const byItems = limitBy?.all
    ? items.map((item) => rewrite(item.expr()))
    : (limitBy?.by ?? []).map(one_);
  const on = (ast.distinctOn ?? []).map(one_);
  if (on.length > 0 && limitBy)
    throw failAt(limitBy.span, 'UNSUPPORTED_METHOD', 'DISTINCT ON and LIMIT BY exclude each other');
  return { order, by: on.length > 0 ? on : byItems, distinctOn: on.length > 0 };
}

/** SELECT whose FROM is a node that exists already. */
export function bindSelectOver(select: Select, parent: Scope, node: Node): Node {
  const scope = newScope(parent.ctx, select.span, parent);
  collectSelectAliases(scope, select);
  const byName = new Map(
    node.columns.map((c) => [
      c.name,
      { name: c.name, type: c.type, expr: () => columnExpr(c), hidden: false },
    ]),
  );
  scope.sources = [{ columns: [...byName.values()], byName }];
  const items: Item[] = node.columns.map((c) => ({
    name: c.name,
    span: select.span,
    expr: () => columnExpr(c),
  }));
  const ordering = bindOrdering(select, items, scope, (e) => e);
  const results = items.map((item, i) => ({
    column: node.columns[i] as Column,
    expr: item.expr(),
  }));
  return bindLimits(select, scope, node, results, ordering);
}
