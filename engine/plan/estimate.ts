// How many rows a node may give: an upper bound where there is one, and a guess for EXPLAIN.

import type { Node } from './logical.ts';

/** No more rows than this can come; undefined when nobody knows. */
export function rowsMax(node: Node): number | undefined {
  switch (node.kind) {
    case 'one':
      return 1;
    case 'scan':
      return node.table.rows;
    case 'numbers':
      return node.count;
    case 'values':
      return node.written ? undefined : node.rows.length;
    case 'files':
    case 'batch':
    case 'shared':
    case 'recursive':
    case 'working':
    case 'arrayJoin':
    case 'fill':
      return undefined;
    case 'filter':
    case 'project':
    case 'window':
    case 'limitBy':
    case 'distinct':
      return rowsMax(node.input);
    case 'aggregate':
      if (node.sets) return undefined;
      return node.keys.length === 0 ? 1 : rowsMax(node.input);
    case 'sort':
      return least(rowsMax(node.input), node.withTies ? undefined : node.limit);
    case 'limit':
      return least(rowsMax(node.input), node.ties ? undefined : node.limit);
    case 'union': {
      let sum = 0;
      for (const input of node.inputs) {
        const rows = rowsMax(input);
        if (rows === undefined) return undefined;
        sum += rows;
      }
      return sum;
    }
    case 'setOperation':
      return rowsMax(node.left);
    case 'join': {
      if (node.join === 'semi' || node.join === 'anti') return rowsMax(node.left);
      const left = rowsMax(node.left);
      const right = rowsMax(node.right);
      return left === undefined || right === undefined ? undefined : left * right + left + right;
    }
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

/** A guess, for people: a condition keeps a third, a grouping a tenth. */
export function rowsGuess(node: Node): number {
  switch (node.kind) {
    case 'scan':
      return node.filter ? Math.ceil(node.table.rows / 3) : node.table.rows;
    case 'filter':
      return Math.ceil(rowsGuess(node.input) / 3);
    case 'aggregate':
      return node.keys.length === 0 ? 1 : Math.ceil(rowsGuess(node.input) / 10);
    case 'join':
      if (node.join === 'cross') return rowsGuess(node.left) * rowsGuess(node.right);
      return Math.max(rowsGuess(node.left), rowsGuess(node.right));
    case 'union':
      return node.inputs.reduce((sum, input) => sum + rowsGuess(input), 0);
    case 'sort':
    case 'limit':
      return Math.min(rowsGuess(node.input), node.limit ?? Number.POSITIVE_INFINITY);
    case 'project':
    case 'window':
    case 'limitBy':
    case 'distinct':
    case 'fill':
      return rowsGuess(node.input);
    case 'arrayJoin':
      return rowsGuess(node.input) * 3;
    case 'setOperation':
      return rowsGuess(node.left);
    default:
      return rowsMax(node) ?? 0;
  }
}
