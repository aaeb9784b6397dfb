// Queries → logical nodes. The order of a SELECT is ClickHouse's: FROM, ARRAY JOIN, WHERE, GROUP BY,
// HAVING, windows, QUALIFY, SELECT, DISTINCT, ORDER BY, LIMIT BY, LIMIT.
import {
  print,
  type Query,
  type Select,
  type SettingItem,
  type Span,
  type With,
} from '../../../sql/index.ts';
import { deeper, failAt, type Planning } from '../context.ts';
import type { Node } from '../logical.ts';
import { limitSources } from '../physical/nested-limits.ts';
import { collectAliases, nameText, newScope, type Scope } from './scope.ts';
import { bindSelect } from './select.ts';
import { bindSetOperation, bindValues } from './set-operation.ts';

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
      return { node: limitResult(limitSources(bound.node, items, ctx.settings), items, ctx) };
    } finally {
      ctx.settings = before;
      ctx.queries = (ctx.queries ?? 1) - 1;
    }
  });
}

/** The extra LIMIT that a query within the statement gives itself by the settings `limit` and `offset`. */
function limitResult(node: Node, items: readonly SettingItem[], ctx: Planning): Node {
  const own = (name: string): number =>
    items.some((item) => item.name === name) ? ctx.settings.number(name) : 0;
  const [limit, offset] = [own('limit'), own('offset')];
  if (limit === 0 && offset === 0) return node;
  const { columns } = node;
  return { kind: 'limit', input: node, ...(limit > 0 ? { limit } : {}), offset, columns };
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

export function collectSelectAliases(scope: Scope, ast: Select): void {
  for (const column of ast.columns) collectAliases(scope, column);
  const { groupBy, orderBy, limitBy } = ast;
  for (const e of [ast.prewhere, ast.where, ast.having, ast.qualify]) collectAliases(scope, e);
  for (const e of groupBy?.items ?? []) collectAliases(scope, e);
  for (const set of groupBy?.sets ?? []) for (const e of set) collectAliases(scope, e);
  for (const item of orderBy?.items ?? []) collectAliases(scope, item.expr);
  for (const e of limitBy?.by ?? []) collectAliases(scope, e);
}
