// LIMIT … BY, LIMIT, OFFSET, FETCH.
import type { Expression, Limit, LimitBy } from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList } from './expression.ts';

export function parseLimits(p: Cursor): { limitBy?: LimitBy; limit?: Limit } {
  let limitBy: LimitBy | undefined;
  let limit: Limit | undefined;
  const start = p.start();
  while (limit === undefined && p.accept('LIMIT')) {
    const at = p.start();
    if (p.value === 'ALL') {
      p.next();
      limit = { kind: 'Limit', withTies: false, span: p.span(start) };
      break;
    }
    let count = parseExpression(p, 0);
    let offset: Expression | undefined;
    if (p.accept(',')) {
      offset = count;
      count = parseExpression(p, 0);
    } else if (p.accept('OFFSET')) offset = parseExpression(p, 0);
    if (limitBy === undefined && p.accept('BY')) {
      const all = p.value === 'ALL' && p.peek(1) !== '(' && p.accept('ALL');
      const by = all ? [] : parseExpressionList(p);
      limitBy = { kind: 'LimitBy', limit: count, offset, all, by, span: p.span(at) };
      continue;
    }
    const withTies = p.acceptAll('WITH', 'TIES');
    limit = { kind: 'Limit', limit: count, offset, withTies, span: p.span(at) };
  }
  if (limit?.offset === undefined && p.accept('OFFSET')) {
    const offset = parseExpression(p, 0);
    p.acceptOne('ROW', 'ROWS');
    limit = {
      kind: 'Limit',
      limit: limit?.limit,
      offset,
      withTies: limit?.withTies ?? false,
      span: p.span(start),
    };
  }
  if (limit?.limit === undefined && p.accept('FETCH')) limit = parseFetch(p, limit, start);
  return { limitBy, limit };
}

function parseFetch(p: Cursor, before: Limit | undefined, start: number): Limit {
  p.expectOne('FIRST', 'NEXT');
  const at = p.start();
  const rows = p.value === 'ROW' || p.value === 'ROWS';
  const limit: Expression = rows
    ? { kind: 'Literal', type: 'number', text: '1', span: { start: at, end: at } }
    : parseExpression(p, 0);
  p.expectOne('ROW', 'ROWS');
  const withTies = p.acceptAll('WITH', 'TIES');
  if (!withTies) p.expect('ONLY');
  return { kind: 'Limit', limit, offset: before?.offset, withTies, span: p.span(start) };
}
