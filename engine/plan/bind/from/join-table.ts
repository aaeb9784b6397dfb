// Tables of engine Join in a query: their rows, what a join with one may look like, and joinGet.

import type { Expression, FunctionCall, Join, Span } from '../../../../sql/index.ts';
import { failAt, newColumn, type Planning } from '../../context.ts';
import {
  columnExpr,
  columnsOf,
  correlatedExpr,
  type Expr,
  literalExpr,
  scalarExpr,
} from '../../expression.ts';
import { type JoinTable, oneRowPerKey } from '../../join-table.ts';
import { filter, type Node, project } from '../../logical.ts';
import type { JoinKind } from '../../physical/wire.ts';
import { baseType, isNullable, nullableType } from '../../types.ts';
import { constantOf } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { convert, resolveCall } from '../expression/resolve-call.ts';
import {
  identifierParts,
  type Locals,
  newScope,
  type Scope,
  type Source,
  type SourceColumn,
} from '../scope.ts';
import { tableNode } from './index.ts';

/** A Join table that stands in FROM. */
export interface JoinSide {
  readonly name: string;
  readonly table: JoinTable;
  /** Ids of its key columns. */
  readonly keys: readonly number[];
}

const columnOf = (source: Source, name: string): Expr =>
  (source.byName.get(name) as SourceColumn).expr();

/** The rows that joins see: those with a NULL in the key are never found. */
export function joinRows(scope: Scope, node: Node, source: Source, table: JoinTable): Node {
  const rows: Node =
    node.kind === 'scan' && oneRowPerKey(table) ? { ...node, final: { byPartition: false } } : node;
  const tests = table.keys
    .map((key) => columnOf(source, key))
    .filter((key) => isNullable(key.type))
    .map((key) => resolveCall(scope, 'isNotNull', [key], scope.span));
  return tests.reduce((below, test) => filter(below, test), rows);
}

export function joinSide(name: string, source: Source, table: JoinTable): JoinSide {
  const keys = table.keys.flatMap((key) => [...columnsOf(columnOf(source, key))]);
  return { name, table, keys };
}

const kinds: Record<string, JoinKind> = {
  'SEMI LEFT': 'semi',
  'SEMI RIGHT': 'rightSemi',
  'ANTI LEFT': 'anti',
  'ANTI RIGHT': 'rightAnti',
};

const incompatible = (span: Span, text: string, hint?: string): Error =>
  failAt(span, 'INCOMPATIBLE_TYPE_OF_JOIN', text, hint ? { hint } : {});

/** Only the join that the table was made for may use it. */
export function checkJoinKind(
  scope: Scope,
  ast: Join,
  side: JoinSide,
  join: JoinKind,
  strictness: 'all' | 'any',
): void {
  const { table, name } = side;
  const made = kinds[`${table.strictness} ${table.kind}`] ?? table.kind.toLowerCase();
  const strict = table.strictness === 'ANY' ? 'any' : 'all';
  if (join !== made || strictness !== strict) {
    throw incompatible(
      ast.span,
      `Table ${name} has incompatible type of JOIN: it is made for ${table.strictness} ${table.kind} JOIN`,
      `Write ${table.strictness} ${table.kind} JOIN, or join with (SELECT * FROM ${name})`,
    );
  }
  const useNulls = scope.ctx.settings.bool('join_use_nulls');
  if ((join === 'left' || join === 'full') && useNulls !== table.useNulls) {
    throw incompatible(
      ast.span,
      `Table ${name} needs the same join_use_nulls setting as present in LEFT or FULL JOIN`,
      `SETTINGS join_use_nulls = ${table.useNulls ? 1 : 0}`,
    );
  }
}

/** Its keys, all of them, and nothing else are compared. */
export function checkJoinKeys(
  ast: Join,
  side: JoinSide,
  rightKeys: readonly Expr[],
  others: readonly Expr[],
): void {
  const { keys } = side.table;
  const used = rightKeys.map((e) => {
    const bare = e.kind === 'cast' ? e.expr : e;
    return bare.kind === 'column' ? bare.id : -1;
  });
  if (others.length > 0 || used.some((id) => !side.keys.includes(id))) {
    throw incompatible(
      (ast.on ?? ast).span,
      `JOIN with 'Join' table engine should be performed by storage keys [${keys.join(', ')}] and nothing else`,
    );
  }
  if (new Set(used).size < keys.length) {
    const text = `Number of keys in JOIN ON section (${used.length}) doesn't match number of keys in Join engine (${keys.length})`;
    throw incompatible((ast.on ?? ast).span, text);
  }
}

const made = new WeakMap<Planning, Map<string, Expr>>();

/** joinGet('table', 'column', keys…): the value of the row with these keys, or the type's default. */
export function bindJoinGet(
  ast: FunctionCall,
  scope: Scope,
  locals: Locals,
  orNull: boolean,
): Expr {
  const { ctx } = scope;
  const { name: fn, args, span } = ast;
  if (args.length < 3) {
    const text = `Number of arguments for function '${fn}' doesn't match: passed ${args.length}, should be greater or equal to 3`;
    throw failAt(span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  const [table, column, ...keys] = args as [Expression, Expression, ...Expression[]];
  const place = placeOf(scope, table, fn);
  const found = tableNode(
    scope,
    place.length > 1 ? place[0] : undefined,
    place.at(-1) ?? '',
    table.span,
    false,
  );
  const stored = found?.table?.kind === 'stored' ? found.table : undefined;
  const join = stored?.join;
  if (!found || !stored || !join) {
    const text = `Table ${place.at(-1)} should have engine StorageJoin`;
    throw failAt(table.span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
  }
  if (join.strictness !== 'ANY' || join.kind !== 'LEFT') {
    throw incompatible(table.span, `${fn} only supports StorageJoin of type Left Any`);
  }
  const name = constantOf(ctx, bindExpression(column, scope))?.value;
  if (typeof name !== 'string') {
    const text = `Illegal type of second argument of function ${fn}, expected a const string`;
    throw failAt(column.span, 'ILLEGAL_TYPE_OF_ARGUMENT', text);
  }
  const there = found.source.byName.get(name);
  if (!there || there.hidden || join.keys.includes(name)) {
    throw failAt(
      column.span,
      'NO_SUCH_COLUMN_IN_TABLE',
      `StorageJoin doesn't contain column ${name}`,
    );
  }
  if (keys.length !== join.keys.length) {
    const text = `Number of join_keys and number of right table key columns for function ${fn} don't match: passed ${keys.length}, should be equal to ${join.keys.length}`;
    throw failAt(span, 'NUMBER_OF_ARGUMENTS_DOESNT_MATCH', text);
  }
  const wanted = keys.map((key, i) => {
    const expr = bindExpression(key, scope, locals);
    const type = baseType(columnOf(found.source, join.keys[i] as string).type);
    if (baseType(expr.type) === type) return expr;
    const text = `Type mismatch in ${fn} key ${i}: found type ${baseType(expr.type)}, while the needed type is ${type}`;
    throw failAt(key.span, 'TYPE_MISMATCH', text, { hint: `Write CAST(…, '${type}')` });
  });
  const text = [stored.database, stored.name, name, orNull, ...wanted.map((e) => e.key)].join('\0');
  const known = made.get(ctx) ?? new Map<string, Expr>();
  made.set(ctx, known);
  const before = known.get(text);
  if (before) return before;
  const value = foundValue(scope, found.node, found.source, join, there.expr(), wanted, span);
  const result =
    orNull || join.useNulls || isNullable(there.type)
      ? value
      : orDefault(scope, value, there.type, span);
  known.set(text, result);
  return result;
}

function placeOf(scope: Scope, table: Expression, fn: string): string[] {
  if (table.kind === 'Identifier') return identifierParts(scope.ctx, table);
  const text = constantOf(scope.ctx, bindExpression(table, scope))?.value;
  if (typeof text === 'string') return /^([^.]+)\.(.+)$/s.exec(text)?.slice(1) ?? [text];
  throw failAt(
    table.span,
    'ILLEGAL_TYPE_OF_ARGUMENT',
    `Illegal type of first argument of function ${fn}, expected a const string`,
  );
}

/** The value as a scalar subquery: on its own where the keys are constants, else joined. */
function foundValue(
  scope: Scope,
  node: Node,
  source: Source,
  join: JoinTable,
  value: Expr,
  wanted: readonly Expr[],
  span: Span,
): Expr {
  const { ctx } = scope;
  const inner = newScope(ctx, span);
  const type = nullableType(value.type);
  const alone = wanted.every((e) => columnsOf(e).size === 0) && isNullable(type);
  const params = wanted.map((e, i) => newColumn(ctx, `key${i}`, e.type));
  const rows = params.reduce<Node>(
    (below, param, i) => {
      const key = columnOf(source, join.keys[i] as string);
      const given = alone ? (wanted[i] as Expr) : columnExpr(param);
      return filter(below, resolveCall(inner, 'equals', [key, given], span));
    },
    joinRows(inner, node, source, join),
  );
  const out = newColumn(ctx, 'value', value.type);
  const picked = project(rows, [{ column: out, expr: value }]);
  if (alone)
    return scalarExpr(ctx.subqueries.push({ node: picked, usage: 'scalar' }) - 1, type, span);
  return correlatedExpr({
    use: 'scalar',
    node: picked,
    params,
    args: wanted,
    negated: false,
    serial: ctx.nextColumn++,
    type,
    span,
  });
}

function orDefault(scope: Scope, value: Expr, type: string, span: Span): Expr {
  if (!isNullable(value.type)) return value;
  const nothing = resolveCall(scope, 'defaultValueOfTypeName', [literalExpr('String', type)], span);
  return convert(resolveCall(scope, 'ifNull', [value, nothing], span), type);
}
