// arrayJoin(x) and correlated subqueries inside expressions become nodes below them. Equal ones share one.

import { constantOf } from './constants.ts';
import { newColumn, type Planning } from './context.ts';
import { attach, attachCondition } from './correlate.ts';
import {
  type Column,
  type CorrelatedExpr,
  callExpr,
  columnExpr,
  conjuncts,
  type Expr,
  mapParts,
  someExpr,
} from './expression.ts';
import { type Assigned, filter, type Node, project } from './logical.ts';

const joined = (list: readonly Expr[]): Expr =>
  list.length === 1 ? (list[0] as Expr) : callExpr('and', list, 'UInt8');

export const isCorrelated = (e: Expr): boolean => someExpr(e, (x) => x.kind === 'correlated');

export class Unfolder {
  readonly #ctx: Planning;
  readonly #seen = new Map<string, Expr>();
  #waiting: (Assigned | { subquery: CorrelatedExpr; column: Column })[] = [];

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
      const values = constantOf(this.#ctx, array)?.value;
      this.#ctx.valueSets ??= new Map();
      if (Array.isArray(values)) this.#ctx.valueSets.set(column.id, values);
      const replaced = columnExpr(column, expr.span);
      this.#seen.set(expr.key, replaced);
      return replaced;
    }
    if (expr.kind === 'correlated') {
      const known = this.#seen.get(expr.key);
      if (known) return known;
      const subquery = mapParts(expr, (part) => this.apply(part)) as CorrelatedExpr;
      const column = newColumn(this.#ctx, 'subquery', expr.type);
      this.#waiting.push({ subquery, column });
      const replaced = columnExpr(column, expr.span);
      this.#seen.set(expr.key, replaced);
      return replaced;
    }
    return mapParts(expr, (part) => this.apply(part));
  }

  /** The rows of `input` that pass the conditions. */
  filtered(input: Node, conditions: readonly Expr[]): Node {
    const list = conditions.flatMap(conjuncts);
    const alone = list.filter((e) => isCorrelated(e) && !someExpr(e, (x) => x.kind === 'unfold'));
    const plain: Expr[] = [];
    const semi: Expr[] = [];
    for (const e of list) {
      if (alone.includes(e) && attachCondition(this.#ctx, input, e)) semi.push(e);
      else plain.push(this.apply(e));
    }
    let node = this.over(input);
    if (plain.length > 0) node = filter(node, joined(plain));
    for (const e of semi) node = attachCondition(this.#ctx, node, e) ?? node;
    return node;
  }

  /** The node under all arrays that `apply` has met since the last time. */
  over(input: Node): Node {
    let node = input;
    for (const array of this.#waiting) {
      if ('subquery' in array) {
        const made = attach(this.#ctx, node, array.subquery);
        const pass = made.node.columns.map((column) => ({ column, expr: columnExpr(column) }));
        node = project(made.node, [...pass, { column: array.column, expr: made.expr }]);
        continue;
      }
      const columns = [...node.columns, array.column];
      node = { kind: 'arrayJoin', input: node, arrays: [array], left: false, columns };
    }
    this.#waiting = [];
    return node;
  }
}
