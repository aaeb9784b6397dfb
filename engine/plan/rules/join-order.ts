// A chain of inner joins is joined smallest result first, whatever the order it was written in; of two sides
// the smaller one is built. Tables without many rows stay as they were written.

import { supertype } from '../bind/common-type.ts';
import { convert } from '../bind/expression/resolve-call.ts';
import type { Planning } from '../context.ts';
import {
  type Column,
  callExpr,
  columnExpr,
  columnsOf,
  conjuncts,
  type Expr,
} from '../expression.ts';
import { filter, type JoinNode, type Node, project, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { isVolatile } from '../random-calls.ts';
import { originOf, rowsEstimate, shareOf } from '../selectivity.ts';
import { common, perTable } from './factor-or.ts';

/** Below so many rows in all tables together the order does not matter. */
const rowsWorth = 20_000;
const tablesMax = 40;

interface Part {
  node: Node;
  ids: Set<number>;
  rows: number;
  /** Of the tables in it. */
  tables: number[];
}
interface Equality {
  a: Expr;
  b: Expr;
  /** Tables that the sides are of. */
  at: [number, number];
}

const isInner = (node: Node): node is JoinNode =>
  node.kind === 'join' &&
  (node.join === 'inner' || node.join === 'cross') &&
  node.strictness === 'all' &&
  !node.asof;

/** The tables of a chain of inner joins and all their conditions. */
function flatten(node: Node, tables: Node[], conditions: Expr[]): void {
  if (isInner(node)) {
    flatten(node.left, tables, conditions);
    flatten(node.right, tables, conditions);
    node.leftKeys.forEach((l, i) => {
      conditions.push(callExpr('equals', [l, node.rightKeys[i] as Expr], 'UInt8'));
    });
    if (node.residual) conditions.push(...conjuncts(node.residual));
    return;
  }
  if (node.kind === 'filter' && isInner(through(node.input)) && !isVolatile(node.predicate)) {
    conditions.push(...conjuncts(node.predicate));
    flatten(node.input, tables, conditions);
    return;
  }
  const inner = through(node);
  if (inner !== node && isInner(inner)) flatten(inner, tables, conditions);
  else tables.push(node);
}

/** What lies under projections that only pass columns on. */
function through(node: Node): Node {
  let at = node;
  while (
    at.kind === 'project' &&
    at.items.every((i) => i.expr.kind === 'column' && i.expr.id === i.column.id)
  ) {
    at = at.input;
  }
  return at;
}

const and = (list: readonly Expr[]): Expr =>
  list.length === 1 ? (list[0] as Expr) : callExpr('and', list, 'UInt8');
const filtered = (node: Node, list: readonly Expr[]): Node =>
  list.length === 0 ? node : filter(node, and(list));

/** A column below conversions. */
function plainId(e: Expr): number | undefined {
  let at = e;
  while (at.kind === 'cast') at = at.expr;
  return at.kind === 'column' ? at.id : undefined;
}

class Chain {
  readonly #ctx: Planning;
  readonly #tables: readonly Node[];
  readonly #equalities: Equality[] = [];
  /** Values that the columns of each class of equal columns have. */
  readonly #classes = new Map<number, { ids: number[]; values: number | undefined }>();
  #left: Expr[] = [];
  #parts: Part[];

  constructor(ctx: Planning, tables: readonly Node[], conditions: readonly Expr[]) {
    this.#ctx = ctx;
    const sets = tables.map((t) => new Set(t.columns.map((c) => c.id)));
    const tableOf = (e: Expr): number | undefined => {
      const used = [...columnsOf(e)];
      const at = sets.findIndex((s) => used.length > 0 && used.every((id) => s.has(id)));
      return at < 0 ? undefined : at;
    };
    const split = conditions.flatMap(common);
    const all = [...split, ...split.flatMap((e) => perTable(e, tableOf))];
    const own: Expr[][] = tables.map(() => []);
    for (const e of all) {
      const at = tableOf(e);
      if (at !== undefined) own[at]?.push(e);
      else if (!this.#takeEquality(e, tableOf)) this.#left.push(e);
    }
    this.#tables = tables.map((t, i) => filtered(t, own[i] as Expr[]));
    this.#parts = this.#tables.map((node, i) => ({
      node,
      ids: sets[i] as Set<number>,
      rows: rowsEstimate(node),
      tables: [i],
    }));
    for (const { a, b, at } of this.#equalities) this.#unite(a, b, at);
  }

  #takeEquality(e: Expr, tableOf: (e: Expr) => number | undefined): boolean {
    if (e.kind !== 'call' || e.name !== 'equals' || e.args.length !== 2) return false;
    const [a, b] = e.args as [Expr, Expr];
    const at: [number | undefined, number | undefined] = [tableOf(a), tableOf(b)];
    if (at[0] === undefined || at[1] === undefined) return false;
    const type = supertype(this.#ctx, [a.type, b.type]);
    if (type === undefined) return false;
    this.#equalities.push({ a: convert(a, type), b: convert(b, type), at: [at[0], at[1]] });
    return true;
  }

  #unite(a: Expr, b: Expr, at: [number, number]): void {
    const classes = [a, b].map((e, side) => {
      const id = plainId(e) ?? -1 - this.#classes.size;
      const known = this.#classes.get(id);
      if (known) return known;
      const origin = originOf(this.#tables[at[side] as number] as Node, id);
      const made = { ids: [id], values: origin?.unique ? origin.rows : undefined };
      this.#classes.set(id, made);
      return made;
    });
    const [x, y] = classes as [
      { ids: number[]; values: number | undefined },
      { ids: number[]; values: number | undefined },
    ];
    if (x === y) return;
    x.ids.push(...y.ids);
    if (y.values !== undefined) x.values = Math.min(x.values ?? y.values, y.values);
    for (const id of y.ids) this.#classes.set(id, x);
  }

  #between(x: Part, y: Part): Equality[] {
    return this.#equalities.flatMap((e) => {
      if (x.tables.includes(e.at[0]) && y.tables.includes(e.at[1])) return [e];
      if (x.tables.includes(e.at[1]) && y.tables.includes(e.at[0]))
        return [{ a: e.b, b: e.a, at: [e.at[1], e.at[0]] as [number, number] }];
      return [];
    });
  }

  /** How many values the keys of the equalities have together. */
  #values(list: readonly Equality[]): number {
    const pairs = new Map<string, Equality[]>();
    for (const e of list) {
      const key = e.at.join();
      pairs.set(key, [...(pairs.get(key) ?? []), e]);
    }
    let product = 1;
    for (const group of pairs.values()) {
      const each = group.map((e) => this.#valuesOf(e));
      const whole = group.length > 1 ? this.#wholeKey(group) : undefined;
      product *= whole ?? each.reduce((m, v) => Math.max(m, v), 1) * 2 ** (each.length - 1);
    }
    return product;
  }

  #valuesOf({ a, b, at }: Equality): number {
    const known = this.#classes.get(plainId(a) ?? Number.NaN)?.values;
    if (known !== undefined) return Math.max(1, known);
    const rows = [a, b].map((e, side) => {
      const table = this.#tables[at[side] as number] as Node;
      return originOf(table, plainId(e) ?? -1)?.rows ?? rowsEstimate(table);
    });
    return Math.max(10, Math.min(...rows) ** 0.7);
  }

  /** Rows of a table whose whole sorting key is compared. */
  #wholeKey(group: readonly Equality[]): number | undefined {
    for (const side of [0, 1] as const) {
      let table = through(this.#tables[(group[0] as Equality).at[side]] as Node);
      while (table.kind === 'filter' || table.kind === 'project') table = table.input;
      if (table.kind !== 'scan' || table.table.sortKey.length < 2) continue;
      const { names, columns } = table;
      const compared = new Set(group.map((e) => plainId(side === 0 ? e.a : e.b)));
      const has = (name: string): boolean => compared.has(columns[names.indexOf(name)]?.id);
      if (table.table.sortKey.every(has)) return Math.max(1, table.table.rows);
    }
    return undefined;
  }

  #join(x: Part, y: Part, rows: number, equalities: readonly Equality[]): Part {
    const [left, right] = x.rows >= y.rows ? [x, y] : [y, x];
    const keys = equalities.map((e) => (left === x ? [e.a, e.b] : [e.b, e.a]) as [Expr, Expr]);
    const ids = new Set([...x.ids, ...y.ids]);
    const made: Node = {
      kind: 'join',
      left: left.node,
      right: right.node,
      join: keys.length > 0 ? 'inner' : 'cross',
      strictness: 'all',
      leftKeys: keys.map((k) => k[0]),
      rightKeys: keys.map((k) => k[1]),
      useNulls: false,
      columns: [...left.node.columns, ...right.node.columns],
    };
    const ready = this.#left.filter((e) => [...columnsOf(e)].every((id) => ids.has(id)));
    this.#left = this.#left.filter((e) => !ready.includes(e));
    const fewer = Math.max(1, rows * shareOf(ready));
    return { node: filtered(made, ready), ids, rows: fewer, tables: [...x.tables, ...y.tables] };
  }

  /** Joins the two parts with the smallest result until one is left. */
  run(): Node {
    while (this.#parts.length > 1) {
      let best: { x: Part; y: Part; rows: number; on: Equality[] } | undefined;
      const parts = this.#parts;
      for (const [i, x] of parts.entries()) {
        for (const y of parts.slice(i + 1)) {
          const on = this.#between(x, y);
          if (on.length === 0) continue;
          const rows = Math.max(1, (x.rows * y.rows) / this.#values(on));
          if (
            !best ||
            rows < best.rows ||
            (rows === best.rows && x.rows + y.rows < best.x.rows + best.y.rows)
          ) {
            best = { x, y, rows, on };
          }
        }
      }
      if (!best) {
        const [x, y] = parts.toSorted((a, b) => a.rows - b.rows) as [Part, Part];
        best = { x, y, rows: x.rows * y.rows, on: [] };
      }
      const { x, y, rows, on } = best;
      this.#parts = [...parts.filter((p) => p !== x && p !== y), this.#join(x, y, rows, on)];
    }
    return filtered((this.#parts[0] as Part).node, this.#left);
  }
}

function visit(node: Node, ctx: Planning): Node {
  const tables: Node[] = [];
  const conditions: Expr[] = [];
  if (isInner(node) || (node.kind === 'filter' && isInner(through(node.input)))) {
    flatten(node, tables, conditions);
  }
  if (tables.length < 2 || tables.length > tablesMax) return withInputs(node, (n) => visit(n, ctx));
  const inner = tables.map((n) => visit(n, ctx));
  const rows = inner.reduce((sum, n) => sum + rowsEstimate(n), 0);
  if (rows < rowsWorth || conditions.some(isVolatile))
    return withInputs(node, (n) => visit(n, ctx));
  const made = new Chain(ctx, inner, conditions).run();
  return inOrder(made, node.columns);
}

/** The columns in the order in which others know them. */
function inOrder(node: Node, columns: readonly Column[]): Node {
  return project(
    node,
    columns.map((column) => ({ column, expr: columnExpr(column) })),
  );
}

export const joinOrder: Rule = {
  name: 'join-order',
  doc: 'Inner joins run smallest result first, with the smaller side built',
  apply: visit,
};
