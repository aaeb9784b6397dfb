// The range of one value that a comparison with a constant leaves.

import type { Expr } from './expression.ts';

export type Literal = number | bigint | string;

export interface Range {
  /** Key of the expression that the constant is compared with. */
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

/** `undefined` where the condition is no comparison of one value with a constant. */
export function rangeOf(condition: Expr): Range | undefined {
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
