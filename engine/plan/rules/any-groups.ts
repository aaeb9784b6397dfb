// GROUP BY … LIMIT n without ORDER BY: any n groups will do.

import { type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';

function into(node: Node, most: number): Node {
  if (node.kind === 'project') return withInputs(node, (input) => into(input, most));
  const able = node.kind === 'aggregate' && !node.sets && !node.totals && node.keys.length > 0;
  return able ? { ...node, anyGroups: most } : node;
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  if (next.kind !== 'limit' || next.limit === undefined || next.ties) return next;
  const most = next.limit + next.offset;
  return Number.isSafeInteger(most) ? withInputs(next, (input) => into(input, most)) : next;
}

export const anyGroups: Rule = {
  name: 'any-groups',
  doc: 'An aggregation under a LIMIT without ORDER BY makes only as many groups as are wanted',
  apply: visit,
};
