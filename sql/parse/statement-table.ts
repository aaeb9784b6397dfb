// Statements in the place of a table: FROM (EXPLAIN SELECT …), FROM (SHOW TABLES).
import type { StatementQuery } from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseDescribe, parseExplain, parseShow } from './look.ts';

const afterExplain = new Set([
  'SELECT',
  'WITH',
  'INSERT',
  'CREATE',
  'AST',
  'SYNTAX',
  'QUERY',
  'PIPELINE',
  'PLAN',
  'ESTIMATE',
  'ANALYZE',
  '(',
]);

export function startsStatementTable(p: Cursor): boolean {
  if (p.value === 'EXPLAIN') return afterExplain.has(p.peek(1)) || p.peek(2) === '=';
  const next = p.peek(1);
  if (next === ')' || next === '.' || next === ',' || next === 'AS') return false;
  return p.value === 'SHOW' || p.value === 'DESCRIBE' || p.value === 'DESC';
}

export function parseStatementTable(p: Cursor): StatementQuery {
  const start = p.start();
  const statement =
    p.value === 'EXPLAIN' ? parseExplain(p) : p.value === 'SHOW' ? parseShow(p) : parseDescribe(p);
  return { kind: 'StatementQuery', statement, span: p.span(start) };
}
