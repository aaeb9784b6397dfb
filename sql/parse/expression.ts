// Expressions by precedence climbing. From loose to tight:
//   -> · ? : · OR · AND · NOT · IS · BETWEEN · comparison, LIKE, IN · || · + - · * / % DIV MOD ·
//   unary minus · [ ] . ::
// Runs of equal precedence are loops, so a chain of 100,000 terms needs no stack.
import type {
  Binary,
  BinaryFunction,
  BinaryOperator,
  Expression,
  FunctionCall,
  Name,
  Star,
} from '../ast/index.ts';
import { Numeric, Quoted, Text, Word } from '../lexer.ts';
import { castText } from './cast-source.ts';
import type { Cursor } from './cursor.ts';
import { call, joinSubquery, parseOperand } from './operand.ts';
import { parseQuery } from './query.ts';
import { opensQuery, startsQuery } from './select.ts';
import { parseTransformers } from './star.ts';
import { parseType } from './type.ts';

/** Parse with this minimum to take `expr AS name` too. */
export const withAlias = -1;
const ternary = 2;
const or = 3;
const and = 4;
export const not = 5;
const is = 6;
const between = 7;
export const comparison = 9;
const concat = 10;
export const additive = 11;
const multiplicative = 12;
export const negation = 13;

type Infix =
  | { type: 'binary'; precedence: number; op: BinaryOperator; fn: BinaryFunction }
  | { type: 'chain'; precedence: number; op: 'AND' | 'OR' | '||'; fn: 'and' | 'or' | 'concat' }
  | { type: 'word' | 'ternary'; precedence: number };

const binary = (precedence: number, op: BinaryOperator, fn: BinaryFunction): [string, Infix] => [
  op,
  { type: 'binary', precedence, op, fn },
];
const infix: ReadonlyMap<string, Infix> = new Map<string, Infix>([
  ['?', { type: 'ternary', precedence: ternary }],
  ['OR', { type: 'chain', precedence: or, op: 'OR', fn: 'or' }],
  ['AND', { type: 'chain', precedence: and, op: 'AND', fn: 'and' }],
  ['IS', { type: 'word', precedence: is }],
  ['BETWEEN', { type: 'word', precedence: between }],
  ['NOT', { type: 'word', precedence: comparison }],
  ['IN', { type: 'word', precedence: comparison }],
  ['GLOBAL', { type: 'word', precedence: comparison }],
  binary(comparison, '=', 'equals'),
  binary(comparison, '==', 'equals'),
  binary(comparison, '!=', 'notEquals'),
  binary(comparison, '<>', 'notEquals'),
  binary(comparison, '<', 'less'),
  binary(comparison, '<=', 'lessOrEquals'),
  binary(comparison, '>', 'greater'),
  binary(comparison, '>=', 'greaterOrEquals'),
  binary(comparison, '<=>', 'isNotDistinctFrom'),
  binary(comparison, 'LIKE', 'like'),
  binary(comparison, 'ILIKE', 'ilike'),
  binary(comparison, 'REGEXP', 'match'),
  ['||', { type: 'chain', precedence: concat, op: '||', fn: 'concat' }],
  binary(additive, '+', 'plus'),
  binary(additive, '-', 'minus'),
  binary(multiplicative, '*', 'multiply'),
  binary(multiplicative, '/', 'divide'),
  binary(multiplicative, '%', 'modulo'),
  binary(multiplicative, 'MOD', 'modulo'),
  binary(multiplicative, 'DIV', 'intDiv'),
]);
/** Precedence of a binary operator, for print/. */
export const precedenceOf = (op: string): number => infix.get(op)?.precedence ?? comparison;

const hintWords = ['AND', 'OR', 'BETWEEN', 'LIKE', 'ILIKE', 'IN', 'IS', 'NOT', 'AS', 'DIV', 'MOD'];

/** An expression whose operators bind at least as tight as `min`; 0 takes any. */
export function parseExpression(p: Cursor, min = 0): Expression {
  p.enter();
  const start = p.start();
  let left = parseOperand(p);
  left = continueExpression(p, left, start, min);
  p.leave();
  return left;
}

/** Goes on behind an operand that is already there. */
export function continueExpression(
  p: Cursor,
  first: Expression,
  start: number,
  min: number,
): Expression {
  let left = first;
  let deepened = 0;
  for (;;) {
    const operator = infix.get(p.value);
    if (operator !== undefined && operator.precedence >= min) {
      if (operator.type === 'binary') {
        left = parseBinary(p, left, start, operator.precedence, operator.op, operator.fn);
        continue;
      }
      if (operator.type === 'chain') {
        const operands = [left];
        do {
          p.next();
          operands.push(parseExpression(p, operator.precedence + 1));
        } while (p.value === operator.op);
        left = {
          kind: 'Chain',
          op: operator.op,
          fn: operator.fn,
          operands,
          span: p.span(start),
        };
        continue;
      }
      p.checkDepth(++deepened);
      const next =
        operator.type === 'ternary'
          ? parseTernary(p, left, start)
          : parseWordOperator(p, left, start, min);
      if (next !== undefined) {
        left = next;
        continue;
      }
    }
    if (p.trace !== undefined) noteOperators(p);
    if (min !== withAlias || p.value !== 'AS') return left;
    p.next();
    const alias = p.name('alias');
    left = { kind: 'Alias', expr: left, alias, span: p.span(start) };
    p.checkDepth(++deepened);
  }
}

function noteOperators(p: Cursor): void {
  for (const word of hintWords) p.note(`~${word}`);
  p.note('operator');
}

function parseBinary(
  p: Cursor,
  left: Expression,
  start: number,
  precedence: number,
  op: BinaryOperator,
  fn: BinaryFunction,
): Expression {
  const opSpan = p.tokenSpan();
  p.next();
  if (precedence === comparison && isQuantifier(p)) {
    const quantifier = p.value === 'ALL' ? 'ALL' : 'ANY';
    p.next();
    p.next();
    const query = parseQuery(p);
    p.expect(')');
    return { kind: 'Quantified', op, fn, quantifier, expr: left, query, span: p.span(start) };
  }
  const right = parseExpression(p, precedence + 1);
  if (fn === 'like' || fn === 'ilike') return withEscape(p, { op, fn, opSpan, left, right }, start);
  return { kind: 'Binary', op, fn, opSpan, left, right, span: p.span(start) };
}

/** `s LIKE pattern ESCAPE '#'` is like(s, pattern, '#'). */
function withEscape(
  p: Cursor,
  like: Omit<Binary, 'kind' | 'span'>,
  start: number,
): Binary | FunctionCall {
  if (p.value !== 'ESCAPE' || p.peekKind(1) !== Text) {
    return { kind: 'Binary', ...like, span: p.span(start) };
  }
  p.next();
  const args = [like.left, like.right, parseOperand(p)];
  return call(like.fn, like.opSpan, args, p.span(start));
}

function isQuantifier(p: Cursor): boolean {
  const word = p.value;
  if (word !== 'ANY' && word !== 'ALL' && word !== 'SOME') return false;
  return p.peek(1) === '(' && opensQuery(p, 2);
}

function parseTernary(p: Cursor, condition: Expression, start: number): Expression {
  p.next();
  const whenTrue = parseExpression(p, withAlias);
  p.expect(':');
  const whenFalse = parseExpression(p, ternary);
  return { kind: 'Ternary', condition, whenTrue, whenFalse, span: p.span(start) };
}

/** IS, [NOT] BETWEEN, [GLOBAL] [NOT] IN, NOT LIKE…; undefined when the word is none of them. */
function parseWordOperator(
  p: Cursor,
  left: Expression,
  start: number,
  min: number,
): Expression | undefined {
  if (p.value === 'IS') return parseIs(p, left, start);
  if (p.value === 'BETWEEN') return parseBetween(p, left, start, false);
  if (p.value === 'IN') return isInPartition(p) ? undefined : parseIn(p, left, start, false, false);
  if (p.value === 'GLOBAL') {
    if (p.peek(1) === 'IN') {
      p.next();
      return parseIn(p, left, start, false, true);
    }
    if (p.peek(1) !== 'NOT' || p.peek(2) !== 'IN') return undefined;
    p.next();
    p.next();
    return parseIn(p, left, start, true, true);
  }
  const word = p.peek(1);
  if (word === 'BETWEEN') {
    if (min > between) return undefined;
    p.next();
    return parseBetween(p, left, start, true);
  }
  const opStart = p.start();
  if (word === 'IN') {
    p.next();
    return parseIn(p, left, start, true, false);
  }
  if (word === 'LIKE' || word === 'ILIKE') {
    p.next();
    p.next();
    const opSpan = p.span(opStart);
    const right = parseExpression(p, comparison + 1);
    const op = word === 'LIKE' ? 'NOT LIKE' : 'NOT ILIKE';
    const fn = word === 'LIKE' ? 'notLike' : 'notILike';
    return withEscape(p, { op, fn, opSpan, left, right }, start);
  }
  if (p.trace !== undefined) {
    for (const known of ['IN', 'LIKE', 'ILIKE', 'BETWEEN']) p.note(known, p.index + 1);
  }
  return undefined;
}

/** `… IN PARTITION x` ends the assignments of an UPDATE. */
function isInPartition(p: Cursor): boolean {
  if (p.peek(1) !== 'PARTITION') return false;
  const kind = p.peekKind(2);
  return (
    kind === Numeric || kind === Text || kind === Word || p.peek(2) === '(' || p.peek(2) === '-'
  );
}

function parseIs(p: Cursor, left: Expression, start: number): Expression {
  const opStart = p.start();
  p.next();
  const negated = p.accept('NOT');
  if (p.accept('NULL')) return { kind: 'IsNull', negated, expr: left, span: p.span(start) };
  if (p.value === 'TRUE' || p.value === 'FALSE') {
    const right = parseOperand(p);
    return isDistinct(p, left, start, !negated, right, p.span(opStart));
  }
  p.expectAll('DISTINCT', 'FROM');
  const opSpan = p.span(opStart);
  return isDistinct(p, left, start, negated, parseExpression(p, is + 1), opSpan);
}

function isDistinct(
  p: Cursor,
  left: Expression,
  start: number,
  negated: boolean,
  right: Expression,
  opSpan: { start: number; end: number },
): Binary {
  const op = negated ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM';
  const fn = negated ? 'isNotDistinctFrom' : 'isDistinctFrom';
  return { kind: 'Binary', op, fn, opSpan, left, right, span: p.span(start) };
}

function parseBetween(p: Cursor, expr: Expression, start: number, negated: boolean): Expression {
  p.next();
  const low = parseExpression(p, between + 1);
  p.expect('AND');
  const high = parseExpression(p, between + 1);
  return { kind: 'Between', negated, expr, low, high, span: p.span(start) };
}

function parseIn(
  p: Cursor,
  expr: Expression,
  start: number,
  negated: boolean,
  global: boolean,
): Expression {
  p.next();
  const source = p.value === '(' ? parseInList(p) : parseExpression(p, comparison + 1);
  return { kind: 'In', negated, global, expr, source, span: p.span(start) };
}

/** What stands in parentheses behind IN: a query, or a list that is a Tuple even of one. */
function parseInList(p: Cursor): Expression {
  const start = p.start();
  p.enter();
  p.next();
  if (startsQuery(p)) {
    const query = parseQuery(p);
    p.expect(')');
    p.leave();
    return { kind: 'Subquery', query, span: p.span(start) };
  }
  const items: Expression[] = [];
  while (p.value !== ')') {
    items.push(parseExpression(p, withAlias));
    if (items.length === 1) joinSubquery(p, items);
    if (!p.accept(',')) break;
  }
  p.expect(')');
  p.leave();
  const only = items[0];
  if (items.length === 1 && only?.kind === 'Subquery') return only;
  return { kind: 'Tuple', items, span: p.span(start) };
}

/** An expression with an optional alias, with or without AS, as select lists have it. */
export function parseSelectItem(p: Cursor, reserved: ReadonlySet<string>): Expression {
  const start = p.start();
  let expr = parseExpression(p, withAlias);
  const free = p.kind === Quoted || (p.kind === Word && !reserved.has(p.value));
  if (!free || expr.kind === 'Alias') return expr;
  const alias = p.name();
  expr = { kind: 'Alias', expr, alias, span: p.span(start) };
  return infix.has(p.value) ? continueExpression(p, expr, start, 0) : expr;
}

/** One or more expressions separated by commas, each perhaps with AS. */
export function parseExpressionList(p: Cursor): Expression[] {
  const items = [parseExpression(p, withAlias)];
  while (p.accept(',')) items.push(parseExpression(p, withAlias));
  return items;
}

/** What may follow an operand without a blank in meaning: elements and casts. */
export function parsePostfix(p: Cursor, operand: Expression, start: number): Expression {
  let expr = operand;
  let deepened = 0;
  for (;;) {
    if (p.value === '::') {
      const span = p.span(start);
      const text =
        deepened > 0 ? undefined : castText(expr, () => p.text.slice(span.start, span.end));
      if (text !== undefined) expr = { kind: 'Literal', type: 'string', value: text, span };
      p.next();
      const type = parseType(p);
      expr = { kind: 'Cast', form: '::', expr, type, span: p.span(start) };
    } else if (p.value === '[') {
      p.next();
      const index = parseExpression(p, withAlias);
      p.expect(']');
      expr = { kind: 'Index', expr, index, span: p.span(start) };
    } else if (p.value === '.') {
      expr = parseElement(p, expr, start);
    } else return expr;
    p.checkDepth(++deepened);
  }
}

/** `.1`, `.-1`, `.name`, `.*` behind an operand. */
function parseElement(p: Cursor, expr: Expression, start: number): Expression {
  p.next();
  const negative = p.value === '-' && p.peekKind(1) === Numeric;
  if (negative) p.next();
  if (p.kind === Numeric) {
    const index = (negative ? -1 : 1) * p.integer();
    return { kind: 'TupleAccess', expr, index, name: undefined, span: p.span(start) };
  }
  if (p.value === '*') {
    p.next();
    const star: Star = { kind: 'Star', source: expr, transformers: [], span: p.span(start) };
    parseTransformers(p, star, start);
    return star;
  }
  const name: Name = p.name('element of the tuple');
  return { kind: 'TupleAccess', expr, index: undefined, name, span: p.span(start) };
}
