// Queries → logical nodes. The order of a SELECT is ClickHouse's: FROM, ARRAY JOIN, WHERE, GROUP BY,
// HAVING, windows, QUALIFY, SELECT, DISTINCT, ORDER BY, LIMIT BY, LIMIT.

import {
  type Expression,
  print,
  type Query,
  type Select,
  type Span,
  type TableExpression,
  type With,
} from '../../../sql/index.ts';
import { checkMeasure, deeper, failAt, newColumn, notBuilt, type Planning } from '../context.ts';
import {
  type Column,
  columnExpr,
  type Expr,
  literalExpr,
  measureOf,
  someExpr,
} from '../expression.ts';
import { type Assigned, filter, type Node, one, project } from '../logical.ts';
import { limitSources } from '../physical/nested-limits.ts';
import type { LitValue } from '../physical/wire.ts';
import { arrayElementType, baseType, tupleElements } from '../types.ts';
import { isCorrelated, Unfolder } from '../unnest/unfold.ts';
import { type Aggregation, bindAggregation } from './aggregation.ts';
import { bindAlias } from './expression/identifier.ts';
import { bindExpression } from './expression/index.ts';
import { convert, resolveCall } from './expression/resolve-call.ts';
import { sortKeys } from './expression/window.ts';
import { bindFrom } from './from/index.ts';
import { columnName } from './names.ts';
import { bindLimits, type Ordering } from './order.ts';
import {
  collectAliases,
  makeSource,
  nameText,
  newScope,
  type Scope,
  type Source,
} from './scope.ts';
import { bindSetOperation, bindValues } from './set-operation.ts';
import { splitWindows } from './split-windows.ts';
import { expandColumns, type NamedExpr } from './star.ts';

export interface BoundQuery {
  node: Node;
}

/** Binds a query within the query around it; the columns of the node carry the result's names. */
export function bindQuery(query: Query, parent: Scope): BoundQuery {
  const { ctx } = parent;
  const before = ctx.settings;
  const items =
    query.kind === 'Select' || query.kind === 'SetOperation' ? query.settings : undefined;
  if (items && items.length > 0) ctx.settings = ctx.nestedSettings(items, before);
  ctx.queries = (ctx.queries ?? 0) + 1;
  return deeper(ctx, query.span, () => {
    try {
      checkSubqueryDepth(ctx, query.span);
      const bound = bindOne(query, parent);
      // Limits of the statement itself are the kernel's.
      if (!items || ctx.queries === 1) return bound;
      return { node: limitSources(bound.node, items, ctx.settings) };
    } finally {
      ctx.settings = before;
      ctx.queries = (ctx.queries ?? 1) - 1;
    }
  });
}

/** ClickHouse's default of 100 is no need here: only who sets a limit has one. */
function checkSubqueryDepth(ctx: Planning, span: Span): void {
  const most = Number(ctx.settings.changed.get('max_subquery_depth') ?? 0);
  if (most === 0 || (ctx.queries ?? 0) <= most + 1) return;
  throw failAt(span, 'TOO_DEEP_SUBQUERIES', `Too deep subqueries. Maximum: ${most}`, {
    hint: 'Raise max_subquery_depth',
  });
}

function bindOne(query: Query, parent: Scope): BoundQuery {
  switch (query.kind) {
    case 'Select':
      return { node: bindSelect(query, parent) };
    case 'SetOperation':
      return { node: bindSetOperation(query, parent) };
    case 'Values':
      return { node: bindValues(query, parent) };
    case 'StatementQuery':
      return { node: parent.ctx.statementRows(query.statement, parent.ctx) };
  }
}

/** Binds the query of a statement. */
export function bindStatement(query: Query, ctx: Planning): BoundQuery {
  return bindQuery(query, newScope(ctx, query.span));
}

export function addWith(scope: Scope, ast: With | undefined): void {
  const own = new Set<string>();
  for (const item of ast?.items ?? []) {
    const name = nameText(scope.ctx, item.name);
    if (item.kind === 'CommonTable') {
      if (own.has(name)) {
        const text = `WITH names two tables ${name}`;
        throw failAt(item.name.span, 'MULTIPLE_EXPRESSIONS_FOR_ALIAS', text);
      }
      own.add(name);
      if (ast?.recursive) {
        scope.commons.set(name, { table: item, scope, uses: 0 });
      } else {
        // Each table sees those before it, and not itself.
        const before = newScope(scope.ctx, item.span, scope.parent);
        for (const [key, entry] of scope.commons) before.commons.set(key, entry);
        for (const [key, entry] of scope.aliases) before.aliases.set(key, entry);
        scope.commons.set(name, { table: item, scope: before, uses: 0 });
      }
    } else if (name !== '') {
      const known = scope.aliases.get(name)?.ast;
      if (known && print(known) !== print(item.expr)) {
        const text = `Alias \`${name}\` names two different expressions`;
        throw failAt(item.name.span, 'MULTIPLE_EXPRESSIONS_FOR_ALIAS', text);
      }
      scope.aliases.set(name, { name, ast: item.expr, scope, binding: false });
      collectAliases(scope, item.expr);
    }
  }
}

function collectSelectAliases(scope: Scope, ast: Select): void {
  for (const column of ast.columns) collectAliases(scope, column);
  const { groupBy, orderBy, limitBy } = ast;
  for (const e of [ast.prewhere, ast.where, ast.having, ast.qualify]) collectAliases(scope, e);
  for (const e of groupBy?.items ?? []) collectAliases(scope, e);
  for (const set of groupBy?.sets ?? []) for (const e of set) collectAliases(scope, e);
  for (const item of orderBy?.items ?? []) collectAliases(scope, item.expr);
  for (const e of limitBy?.by ?? []) collectAliases(scope, e);
}

/** An item of the SELECT list; bound when first asked for. */
export interface Item {
  readonly name: string;
  readonly span: Span;
  readonly expr: () => Expr;
}

function selectItems(ast: Select, scope: Scope): Item[] {
  return ast.columns.flatMap((column): Item[] => {
    if (column.kind === 'Star' || column.kind === 'ColumnsMatcher') {
      return expandColumns(column, scope).map((item: NamedExpr) => ({
        name: item.name,
        span: column.span,
        expr: () => item.expr,
      }));
    }
    const inner = column.kind === 'Alias' ? column.expr : column;
    if (inner.kind === 'Function' && inner.name === 'untuple') return untuple(column, inner, scope);
    if (inner.kind === 'Function' && /^arrayJoin$/i.test(inner.name)) {
      const [array] = inner.args;
      if (array?.kind === 'Array' && array.items.length === 0)
        throw failAt(inner.span, 'ILLEGAL_TYPE_OF_ARGUMENT', 'A column cannot have type Nothing');
    }
    if (column.kind === 'Alias') {
      const name = nameText(scope.ctx, column.alias);
      const own = scope.aliases.get(name)?.ast === column.expr;
      const expr = (): Expr => (own ? bindAlias(scope, name) : bindExpression(column.expr, scope));
      return [{ name, span: column.span, expr }];
    }
    let bound: Expr | undefined;
    const expr = (): Expr => {
      bound ??= bindExpression(column, scope);
      return bound;
    };
    return [{ name: columnName(column, scope), span: column.span, expr }];
  });
}

function untuple(
  column: Expression,
  call: Expression & { kind: 'Function' },
  scope: Scope,
): Item[] {
  const arg = call.args[0];
  if (!arg || call.args.length !== 1) {
    throw failAt(call.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', 'untuple takes one argument');
  }
  const value = bindExpression(arg, scope);
  const elements = tupleElements(baseType(value.type));
  if (!elements)
    throw failAt(arg.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `untuple takes a Tuple, not ${value.type}`);
  const prefix = column.kind === 'Alias' ? nameText(scope.ctx, column.alias) : undefined;
  return elements.map((element, i) => {
    const index = bindExpression(
      { kind: 'Literal', type: 'number', text: String(i + 1), span: arg.span },
      scope,
    );
    const expr = resolveCall(scope, 'tupleElement', [value, index], arg.span);
    const last = element.name || String(i + 1);
    const name =
      prefix === undefined
        ? `tupleElement(${columnName(arg, scope)}, ${element.name ? `'${element.name}'` : i + 1})`
        : `${prefix}.${last}`;
    return { name, span: column.span, expr: () => expr };
  });
}

/** `2` in GROUP BY, ORDER BY and LIMIT BY means the second item of SELECT. */
export function positional(
  ast: Expression,
  items: readonly Item[],
  scope: Scope,
): Item | undefined {
  if (!scope.ctx.settings.bool('enable_positional_arguments')) return undefined;
  let text: string | undefined;
  if (ast.kind === 'Literal' && ast.type === 'number') text = ast.text;
  if (
    ast.kind === 'Unary' &&
    ast.fn === 'negate' &&
    ast.operand.kind === 'Literal' &&
    ast.operand.type === 'number'
  ) {
    text = `-${ast.operand.text}`;
  }
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined;
  const n = Number(text);
  const item = items[n > 0 ? n - 1 : items.length + n];
  if (n === 0 || !item) {
    throw failAt(
      ast.span,
      'BAD_ARGUMENTS',
      `Position ${text} is not in the list of ${items.length} column(s)`,
    );
  }
  return item;
}

/** Checks that an expression can filter rows. */
export function condition(expr: Expr, ast: Expression, clause: string): Expr {
  const base = baseType(expr.type);
  if (!/^(U?Int(8|16|32|64)|Bool|Nothing|Float\d+)$/.test(base)) {
    throw failAt(
      ast.span,
      'ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER',
      `${clause} needs a condition (UInt8 or Bool), not ${expr.type}`,
    );
  }
  return expr;
}

function withoutAggregates(expr: Expr, clause: string): Expr {
  someExpr(expr, (e) => {
    if (e.kind === 'aggregate') {
      const hint = clause === 'WHERE' ? { hint: 'Conditions on aggregates go into HAVING' } : {};
      throw failAt(
        e.span,
        'ILLEGAL_AGGREGATION',
        `Aggregate function ${e.name} is found in ${clause}`,
        hint,
      );
    }
    if (e.kind === 'window') {
      throw failAt(e.span, 'ILLEGAL_AGGREGATION', `A window function is found in ${clause}`, {
        hint: 'Conditions on window functions go into QUALIFY',
      });
    }
    return false;
  });
  return expr;
}

function withoutWindows(having: Expression, scope: Scope): Expr {
  const bound = bindExpression(having, scope);
  if (someExpr(bound, (e) => e.kind === 'window')) {
    throw failAt(having.span, 'ILLEGAL_AGGREGATION', 'A window function is found in HAVING', {
      hint: 'Conditions on window functions go into QUALIFY',
    });
  }
  return bound;
}

/** What SELECT without FROM reads: system.one, whose one value is known. */
const systemOne: Source = makeSource({ database: 'system', table: 'one' }, [
  { name: 'dummy', type: 'UInt8', expr: () => literalExpr('UInt8', '0'), hidden: false },
]);

function bindSelect(ast: Select, parent: Scope): Node {
  const { ctx } = parent;
  const scope = newScope(ctx, ast.span, parent);
  addWith(scope, ast.with);
  collectSelectAliases(scope, ast);
  for (const { name, spec } of ast.windows) {
    if (scope.windows.has(name.name)) {
      throw failAt(name.span, 'BAD_ARGUMENTS', `Window ${name.name} is defined twice`);
    }
    scope.windows.set(name.name, spec);
  }
  if (ast.into) throw notBuilt(ast.into.span, 'SELECT … INTO');
  let node: Node = one;
  if (ast.from) {
    const from = bindFrom(ast.from, scope);
    node = from.node;
    scope.sources = from.sources;
    scope.merged = from.merged;
    scope.star = from.star;
  } else scope.sources = [systemOne];
  const items = selectItems(ast, scope);
  if (items.length === 0) {
    const text = 'No column is left of this list';
    throw failAt(ast.columns[0]?.span ?? ast.span, 'EMPTY_LIST_OF_COLUMNS_QUERIED', text);
  }

  // 1. Rows: arrayJoin() of conditions comes before them.
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
  const unfold = new Unfolder(ctx);
  const conditions: Expr[] = [];
  for (const [clause, e] of [
    ['PREWHERE', ast.prewhere],
    ['WHERE', ast.where],
  ] as const) {
    if (!e) continue;
    const bound = withoutAggregates(bindExpression(e, scope), clause);
    if (clause === 'PREWHERE' && someExpr(bound, (x) => x.kind === 'unfold')) {
      throw failAt(e.span, 'ILLEGAL_PREWHERE', 'PREWHERE cannot contain arrayJoin', {
        hint: 'Write WHERE',
      });
    }
    conditions.push(condition(bound, e, clause));
  }
  node = unfold.filtered(node, conditions);

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

export function andOf(scope: Scope, list: readonly Expr[], span: Span): Expr {
  return list.length === 1 ? (list[0] as Expr) : resolveCall(scope, 'and', list, span);
}

/** The type that values of all given types fit into. */
export function supertype(ctx: Planning, types: readonly string[]): string | undefined {
  const distinct = [...new Set(types)];
  if (distinct.length === 1) return distinct[0];
  try {
    return arrayElementType(
      ctx.kernel.resolveFunction(
        'array',
        distinct.map((type) => ({ type })),
      ),
    );
  } catch {
    return undefined;
  }
}

/** The node with its columns converted to `types`; itself when they have them. */
export function converted(ctx: Planning, node: Node, types: readonly string[]): Node {
  if (node.columns.every((c, i) => c.type === types[i])) return node;
  const items = node.columns.map((c, i) => {
    const type = types[i] as string;
    if (c.type === type) return { column: c, expr: columnExpr(c) };
    return { column: newColumn(ctx, c.name, type), expr: convert(columnExpr(c), type) };
  });
  return project(node, items);
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

/** A constant as a value of another type. */
export function castLit(
  ctx: Planning,
  lit: { type: string; value: LitValue },
  type: string,
): LitValue {
  if (lit.type === type || lit.value === null) return lit.value;
  const folded = ctx.kernel.fold({ cast: { lit }, to: type });
  return folded ? folded.value : lit.value;
}
