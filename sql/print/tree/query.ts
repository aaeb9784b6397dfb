// Queries as EXPLAIN AST shows them: every query is a union, and clauses stand in ClickHouse's order.
import type { Expression, Query, Sample, Select, TableExpression } from '../../ast/index.ts';
import { type Branch, branch, expressionList, identifier, listIfAny } from './branch.ts';
import {
  dotted,
  expression,
  expressions,
  type Growing,
  orderElement,
  windowDefinition,
} from './expression.ts';

/** A query where a statement or parentheses hold one. */
export function unionQuery(query: Query, at: Growing, ...more: (Branch | undefined)[]): Branch {
  if (query.kind === 'StatementQuery') return branch('Explain');
  return branch('SelectWithUnionQuery', expressionList(members(query, at)), ...more);
}

/** The members of a union; unions of one kind are one, and so are those under a DISTINCT. */
function members(query: Query, at: Growing): Branch[] {
  if (query.kind !== 'SetOperation') return [operand(query, at)];
  if (query.op !== 'UNION') return [operand(query, at)];
  const list = flat(query, query.quantifier ?? 'DISTINCT');
  return list.map((one) =>
    one.kind === 'SetOperation' && one.op === 'UNION' ? unionQuery(one, at) : operand(one, at),
  );
}

function flat(query: Query & { kind: 'SetOperation' }, outer: 'ALL' | 'DISTINCT'): Query[] {
  return query.queries.flatMap((one) => {
    const isUnion = one.kind === 'SetOperation' && one.op === 'UNION';
    if (!isUnion || (outer === 'ALL' && one.quantifier !== 'ALL')) return [one];
    return flat(one, outer);
  });
}

function operand(query: Query, at: Growing): Branch {
  switch (query.kind) {
    case 'Select':
      return select(query, at);
    case 'SetOperation': {
      if (query.op === 'UNION') return unionQuery(query, at);
      // Operators that follow each other go to the left, and EXCEPT wraps what is there.
      const [first, ...rest] = query.queries;
      let left = first ? operand(first, at) : branch('SelectQuery');
      for (const one of rest) {
        const wrapped = left.label === 'SelectWithUnionQuery' || query.op === 'INTERSECT';
        const base = wrapped ? left : branch('SelectWithUnionQuery', expressionList([left]));
        left = branch('SelectIntersectExceptQuery', base, operand(one, at));
      }
      return left;
    }
    case 'Values':
      return branch('SelectQuery', expressionList(expressions(query.rows, at)));
    case 'StatementQuery':
      return branch('Explain');
  }
}

function withList({ with: clause }: Select, at: Growing): Branch | undefined {
  if (!clause) return undefined;
  return expressionList(
    clause.items.map((item) =>
      item.kind === 'CommonTable'
        ? branch('WithElement', branch('Subquery', unionQuery(item.query, at)))
        : { ...expression(item.expr, at), alias: item.name.name },
    ),
  );
}

function groupList({ groupBy }: Select, at: Growing): Branch | undefined {
  if (!groupBy || groupBy.mode === 'ALL') return undefined;
  if (groupBy.sets)
    return expressionList(groupBy.sets.map((set) => expressionList(expressions(set, at))));
  return expressionList(expressions(groupBy.items, at));
}

function orderList({ orderBy }: Select, at: Growing): Branch | undefined {
  if (!orderBy) return undefined;
  if (orderBy.all) return expressionList([branch('OrderByElement', identifier('all'))]);
  return expressionList(orderBy.items.map((item) => orderElement(item, at)));
}

function interpolation({ orderBy }: Select, at: Growing): Branch | undefined {
  const items = orderBy?.interpolate ?? [];
  return listIfAny(
    items.map(({ name, expr }) =>
      branch(
        `InterpolateElement (column ${name.name})`,
        expr ? expression(expr, at) : identifier(name.name),
      ),
    ),
  );
}

/** DISTINCT ON is a LIMIT 1 BY. */
function limitBy({ limitBy: clause, distinctOn }: Select, at: Growing): Branch[] {
  if (distinctOn) return [branch('Literal UInt64_1'), expressionList(expressions(distinctOn, at))];
  if (!clause) return [];
  const offset = clause.offset ? [clause.offset] : [];
  return [
    ...expressions([...offset, clause.limit], at),
    ...(clause.all ? [] : [expressionList(expressions(clause.by, at))]),
  ];
}

function select(node: Select, at: Growing): Branch {
  const one = (part: Expression | undefined): Branch | undefined =>
    part === undefined ? undefined : expression(part, at);
  const windows = node.windows.map(({ spec }) =>
    branch('WindowListElement', windowDefinition(spec, at)),
  );
  return branch(
    'SelectQuery',
    withList(node, at),
    expressionList(expressions(node.columns, at)),
    node.from && branch('TablesInSelectQuery', ...tables(node.from, at, undefined)),
    one(node.prewhere),
    one(node.where),
    groupList(node, at),
    one(node.having),
    listIfAny(windows),
    one(node.qualify),
    orderList(node, at),
    ...limitBy(node, at),
    one(node.limit?.offset),
    one(node.limit?.limit),
    node.settings && branch('Set'),
    interpolation(node, at),
  );
}

/** Joins from left to right. */
function tables(node: TableExpression, at: Growing, join: Branch | undefined): Branch[] {
  switch (node.kind) {
    case 'Join': {
      const using = node.using && expressionList(expressions(node.using, at));
      const on = node.on && expression(node.on, at);
      const right = tables(node.right, at, branch('TableJoin', on ?? using));
      return [...tables(node.left, at, join), ...right];
    }
    case 'ArrayJoin': {
      const items = expressionList(expressions(node.items, at));
      const array = branch('TablesInSelectQueryElement', branch('ArrayJoin', items));
      return [...tables(node.left, at, join), array];
    }
    case 'Pivot':
    case 'Unpivot':
      return [branch('TablesInSelectQueryElement', branch(node.kind), join)];
    default:
      return [branch('TablesInSelectQueryElement', tableExpression(node, at), join)];
  }
}

/** A table, a table function or a query in FROM, with its sample. */
export function tableExpression(node: TableExpression, at: Growing): Branch {
  const names = 'columnAliases' in node ? (node.columnAliases ?? []) : [];
  const columns = listIfAny(names.map((name) => identifier(dotted([name]))));
  const sample = [columns, ...('sample' in node && node.sample ? ratios(node.sample) : [])];
  const alias = 'alias' in node && node.alias ? { alias: node.alias.name } : {};
  switch (node.kind) {
    case 'Table': {
      const { database, table } = node.name;
      const name = dotted(database ? [database, table] : [table]);
      return branch(
        'TableExpression',
        { ...branch(`TableIdentifier ${name}`), ...alias },
        ...sample,
      );
    }
    case 'TableFunction':
      return branch('TableExpression', { ...expression(node.call, at), ...alias }, ...sample);
    case 'TableSubquery': {
      const query = branch('Subquery', unionQuery(node.query, at));
      return branch('TableExpression', { ...query, ...alias }, ...sample);
    }
    case 'TableFile':
      return branch('TableExpression', branch(`TableIdentifier ${node.path}`));
    default:
      return branch('TableExpression', ...tables(node, at, undefined));
  }
}

const ratios = ({ size, offset }: Sample): Branch[] =>
  [size, ...(offset ? [offset] : [])].map((part) => branch(`SampleRatio ${ratio(part)}`));

/** A share as a fraction in lowest terms of ten. */
function ratio(node: Expression): string {
  const args = node.kind === 'Function' && node.name === 'divide' ? node.args : [node];
  return args
    .map((arg) => (arg.kind === 'Literal' && arg.type === 'number' ? share(arg.text) : ''))
    .join(' / ');
}

function share(text: string): string {
  const [, whole = '', digits] = /^(\d*)\.(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return text;
  return `${BigInt(whole + digits)} / 1${'0'.repeat(digits.length)}`;
}
