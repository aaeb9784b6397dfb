// SELECT and its clauses in ClickHouse's order, FROM-first too.
import type { Expression, NamedWindow, Query, Select, TableName } from '../ast/index.ts';
import { emptySelect } from '../build.ts';
import { notAlias } from '../keywords.ts';
import { Numeric, Quoted, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList, parseSelectItem, withAlias } from './expression.ts';
import { parseTables } from './from.ts';
import { parseGroupBy, parseGroupModifiers } from './group-by.ts';
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

/** A query and whether it stood in parentheses. */
export interface Operand {
  query: Query;
  closed: boolean;
}

/** One SELECT, or FROM … [SELECT …]. */
export function parseSelect(p: Cursor): Select {
  const start = p.start();
  const node = emptySelect({ start, end: start });
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
export function parseSelectTail(p: Cursor, node: Select): void {
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
