// Standard SQL's functions over texts with words between their arguments: SUBSTRING, TRIM, POSITION, OVERLAY.
import { Quoted, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { comparison, continueExpression, parseExpression, withAlias } from '../expression.ts';
import { call, parseCallAfter } from '../operand.ts';
import { endsPart, type Form, open, parsePart } from './open.ts';

/** `SUBSTRING(s FROM a [FOR b])`. */
export const parseSubstring: Form = (p, start) => {
  if (isEmptyCall(p)) return undefined;
  const nameSpan = p.tokenSpan();
  open(p);
  const text = parsePart(p);
  if (!p.accept('FROM')) {
    if (p.value === ')') p.failWith('substring needs an offset: substring(s, offset[, length])');
    return parseCallAfter(p, start, nameSpan, text, parsePart);
  }
  const args = [text, parsePart(p)];
  if (p.accept('FOR')) args.push(parsePart(p));
  p.expect(')');
  return call('substring', nameSpan, args, p.span(start), 'SUBSTRING');
};

export const isEmptyCall = (p: Cursor): boolean => p.peek(2) === ')' || p.peek(2) === 'DISTINCT';

export const parseTrim: Form = (p, start) => {
  if (isEmptyCall(p)) return undefined;
  const nameSpan = p.tokenSpan();
  const side = p.peek(2);
  const sided =
    (side === 'BOTH' || side === 'LEADING' || side === 'TRAILING') &&
    p.peek(3) !== ')' &&
    p.peek(3) !== ',';
  const name = side === 'LEADING' ? 'trimLeft' : side === 'TRAILING' ? 'trimRight' : 'trimBoth';
  open(p);
  if (sided) p.next();
  const chars = p.value === 'FROM' ? undefined : parsePart(p);
  if (!sided && chars !== undefined && p.value !== 'FROM') {
    return parseCallAfter(p, start, nameSpan, chars, parsePart);
  }
  p.expect('FROM');
  const text = parsePart(p);
  p.expect(')');
  const args = chars === undefined ? [text] : [text, chars];
  return call(sided ? name : 'trimBoth', nameSpan, args, p.span(start), 'TRIM');
};

export const parsePosition: Form = (p, start) => {
  if (isEmptyCall(p)) return undefined;
  const nameSpan = p.tokenSpan();
  open(p);
  const at = p.start();
  let needle = parseExpression(p, comparison + 1);
  if (p.value !== 'IN' && (p.kind === Quoted || (p.kind === Word && !endsPart.has(p.value)))) {
    if (p.peek(1) === 'IN' || p.peek(1) === ',')
      needle = { kind: 'Alias', expr: needle, alias: p.name(), span: p.span(at) };
  }
  if (!p.accept('IN')) {
    const first = continueExpression(p, needle, at, withAlias);
    if (p.value === ')') p.failWith('position needs two arguments: position(haystack, needle)');
    return parseCallAfter(p, start, nameSpan, first, parsePart);
  }
  const text = parsePart(p);
  p.expect(')');
  return call('position', nameSpan, [text, needle], p.span(start), 'POSITION');
};

export const parseOverlay: Form = (p, start) => {
  if (isEmptyCall(p)) return undefined;
  const nameSpan = p.tokenSpan();
  open(p);
  const text = parsePart(p);
  if (!p.accept('PLACING')) return parseCallAfter(p, start, nameSpan, text);
  const args = [text, parseExpression(p, 0)];
  p.expect('FROM');
  args.push(parseExpression(p, 0));
  if (p.accept('FOR')) args.push(parseExpression(p, 0));
  p.expect(')');
  return call('overlay', nameSpan, args, p.span(start), 'OVERLAY');
};
