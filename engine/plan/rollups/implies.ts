// Whether a condition holds wherever another does: equal ones, and ranges of one value within others.

import type { Expr } from '../expression.ts';
import { type Literal, type Range, rangeOf } from '../value-range.ts';

const comparable = (a: Literal, b: Literal): boolean => {
  if (typeof a !== 'string' || typeof b !== 'string') return typeof a === typeof b;
  return a.split(' ', 1)[0] === b.split(' ', 1)[0] && a.length === b.length;
};

/** Whether every value of `inner` lies in `outer`. */
function within(inner: Range, outer: Range): boolean {
  if (outer.low !== undefined) {
    if (inner.low === undefined || !comparable(inner.low, outer.low)) return false;
    const open = outer.above === true && inner.above !== true;
    if (inner.low < outer.low || (inner.low === outer.low && open)) return false;
  }
  if (outer.high !== undefined) {
    if (inner.high === undefined || !comparable(inner.high, outer.high)) return false;
    const open = outer.under === true && inner.under !== true;
    if (inner.high > outer.high || (inner.high === outer.high && open)) return false;
  }
  return true;
}

/** Whether `outer` is true for every row for which `condition` is. */
export function implies(condition: Expr, outer: Expr): boolean {
  if (condition.key === outer.key) return true;
  const [inner, wide] = [rangeOf(condition), rangeOf(outer)];
  return inner !== undefined && wide !== undefined && inner.of === wide.of && within(inner, wide);
}
