// GROUP BY in all its forms. The expressions of SELECT, HAVING and ORDER BY are bound first, with the
// aggregate calls inside them; `rewrite` then turns them into expressions over the groups.

import type { Expression, Select } from '../../../sql/index.ts';
import { failAt, newColumn, notBuilt } from '../context.ts';
import {
  type AggregateExpr,
  type Column,
  columnExpr,
  type Expr,
  literalExpr,
  mapParts,
  parts,
  someExpr,
} from '../expression.ts';
import type { AggregateItem, Assigned, Node } from '../logical.ts';
import { isVolatile } from '../random-calls.ts';
import { isNullable, nullableType } from '../types.ts';
import type { Unfolder } from '../unnest/unfold.ts';
import { ofRows } from './conditions.ts';
import { constantOf } from './expression/constants.ts';
import { bindExpression } from './expression/index.ts';
import { convert, resolveCall } from './expression/resolve-call.ts';
import type { Scope } from './scope.ts';
import { type Item, positional } from './select-list.ts';

export interface Aggregation {
  node: Node;
  aggregated: boolean;
  rewrite: (expr: Expr) => Expr;
}

const setsMax = 4096;

export function bindAggregation(
  ast: Select,
  items: readonly Item[],
  scope: Scope,
  input: Node,
  unfold: Unfolder,
): Aggregation {
  const { ctx } = scope;
  const all = [
    ...items.map((item) => item.expr()),
    ...(ast.having ? [bindExpression(ast.having, scope)] : []),
    ...(ast.qualify ? [bindExpression(ast.qualify, scope)] : []),
    ...(ast.orderBy && !ast.orderBy.all
      ? ast.orderBy.items.map(
          (o) => positional(o.expr, items, scope)?.expr() ?? bindExpression(o.expr, scope),
        )
      : []),
  ];
  const calls = new Map<string, AggregateExpr>();
  for (const expr of all) collect(expr, calls);
  for (const by of [...(ast.limitBy?.by ?? []), ...(ast.distinctOn ?? [])])
    collect(bindExpression(by, scope), calls);
  const grouped = ast.groupBy !== undefined || ast.totals;
  if (!grouped) for (const expr of all) refuseGrouping(expr);
  if (!grouped && calls.size === 0) return { node: input, aggregated: false, rewrite: (e) => e };

  const written = ast.groupBy;
  if (written?.levels) throw notBuilt(written.span, `${written.mode} WITH ${written.levels}`);
  const bare = !written || (/^(ROLLUP|CUBE)$/.test(written.mode) && written.items.length === 0);
  if (bare && calls.size === 0) {
    const text = 'WITH TOTALS, ROLLUP or CUBE without an aggregation';
    throw failAt(ast.span, 'NOT_IMPLEMENTED', `${text} is not supported`);
  }
  const bound = bindKeys(ast, items, scope, all, calls.size > 0);
  // As in ClickHouse: without aggregates the empty grouping set gives no row.
  const sets =
    calls.size > 0 || ast.groupBy?.mode !== 'GROUPING SETS'
      ? bound.sets
      : bound.sets?.filter((set) => set.length > 0);
  // Keys that are all constant make one group: it is there without rows if the setting says so.
  const constantIsEmpty = ctx.settings.bool(
    'empty_result_for_aggregation_by_constant_keys_on_empty_set',
  );
  const constantKeys =
    sets === undefined &&
    !constantIsEmpty &&
    bound.keys.every((key) => constantOf(ctx, key) !== undefined);
  const listsSets = ast.groupBy?.mode === 'GROUPING SETS';
  const named = ast.groupBy?.sets?.some((set) => set.length > 0) ?? false;
  const constantSets = constantIsEmpty && named && bound.keys.length === 0;
  const keys = constantKeys ? [] : bound.keys;
  if (ast.totals && sets && (ast.having || ast.groupBy?.mode === 'GROUPING SETS')) {
    const what = ast.having
      ? 'WITH TOTALS and HAVING beside ROLLUP or CUBE'
      : 'WITH TOTALS of GROUPING SETS';
    throw notBuilt(ast.groupBy?.span, what);
  }
  const totalsOfAll = ctx.settings.text('totals_mode') === 'before_having';
  const useNulls = sets !== undefined && ctx.settings.bool('group_by_use_nulls');
  const assigned: Assigned[] = keys.map((key) => {
    const expr = unfold.apply(key);
    const type = useNulls ? nullableType(expr.type) : expr.type;
    const name = expr.kind === 'column' ? expr.name : 'key';
    return { column: newColumn(ctx, name, type), expr: convert(expr, type) };
  });
  const aggregates: AggregateItem[] = [...calls.values()].map((call) => ({
    column: newColumn(ctx, call.name, call.type),
    name: call.name,
    params: call.params,
    args: call.args.map((arg) => unfold.apply(arg)),
  }));
  const setColumn = sets ? newColumn(ctx, '__set', 'UInt64') : undefined;
  const node: Node = {
    kind: 'aggregate',
    input: unfold.over(input),
    keys: assigned,
    aggregates,
    totals: ast.totals,
    ...(ast.totals && totalsOfAll ? { totalsOfAll } : {}),
    ...(ast.totals && useNulls ? { widenedKeys: widened(keys) } : {}),
    emptyIfNoRows:
      (ast.groupBy !== undefined && !constantKeys && (!listsSets || constantSets)) ||
      ctx.settings.bool('empty_result_for_aggregation_by_empty_set'),
    ...(sets ? { sets } : {}),
    ...(setColumn ? { setColumn } : {}),
    columns: [
      ...assigned.map((k) => k.column),
      ...aggregates.map((a) => a.column),
      ...(setColumn ? [setColumn] : []),
    ],
  };
  const byKey = new Map<string, Column>();
  for (const [i, key] of keys.entries()) byKey.set(key.key, (assigned[i] as Assigned).column);
  const byCall = new Map(
    [...calls.keys()].map((key, i) => [key, (aggregates[i] as AggregateItem).column]),
  );
  const rewrite = rewriter(scope, byKey, byCall, keys, sets, setColumn);
  return { node, aggregated: true, rewrite };
}

/** Places of keys whose own type has no NULL. */
const widened = (keys: readonly Expr[]): number[] =>
  keys.flatMap((key, i) => (isNullable(key.type) ? [] : [i]));

function collect(expr: Expr, into: Map<string, AggregateExpr>): void {
  if (expr.kind === 'aggregate') into.set(expr.key, expr);
  else for (const part of parts(expr)) collect(part, into);
}

interface Keys {
  keys: Expr[];
  sets?: number[][];
}

function bindKeys(
  ast: Select,
  items: readonly Item[],
  scope: Scope,
  all: readonly Expr[],
  aggregated: boolean,
): Keys {
  const { groupBy } = ast;
  if (!groupBy) return { keys: [] };
  const keys: Expr[] = [];
  const index = new Map<string, number>();
  const add = (written: Expr): number => {
    const expr = ast.totals && groupBy.mode === 'LIST' ? withoutInjection(written) : written;
    const known = index.get(expr.key);
    if (known !== undefined) return known;
    index.set(expr.key, keys.length);
    return keys.push(expr) - 1;
  };
  const leveled = /^(ROLLUP|CUBE|GROUPING SETS)$/.test(groupBy.mode);
  const bindKey = (e: Expression, inTuple = false): number[] => {
    const item = inTuple ? undefined : positional(e, items, scope);
    if (!item && e.kind === 'Tuple') return e.items.flatMap((part) => bindKey(part, true));
    const expr = item?.expr() ?? bindExpression(e, scope);
    ofRows(expr, 'GROUP BY');
    // As in ClickHouse: beside aggregates constants make no levels, and nothing but constants makes one group.
    if (leveled && aggregated && constantOf(scope.ctx, expr)) return [];
    // Each element of a tuple is a level of its own, and has a default of its own in the row of totals.
    const apart = /^(ROLLUP|CUBE)$/.test(groupBy.mode) || (ast.totals && groupBy.mode === 'LIST');
    if (!apart || expr.kind !== 'call' || expr.name !== 'tuple') return [add(expr)];
    const changing = expr.args.filter((arg) => !constantOf(scope.ctx, arg));
    return (groupBy.mode === 'LIST' && changing.length === 0 ? [expr] : changing).map(add);
  };
  if (groupBy.mode === 'ALL') {
    for (const expr of all.slice(0, items.length)) for (const part of keysOf(expr)) add(part);
    return { keys };
  }
  if (groupBy.mode === 'GROUPING SETS') {
    const sets = (groupBy.sets ?? []).map((set) => set.flatMap((key) => bindKey(key)));
    return { keys, sets };
  }
  // As in ClickHouse, a key that stands twice is one level.
  const written = [...new Set(groupBy.items.flatMap((key) => bindKey(key)))];
  if (keys.length === 0) return { keys };
  if (ast.totals && groupBy.mode === 'LIST') return { keys: undecided(keys) };
  if (groupBy.mode === 'ROLLUP') {
    const sets = Array.from({ length: written.length + 1 }, (_, i) =>
      written.slice(0, written.length - i),
    );
    return { keys, sets };
  }
  if (groupBy.mode === 'CUBE') {
    const count = 2 ** written.length;
    if (count > setsMax)
      throw failAt(
        groupBy.span,
        'TOO_MANY_COLUMNS',
        `CUBE of ${written.length} keys makes more than ${setsMax} groupings`,
      );
    const sets = Array.from({ length: count }, (_, mask) =>
      written.filter((_k, i) => !((mask >> i) & 1)),
    );
    return { keys, sets };
  }
  return { keys };
}

/** Keys that others do not decide: beside k, the row of totals shows f(k) of k's default, as in ClickHouse. */
function undecided(keys: Expr[]): Expr[] {
  const rest = [...keys];
  for (const key of keys) {
    const others = new Set(rest.filter((other) => other !== key).map((other) => other.key));
    const decided = (expr: Expr): boolean =>
      others.has(expr.key) ||
      (expr.kind !== 'column' && expr.kind !== 'lambda' && parts(expr).every(decided));
    if (rest.length > 1 && !isVolatile(key) && decided(key)) rest.splice(rest.indexOf(key), 1);
  }
  return rest;
}

const injections =
  /^(toString|negate|bitNot|reverse|reverseUTF8|hex|bin|IPv[46]NumToString|UUIDNumToString|MACNumToString)$/;

/** toString(k) makes the same groups as k, whose default is what the row of totals shows then. */
function withoutInjection(expr: Expr): Expr {
  const [arg] = expr.kind === 'call' ? expr.args : [];
  const injective = expr.kind === 'call' && injections.test(expr.name);
  if (!injective || expr.args.length !== 1 || !arg) return expr;
  return arg.kind === 'column' || arg.kind === 'call' ? withoutInjection(arg) : expr;
}

function refuseGrouping(expr: Expr): void {
  someExpr(expr, (e) => {
    if (e.kind !== 'grouping') return false;
    throw failAt(e.span, 'ILLEGAL_AGGREGATION', 'grouping() is found in a SELECT without GROUP BY');
  });
}

/** GROUP BY ALL: what an item holds outside its aggregates. */
function keysOf(expr: Expr): Expr[] {
  if (!someExpr(expr, (e) => e.kind === 'aggregate' || e.kind === 'window')) return [expr];
  if (expr.kind === 'aggregate') return [];
  return parts(expr)
    .filter((p) => p.kind !== 'literal')
    .flatMap(keysOf);
}

function rewriter(
  scope: Scope,
  byKey: ReadonlyMap<string, Column>,
  byCall: ReadonlyMap<string, Column>,
  keys: readonly Expr[],
  sets: readonly (readonly number[])[] | undefined,
  setColumn: Column | undefined,
): (expr: Expr) => Expr {
  const memo = new Map<string, Expr>();
  const visit = (expr: Expr, params: ReadonlySet<number>): Expr => {
    const key = byKey.get(expr.key);
    if (key && expr.kind !== 'literal') return columnExpr(key, expr.span);
    if (expr.kind === 'aggregate') {
      const column = byCall.get(expr.key);
      if (!column) throw new Error(`plan: aggregate ${expr.name} was not collected`);
      return columnExpr(column, expr.span);
    }
    if (expr.kind === 'grouping') return grouping(scope, expr, keys, sets, setColumn);
    if (expr.kind === 'column') {
      if (params.has(expr.id) || expr.outer) return expr;
      throw failAt(
        expr.span,
        'NOT_AN_AGGREGATE',
        `Column \`${expr.name}\` is not under an aggregate function and not in GROUP BY keys`,
        { hint: `Add ${expr.name} to GROUP BY, or take any(${expr.name})` },
      );
    }
    if (expr.kind === 'lambda') {
      const inner = new Set([...params, ...expr.params.map((p) => p.id)]);
      return mapParts(expr, (part) => visit(part, inner));
    }
    return retyped(
      mapParts(expr, (part) => visit(part, params)),
      expr,
      scope,
    );
  };
  const none = new Set<number>();
  return (expr) => {
    const known = memo.get(expr.key);
    if (known) return known;
    const result = visit(expr, none);
    memo.set(expr.key, result);
    return result;
  };
}

/** With group_by_use_nulls keys have become Nullable, and so do the expressions around them. */
function retyped(expr: Expr, before: Expr, scope: Scope): Expr {
  if (expr === before) return expr;
  const span = expr.span ?? scope.span;
  const was = parts(before);
  if (parts(expr).every((part, i) => part.type === was[i]?.type)) return expr;
  if (expr.kind === 'call') return resolveCall(scope, expr.name, expr.args, span);
  if (expr.kind !== 'in' || scope.ctx.settings.bool('transform_null_in')) return expr;
  const isNull = resolveCall(scope, 'isNull', [expr.expr], span);
  return resolveCall(scope, 'if', [isNull, literalExpr('Nullable(Nothing)', null), expr], span);
}

/** grouping(a, b): a bit for each argument, 1 where it is not in the row's set. */
function grouping(
  scope: Scope,
  expr: Expr & { kind: 'grouping' },
  keys: readonly Expr[],
  sets: readonly (readonly number[])[] | undefined,
  setColumn: Column | undefined,
): Expr {
  const span = expr.span ?? scope.span;
  const positions = expr.args.map((arg) => {
    const at = keys.findIndex((k) => k.key === arg.key);
    if (at < 0)
      throw failAt(
        arg.span ?? span,
        'BAD_ARGUMENTS',
        'Arguments of grouping() must be keys of GROUP BY',
      );
    return at;
  });
  if (!sets || !setColumn) return literalExpr('UInt64', '0', span);
  // The bits of SQL say which keys the set lacks; those of ClickHouse's first versions, which it has.
  const marked = !scope.ctx.settings.bool('force_grouping_standard_compatibility');
  const masks = sets.map((set) =>
    positions.reduce(
      (mask, p, i) =>
        set.includes(p) === marked ? mask | (1n << BigInt(positions.length - 1 - i)) : mask,
      0n,
    ),
  );
  const array = literalExpr('Array(UInt64)', masks.map(String), span);
  const next = resolveCall(scope, 'plus', [columnExpr(setColumn), literalExpr('UInt8', '1')], span);
  return resolveCall(scope, 'arrayElement', [array, next], span);
}
