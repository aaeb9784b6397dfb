// Expressions and types as EXPLAIN AST shows them. They come in functional form: what is an operator to a reader
// is a call here.
import type {
  ColumnTransformer,
  DataType,
  Expression,
  FunctionCall,
  Literal,
  Name,
  OrderItem,
  Query,
  TypeArgument,
  WindowSpec,
} from '../../ast/index.ts';
import { quoteString } from '../../escape.ts';
import { numberName } from '../number-name.ts';
import { type Branch, branch, expressionList, identifier, listIfAny } from './branch.ts';

/** What an expression's tree is made with. */
export interface Growing {
  /** The text of the statement, for what a reader wrote. */
  readonly text: string;
  readonly depth: number;
  readonly query: (query: Query, at: Growing) => Branch;
}

const depthMax = 1000;
const below = (at: Growing): Growing => ({ ...at, depth: at.depth + 1 });

export const dotted = (parts: readonly Name[]): string =>
  parts.map((p) => (p.parameter === undefined ? p.name : `{${p.parameter}:Identifier}`)).join('.');

function literalText(node: Literal): string {
  switch (node.type) {
    case 'number': {
      const text = numberName(node.text).replace(/\.$/, '');
      if (!/^-?\d+$/.test(numberName(node.text))) return `Float64_${text}`;
      const value = BigInt(text);
      if (value < -(2n ** 63n) || value >= 2n ** 64n) return `Float64_${floatText(text)}`;
      return `${value < 0n ? 'Int64' : 'UInt64'}_${value}`;
    }
    case 'string':
      return quoteString(node.value);
    case 'bool':
      return `Bool_${node.value ? 1 : 0}`;
    case 'null':
      return 'NULL';
    case 'default':
      return 'DEFAULT';
  }
}

const floatText = (text: string): string => numberName(String(Number(text))).replace(/\.$/, '');

/** Lists of literals are one literal: arrays of anything but tuples, tuples of anything but arrays. */
function constant(node: Expression): string | undefined {
  if (node.kind === 'Literal') return literalText(node);
  const isArray = node.kind === 'Array';
  if (!isArray && node.kind !== 'Tuple') return undefined;
  if (node.items.length < 2 && node.kind === 'Tuple') return undefined;
  const other = isArray ? 'Tuple' : 'Array';
  const items = node.items.map((item) => (item.kind === other ? undefined : constant(item)));
  if (items.includes(undefined)) return undefined;
  return isArray ? `Array_[${items.join(', ')}]` : `Tuple_(${items.join(', ')})`;
}

export const expressions = (list: readonly Expression[], at: Growing): Branch[] =>
  list.map((item) => expression(item, at));

export const callOf = (name: string, args: readonly Branch[]): Branch =>
  branch(`Function ${name}`, expressionList(args));

/** Names that ClickHouse's parser turns into others. */
const rewritten: Readonly<Record<string, string>> = {
  trim: 'trimBoth',
  date_diff: 'dateDiff',
  timestampdiff: 'dateDiff',
  timestamp_diff: 'dateDiff',
};

function call(node: FunctionCall, at: Growing): Branch {
  // CURRENT_DATE without parentheses is a name until somebody looks it up.
  const written = at.text.slice(node.span.start, node.span.end);
  if (node.args.length === 0 && /^\w+$/.test(written)) return identifier(written);
  const [only] = node.args;
  const args =
    node.form === 'VIEW' && only?.kind === 'Subquery'
      ? [at.query(only.query, at)]
      : expressions(node.args, at);
  const window = node.over?.kind === 'WindowSpec' ? windowDefinition(node.over, at) : undefined;
  const parameters = node.parameters && expressionList(expressions(node.parameters, at));
  const name = rewritten[node.name.toLowerCase()] ?? node.name;
  return branch(`Function ${name}`, expressionList(args), parameters, window);
}

export function windowDefinition(spec: WindowSpec, at: Growing): Branch {
  const { frame } = spec;
  const bounds = [frame?.start.value, frame?.finish?.value].filter((v) => v !== undefined);
  return branch(
    'WindowDefinition',
    listIfAny(expressions(spec.partitionBy, at)),
    listIfAny(spec.orderBy.map((item) => orderElement(item, at))),
    ...expressions(bounds, at),
  );
}

export function orderElement(item: OrderItem, at: Growing): Branch {
  const { fill } = item;
  const more = [fill?.from, fill?.to, fill?.step, fill?.staleness].filter((v) => v !== undefined);
  const collation = item.collate === undefined ? [] : [branch(`Literal '${item.collate}'`)];
  return branch(
    'OrderByElement',
    ...expressions([item.expr], at),
    ...collation,
    ...expressions(more, at),
  );
}

function transformer(node: ColumnTransformer, at: Growing): Branch {
  switch (node.kind) {
    case 'ExceptTransformer':
      return branch('ColumnsExceptTransformer', ...expressions(node.columns, at));
    case 'ReplaceTransformer': {
      const items = node.items.map(({ expr }) =>
        branch('ColumnsReplaceTransformer::Replacement', expression(expr, at)),
      );
      return branch('ColumnsReplaceTransformer', ...items);
    }
    case 'ApplyTransformer':
      return branch('ColumnsApplyTransformer');
  }
}

/** `*` and COLUMNS, perhaps of one table, with what is done to them. */
function columns(
  name: string,
  qualifier: readonly Name[] | undefined,
  list: readonly ColumnTransformer[],
  at: Growing,
  own?: Branch,
): Branch {
  const done = list.map((each) => transformer(each, at));
  return branch(
    qualifier ? `Qualified${name}` : name,
    qualifier && identifier(dotted(qualifier)),
    own,
    done.length > 0 ? branch('ColumnsTransformerList', ...done) : undefined,
  );
}

/** `= ANY` and `!= ALL` are IN and NOT IN; other comparisons are with the least or greatest. */
function quantified(node: Expression & { kind: 'Quantified' }, at: Growing): Branch {
  const left = expression(node.expr, at);
  const any = node.quantifier === 'ANY';
  const set = branch('Subquery', at.query(node.query, at));
  if (node.fn === 'equals' && any) return callOf('in', [left, set]);
  if (node.fn === 'notEquals' && !any) return callOf('notIn', [left, set]);
  const least = node.fn.startsWith('greater') === any;
  const pick = /^(not)?equals$/i.test(node.fn) ? 'singleValueOrNull' : least ? 'min' : 'max';
  const tables = branch(
    'TablesInSelectQuery',
    branch('TablesInSelectQueryElement', branch('TableExpression', set)),
  );
  const list = expressionList([callOf(pick, [branch('Asterisk')])]);
  const select = branch('SelectQuery', list, tables);
  const query = branch('SelectWithUnionQuery', expressionList([select]));
  return callOf(node.fn, [left, branch('Subquery', query)]);
}

export function expression(node: Expression, above: Growing): Branch {
  const at = below(above);
  if (at.depth > depthMax) return branch('…');
  switch (node.kind) {
    case 'Literal':
      return branch(`Literal ${literalText(node)}`);
    case 'Array':
    case 'Tuple': {
      const text = constant(node);
      if (text !== undefined) return branch(`Literal ${text}`);
      return callOf(node.kind === 'Array' ? 'array' : 'tuple', expressions(node.items, at));
    }
    case 'Map':
      return callOf(
        'map',
        expressions(
          node.keys.flatMap((key, i) => [key, node.values[i] as Expression]),
          at,
        ),
      );
    case 'Identifier':
      return identifier(dotted(node.parts));
    case 'Alias':
      return { ...expression(node.expr, at), alias: node.alias.name };
    case 'Function':
      return call(node, at);
    case 'Star':
      if (node.source) return columns('Asterisk', undefined, node.transformers, at);
      return columns('Asterisk', node.qualifier, node.transformers, at);
    case 'ColumnsMatcher': {
      const { qualifier, transformers } = node;
      if (node.pattern !== undefined)
        return columns('ColumnsRegexpMatcher', qualifier, transformers, at);
      const own = expressionList(expressions(node.columns ?? [], at));
      return columns('ColumnsListMatcher', qualifier, transformers, at, own);
    }
    case 'Subquery':
      return branch('Subquery', at.query(node.query, at));
    case 'Exists':
      return callOf('exists', [branch('Subquery', at.query(node.query, at))]);
    case 'Quantified':
      return quantified(node, at);
    case 'TupleAccess': {
      const key = node.name === undefined ? `UInt64_${node.index}` : quoteString(node.name.name);
      return callOf('tupleElement', [expression(node.expr, at), branch(`Literal ${key}`)]);
    }
    case 'Parameter':
      return branch(`QueryParameter ${node.name}:${node.type.name}`);
    case 'Positional':
      return branch('QueryParameter ?');
    default:
      // Operators are calls in the functional form.
      return branch(node.kind);
  }
}

const aggregateTypes = /^(Simple)?AggregateFunction$/;

export function dataType(type: DataType, at: Growing): Branch {
  const { name, args } = type;
  const isTuple = /^tuple$/i.test(name);
  if (args?.length === 0) return branch(`DataType ${name}`);
  if (/^enum(8|16)?$/i.test(name) && args?.every((arg) => arg.kind === 'EnumValue'))
    return branch(`EnumDataType ${name}`);
  const list = (args ?? []).map((arg, i) =>
    i === 0 && aggregateTypes.test(name) ? aggregateName(arg, at) : typeArgument(arg, isTuple, at),
  );
  return branch(`${isTuple ? 'TupleDataType' : 'DataType'} ${name}`, args && expressionList(list));
}

function aggregateName(arg: TypeArgument, at: Growing): Branch {
  if (arg.kind !== 'DataType') return typeArgument(arg, false, at);
  if (!arg.args) return identifier(arg.name);
  return callOf(
    arg.name,
    arg.args.map((one) => typeArgument(one, false, at)),
  );
}

function typeArgument(arg: TypeArgument, inTuple: boolean, at: Growing): Branch {
  switch (arg.kind) {
    case 'DataType':
      return dataType(arg, at);
    case 'Literal':
      return expression(arg, at);
    case 'TypeField':
      return inTuple
        ? dataType(arg.type, at)
        : branch(`NameTypePair ${arg.name.name}`, dataType(arg.type, at));
    case 'EnumValue':
      return callOf('equals', [
        branch(`Literal ${quoteString(arg.name)}`),
        expression(arg.value, at),
      ]);
    case 'TypeSetting':
      return callOf('equals', [identifier(arg.name), expression(arg.value, at)]);
  }
}
