// Operands with a syntax of their own: CASE, CAST, INTERVAL, EXISTS, EXTRACT, SUBSTRING, TRIM,
// POSITION, OVERLAY, DATE_ADD and the like. A handler returns undefined (with the cursor where it
// was) when the word turns out to be a plain name or call.
import type { Expression, Literal, When } from '../../ast/index.ts';
import { End, Quoted, Text, Word } from '../../lexer.ts';
import { extractFunctions, unitBySpelling } from '../../units.ts';
import type { Cursor } from '../cursor.ts';
import { not, parseExpression } from '../expression.ts';
import { call, parseCallAfter } from '../operand.ts';
import { parseQuery } from '../query.ts';
import { opensQuery } from '../select.ts';
import { parseStar } from '../star.ts';
import { parseType } from '../type.ts';
import { dateArithmetic, parseDateDiff } from './date-arithmetic.ts';
import { parseInterval } from './interval.ts';
import { endsPart, type Form, isName, literal, open, parsePart } from './open.ts';
import { isEmptyCall, parseOverlay, parsePosition, parseSubstring, parseTrim } from './text.ts';

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
