// Expressions over a table's columns, made of the keys of a rollup.

import type { Planning } from '../context.ts';
import { columnsOf, type Expr, mapParts } from '../expression.ts';
import { implies } from './implies.ts';
import { fromBucket, type KeyColumn, rangeOfBucket } from './time-buckets.ts';

export type Keys = ReadonlyMap<string, KeyColumn>;

/** The expression over `keys`; undefined when it needs something else. */
export function over(expr: Expr, keys: Keys, ctx: Planning): Expr | undefined {
  let whole = true;
  const visit = (e: Expr, params: ReadonlySet<number>): Expr => {
    const key = keys.get(e.key);
    if (key) return key.made;
    const bucket = fromBucket(e, keys.values(), ctx);
    if (bucket) return bucket;
    if (e.kind === 'column') {
      if (!params.has(e.id)) whole = false;
      return e;
    }
    if (e.kind !== 'lambda') return mapParts(e, (part) => visit(part, params));
    const inner = new Set([...params, ...e.params.map((p) => p.id)]);
    return mapParts(e, (part) => visit(part, inner));
  };
  const made = visit(expr, new Set());
  return whole ? made : undefined;
}

/** Conditions of a query over the keys of a rollup that holds only rows for which `own` is true.
 *  A text names the first that cannot be told. */
export function conditionsOver(
  filters: readonly Expr[],
  own: readonly Expr[],
  keys: Keys,
  ctx: Planning,
): { conditions: Expr[] } | { missing: Expr } | { extra: Expr } {
  const extra = own.find((o) => !filters.some((f) => implies(f, o)));
  if (extra) return { extra };
  const held = new Set(own.map((o) => o.key));
  const conditions: Expr[] = [];
  for (const filter of filters) {
    if (held.has(filter.key)) continue;
    const made = over(filter, keys, ctx) ?? rangeOfBucket(filter, keys.values(), ctx);
    if (!made) return { missing: filter };
    conditions.push(made);
  }
  return { conditions };
}

export const isConstant = (expr: Expr): boolean => columnsOf(expr).size === 0;
