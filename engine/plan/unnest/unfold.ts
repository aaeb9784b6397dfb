// arrayJoin(x), correlated subqueries and random calls inside expressions become nodes below them. Equal
// ones share one.

import { constantOf } from '../bind/expression/constants.ts';
import { newColumn, type Planning } from '../context.ts';
import {
  type Column,
  type CorrelatedExpr,
  callExpr,
  columnExpr,
  conjuncts,
  type Expr,
  mapParts,
  someExpr,
} from '../expression.ts';
import { type Assigned, filter, type Node, project } from '../logical.ts';
import { isRandom } from '../random-calls.ts';
import { attach, attachCondition } from './correlate.ts';

const joined = (list: readonly Expr[]): Expr =>
  list.length === 1 ? (list[0] as Expr) : callExpr('and', list, 'UInt8');

export const isCorrelated = (e: Expr): boolean => someExpr(e, (x) => x.kind === 'correlated');

export class Unfolder {
  readonly #ctx: Planning;
  readonly #seen = new Map<string, Expr>();
  #waiting: (
    | { array: Assigned }
    | { random: Assigned }
    | { subquery: CorrelatedExpr; column: Column }
  )[] = [];

  constructor(ctx: Planning) {
    this.#ctx = ctx;
  }

  /** The expression with each arrayJoin(x) replaced by the column it will be. */
  apply(expr: Expr, inLambda = false): Expr {
    const part = (e: Expr): Expr => this.apply(e, inLambda || expr.kind === 'lambda');
    if (expr.kind === 'unfold') {
      const known = this.#seen.get(expr.key);
      if (known) return known;
      const array = part(expr.expr);
      const column = newColumn(this.#ctx, 'arrayJoin', expr.type);
      this.#waiting.push({ array: { column, expr: array } });
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
      const subquery = mapParts(expr, part) as CorrelatedExpr;
      const column = newColumn(this.#ctx, 'subquery', expr.type);
      this.#waiting.push({ subquery, column });
      const replaced = columnExpr(column, expr.span);
      this.#seen.set(expr.key, replaced);
      return replaced;
    }
    // inside a lambda it is a value for each element
    if (!inLambda && isRandom(expr)) {
      const known = this.#seen.get(expr.key);
      if (known) return known;
      const column = newColumn(this.#ctx, 'random', expr.type);
      this.#waiting.push({ random: { column, expr: mapParts(expr, part) } });
      const replaced = columnExpr(column, expr.span);
      this.#seen.set(expr.key, replaced);
      return replaced;
    }
    return mapParts(expr, part);
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
    const beside = (below: Node, column: Column, expr: Expr): Node =>
      project(below, [
        ...below.columns.map((c) => ({ column: c, expr: columnExpr(c) })),
        { column, expr },
      ]);
    for (const item of this.#waiting) {
      if ('subquery' in item) {
        const made = attach(this.#ctx, node, item.subquery);
        node = beside(made.node, item.column, made.expr);
      } else if ('random' in item) {
        node = beside(node, item.random.column, item.random.expr);
      } else {
        const columns = [...node.columns, item.array.column];
        node = { kind: 'arrayJoin', input: node, arrays: [item.array], left: false, columns };
      }
    }
    this.#waiting = [];
    return node;
  }
}
