// Typed expressions of the logical plan. They are immutable; `key` tells structurally equal ones.

import { createHash } from 'node:crypto';
import type { Span } from '../../sql/index.ts';
import type { Node } from './logical.ts';
import type { FrameJson, Lit, LitValue } from './physical/wire.ts';

interface Base {
  readonly type: string;
  readonly key: string;
  /** Place in the statement's text, for messages. */
  readonly span?: Span;
}
export interface ColumnExpr extends Base {
  readonly kind: 'column';
  readonly id: number;
  readonly name: string;
  /** Belongs to the query around this one: a parameter of a correlated subquery. */
  readonly outer?: true;
}
export interface LiteralExpr extends Base {
  readonly kind: 'literal';
  readonly value: LitValue;
}
export interface CallExpr extends Base {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
}
export interface LambdaExpr extends Base {
  readonly kind: 'lambda';
  readonly params: readonly { id: number; type: string }[];
  readonly body: Expr;
}
export interface CastExpr extends Base {
  readonly kind: 'cast';
  readonly expr: Expr;
}
export interface InExpr extends Base {
  readonly kind: 'in';
  readonly expr: Expr;
  readonly set: { readonly values: Lit } | { readonly subquery: number };
  readonly negated: boolean;
}
export interface ScalarExpr extends Base {
  readonly kind: 'scalar';
  readonly subquery: number;
}
/** An aggregate call before the aggregation is split off; never in a finished plan. */
export interface AggregateExpr extends Base {
  readonly kind: 'aggregate';
  readonly name: string;
  readonly params: readonly Lit[];
  readonly args: readonly Expr[];
}
export interface SortExpr {
  readonly expr: Expr;
  readonly desc: boolean;
  readonly nullsFirst: boolean;
}
/** A window call before windows are split off. */
export interface WindowExpr extends Base {
  readonly kind: 'window';
  readonly name: string;
  readonly params: readonly Lit[];
  readonly args: readonly Expr[];
  readonly partition: readonly Expr[];
  readonly order: readonly SortExpr[];
  readonly frame: FrameJson;
}
/** arrayJoin(x) before it becomes a node. */
export interface UnfoldExpr extends Base {
  readonly kind: 'unfold';
  readonly expr: Expr;
}
/** A subquery that reads columns of the query around it, before it becomes a join. */
export interface CorrelatedExpr extends Base {
  readonly kind: 'correlated';
  readonly use: 'scalar' | 'exists' | 'in';
  readonly node: Node;
  /** Columns that `node` reads and does not make, and what the query around gives for them. */
  readonly params: readonly Column[];
  readonly args: readonly Expr[];
  /** What is looked for, for IN. */
  readonly left?: Expr;
  readonly negated: boolean;
  readonly serial: number;
}
/** grouping(keys) before the aggregation is split off. */
export interface GroupingExpr extends Base {
  readonly kind: 'grouping';
  readonly args: readonly Expr[];
}

export type Expr =
  | ColumnExpr
  | LiteralExpr
  | CallExpr
  | LambdaExpr
  | CastExpr
  | InExpr
  | ScalarExpr
  | AggregateExpr
  | WindowExpr
  | UnfoldExpr
  | CorrelatedExpr
  | GroupingExpr;

const keyBytesMax = 160;

function key(text: string): string {
  if (text.length <= keyBytesMax) return text;
  return `#${createHash('sha1').update(text).digest('base64')}`;
}
const keys = (list: readonly Expr[]): string => list.map((e) => e.key).join(',');
const spanned = (span: Span | undefined): { span?: Span } => (span ? { span } : {});

/** A column of some node's output. */
export interface Column {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

export function columnExpr(column: Column, span?: Span): ColumnExpr {
  const { id, name, type } = column;
  return { kind: 'column', id, name, type, key: `c${id}`, ...spanned(span) };
}

export function literalExpr(type: string, value: LitValue, span?: Span): LiteralExpr {
  const text = key(`l:${type}:${JSON.stringify(value)}`);
  return { kind: 'literal', type, value, key: text, ...spanned(span) };
}

export function callExpr(name: string, args: readonly Expr[], type: string, span?: Span): CallExpr {
  return { kind: 'call', name, args, type, key: key(`${name}(${keys(args)})`), ...spanned(span) };
}

export function lambdaExpr(params: { id: number; type: string }[], body: Expr): LambdaExpr {
  // Parameters are named by position, so that equal lambdas have equal keys.
  let text = body.key;
  if (text.startsWith('#')) text = `${params.map((p) => p.id).join()}${text}`;
  else
    params.forEach((p, i) => {
      text = text.replaceAll(new RegExp(`\\bc${p.id}\\b`, 'g'), `p${i}`);
    });
  return { kind: 'lambda', params, body, type: body.type, key: key(`\\${params.length}${text}`) };
}

export function castExpr(expr: Expr, type: string, span?: Span): CastExpr {
  return { kind: 'cast', expr, type, key: key(`cast(${expr.key},${type})`), ...spanned(span) };
}

export function inExpr(
  expr: Expr,
  set: InExpr['set'],
  negated: boolean,
  type: string,
  span?: Span,
): InExpr {
  const source = 'values' in set ? JSON.stringify(set.values) : `q${set.subquery}`;
  const text = key(`in(${expr.key},${source},${negated})`);
  return { kind: 'in', expr, set, negated, type, key: text, ...spanned(span) };
}

export function scalarExpr(subquery: number, type: string, span?: Span): ScalarExpr {
  return { kind: 'scalar', subquery, type, key: `s${subquery}`, ...spanned(span) };
}

export function aggregateExpr(
  name: string,
  params: readonly Lit[],
  args: readonly Expr[],
  type: string,
  span?: Span,
): AggregateExpr {
  const text = key(`agg:${name}(${JSON.stringify(params)})(${keys(args)})`);
  return { kind: 'aggregate', name, params, args, type, key: text, ...spanned(span) };
}

const sortKeys = (list: readonly SortExpr[]): string =>
  list.map((s) => `${s.expr.key}${s.desc ? '-' : '+'}${s.nullsFirst ? '<' : '>'}`).join(',');

export function windowExpr(parts: Omit<WindowExpr, 'kind' | 'key'>): WindowExpr {
  const { name, params, args, partition, order, frame } = parts;
  const over = `${keys(partition)};${sortKeys(order)};${JSON.stringify(frame)}`;
  const text = key(`win:${name}(${JSON.stringify(params)})(${keys(args)})(${over})`);
  return { kind: 'window', ...parts, key: text };
}

/** Calls with equal keys here can share one window node. */
export const windowKey = (w: WindowExpr): string => `${keys(w.partition)};${sortKeys(w.order)}`;

export function unfoldExpr(expr: Expr, type: string, span?: Span): UnfoldExpr {
  return { kind: 'unfold', expr, type, key: key(`unfold(${expr.key})`), ...spanned(span) };
}

export function correlatedExpr(parts: Omit<CorrelatedExpr, 'kind' | 'key'>): CorrelatedExpr {
  const { serial, args, left } = parts;
  const text = key(`correlated:${serial}(${keys(args)};${left?.key ?? ''})`);
  return { kind: 'correlated', ...parts, key: text };
}

export function groupingExpr(args: readonly Expr[], span?: Span): GroupingExpr {
  return {
    kind: 'grouping',
    args,
    type: 'UInt64',
    key: key(`grouping(${keys(args)})`),
    ...spanned(span),
  };
}

const measures = new WeakMap<Expr, { depth: number; size: number }>();

/** How deep and how large an expression is when written out; aliases make small texts large. */
export function measureOf(expr: Expr): { depth: number; size: number } {
  const known = measures.get(expr);
  if (known) return known;
  let depth = 0;
  let size = 1;
  for (const part of parts(expr)) {
    const inner = measureOf(part);
    depth = Math.max(depth, inner.depth);
    size += inner.size;
  }
  const measure = { depth: depth + 1, size };
  measures.set(expr, measure);
  return measure;
}

/** Direct parts of an expression. */
export function parts(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'column':
    case 'literal':
    case 'scalar':
      return [];
    case 'call':
    case 'aggregate':
    case 'grouping':
      return expr.args;
    case 'lambda':
      return [expr.body];
    case 'cast':
    case 'in':
    case 'unfold':
      return [expr.expr];
    case 'correlated':
      return expr.left ? [...expr.args, expr.left] : expr.args;
    case 'window':
      return [...expr.args, ...expr.partition, ...expr.order.map((o) => o.expr)];
  }
}

/** The expression with `change` applied to each direct part; itself when nothing changed. */
export function mapParts(expr: Expr, change: (part: Expr) => Expr): Expr {
  const list = (before: readonly Expr[]): readonly Expr[] => {
    const after = before.map(change);
    return after.every((e, i) => e === before[i]) ? before : after;
  };
  switch (expr.kind) {
    case 'column':
    case 'literal':
    case 'scalar':
      return expr;
    case 'call': {
      const args = list(expr.args);
      return args === expr.args ? expr : callExpr(expr.name, args, expr.type, expr.span);
    }
    case 'aggregate': {
      const args = list(expr.args);
      if (args === expr.args) return expr;
      return aggregateExpr(expr.name, expr.params, args, expr.type, expr.span);
    }
    case 'grouping': {
      const args = list(expr.args);
      return args === expr.args ? expr : groupingExpr(args, expr.span);
    }
    case 'lambda': {
      const body = change(expr.body);
      return body === expr.body ? expr : lambdaExpr([...expr.params], body);
    }
    case 'cast': {
      const inner = change(expr.expr);
      return inner === expr.expr ? expr : castExpr(inner, expr.type, expr.span);
    }
    case 'in': {
      const inner = change(expr.expr);
      return inner === expr.expr
        ? expr
        : inExpr(inner, expr.set, expr.negated, expr.type, expr.span);
    }
    case 'unfold': {
      const inner = change(expr.expr);
      return inner === expr.expr ? expr : unfoldExpr(inner, expr.type, expr.span);
    }
    case 'correlated': {
      const args = list(expr.args);
      const left = expr.left && change(expr.left);
      if (args === expr.args && left === expr.left) return expr;
      return correlatedExpr({ ...expr, args, ...(left ? { left } : {}) });
    }
    case 'window': {
      const args = list(expr.args);
      const partition = list(expr.partition);
      const order = expr.order.map((o) => ({ ...o, expr: change(o.expr) }));
      return windowExpr({ ...expr, args, partition, order });
    }
  }
}

/** Whether `test` holds anywhere in the expression. */
export function someExpr(expr: Expr, test: (e: Expr) => boolean): boolean {
  return test(expr) || parts(expr).some((part) => someExpr(part, test));
}

/** Ids of all columns used; parameters of lambdas inside it are not among them. */
export function columnsOf(expr: Expr, into: Set<number> = new Set()): Set<number> {
  if (expr.kind === 'column') into.add(expr.id);
  else if (expr.kind === 'lambda') {
    const inner = columnsOf(expr.body);
    for (const p of expr.params) inner.delete(p.id);
    for (const id of inner) into.add(id);
  } else for (const part of parts(expr)) columnsOf(part, into);
  return into;
}

/** The expression with columns replaced by other expressions. */
export function replaceColumns(expr: Expr, by: ReadonlyMap<number, Expr>): Expr {
  if (expr.kind === 'column') return by.get(expr.id) ?? expr;
  return mapParts(expr, (part) => replaceColumns(part, by));
}

/** Operands of nested ANDs. */
export function conjuncts(expr: Expr): Expr[] {
  if (expr.kind === 'call' && expr.name === 'and') return expr.args.flatMap(conjuncts);
  return [expr];
}
