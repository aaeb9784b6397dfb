// A query: WITH, SELECTs joined by UNION, EXCEPT and INTERSECT, and the parentheses around them.
import type { Query, SetOperation, With } from '../ast/index.ts';
import { emptySelect } from '../build.ts';
import type { Cursor } from './cursor.ts';
import { parseExpressionList } from './expression.ts';
import { parseLimits } from './limit.ts';
import { parseOrderBy } from './order.ts';
import { type Operand, parseSelect, parseSelectTail } from './select.ts';
import { parseSettingsList } from './window.ts';
import { parseWith } from './with.ts';

/** WITH … (perhaps already taken), set operations, everything up to FORMAT. */
export function parseQuery(p: Cursor, taken?: With, takenStart?: number): Query {
  p.enter();
  const start = takenStart ?? p.start();
  const common = taken ?? (p.is('WITH') ? parseWith(p) : undefined);
  const query = parseSetOperations(p, start, parseIntersections(p, start));
  if (common !== undefined) attachWith(p, query, common, start);
  p.leave();
  return query;
}

/** Goes on behind a query in parentheses that was already taken. */
export function parseQueryAfter(p: Cursor, first: Query, start: number): Query {
  const left = parseIntersectionsAfter(p, start, { query: first, closed: true });
  return parseSetOperations(p, start, left);
}

export function attachWith(p: Cursor, query: Query, common: With, start: number): void {
  if (query.kind === 'Values' || query.kind === 'StatementQuery') p.fail('SELECT');
  query.with =
    query.with === undefined
      ? common
      : {
          ...common,
          recursive: common.recursive || query.with.recursive,
          items: [...common.items, ...query.with.items],
        };
  query.span = { start, end: query.span.end };
}

function parseSetOperations(p: Cursor, start: number, first: Operand): Query {
  let left = first;
  let deepened = 0;
  while (p.value === 'UNION' || (p.value === 'EXCEPT' && p.peek(1) !== '')) {
    const op = p.value;
    p.next();
    const quantifier = p.acceptOne('ALL', 'DISTINCT');
    const byName = op === 'UNION' && p.acceptAll('BY', 'NAME');
    const right = parseIntersections(p, p.start());
    const next = join(p, start, left, right, op, quantifier, byName);
    if (next.query !== left.query) p.checkDepth(++deepened);
    left = next;
  }
  noteSetOperators(p);
  if (left !== first) parseTail(p, left.query, left);
  else if (left.closed) return parseClosedTail(p, left.query, start);
  return left.query;
}

function noteSetOperators(p: Cursor): void {
  if (p.trace === undefined) return;
  for (const word of ['UNION', 'EXCEPT', 'INTERSECT']) p.note(word);
}

function parseIntersections(p: Cursor, start: number): Operand {
  return parseIntersectionsAfter(p, start, parseOperandQuery(p));
}

function parseIntersectionsAfter(p: Cursor, start: number, first: Operand): Operand {
  let left = first;
  while (p.value === 'INTERSECT') {
    p.next();
    const quantifier = p.acceptOne('ALL', 'DISTINCT');
    left = join(p, start, left, parseOperandQuery(p), 'INTERSECT', quantifier, false);
  }
  return left;
}

function join(
  p: Cursor,
  start: number,
  left: Operand,
  right: Operand,
  op: SetOperation['op'],
  quantifier: SetOperation['quantifier'],
  byName: boolean,
): Operand {
  const { query } = left;
  const closed = right.closed;
  if (
    query.kind === 'SetOperation' &&
    !left.closed &&
    query.op === op &&
    query.quantifier === quantifier &&
    query.byName === byName
  ) {
    query.queries.push(right.query);
    query.span = p.span(start);
    lastClosed.set(query, closed);
    return left;
  }
  const node: SetOperation = {
    kind: 'SetOperation',
    op,
    quantifier,
    byName,
    queries: [query, right.query],
    span: p.span(start),
  };
  lastClosed.set(node, closed);
  return { query: node, closed: false };
}

/** Was the last query of an operation in parentheses? Then ORDER BY behind it is the whole's. */
const lastClosed = new WeakMap<SetOperation, boolean>();

function parseTail(p: Cursor, query: Query, operand: Operand): void {
  if (query.kind !== 'SetOperation' || operand.closed || !lastClosed.get(query)) return;
  const start = p.start();
  if (p.acceptAll('ORDER', 'BY')) query.orderBy = parseOrderBy(p, start);
  const limits = parseLimits(p);
  if (limits.limitBy !== undefined) p.fail();
  query.limit = limits.limit;
  if (p.value === 'SETTINGS' && p.accept('SETTINGS')) query.settings = parseSettingsList(p);
  query.span = p.span(query.span.start);
}

/** `(SELECT …) ORDER BY x LIMIT 1` reads as SELECT * FROM (…) ORDER BY …. */
function parseClosedTail(p: Cursor, query: Query, start: number): Query {
  const orders = p.value === 'ORDER' && p.peek(1) === 'BY';
  if (!orders && p.value !== 'LIMIT' && p.value !== 'OFFSET' && p.value !== 'FETCH') return query;
  const node = emptySelect({ start, end: start });
  node.columns = [{ kind: 'Star', transformers: [], span: query.span }];
  node.from = { kind: 'TableSubquery', query, final: false, span: query.span };
  parseSelectTail(p, node);
  node.span = p.span(start);
  return node;
}

function parseOperandQuery(p: Cursor): Operand {
  const start = p.start();
  if (p.value === '(') {
    p.next();
    const query = parseQuery(p);
    p.expect(')');
    return { query, closed: true };
  }
  if (p.value === 'WITH') {
    const common = parseWith(p);
    const operand = parseOperandQuery(p);
    attachWith(p, operand.query, common, start);
    return operand;
  }
  if (p.value === 'VALUES' && p.peek(1) === '(') {
    p.next();
    const rows = parseExpressionList(p);
    return { query: { kind: 'Values', rows, span: p.span(start) }, closed: false };
  }
  return { query: parseSelect(p), closed: false };
}
