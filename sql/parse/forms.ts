// Operands with a syntax of their own: CASE, CAST, INTERVAL, EXISTS, EXTRACT, SUBSTRING, TRIM,
// POSITION, OVERLAY, DATE_ADD and the like. A handler returns undefined (with the cursor where it
// was) when the word turns out to be a plain name or call.
import type { Expression, Interval, IntervalUnit, Literal, When } from '../ast/index.ts';
import { notAlias } from '../keywords.ts';
import { End, Quoted, Text, Word } from '../lexer.ts';
import { extractFunctions, readIntervalText, unitBySpelling } from '../units.ts';
import type { Cursor } from './cursor.ts';
import {
  comparison,
  continueExpression,
  not,
  parseExpression,
  parseSelectItem,
  withAlias,
} from './expression.ts';
import { call, parseCallAfter } from './operand.ts';
import { opensQuery, parseQuery } from './select.ts';
import { parseStar } from './star.ts';
import { parseType } from './type.ts';

type Form = (p: Cursor, start: number) => Expression | undefined;

/** What shows that the word before was a name: it cannot begin an operand. */
const afterName = new Set([
  ',',
  ')',
  ']',
  '}',
  '.',
  '::',
  ':',
  '=',
  '==',
  '!=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  '<=>',
  '+',
  '/',
  '%',
  '||',
  ';',
  '->',
  '*',
  'AS',
  'IN',
  'IS',
  'LIKE',
  'ILIKE',
  'AND',
  'OR',
  'FROM',
  'ASC',
  'DESC',
  'DIV',
  'MOD',
  'BETWEEN',
  'GLOBAL',
  'WHERE',
  'GROUP',
  'ORDER',
  'LIMIT',
  'UNION',
  'FORMAT',
  'SETTINGS',
  'HAVING',
  'THEN',
  'ELSE',
  'END',
  'WHEN',
]);
const isName = (p: Cursor): boolean => p.peekKind(1) === End || afterName.has(p.peek(1));

const literal = (value: Literal): Expression => value;

/** A part of a form: unlike the arguments of a call it may have an alias without AS. */
const endsPart = new Set([...notAlias, ...'AS THEN ELSE WHEN END FOR IN PLACING'.split(' ')]);
const parsePart = (p: Cursor): Expression => parseSelectItem(p, endsPart);

function parseCase(p: Cursor, start: number): Expression | undefined {
  if (isName(p) && p.peek(1) !== 'WHEN') return undefined;
  p.next();
  const operand = p.is('WHEN') ? undefined : parseExpression(p, 0);
  const whens: When[] = [];
  if (!p.is('WHEN')) p.fail('WHEN');
  while (p.value === 'WHEN') {
    const at = p.start();
    p.next();
    const when = parsePart(p);
    p.expect('THEN');
    const result = parsePart(p);
    whens.push({ kind: 'When', when, result, span: p.span(at) });
    if (p.trace !== undefined) p.note('WHEN');
  }
  const otherwise = p.accept('ELSE') ? parsePart(p) : undefined;
  p.expect('END');
  return { kind: 'Case', operand, whens, otherwise, span: p.span(start) };
}

function parseNot(p: Cursor, start: number): Expression | undefined {
  if (p.peekKind(1) === End || [',', ')', '.', 'AS'].includes(p.peek(1))) return undefined;
  p.next();
  const operand = parseExpression(p, not + 1);
  return { kind: 'Unary', op: 'NOT', fn: 'not', operand, span: p.span(start) };
}

/** What CAST reads: AS behind it may begin the type, so only an alias without AS belongs to it. */
function parseSelectOperand(p: Cursor): Expression {
  const at = p.start();
  const expr = parseExpression(p, 0);
  const goesOn = p.peek(1) === 'AS' || p.peek(1) === ',';
  const named = goesOn && (p.kind === Quoted || (p.kind === Word && !endsPart.has(p.value)));
  return named ? { kind: 'Alias', expr, alias: p.name(), span: p.span(at) } : expr;
}

function parseCast(p: Cursor, start: number): Expression | undefined {
  if (p.peek(2) === ')') return undefined;
  const nameSpan = p.tokenSpan();
  open(p);
  const at = p.start();
  let expr = parseSelectOperand(p);
  if (p.value !== 'AS') {
    if (p.value !== ',') p.fail('AS');
    return parseCallAfter(p, start, nameSpan, expr, parsePart);
  }
  p.next();
  const named = (p.kind === Word || p.kind === Quoted) && (p.peek(1) === 'AS' || p.peek(1) === ',');
  if (named) {
    const alias = p.name();
    expr = { kind: 'Alias', expr, alias, span: p.span(at) };
    if (p.is(',')) return parseCallAfter(p, start, nameSpan, expr, parsePart);
    p.next();
  }
  const type = parseType(p);
  p.expect(')');
  return { kind: 'Cast', form: 'CAST', expr, type, span: p.span(start) };
}

function parseInterval(p: Cursor, start: number): Expression | undefined {
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

const keyword =
  (value: Literal): Form =>
  (p) => {
    const span = p.tokenSpan();
    p.next();
    return literal({ ...value, span });
  };
const none = { start: 0, end: 0 };

function parseNumberWord(p: Cursor): Expression | undefined {
  if (p.peek(1) === '.' || p.peek(1) === '->') return undefined;
  const span = p.tokenSpan();
  const text = p.value === 'NAN' ? 'nan' : 'inf';
  p.next();
  return { kind: 'Literal', type: 'number', text, span };
}

function dated(name: string, form: 'DATE' | 'TIMESTAMP'): Form {
  return (p, start) => {
    if (p.peekKind(1) !== Text) return undefined;
    const nameSpan = p.tokenSpan();
    p.next();
    const text = p.stringLiteral();
    return call(name, nameSpan, [text], p.span(start), form);
  };
}

const current: Form = (p, start) => {
  if (p.peek(1) === '.' || p.peek(1) === '->') return undefined;
  const name = p.name().name;
  return call(name, p.span(start), [], p.span(start), 'CURRENT');
};

/** Words that begin an operand without parentheses behind them. */
export const wordForms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['CASE', parseCase],
  ['NOT', parseNot],
  ['INTERVAL', parseInterval],
  ['DATE', dated('toDate', 'DATE')],
  ['TIMESTAMP', dated('toDateTime', 'TIMESTAMP')],
  ['NULL', keyword({ kind: 'Literal', type: 'null', span: none })],
  ['TRUE', keyword({ kind: 'Literal', type: 'bool', value: true, span: none })],
  ['FALSE', keyword({ kind: 'Literal', type: 'bool', value: false, span: none })],
  ['INF', parseNumberWord],
  ['INFINITY', parseNumberWord],
  ['NAN', parseNumberWord],
  ['CURRENT_DATE', current],
  ['CURRENT_TIMESTAMP', current],
  ['CURRENT_USER', current],
  ['CURRENT_DATABASE', current],
]);

// ---- words with parentheses

function open(p: Cursor): void {
  p.next();
  p.next();
}

const parseExists: Form = (p, start) => {
  if (!opensQuery(p, 2)) return undefined;
  open(p);
  const query = parseQuery(p);
  p.expect(')');
  return { kind: 'Exists', query, span: p.span(start) };
};

const parseExtract: Form = (p, start) => {
  const name = extractFunctions.get(unitBySpelling.get(p.peek(2)) ?? p.peek(2));
  const nameSpan = p.tokenSpan();
  if (name === undefined || p.peek(3) !== 'FROM') {
    // The function of this name, in letters of any case.
    if (isEmptyCall(p)) return undefined;
    open(p);
    const node = parseCallAfter(p, start, nameSpan, parsePart(p), parsePart);
    node.name = 'extract';
    return node;
  }
  p.seek(p.index + 4);
  const arg = parsePart(p);
  p.expect(')');
  return call(name, nameSpan, [arg], p.span(start), 'EXTRACT');
};

/** `SUBSTRING(s FROM a [FOR b])`. */
const parseSubstring: Form = (p, start) => {
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

const isEmptyCall = (p: Cursor): boolean => p.peek(2) === ')' || p.peek(2) === 'DISTINCT';

const parseTrim: Form = (p, start) => {
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

const parsePosition: Form = (p, start) => {
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

/** Short spellings are more likely columns: date_add(d, INTERVAL 1 DAY). */
const longUnit = (word: string): IntervalUnit | undefined =>
  word.length > 2 ? unitBySpelling.get(word) : undefined;

const parseOverlay: Form = (p, start) => {
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

/** DATE_ADD(DAY, 1, d) and DATE_ADD(d, INTERVAL 1 DAY). */
const dateArithmetic =
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

const parseDateDiff: Form = (p, start) => {
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

const parseColumnsCall: Form = (p, start) => {
  if (p.peekKind(2) !== Text && p.peekKind(2) !== Word && p.peekKind(2) !== Quoted)
    return undefined;
  return parseStar(p, start, undefined);
};

const add = dateArithmetic('plus', 'DATE_ADD');
const subtract = dateArithmetic('minus', 'DATE_SUB');
const forAll = (names: string, form: Form): [string, Form][] =>
  names.split(' ').map((name) => [name, form]);

/** Words that may be special when `(` follows. */
export const callForms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['CAST', parseCast],
  ['CASE', parseCase],
  ['NOT', parseNot],
  ['INTERVAL', parseInterval],
  ['EXISTS', parseExists],
  ['EXTRACT', parseExtract],
  ['TRIM', parseTrim],
  ['POSITION', parsePosition],
  ['OVERLAY', parseOverlay],
  ['COLUMNS', parseColumnsCall],
  ...forAll('SUBSTRING SUBSTR MID', parseSubstring),
  ...forAll('DATE_ADD DATEADD TIMESTAMP_ADD TIMESTAMPADD', add),
  ...forAll('DATE_SUB DATESUB TIMESTAMP_SUB TIMESTAMPSUB', subtract),
  ...forAll('DATE_DIFF DATEDIFF TIMESTAMP_DIFF TIMESTAMPDIFF', parseDateDiff),
]);
