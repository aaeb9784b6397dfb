// The ordered list of rewriting rules. Each takes a plan and gives one with the same rows; each can
// be switched off by name with the setting `optimizer_rules_off`.

import type { Planning } from './context.ts';
import type { Node } from './logical.ts';
import { anyGroups } from './rules/any-groups.ts';
import { crossToInner } from './rules/cross-to-inner.ts';
import { distinctLimit } from './rules/distinct-limit.ts';
import { dropGroupKeys } from './rules/drop-group-keys.ts';
import { foldConditions } from './rules/fold-conditions.ts';
import { forceIndex } from './rules/force-index.ts';
import { groupBeforeJoin } from './rules/group-before-join.ts';
import { joinOrder } from './rules/join-order.ts';
import { outerToInner, turnSemi } from './rules/join-sides.ts';
import { mergeProjects } from './rules/merge-projects.ts';
import { narrowNumbers } from './rules/narrow-numbers.ts';
import { pickOrder } from './rules/pick-order.ts';
import { pickRollup } from './rules/pick-rollup.ts';
import { pruneColumns } from './rules/prune-columns.ts';
import { pushDownFilter } from './rules/push-down-filter.ts';
import { pushDownLimit } from './rules/push-down-limit.ts';
import { shareSubexpressions } from './rules/share-subexpressions.ts';
import { sumOfShifted } from './rules/sum-of-shifted.ts';

export interface Rule {
  readonly name: string;
  readonly doc: string;
  readonly apply: (node: Node, ctx: Planning) => Node;
}

export const rules: readonly Rule[] = [
  mergeProjects,
  foldConditions,
  pushDownFilter,
  outerToInner,
  crossToInner,
  joinOrder,
  {
    ...pushDownFilter,
    name: 'push-down-filter-again',
    doc: 'push-down-filter after joins are made',
  },
  turnSemi,
  narrowNumbers,
  dropGroupKeys,
  pickRollup,
  sumOfShifted,
  {
    ...mergeProjects,
    name: 'merge-projects-again',
    doc: 'merge-projects after aggregations changed',
  },
  groupBeforeJoin,
  shareSubexpressions,
  pruneColumns,
  pickOrder,
  pushDownLimit,
  distinctLimit,
  anyGroups,
  forceIndex,
];

/** Runs the list; `applied` collects the names of the rules that changed something. */
export function optimize(node: Node, ctx: Planning, applied?: Set<string>): Node {
  const off = new Set(
    ctx.settings
      .text('optimizer_rules_off')
      .split(',')
      .map((s) => s.trim()),
  );
  let plan = node;
  for (const rule of rules) {
    if (off.has(rule.name)) continue;
    const next = rule.apply(plan, ctx);
    if (next !== plan) applied?.add(rule.name.replace(/-again$/, ''));
    plan = next;
  }
  return plan;
}
