// A query as ClickHouse prints it: a clause a line and, where there are several, an item a line; a query
// inside of it between lines with parentheses.

import type {
  CommonExpression,
  CommonTable,
  Expression,
  Node,
  Query,
  Select,
  TableExpression,
} from '../ast/index.ts';
import { emptySelect } from '../build.ts';
import { inFull, style } from './base.ts';
import { print } from './index.ts';
import { functional, normalised } from './normal-form.ts';

const step = '    ';

/** @param directions whether ORDER BY says ASC; that of a projection does not */
export function printLines(query: Query, indent = '', directions = true): string {
  const plain = normalised(query);
  return inFull(() => {
    style.plainOrder = !directions;
    return queryLines(plain, indent).join('\n');
  });
}

/** As EXPLAIN SYNTAX shows a query: operators are calls, and what is implied is said. */
export function printSyntax(query: Query, oneLine: boolean): string {
  const plain = functional(query);
  if (oneLine) return inFull(() => print(plain));
  return inFull(() => {
    style.implied = true;
    return queryLines(plain, '').join('\n');
  });
}

function queryLines(query: Query, indent: string): string[] {
  return inside(indent, () => {
    if (query.kind === 'Select') return selectLines(query, indent);
    if (query.kind !== 'SetOperation' || query.byName) return [indent + print(query)];
    const word = [query.op, query.quantifier].filter((w) => w !== undefined).join(' ');
    const { with: common, orderBy, limit, settings } = query;
    return [
      ...(common ? withLines(common.items, common.recursive, indent) : []),
      ...query.queries.flatMap((part, i) => [
        ...(i > 0 ? [indent + word] : []),
        ...((i > 0 && part.kind === 'SetOperation') || (style.implied && part.kind === 'Select')
          ? [`${indent}(`, ...queryLines(part, indent + step), `${indent})`]
          : queryLines(part, indent)),
      ]),
      ...[orderBy, limit].flatMap((node) => (node ? [indent + print(node)] : [])),
      ...(settings ? [`${indent}SETTINGS ${settings.map(print).join(', ')}`] : []),
    ];
  });
}

/** Queries inside expressions are printed below this indentation. */
function inside<T>(indent: string, work: () => T): T {
  const { subquery } = style;
  style.subquery = (query) => {
    const lines = ['(', ...queryLines(query, indent + step), `${indent})`];
    return lines.join('\n');
  };
  try {
    return work();
  } finally {
    style.subquery = subquery;
  }
}

function selectLines(query: Select, indent: string): string[] {
  const { columns, from, prewhere, where, groupBy, having, orderBy, limitBy, limit } = query;
  const line = (word: string, text: string): string => `${indent}${word} ${text}`;
  const clause = (word: string, items: readonly Node[]): string[] => {
    const [only] = items;
    if (items.length === 1 && only) return [line(word, print(only))];
    return [indent + word, listLines(items, indent)];
  };
  const one = (word: string, node: Expression | undefined): string[] =>
    node ? [line(word, print(node))] : [];
  const keys = groupBy && groupBy.mode !== 'GROUPING SETS' && groupBy.items.length > 0;
  const level = groupBy && /^(ROLLUP|CUBE)$/.test(groupBy.mode) ? groupBy.mode : undefined;
  const head = query.distinct && !query.distinctOn ? 'SELECT DISTINCT' : 'SELECT';
  // What is rare is not taken apart.
  if (query.distinctOn || query.qualify || query.into) return [indent + print(query)];
  return [
    ...(query.with ? withLines(query.with.items, query.with.recursive, indent) : []),
    ...clause(head, columns),
    ...(from ? fromLines(from, indent) : style.implied ? [line('FROM', 'system.one')] : []),
    ...one('PREWHERE', prewhere),
    ...one('WHERE', where),
    ...(keys ? clause('GROUP BY', groupBy.items) : groupBy ? [indent + print(groupBy)] : []),
    ...(keys && level ? [`${indent}${step}WITH ${level}`] : []),
    ...(query.totals ? [`${indent}${step}WITH TOTALS`] : []),
    ...one('HAVING', having),
    ...(query.windows.length > 0 ? clause('WINDOW', query.windows) : []),
    ...(orderBy?.interpolate ? [indent + print(orderBy)] : []),
    ...(orderBy && !orderBy.interpolate ? clause('ORDER BY', orderBy.items) : []),
    ...(limitBy ? [indent + print(limitBy)] : []),
    ...(limit ? [indent + print(limit)] : []),
    ...(query.settings ? [line('SETTINGS', query.settings.map(print).join(', '))] : []),
  ];
}

/** Items one below the other; a query in one of them stands deeper by their indentation. */
const listLines = (items: readonly Node[], indent: string): string =>
  inside(indent + step, () => items.map((item) => indent + step + print(item)).join(',\n'));

function withLines(
  items: readonly (CommonTable | CommonExpression)[],
  recursive: boolean,
  indent: string,
): string[] {
  const below = indent + step;
  const texts = items.map((item) => {
    if (item.kind === 'CommonExpression') return listLines([item], indent);
    const whole = inFull(() => {
      style.subquery = undefined;
      return print(item);
    });
    const head = whole.slice(0, whole.length - `(${print(item.query)})`.length).trimEnd();
    const lines = [`${below}${head}`, `${below}(`];
    return [...lines, ...queryLines(item.query, below + step), `${below})`].join('\n');
  });
  return [`${indent}WITH${recursive ? ' RECURSIVE' : ''}`, texts.join(',\n')];
}

/** Tables and their joins; a subquery stands in parentheses of its own lines. */
function fromLines(from: TableExpression, indent: string): string[] {
  const table = (word: string, node: TableExpression, rest: string): string[] => {
    if (node.kind !== 'TableSubquery') return [`${indent}${word} ${print(node)}${rest}`];
    const tail = print({ ...node, query: emptySelect(node.query.span) }).replace(/^\(SELECT\)/, '');
    return [
      `${indent}${word}`,
      `${indent}(`,
      ...queryLines(node.query, indent + step),
      `${indent})${tail}${rest}`,
    ];
  };
  if (from.kind === 'ArrayJoin') {
    const word = from.type === 'LEFT' ? 'LEFT ARRAY JOIN' : 'ARRAY JOIN';
    const [only] = from.items;
    const lines =
      from.items.length === 1 && only
        ? [`${indent}${word} ${print(only)}`]
        : [indent + word, listLines(from.items, indent)];
    return [...fromLines(from.left, indent), ...lines];
  }
  if (from.kind !== 'Join') return table('FROM', from, '');
  const { locality, natural, strictness, type, right, on, using } = from;
  if (type === 'COMMA') {
    const lines = fromLines(from.left, indent);
    return [...lines.slice(0, -1), `${lines.at(-1)}, ${print(right)}`];
  }
  const said = style.implied && (on || using) ? (strictness ?? 'ALL') : strictness;
  const words = [locality, natural ? 'NATURAL' : undefined, said, type, 'JOIN'];
  const columns = using?.map(print).join(', ');
  const rest = on ? ` ON ${print(on)}` : columns === undefined ? '' : ` USING (${columns})`;
  return [
    ...fromLines(from.left, indent),
    ...table(words.filter((w) => w !== undefined).join(' '), right, rest),
  ];
}
