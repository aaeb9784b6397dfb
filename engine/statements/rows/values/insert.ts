// INSERT … VALUES with expressions, many rows at once: rows of one shape are one expression over columns of their
// literals. `input_format_values_deduce_templates_of_expressions` = 0 leaves each row a plan of its own.

import { type Insert, type Span, SqlSyntaxError, SqlTooDeepError } from '../../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../../catalog/definition.ts';
import { EngineError } from '../../../errors.ts';
import type { Run } from '../../../query/core.ts';
import { startPlanning } from '../../../query/plan-query.ts';
import { current, same } from '../current-columns.ts';
import { insertPlan, unlessAltered } from '../insert-select.ts';
import { failureOfRow, failureOfRows, firstFailing, type RowsOfInsert } from './failure.ts';
import { type ShapedValues, templatesNode } from './plan.ts';
import { isComputed, readsOf } from './reads.ts';
import { shapesOf } from './shapes.ts';
import { parsedItems } from './template.ts';

/** Stores the rows; undefined where they are no rows of templates, and nothing was stored.
 *  @param before what the reader of plain rows said */
export async function insertTemplates(
  run: Run,
  ast: Insert,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  written: { readonly text: string; readonly inline: boolean },
  before: unknown,
): Promise<{ rows: number; bytes: number } | undefined> {
  const values = shapedValues(run, ast, columns, written);
  if (!values) return undefined;
  const { span } = ast;
  try {
    return await unlessAltered(async () => {
      const now = current(run, definition);
      const planning = startPlanning(run);
      const own = same(now, columns);
      const node = templatesNode(planning, now, own, values, span, [0, Number.POSITIVE_INFINITY]);
      const names = columns.map((c) => c.name);
      return insertPlan(run, now, names, planning, node, span);
    });
  } catch (error) {
    // The parser of the whole text says where it is wrong.
    if (error instanceof SqlSyntaxError || error instanceof SqlTooDeepError) return undefined;
    if (!failureOfRows(error)) throw error;
    const now = current(run, definition);
    const rows = { run, definition: now, columns: same(now, columns), values, span };
    const failure = await failureAlone(rows, before);
    // Where all rows can be computed it was storing them that failed.
    if (failure === 'none') throw error;
    if (failure === undefined) return undefined;
    throw failure;
  }
}

/** What the first failing row says alone. Undefined: it does not fail alone. */
async function failureAlone(
  rows: RowsOfInsert,
  before: unknown,
): Promise<Error | 'none' | undefined> {
  const row = await firstFailing(rows);
  if (!row) return 'none';
  const failure = await failureOfRow(rows, row);
  // Of values that are only written down the reader says more.
  if (failure && before instanceof EngineError && !hasExpressions(rows)) {
    if (before.name === 'TYPE_MISMATCH') return before;
    const { name, code, fault } = failureOfRows(failure) ?? before;
    return before.name === name ? before : new EngineError(name, code, fault, before.message);
  }
  return failure;
}

const hasExpressions = ({ values, columns }: RowsOfInsert): boolean =>
  values.shapes.some(
    ({ isRead, rows: [row] }) =>
      isRead.includes(false) &&
      row !== undefined &&
      parsedItems(values.text, row, columns).some(isComputed),
  );

function shapedValues(
  { settings, request }: Run,
  ast: Insert,
  columns: readonly ColumnDefinition[],
  { text, inline }: { readonly text: string; readonly inline: boolean },
): ShapedValues | undefined {
  if (!settings.bool('input_format_values_deduce_templates_of_expressions')) return undefined;
  // A `?` has its number in the whole text.
  if (settings.bool('strict_input') || (request.positional?.length ?? 0) > 0) return undefined;
  const shapes = shapesOf(
    text,
    columns.map(({ type }) => readsOf(type)),
  );
  if (!shapes || shapes.length === 0) return undefined;
  const shift = ast.data?.start ?? 0;
  // Rows of a body have no place in the statement.
  const place = (span: Span): Span =>
    inline
      ? { start: span.start + shift, end: span.end + shift }
      : (ast.data?.formatSpan ?? ast.span);
  return { text, shapes, templatesMax: settings.number('max_values_templates'), place };
}
