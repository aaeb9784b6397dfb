// Queries: WITH, SELECT and its clauses in ClickHouse's order, FROM-first, set operations.
import type {
  CommonExpression,
  CommonTable,
  Expression,
  GroupBy,
  Name,
  NamedWindow,
  Query,
  Select,
  SetOperation,
  TableName,
  With,
} from '../ast/index.ts';
import { notAlias } from '../keywords.ts';
import { Numeric, Quoted, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList, parseSelectItem, withAlias } from './expression.ts';
import { parseTables } from './from.ts';
import { parseLimits } from './limit.ts';
import { endsList, parseOrderBy } from './order.ts';
import { parseSettingsList, parseWindowSpec } from './window.ts';

/** Does a query begin `ahead` tokens from here? Parentheses are not looked into. */
export function startsQuery(p: Cursor, ahead = 0): boolean {
  const word = ahead === 0 ? p.value : p.peek(ahead);
  if (word === 'SELECT') return p.peek(ahead + 1) !== ',' && p.peek(ahead + 1) !== '.';
  if (word === 'WITH') {
    const kind = p.peekKind(ahead + 1);
    const next = p.peek(ahead + 1);
    return (
      kind === Word ||
      kind === Quoted ||
      kind === Numeric ||
      ((next === '' || next === '(' || next === '[' || next === '{') && p.peek(ahead + 2) !== ')')
    );
  }
  if (word !== 'FROM') return false;
  const kind = p.peekKind(ahead + 1);
  return kind === Word || kind === Quoted || p.peek(ahead + 1) === '(';
}

/** Like `startsQuery`, where only a query makes sense: parentheses before it are looked through. */
export function opensQuery(p: Cursor, ahead: number): boolean {
  let at = ahead;
  while (p.peek(at) === '(' && at - ahead < p.depthMax) at++;
  return startsQuery(p, at);
}

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

/** A query and whether it stood in parentheses. */
interface Operand {
  query: Query;
  closed: boolean;
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
  const node = emptySelect(start);
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

export function parseWith(p: Cursor): With {
  const start = p.start();
  p.expect('WITH');
  const recursive = p.value === 'RECURSIVE' && p.peek(1) !== 'AS' && p.accept('RECURSIVE');
  const items: With['items'] = [parseWithItem(p)];
  while (p.accept(',')) {
    if (p.value === 'SELECT' || p.value === 'FROM') break;
    items.push(parseWithItem(p));
  }
  return { kind: 'With', recursive, items, span: p.span(start) };
}

function parseWithItem(p: Cursor): CommonTable | CommonExpression {
  const start = p.start();
  if (p.isName()) {
    const table = p.attempt(() => parseCommonTableHead(p));
    if (table !== undefined) {
      const query = parseQuery(p);
      p.expect(')');
      return { kind: 'CommonTable', ...table, query, span: p.span(start) };
    }
  }
  const expr = parseExpression(p, withAlias);
  if (expr.kind === 'Alias')
    return { kind: 'CommonExpression', name: expr.alias, expr: expr.expr, span: p.span(start) };
  // Without a name nothing can mean it, which ClickHouse allows for all but the last.
  if (!p.is(',')) return p.fail('AS');
  const name: Name = { kind: 'Name', name: '', quoted: true, span: p.span(start) };
  return { kind: 'CommonExpression', name, expr, span: p.span(start) };
}

/** `name [(a, b)] AS [[NOT] MATERIALIZED] (` before a query. */
function parseCommonTableHead(
  p: Cursor,
): Pick<CommonTable, 'name' | 'columns' | 'materialized'> | undefined {
  const name = p.name();
  let columns: CommonTable['columns'];
  if (p.accept('(')) {
    columns = p.list(() => p.name());
    p.expect(')');
  }
  if (!p.accept('AS')) return undefined;
  let materialized: boolean | undefined;
  if (p.accept('MATERIALIZED')) materialized = true;
  else if (p.acceptAll('NOT', 'MATERIALIZED')) materialized = false;
  if (!p.accept('(')) return undefined;
  return { name, columns, materialized };
}

export function emptySelect(start: number): Select {
  return {
    kind: 'Select',
    with: undefined,
    distinct: false,
    distinctOn: undefined,
    columns: [],
    into: undefined,
    from: undefined,
    prewhere: undefined,
    where: undefined,
    groupBy: undefined,
    totals: false,
    having: undefined,
    windows: [],
    qualify: undefined,
    orderBy: undefined,
    limitBy: undefined,
    limit: undefined,
    settings: undefined,
    span: { start, end: start },
  };
}

/** One SELECT, or FROM … [SELECT …]. */
export function parseSelect(p: Cursor): Select {
  const start = p.start();
  const node = emptySelect(start);
  if (p.value === 'FROM') {
    p.next();
    node.from = parseTables(p);
    if (p.is('SELECT')) parseColumns(p, node);
    else node.columns = [{ kind: 'Star', transformers: [], span: { start, end: start } }];
  } else {
    if (!p.is('SELECT')) p.fail('SELECT');
    parseColumns(p, node);
    if (p.value === 'INTO' && p.peek(1) !== 'OUTFILE') {
      p.next();
      p.accept('TABLE');
      node.into = p.tableName() satisfies TableName;
    }
    if (p.accept('FROM')) node.from = parseTables(p);
  }
  if (p.accept('PREWHERE')) node.prewhere = parseExpression(p, withAlias);
  if (p.accept('WHERE')) node.where = parseExpression(p, withAlias);
  if (p.acceptAll('GROUP', 'BY')) node.groupBy = parseGroupBy(p);
  parseGroupModifiers(p, node);
  if (p.accept('HAVING')) node.having = parseExpression(p, withAlias);
  if (p.acceptAll('WITH', 'TOTALS')) node.totals = true;
  if (p.accept('WINDOW')) node.windows = p.list(() => parseNamedWindow(p));
  if (p.accept('QUALIFY')) node.qualify = parseExpression(p, withAlias);
  parseSelectTail(p, node);
  node.span = p.span(start);
  return node;
}

/** ORDER BY, LIMIT and SETTINGS. */
function parseSelectTail(p: Cursor, node: Select): void {
  const start = p.start();
  if (p.acceptAll('ORDER', 'BY')) node.orderBy = parseOrderBy(p, start);
  const limits = parseLimits(p);
  if (limits.limitBy !== undefined && node.distinctOn !== undefined) {
    p.failWith('DISTINCT ON and LIMIT BY cannot be used together');
  }
  node.limitBy = limits.limitBy;
  // TOP stands before, LIMIT behind: both is an error of the user's.
  if (node.limit === undefined) node.limit = limits.limit;
  else if (limits.limit?.limit !== undefined) p.failWith('TOP and LIMIT cannot be used together');
  else if (limits.limit !== undefined) node.limit.offset = limits.limit.offset;
  if (p.accept('SETTINGS')) node.settings = parseSettingsList(p);
}

function parseColumns(p: Cursor, node: Select): void {
  p.expect('SELECT');
  if (p.trace !== undefined) p.note('~DISTINCT');
  if (p.value === 'DISTINCT') {
    p.next();
    node.distinct = true;
    if (p.is('ON') && p.peek(1) === '(') {
      p.next();
      p.next();
      node.distinctOn = parseExpressionList(p);
      p.expect(')');
    }
  } else if (p.value === 'ALL' && p.peek(1) !== ',' && p.peek(1) !== '(') p.next();
  if (p.value === 'TOP' && (p.peekKind(1) === Numeric || p.peek(1) === '(')) parseTop(p, node);
  node.columns.push(parseSelectItem(p, notAlias));
  while (p.accept(',')) {
    if (endsList(p)) break;
    node.columns.push(parseSelectItem(p, notAlias));
  }
}

function parseTop(p: Cursor, node: Select): void {
  const start = p.start();
  p.next();
  let limit: Expression | undefined;
  if (p.accept('(')) {
    limit = parseExpression(p, 0);
    p.expect(')');
  } else limit = p.literal();
  const withTies = p.acceptAll('WITH', 'TIES');
  node.limit = { kind: 'Limit', limit, withTies, span: p.span(start) };
}

function parseNamedWindow(p: Cursor): NamedWindow {
  const start = p.start();
  const name = p.name('window');
  p.expect('AS');
  const spec = parseWindowSpec(p);
  return { kind: 'NamedWindow', name, spec, span: p.span(start) };
}

export function parseGroupBy(p: Cursor): GroupBy {
  const start = p.start();
  const node: GroupBy = { kind: 'GroupBy', mode: 'LIST', items: [], span: { start, end: start } };
  const next = p.peek(1);
  if (p.value === 'ALL' && next !== ',' && next !== '.' && next !== '(') {
    p.next();
    node.mode = 'ALL';
  } else if ((p.value === 'ROLLUP' || p.value === 'CUBE') && next === '(') {
    node.mode = p.value;
    p.next();
    p.next();
    if (!p.is(')')) node.items = parseExpressionList(p);
    p.expect(')');
  } else if (p.value === 'GROUPING' && next === 'SETS') {
    p.next();
    p.next();
    node.mode = 'GROUPING SETS';
    p.expect('(');
    node.sets = p.list(() => parseGroupingSet(p));
    p.expect(')');
  } else {
    node.items = [parseExpression(p, withAlias)];
    while (p.accept(',')) {
      if (endsList(p) || p.value === 'WITH') break;
      node.items.push(parseExpression(p, withAlias));
    }
    const only = node.items[0];
    if (node.items.length === 1 && only?.kind === 'Tuple' && only.items.length === 0) {
      node.items = [];
    }
  }
  node.span = p.span(start);
  return node;
}

function parseGroupingSet(p: Cursor): Expression[] {
  if (p.value !== '(') return [parseExpression(p, 0)];
  const start = p.index;
  p.next();
  const items = p.is(')') ? [] : parseExpressionList(p);
  p.expect(')');
  if (p.is(',') || p.is(')')) return items;
  p.seek(start);
  return [parseExpression(p, 0)];
}

/** WITH ROLLUP needs no GROUP BY before it. Behind GROUPING SETS it is refused when it is bound. */
function addLevels(p: Cursor, node: Select, mode: 'ROLLUP' | 'CUBE'): void {
  const { groupBy } = node;
  if (groupBy?.mode === 'GROUPING SETS') groupBy.levels = mode;
  else if (groupBy !== undefined && groupBy.mode !== 'LIST') {
    p.failWith('WITH ROLLUP and WITH CUBE need a plain list of keys', p.index - 1);
  } else if (groupBy) groupBy.mode = mode;
  else node.groupBy = { kind: 'GroupBy', mode, items: [], span: p.span(p.lastEnd()) };
}

function parseGroupModifiers(p: Cursor, node: Select): void {
  for (;;) {
    if (p.value !== 'WITH' && p.trace === undefined) return;
    if (p.acceptAll('WITH', 'TOTALS')) node.totals = true;
    else if (p.acceptAll('WITH', 'ROLLUP')) addLevels(p, node, 'ROLLUP');
    else if (p.acceptAll('WITH', 'CUBE')) addLevels(p, node, 'CUBE');
    else return;
  }
}
