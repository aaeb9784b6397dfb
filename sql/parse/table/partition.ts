// Which part of a table a statement means: PARTITION … and PART ….

import type { Partition } from '../../ast/index.ts';
import { Text } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';

/** `PARTITION expr | ID 'x' | ALL` or `PART 'name'`; the cursor is at the word. */
export function parsePartition(p: Cursor): Partition {
  const start = p.start();
  if (p.accept('PART')) {
    const expr = parseExpression(p, 0);
    return { kind: 'Partition', type: 'PART', expr, span: p.span(start) };
  }
  p.expect('PARTITION');
  if (p.value === 'ALL') {
    p.next();
    return { kind: 'Partition', type: 'ALL', span: p.span(start) };
  }
  if (p.value === 'ID' && p.peekKind(1) === Text) {
    p.next();
    return { kind: 'Partition', type: 'ID', id: p.string(), span: p.span(start) };
  }
  if (p.value === 'ID' && p.peek(1) === '{') {
    p.next();
    const expr = parseExpression(p, 0);
    return { kind: 'Partition', type: 'ID', expr, span: p.span(start) };
  }
  const expr = parseExpression(p, 0);
  return { kind: 'Partition', type: 'EXPR', expr, span: p.span(start) };
}

/** IN PARTITION …. */
export function parseInPartition(p: Cursor): Partition | undefined {
  if (p.value !== 'IN' || p.peek(1) !== 'PARTITION') {
    if (p.trace !== undefined) p.note('IN PARTITION');
    return undefined;
  }
  p.next();
  return parsePartition(p);
}
