// Text of queries and their clauses.
import type {
  Expression,
  GroupBy,
  Join,
  Limit,
  OrderBy,
  OrderItem,
  Query,
  Select,
  SetOperation,
  TableExpression,
} from '../ast/index.ts';
import { quoteString } from '../escape.ts';
import type { Visitor } from '../walk.ts';
import {
  after,
  list,
  names,
  plain,
  plainOf,
  printName,
  printTableName,
  settingsClause,
  style,
  text,
  words,
} from './base.ts';
import { print } from './index.ts';

const item = (prefix: string, node: Expression | undefined): string | undefined =>
  node === undefined ? undefined : `${prefix} ${print(node)}`;

function printSelect(node: Select): string {
  return words(
    node.with && print(node.with),
    'SELECT',
    node.distinct && 'DISTINCT',
    node.distinctOn && `ON (${list(node.distinctOn)})`,
    list(node.columns),
    node.into && `INTO ${printTableName(node.into)}`,
    node.from && `FROM ${print(node.from)}`,
    item('PREWHERE', node.prewhere),
    item('WHERE', node.where),
    node.groupBy && print(node.groupBy),
    node.totals && 'WITH TOTALS',
    item('HAVING', node.having),
    node.windows.length > 0 && `WINDOW ${node.windows.map(print).join(', ')}`,
    item('QUALIFY', node.qualify),
    node.orderBy && print(node.orderBy),
    node.limitBy && print(node.limitBy),
    node.limit && print(node.limit),
    settingsClause(node.settings),
  );
}

/** An operand of UNION …: nested operations, and a first one with a WITH of its own, are closed. */
function printOperand(query: Query, index: number, last: boolean, tail: boolean): string {
  const closed =
    (query.kind === 'SetOperation' && !(style.full && index === 0)) ||
    query.kind === 'StatementQuery' ||
    (query.kind === 'Select' && index === 0 && query.with !== undefined) ||
    (last && tail);
  return closed ? `(${print(query)})` : print(query);
}

function printSetOperation(node: SetOperation): string {
  const tail =
    node.orderBy !== undefined || node.limit !== undefined || node.settings !== undefined;
  const operator = words(node.op, node.quantifier, node.byName && 'BY NAME');
  const last = node.queries.length - 1;
  return words(
    node.with && print(node.with),
    node.queries.map((query, i) => printOperand(query, i, i === last, tail)).join(` ${operator} `),
    node.orderBy && print(node.orderBy),
    node.limit && print(node.limit),
    settingsClause(node.settings),
  );
}

function printGroupBy(node: GroupBy): string {
  if (node.mode === 'ALL') return 'GROUP BY ALL';
  if (node.mode === 'GROUPING SETS') {
    const sets = (node.sets ?? []).map((set) => `(${list(set)})`).join(', ');
    return `GROUP BY GROUPING SETS (${sets})${node.levels ? ` WITH ${node.levels}` : ''}`;
  }
  if (node.mode !== 'LIST') {
    if (style.full && node.items.length > 0)
      return `GROUP BY ${list(node.items)} WITH ${node.mode}`;
    const levels = node.levels ? ` WITH ${node.levels}` : '';
    if (node.items.length === 0) return `WITH ${node.mode}`;
    return `GROUP BY ${node.mode}(${list(node.items)})${levels}`;
  }
  return `GROUP BY ${node.items.length === 0 ? '()' : list(node.items)}`;
}

function printOrderItem(node: OrderItem): string {
  return words(
    print(node.expr),
    node.direction ?? (style.full && !style.plainOrder ? 'ASC' : undefined),
    after('NULLS', node.nulls),
    text('COLLATE', node.collate),
    node.fill && print(node.fill),
  );
}

function printOrderBy(node: OrderBy): string {
  const interpolate = node.interpolate?.map(print).join(', ');
  return words(
    'ORDER BY',
    node.items.map(print).join(', '),
    interpolate !== undefined && words('INTERPOLATE', interpolate !== '' && `(${interpolate})`),
  );
}

function printLimit(node: Limit): string {
  if (node.limit === undefined && node.offset === undefined) return 'LIMIT ALL';
  if (style.full && node.limit && node.offset)
    return words(
      'LIMIT',
      `${print(node.offset)},`,
      print(node.limit),
      node.withTies && 'WITH TIES',
    );
  return words(
    plainOf('LIMIT', node.limit),
    plainOf('OFFSET', node.offset),
    node.withTies && 'WITH TIES',
  );
}

/** Joins are left-deep: the spine is walked in a loop. */
function printTables(node: TableExpression): string {
  const parts: string[] = [];
  let left: TableExpression = node;
  while (left.kind === 'Join' || left.kind === 'ArrayJoin') {
    if (left.kind === 'Join') parts.push(printJoin(left));
    else {
      parts.push(` ${left.type === 'LEFT' ? 'LEFT ' : ''}ARRAY JOIN ${list(left.items)}`);
    }
    left = left.left;
  }
  parts.push(print(left));
  return parts.reverse().join('');
}

function printJoin(node: Join): string {
  const right = closed(node.right);
  if (node.type === 'COMMA') return `, ${right}`;
  const using = node.using;
  const columns = using?.length === 1 && using[0]?.kind === 'Star' ? '*' : `(${list(using ?? [])})`;
  return ` ${words(
    node.locality,
    node.natural && 'NATURAL',
    node.strictness,
    node.type,
    'JOIN',
    right,
    node.on && `ON ${plain(node.on)}`,
    using && `USING ${columns}`,
  )}`;
}

/** A join where one table is expected. */
function closed(node: TableExpression): string {
  return node.kind === 'Join' || node.kind === 'ArrayJoin' ? `(${print(node)})` : print(node);
}

type Suffixed = Extract<TableExpression, { final: boolean }>;
function printSuffix(head: string, node: Suffixed): string {
  return words(
    head,
    node.alias && `AS ${printName(node.alias)}`,
    node.columnAliases && `(${names(node.columnAliases)})`,
    node.final && 'FINAL',
    node.sample && print(node.sample),
  );
}

/** Parentheses around what binds looser than + -. */
function tight(node: Expression): string {
  const simple =
    node.kind === 'Literal' ||
    node.kind === 'Parameter' ||
    node.kind === 'Function' ||
    node.kind === 'Identifier' ||
    node.kind === 'Positional' ||
    (node.kind === 'Binary' && '+-*/%'.includes(node.op));
  return simple ? print(node) : `(${print(node)})`;
}

export const queryPrinters = {
  CommonTable: (node) =>
    words(
      printName(node.name),
      node.columns && `(${names(node.columns)})`,
      'AS',
      node.materialized === false && 'NOT',
      node.materialized !== undefined && 'MATERIALIZED',
      `(${print(node.query)})`,
    ),
  CommonExpression: (node) =>
    `${node.expr.kind === 'Alias' ? `(${print(node.expr)})` : print(node.expr)} AS ${printName(node.name)}`,
  With: (node) =>
    words(
      'WITH',
      node.recursive && 'RECURSIVE',
      node.items.map((entry) => print(entry)).join(', '),
    ),
  GroupBy: printGroupBy,
  Fill: (node) =>
    words(
      'WITH FILL',
      plainOf('FROM', node.from),
      plainOf('TO', node.to),
      plainOf('STEP', node.step),
      plainOf('STALENESS', node.staleness),
    ),
  OrderItem: printOrderItem,
  InterpolateItem: (node) => words(printName(node.name), plainOf('AS', node.expr)),
  OrderBy: printOrderBy,
  LimitBy: (node) =>
    words(
      plainOf('LIMIT', node.limit),
      plainOf('OFFSET', node.offset),
      'BY',
      node.all ? 'ALL' : list(node.by),
    ),
  Limit: printLimit,
  NamedWindow: (node) => `${printName(node.name)} AS ${print(node.spec)}`,
  Select: printSelect,
  SetOperation: printSetOperation,
  Values: (node) => {
    const rows = node.rows.map((row) => {
      const tuple = print(row);
      return row.kind === 'Tuple' ? tuple : `(${tuple})`;
    });
    return `VALUES ${rows.join(', ')}`;
  },
  StatementQuery: (node) => print(node.statement),
  Sample: (node) =>
    words(`SAMPLE ${tight(node.size)}`, node.offset && `OFFSET ${tight(node.offset)}`),
  Table: (node) =>
    printSuffix(
      words(
        printTableName(node.name),
        node.version && `VERSION AS OF ${tight(node.version)}`,
        node.timestamp && `TIMESTAMP AS OF ${tight(node.timestamp)}`,
      ),
      node,
    ),
  TableFunction: (node) => printSuffix(print(node.call), node),
  TableSubquery: (node) => printSuffix(`(${print(node.query)})`, node),
  TableFile: (node) => words(quoteString(node.path), node.alias && `AS ${printName(node.alias)}`),
  Join: printTables,
  ArrayJoin: printTables,
  Pivot: (node) =>
    words(
      closed(node.source),
      `PIVOT (${words(
        list(node.aggregates),
        'FOR',
        node.columns.map(print).join(' '),
        node.groupBy.length > 0 && `GROUP BY ${list(node.groupBy)}`,
      )})`,
      node.alias && `AS ${printName(node.alias)}`,
    ),
  PivotColumn: (node) => `${print(node.expr)} IN (${list(node.values)})`,
  Unpivot: (node) => {
    const group = (list: typeof node.names): string =>
      list.length === 1 ? names(list) : `(${names(list)})`;
    return words(
      closed(node.source),
      'UNPIVOT',
      node.includeNulls && 'INCLUDE NULLS',
      `(${group(node.values)} FOR ${group(node.names)} IN (${list(node.columns)}))`,
      node.alias && `AS ${printName(node.alias)}`,
    );
  },
  Output: (node) =>
    words(
      text('INTO OUTFILE', node.outfile),
      node.outfileMode,
      node.andStdout && 'AND STDOUT',
      text('COMPRESSION', node.compression),
      node.level && `LEVEL ${plain(node.level)}`,
      node.format && `FORMAT ${printName(node.format)}`,
      settingsClause(node.settings),
    ),
} satisfies Partial<Visitor<string>>;
