// What several expressions of one projection or aggregation compute in common is computed once, in a
// projection below: sum(p * (1 - d)) and sum(p * (1 - d) * (1 + t)) share p * (1 - d).

import { newColumn, type Planning } from '../context.ts';
import { columnExpr, columnsOf, type Expr, mapParts, parts } from '../expression.ts';
import {
  type Aggregate,
  type Assigned,
  type Node,
  type Project,
  project,
  withInputs,
} from '../logical.ts';
import type { Rule } from '../optimize.ts';

/** Later arguments of these may be computed for some rows only: what fails there must not move. */
const lazy = new Set(['if', 'multiIf', 'and', 'or']);

/** Work on rows: neither a column as it stands nor one value for all rows. */
const isWork = (expr: Expr): boolean =>
  (expr.kind === 'call' || expr.kind === 'cast' || expr.kind === 'in') && readsColumn(expr);

const readsColumn = (expr: Expr): boolean => {
  if (expr.kind === 'column') return true;
  return expr.kind === 'lambda' ? columnsOf(expr).size > 0 : parts(expr).some(readsColumn);
};

class Counts {
  readonly #seen = new Map<string, number>();
  /** Parts that are computed for some rows only, to be counted after all others. */
  readonly #later: Expr[] = [];

  /** Expressions that stand more than once and are computed for all rows in at least one place. */
  static shared(roots: readonly Expr[]): ReadonlySet<string> {
    const counts = new Counts();
    for (const root of roots) counts.#visit(root);
    const always = [...counts.#seen.keys()];
    for (const part of counts.#later) counts.#visit(part);
    return new Set(always.filter((key) => (counts.#seen.get(key) ?? 0) > 1));
  }

  /** Inside what was met before nothing is counted again; in a lambda there are no columns to share. */
  #visit(expr: Expr): void {
    if (expr.kind === 'lambda') return;
    if (isWork(expr)) {
      const before = this.#seen.get(expr.key) ?? 0;
      this.#seen.set(expr.key, before + 1);
      if (before > 0) return;
    }
    const [first, ...rest] = parts(expr);
    if (first) this.#visit(first);
    if (expr.kind === 'call' && lazy.has(expr.name)) this.#later.push(...rest);
    else for (const part of rest) this.#visit(part);
  }
}

class Sharing {
  readonly #ctx: Planning;
  #made = 0;

  constructor(ctx: Planning) {
    this.#ctx = ctx;
  }

  visit(node: Node): Node {
    const next = withInputs(node, (input) => this.visit(input));
    if (next.kind === 'project') return this.#projected(next);
    if (next.kind === 'aggregate') return this.#aggregated(next);
    return next;
  }

  #projected(node: Project): Project {
    const roots = node.items.map((i) => i.expr);
    const shared = this.#share(roots, node.input);
    if (!shared) return node;
    const items = node.items.map((i) => ({ ...i, expr: shared.replace(i.expr) }));
    return { ...node, input: shared.input, items };
  }

  #aggregated(node: Aggregate): Aggregate {
    const roots = [...node.keys.map((k) => k.expr), ...node.aggregates.flatMap((a) => a.args)];
    const shared = this.#share(roots, node.input);
    if (!shared) return node;
    return {
      ...node,
      input: shared.input,
      keys: node.keys.map((k) => ({ ...k, expr: shared.replace(k.expr) })),
      aggregates: node.aggregates.map((a) => ({ ...a, args: a.args.map(shared.replace) })),
    };
  }

  /** A projection that makes what `roots` share, and how they read it; nothing where they share nothing. */
  #share(
    roots: readonly Expr[],
    input: Node,
  ): { input: Node; replace: (expr: Expr) => Expr } | undefined {
    const keys = Counts.shared(roots);
    if (keys.size === 0) return undefined;
    const made = new Map<string, Assigned>();
    const make = (expr: Expr): Assigned => {
      this.#made += 1;
      const item = { column: newColumn(this.#ctx, `shared${this.#made}`, expr.type), expr };
      made.set(expr.key, item);
      return item;
    };
    const replace = (expr: Expr): Expr => {
      if (expr.kind === 'lambda') return expr;
      if (!keys.has(expr.key)) return mapParts(expr, replace);
      return columnExpr((made.get(expr.key) ?? make(expr)).column, expr.span);
    };
    const used = new Set<number>();
    for (const root of roots) columnsOf(replace(root), used);
    const through = input.columns
      .filter((c) => used.has(c.id))
      .map((column) => ({ column, expr: columnExpr(column) }));
    // what is shared may itself share parts
    const below = this.#projected(project(input, [...through, ...made.values()]));
    return { input: below, replace };
  }
}

export const shareSubexpressions: Rule = {
  name: 'share-subexpressions',
  doc: 'What expressions of a projection or an aggregation have in common is computed once',
  apply: (node, ctx) => new Sharing(ctx).visit(node),
};
