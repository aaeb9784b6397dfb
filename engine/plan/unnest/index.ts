// A subquery that reads columns of the query around it ("params") becomes one that does not: instead it
// gives, beside each row, the values of the params that the row belongs to. Where a condition says
// `inner = param`, the inner side is that value; elsewhere all values that occur outside (the "domain")
// are joined in. The way of Neumann and Kemper, "Unnesting Arbitrary Queries" (2015).

import { supertype } from '../bind/common-type.ts';
import { convert } from '../bind/expression/resolve-call.ts';
import { newColumn, notBuilt, type Planning } from '../context.ts';
import {
  type Column,
  callExpr,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  replaceColumns,
} from '../expression.ts';
import {
  type Assigned,
  inputs,
  type JoinNode,
  type Node,
  type NodeOf,
  project,
  withInputs,
} from '../logical.ts';
import type { JoinKind } from '../physical/wire.ts';
import { baseType, isNullable, typeHead } from '../types.ts';
import { exprsOf, freeColumns } from './free-columns.ts';

/** The values a param has in each row, by its id. */
export type Values = Map<number, Expr>;

export interface Unnested {
  readonly node: Node;
  readonly at: Values;
}

export interface Outside {
  readonly ctx: Planning;
  readonly params: readonly Column[];
  /** Distinct combinations of the params' values, under new columns. */
  readonly domain: () => Unnested;
}

const rest = Number.MAX_SAFE_INTEGER;

/** The params that a node reads. */
function free(node: Node, { params }: Outside): Set<number> {
  const ids = freeColumns(node);
  return new Set(params.filter((p) => ids.has(p.id)).map((p) => p.id));
}

const reads = (exprs: readonly Expr[], { params }: Outside): number[] => {
  const ids = new Set(exprs.flatMap((e) => [...columnsOf(e)]));
  return params.filter((p) => ids.has(p.id)).map((p) => p.id);
};

const neverNull = (e: Expr): Expr =>
  typeHead(e.type) === 'Nullable' ? callExpr('assumeNotNull', [e], baseType(e.type)) : e;

/** A key that equals another when both are NULL, too. */
const withNull = (e: Expr): Expr =>
  isNullable(e.type) ? callExpr('tuple', [e], `Tuple(${e.type})`) : e;

/** Pairs of keys of one type. */
export function keyPair(ctx: Planning, a: Expr, b: Expr, nulls: boolean): [Expr, Expr] {
  const type = supertype(ctx, [a.type, b.type]);
  if (type === undefined)
    throw notBuilt(a.span, `A correlated subquery that compares ${a.type} with ${b.type}`);
  const [x, y] = [convert(a, type), convert(b, type)];
  // NULL only equals NULL if both sides may be NULL.
  const both = nulls && isNullable(a.type) && isNullable(b.type);
  return both ? [withNull(x), withNull(y)] : [x, y];
}

function joined(kind: JoinKind, a: Unnested, b: Unnested, { ctx }: Outside, join?: JoinNode): Node {
  const by = new Map([...b.at, ...a.at]);
  const leftKeys = join ? join.leftKeys.map((e) => replaceColumns(e, a.at)) : [];
  const rightKeys = join ? join.rightKeys.map((e) => replaceColumns(e, b.at)) : [];
  for (const [id, value] of a.at) {
    const other = b.at.get(id);
    if (!other) continue;
    const [l, r] = keyPair(ctx, value, other, true);
    leftKeys.push(l);
    rightKeys.push(r);
  }
  const types = new Map(join?.columns.map((c) => [c.id, c]) ?? []);
  return {
    kind: 'join',
    left: a.node,
    right: b.node,
    join: kind === 'cross' && leftKeys.length > 0 ? 'inner' : kind,
    strictness: join?.strictness ?? 'all',
    leftKeys,
    rightKeys,
    ...(join?.residual ? { residual: replaceColumns(join.residual, by) } : {}),
    ...(join?.asof
      ? {
          asof: {
            ...join.asof,
            left: replaceColumns(join.asof.left, a.at),
            right: replaceColumns(join.asof.right, b.at),
          },
        }
      : {}),
    useNulls: join?.useNulls ?? false,
    columns: [...a.node.columns, ...b.node.columns].map((c) => types.get(c.id) ?? c),
  };
}

/** The rows for each value of the domain; values that are known already are met, not multiplied. */
function withDomain(part: Unnested, out: Outside): Unnested {
  const domain = out.domain();
  const node = joined('cross', part, domain, out);
  return { node, at: new Map([...domain.at, ...part.at]) };
}

function covering(part: Unnested, wanted: Iterable<number>, out: Outside): Unnested {
  for (const id of wanted) if (!part.at.has(id)) return withDomain(part, out);
  return part;
}

/** Adds the values as columns of their own; `at` then refers to these. */
function carried(
  items: readonly Assigned[],
  at: Values,
  { ctx }: Outside,
): { items: Assigned[]; at: Values } {
  const more: Assigned[] = [];
  const next: Values = new Map();
  for (const [id, expr] of at) {
    const column = newColumn(ctx, '__param', expr.type);
    more.push({ column, expr });
    next.set(id, columnExpr(column));
  }
  return { items: [...items, ...more], at: next };
}

/** `inner = param` gives the param's value, which is not NULL, if nothing but this needs it or the types agree. */
function takeEqualities(
  list: Expr[],
  part: Unnested,
  out: Outside,
  elsewhere: ReadonlySet<number>,
): Expr[] {
  const params = new Map(out.params.map((p) => [p.id, p]));
  const at = part.at;
  const left = [...list];
  for (let found = true; found; ) {
    found = false;
    for (const [i, e] of left.entries()) {
      if (e.kind !== 'call' || e.name !== 'equals' || e.args.length !== 2) continue;
      for (const [x, y] of [e.args, e.args.toReversed()] as [Expr, Expr][]) {
        const param = y.kind === 'column' && !at.has(y.id) ? params.get(y.id) : undefined;
        if (!param || reads([x], out).some((id) => !at.has(id)) || columnsOf(x).size === 0)
          continue;
        const others = left.filter((o) => o !== e);
        const used = elsewhere.has(param.id) || reads(others, out).includes(param.id);
        if (used && x.type !== param.type) continue;
        if (supertype(out.ctx, [x.type, param.type]) === undefined) continue;
        const value = replaceColumns(x, at);
        if (isNullable(value.type)) left[i] = callExpr('isNotNull', [x], 'UInt8');
        else left.splice(i, 1);
        at.set(param.id, used ? value : neverNull(value));
        found = true;
        break;
      }
      if (found) break;
    }
  }
  return left;
}

/** `elsewhere`: params that are read above this node, too. */
export function unnest(node: Node, out: Outside, elsewhere: ReadonlySet<number>): Unnested {
  const needed = free(node, out);
  if (needed.size === 0) return { node, at: new Map() };
  const input = (n: Node, also: readonly Expr[] = []): Unnested =>
    unnest(n, out, new Set([...elsewhere, ...reads(also, out)]));
  const unnester = unnesters[node.kind] as
    | ((node: Node, place: Unnesting) => Unnested | undefined)
    | undefined;
  const made = unnester?.(node, { out, elsewhere, needed, input });
  if (made) return made;
  throw notBuilt(undefined, `A correlated subquery with ${node.kind}`);
}

interface Unnesting {
  readonly out: Outside;
  readonly elsewhere: ReadonlySet<number>;
  /** The params that the node reads. */
  readonly needed: ReadonlySet<number>;
  /** The node below; `also` is what this node reads itself. */
  input(node: Node, also?: readonly Expr[]): Unnested;
}

type Unnesters = {
  [K in Node['kind']]?: (node: NodeOf<K>, place: Unnesting) => Unnested | undefined;
};

/** Nothing: not built, for the kind or for this node. */
const unnesters: Unnesters = {
  filter(node, { out, elsewhere, input }) {
    const list = conjuncts(node.predicate);
    const under = input(node.input, list);
    let part: Unnested = { node: under.node, at: new Map(under.at) };
    const left = takeEqualities(list, part, out, elsewhere);
    part = covering(part, reads(left, out), out);
    const kept = left.map((e) => replaceColumns(e, part.at));
    if (kept.length === 0) return part;
    const predicate = kept.length === 1 ? (kept[0] as Expr) : callExpr('and', kept, 'UInt8');
    const made: Node = {
      kind: 'filter',
      input: part.node,
      predicate,
      columns: part.node.columns,
    };
    return { node: made, at: part.at };
  },
  project(node, { out, input }) {
    const exprs = node.items.map((i) => i.expr);
    const part = covering(input(node.input, exprs), reads(exprs, out), out);
    const items = node.items.map((i) => ({ ...i, expr: replaceColumns(i.expr, part.at) }));
    const all = carried(items, part.at, out);
    return { node: project(part.node, all.items), at: all.at };
  },
  aggregate(node, { out, input }) {
    if (node.sets || node.totals)
      throw notBuilt(undefined, 'A correlated subquery with ROLLUP, CUBE, GROUPING SETS or TOTALS');
    const exprs = [...node.keys.map((k) => k.expr), ...node.aggregates.flatMap((a) => a.args)];
    const part = covering(input(node.input, exprs), reads(exprs, out), out);
    const by = (e: Expr): Expr => replaceColumns(e, part.at);
    const keys = carried(
      node.keys.map((k) => ({ ...k, expr: by(k.expr) })),
      part.at,
      out,
    );
    const aggregates = node.aggregates.map((a) => ({ ...a, args: a.args.map(by) }));
    const columns = [...keys.items.map((k) => k.column), ...aggregates.map((a) => a.column)];
    const made: Node = {
      ...node,
      input: part.node,
      keys: keys.items,
      aggregates,
      emptyIfNoRows: true,
      columns,
    };
    return { node: made, at: keys.at };
  },
  sort(node, { input }) {
    if (node.limit === undefined) return input(node.input);
    return undefined;
  },
  limit(node, { out, needed, input }) {
    if (node.ties) return undefined;
    const sort = node.input.kind === 'sort' && !node.input.withTies ? node.input : undefined;
    const exprs = sort?.keys.map((k) => k.expr) ?? [];
    const part = covering(input(sort?.input ?? node.input, exprs), needed, out);
    const { columns } = part.node;
    const sorted: Node = sort
      ? {
          kind: 'sort',
          input: part.node,
          keys: sort.keys.map((k) => ({ ...k, expr: replaceColumns(k.expr, part.at) })),
          withTies: false,
          columns,
        }
      : part.node;
    const { limit = rest, offset } = node;
    const made: Node = {
      kind: 'limitBy',
      input: sorted,
      keys: [...part.at.values()],
      limit,
      offset,
      columns,
    };
    return { node: made, at: part.at };
  },
  limitBy: unnestKeys,
  distinct: unnestKeys,
  window(node, { out, input }) {
    const exprs = [
      ...node.partition,
      ...node.order.map((o) => o.expr),
      ...node.calls.flatMap((c) => c.args),
    ];
    const part = covering(input(node.input, exprs), reads(exprs, out), out);
    const by = (e: Expr): Expr => replaceColumns(e, part.at);
    const base = withInputs(node, () => part.node) as Node & { kind: 'window' };
    const made: Node = {
      ...base,
      partition: [...node.partition.map(by), ...part.at.values()],
      order: node.order.map((o) => ({ ...o, expr: by(o.expr) })),
      calls: node.calls.map((c) => ({ ...c, args: c.args.map(by) })),
    };
    return { node: made, at: part.at };
  },
  arrayJoin(node, { out, input }) {
    const exprs = node.arrays.map((a) => a.expr);
    const part = covering(input(node.input, exprs), reads(exprs, out), out);
    const base = withInputs(node, () => part.node) as Node & { kind: 'arrayJoin' };
    const arrays = node.arrays.map((a) => ({ ...a, expr: replaceColumns(a.expr, part.at) }));
    return { node: { ...base, arrays }, at: part.at };
  },
  union: unnestSides,
  setOperation: unnestSides,
  join(node, { out, elsewhere }) {
    return unnestJoin(node, out, elsewhere);
  },
};

function unnestKeys(
  node: NodeOf<'limitBy'> | NodeOf<'distinct'>,
  { out, input }: Unnesting,
): Unnested {
  const exprs = [...(node.keys ?? [])];
  const part = covering(input(node.input, exprs), reads(exprs, out), out);
  const keys = node.keys && [
    ...node.keys.map((k) => replaceColumns(k, part.at)),
    ...part.at.values(),
  ];
  const base = withInputs(node, () => part.node) as Node & { kind: 'limitBy' | 'distinct' };
  return { node: (keys ? { ...base, keys } : base) as Node, at: part.at };
}

function unnestSides(
  node: NodeOf<'union'> | NodeOf<'setOperation'>,
  { out, needed }: Unnesting,
): Unnested {
  const sides = inputs(node).map((n): Node => {
    const part = withDomain(unnest(n, out, new Set(needed)), out);
    const own: Assigned[] = n.columns.map((column) => ({
      column: newColumn(out.ctx, column.name, column.type),
      expr: columnExpr(column),
    }));
    return project(part.node, carriedInOrder(own, part.at, out));
  });
  const added = out.params.map((p) => newColumn(out.ctx, p.name, p.type));
  const columns = [...node.columns, ...added];
  const at = new Map(
    out.params.map((p, i): [number, Expr] => [p.id, columnExpr(added[i] as Column)]),
  );
  if (node.kind === 'union') return { node: { ...node, inputs: sides, columns }, at };
  return { node: { ...node, left: sides[0] as Node, right: sides[1] as Node, columns }, at };
}

/** All params as columns, in the order of the list. */
function carriedInOrder(
  own: readonly Assigned[],
  at: Values,
  { ctx, params }: Outside,
): Assigned[] {
  const more = params.map((p) => ({
    column: newColumn(ctx, p.name, p.type),
    expr: convert(at.get(p.id) as Expr, p.type),
  }));
  return [...own, ...more];
}

function unnestJoin(node: JoinNode, out: Outside, elsewhere: ReadonlySet<number>): Unnested {
  const { join } = node;
  const conditions = exprsOf(node);
  const inConditions = reads(conditions, out);
  const above = new Set([...elsewhere, ...inConditions]);
  const [inLeft, inRight] = [free(node.left, out), free(node.right, out)];
  const left = unnest(node.left, out, new Set([...above, ...inRight]));
  const right = unnest(node.right, out, new Set([...above, ...inLeft]));
  if (join === 'full') throw notBuilt(undefined, 'A correlated subquery with FULL JOIN');
  if (join === 'right' || join === 'rightSemi' || join === 'rightAnti') {
    const whole = covering(right, [...left.at.keys(), ...inConditions], out);
    return { node: joined(join, left, whole, out, node), at: whole.at };
  }
  const inner = join === 'inner' || join === 'cross';
  const wanted = inner
    ? inConditions.filter((id) => !right.at.has(id))
    : [...right.at.keys(), ...inConditions];
  const whole = covering(left, wanted, out);
  const at = inner ? new Map([...right.at, ...whole.at]) : whole.at;
  return { node: joined(join, whole, right, out, node), at };
}
