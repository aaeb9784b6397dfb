// Queries inside expressions: scalars, EXISTS, and the right side of IN. They run before the query
// around them, each once.

import type { Identifier, Query } from '../../sql/ast.ts';
import { bindQuery } from './bind.ts';
import { tableNode } from './bind-from.ts';
import { failAt, newColumn } from './context.ts';
import { columnExpr } from './expression.ts';
import type { Node } from './logical.ts';
import { project } from './logical.ts';
import type { Scope } from './scope.ts';
import { nullableType } from './types.ts';
import type { SubqueryUse } from './wire.ts';

function add(scope: Scope, node: Node, usage: SubqueryUse): number {
  scope.ctx.subqueries.push({ node, usage });
  return scope.ctx.subqueries.length - 1;
}

/** `reduce`: the least or greatest value of its one column instead of its only row. */
export function bindScalarSubquery(
  query: Query,
  scope: Scope,
  usage: 'scalar' | 'exists',
  reduce?: 'min' | 'max',
): { index: number; type: string } {
  const { node } = bindQuery(query, scope);
  if (usage === 'exists') {
    const limited: Node = {
      kind: 'limit',
      input: node,
      limit: 1,
      offset: 0,
      columns: node.columns,
    };
    return { index: add(scope, limited, 'exists'), type: 'UInt8' };
  }
  const [first] = node.columns;
  if (!first)
    throw failAt(query.span, 'INCORRECT_RESULT_OF_SCALAR_SUBQUERY', 'The subquery has no column');
  if (reduce) {
    const { name, type } = scope.ctx.kernel.resolveAggregate(reduce, [], [first.type]);
    const column = newColumn(scope.ctx, first.name, type);
    const item = { column, name, params: [], args: [columnExpr(first)] };
    const reduced: Node = {
      kind: 'aggregate',
      input: node,
      keys: [],
      aggregates: [item],
      totals: false,
      emptyIfNoRows: true,
      columns: [column],
    };
    return { index: add(scope, reduced, 'scalar'), type: nullableType(type) };
  }
  const type =
    node.columns.length === 1
      ? nullableType(first.type)
      : `Tuple(${node.columns.map((c) => c.type).join(', ')})`;
  return { index: add(scope, node, 'scalar'), type };
}

export function bindSetSubquery(query: Query, scope: Scope): { index: number; columns: number } {
  const { node } = bindQuery(query, scope);
  return { index: add(scope, node, 'set'), columns: node.columns.length };
}

/** `x IN table`: all columns of the table. Undefined when there is no such table. */
export function bindTableSet(
  ast: Identifier,
  names: readonly string[],
  scope: Scope,
): { index: number; columns: number } | undefined {
  if (names.length > 2) return undefined;
  const table = names[names.length - 1] as string;
  const found = tableNode(scope, names.length === 2 ? names[0] : undefined, table, ast.span, true);
  if (!found) return undefined;
  const { node, source } = found;
  const wanted = source.columns.filter((c) => !c.hidden);
  const items = wanted.map((c) => ({
    column: newColumn(scope.ctx, c.name, c.type),
    expr: c.expr(),
  }));
  return { index: add(scope, project(node, items), 'set'), columns: items.length };
}
