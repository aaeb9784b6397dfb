// `WHERE number < 10` over numbers makes ten of them, instead of all of which ten are kept: an endless
// source ends. The filter stays: what is narrowed is where the source begins and ends.

import { conjuncts, type Expr } from '../expression.ts';
import { type Node, type Numbers, withInputs } from '../logical.ts';
import type { Rule } from '../optimize.ts';
import { rangeOf } from '../value-range.ts';

/** Both ends are inside. */
interface Span {
  readonly low: bigint;
  readonly high: bigint;
}

const all: Span = { low: 0n, high: 2n ** 64n - 1n };
const none: Span = { low: all.high, high: -1n };

function least(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function most(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

const both = (a: Span, b: Span): Span => ({ low: most(a.low, b.low), high: least(a.high, b.high) });

const either = (a: Span, b: Span): Span => ({
  low: least(a.low, b.low),
  high: most(a.high, b.high),
});

/** What the condition leaves of the column `key` at most. */
function spanOf(condition: Expr, key: string): Span {
  if (condition.kind === 'in') return spanOfSet(condition, key);
  if (condition.kind === 'literal') return /^(0|false)$/.test(String(condition.value)) ? none : all;
  if (condition.kind !== 'call') return all;
  const sides = (): Span[] => condition.args.map((part) => spanOf(part, key));
  if (condition.name === 'and') return sides().reduce(both, all);
  if (condition.name === 'or') return sides().reduce(either);
  const range = rangeOf(condition);
  if (range?.of !== key) return all;
  const { low = all.low, high = all.high, above, under } = range;
  if (typeof low !== 'bigint' || typeof high !== 'bigint') return all;
  return both(all, { low: above ? low + 1n : low, high: under ? high - 1n : high });
}

function spanOfSet({ expr, set, negated }: Extract<Expr, { kind: 'in' }>, key: string): Span {
  if (negated || expr.key !== key || !('values' in set)) return all;
  const { value } = set.values;
  const written = Array.isArray(value) ? value : [value];
  const whole = written.flatMap((v) =>
    typeof v === 'string' && /^\d+$/.test(v) ? [BigInt(v)] : [],
  );
  if (whole.length < written.length) return all;
  return whole.map((v) => ({ low: v, high: v })).reduce(either, none);
}

function narrowed(node: Numbers, condition: Expr): Numbers {
  const [column] = node.columns;
  if (!column) return node;
  const own = conjuncts(condition)
    .map((part) => spanOf(part, `c${column.id}`))
    .reduce(both, all);
  const [start, step] = [BigInt(node.start), BigInt(node.step)];
  const last = node.count === undefined ? all.high : start + (BigInt(node.count) - 1n) * step;
  // Numbers that begin anew behind 2^64 have no order to cut.
  if (step < 1n || last > all.high || (own.low <= start && own.high >= last)) return node;
  const skipped = own.low > start ? (own.low - start + step - 1n) / step : 0n;
  const from = start + skipped * step;
  const to = least(own.high, last);
  const count = to < from ? 0n : (to - from) / step + 1n;
  if (from > Number.MAX_SAFE_INTEGER) return count === 0n ? { ...node, count: 0 } : node;
  const { count: _, ...rest } = node;
  const ends = node.count !== undefined || own.high < all.high;
  if (ends && count > Number.MAX_SAFE_INTEGER) return node;
  return { ...rest, start: Number(from), ...(ends ? { count: Number(count) } : {}) };
}

function visit(node: Node): Node {
  const next = withInputs(node, visit);
  if (next.kind !== 'filter' || next.input.kind !== 'numbers') return next;
  const input = narrowed(next.input, next.predicate);
  return input === next.input ? next : { ...next, input };
}

export const narrowNumbers: Rule = {
  name: 'narrow-numbers',
  doc: 'A condition on number says where numbers(), system.numbers and generate_series() begin and end',
  apply: visit,
};
