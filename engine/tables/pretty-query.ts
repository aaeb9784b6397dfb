// A query as SHOW CREATE prints it: a clause a line and, where there are several, an item a line.

import type { Expression, OrderItem, Query, Select, TableExpression } from '../../sql/ast.ts';
import { parseStatement } from '../../sql/index.ts';
import { print } from '../../sql/print.ts';

const step = '    ';

/** The text of a stored query.
 *  @param directions whether ORDER BY says ASC; that of a projection does not */
export function prettyQuery(text: string, indent: string, directions: boolean): string {
  const statement = parseStatement(text);
  if (statement.kind !== 'QueryStatement') return indent + text;
  return queryLines(statement.query, indent, directions).join('\n');
}

function queryLines(query: Query, indent: string, directions: boolean): string[] {
  if (query.kind === 'Select') return selectLines(query, indent, directions);
  const plain = query.kind === 'SetOperation' && !query.orderBy && !query.limit && !query.with;
  if (!plain || query.byName) return [indent + print(query)];
  const word = [query.op, query.quantifier].filter((w) => w !== undefined).join(' ');
  return query.queries.flatMap((part, i) => [
    ...(i > 0 ? [indent + word] : []),
    ...queryLines(part, indent, directions),
  ]);
}

function selectLines(query: Select, indent: string, directions: boolean): string[] {
  const { columns, from, prewhere, where, groupBy, having, orderBy, limitBy, limit } = query;
  const line = (word: string, text: string): string => `${indent}${word} ${text}`;
  const clause = (word: string, items: readonly string[], apart = items.length > 1): string[] =>
    apart
      ? [indent + word, items.map((item) => `${indent}${step}${item}`).join(',\n')]
      : [line(word, items.join())];
  const one = (word: string, node: Expression | undefined): string[] =>
    node ? [line(word, print(node))] : [];
  const keys = groupBy?.mode === 'LIST' ? groupBy.items.map(print) : undefined;
  const head = query.distinct && !query.distinctOn ? 'SELECT DISTINCT' : 'SELECT';
  // What is rare is not taken apart.
  if (query.distinctOn || query.windows.length > 0 || query.qualify || query.into) {
    return [indent + print(query)];
  }
  return [
    ...(query.with
      ? clause(
          'WITH',
          query.with.items.map((item) => print(item)),
          true,
        )
      : []),
    ...clause(head, columns.map(print)),
    ...(from ? fromLines(from, indent, directions) : []),
    ...one('PREWHERE', prewhere),
    ...one('WHERE', where),
    ...(keys ? clause('GROUP BY', keys) : groupBy ? [indent + print(groupBy)] : []),
    ...(query.totals ? [`${indent}${step}WITH TOTALS`] : []),
    ...one('HAVING', having),
    ...(orderBy
      ? clause(
          'ORDER BY',
          orderBy.items.map((item) => ordered(item, directions)),
        )
      : []),
    ...(limitBy ? [indent + print(limitBy)] : []),
    ...(limit ? [indent + print(limit)] : []),
    ...(query.settings ? [line('SETTINGS', query.settings.map(print).join(', '))] : []),
  ];
}

function ordered(item: OrderItem, directions: boolean): string {
  const text = print(item);
  return directions && item.direction === undefined && text === print(item.expr)
    ? `${text} ASC`
    : text;
}

/** Tables and their joins; a subquery stands in parentheses of its own lines. */
function fromLines(from: TableExpression, indent: string, directions: boolean): string[] {
  const table = (word: string, node: TableExpression, rest: string): string[] => {
    if (node.kind !== 'TableSubquery') return [`${indent}${word} ${print(node)}${rest}`];
    const whole = print(node);
    const tail = whole.slice(`(${print(node.query)})`.length);
    return [
      `${indent}${word}`,
      `${indent}(`,
      ...queryLines(node.query, indent + step, directions),
      `${indent})${tail}${rest}`,
    ];
  };
  if (from.kind === 'ArrayJoin') {
    const word = from.type === 'LEFT' ? 'LEFT ARRAY JOIN' : 'ARRAY JOIN';
    const items = from.items.map(print);
    const lines =
      items.length > 1
        ? [indent + word, items.map((item) => `${indent}${step}${item}`).join(',\n')]
        : [`${indent}${word} ${items.join()}`];
    return [...fromLines(from.left, indent, directions), ...lines];
  }
  if (from.kind !== 'Join' || from.type === 'COMMA') return table('FROM', from, '');
  const { locality, natural, strictness, type, right, on, using } = from;
  const words = [locality, natural ? 'NATURAL' : undefined, strictness, type, 'JOIN'];
  const columns = using?.map(print).join(', ');
  const rest = on ? ` ON ${print(on)}` : columns === undefined ? '' : ` USING (${columns})`;
  return [
    ...fromLines(from.left, indent, directions),
    ...table(words.filter((w) => w !== undefined).join(' '), right, rest),
  ];
}
