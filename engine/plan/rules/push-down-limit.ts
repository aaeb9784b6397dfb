// ORDER BY … LIMIT n sorts only as far as n rows; LIMIT over a union limits its inputs too,
// and numbers are only made as far as they are wanted.

import { type Limit, type Node, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';

function into(node: Node, most: number, ties: boolean): Node {
  switch (node.kind) {
    case 'project':
      return withInputs(node, (input) => into(input, most, ties));
    case 'sort':
      return { ...node, limit: Math.min(node.limit ?? most, most) };
    case 'numbers':
      return ties || (node.count ?? Infinity) <= most ? node : { ...node, count: most };
    case 'union': {
      if (ties) return node;
      const inputs = node.inputs.map((input): Node => {
        const inner = into(input, most, false);
        return { kind: 'limit', input: inner, limit: most, offset: 0, columns: inner.columns };
      });
      return { ...node, inputs };
    }
    default:
      return node;
  }
}

/** The row of totals is there without other rows. */
function hasTotals(node: Node): boolean {
  switch (node.kind) {
    case 'aggregate':
      return node.totals;
    case 'project':
    case 'filter':
    case 'sort':
    case 'limit':
    case 'limitBy':
    case 'distinct':
      return hasTotals(node.input);
    default:
      return false;
  }
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  if (next.kind !== 'limit' || next.limit === undefined) return next;
  if (next.limit === 0 && !hasTotals(next.input))
    return { kind: 'values', title: 'LIMIT 0', columns: next.columns, rows: [] };
  const most = next.limit + next.offset;
  if (!Number.isSafeInteger(most)) return next;
  const input = into(next.input, most, next.ties !== undefined);
  return input === next.input ? next : ({ ...next, input, columns: input.columns } satisfies Limit);
}

export const pushDownLimit: Rule = {
  name: 'push-down-limit',
  doc: 'A sort under a LIMIT keeps only the rows that are wanted',
  apply: visit,
};
