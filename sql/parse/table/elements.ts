// What stands in the parentheses of CREATE TABLE: columns, indexes, projections, constraints, keys.

import type {
  ConstraintDefinition,
  Expression,
  IndexDefinition,
  ProjectionDefinition,
  Select,
  TableElement,
} from '../../ast/index.ts';
import { emptySelect } from '../../build.ts';
import { Quoted, Word } from '../../lexer.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression, parseExpressionList } from '../expression.ts';
import { parseGroupBy } from '../group-by.ts';
import { parseOrderBy } from '../order.ts';
import { parseSelect } from '../select.ts';
import { parseSettingsList } from '../window.ts';
import { parseCallOrName } from './call-or-name.ts';
import { parseColumn } from './column.ts';
import { parseKey } from './key.ts';

/** `( elements )` of CREATE TABLE. */
export function parseElements(
  p: Cursor,
  typesRequired = true,
): {
  elements: TableElement[];
  primaryKey: Expression[] | undefined;
} {
  p.expect('(');
  const elements: TableElement[] = [];
  let primaryKey: Expression[] | undefined;
  while (p.value !== ')') {
    if (p.value === 'PRIMARY' && p.peek(1) === 'KEY') {
      p.next();
      p.next();
      primaryKey = parseKey(p);
    } else elements.push(parseElement(p, typesRequired));
    if (!p.accept(',')) break;
  }
  if (elements.length === 0) p.fail('column');
  p.expect(')');
  return { elements, primaryKey };
}

function parseElement(p: Cursor, typesRequired: boolean): TableElement {
  const start = p.start();
  const named = p.peekKind(1) === Word || p.peekKind(1) === Quoted;
  if (named) {
    if (p.value === 'INDEX' && !isTypeAhead(p)) {
      p.next();
      return parseIndex(p, start);
    }
    if (p.value === 'PROJECTION' && (p.peek(2) === '(' || p.peek(2) === 'INDEX')) {
      p.next();
      return parseProjection(p, start);
    }
    if (p.value === 'CONSTRAINT' && p.peekKind(2) === Word) {
      p.next();
      return parseConstraint(p, start);
    }
    if (p.value === 'FOREIGN' && p.peek(1) === 'KEY') return parseForeignKey(p, start);
  }
  return parseColumn(p, typesRequired);
}

/** `index UInt8,` is a column named index. */
function isTypeAhead(p: Cursor): boolean {
  return p.peek(2) === ',' || p.peek(2) === ')' || p.peek(2) === 'DEFAULT';
}

/** Behind the word INDEX. */
export function parseIndex(p: Cursor, start: number): IndexDefinition {
  const name = p.dottedName();
  const expr = parseExpression(p, 0);
  return parseIndexRest(p, start, name, expr);
}

export function parseIndexRest(
  p: Cursor,
  start: number,
  name: IndexDefinition['name'],
  expr: Expression,
): IndexDefinition {
  const node: IndexDefinition = { kind: 'IndexDefinition', name, expr, span: p.span(start) };
  if (p.accept('TYPE')) node.type = parseCallOrName(p, 'index type');
  if (p.accept('GRANULARITY')) node.granularity = p.integer();
  node.span = p.span(start);
  return node;
}

/** Behind the word PROJECTION. */
export function parseProjection(p: Cursor, start: number): ProjectionDefinition {
  const name = p.name('projection');
  const node: ProjectionDefinition = { kind: 'ProjectionDefinition', name, span: p.span(start) };
  if (p.accept('INDEX')) {
    const expr = parseExpression(p, 0);
    p.expect('TYPE');
    node.index = { expr, type: parseCallOrName(p, 'index type') };
  } else {
    p.expect('(');
    node.query = parseProjectionQuery(p);
    refuseClauses(p, node.query);
    p.expect(')');
  }
  if (p.value === 'WITH' && p.peek(1) === 'SETTINGS') {
    p.next();
    p.next();
    p.expect('(');
    node.settings = parseSettingsList(p);
    p.expect(')');
  }
  node.span = p.span(start);
  return node;
}

/** What only a query over a table has. */
function refuseClauses(p: Cursor, query: Select): void {
  const has: [unknown, string][] = [
    [query.from, 'FROM'],
    [query.prewhere, 'PREWHERE'],
    [query.having, 'HAVING'],
    [query.limit ?? query.limitBy, 'LIMIT'],
    [query.settings, 'SETTINGS'],
    [query.qualify, 'QUALIFY'],
  ];
  for (const [clause, name] of has) if (clause) p.failWith(`A projection has no ${name}`);
}

/** `[WITH …] SELECT columns [GROUP BY …] [ORDER BY …]`. */
function parseProjectionQuery(p: Cursor): Select {
  if (p.value === 'SELECT') return parseSelect(p);
  const start = p.start();
  const node = emptySelect({ start, end: start });
  if (p.accept('WITH')) {
    const at = p.start();
    const items = parseExpressionList(p).map((expr) => {
      if (expr.kind !== 'Alias') return p.fail('AS');
      return {
        kind: 'CommonExpression' as const,
        name: expr.alias,
        expr: expr.expr,
        span: expr.span,
      };
    });
    const select = parseSelect(p);
    select.with = { kind: 'With', recursive: false, items, span: p.span(at) };
    return select;
  }
  p.expect('SELECT');
  node.columns = parseExpressionList(p);
  if (p.acceptAll('GROUP', 'BY')) node.groupBy = parseGroupBy(p);
  const at = p.start();
  if (p.acceptAll('ORDER', 'BY')) node.orderBy = parseOrderBy(p, at);
  node.span = p.span(start);
  return node;
}

/** Behind the word CONSTRAINT. */
export function parseConstraint(p: Cursor, start: number): ConstraintDefinition | TableElement {
  const name = p.name('constraint');
  if (p.value === 'FOREIGN') return { ...parseForeignKey(p, start), name };
  const type = p.expectOne('CHECK', 'ASSUME');
  const expr = parseExpression(p, 0);
  return { kind: 'ConstraintDefinition', name, type, expr, span: p.span(start) };
}

function parseForeignKey(
  p: Cursor,
  start: number,
): TableElement & { kind: 'ForeignKeyDefinition' } {
  const names = () => {
    p.expect('(');
    const list = p.list(() => p.name());
    p.expect(')');
    return list;
  };
  p.expectAll('FOREIGN', 'KEY');
  const columns = names();
  p.expect('REFERENCES');
  const table = p.tableName();
  const references = names();
  while (p.accept('ON')) {
    p.expectOne('DELETE', 'UPDATE');
    if (p.accept('SET')) p.expectOne('NULL', 'DEFAULT');
    else if (p.accept('NO')) p.expect('ACTION');
    else p.expectOne('CASCADE', 'RESTRICT');
  }
  return { kind: 'ForeignKeyDefinition', columns, table, references, span: p.span(start) };
}
