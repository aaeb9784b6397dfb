// ARRAY JOIN: a row for each element of arrays, maps and nested columns.

import type { ArrayJoin, Expression, Span } from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import type { Column, Expr } from '../../expression.ts';
import type { Assigned, Node } from '../../logical.ts';
import { typeArguments, unfoldedType } from '../../types.ts';
import { Unfolder } from '../../unnest/unfold.ts';
import { ofRows } from '../conditions.ts';
import { bindExpression } from '../expression/index.ts';
import { resolveCall } from '../expression/resolve-call.ts';
import {
  findColumn,
  identifierParts,
  makeSource,
  nameText,
  plainColumn,
  type Scope,
  type SourceColumn,
} from '../scope.ts';
import { type BoundFrom, bindFrom } from './index.ts';
import { castOf } from './view.ts';

export function bindArrayJoin(ast: ArrayJoin, scope: Scope): BoundFrom {
  const left = bindFrom(ast.left, scope);
  if (ast.items.length === 0) {
    const text = 'ARRAY JOIN requires an argument';
    throw failAt(ast.span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  scope.sources = left.sources;
  scope.merged = left.merged;
  const arrays: Assigned[] = [];
  const unfold = new Unfolder(scope.ctx);
  const named: SourceColumn[] = [];
  const replaced = new Map<SourceColumn, Column>();
  const add = (expr: Expr, name: string, span: Span): Column => {
    const type = unfoldedType(expr.type);
    if (type === undefined) {
      throw failAt(span, 'TYPE_MISMATCH', `ARRAY JOIN needs an Array or a Map, not ${expr.type}`);
    }
    const column = newColumn(scope.ctx, name, type);
    arrays.push({ column, expr });
    return column;
  };
  for (const item of ast.items) {
    const inner: Expression = item.kind === 'Alias' ? item.expr : item;
    const alias = item.kind === 'Alias' ? nameText(scope.ctx, item.alias) : undefined;
    const nested =
      inner.kind === 'Identifier' ? nestedColumns(identifierParts(scope.ctx, inner), left) : [];
    if (nested.length > 0) {
      for (const { column, rest } of nested) {
        const made = add(column.expr(), column.name, item.span);
        if (alias === undefined) replaced.set(column, made);
        else named.push({ ...plainColumn(made, true), name: `${alias}.${rest}` });
      }
      continue;
    }
    const expr = unfold.apply(ofRows(bindExpression(inner, scope), 'ARRAY JOIN'));
    const parts = inner.kind === 'Identifier' ? identifierParts(scope.ctx, inner) : undefined;
    const found = parts && findColumn(scope, parts, inner.span);
    const own = found?.used === parts?.length ? found?.column : undefined;
    const name = alias ?? own?.name ?? parts?.at(-1);
    const column = add(expr, name ?? 'arrayJoin', item.span);
    if (alias === undefined && own) replaced.set(own, column);
    else if (name !== undefined) named.push({ ...plainColumn(column, true), name });
  }
  const input = unfold.over(left.node);
  const node: Node = {
    kind: 'arrayJoin',
    input,
    arrays: aligned(scope, arrays, ast.span),
    left: ast.type === 'LEFT',
    columns: [...input.columns, ...arrays.map((a) => a.column)],
  };
  const sources = left.sources.map((source) =>
    makeSource(
      source,
      source.columns.map((c) => {
        const column = replaced.get(c);
        return column ? { ...plainColumn(column, c.hidden), name: c.name } : c;
      }),
    ),
  );
  // Aliases come first: they hide columns of the same name.
  const shadowed = new Set(named.map((c) => c.name));
  const visible = sources.map((s) =>
    makeSource(
      s,
      s.columns.map((c) => (shadowed.has(c.name) ? hiding(c, named) : c)),
    ),
  );
  const extra = named.filter((c) => !left.sources.some((s) => s.byName.has(c.name)));
  const all = extra.length > 0 ? [...visible, makeSource({}, extra)] : visible;
  return { node, sources: all, merged: left.merged, star: left.star };
}

/** A Map as the array of its pairs. */
function mapEntries(map: Expr): Expr {
  const [key, value] = typeArguments(map.type);
  return castOf(map, `Array(Tuple(${key}, ${value}))`);
}

/** With enable_unaligned_array_join shorter arrays are filled up with defaults. */
function aligned(scope: Scope, arrays: readonly Assigned[], span: Span): readonly Assigned[] {
  if (arrays.length < 2 || !scope.ctx.settings.bool('enable_unaligned_array_join')) return arrays;
  const lists = arrays.map(({ expr }) => (expr.type.startsWith('Map(') ? mapEntries(expr) : expr));
  const lengths = lists.map((list) => resolveCall(scope, 'length', [list], span));
  const longest = resolveCall(scope, 'greatest', lengths, span);
  return arrays.map(({ column }, i) => ({
    column,
    expr: resolveCall(scope, 'arrayResize', [lists[i] as Expr, longest], span),
  }));
}

function hiding(column: SourceColumn, by: readonly SourceColumn[]): SourceColumn {
  const found = by.find((c) => c.name === column.name) as SourceColumn;
  return { ...found, hidden: column.hidden };
}

/** Columns `n.a`, `n.b` of a Nested `n`. */
function nestedColumns(
  parts: readonly string[],
  from: BoundFrom,
): { column: SourceColumn; rest: string }[] {
  const prefix = `${parts.at(-1)}.`;
  if (from.sources.some((s) => s.byName.has(parts.join('.')))) return [];
  return from.sources.flatMap((s) =>
    s.columns
      .filter((c) => c.name.startsWith(prefix))
      .map((column) => ({ column, rest: column.name.slice(prefix.length) })),
  );
}
