// `column = value`, as in UPDATE and in the SET of a TTL.

import type { Assignment, Expression } from '../../ast/index.ts';
import { Quoted, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { identifier } from '../star.ts';

export function parseAssignments(p: Cursor): Assignment[] {
  const list = [parseAssignment(p)];
  while (p.value === ',') {
    // A comma may also begin the next command or TTL item.
    if (!(p.peekKind(1) === Word || p.peekKind(1) === Quoted) || !assigns(p)) break;
    p.next();
    list.push(parseAssignment(p));
  }
  return list;
}

function assigns(p: Cursor): boolean {
  let ahead = 2;
  while (p.peek(ahead) === '.') ahead += 2;
  return p.peek(ahead) === '=';
}

export function parseAssignment(p: Cursor): Assignment {
  const start = p.start();
  const column = identifier(p);
  p.expect('=');
  const at = p.start();
  let value: Expression;
  if (p.value === 'DEFAULT') {
    p.next();
    value = { kind: 'Literal', type: 'default', span: p.span(at) };
  } else value = parseExpression(p, 0);
  return { kind: 'Assignment', column, value, span: p.span(start) };
}
