// Conditions move towards the tables: through projections, keys of aggregations, sorts, unions and
// the sides of joins, and at last into the scan, where statistics and codes can answer them.

import {
  callExpr,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
  replaceColumns,
} from '../expression.ts';
import { filter, type Node, type NodeOf, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { isRandom, isVolatile } from '../random-calls.ts';

export function joined(list: readonly Expr[]): Expr {
  return list.length === 1 ? (list[0] as Expr) : callExpr('and', list, 'UInt8');
}

export function filtered(node: Node, list: readonly Expr[]): Node {
  return list.length === 0 ? node : filter(node, joined(list));
}

const within = (expr: Expr, ids: ReadonlySet<number>): boolean => {
  for (const id of columnsOf(expr)) if (!ids.has(id)) return false;
  return true;
};
const idsOf = (node: Node): Set<number> => new Set(node.columns.map((c) => c.id));

/** Puts `list` as deep as it may go below `node`. */
function push(node: Node, list: readonly Expr[]): Node {
  if (list.length === 0) return visit(node);
  const fixed = list.filter(isVolatile);
  const free = list.filter((e) => !fixed.includes(e));
  if (fixed.length > 0) return filtered(push(node, free), fixed);
  const pusher = pushers[node.kind] as ((node: Node, list: readonly Expr[]) => Node) | undefined;
  return pusher ? pusher(node, list) : filtered(withInputs(node, visit), list);
}

/** Conditions stay above all other kinds. */
const pushers: { [K in Node['kind']]?: (node: NodeOf<K>, list: readonly Expr[]) => Node } = {
  filter(node, list) {
    return push(node.input, [...conjuncts(node.predicate), ...list]);
  },
  scan(node, list) {
    const all = [...(node.filter ? conjuncts(node.filter) : []), ...list];
    const scalarFree = all.filter((e) => e.kind !== 'literal');
    return scalarFree.length === 0 ? filtered(node, list) : { ...node, filter: joined(all) };
  },
  project(node, list) {
    const unsteady = node.items.filter((i) => isVolatile(i.expr));
    // random values do not depend on the rows around them
    const movable = unsteady.every((i) => isRandom(i.expr))
      ? list.filter((e) => !unsteady.some((i) => columnsOf(e).has(i.column.id)))
      : [];
    const by = new Map(node.items.map((i) => [i.column.id, i.expr]));
    const input = push(
      node.input,
      movable.map((e) => replaceColumns(e, by)),
    );
    return filtered(
      { ...node, input },
      list.filter((e) => !movable.includes(e)),
    );
  },
  aggregate(node, list) {
    const keys = new Set(node.keys.map((k) => k.column.id));
    const movable =
      node.sets || node.totals || node.keys.length === 0
        ? []
        : list.filter((e) => columnsOf(e).size > 0 && within(e, keys));
    const rest = list.filter((e) => !movable.includes(e));
    const by = new Map(node.keys.map((k) => [k.column.id, k.expr]));
    const input = push(
      node.input,
      movable.map((e) => replaceColumns(e, by)),
    );
    return filtered({ ...node, input }, rest);
  },
  sort(node, list) {
    if (node.limit !== undefined) return filtered(withInputs(node, visit), list);
    return withInputs(node, (input) => push(input, list));
  },
  distinct(node, list) {
    const keys = node.keys && new Set(node.keys.flatMap((k) => [...columnsOf(k)]));
    const movable = keys ? list.filter((e) => within(e, keys)) : list;
    const rest = list.filter((e) => !movable.includes(e));
    return filtered(
      withInputs(node, (input) => push(input, movable)),
      rest,
    );
  },
  union(node, list) {
    const inputs = node.inputs.map((input) => {
      const by = new Map(node.columns.map((c, i) => [c.id, columnExpr(input.columns[i] as never)]));
      return push(
        input,
        list.map((e) => replaceColumns(e, by)),
      );
    });
    return { ...node, inputs };
  },
  arrayJoin(node, list) {
    const input = idsOf(node.input);
    const movable = list.filter((e) => within(e, input));
    const rest = list.filter((e) => !movable.includes(e));
    return filtered(
      withInputs(node, (n) => push(n, movable)),
      rest,
    );
  },
  join(node, list) {
    const { join } = node;
    const [left, right] = [idsOf(node.left), idsOf(node.right)];
    const intoLeft = ['inner', 'cross', 'left', 'semi', 'anti', 'asof', 'asofLeft'].includes(join);
    const intoRight =
      ['inner', 'cross', 'right', 'rightSemi', 'rightAnti'].includes(join) &&
      node.strictness === 'all';
    const toLeft =
      intoLeft && (node.strictness === 'all' || join !== 'inner')
        ? list.filter((e) => within(e, left))
        : [];
    const toRight = intoRight ? list.filter((e) => !toLeft.includes(e) && within(e, right)) : [];
    const rest = list.filter((e) => !toLeft.includes(e) && !toRight.includes(e));
    return filtered(
      { ...node, left: push(node.left, toLeft), right: push(node.right, toRight) },
      rest,
    );
  },
};

function visit(node: Node): Node {
  if (node.kind === 'filter') return push(node.input, conjuncts(node.predicate));
  return withInputs(node, visit);
}

export const pushDownFilter: Rule = {
  name: 'push-down-filter',
  doc: 'Conditions move towards the tables they are about',
  apply: visit,
};
