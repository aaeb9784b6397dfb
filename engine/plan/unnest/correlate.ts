// Correlated subqueries become joins of the query around them: EXISTS and IN in a condition semi and
// anti joins, elsewhere a left join that marks the rows that have a partner; scalars a left join that
// brings the value, NULL where there is none.

import { supertype } from '../bind/common-type.ts';
import { convert, resolveCall } from '../bind/expression/resolve-call.ts';
import { newScope } from '../bind/scope.ts';
import { newColumn, notBuilt, type Planning } from '../context.ts';
import {
  type Column,
  type CorrelatedExpr,
  callExpr,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  literalExpr,
  replaceColumns,
} from '../expression.ts';
import { type Assigned, filter, type JoinNode, type Node, project } from '../logical.ts';
import type { JoinKind } from '../physical/wire.ts';
import { baseType, nullableType, tupleElements } from '../types.ts';
import { freeColumns } from './free-columns.ts';
import { keyPair, type Outside, unnest, type Values } from './index.ts';

/** How the subquery's rows are found from those around it. */
interface Partner {
  node: Node;
  leftKeys: Expr[];
  rightKeys: Expr[];
  residual: Expr[];
}

/** Where a value comes from inside the subquery: what IN compares with, or the scalar. */
function columnsWanted(e: CorrelatedExpr): Expr[] {
  return e.use === 'exists' ? [] : e.node.columns.map((c) => columnExpr(c));
}

function outside(ctx: Planning, e: CorrelatedExpr, outer: Node): Outside {
  const domain = (): { node: Node; at: Values } => {
    const items = e.args.map(
      (expr, i): Assigned => ({
        column: newColumn(ctx, e.params[i]?.name ?? 'param', expr.type),
        expr,
      }),
    );
    const rows = project(outer, items);
    const node: Node = { kind: 'distinct', input: rows, columns: rows.columns };
    return {
      node,
      at: new Map(e.params.map((p, i) => [p.id, columnExpr((items[i] as Assigned).column)])),
    };
  };
  return { ctx, params: e.params, domain };
}

function addKey(ctx: Planning, to: Partner, a: Expr, b: Expr, nulls: boolean): void {
  const [l, r] = keyPair(ctx, a, b, nulls);
  to.leftKeys.push(l);
  to.rightKeys.push(r);
}

function leftParts(e: CorrelatedExpr, ctx: Planning): Expr[] {
  const left = e.left;
  if (!left) return [];
  const width = e.node.columns.length;
  if (width === 1) return [left];
  const scope = newScope(ctx, left.span ?? { start: 0, end: 0 });
  if (!tupleElements(baseType(left.type))) throw notBuilt(left.span, 'This correlated IN');
  return Array.from({ length: width }, (_, i) =>
    resolveCall(scope, 'tupleElement', [left, literalExpr('UInt8', String(i + 1))], scope.span),
  );
}

/** Conditions that read the query around are taken out of the filters on top, if no other part reads it. */
function pulledUp(ctx: Planning, e: CorrelatedExpr): Partner | undefined {
  let node = e.node;
  let wanted = columnsWanted(e);
  const conditions: Expr[] = [];
  for (;;) {
    if (node.kind === 'project') {
      const by = new Map(node.items.map((i) => [i.column.id, i.expr]));
      wanted = wanted.map((x) => replaceColumns(x, by));
      conditions.splice(0, conditions.length, ...conditions.map((x) => replaceColumns(x, by)));
    } else if (node.kind === 'filter') {
      conditions.push(...conjuncts(node.predicate));
    } else if (node.kind === 'limit') {
      const any = e.use === 'exists' && !node.ties && node.offset === 0 && (node.limit ?? 1) > 0;
      if (!any || conditions.length > 0) return undefined;
    } else if (node.kind === 'distinct') {
      if (node.keys) break;
    } else if (node.kind !== 'sort' || node.limit !== undefined) break;
    node = node.input;
  }
  const params = new Set(e.params.map((p) => p.id));
  const open = freeColumns(node);
  if ([...params].some((id) => open.has(id))) return undefined;
  const isParam = (x: Expr): boolean => {
    const ids = [...columnsOf(x)];
    return ids.length > 0 && ids.every((id) => params.has(id));
  };
  const isInner = (x: Expr): boolean => [...columnsOf(x)].every((id) => !params.has(id));
  const by: Values = new Map(e.params.map((p, i) => [p.id, e.args[i] as Expr]));
  const made: Partner = { node, leftKeys: [], rightKeys: [], residual: [] };
  const own: Expr[] = [];
  for (const x of conditions) {
    if (isInner(x)) {
      own.push(x);
      continue;
    }
    const [a, b] = x.kind === 'call' && x.name === 'equals' ? x.args : [];
    const isKey = a && b && supertype(ctx, [a.type, b.type]) !== undefined;
    if (isKey && isParam(a) && isInner(b) && columnsOf(b).size > 0) {
      addKey(ctx, made, replaceColumns(a, by), b, false);
    } else if (isKey && isParam(b) && isInner(a) && columnsOf(a).size > 0) {
      addKey(ctx, made, replaceColumns(b, by), a, false);
    } else made.residual.push(replaceColumns(x, by));
  }
  if (own.length > 0)
    made.node = filter(node, own.length === 1 ? (own[0] as Expr) : callExpr('and', own, 'UInt8'));
  // What is compared may read the query around, too: then it is a condition like the others.
  leftParts(e, ctx).forEach((l, i) => {
    const w = wanted[i] as Expr;
    if (isInner(w)) addKey(ctx, made, l, w, false);
    else
      made.residual.push(
        callExpr('equals', keyPair(ctx, l, replaceColumns(w, by), false), 'UInt8'),
      );
  });
  return made;
}

function partner(ctx: Planning, e: CorrelatedExpr, outer: Node): Partner & { value?: Expr } {
  const direct = e.use === 'scalar' ? undefined : pulledUp(ctx, e);
  if (direct) return direct;
  const { node, at } = unnest(e.node, outside(ctx, e, outer), new Set());
  const made: Partner = { node, leftKeys: [], rightKeys: [], residual: [] };
  for (const [i, p] of e.params.entries()) {
    const value = at.get(p.id);
    if (value) addKey(ctx, made, e.args[i] as Expr, value, true);
  }
  leftParts(e, ctx).forEach((l, i) => {
    addKey(ctx, made, l, columnExpr(e.node.columns[i] as Column), false);
  });
  return { ...made, value: columnExpr(e.node.columns[0] as Column) };
}

function joinOf(
  ctx: Planning,
  outer: Node,
  p: Partner,
  join: JoinKind,
  strictness: 'all' | 'any',
): JoinNode {
  const scope = newScope(ctx, { start: 0, end: 0 });
  const residual =
    p.residual.length < 2 ? p.residual[0] : resolveCall(scope, 'and', p.residual, scope.span);
  return {
    kind: 'join',
    left: outer,
    right: p.node,
    join,
    strictness,
    leftKeys: p.leftKeys,
    rightKeys: p.rightKeys,
    ...(residual ? { residual } : {}),
    useNulls: false,
    columns: [...outer.columns, ...p.node.columns],
  };
}

/** Whether the subquery gives one row whatever it reads. */
function isAggregate(node: Node): boolean {
  let top = node;
  while (top.kind === 'project' || top.kind === 'filter') top = top.input;
  return top.kind === 'aggregate' && top.keys.length === 0;
}

/** The rows of `outer` with what the subquery says of each. */
export function attach(ctx: Planning, outer: Node, e: CorrelatedExpr): { node: Node; expr: Expr } {
  const p = partner(ctx, e, outer);
  const pass: Assigned[] = p.node.columns.map((column) => ({ column, expr: columnExpr(column) }));
  if (e.use === 'scalar') {
    const value = p.value as Expr;
    const column = newColumn(ctx, 'subquery', nullableType(value.type));
    const node = project(p.node, [...pass, { column, expr: convert(value, column.type) }]);
    const joined = joinOf(ctx, outer, { ...p, node }, 'left', 'any');
    return {
      node: isAggregate(e.node) ? { ...joined, unique: column.id } : joined,
      expr: columnExpr(column, e.span),
    };
  }
  const mark = newColumn(ctx, 'mark', 'UInt8');
  const node = project(p.node, [...pass, { column: mark, expr: literalExpr('UInt8', '1') }]);
  const found = columnExpr(mark, e.span);
  const expr = e.negated ? callExpr('not', [found], 'UInt8', e.span) : found;
  return { node: joinOf(ctx, outer, { ...p, node }, 'left', 'any'), expr };
}

/** A condition that is nothing but a correlated EXISTS or IN: filters `outer` by a semi or anti join. */
export function attachCondition(ctx: Planning, outer: Node, condition: Expr): Node | undefined {
  let e = condition;
  let negated = false;
  while (e.kind === 'call' && e.name === 'not' && e.args.length === 1) {
    negated = !negated;
    e = e.args[0] as Expr;
  }
  // x IN (…) is NULL where x is, which is false for a condition however it is turned.
  let nullable: Expr | undefined;
  if (e.kind === 'call' && e.name === 'if' && e.args.length === 3) {
    const [test, nothing, value] = e.args as [Expr, Expr, Expr];
    const isNull = test.kind === 'call' && test.name === 'isNull' ? test.args[0] : undefined;
    if (
      isNull &&
      nothing.kind === 'literal' &&
      nothing.value === null &&
      value.kind === 'correlated'
    ) {
      nullable = isNull;
      e = value;
    }
  }
  if (e.kind !== 'correlated' || e.use === 'scalar') return undefined;
  const anti = negated !== e.negated;
  const over = nullable && anti ? filter(outer, callExpr('isNotNull', [nullable], 'UInt8')) : outer;
  const joined = joinOf(ctx, over, partner(ctx, e, over), anti ? 'anti' : 'semi', 'all');
  return project(
    { ...joined, rightUnread: true },
    over.columns.map((column) => ({ column, expr: columnExpr(column) })),
  );
}
