// Which written values the reader of a column takes as they are: the others are expressions. ClickHouse
// tries the reader first, too, value by value.

import type { Expression } from '../../../../sql/index.ts';
import { walkExpressions } from '../../../plan/bind/scope.ts';
import { baseType, isNullable } from '../../../plan/types.ts';

/** What the reader of a column takes. */
export interface Reads {
  readonly whole: boolean;
  readonly fractions: boolean;
  readonly texts: boolean;
  readonly nulls: boolean;
  readonly lists: boolean;
}

export function readsOf(type: string): Reads {
  const base = baseType(type);
  const fractions = /^(Float(32|64)|Decimal)/.test(base);
  return {
    whole: fractions || /^U?Int\d+$/.test(base),
    fractions,
    texts: /^(String$|FixedString|Date|Enum|UUID$|IPv[46]$)/.test(base),
    nulls: isNullable(type),
    lists: /^(Array|Tuple|Map)\(/.test(base),
  };
}

/** How a number is written: `whole` and `fraction` are what every reader of numbers takes. */
export type Written = 'whole' | 'fraction' | 'other';

const fraction = /^\d+\.?\d*([eE][-+]?\d+)?$/;

export function writtenNumber(text: string): Written {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return fraction.test(text) ? 'fraction' : 'other';
  }
  return text.length > 1 && text.charCodeAt(0) === 48 ? 'other' : 'whole';
}

const plainKinds = new Set(['Literal', 'Tuple', 'Array', 'Map', 'Unary']);

/** Whether there is more in a row than values written down. */
export function isComputed(row: Expression): boolean {
  let computed = false;
  walkExpressions(row, (node) => {
    if (!plainKinds.has(node.kind)) computed = true;
  });
  return computed;
}
