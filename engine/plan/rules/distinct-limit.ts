// SELECT DISTINCT … LIMIT n stops when n rows are found.

import { type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';

function into(node: Node, most: number): Node {
  if (node.kind === 'project') return withInputs(node, (input) => into(input, most));
  if (node.kind === 'distinct') return { ...node, limit: Math.min(node.limit ?? most, most) };
  return node;
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  if (next.kind !== 'limit' || next.limit === undefined || next.ties) return next;
  const most = next.limit + next.offset;
  return Number.isSafeInteger(most) ? withInputs(next, (input) => into(input, most)) : next;
}

export const distinctLimit: Rule = {
  name: 'distinct-limit',
  doc: 'DISTINCT under a LIMIT stops when it has enough rows',
  apply: visit,
};
