// Templates as a plan: a source of the values that are read and of the literals that differ, and the expressions
// over it; several of them in the order of the rows.

import type { Expression, Span } from '../../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../../catalog/definition.ts';
import { makeSource, newScope, plainColumn } from '../../../plan/bind/scope.ts';
import { newColumn } from '../../../plan/context.ts';
import { type Column, columnExpr, type Expr } from '../../../plan/expression.ts';
import { type Assigned, type Node, project } from '../../../plan/logical.ts';
import type { PlanningRun } from '../../../query/plan-query.ts';
import { type RowItem, rowValues } from '../values-rows.ts';
import type { Shape, ShapedRow } from './shapes.ts';
import { type Template, templatesOf, templateText } from './template.ts';

/** Rows of VALUES that are one insert. */
export interface ShapedValues {
  readonly text: string;
  readonly shapes: readonly Shape[];
  /** Templates of one insert; the rows beyond them are planned one by one. */
  readonly templatesMax: number;
  /** Where a place of the text is in the statement. */
  readonly place: (span: Span) => Span;
}

/** The rows from `from` up to `to` as rows of `columns`. */
export function templatesNode(
  planning: PlanningRun,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  values: ShapedValues,
  span: Span,
  [from, to]: readonly [number, number],
): Node {
  const { ctx } = planning;
  const templates = values.shapes
    .map((shape) => ({ ...shape, rows: rowsBetween(shape.rows, from, to) }))
    .flatMap((shape) => templatesOf(values.text, shape, columns))
    .flatMap((template, i) => (i < values.templatesMax ? [template] : oneByOne(template)));
  const inputs = templates.map((template) =>
    templateNode(planning, definition, columns, values, template),
  );
  const names = (node: Node): Column[] => node.columns.map((c) => newColumn(ctx, c.name, c.type));
  const [first] = inputs;
  if (!first) throw new Error(`values: no rows at ${span.start}`);
  let all = first;
  if (inputs.length > 1) {
    all = { kind: 'union', inputs, columns: names(first) };
    const key = { expr: columnExpr(all.columns[0] as Column), desc: false, nullsFirst: false };
    all = { kind: 'sort', input: all, keys: [key], withTies: false, columns: all.columns };
  }
  const rows = all.columns.slice(1);
  return project(
    all,
    rows.map((column) => ({
      column: newColumn(ctx, column.name, column.type),
      expr: columnExpr(column),
    })),
  );
}

const rowsBetween = (rows: readonly ShapedRow[], from: number, to: number): ShapedRow[] =>
  rows.filter(({ index }) => index >= from && index < to);

const oneByOne = (template: Template): Template[] =>
  template.rows.map((row) => ({ ...template, rows: [row] }));

/** The rows of a template, their numbers in front. */
function templateNode(
  { ctx }: PlanningRun,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  { place }: ShapedValues,
  template: Template,
): Node {
  const number = newColumn(ctx, 'row', 'UInt64');
  const read = columns.filter((_, i) => template.isRead[i]);
  const values = read.map(({ name, type }) => newColumn(ctx, name, type));
  const literals = template.varying.map(({ name, type }) => newColumn(ctx, name, type));
  const data = Buffer.from(templateText(template));
  const source: Node = {
    kind: 'values',
    title: 'VALUES',
    columns: [number, ...values, ...literals],
    rows: [],
    written: { format: 'Values', data },
  };
  const first = template.rows[0] as ShapedRow;
  const placed = (span: Span): Span =>
    place({ start: span.start + first.start, end: span.end + first.start });
  const scope = newScope(ctx, placed({ start: 0, end: first.end - first.start }));
  scope.sources = [
    makeSource(
      {},
      literals.map((column) => plainColumn(column)),
    ),
  ];
  const readAt = new Map(read.map((column, i) => [column, values[i] as Column]));
  const items = columns.map(
    (column, i): RowItem => ({
      written: template.written[i] as Expression,
      bound: readAt.get(column) ?? (template.items[i] as Expression),
    }),
  );
  const exprs = rowValues(scope, definition, columns, items, placed);
  return project(source, [
    { column: newColumn(ctx, 'row', 'UInt64'), expr: columnExpr(number) },
    ...columns.map(
      ({ name, type }, i): Assigned => ({
        column: newColumn(ctx, name, type),
        expr: exprs[i] as Expr,
      }),
    ),
  ]);
}
