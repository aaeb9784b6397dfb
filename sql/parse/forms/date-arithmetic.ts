// DATE_ADD, DATE_SUB and DATE_DIFF in the forms that take a unit.
import type { Expression, Interval, Literal } from '../../ast/index.ts';
import { Word } from '../../lexer.ts';
import { call, parseCallAfter } from '../operand.ts';
import { longUnit } from './interval.ts';
import { type Form, open, parsePart } from './open.ts';
import { isEmptyCall } from './text.ts';

/** DATE_ADD(DAY, 1, d) and DATE_ADD(d, INTERVAL 1 DAY). */
export const dateArithmetic =
  (name: 'plus' | 'minus', form: 'DATE_ADD' | 'DATE_SUB'): Form =>
  (p, start) => {
    if (isEmptyCall(p)) return undefined;
    const nameSpan = p.tokenSpan();
    const unit = p.peek(3) === ',' ? longUnit(p.peek(2)) : undefined;
    open(p);
    if (unit !== undefined) {
      const at = p.start();
      const word = p.name();
      p.next();
      const value = parsePart(p);
      if (value.kind === 'Interval' && p.value === ')') {
        // A column that has a unit's name.
        p.next();
        const date: Expression = { kind: 'Identifier', parts: [word], span: word.span };
        return call(name, nameSpan, [date, value], p.span(start), form);
      }
      const interval: Interval = { kind: 'Interval', value, unit, span: p.span(at) };
      p.expect(',');
      const date = parsePart(p);
      p.expect(')');
      return call(name, nameSpan, [date, interval], p.span(start), form);
    }
    const node = parseCallAfter(p, start, nameSpan, parsePart(p), parsePart);
    if (name === 'plus' && node.args.length === 2 && node.args[0]?.kind === 'Interval')
      node.args.reverse();
    if (node.args.length === 2 && node.args[1]?.kind === 'Interval') {
      node.name = name;
      node.form = form;
    }
    return node;
  };

export const parseDateDiff: Form = (p, start) => {
  const unit = p.peek(3) === ',' && p.peekKind(2) === Word ? longUnit(p.peek(2)) : undefined;
  if (isEmptyCall(p)) return undefined;
  const nameSpan = p.tokenSpan();
  open(p);
  if (unit === undefined) return parseCallAfter(p, start, nameSpan, parsePart(p), parsePart);
  const text: Literal = {
    kind: 'Literal',
    type: 'string',
    value: unit.toLowerCase(),
    span: p.tokenSpan(),
  };
  p.next();
  p.next();
  const args: Expression[] = [text, ...p.list(() => parsePart(p))];
  p.expect(')');
  return call('dateDiff', nameSpan, args, p.span(start), 'DATE_DIFF');
};
