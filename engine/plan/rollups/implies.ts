// Whether a condition holds wherever another does: equal ones, and ranges of one value within others.

import type { Expr } from '../expression.ts';

type Literal = number | bigint | string;

interface Range {
  readonly of: string;
  readonly low?: Literal;
  readonly high?: Literal;
  /** The ends themselves are outside. */
  readonly above?: boolean;
  readonly under?: boolean;
}

const mirrored: Readonly<Record<string, string>> = {
  less: 'greater',
  lessOrEquals: 'greaterOrEquals',
  greater: 'less',
  greaterOrEquals: 'lessOrEquals',
  equals: 'equals',
};

/** Numbers compare as numbers; moments of equal form as texts. */
function literalOf(expr: Expr | undefined): Literal | undefined {
  if (expr?.kind !== 'literal') return undefined;
  const { value, type } = expr;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  if (/^U?Int(8|16|32|64)$/.test(type)) return BigInt(value);
  return typeof value === 'string' && /^(Date|Date32|DateTime|String)$/.test(type)
    ? `${type} ${value}`
    : undefined;
}

function rangeOf(condition: Expr): Range | undefined {
  if (condition.kind !== 'call' || condition.args.length !== 2) return undefined;
  const [left, right] = condition.args as [Expr, Expr];
  const turned = left.kind === 'literal';
  const name = turned ? mirrored[condition.name] : condition.name;
  const [value, limit] = turned ? [right, literalOf(left)] : [left, literalOf(right)];
  if (limit === undefined) return undefined;
  const of = value.key;
  switch (name) {
    case 'equals':
      return { of, low: limit, high: limit };
    case 'less':
      return { of, high: limit, under: true };
    case 'lessOrEquals':
      return { of, high: limit };
    case 'greater':
      return { of, low: limit, above: true };
    case 'greaterOrEquals':
      return { of, low: limit };
    default:
      return undefined;
  }
}

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
