// A view stands for its query, with the columns and types that it was created with.

import type { Query } from '../../../../sql/index.ts';
import { type ErrorName, fail } from '../../../errors.ts';
import {
  deeper,
  failAt,
  newColumn,
  type Planning,
  SpannedError,
  type ViewTable,
} from '../../context.ts';
import { type Column, columnExpr, type Expr } from '../../expression.ts';
import { type Node, project } from '../../logical.ts';
import { bindStatement } from '../query.ts';
import type { Scope } from '../scope.ts';

/** The columns that a view had when it was made: by name, or by place if it gave them names. */
export function shown(ctx: Planning, node: Node, view: ViewTable): Node {
  if (view.columns.length === 0) return node;
  const wanted = [...view.columns.map((c) => c.name), ...(view.virtual ?? [])];
  const byName = wanted.map((name) => node.columns.find((n) => n.name === name));
  const picked = byName.includes(undefined) ? node.columns : (byName as Column[]);
  if (picked.length < view.columns.length) {
    const lost = view.columns[picked.length]?.name;
    throw fail('THERE_IS_NO_COLUMN', `The query of view ${view.name} no longer gives \`${lost}\``);
  }
  const columns = picked.slice(0, wanted.length);
  if (columns.length === node.columns.length && columns.every((c, i) => c === node.columns[i]))
    return node;
  return project(
    node,
    columns.map((c) => ({ column: newColumn(ctx, c.name, c.type), expr: columnExpr(c) })),
  );
}

/** A view that is called with its parameters. */
export function parameterisedView(
  scope: Scope,
  view: ViewTable,
  params: Readonly<Record<string, string>>,
): Node {
  const { ctx } = scope;
  const before = ctx.params;
  ctx.params = { ...before, ...params };
  try {
    return viewNode(scope, view.query, view.name);
  } finally {
    ctx.params = before;
  }
}

/** Views that may stand on one another. */
const viewsMax = 100;

/** The query of a view; its places mean nothing in the text of the statement. */
export function viewNode(scope: Scope, query: Query, name: string): Node {
  const { ctx } = scope;
  const before = ctx.queries ?? 0;
  if ((ctx.views ?? 0) >= viewsMax) {
    const text = `More than ${viewsMax} views stand on one another`;
    throw failAt(scope.span, 'TOO_DEEP_RECURSION', text, { hint: `View ${name} may read itself` });
  }
  // A view's query counts its subqueries anew.
  ctx.views = (ctx.views ?? 0) + 1;
  ctx.queries = 0;
  try {
    return deeper(scope.ctx, scope.span, () => bindStatement(query, scope.ctx).node);
  } catch (error) {
    if (!(error instanceof SpannedError)) throw error;
    const { name: code, message } = error.error;
    throw fail(code as ErrorName, `In view ${name}: ${message}`);
  } finally {
    ctx.views -= 1;
    ctx.queries = before;
  }
}

export function castOf(expr: Expr, type: string): Expr {
  return { kind: 'cast', expr, type, key: `cast(${expr.key},${type})` };
}
