// Keys: `a`, `(a, b)`, `tuple()`; those that sort may have directions.

import type { Expression, OrderItem } from '../../ast/index.ts';
import { Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseOrderItem } from '../order.ts';

/** A key: `a`, `(a, b)`, `tuple()`; its columns. */
export function parseKey(p: Cursor): Expression[] {
  const expr = parseExpression(p, 0);
  if (expr.kind === 'Tuple') return expr.items;
  if (expr.kind === 'Function' && expr.name === 'tuple' && expr.args.length === 0) return [];
  return [expr];
}

/** A sorting key: like `parseKey`, with ASC and DESC. */
export function parseSortingKey(p: Cursor): OrderItem[] {
  if (p.value !== '(') return fromKey([parseOrderItem(p, 0)]);
  const start = p.index;
  p.next();
  if (p.is(')')) {
    p.next();
    return [];
  }
  const items = p.list(() => parseOrderItem(p));
  if (p.is(',') && p.peek(1) === ')') p.next();
  p.expect(')');
  const plain = items.every((item) => item.direction === undefined);
  // `(a + 1) * 2` began with a parenthesis too.
  if (plain && !endsKey(p)) {
    p.seek(start);
    return fromKey([parseOrderItem(p, 0)]);
  }
  return items;
}

function fromKey(items: OrderItem[]): OrderItem[] {
  const expr = items[0]?.expr;
  if (expr?.kind === 'Function' && expr.name === 'tuple' && expr.args.length === 0) return [];
  if (expr?.kind !== 'Tuple') return items;
  return expr.items.map((item) => ({ kind: 'OrderItem', expr: item, span: item.span }));
}

function endsKey(p: Cursor): boolean {
  return p.atEnd() || p.kind === Word || p.value === ')' || p.value === ',';
}
