// arrayJoin(x) inside expressions becomes a node below them. Equal calls share one.

import { newColumn, type Planning } from './context.ts';
import { columnExpr, type Expr, mapParts } from './expression.ts';
import type { Assigned, Node } from './logical.ts';

export class Unfolder {
  readonly #ctx: Planning;
  readonly #seen = new Map<string, Expr>();
  #waiting: Assigned[] = [];

  constructor(ctx: Planning) {
    this.#ctx = ctx;
  }

  /** The expression with each arrayJoin(x) replaced by the column it will be. */
  apply(expr: Expr): Expr {
    if (expr.kind === 'unfold') {
      const known = this.#seen.get(expr.key);
      if (known) return known;
      const array = this.apply(expr.expr);
      const column = newColumn(this.#ctx, 'arrayJoin', expr.type);
      this.#waiting.push({ column, expr: array });
      const replaced = columnExpr(column, expr.span);
      this.#seen.set(expr.key, replaced);
      return replaced;
    }
    return mapParts(expr, (part) => this.apply(part));
  }

  /** The node under all arrays that `apply` has met since the last time. */
  over(input: Node): Node {
    let node = input;
    for (const array of this.#waiting) {
      const columns = [...node.columns, array.column];
      node = { kind: 'arrayJoin', input: node, arrays: [array], left: false, columns };
    }
    this.#waiting = [];
    return node;
  }
}
