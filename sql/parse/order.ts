// ORDER BY: direction, NULLS, COLLATE, WITH FILL, INTERPOLATE.
import type { Fill, InterpolateItem, OrderBy, OrderItem } from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, withAlias } from './expression.ts';

/** `min`: 0 where AS begins something else, as behind a sorting key. */
export function parseOrderItem(p: Cursor, min: number = withAlias): OrderItem {
  const start = p.start();
  const node: OrderItem = {
    kind: 'OrderItem',
    expr: parseExpression(p, min),
    span: { start, end: start },
  };
  parseOrderSuffix(p, node);
  node.span = p.span(start);
  return node;
}

function parseOrderSuffix(p: Cursor, node: OrderItem): void {
  const direction = p.acceptOne('ASC', 'DESC', 'ASCENDING', 'DESCENDING');
  if (direction !== undefined) node.direction = direction.startsWith('A') ? 'ASC' : 'DESC';
  if (p.accept('NULLS')) node.nulls = p.expectOne('FIRST', 'LAST');
  if (p.accept('COLLATE')) node.collate = p.nameOrString('collation').name;
  if (p.acceptAll('WITH', 'FILL')) node.fill = parseFill(p);
}

function parseFill(p: Cursor): Fill {
  const start = p.start();
  const fill: Fill = { kind: 'Fill', span: { start, end: start } };
  if (p.accept('FROM')) fill.from = parseExpression(p, 0);
  if (p.accept('TO')) fill.to = parseExpression(p, 0);
  if (p.accept('STEP')) fill.step = parseExpression(p, 0);
  if (p.accept('STALENESS')) fill.staleness = parseExpression(p, 0);
  fill.span = p.span(start);
  return fill;
}

/** Behind ORDER BY, in a query. */
export function parseOrderBy(p: Cursor, start: number): OrderBy {
  const node: OrderBy = { kind: 'OrderBy', all: false, items: [], span: { start, end: start } };
  if (p.value === 'ALL' && !['(', '.', ',', '+', '-', '*'].includes(p.peek(1))) {
    const allStart = p.start();
    const name = p.name();
    const item: OrderItem = {
      kind: 'OrderItem',
      expr: { kind: 'Identifier', parts: [name], span: name.span },
      span: { start: allStart, end: allStart },
    };
    parseOrderSuffix(p, item);
    item.span = p.span(allStart);
    node.all = true;
    node.items = [item];
  } else {
    node.items = [parseOrderItem(p)];
    while (p.accept(',')) {
      if (endsList(p)) break;
      node.items.push(parseOrderItem(p));
    }
  }
  if (p.is('INTERPOLATE') && !node.items.some((item) => item.fill !== undefined)) {
    p.failWith('INTERPOLATE needs WITH FILL before it');
  }
  if (p.accept('INTERPOLATE')) node.interpolate = parseInterpolate(p);
  node.span = p.span(start);
  return node;
}

const afterList = new Set([
  'FROM',
  'WHERE',
  'PREWHERE',
  'GROUP',
  'HAVING',
  'WINDOW',
  'QUALIFY',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'SETTINGS',
  'FORMAT',
  'INTO',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'FETCH',
  ')',
  ';',
]);
const followsClauseWord = new Set([
  '%',
  '*',
  '<',
  '>',
  '<=',
  '>=',
  '!=',
  '||',
  '[',
  ',',
  ')',
  '.',
  '::',
  'AS',
  'FROM',
  '=',
  '+',
  '-',
  '/',
  '(',
]);

/** After a trailing comma: does the next clause begin, or the text end? */
export function endsList(p: Cursor): boolean {
  if (p.atEnd()) return true;
  if (!afterList.has(p.value)) return false;
  return (
    p.value === ')' ||
    !followsClauseWord.has(p.peek(1)) ||
    (p.value === 'FROM' && p.peek(1) === '(')
  );
}

function parseInterpolate(p: Cursor): InterpolateItem[] {
  if (!p.accept('(')) return [];
  const items: InterpolateItem[] = [];
  while (p.value !== ')') {
    const start = p.start();
    const name = p.dottedName();
    const expr = p.accept('AS') ? parseExpression(p, 0) : undefined;
    items.push({ kind: 'InterpolateItem', name, expr, span: p.span(start) });
    if (!p.accept(',')) break;
  }
  p.expect(')');
  return items;
}
