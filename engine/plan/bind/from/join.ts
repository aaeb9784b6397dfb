// Joins: ON and USING become pairs of keys of one type, and a residual condition for the rest.

import type { Expression, Join, Span, TableExpression } from '../../../../sql/index.ts';
import { failAt, notBuilt } from '../../context.ts';
import { type Column, columnExpr, columnsOf, conjuncts, type Expr } from '../../expression.ts';
import { filter, type Node } from '../../logical.ts';
import type { JoinKind } from '../../physical/wire.ts';
import { baseType, nullableType, typeHead } from '../../types.ts';
import { supertype } from '../common-type.ts';
import { andOf, isCondition, ofRows } from '../conditions.ts';
import { bindExpression } from '../expression/index.ts';
import { convert } from '../expression/resolve-call.ts';
import { type MergedColumn, makeSource, type Scope, type Source, type StarItem } from '../scope.ts';
import { type BoundFrom, bindFrom } from './index.ts';
import { checkJoinKeys, checkJoinKind } from './join-table.ts';
import { pasted } from './paste.ts';
import { commonNames, joinUsing, usingPairs } from './using.ts';

export interface Condition {
  leftKeys: Expr[];
  rightKeys: Expr[];
  residual: Expr[];
  asof?: { left: Expr; right: Expr; op: string };
}

export function bindJoin(ast: Join, scope: Scope): BoundFrom {
  if (ast.type !== 'PASTE') {
    checkNamed(ast.left, scope);
    checkNamed(ast.right, scope);
  }
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
  if (ast.type === 'PASTE') return pasted(ast, scope, left, right);
  const using = ast.natural ? commonNames(left, right) : ast.using && usingPairs(ast.using, scope);
  const crossing = ast.type === 'CROSS' || ast.type === 'COMMA' || (!ast.on && !using);
  if (crossing && !ast.on && !using) {
    if (ast.type !== 'CROSS' && ast.type !== 'COMMA') {
      throw failAt(ast.span, 'INVALID_JOIN_ON_EXPRESSION', 'The join has neither ON nor USING');
    }
    const node = joinNode(left.node, right.node, 'cross', 'all', emptyCondition(), false);
    return { node, ...besides(left, right) };
  }
  if (using) return joinUsing(ast, scope, { left, right }, using);
  scope.sources = [...left.sources, ...right.sources];
  scope.merged = left.merged;
  return joinOn(ast, scope, left, right);
}

/** The columns of `*` of one side, as those of the join. */
export const starOf = (side: BoundFrom, first: number): readonly StarItem[] =>
  (
    side.star ??
    side.sources.flatMap((s, table) => s.columns.map((_, at): StarItem => ({ table, at })))
  ).map((item) => ('table' in item ? { ...item, table: item.table + first } : item));

export function besides(left: BoundFrom, right: BoundFrom): Omit<BoundFrom, 'node'> {
  const star =
    left.star || right.star
      ? [...starOf(left, 0), ...starOf(right, left.sources.length)]
      : undefined;
  return { sources: [...left.sources, ...right.sources], merged: left.merged, star };
}

/** ClickHouse wants a name for every side that has none of its own. */
function checkNamed(ast: TableExpression, scope: Scope): void {
  const { kind } = ast;
  if (kind !== 'TableSubquery' && kind !== 'TableFunction') return;
  if (ast.alias || !scope.ctx.settings.bool('joined_subquery_requires_alias')) return;
  const what = kind === 'TableFunction' ? 'table function' : 'subquery';
  throw failAt(ast.span, 'ALIAS_REQUIRED', `A ${what} of a join has no alias`, {
    hint: 'Write AS name behind it, or SETTINGS joined_subquery_requires_alias = 0',
  });
}

export const emptyCondition = (): Condition => ({ leftKeys: [], rightKeys: [], residual: [] });

export function kindOf(ast: Join, scope: Scope): { join: JoinKind; strictness: 'all' | 'any' } {
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
  const merges = scope.ctx.settings.text('join_algorithm') === 'partial_merge';
  if (merges && strictness === 'ANY' && (type === 'RIGHT' || type === 'FULL'))
    throw failAt(ast.span, 'NOT_IMPLEMENTED', `ANY ${type} JOINs by partial_merge do not exist`);
  if (strictness === 'ANY' && type === 'FULL') {
    if (!scope.ctx.settings.bool('any_join_distinct_right_table_keys'))
      throw failAt(ast.span, 'NOT_IMPLEMENTED', 'ANY FULL JOINs are not implemented');
  }
  const join = type === 'COMMA' || type === 'CROSS' ? 'inner' : (type.toLowerCase() as JoinKind);
  return { join, strictness: strictness === 'ANY' ? 'any' : 'all' };
}

export function joinNode(
  left: Node,
  right: Node,
  join: JoinKind,
  strictness: 'all' | 'any',
  on: Condition,
  useNulls: boolean,
  residual?: Expr,
): Node & { kind: 'join' } {
  const leftNull = useNulls && ['right', 'full', 'rightSemi', 'rightAnti'].includes(join);
  const rightNull = useNulls && ['left', 'full', 'asofLeft', 'semi', 'anti'].includes(join);
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
export function retyped(sources: readonly Source[], node: Node): Source[] {
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

/** Columns of an earlier USING, which may have become Nullable, too. */
export function retypedMerged(
  merged: ReadonlyMap<string, MergedColumn>,
  node: Node,
): ReadonlyMap<string, MergedColumn> {
  const types = new Map(node.columns.map((c) => [c.id, c]));
  return new Map(
    [...merged].map(([name, column]) => {
      const expr = column.expr();
      const inner = expr.kind === 'cast' ? expr.expr : expr;
      const now = inner.kind === 'column' ? types.get(inner.id) : undefined;
      if (!now || now.type === inner.type) return [name, column];
      const next =
        expr.kind === 'cast' ? convert(columnExpr(now), nullableType(expr.type)) : columnExpr(now);
      const left = column.left === expr.key ? { left: next.key } : {};
      return [name, { ...column, type: next.type, expr: () => next, ...left }];
    }),
  );
}

/** A part of ON: alone it is a call or a constant, beside others an argument of `and`. */
function onCondition(expr: Expr, part: Expression, on: Expression): Expr {
  const column = part === on && part.kind === 'Identifier' && expr.kind === 'column';
  if (!column && isCondition(expr)) return expr;
  const text = `ON needs a condition, not ${column ? 'the column alone' : expr.type}`;
  const code = part === on ? 'INVALID_JOIN_ON_EXPRESSION' : 'ILLEGAL_TYPE_OF_ARGUMENT';
  throw failAt(part.span, code, text);
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
    const expr = onCondition(bindExpression(ast_, scope), ast_, on);
    bound.push(...conjuncts(ofRows(expr, 'JOIN ON')));
  }
  for (const part of bound) {
    const side = sideOf(part, inLeft, inRight);
    if (side === 'left') leftOnly.push(part);
    else if (side === 'right') rightOnly.push(part);
    else if (!takeKey(part, parts, scope, inLeft, inRight, on.span)) {
      if (join.startsWith('asof')) {
        if (takeAsof(part, parts, scope, inLeft, inRight)) continue;
        refuseSecond(part, parts);
      }
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
    return { node, ...besides(left, right) };
  }
  const node = joinNode(leftNode, rightNode, join, strictness, parts, useNulls, residual);
  const both = besides(left, right);
  return {
    node,
    ...both,
    sources: retyped(both.sources, node),
    merged: retypedMerged(both.merged, node),
  };
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
  const [a, b] = [ast.left, ast.right].map((e) => ofRows(bindExpression(e, scope), 'JOIN ON')) as [
    Expr,
    Expr,
  ];
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

/** The type in which two keys are compared. */
export function commonType(a: Expr, b: Expr, scope: Scope, span: Span): string {
  const type = supertype(scope.ctx, [a.type, b.type]);
  if (type !== undefined) return type;
  const text = `Join keys of types ${a.type} and ${b.type} cannot be compared`;
  throw failAt(span, 'NO_COMMON_TYPE', text, { hint: 'Convert one side, as in toString(x)' });
}

export function addKey(into: Condition, a: Expr, b: Expr, scope: Scope, span: Span): void {
  const type = commonType(a, b, scope, span);
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

/** ASOF looks for the nearest value: there must be an order of numbers or times. */
export function checkAsofType(type: string, span: Span | undefined): void {
  if (!/^(String|FixedString|Array|Tuple|Map|JSON|Variant|Dynamic)$/.test(typeHead(baseType(type))))
    return;
  throw failAt(span, 'BAD_TYPE_OF_FIELD', `ASOF join not supported for type: ${type}`);
}

/** There is one nearest value, and so one inequality. */
function refuseSecond(part: Expr, { asof }: Condition): void {
  if (!asof || part.kind !== 'call' || turned[part.name] === undefined) return;
  const text = 'ASOF JOIN takes one inequality between its tables';
  throw failAt(part.span, 'INVALID_JOIN_ON_EXPRESSION', text, {
    hint: 'Move the other into WHERE',
  });
}

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
  checkAsofType(type, part.span);
  const written = found.swapped ? (mirrored[op] as string) : op;
  into.asof = { left: convert(found.a, type), right: convert(found.b, type), op: written };
  return true;
}
