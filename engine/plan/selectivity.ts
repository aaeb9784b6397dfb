// How many rows a node gives, guessed without looking at any: what joins are ordered by. A table whose
// sorting key is one column is taken to have as many values of it as rows.

import { rowsGuess } from './estimate.ts';
import { conjuncts, type Expr, parts } from './expression.ts';
import type { Node } from './logical.ts';

const comparison = /^(less|greater)(OrEquals)?$/;

/** Share of rows for which a condition is true. */
export function share(expr: Expr): number {
  if (expr.kind === 'in') {
    const list = 'values' in expr.set ? expr.set.values.value : undefined;
    const hit = Array.isArray(list) ? Math.min(0.5, 0.04 * list.length) : 0.05;
    return expr.negated ? 1 - hit : hit;
  }
  if (expr.kind !== 'call') return 0.33;
  switch (expr.name) {
    case 'and':
      return shareOf(expr.args.flatMap(conjuncts));
    case 'or':
      return Math.min(
        1,
        expr.args.reduce((sum, e) => sum + share(e), 0),
      );
    case 'not':
      return 1 - share(expr.args[0] as Expr);
    case 'equals':
      return expr.args.some((e) => e.kind === 'literal' || e.kind === 'scalar') ? 0.05 : 0.2;
    case 'notEquals':
      return 0.9;
    case 'like':
    case 'ilike':
    case 'match':
    case 'startsWith':
      return 0.05;
    case 'notLike':
    case 'notILike':
      return 0.95;
    case 'isNull':
      return 0.1;
    case 'isNotNull':
      return 0.9;
    default:
      return 0.33;
  }
}

/** Conditions together; a lower and an upper bound of one column make a narrow range. */
export function shareOf(list: readonly Expr[]): number {
  const bounds = new Map<string, number>();
  let all = 1;
  for (const e of list) {
    const column = e.kind === 'call' && comparison.test(e.name) ? columnKey(e) : undefined;
    if (column === undefined) all *= share(e);
    else bounds.set(column, (bounds.get(column) ?? 0) + 1);
  }
  for (const count of bounds.values()) all *= count > 1 ? 0.12 : 0.4;
  return all;
}

function columnKey(e: Expr): string | undefined {
  const columns = parts(e).filter((p) => p.kind === 'column');
  return columns.length === 1 ? columns[0]?.key : undefined;
}

export function rowsEstimate(node: Node): number {
  switch (node.kind) {
    case 'scan':
      return Math.max(1, node.table.rows * (node.filter ? shareOf(conjuncts(node.filter)) : 1));
    case 'filter':
      return Math.max(1, rowsEstimate(node.input) * shareOf(conjuncts(node.predicate)));
    case 'project':
    case 'window':
      return rowsEstimate(node.input);
    case 'aggregate':
      return node.keys.length === 0 ? 1 : Math.max(1, rowsEstimate(node.input) / 5);
    case 'distinct':
      return Math.max(1, rowsEstimate(node.input) / 2);
    case 'join': {
      const [left, right] = [rowsEstimate(node.left), rowsEstimate(node.right)];
      if (node.join === 'semi' || node.join === 'anti') return Math.max(1, left / 2);
      if (node.join === 'rightSemi' || node.join === 'rightAnti') return Math.max(1, right / 2);
      if (node.join === 'cross') return left * right;
      return Math.max(left, right);
    }
    default:
      return Math.max(1, rowsGuess(node));
  }
}

/** What a column of a node is made of: how many rows its table has, and whether each has another value. */
export interface Origin {
  readonly rows: number;
  readonly unique: boolean;
}

export function originOf(node: Node, id: number): Origin | undefined {
  switch (node.kind) {
    case 'scan': {
      const at = node.columns.findIndex((c) => c.id === id);
      if (at < 0) return undefined;
      const key = node.table.sortKey;
      return { rows: node.table.rows, unique: key.length === 1 && key[0] === node.names[at] };
    }
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
      return originOf(node.input, id);
    case 'project': {
      const expr = node.items.find((i) => i.column.id === id)?.expr;
      return expr?.kind === 'column' ? originOf(node.input, expr.id) : undefined;
    }
    case 'aggregate': {
      const key = node.keys.find((k) => k.column.id === id);
      if (!key) return undefined;
      const below = key.expr.kind === 'column' ? originOf(node.input, key.expr.id) : undefined;
      return { rows: below?.rows ?? rowsEstimate(node), unique: node.keys.length === 1 };
    }
    case 'join':
      return originOf(node.left, id) ?? originOf(node.right, id);
    default:
      return undefined;
  }
}
