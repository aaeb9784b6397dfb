// Operands: literals, names, calls, parentheses, brackets, braces. Forms with a syntax of their own
// (CASE, CAST, EXTRACT …) are in forms.ts.
import type { Expression, FunctionCall, Identifier, Name, Positional, Span } from '../ast/index.ts';
import { afterName, clauseWords, neverValue } from '../keywords.ts';
import { Broken, End, Numeric, Quoted, Text, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { negation, parseExpression, parsePostfix, withAlias } from './expression.ts';
import { callForms, wordForms } from './forms/index.ts';
import { parseOrderItem } from './order.ts';
import { parseQuery, parseQueryAfter } from './query.ts';
import { startsQuery } from './select.ts';
import { parseStar } from './star.ts';
import { parseStatementTable, startsStatementTable } from './statement-table.ts';
import { parseType } from './type.ts';
import { parseCallSuffix, parseSettingsList } from './window.ts';

export function parseOperand(p: Cursor): Expression {
  const start = p.start();
  switch (p.kind) {
    case Word:
      return parseWord(p, start);
    case Numeric:
    case Text:
      return parsePostfix(p, p.literal() as Expression, start);
    case Quoted:
      if (p.peek(1) === '(') return parsePostfix(p, parseCall(p), start);
      return parseName(p, start);
    case Broken:
    case End:
      return p.fail('expression');
    default:
      return parseSymbol(p, start);
  }
}

function parseSymbol(p: Cursor, start: number): Expression {
  switch (p.value) {
    case '(':
      return parseParentheses(p, start);
    case '[':
      return parsePostfix(p, parseArray(p, start), start);
    case '{':
      return parsePostfix(p, parseBraces(p, start), start);
    case '*':
      p.next();
      return parseStar(p, start, undefined);
    case '-':
      return parseMinus(p, start);
    case '+':
      p.next();
      return parseExpression(p, negation);
    case '?': {
      p.next();
      const index = p.positionals++;
      const node: Positional = { kind: 'Positional', index, span: p.span(start) };
      return parsePostfix(p, node, start);
    }
    case '@@': {
      p.next();
      const name = p.dottedName();
      const text: Expression = {
        kind: 'Literal',
        type: 'string',
        value: name.name,
        span: name.span,
      };
      return call('globalVariable', p.span(start), [text], p.span(start));
    }
    default:
      noteOperands(p);
      return p.fail('expression');
  }
}

function noteOperands(p: Cursor): void {
  if (p.trace === undefined) return;
  for (const word of ['CASE', 'CAST', 'INTERVAL', 'NOT', 'EXISTS', 'NULL']) p.note(`~${word}`);
}

function parseMinus(p: Cursor, start: number): Expression {
  if (p.peekKind(1) === Numeric) return parsePostfix(p, p.literal() as Expression, start);
  if (p.peek(1) === 'INF' || p.peek(1) === 'NAN' || p.peek(1) === 'INFINITY') {
    if (p.peek(2) !== '(' && p.peek(2) !== '.') {
      p.next();
      const text = p.value === 'NAN' ? 'nan' : '-inf';
      p.next();
      const literal: Expression = { kind: 'Literal', type: 'number', text, span: p.span(start) };
      return parsePostfix(p, literal, start);
    }
  }
  p.next();
  const operand = parseExpression(p, negation);
  return { kind: 'Unary', op: '-', fn: 'negate', operand, span: p.span(start) };
}

function parseWord(p: Cursor, start: number): Expression {
  const word = p.value;
  const next = p.peek(1);
  if (p.trace !== undefined) noteOperands(p);
  if (clauseWords.has(word) && !isValue(p, word, next)) p.fail('expression');
  const special = (next === '(' ? callForms : wordForms).get(word)?.(p, start);
  if (special === undefined && next === '(') return parsePostfix(p, parseCall(p), start);
  // NOT is looser than what may follow it: no element of it can be taken.
  if (special !== undefined) {
    return special.kind === 'Unary' ? special : parsePostfix(p, special, start);
  }
  return parseName(p, start);
}

/** Clause words that are functions too. */
const callable = new Set(['AND', 'OR', 'LIKE', 'ILIKE', 'IN', 'VALUES', 'FORMAT', 'WINDOW']);
/** Behind these a clause word can only be a name: what begins an operand would leave the clause without one. */
const afterClauseName = new Set([...afterName, '[', '-', 'NOT', 'TTL']);

function isValue(p: Cursor, word: string, next: string): boolean {
  if (next === '(') return callable.has(word);
  if (word === 'FROM') return next !== 'FROM' && next !== ')' && /^\W+$/.test(next) && next !== ';';
  if (neverValue.has(word)) return next === '.' || next === '->';
  return afterClauseName.has(next) || p.peekKind(1) === End;
}

/** `a.b.c`, `a -> …`, `t.*`, `t.COLUMNS(…)`. */
function parseName(p: Cursor, start: number): Expression {
  const first = p.name();
  if (p.value === '->') return parseLambda(p, [first], start);
  return parseNameFrom(p, first, start);
}

function parseNameFrom(p: Cursor, first: Name, start: number): Expression {
  return parseNameParts(p, [first], start);
}

/** `json.^path` and `json.path.:Type`: one part whose name begins with the sign. */
function parseSubcolumn(p: Cursor): Name {
  const start = p.start();
  const sign = p.value;
  p.next();
  if (sign === ':') parseType(p);
  else p.name();
  const span = p.span(start);
  return { kind: 'Name', name: p.text.slice(span.start, span.end), quoted: false, span };
}

function parseNameParts(p: Cursor, parts: Name[], start: number): Expression {
  while (p.value === '.') {
    const kind = p.peekKind(1);
    if (kind === Word && p.peek(1) === 'COLUMNS' && p.peek(2) === '(') {
      p.next();
      return parseStar(p, start, parts);
    }
    if (kind === Word || kind === Quoted || p.peek(1) === '{') {
      p.next();
      parts.push(p.name());
    } else if (p.peek(1) === '^' || p.peek(1) === ':') {
      p.next();
      parts.push(parseSubcolumn(p));
    } else if (p.peek(1) === '*') {
      p.next();
      p.next();
      return parseStar(p, start, parts);
    } else break;
  }
  while (p.value === '[' && p.peek(1) === ']') {
    const last = parts.pop() as Name;
    p.next();
    p.next();
    parts.push({ ...last, name: `${last.name}[]`, span: p.span(last.span.start) });
    if (p.is('.') && p.peekKind(1) !== Numeric) return parseNameParts(p, parts, start);
  }
  const identifier: Identifier = { kind: 'Identifier', parts, span: p.span(start) };
  return parsePostfix(p, identifier, start);
}

export function parseLambda(p: Cursor, params: Name[], start: number): Expression {
  p.expect('->');
  const body = parseExpression(p, 0);
  return { kind: 'Lambda', params, body, span: p.span(start) };
}

export function call(
  name: string,
  nameSpan: Span,
  args: Expression[],
  span: Span,
  form?: FunctionCall['form'],
): FunctionCall {
  return {
    kind: 'Function',
    name,
    nameSpan,
    args,
    parameters: undefined,
    distinct: false,
    form,
    span,
  };
}

/** `name(args)` and all that can follow: second parentheses, FILTER, NULLS, OVER. */
export function parseCall(p: Cursor): FunctionCall {
  const start = p.start();
  const name = p.name('function');
  const node = call(name.name, name.span, [], name.span);
  p.expect('(');
  parseArguments(p, node);
  return finishCall(p, node, start);
}

/** The rest of a call whose first argument was already taken. */
export function parseCallAfter(
  p: Cursor,
  start: number,
  nameSpan: Span,
  first: Expression,
  argument: Argument = parseArgument,
): FunctionCall {
  const node = call(p.text.slice(nameSpan.start, nameSpan.end), nameSpan, [first], nameSpan);
  if (p.accept(',') && p.value !== ')') parseArguments(p, node, argument);
  else p.expect(')');
  return finishCall(p, node, start);
}

function finishCall(p: Cursor, node: FunctionCall, start: number): FunctionCall {
  if (p.value === '(') {
    p.next();
    node.parameters = node.args;
    node.args = [];
    parseArguments(p, node);
  }
  if (p.kind === Word || p.trace !== undefined) parseCallSuffix(p, node);
  node.span = p.span(start);
  return node;
}

type Argument = (p: Cursor) => Expression;
const parseArgument: Argument = (p) => parseExpression(p, withAlias);

/** Arguments up to and including `)`. */
function parseArguments(p: Cursor, node: FunctionCall, argument = parseArgument): void {
  if (p.value === ')') {
    p.next();
    return;
  }
  if (p.value === 'DISTINCT' && p.peek(1) !== ',' && p.peek(1) !== ')') {
    p.next();
    node.distinct = true;
  } else if (p.value === 'ALL' && (p.peekKind(1) === Word || p.peek(1) === '*')) p.next();
  if (p.kind === Word && startsQuery(p)) {
    const start = p.start();
    const query = parseQuery(p);
    node.args.push({ kind: 'Subquery', query, span: p.span(start) });
    node.form = 'VIEW';
    if (p.accept('ELSE')) node.args.push(parseExpression(p, 0));
  } else {
    const items = node.args;
    do {
      if (p.value === ')' && items.length > 0) break;
      if (p.value === 'SETTINGS' && p.peekKind(1) === Word) {
        p.next();
        node.settings = parseSettingsList(p);
        break;
      }
      items.push(argument(p));
      takeParameters(items);
    } while (p.accept(','));
    if (p.acceptAll('ORDER', 'BY')) node.orderBy = p.list(() => parseOrderItem(p));
  }
  p.expect(')');
}

/** `f(x, y -> x + y, …)`: the names before a lambda without parentheses are its parameters too. */
function takeParameters(items: Expression[]): void {
  const lambda = items[items.length - 1];
  if (items.length < 2 || lambda?.kind !== 'Lambda') return;
  if (lambda.params[0]?.span.start !== lambda.span.start) return;
  const names: Name[] = [];
  for (const item of items.slice(0, -1)) {
    if (item.kind !== 'Identifier' || item.parts.length !== 1) return;
    names.push(item.parts[0] as Name);
  }
  const start = (names[0] as Name).span.start;
  const params = [...names, ...lambda.params];
  items.splice(0, items.length, { ...lambda, params, span: { ...lambda.span, start } });
}

/** `( … )`: a subquery, a tuple, the arguments of a lambda, or an expression. */
function parseParentheses(p: Cursor, start: number): Expression {
  p.next();
  const explains = p.value === 'EXPLAIN' && startsStatementTable(p);
  if (explains || startsQuery(p)) {
    const query = explains ? parseStatementTable(p) : parseQuery(p);
    p.expect(')');
    return parsePostfix(p, { kind: 'Subquery', query, span: p.span(start) }, start);
  }
  const items: Expression[] = [];
  let comma = false;
  while (p.value !== ')') {
    items.push(parseExpression(p, withAlias));
    if (items.length === 1) joinSubquery(p, items);
    comma = p.accept(',');
    if (!comma) break;
  }
  p.expect(')');
  if (p.value === '->') {
    const params = items.map(lambdaParameter);
    if (params.every((name) => name !== undefined)) return parseLambda(p, params, start);
  }
  const only = items[0];
  const node: Expression =
    items.length === 1 && !comma && only !== undefined
      ? only
      : { kind: 'Tuple', items, span: p.span(start) };
  return parsePostfix(p, node, start);
}

/** `((SELECT 1) UNION ALL (SELECT 2))`: the inner parentheses were a query's, not a value's. */
export function joinSubquery(p: Cursor, items: Expression[]): void {
  const first = items[0];
  if (first?.kind !== 'Subquery') return;
  if (p.value !== 'UNION' && p.value !== 'EXCEPT' && p.value !== 'INTERSECT') return;
  const start = first.span.start;
  const query = parseQueryAfter(p, first.query, start);
  items[0] = { kind: 'Subquery', query, span: p.span(start) };
}

function lambdaParameter(item: Expression): Name | undefined {
  return item.kind === 'Identifier' && item.parts.length === 1 ? item.parts[0] : undefined;
}

function parseArray(p: Cursor, start: number): Expression {
  p.next();
  const items: Expression[] = [];
  while (p.value !== ']') {
    items.push(parseExpression(p, withAlias));
    if (!p.accept(',')) break;
  }
  p.expect(']');
  return { kind: 'Array', items, span: p.span(start) };
}

const literalWords = new Set(['NULL', 'TRUE', 'FALSE', 'INF', 'INFINITY', 'NAN']);

/** `{name:Type}` or `{'key': value}`. */
function parseBraces(p: Cursor, start: number): Expression {
  const named = p.peekKind(1) === Word || p.peekKind(1) === Quoted;
  if (named && p.peek(2) === ':' && p.peek(3) === 'IDENTIFIER') {
    return parseNameFrom(p, p.name(), start);
  }
  p.next();
  if (named && p.peek(1) === ':' && !literalWords.has(p.value)) {
    const { name } = p.name();
    p.next();
    const type = parseType(p);
    p.expect('}');
    return { kind: 'Parameter', name, type, span: p.span(start) };
  }
  const keys: Expression[] = [];
  const values: Expression[] = [];
  while (p.value !== '}') {
    keys.push(parseExpression(p, 3));
    p.expect(':');
    values.push(parseExpression(p, 0));
    if (!p.accept(',')) break;
  }
  p.expect('}');
  return { kind: 'Map', keys, values, span: p.span(start) };
}
