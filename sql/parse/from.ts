// The FROM clause: tables, functions, subqueries, joins, ARRAY JOIN, PIVOT.
import type {
  ArrayJoin,
  Expression,
  Join,
  Name,
  Pivot,
  PivotColumn,
  Sample,
  TableExpression,
  TableFunctionRef,
  TableRef,
  TableSubquery,
  Unpivot,
} from '../ast/index.ts';
import { notAlias } from '../keywords.ts';
import { End, Quoted, Word } from '../lexer.ts';
import type { Cursor } from './cursor.ts';
import {
  additive,
  comparison,
  parseExpression,
  parseExpressionList,
  parseSelectItem,
} from './expression.ts';
import { parseCall } from './operand.ts';
import { endsList } from './order.ts';
import { parseQuery, parseQueryAfter } from './query.ts';
import { startsQuery } from './select.ts';
import { parseStatementTable, startsStatementTable } from './statement-table.ts';

const modifiers = new Set([
  'GLOBAL',
  'LOCAL',
  'ANY',
  'ALL',
  'ASOF',
  'SEMI',
  'ANTI',
  'INNER',
  'LEFT',
  'RIGHT',
  'FULL',
  'OUTER',
  'CROSS',
  'PASTE',
  'NATURAL',
  'JOIN',
  'ARRAY',
]);

/** Tables and joins, left-deep. */
export function parseTables(p: Cursor): TableExpression {
  const start = p.start();
  let left = parseTable(p);
  let deepened = 0;
  for (;;) {
    if (p.value === ',') {
      p.next();
      if (endsList(p)) return left;
      const right = parseTable(p);
      left = {
        kind: 'Join',
        type: 'COMMA',
        natural: false,
        left,
        right,
        span: p.span(start),
      };
    } else if (p.kind === Word && modifiers.has(p.value)) {
      left = parseJoin(p, left, start);
    } else {
      if (p.trace !== undefined) {
        for (const word of ['JOIN', 'LEFT JOIN', 'INNER JOIN', 'ARRAY JOIN']) p.note(word);
        for (const word of modifiers) p.note(`~${word}`);
        p.note(',');
      }
      return left;
    }
    p.checkDepth(++deepened);
  }
}

type Strictness = NonNullable<Join['strictness']>;

function parseJoin(p: Cursor, left: TableExpression, start: number): Join | ArrayJoin {
  let type: Join['type'] | undefined;
  let strictness: Strictness | undefined;
  let locality: Join['locality'];
  let natural = false;
  for (;;) {
    const word = p.value;
    if (word === 'JOIN') break;
    if (word === 'ARRAY' && strictness === undefined && (type ?? 'LEFT') !== 'RIGHT') {
      if (p.peek(1) === 'JOIN') return parseArrayJoin(p, left, start, type === 'LEFT');
      p.next();
      p.fail('JOIN');
    }
    if (word === 'GLOBAL' || word === 'LOCAL') locality = word;
    else if (word === 'NATURAL') natural = true;
    else if (word === 'OUTER' && type !== undefined) {
      // Only a noise word behind LEFT, RIGHT and FULL.
    } else if (
      word === 'ANY' ||
      word === 'ALL' ||
      word === 'ASOF' ||
      word === 'SEMI' ||
      word === 'ANTI'
    ) {
      if (strictness !== undefined) p.fail('JOIN');
      strictness = word;
    } else if (type === undefined && isJoinType(word)) type = word;
    else p.fail('JOIN');
    p.next();
    if (p.trace !== undefined) p.note('JOIN');
  }
  if (strictness !== undefined && (type === 'CROSS' || type === 'PASTE')) {
    p.failWith(`${type} JOIN takes no ${strictness}`);
  }
  p.next();
  const right = parseTable(p);
  const node: Join = {
    kind: 'Join',
    type: type ?? 'INNER',
    strictness,
    locality,
    natural,
    left,
    right,
    span: p.span(start),
  };
  if (node.type === 'CROSS' || node.type === 'PASTE' || natural) return node;
  if (p.accept('ON')) node.on = parseExpression(p, 0);
  else if (p.accept('USING')) node.using = parseUsing(p);
  else p.fail('ON');
  node.span = p.span(start);
  return node;
}

const isJoinType = (
  word: string,
): word is 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | 'PASTE' =>
  word === 'INNER' ||
  word === 'LEFT' ||
  word === 'RIGHT' ||
  word === 'FULL' ||
  word === 'CROSS' ||
  word === 'PASTE';

function parseUsing(p: Cursor): Expression[] {
  if (p.value === '*') {
    const span = p.tokenSpan();
    p.next();
    return [{ kind: 'Star', transformers: [], span }];
  }
  const open = p.accept('(');
  const items: Expression[] = [];
  do {
    if (open && p.value === ')') break;
    items.push(parseExpression(p, -1));
  } while (p.accept(','));
  if (open) p.expect(')');
  return items;
}

function parseArrayJoin(
  p: Cursor,
  left: TableExpression,
  start: number,
  outer: boolean,
): ArrayJoin {
  p.next();
  p.next();
  // A list without items is refused later, as ClickHouse does: it is no error of syntax.
  const items = endsList(p) ? [] : [parseSelectItem(p, notAlias)];
  while (items.length > 0 && p.accept(',')) {
    if (endsList(p)) break;
    items.push(parseSelectItem(p, notAlias));
  }
  return {
    kind: 'ArrayJoin',
    type: outer ? 'LEFT' : 'INNER',
    left,
    items,
    span: p.span(start),
  };
}

/** One table with its alias, FINAL, SAMPLE, PIVOT. */
export function parseTable(p: Cursor): TableExpression {
  const start = p.start();
  let table: TableExpression = parsePrimary(p, start);
  let deepened = 0;
  while (
    (p.value === 'PIVOT' && p.peek(1) === '(') ||
    (p.value === 'UNPIVOT' && (p.peek(1) === '(' || p.peek(2) === 'NULLS'))
  ) {
    table = p.value === 'PIVOT' ? parsePivot(p, table, start) : parseUnpivot(p, table, start);
    p.checkDepth(++deepened);
  }
  return table;
}

function parsePrimary(p: Cursor, start: number): TableExpression {
  if (p.value === 'LATERAL' && p.peek(1) === '(') p.next();
  if (p.value === '(') return parseClosed(p, start);
  if (p.isString()) {
    const path = p.string();
    return { kind: 'TableFile', path, alias: parseAlias(p)?.alias, span: p.span(start) };
  }
  if ((p.kind === Word || p.kind === Quoted) && p.peek(1) === '(') {
    const node: TableFunctionRef = {
      kind: 'TableFunction',
      call: parseCall(p),
      final: false,
      span: p.span(start),
    };
    parseTableSuffix(p, node, start, true);
    return node;
  }
  if (p.kind === Word && notAlias.has(p.value) && !isTableName(p)) p.fail('table');
  if (!p.isName()) p.fail('table');
  const node: TableRef = { kind: 'Table', name: p.tableName(), final: false, span: p.span(start) };
  parseVersion(p, node);
  parseTableSuffix(p, node, start, false);
  return node;
}

/** A clause word can be a table only where nothing of its clause follows. */
function isTableName(p: Cursor): boolean {
  const next = p.peek(1);
  if (next === 'BY') return false;
  return (
    next === '.' ||
    next === ')' ||
    next === ',' ||
    next === ';' ||
    p.peekKind(1) === End ||
    (p.peekKind(1) === Word && notAlias.has(next))
  );
}

/** `( query )`, `( EXPLAIN … )`, or joins in parentheses. */
function parseClosed(p: Cursor, start: number): TableExpression {
  p.enter();
  p.next();
  let query: TableSubquery['query'] | undefined;
  if (startsQuery(p) || (p.value === 'VALUES' && p.peek(1) === '(')) query = parseQuery(p);
  else if (startsStatementTable(p)) query = parseStatementTable(p);
  else if (p.value === '(') {
    const inner = parseTables(p);
    if (inner.kind === 'TableSubquery' && isBare(inner)) {
      query = parseQueryAfter(p, inner.query, inner.span.start);
    } else {
      p.expect(')');
      p.leave();
      return inner;
    }
  }
  if (query === undefined) {
    const inner = parseTables(p);
    p.expect(')');
    p.leave();
    return inner;
  }
  p.expect(')');
  p.leave();
  const node: TableSubquery = { kind: 'TableSubquery', query, final: false, span: p.span(start) };
  parseTableSuffix(p, node, start, true);
  return node;
}

const isBare = (table: TableSubquery): boolean =>
  table.alias === undefined && !table.final && table.sample === undefined;

function parseVersion(p: Cursor, node: TableRef): void {
  if (p.acceptAll('VERSION', 'AS', 'OF')) node.version = parseExpression(p, additive);
  else if (p.acceptAll('TIMESTAMP', 'AS', 'OF')) node.timestamp = parseExpression(p, additive);
}

function parseTableSuffix(
  p: Cursor,
  node: TableRef | TableFunctionRef | TableSubquery,
  start: number,
  columns: boolean,
): void {
  if (p.value === 'FINAL' || p.trace !== undefined) node.final = p.accept('FINAL');
  const named = parseAlias(p);
  if (named !== undefined) {
    node.alias = named.alias;
    if (p.value === '(' && (columns || named.explicit)) {
      p.next();
      node.columnAliases = p.list(() => p.name());
      p.expect(')');
    }
  }
  if (!node.final && p.accept('FINAL')) node.final = true;
  if (p.accept('SAMPLE')) node.sample = parseSample(p);
  node.span = p.span(start);
}

function parseAlias(p: Cursor): { alias: Name; explicit: boolean } | undefined {
  if (p.value === 'AS') {
    p.next();
    return { alias: p.name('alias'), explicit: true };
  }
  if (p.kind !== Quoted && (p.kind !== Word || notAlias.has(p.value))) return undefined;
  return { alias: p.name(), explicit: false };
}

function parseSample(p: Cursor): Sample {
  const start = p.start();
  const size = parseExpression(p, additive);
  // The OFFSET of SAMPLE is a ratio; that of the query never stands right here without LIMIT.
  const offset = p.accept('OFFSET') ? parseExpression(p, additive) : undefined;
  return { kind: 'Sample', size, offset, span: p.span(start) };
}

function parsePivot(p: Cursor, source: TableExpression, start: number): Pivot {
  p.next();
  p.expect('(');
  const aggregates = [parseSelectItem(p, notAlias)];
  while (p.accept(',')) aggregates.push(parseSelectItem(p, notAlias));
  p.expect('FOR');
  const columns: PivotColumn[] = [];
  do columns.push(parsePivotColumn(p));
  while (p.value !== 'GROUP' && p.value !== ')' && !p.atEnd());
  const groupBy = p.acceptAll('GROUP', 'BY') ? parseExpressionList(p) : [];
  p.expect(')');
  const alias = parseAlias(p)?.alias;
  return { kind: 'Pivot', source, aggregates, columns, groupBy, alias, span: p.span(start) };
}

function parsePivotColumn(p: Cursor): PivotColumn {
  const start = p.start();
  const expr = parseExpression(p, comparison + 1);
  p.expect('IN');
  p.expect('(');
  const values = parseAliasedList(p);
  p.expect(')');
  return { kind: 'PivotColumn', expr, values, span: p.span(start) };
}

function parseUnpivot(p: Cursor, source: TableExpression, start: number): Unpivot {
  p.next();
  const includeNulls = p.acceptAll('INCLUDE', 'NULLS');
  if (!includeNulls) p.acceptAll('EXCLUDE', 'NULLS');
  p.expect('(');
  const values = parseNames(p);
  p.expect('FOR');
  const names = parseNames(p);
  p.expect('IN');
  p.expect('(');
  const columns = parseAliasedList(p);
  p.expect(')');
  p.expect(')');
  const alias = parseAlias(p)?.alias;
  return {
    kind: 'Unpivot',
    source,
    includeNulls,
    values,
    names,
    columns,
    alias,
    span: p.span(start),
  };
}

function parseAliasedList(p: Cursor): Expression[] {
  const items = [parseSelectItem(p, notAlias)];
  while (p.accept(',')) items.push(parseSelectItem(p, notAlias));
  return items;
}

function parseNames(p: Cursor): Name[] {
  if (!p.accept('(')) return [p.name()];
  const names = p.list(() => p.name());
  p.expect(')');
  return names;
}
