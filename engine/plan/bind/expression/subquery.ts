// Queries inside expressions: scalars, EXISTS, and the right side of IN. Those that stand on their own
// run before the query around them, each once; those that read its columns become joins (unnest/correlate.ts).

import type { Identifier, Query, Span } from '../../../../sql/index.ts';
import { failAt, newColumn, notBuilt } from '../../context.ts';
import {
  type Column,
  columnExpr,
  correlatedExpr,
  type Expr,
  inExpr,
  literalExpr,
  scalarExpr,
} from '../../expression.ts';
import type { Node } from '../../logical.ts';
import { filter, project } from '../../logical.ts';
import type { SubqueryUse } from '../../physical/wire.ts';
import { isNullable, nullableType, tupleElements } from '../../types.ts';
import { freeColumns } from '../../unnest/free-columns.ts';
import { tableNode } from '../from/index.ts';
import { identifierText } from '../names.ts';
import { bindQuery } from '../query.ts';
import { newScope, type Scope } from '../scope.ts';
import { resolvedAggregate } from './aggregate.ts';
import { checkSetWidth } from './in.ts';
import { convert, resolveCall } from './resolve-call.ts';

interface Inner {
  readonly node: Node;
  /** What it reads of the query around it. */
  readonly params: readonly Column[];
  readonly args: readonly Expr[];
  readonly serial: number;
  /** Its number once it is planned to run first, by what it is used as. */
  readonly numbers: Map<string, number>;
}

const bound = new WeakMap<Scope, Map<Query, Inner>>();

/** The query bound inside `scope`; once, however often the expression around it is bound. */
function bindInner(query: Query, scope: Scope): Inner {
  const known = bound.get(scope) ?? new Map<Query, Inner>();
  bound.set(scope, known);
  const before = known.get(query);
  if (before) return before;
  const across = new Map<string, { column: Column; value: Expr }>();
  const { node } = bindQuery(query, { ...newScope(scope.ctx, query.span, scope), across });
  const free = across.size === 0 ? new Set<number>() : freeColumns(node);
  const used = [...across.values()].filter((p) => free.has(p.column.id));
  const inner: Inner = {
    node,
    params: used.map((p) => p.column),
    args: used.map((p) => p.value),
    serial: scope.ctx.nextColumn++,
    numbers: new Map(),
  };
  known.set(query, inner);
  return inner;
}

/** Plans `node` to run before the query; the same use of the same query is one run. */
function runFirst(scope: Scope, inner: Inner, node: Node, usage: SubqueryUse, form = ''): number {
  const key = `${usage}${form}`;
  let number = inner.numbers.get(key);
  if (number === undefined) {
    number = scope.ctx.subqueries.push({ node, usage }) - 1;
    inner.numbers.set(key, number);
  }
  return number;
}

export function existsSubquery(query: Query, scope: Scope, span: Span): Expr {
  const inner = bindInner(query, scope);
  const { node, params, args, serial } = inner;
  if (params.length > 0) {
    // An aggregation without keys always gives a row.
    let top = node;
    while (top.kind === 'project' || (top.kind === 'sort' && !top.limit)) top = top.input;
    if (top.kind === 'aggregate' && top.keys.length === 0 && !top.emptyIfNoRows) {
      return literalExpr('UInt8', '1', span);
    }
    const parts = { use: 'exists', node, params, args, negated: false, serial } as const;
    return correlatedExpr({ ...parts, type: 'UInt8', span });
  }
  const limited: Node = { kind: 'limit', input: node, limit: 1, offset: 0, columns: node.columns };
  return scalarExpr(runFirst(scope, inner, limited, 'exists'), 'UInt8', span);
}

/** `reduce`: the least or greatest value of its one column instead of its only row; of no rows the default, as min gives. */
export function scalarSubquery(
  query: Query,
  scope: Scope,
  span: Span,
  reduce?: 'min' | 'max' | 'singleValueOrNull',
): Expr {
  const inner = bindInner(query, scope);
  const { node, params, args, serial } = inner;
  const [first] = node.columns;
  if (!first)
    throw failAt(query.span, 'INCORRECT_RESULT_OF_SCALAR_SUBQUERY', 'The subquery has no column');
  if (params.length > 0) {
    if (reduce) throw notBuilt(span, 'A correlated subquery behind ANY or ALL');
    let rows = node;
    if (node.columns.length > 1) {
      const expr = resolveCall(
        scope,
        'tuple',
        node.columns.map((c) => columnExpr(c)),
        span,
      );
      rows = project(node, [{ column: newColumn(scope.ctx, 'tuple', expr.type), expr }]);
    }
    const type = nullableType((rows.columns[0] as Column).type);
    const parts = { use: 'scalar', node: rows, params, args, negated: false, serial } as const;
    return correlatedExpr({ ...parts, type, span });
  }
  if (reduce) {
    const { name, type } = resolvedAggregate(scope, reduce, [], [first.type], span);
    const column = newColumn(scope.ctx, first.name, type);
    const item = { column, name, params: [], args: [columnExpr(first)] };
    const reduced: Node = {
      kind: 'aggregate',
      input: node,
      keys: [],
      aggregates: [item],
      totals: false,
      emptyIfNoRows: false,
      columns: [column],
    };
    return scalarExpr(runFirst(scope, inner, reduced, 'scalar', reduce), type, span);
  }
  const number = runFirst(scope, inner, node, 'scalar');
  if (node.columns.length === 1) return scalarExpr(number, nullableType(first.type), span);
  const tuple = `Tuple(${node.columns.map((c) => c.type).join(', ')})`;
  const names = new Set(node.columns.map((c) => c.name));
  const asRow = (type: string): string => (alwaysOneRow(node) ? type : nullableType(type));
  const value = scalarExpr(number, asRow(tuple), span);
  if (names.size < node.columns.length) return value;
  const named = node.columns.map((c) => `${identifierText(c.name)} ${c.type}`);
  return convert(value, asRow(`Tuple(${named.join(', ')})`));
}

/** Whether a query gives one row whatever its tables hold. */
function alwaysOneRow(node: Node): boolean {
  if (node.kind === 'one') return true;
  if (node.kind === 'aggregate')
    return node.keys.length === 0 && !node.emptyIfNoRows && node.sets === undefined;
  return (node.kind === 'project' || node.kind === 'sort') && alwaysOneRow(node.input);
}

const plainNumber = /^(U?Int\d+|Float\d+|Decimal.*|Bool)$/;

/** The rows that a tuple of columns can be equal to: a NULL among its members is equal to nothing. */
function withoutNullMembers(scope: Scope, node: Node, span: Span): Node {
  if (node.columns.length < 2) return node;
  const known = node.columns
    .filter((column) => isNullable(column.type))
    .map((column) => resolveCall(scope, 'isNotNull', [columnExpr(column)], span));
  const [first] = known;
  if (!first) return node;
  return filter(node, known.length > 1 ? resolveCall(scope, 'and', known, span) : first);
}

/** `left IN (query)`; what a NULL on the left means is for the caller. */
export function inSubquery(
  left: Expr,
  query: Query,
  negated: boolean,
  scope: Scope,
  span: Span,
  nullsCount = false,
): Expr {
  const inner = bindInner(query, scope);
  const { params, args, serial } = inner;
  const node = nullsCount ? inner.node : withoutNullMembers(scope, inner.node, span);
  checkSetWidth(left, node.columns.length, span);
  const rows = node.columns.length === 1 ? (node.columns[0] as Column).type : undefined;
  if (tupleElements(left.type) && rows && plainNumber.test(rows)) {
    const text = `Illegal type ${left.type} of the left side of IN over a subquery of ${rows}`;
    throw failAt(span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
  }
  if (params.length > 0) {
    const parts = { use: 'in', node, params, args, left, negated, serial } as const;
    return correlatedExpr({ ...parts, type: 'UInt8', span });
  }
  const [only, second] = node.columns;
  if (nullsCount && only && !second && isNullable(left.type) && isNullable(only.type)) {
    // NULL equals NULL inside a tuple.
    const wrapped = (e: Expr): Expr => resolveCall(scope, 'tuple', [e], span);
    const value = wrapped(columnExpr(only));
    const tuples = project(node, [
      { column: newColumn(scope.ctx, only.name, value.type), expr: value },
    ]);
    const number = runFirst(scope, inner, tuples, 'set', 'tuples');
    return inExpr(wrapped(left), { subquery: number }, negated, 'UInt8', span);
  }
  const number = runFirst(scope, inner, node, 'set');
  return inExpr(left, { subquery: number }, negated, 'UInt8', span);
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
  const rows = project(node, items);
  const nullsCount = scope.ctx.settings.bool('transform_null_in');
  const set = nullsCount ? rows : withoutNullMembers(scope, rows, ast.span);
  const index = scope.ctx.subqueries.push({ node: set, usage: 'set' }) - 1;
  return { index, columns: items.length };
}
