// Joins that subqueries have become. A value that a condition compares is never NULL: its left join is an inner
// one. A semi join whose right side is the larger one marks rows of the left side instead.

import { columnsOf, conjuncts, type Expr } from '../expression.ts';
import { type JoinNode, type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { rowsEstimate } from '../selectivity.ts';

const strict =
  /^(equals|notEquals|less|lessOrEquals|greater|greaterOrEquals|plus|minus|multiply|divide|negate|and)$/;

/** Whether the condition is not true where the column is NULL. */
function refusesNull(e: Expr, id: number): boolean {
  if (e.kind === 'column') return e.id === id;
  if (e.kind === 'cast') return e.type.startsWith('Nullable(') && refusesNull(e.expr, id);
  return e.kind === 'call' && strict.test(e.name) && e.args.some((a) => refusesNull(a, id));
}

function innerOf(join: JoinNode, conditions: readonly Expr[]): JoinNode {
  const { unique } = join;
  if (join.join !== 'left' || unique === undefined) return join;
  const used = conditions.some((e) => columnsOf(e).has(unique) && refusesNull(e, unique));
  return used ? { ...join, join: 'inner', strictness: 'all' } : join;
}

function inner(node: Node): Node {
  const next = withInputs(node, inner);
  if (next.kind !== 'filter' || next.input.kind !== 'join') return next;
  const join = innerOf(next.input, conjuncts(next.predicate));
  return join === next.input ? next : { ...next, input: join };
}

export const outerToInner: Rule = {
  name: 'outer-to-inner',
  doc: 'The value of a correlated subquery that a condition compares is joined by an inner join',
  apply: inner,
};

function turned(node: Node): Node {
  const next = withInputs(node, turned);
  if (next.kind !== 'join' || !next.rightUnread) return next;
  if (next.join !== 'semi' && next.join !== 'anti') return next;
  const [left, right] = [rowsEstimate(next.left), rowsEstimate(next.right)];
  if (right < 10_000 || right < left * 1.5) return next;
  return {
    ...next,
    left: next.right,
    right: next.left,
    leftKeys: next.rightKeys,
    rightKeys: next.leftKeys,
    join: next.join === 'semi' ? 'rightSemi' : 'rightAnti',
    columns: [...next.right.columns, ...next.left.columns],
  };
}

export const turnSemi: Rule = {
  name: 'turn-semi',
  doc: 'EXISTS over a large table marks the rows of the smaller side',
  apply: turned,
};
