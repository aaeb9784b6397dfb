// Text of expressions and data types.
import type {
  Binary,
  ColumnTransformer,
  DataType,
  Expression,
  FunctionCall,
  Kind,
  Name,
  Query,
  TypeArgument,
  WindowSpec,
} from '../ast/index.ts';
import { quoteBytes, quoteString } from '../escape.ts';
import { castText } from '../parse/cast-source.ts';
import { precedenceOf } from '../parse/expression.ts';
import type { Visitor } from '../walk.ts';
import {
  after,
  bareName,
  list,
  names,
  plain,
  printName,
  printTableName,
  settings,
  style,
  words,
} from './base.ts';
import { print } from './index.ts';
import { numberName } from './number-name.ts';

const loosest = 0;
const tightest = 14;
const fixed: Partial<Record<Kind, number>> = {
  Alias: -1,
  Lambda: 1,
  Ternary: 2,
  IsNull: 6,
  Between: 7,
  In: 9,
  Quantified: 9,
};

function precedence(node: Expression): number {
  if (node.kind === 'Binary') {
    return node.op.startsWith('IS ') ? 6 : precedenceOf(node.op);
  }
  if (node.kind === 'Chain') return precedenceOf(node.op);
  if (node.kind === 'Unary') return node.op === 'NOT' ? 5 : 13;
  return fixed[node.kind] ?? tightest;
}

/** What ClickHouse puts into parentheses wherever it is an operand. */
const operators: ReadonlySet<string> = new Set<Kind>([
  ...(['Binary', 'Chain', 'Unary', 'Between', 'In', 'IsNull', 'Quantified', 'Lambda'] as const),
]);

/** In parentheses if it binds looser than `min`. */
function operand(node: Expression, min: number): string {
  const text = print(node);
  const spelled = style.full && operators.has(node.kind) && !/^-[\d.]/.test(text);
  return precedence(node) < min || spelled ? `(${text})` : text;
}

const spelledOperators: Readonly<Record<string, string>> = { '==': '=', '<>': '!=', MOD: '%' };

/** A run of left-deep operators, in a loop. */
function printBinary(node: Binary): string {
  if (style.full) {
    const op = spelledOperators[node.op] ?? node.op;
    return `${operand(node.left, loosest)} ${op} ${operand(node.right, loosest)}`;
  }
  const parts: string[] = [];
  let left: Expression = node;
  let min = loosest;
  while (left.kind === 'Binary' && precedence(left) >= min) {
    min = precedence(left);
    parts.push(` ${left.op} ${operand(left.right, min + 1)}`);
    left = left.left;
  }
  parts.push(operand(left, min));
  return parts.reverse().join('');
}

/** Kinds behind which `[`, `.` and `::` can follow as they are. */
const bases: ReadonlySet<string> = new Set([
  'Literal',
  'Identifier',
  'Function',
  'Cast',
  'Array',
  'Tuple',
  'Map',
  'Parameter',
  'Subquery',
  'Index',
  'TupleAccess',
  'Positional',
]);
function base(node: Expression): string {
  const text = print(node);
  return bases.has(node.kind) ? text : `(${text})`;
}

function tuple(items: readonly Expression[]): string {
  return items.length === 1 ? `(${list(items)},)` : `(${list(items)})`;
}

function printMinus(node: Expression): string {
  const text = operand(node, 13);
  return /^[-\d.]|^(?:inf|nan|infinity)\b/i.test(text) ? `-(${text})` : `-${text}`;
}

const qualified = (qualifier: Name[] | undefined): string =>
  qualifier === undefined ? '' : `${qualifier.map(printName).join('.')}.`;

function transformed(text: string, transformers: readonly ColumnTransformer[]): string {
  return words(text, ...transformers.map(print));
}

/** `left.*` needs what stands before the dot to be no plain name. */
function source(node: Expression): string {
  return node.kind === 'Identifier' || node.kind === 'Literal' ? `(${print(node)})` : base(node);
}

function printFunction(node: FunctionCall): string {
  const formed = node.form === undefined ? undefined : printForm(node);
  const call = formed ?? printCall(node);
  return words(
    call,
    node.nulls !== undefined && `${node.nulls} NULLS`,
    node.filter !== undefined && `FILTER (WHERE ${plain(node.filter)})`,
    node.over !== undefined &&
      `OVER ${node.over.kind === 'Name' ? printName(node.over) : print(node.over)}`,
  );
}

function printCall(node: FunctionCall): string {
  const inner = words(
    node.distinct && 'DISTINCT',
    list(node.args),
    node.orderBy !== undefined && `ORDER BY ${node.orderBy.map(print).join(', ')}`,
  );
  const settled =
    node.settings === undefined
      ? inner
      : `${inner}${inner === '' ? '' : ', '}SETTINGS ${settings(node.settings)}`;
  const parameters = node.parameters === undefined ? '' : `(${list(node.parameters)})`;
  return `${bareName(node.name)}${parameters}(${settled})`;
}

const extracted: Readonly<Record<string, string>> = {
  toNanosecond: 'NANOSECOND',
  toMicrosecond: 'MICROSECOND',
  toMillisecond: 'MILLISECOND',
  toSecond: 'SECOND',
  toMinute: 'MINUTE',
  toHour: 'HOUR',
  toDayOfMonth: 'DAY',
  toISOWeek: 'WEEK',
  toMonth: 'MONTH',
  toQuarter: 'QUARTER',
  toYear: 'YEAR',
  toDayOfWeek: 'DOW',
  toDayOfYear: 'DOY',
  toUnixTimestamp: 'EPOCH',
};
const sides: Readonly<Record<string, string>> = {
  trimBoth: 'BOTH',
  trimLeft: 'LEADING',
  trimRight: 'TRAILING',
};

/** Calls in the spelling they came in. */
function printForm(node: FunctionCall): string | undefined {
  const [a, b, c, d] = node.args.map(print) as [string, ...(string | undefined)[]];
  const tail = d === undefined ? '' : ` FOR ${d}`;
  switch (node.form) {
    case 'DATE':
    case 'TIMESTAMP':
      return `${node.form} ${a}`;
    case 'EXTRACT':
      return `EXTRACT(${extracted[node.name] ?? 'DAY'} FROM ${a})`;
    case 'SUBSTRING':
      return `SUBSTRING(${a} FROM ${b}${c === undefined ? '' : ` FOR ${c}`})`;
    case 'TRIM':
      return `TRIM(${words(sides[node.name], node.args[1] && plain(node.args[1]), 'FROM', a)})`;
    case 'POSITION':
      return `POSITION(${operand(node.args[1] as Expression, 10)} IN ${a})`;
    case 'OVERLAY':
      return `OVERLAY(${a} PLACING ${plain(node.args[1] as Expression)} FROM ${plain(node.args[2] as Expression)}${tail})`;
    case 'DATE_ADD':
    case 'DATE_SUB': {
      const amount = node.args[1];
      if (amount?.kind !== 'Interval') return undefined;
      return `${node.form}(${amount.unit}, ${print(amount.value)}, ${a})`;
    }
    case 'DATE_DIFF': {
      const unit = node.args[0];
      if (unit?.kind !== 'Literal' || unit.type !== 'string') return undefined;
      return `DATE_DIFF(${unit.value.toUpperCase()}, ${list(node.args.slice(1))})`;
    }
    case 'CURRENT':
      return bareName(node.name);
    case 'VIEW': {
      const query = node.args[0];
      if (query?.kind !== 'Subquery') return undefined;
      const start = `${bareName(node.name)}(${print(query.query)}`;
      return node.args[1] === undefined ? `${start})` : `${start} ELSE ${plain(node.args[1])})`;
    }
    default:
      return undefined;
  }
}

function printWindow(node: WindowSpec): string {
  const inner = words(
    node.base && printName(node.base),
    node.partitionBy.length > 0 && `PARTITION BY ${list(node.partitionBy)}`,
    node.orderBy.length > 0 && `ORDER BY ${node.orderBy.map(print).join(', ')}`,
    node.frame && print(node.frame),
  );
  return `(${inner})`;
}

function printType(node: DataType): string {
  const name = /^[\w$ ]+$/.test(node.name) ? node.name : bareName(node.name);
  if (node.args === undefined) return name;
  const args = `(${node.args.map((arg: TypeArgument) => print(arg)).join(', ')})`;
  // INT(11) UNSIGNED.
  const signed = /^(\w+) ((?:UN)?SIGNED)$/i.exec(name);
  return signed === null ? name + args : `${signed[1]}${args} ${signed[2]}`;
}

function mapKey(node: Expression): string {
  return node.kind === 'Identifier' ? `(${print(node)})` : operand(node, 3);
}

/** A query in its parentheses, where lines are wanted on lines of its own. */
const closedQuery = (query: Query): string => style.subquery?.(query) ?? `(${print(query)})`;

/** What stands behind IN, in parentheses of its own. */
function inSource(node: Expression): string {
  const closed = node.kind === 'Subquery' || node.kind === 'Array' || !style.full;
  return closed ? operand(node, 10) : `(${print(node)})`;
}

const columnList = (items: readonly Expression[]): string => items.map(print).join(', ');

export const expressionPrinters = {
  Name: printName,
  TableName: printTableName,
  Literal: (node) => {
    if (node.type === 'string') {
      return node.bytes === undefined ? quoteString(node.value) : quoteBytes(node.bytes);
    }
    if (node.type === 'number') return style.full ? numberName(node.text) : node.text;
    if (node.type === 'bool') return node.value ? 'true' : 'false';
    return node.type === 'null' ? 'NULL' : 'DEFAULT';
  },
  Identifier: (node) => node.parts.map(printName).join('.'),
  Star: (node) =>
    transformed(
      node.source === undefined ? `${qualified(node.qualifier)}*` : `${source(node.source)}.*`,
      node.transformers,
    ),
  ColumnsMatcher: (node) => {
    const inner =
      node.pattern === undefined ? columnList(node.columns ?? []) : quoteString(node.pattern);
    return transformed(`${qualified(node.qualifier)}COLUMNS(${inner})`, node.transformers);
  },
  ExceptTransformer: (node) => {
    const inner = node.pattern === undefined ? columnList(node.columns) : quoteString(node.pattern);
    return `EXCEPT ${node.strict ? 'STRICT ' : ''}(${inner})`;
  },
  ReplaceTransformer: (node) => `REPLACE ${node.strict ? 'STRICT ' : ''}(${list(node.items)})`,
  ApplyTransformer: (node) => {
    const name = node.name === undefined ? '' : printName(node.name);
    const parameters =
      node.parameters === undefined ? '' : `(${node.parameters.map(plain).join(', ')})`;
    const inner = node.lambda === undefined ? name + parameters : print(node.lambda);
    if (node.prefix === undefined && !inner.includes('->')) return `APPLY ${inner}`;
    return `APPLY(${inner}${node.prefix === undefined ? '' : `, ${quoteString(node.prefix)}`})`;
  },
  Function: printFunction,
  SettingItem: (node) => `${bareName(node.name)} = ${plain(node.value)}`,
  Lambda: (node) => {
    const only = node.params[0];
    const params =
      node.params.length === 1 && only !== undefined ? printName(only) : `(${names(node.params)})`;
    return `${params} -> ${style.full ? operand(node.body, loosest) : plain(node.body)}`;
  },
  Binary: printBinary,
  Chain: (node) => {
    const min = precedenceOf(node.op) + 1;
    return node.operands.map((item) => operand(item, min)).join(` ${node.op} `);
  },
  Unary: (node) =>
    node.op === 'NOT' ? `NOT ${operand(node.operand, 6)}` : printMinus(node.operand),
  Ternary: (node) =>
    `${operand(node.condition, 3)} ? ${print(node.whenTrue)} : ${operand(node.whenFalse, 2)}`,
  When: (node) => `WHEN ${print(node.when)} THEN ${print(node.result)}`,
  Case: (node) =>
    words(
      'CASE',
      node.operand && plain(node.operand),
      ...node.whens.map(print),
      node.otherwise && `ELSE ${print(node.otherwise)}`,
      'END',
    ),
  // Behind `::` a number would be read from its text.
  Cast: (node) =>
    node.form === '::' && castText(node.expr, () => print(node.expr)) === undefined
      ? `${base(node.expr)}::${print(node.type)}`
      : `CAST(${print(node.expr)} AS ${print(node.type)})`,
  Interval: (node) => {
    const value = print(node.value);
    const plain =
      node.value.kind === 'Literal' || (bases.has(node.value.kind) && !/^['-]/.test(value));
    return `INTERVAL ${plain ? value : `(${value})`} ${node.unit}`;
  },
  Between: (node) =>
    words(
      operand(node.expr, 7),
      node.negated && 'NOT',
      'BETWEEN',
      operand(node.low, 8),
      'AND',
      operand(node.high, 8),
    ),
  In: (node) =>
    words(
      operand(node.expr, 9),
      node.global && 'GLOBAL',
      node.negated && 'NOT',
      'IN',
      node.source.kind === 'Tuple' ? `(${list(node.source.items)})` : inSource(node.source),
    ),
  IsNull: (node) => words(operand(node.expr, 6), 'IS', node.negated && 'NOT', 'NULL'),
  Quantified: (node) =>
    `${operand(node.expr, 9)} ${node.op} ${node.quantifier} (${print(node.query)})`,
  Exists: (node) => {
    const query = closedQuery(node.query);
    return style.full ? `exists(${query})` : `EXISTS ${query}`;
  },
  Subquery: (node) => closedQuery(node.query),
  Tuple: (node) => tuple(node.items),
  Array: (node) => `[${list(node.items)}]`,
  Map: (node) =>
    `{${node.keys.map((key, i) => `${mapKey(key)}: ${plain(node.values[i] as Expression)}`).join(', ')}}`,
  Index: (node) => `${base(node.expr)}[${print(node.index)}]`,
  TupleAccess: (node) =>
    node.name === undefined
      ? `${node.expr.kind === 'Literal' ? source(node.expr) : base(node.expr)}.${node.index ?? 1}`
      : `${source(node.expr)}.${printName(node.name)}`,
  Parameter: (node) => `{${bareName(node.name)}:${print(node.type)}}`,
  Positional: () => '?',
  Alias: (node) =>
    `${style.full ? print(node.expr) : operand(node.expr, loosest)} AS ${printName(node.alias)}`,
  FrameBound: (node) => {
    if (node.type === 'CURRENT ROW') return node.type;
    return `${node.value === undefined ? 'UNBOUNDED' : operand(node.value, 5)} ${node.type}`;
  },
  Frame: (node) =>
    words(
      node.unit,
      node.finish === undefined
        ? print(node.start)
        : `BETWEEN ${print(node.start)} AND ${print(node.finish)}`,
      after('EXCLUDE', node.exclude),
    ),
  WindowSpec: printWindow,
  DataType: printType,
  TypeField: (node) => `${printName(node.name)} ${print(node.type)}`,
  EnumValue: (node) => `${quoteString(node.name)} = ${print(node.value)}`,
  TypeSetting: (node) => {
    const { name, value } = node;
    if (name === 'SKIP' && value.type === 'string') return `SKIP ${bareName(value.value)}`;
    return name === 'SKIP REGEXP' ? `${name} ${print(value)}` : `${name} = ${print(value)}`;
  },
} satisfies Partial<Visitor<string>>;
