// JOIN … USING and NATURAL JOIN: pairs of columns that become one, which `*` shows first.

import type { Expression, Join, Span } from '../../../../sql/index.ts';
import { failAt, newColumn } from '../../context.ts';
import { type Column, columnExpr, type Expr, literalExpr } from '../../expression.ts';
import { type Assigned, project } from '../../logical.ts';
import { isNullable, nullableType } from '../../types.ts';
import { convert, resolveCall } from '../expression/resolve-call.ts';
import {
  findColumn,
  type MergedColumn,
  makeSource,
  nameText,
  type Scope,
  type SourceColumn,
  type StarItem,
  unknownIdentifier,
} from '../scope.ts';
import type { BoundFrom } from './index.ts';
import {
  addKey,
  checkAsofType,
  commonType,
  emptyCondition,
  joinNode,
  kindOf,
  retyped,
  retypedMerged,
  starOf,
} from './join.ts';
import { checkJoinKeys, checkJoinKind } from './join-table.ts';

export interface UsingPair {
  readonly name: string;
  /** What the right side calls it: USING (a AS b). */
  readonly right: string;
  readonly span: Span;
}

export function usingPairs(list: readonly Expression[], scope: Scope): UsingPair[] {
  const seen = new Set<string>();
  return list.map((e): UsingPair => {
    const inner = e.kind === 'Alias' ? e.expr : e;
    if (inner.kind !== 'Identifier' || inner.parts.length !== 1) {
      throw failAt(e.span, 'INVALID_JOIN_ON_EXPRESSION', 'USING takes names of columns only');
    }
    const name = nameText(scope.ctx, inner.parts[0] as never);
    if (seen.has(name))
      throw failAt(e.span, 'BAD_ARGUMENTS', `Column '${name}' appears more than once in USING`);
    seen.add(name);
    const right = e.kind === 'Alias' ? nameText(scope.ctx, e.alias) : name;
    return { name, right, span: e.span };
  });
}

export function commonNames(left: BoundFrom, right: BoundFrom): UsingPair[] {
  const shown = (side: BoundFrom): string[] =>
    side.sources.flatMap((s) => s.columns.flatMap((c) => (c.hidden ? [] : [c.name])));
  const inRight = new Set(shown(right));
  const names = new Set(shown(left).filter((name) => inRight.has(name)));
  return [...names].map((name) => ({ name, right: name, span: { start: 0, end: 0 } }));
}

export function joinUsing(
  ast: Join,
  scope: Scope,
  given: { readonly left: BoundFrom; readonly right: BoundFrom },
  using: readonly UsingPair[],
): BoundFrom {
  const { ctx } = scope;
  const { join, strictness } = kindOf(ast, scope);
  const { joinSide } = given.right;
  if (joinSide) checkJoinKind(scope, ast, joinSide, join, strictness);
  const look = (from: BoundFrom, name: string, span: Span): SourceColumn => {
    const inner: Scope = { ...scope, sources: from.sources, merged: from.merged };
    const found = findColumn(inner, [name], span);
    if (!found) throw unknownIdentifier(inner, [name], span);
    return found.column;
  };
  const on = emptyCondition();
  const found = using.map((pair) => {
    const a = look(given.left, pair.name, pair.span).expr();
    const b = look(given.right, pair.right, pair.span).expr();
    return { ...pair, a, b, type: commonType(a, b, scope, pair.span) };
  });
  // Both sides have the common type before they are joined.
  const left = widened(
    given.left,
    found.map(({ a, type }) => [a, type]),
    scope,
  );
  const right = widened(
    given.right,
    found.map(({ b, type }) => [b, type]),
    scope,
  );
  const pairs = found.map((pair) => {
    const a = left === given.left ? pair.a : look(left, pair.name, pair.span).expr();
    const b = right === given.right ? pair.b : look(right, pair.right, pair.span).expr();
    addKey(on, a, b, scope, pair.span);
    return { ...pair, a, b };
  });
  if (joinSide) checkJoinKeys(ast, joinSide, on.rightKeys, []);
  if (join.startsWith('asof')) {
    const [l, r] = [on.leftKeys.pop(), on.rightKeys.pop()];
    if (l && r) {
      checkAsofType(l.type, ast.span);
      on.asof = { left: l, right: r, op: '>=' };
    }
  }
  const useNulls = ctx.settings.bool('join_use_nulls');
  let leftNode = left.node;
  let marker: Column | undefined;
  if (join === 'full') {
    // A constant on the left side tells later whether the left row was there.
    marker = newColumn(ctx, '__left', 'UInt8');
    const items: Assigned[] = leftNode.columns.map((c) => ({ column: c, expr: columnExpr(c) }));
    leftNode = project(leftNode, [...items, { column: marker, expr: literalExpr('UInt8', '1') }]);
  }
  const node = joinNode(leftNode, right.node, join, strictness, on, useNulls);
  const types = new Map(node.columns.map((c) => [c.id, c]));
  const own = (expr: Expr): Expr => {
    const column = expr.kind === 'column' ? types.get(expr.id) : undefined;
    return column ? columnExpr(column) : expr;
  };
  const merged = new Map(retypedMerged(left.merged, node));
  for (const [name, column] of retypedMerged(right.merged, node))
    if (!merged.has(name)) merged.set(name, column);
  for (const { name, right: other, a, b, span, type } of pairs) {
    if (name !== other) continue;
    const [l, r] = [own(a), own(b)];
    let expr = l;
    let means: string | undefined = l.key;
    if (join === 'right' || join === 'rightSemi' || join === 'rightAnti') {
      expr = r;
      means = undefined;
    } else if (marker) {
      const there = resolveCall(
        scope,
        'equals',
        [own(columnExpr(marker)), literalExpr('UInt8', '1')],
        span,
      );
      const whole = isNullable(l.type) || isNullable(r.type) ? nullableType(type) : type;
      expr = resolveCall(scope, 'if', [there, convert(l, whole), convert(r, whole)], span);
      expr = convert(expr, whole);
    }
    const final = expr;
    const column: MergedColumn = { name, type: final.type, expr: () => final, hidden: false };
    merged.set(name, means === undefined ? column : { ...column, left: means });
  }
  const sources = retyped([...left.sources, ...right.sources], node);
  return { node, sources, merged, star: star(left, right, pairs) };
}

/** The side with these columns converted. */
function widened(
  side: BoundFrom,
  columns: readonly (readonly [Expr, string])[],
  scope: Scope,
): BoundFrom {
  const changed = new Map<number, Assigned>();
  for (const [expr, type] of columns) {
    if (expr.kind !== 'column' || expr.type === type) continue;
    const before = side.node.columns.find((c) => c.id === expr.id);
    if (!before) continue;
    const column = newColumn(scope.ctx, before.name, type);
    changed.set(expr.id, { column, expr: convert(expr, type) });
  }
  if (changed.size === 0) return side;
  const items = side.node.columns.map(
    (column): Assigned => changed.get(column.id) ?? { column, expr: columnExpr(column) },
  );
  // what is hidden is made when it is asked for; only names of USING have been, such as those of ARRAY JOIN
  const asked = new Set([...changed.values()].map((item) => item.column.name));
  const renewed = <C extends SourceColumn>(c: C): C => {
    if (c.hidden && !asked.has(c.name)) return c;
    const expr = c.expr();
    const item = expr.kind === 'column' ? changed.get(expr.id) : undefined;
    return item ? { ...c, type: item.column.type, expr: () => columnExpr(item.column) } : c;
  };
  return {
    ...side,
    node: project(side.node, items),
    sources: side.sources.map((s) => makeSource(s, s.columns.map(renewed))),
    merged: new Map([...side.merged].map(([name, column]) => [name, renewed(column)])),
  };
}

/** Columns of USING come first, each once. */
function star(left: BoundFrom, right: BoundFrom, pairs: readonly UsingPair[]): StarItem[] {
  const equal = pairs.filter((p) => p.name === p.right);
  const names = new Set(equal.map((p) => p.name));
  const sources = [...left.sources, ...right.sources];
  const others = [...starOf(left, 0), ...starOf(right, left.sources.length)].filter((item) => {
    const name = 'merged' in item ? item.merged : sources[item.table]?.columns[item.at]?.name;
    return name === undefined || !names.has(name);
  });
  return [...equal.map((p) => ({ merged: p.name })), ...others];
}
