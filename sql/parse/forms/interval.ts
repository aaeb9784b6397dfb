// INTERVAL in its spellings, and the units behind it.
import type { Expression, Interval, IntervalUnit } from '../../ast/index.ts';
import { Text, Word } from '../../lexer.ts';
import { readIntervalText, unitBySpelling } from '../../units.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression, withAlias } from '../expression.ts';
import { isName } from './open.ts';

export function parseInterval(p: Cursor, start: number): Expression | undefined {
  if (isName(p)) return undefined;
  // `interval - 1` is a column's difference, `INTERVAL -1 DAY` is none.
  if (p.peek(1) === '-' && !unitBySpelling.has(p.peek(3))) return undefined;
  p.next();
  const unitFollows = [1, 2, 3].some((n) => unitBySpelling.has(p.peek(n)));
  if (p.kind === Text && !unitFollows) return parseIntervalText(p, start);
  const value = parseIntervalValue(p);
  const unit = acceptUnit(p);
  if (unit !== undefined) return { kind: 'Interval', value, unit, span: p.span(start) };
  for (const word of ['SECOND', 'MINUTE', 'HOUR', 'DAY', 'MONTH']) p.note(word);
  return p.fail();
}

/** The number before the unit, perhaps with an alias. */
function parseIntervalValue(p: Cursor): Expression {
  const at = p.start();
  const expr = parseExpression(p, withAlias);
  const isUnit = unitBySpelling.has(p.value) && !unitBySpelling.has(p.peek(1));
  if (p.kind !== Word || isUnit || !unitBySpelling.has(p.peek(1))) return expr;
  return { kind: 'Alias', expr, alias: p.name(), span: p.span(at) };
}

/** `INTERVAL '1 day'`. */
function parseIntervalText(p: Cursor, start: number): Expression {
  const at = p.tokenSpan();
  const text = p.string();
  const parts = readIntervalText(text);
  if (parts === undefined) {
    return p.failWith(
      `'${text.slice(0, 40)}' is not an interval: write INTERVAL 1 DAY or INTERVAL '1 day'`,
      p.index - 1,
    );
  }
  const items = parts.map(
    ([number, unit]): Interval => ({
      kind: 'Interval',
      value: { kind: 'Literal', type: 'number', text: number, span: at },
      unit,
      span: p.span(start),
    }),
  );
  const only = items[0] as Interval;
  return items.length === 1 ? only : { kind: 'Tuple', items, span: p.span(start) };
}

function acceptUnit(p: Cursor): IntervalUnit | undefined {
  const unit = p.kind === Word ? unitBySpelling.get(p.value) : undefined;
  if (unit !== undefined) p.next();
  return unit;
}

/** Short spellings are more likely columns: date_add(d, INTERVAL 1 DAY). */
export const longUnit = (word: string): IntervalUnit | undefined =>
  word.length > 2 ? unitBySpelling.get(word) : undefined;
