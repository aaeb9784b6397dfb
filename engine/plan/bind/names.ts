// The name of an expression that has no alias: ClickHouse prints it in function form.

import {
  type DataType,
  type Expression,
  type FrameBound,
  numberName,
  type OrderItem,
  type WindowSpec,
} from '../../../sql/index.ts';
import { findColumn, findSource, identifierParts, nameText, type Scope } from './scope.ts';
import { means } from './shortest-name.ts';

export function quoteString(text: string): string {
  const escaped = text.replace(/[\\'\n\t\r\0\b\f]/g, (c) => escapes[c] ?? c);
  return `'${escaped}'`;
}
const escapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
};

/** A type as it was written, blanks normalised. */
export function typeText(type: DataType): string {
  if (type.args === undefined) return type.name;
  const args = type.args.map((arg) => {
    switch (arg.kind) {
      case 'DataType':
        return typeText(arg);
      case 'TypeField':
        return `${identifierText(arg.name.name)} ${typeText(arg.type)}`;
      case 'EnumValue':
        return `${quoteString(arg.name)} = ${arg.value.text}`;
      case 'TypeSetting':
        return `${arg.name} = ${literalName(arg.value)}`;
      default:
        return literalName(arg);
    }
  });
  return `${type.name}(${args.join(', ')})`;
}

export function identifierText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replace(/[\\`]/g, '\\$&')}\``;
}

function literalName(ast: Expression & { kind: 'Literal' }): string {
  switch (ast.type) {
    case 'number':
      return numberName(ast.text);
    case 'string':
      return quoteString(ast.value);
    case 'bool':
      return ast.value ? 'true' : 'false';
    case 'null':
      return 'NULL';
    case 'default':
      return 'DEFAULT';
  }
}

export function columnName(ast: Expression, scope: Scope, deep = 0): string {
  if (deep > 200) return '…';
  const name = (e: Expression): string => columnName(e, scope, deep + 1);
  const call = (fn: string, args: readonly Expression[]): string =>
    `${fn}(${args.map(name).join(', ')})`;
  switch (ast.kind) {
    case 'Literal':
      return literalName(ast);
    case 'Identifier':
      return identifierName(identifierParts(scope.ctx, ast), ast, scope);
    case 'Alias':
      return nameText(scope.ctx, ast.alias);
    case 'Star':
      return '*';
    case 'ColumnsMatcher':
      return 'COLUMNS';
    case 'Function':
      return functionName(ast, name);
    case 'Lambda':
      return `lambda(tuple(${ast.params.map((p) => p.name).join(', ')}), ${name(ast.body)})`;
    case 'Binary':
      return call(ast.fn, [ast.left, ast.right]);
    case 'Chain':
      return call(ast.fn, ast.operands);
    case 'Unary':
      if (ast.fn === 'negate' && ast.operand.kind === 'Literal') {
        return numberName(`-${literalName(ast.operand)}`.replace(/^--/, ''));
      }
      return call(ast.fn, [ast.operand]);
    case 'Ternary':
      return call('if', [ast.condition, ast.whenTrue, ast.whenFalse]);
    case 'Case': {
      const whens = ast.whens.flatMap((w) => [w.when, w.result]).map(name);
      const otherwise = ast.otherwise ? name(ast.otherwise) : 'NULL';
      if (ast.operand) {
        return `caseWithExpression(${[name(ast.operand), ...whens, otherwise].join(', ')})`;
      }
      return `multiIf(${[...whens, otherwise].join(', ')})`;
    }
    case 'Cast':
      return `CAST(${name(ast.expr)}, ${quoteString(typeText(ast.type))})`;
    case 'Interval': {
      const unit = ast.unit[0] + ast.unit.slice(1).toLowerCase();
      return call(`toInterval${unit}`, [ast.value]);
    }
    case 'Between': {
      const [x, low, high] = [name(ast.expr), name(ast.low), name(ast.high)];
      return ast.negated
        ? `or(less(${x}, ${low}), greater(${x}, ${high}))`
        : `and(greaterOrEquals(${x}, ${low}), lessOrEquals(${x}, ${high}))`;
    }
    case 'In': {
      const fn = `${ast.global ? 'global' : ''}${ast.negated ? 'notIn' : 'in'}`;
      const source = ast.source;
      const single =
        source.kind === 'Tuple' && source.items.length === 1 ? source.items[0] : source;
      return `${fn[0]?.toLowerCase()}${fn.slice(1)}(${name(ast.expr)}, ${name(single as Expression)})`;
    }
    case 'IsNull':
      return call(ast.negated ? 'isNotNull' : 'isNull', [ast.expr]);
    case 'Quantified':
      return `${ast.fn}(${name(ast.expr)}, _subquery)`;
    case 'Exists':
      return 'exists(_subquery)';
    case 'Subquery':
      return '_subquery';
    case 'Tuple':
      return `(${ast.items.map(name).join(', ')})`;
    case 'Array':
      return `[${ast.items.map(name).join(', ')}]`;
    case 'Map':
      return `map(${ast.keys.map((k, i) => `${name(k)}, ${name(ast.values[i] as Expression)}`).join(', ')})`;
    case 'Index':
      return call('arrayElement', [ast.expr, ast.index]);
    case 'TupleAccess': {
      const index = ast.index ?? quoteString(ast.name?.name ?? '');
      return `tupleElement(${name(ast.expr)}, ${index})`;
    }
    case 'Parameter': {
      const value = scope.ctx.params[ast.name] ?? '';
      return /^(U?Int|Float|Decimal|Bool)/.test(ast.type.name) ? value : quoteString(value);
    }
    case 'Positional':
      return '?';
  }
}

/** A column is called by the shortest name that means it, elements inside its value by theirs. */
function identifierName(parts: string[], ast: Expression, scope: Scope): string {
  if (parts.length === 1) return parts[0] as string;
  const isTable = (n: number): boolean =>
    n < parts.length && findSource(scope, parts.slice(0, n)) !== undefined;
  if (!isTable(1) && !isTable(2)) return parts.join('.');
  const found = findColumn(scope, parts, ast.span);
  if (!found?.source) return parts.join('.');
  const { column, source, used } = found;
  const { name } = column;
  const table = parts[used - name.split('.').length - 1];
  const written = table === undefined ? name : `${table}.${name}`;
  const bare = means(scope, name, source, column.expr().key);
  return [bare ? name : written, ...parts.slice(used)].join('.');
}

/** Names that the grammar itself gives. */
const special: Record<string, string | undefined> = {
  cast: 'CAST',
  trim: 'trimBoth',
  date_diff: 'dateDiff',
  timestampdiff: 'dateDiff',
};

function functionName(
  ast: Expression & { kind: 'Function' },
  name: (e: Expression) => string,
): string {
  const lower = ast.name.toLowerCase();
  let fn = (Object.hasOwn(special, lower) ? special[lower] : undefined) ?? ast.name;
  if (ast.distinct) fn += 'Distinct';
  const bareStar = ast.args.length === 1 && ast.args[0]?.kind === 'Star';
  const args = bareStar && /^count/i.test(fn) ? [] : ast.args;
  const list = args.map(name);
  if (ast.filter) {
    fn += 'If';
    list.push(name(ast.filter));
  }
  const params = ast.parameters ? `(${ast.parameters.map(name).join(', ')})` : '';
  const over = ast.over ? ` OVER ${overText(ast.over, name)}` : '';
  const only = ast.args[0];
  if (fn === 'globalVariable' && only?.kind === 'Literal' && only.type === 'string')
    return `@@${only.value.split('.').at(-1)}`;
  if (fn === 'tuple') return `(${list.join(', ')})`;
  if (fn === 'array') return `[${list.join(', ')}]`;
  return `${fn}${params}(${list.join(', ')})${over}`;
}

function overText(
  over: WindowSpec | { kind: 'Name'; name: string },
  name: (e: Expression) => string,
) {
  if (over.kind === 'Name') return over.name;
  const parts: string[] = [];
  if (over.base) parts.push(over.base.name);
  if (over.partitionBy.length > 0)
    parts.push(`PARTITION BY ${over.partitionBy.map(name).join(', ')}`);
  if (over.orderBy.length > 0) {
    const order = over.orderBy.map((o: OrderItem) => `${name(o.expr)} ${o.direction ?? 'ASC'}`);
    parts.push(`ORDER BY ${order.join(', ')}`);
  }
  if (over.frame) {
    const bound = (b: FrameBound): string =>
      b.type === 'CURRENT ROW' ? b.type : `${b.value ? name(b.value) : 'UNBOUNDED'} ${b.type}`;
    const { unit, start, finish } = over.frame;
    const end = finish ? bound(finish) : 'CURRENT ROW';
    parts.push(`${unit} BETWEEN ${bound(start)} AND ${end}`);
  }
  return `(${parts.join(' ')})`;
}
