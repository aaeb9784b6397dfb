// WITH: common tables and named expressions.
import type { CommonExpression, CommonTable, Name, With } from '../ast/index.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression, withAlias } from './expression.ts';
import { parseQuery } from './query.ts';

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
