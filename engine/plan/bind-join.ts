// Joins: ON and USING become pairs of keys of one type, and a residual condition for the rest.

import type { Expression, Join, Span } from '../../sql/ast.ts';
import { andOf, condition, supertype } from './bind.ts';
import { convert, resolveCall } from './bind-call.ts';
import { bindExpression } from './bind-expression.ts';
import { type BoundFrom, bindFrom } from './bind-from.ts';
import { failAt, newColumn, notBuilt } from './context.ts';
import {
  type Column,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  literalExpr,
  someExpr,
} from './expression.ts';
import { checkJoinKeys, checkJoinKind } from './join-table.ts';
import { type Assigned, filter, type Node, project } from './logical.ts';
import {
  findColumn,
  makeSource,
  nameText,
  plainColumn,
  type Scope,
  type Source,
  type SourceColumn,
  unknownIdentifier,
} from './scope.ts';
import { nullableType } from './types.ts';
import type { JoinKind } from './wire.ts';

interface Condition {
  leftKeys: Expr[];
  rightKeys: Expr[];
  residual: Expr[];
  asof?: { left: Expr; right: Expr; op: string };
}

export function bindJoin(ast: Join, scope: Scope): BoundFrom {
  if (ast.type === 'PASTE') throw notBuilt(ast.span, 'PASTE JOIN');
  const left = bindFrom(ast.left, scope);
  const right = bindFrom(ast.right, scope);
  const aliases = new Set(left.sources.flatMap((s) => (s.alias === undefined ? [] : [s.alias])));
  for (const { alias } of right.sources) {
    if (alias === undefined || !aliases.has(alias)) continue;
    throw failAt(
      ast.right.span,
      'MULTIPLE_EXPRESSIONS_FOR_ALIAS',
      `Alias \`${alias}\` names two tables`,
    );
  }
  const using = ast.natural ? commonNames(left, right) : ast.using?.map((e) => usingName(e, scope));
  const crossing = ast.type === 'CROSS' || ast.type === 'COMMA' || (!ast.on && !using);
  if (crossing && !ast.on && !using) {
    if (ast.type !== 'CROSS' && ast.type !== 'COMMA') {
      throw failAt(ast.span, 'INVALID_JOIN_ON_EXPRESSION', 'The join has neither ON nor USING');
    }
    const node = joinNode(left.node, right.node, 'cross', 'all', emptyCondition(), false);
    return { node, sources: [...left.sources, ...right.sources], merged: left.merged };
  }
  if (using) return joinUsing(ast, scope, left, right, using);
  scope.sources = [...left.sources, ...right.sources];
  scope.merged = left.merged;
  return joinOn(ast, scope, left, right);
}

const emptyCondition = (): Condition => ({ leftKeys: [], rightKeys: [], residual: [] });

function kindOf(ast: Join, scope: Scope): { join: JoinKind; strictness: 'all' | 'any' } {
  const { type } = ast;
  let { strictness } = ast;
  if (!strictness && type !== 'COMMA' && type !== 'CROSS') {
    const mode = scope.ctx.settings.text('join_default_strictness').toUpperCase();
    if (mode === 'ANY') strictness = 'ANY';
    else if (mode !== 'ALL') throw failAt(ast.span, 'EXPECTED_ALL_OR_ANY', 'JOIN needs ALL or ANY');
  }
  if (strictness === 'ASOF') {
    if (type !== 'INNER' && type !== 'LEFT') throw notBuilt(ast.span, `ASOF ${type} JOIN`);
    return { join: type === 'LEFT' ? 'asofLeft' : 'asof', strictness: 'all' };
  }
  if (strictness === 'SEMI' || strictness === 'ANTI') {
    const semi = strictness === 'SEMI';
    if (type === 'LEFT' || type === 'INNER')
      return { join: semi ? 'semi' : 'anti', strictness: 'all' };
    if (type === 'RIGHT') return { join: semi ? 'rightSemi' : 'rightAnti', strictness: 'all' };
    throw failAt(ast.span, 'SYNTAX_ERROR', `${strictness} JOIN is LEFT or RIGHT, not ${type}`);
  }
  const join = type === 'COMMA' || type === 'CROSS' ? 'inner' : (type.toLowerCase() as JoinKind);
  return { join, strictness: strictness === 'ANY' ? 'any' : 'all' };
}

function joinNode(
  left: Node,
  right: Node,
  join: JoinKind,
  strictness: 'all' | 'any',
  on: Condition,
  useNulls: boolean,
  residual?: Expr,
): Node & { kind: 'join' } {
  const leftNull = useNulls && (join === 'right' || join === 'full');
  const rightNull = useNulls && (join === 'left' || join === 'full' || join === 'asofLeft');
  const typed = (columns: readonly Column[], nullable: boolean): Column[] =>
    columns.map((c) => (nullable ? { ...c, type: nullableType(c.type) } : c));
  return {
    kind: 'join',
    left,
    right,
    join,
    strictness,
    leftKeys: on.leftKeys,
    rightKeys: on.rightKeys,
    ...(residual ? { residual } : {}),
    ...(on.asof ? { asof: on.asof } : {}),
    useNulls,
    columns: [...typed(left.columns, leftNull), ...typed(right.columns, rightNull)],
  };
}

/** Sources over the columns of the join, whose types may have become Nullable. */
function retyped(sources: readonly Source[], node: Node): Source[] {
  const types = new Map(node.columns.map((c) => [c.id, c]));
  return sources.map((source) =>
    makeSource(
      source,
      source.columns.map((c) => {
        const before = c.expr();
        if (before.kind !== 'column') return c;
        const column = types.get(before.id);
        return column && column.type !== c.type
          ? { ...c, type: column.type, expr: () => columnExpr(column) }
          : c;
      }),
    ),
  );
}

function joinOn(ast: Join, scope: Scope, left: BoundFrom, right: BoundFrom): BoundFrom {
  const on = ast.on as Expression;
  const { join, strictness } = kindOf(ast, scope);
  if (right.joinSide) checkJoinKind(scope, ast, right.joinSide, join, strictness);
  const inLeft = new Set(left.node.columns.map((c) => c.id));
  const inRight = new Set(right.node.columns.map((c) => c.id));
  const parts = emptyCondition();
  const leftOnly: Expr[] = [];
  const rightOnly: Expr[] = [];
  const bound: Expr[] = [];
  for (const ast_ of operands(on)) {
    if (takePair(ast_, parts, scope, inLeft, inRight)) continue;
    const expr = condition(bindExpression(ast_, scope), ast_, 'ON');
    someExpr(expr, (e) => {
      if (e.kind === 'aggregate' || e.kind === 'window') {
        const text = 'An aggregate or window function is found in JOIN ON';
        throw failAt(e.span ?? on.span, 'ILLEGAL_AGGREGATION', text);
      }
      return false;
    });
    bound.push(...conjuncts(expr));
  }
  for (const part of bound) {
    const side = sideOf(part, inLeft, inRight);
    if (side === 'left') leftOnly.push(part);
    else if (side === 'right') rightOnly.push(part);
    else if (!takeKey(part, parts, scope, inLeft, inRight, on.span)) {
      if (join.startsWith('asof') && takeAsof(part, parts, scope, inLeft, inRight)) continue;
      parts.residual.push(part);
    }
  }
  if (join.startsWith('asof') && !parts.asof) {
    throw failAt(
      on.span,
      'INVALID_JOIN_ON_EXPRESSION',
      'ASOF JOIN needs one condition with <, <=, > or >=',
    );
  }
  // Conditions on one side filter that side, where that keeps the meaning.
  const filtersLeft = ['inner', 'right', 'semi', 'rightSemi', 'rightAnti', 'asof'].includes(join);
  const filtersRight = ['inner', 'left', 'semi', 'anti', 'rightSemi', 'asof', 'asofLeft'].includes(
    join,
  );
  let leftNode = left.node;
  let rightNode = right.node;
  if (filtersLeft && leftOnly.length > 0)
    leftNode = filter(leftNode, andOf(scope, leftOnly, on.span));
  else parts.residual.push(...leftOnly);
  if (filtersRight && rightOnly.length > 0)
    rightNode = filter(rightNode, andOf(scope, rightOnly, on.span));
  else parts.residual.push(...rightOnly);
  const residual = parts.residual.length > 0 ? andOf(scope, parts.residual, on.span) : undefined;
  if (right.joinSide) {
    const others = [...leftOnly, ...rightOnly, ...parts.residual];
    checkJoinKeys(ast, right.joinSide, parts.rightKeys, others);
  }
  const useNulls = scope.ctx.settings.bool('join_use_nulls');
  if (parts.leftKeys.length === 0 && join === 'inner' && strictness === 'all') {
    const cross = joinNode(leftNode, rightNode, 'cross', 'all', emptyCondition(), false);
    const node = residual ? filter(cross, residual) : cross;
    return { node, sources: [...left.sources, ...right.sources], merged: left.merged };
  }
  const node = joinNode(leftNode, rightNode, join, strictness, parts, useNulls, residual);
  return { node, sources: retyped([...left.sources, ...right.sources], node), merged: left.merged };
}

/** Operands of AND, as written. */
function operands(on: Expression): Expression[] {
  if (on.kind === 'Chain' && on.op === 'AND') return on.operands.flatMap(operands);
  return [on];
}

/** `a = b` with one side from each table becomes a pair of keys, of whatever types have a common one. */
function takePair(
  ast: Expression,
  into: Condition,
  scope: Scope,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): boolean {
  if (ast.kind !== 'Binary' || ast.fn !== 'equals') return false;
  const a = bindExpression(ast.left, scope);
  const b = bindExpression(ast.right, scope);
  const [sa, sb] = [sideOf(a, left, right), sideOf(b, left, right)];
  if (sa === 'left' && sb === 'right') addKey(into, a, b, scope, ast.span);
  else if (sa === 'right' && sb === 'left') addKey(into, b, a, scope, ast.span);
  else return false;
  return true;
}

function sideOf(
  expr: Expr,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): 'left' | 'right' | 'both' | 'none' {
  let inLeft = false;
  let inRight = false;
  for (const id of columnsOf(expr)) {
    if (left.has(id)) inLeft = true;
    else if (right.has(id)) inRight = true;
  }
  if (inLeft && inRight) return 'both';
  return inLeft ? 'left' : inRight ? 'right' : 'none';
}

function sides(
  part: Expr,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): { a: Expr; b: Expr; swapped: boolean } | undefined {
  if (part.kind !== 'call' || part.args.length !== 2) return undefined;
  const [a, b] = part.args as [Expr, Expr];
  const [sa, sb] = [sideOf(a, left, right), sideOf(b, left, right)];
  if (sa === 'left' && sb === 'right') return { a, b, swapped: false };
  if (sa === 'right' && sb === 'left') return { a: b, b: a, swapped: true };
  return undefined;
}

function takeKey(
  part: Expr,
  into: Condition,
  scope: Scope,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
  span: Span,
): boolean {
  if (part.kind !== 'call' || part.name !== 'equals') return false;
  const found = sides(part, left, right);
  if (!found) return false;
  addKey(into, found.a, found.b, scope, part.span ?? span);
  return true;
}

function addKey(into: Condition, a: Expr, b: Expr, scope: Scope, span: Span): void {
  const type = supertype(scope.ctx, [a.type, b.type]);
  if (type === undefined) {
    throw failAt(
      span,
      'NO_COMMON_TYPE',
      `Join keys of types ${a.type} and ${b.type} cannot be compared`,
      {
        hint: 'Convert one side, as in toString(x)',
      },
    );
  }
  into.leftKeys.push(convert(a, type));
  into.rightKeys.push(convert(b, type));
}

const turned: Record<string, string> = {
  less: '<',
  lessOrEquals: '<=',
  greater: '>',
  greaterOrEquals: '>=',
};
const mirrored: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function takeAsof(
  part: Expr,
  into: Condition,
  scope: Scope,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): boolean {
  const op = part.kind === 'call' ? turned[part.name] : undefined;
  const found = op === undefined || into.asof ? undefined : sides(part, left, right);
  if (!found || op === undefined) return false;
  const type = supertype(scope.ctx, [found.a.type, found.b.type]);
  if (type === undefined) return false;
  const written = found.swapped ? (mirrored[op] as string) : op;
  into.asof = { left: convert(found.a, type), right: convert(found.b, type), op: written };
  return true;
}

function usingName(e: Expression, scope: Scope): { name: string; span: Span } {
  if (e.kind === 'Identifier' && e.parts.length === 1) {
    return { name: nameText(scope.ctx, e.parts[0] as never), span: e.span };
  }
  throw failAt(e.span, 'INVALID_JOIN_ON_EXPRESSION', 'USING takes names of columns only');
}

function commonNames(left: BoundFrom, right: BoundFrom): { name: string; span: Span }[] {
  const inRight = new Set(right.sources.flatMap((s) => [...s.byName.keys()]));
  const names = new Set(
    left.sources.flatMap((s) => [...s.byName.keys()].filter((n) => inRight.has(n))),
  );
  return [...names].map((name) => ({ name, span: { start: 0, end: 0 } }));
}

function joinUsing(
  ast: Join,
  scope: Scope,
  left: BoundFrom,
  right: BoundFrom,
  using: readonly { name: string; span: Span }[],
): BoundFrom {
  const { ctx } = scope;
  const { join, strictness } = kindOf(ast, scope);
  if (right.joinSide) checkJoinKind(scope, ast, right.joinSide, join, strictness);
  const look = (from: BoundFrom, name: string, span: Span): SourceColumn => {
    const inner: Scope = { ...scope, sources: from.sources, merged: from.merged };
    const found = findColumn(inner, [name], span);
    if (!found) throw unknownIdentifier(inner, [name], span);
    return found.column;
  };
  const on = emptyCondition();
  const pairs = using.map(({ name, span }) => {
    const a = look(left, name, span).expr();
    const b = look(right, name, span).expr();
    addKey(on, a, b, scope, span);
    return { name, a, b, span, type: (on.leftKeys.at(-1) as Expr).type };
  });
  if (right.joinSide) checkJoinKeys(ast, right.joinSide, on.rightKeys, []);
  if (join.startsWith('asof')) {
    const [l, r] = [on.leftKeys.pop(), on.rightKeys.pop()];
    if (l && r) on.asof = { left: l, right: r, op: '>=' };
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
  const merged = new Map(left.merged);
  for (const [name, column] of right.merged) if (!merged.has(name)) merged.set(name, column);
  for (const { name, a, b, span, type } of pairs) {
    let expr: Expr;
    if (join === 'right' || join === 'rightSemi' || join === 'rightAnti') expr = own(b);
    else if (marker) {
      const there = resolveCall(
        scope,
        'equals',
        [own(columnExpr(marker)), literalExpr('UInt8', '1')],
        span,
      );
      expr = resolveCall(
        scope,
        'if',
        [
          there,
          convert(own(a), useNulls ? nullableType(type) : type),
          convert(own(b), useNulls ? nullableType(type) : type),
        ],
        span,
      );
    } else expr = own(a);
    const outer = useNulls && join !== 'inner' ? expr.type : type;
    const final = convert(expr, expr.type === nullableType(type) ? expr.type : outer);
    merged.set(name, { name, type: final.type, expr: () => final, hidden: false });
  }
  return { node, sources: retyped([...left.sources, ...right.sources], node), merged };
}

export { plainColumn };
