// INSERT … VALUES with expressions: rows as a union of one-row projections. A NULL or DEFAULT stands for what
// the column has when nothing is said of it.

import { type Expression, parseExpression, type Span } from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { bindExpression } from '../../plan/bind/expression/index.ts';
import { convert } from '../../plan/bind/expression/resolve-call.ts';
import { newScope, type Scope } from '../../plan/bind/scope.ts';
import { failAt, newColumn } from '../../plan/context.ts';
import {
  type Column,
  castExpr,
  columnExpr,
  type Expr,
  literalExpr,
} from '../../plan/expression.ts';
import { type Node, one, project } from '../../plan/logical.ts';
import {
  arrayElementType,
  isNullable,
  tupleElements,
  typeArguments,
  typeHead,
} from '../../plan/types.ts';
import type { PlanningRun } from '../../query/plan-query.ts';
import { storedValues } from '../../query/stored-rows.ts';

/** A text that stands for a value of a Nullable type: NULL where it cannot be read, as in ClickHouse. */
const mayBeNull = (item: Expression, type: string): boolean =>
  item.kind === 'Literal' &&
  item.type === 'string' &&
  /^Nullable\((?!String|FixedString|Enum)/.test(type);

const quotedType = (type: string): string => `'${type.replace(/[\\']/g, '\\$&')}'`;

const orNull = (item: Expression, type: string): Expression => {
  const inner = quotedType(type.slice('Nullable('.length, -1));
  const call = parseExpression(`accurateCastOrNull('', ${inner})`);
  if (call.kind === 'Function') return { ...call, args: [item, ...call.args.slice(1)] };
  return item;
};

const isNull = (item: Expression): boolean => item.kind === 'Literal' && item.type === 'null';

/** NULLs inside tuples, arrays and maps whose parts have none become the parts' defaults, or are refused. */
function withoutNulls(
  item: Expression,
  type: string,
  refuse?: (type: string) => Error,
): Expression {
  if (isNull(item) && !isNullable(type) && typeHead(type) !== 'Nothing') {
    if (refuse) throw refuse(type);
    return parseExpression(`defaultValueOfTypeName(${quotedType(type)})`);
  }
  const part = (e: Expression, inner: string | undefined): Expression =>
    inner === undefined ? e : withoutNulls(e, inner, refuse);
  const fields = tupleElements(type);
  const element = arrayElementType(type);
  const pair = typeHead(type) === 'Map' ? typeArguments(type) : [];
  if (item.kind === 'Tuple' && fields)
    return { ...item, items: item.items.map((e, i) => part(e, fields[i]?.type)) };
  if (item.kind === 'Array') return { ...item, items: item.items.map((e) => part(e, element)) };
  if (item.kind === 'Map' && pair.length === 2)
    return { ...item, values: item.values.map((e) => part(e, pair[1])) };
  if (item.kind !== 'Function') return item;
  const inner = (i: number): string | undefined =>
    item.name === 'tuple' ? fields?.[i]?.type : item.name === 'map' ? pair[i % 2] : element;
  if (!/^(tuple|array|map)$/.test(item.name)) return item;
  return { ...item, args: item.args.map((e, i) => part(e, inner(i))) };
}

/** Rows of expressions as a union of one-row projections. */
export function valuesNode(
  { ctx }: PlanningRun,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  rows: readonly Expression[],
  place: (span: Span) => Span,
  span: Span,
): Node {
  const scope = newScope(ctx, span);
  const inputs = rows.map((row): Node => {
    // One column that is a tuple: its parentheses are those of the row.
    const whole = columns.length === 1 && row.kind === 'Tuple' && row.items.length !== 1;
    const items = row.kind === 'Tuple' && !whole ? row.items : [row];
    if (items.length !== columns.length || (whole && !tupleElements(columns[0]?.type ?? ''))) {
      const count = row.kind === 'Tuple' ? row.items.length : 1;
      const text = `The row has ${count} values, the INSERT takes ${columns.length}`;
      throw failAt(place(row.span), 'NUMBER_OF_COLUMNS_DOESNT_MATCH', text);
    }
    const written = items.map((item) => ({ written: item, bound: item }));
    const values = rowValues(scope, definition, columns, written, place);
    return project(
      one,
      columns.map(({ name, type }, i) => ({
        column: newColumn(ctx, name, type),
        expr: values[i] as Expr,
      })),
    );
  });
  const first = inputs[0];
  if (!first) throw failAt(span, 'SYNTAX_ERROR', 'VALUES without rows');
  if (inputs.length === 1) return first;
  return {
    kind: 'union',
    inputs,
    columns: first.columns.map((c) => newColumn(ctx, c.name, c.type)),
  };
}

/** Types that hold more digits than a number of an expression. */
const exact = /^(Nullable\()?(U?Int(64|128|256)|Decimal)/;

/** A bare number, which its column reads to the last digit. */
function numberText(item: Expression): string | undefined {
  const negated = item.kind === 'Unary' && item.fn === 'negate';
  const of = negated ? item.operand : item;
  if (of.kind !== 'Literal' || of.type !== 'number' || !/^-?\d+(\.\d+)?$/.test(of.text))
    return undefined;
  return negated ? `-${of.text}` : of.text;
}

/** A value of a row, or of rows that differ in literals. */
export interface RowItem {
  /** As it is written, in the first of the rows. */
  readonly written: Expression;
  /** The same with identifiers for the literals that differ; a column where its values are read already. */
  readonly bound: Expression | Column;
}

/** What one row gives to the columns; defaults see the row's other values. */
export function rowValues(
  scope: Scope,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  items: readonly RowItem[],
  place: (span: Span) => Span,
): Expr[] {
  const nulls = scope.ctx.settings.bool('input_format_null_as_default');
  const given = new Map<string, Expr>();
  items.forEach(({ written: item, bound }, i) => {
    const { name, type } = columns[i] as ColumnDefinition;
    if (!('kind' in bound)) {
      given.set(name, columnExpr(bound));
      return;
    }
    if (item.kind === 'Literal' && item.type === 'default') return;
    if (isNull(item) && !isNullable(type) && nulls) return;
    const refused = (of: string): Error => {
      const text = `Cannot insert NULL value into a column of type ${of}`;
      return failAt(place(item.span), 'TYPE_MISMATCH', text);
    };
    const digits = numberText(item);
    const fits = digits !== undefined && (/Decimal/.test(type) || !digits.includes('.'));
    // Numbers that differ from row to row are read, never bound.
    if (fits && exact.test(type)) {
      given.set(name, castExpr(literalExpr('String', digits), type));
      return;
    }
    const value = mayBeNull(item, type)
      ? bindExpression(orNull(bound, type), scope)
      : bindExpression(withoutNulls(bound, type, nulls ? undefined : refused), scope);
    given.set(name, nulls && isNullable(value.type) ? value : convert(value, type));
  });
  if (
    given.size === columns.length &&
    [...given.values()].every((e, i) => e.type === columns[i]?.type)
  )
    return [...given.values()];
  const all = { ...definition, columns: definition.columns.map(asDefault) };
  const values = new Map(
    storedValues(scope, all, given, nulls).map(({ column, expr }) => [column.name, expr]),
  );
  return columns.map(({ name }) => values.get(name) as Expr);
}

/** An EPHEMERAL column has a value while its row comes in. */
const asDefault = (column: ColumnDefinition): ColumnDefinition =>
  column.defaultKind === 'EPHEMERAL' ? { ...column, defaultKind: 'DEFAULT' } : column;
