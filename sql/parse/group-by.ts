// GROUP BY: keys, ALL, ROLLUP, CUBE, GROUPING SETS, WITH TOTALS.
import type { Expression, GroupBy, Select } from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, parseExpressionList, withAlias } from './expression.ts';
import { endsList } from './order.ts';

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
    node.items = parseExpressionList(p);
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

/** WITH ROLLUP needs no GROUP BY before it. Behind other levels it is refused when it is bound. */
function addLevels(p: Cursor, node: Select, mode: 'ROLLUP' | 'CUBE'): void {
  const { groupBy } = node;
  if (groupBy?.mode === 'ALL' || (groupBy && groupBy.mode === mode)) {
    p.failWith(`WITH ${mode} needs a plain list of keys`, p.index - 1);
  } else if (groupBy && groupBy.mode !== 'LIST') groupBy.levels = mode;
  else if (groupBy) groupBy.mode = mode;
  else node.groupBy = { kind: 'GroupBy', mode, items: [], span: p.span(p.lastEnd()) };
}

export function parseGroupModifiers(p: Cursor, node: Select): void {
  for (;;) {
    if (p.value !== 'WITH' && p.trace === undefined) return;
    if (p.acceptAll('WITH', 'TOTALS')) node.totals = true;
    else if (p.acceptAll('WITH', 'ROLLUP')) addLevels(p, node, 'ROLLUP');
    else if (p.acceptAll('WITH', 'CUBE')) addLevels(p, node, 'CUBE');
    else return;
  }
}
