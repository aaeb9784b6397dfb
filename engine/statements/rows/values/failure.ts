// What is wrong with rows whose templates cannot be computed: the first row of which that is true, its column,
// and what it says alone.

import type { Expression, Span } from '../../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../../catalog/definition.ts';
import { EngineError } from '../../../errors.ts';
import { SpannedError } from '../../../plan/context.ts';
import type { Node } from '../../../plan/logical.ts';
import type { Run } from '../../../query/core.ts';
import { launch } from '../../../query/launch.ts';
import { type PlanningRun, planText, startPlanning } from '../../../query/plan-query.ts';
import { consume } from '../../../query/write-rows.ts';
import { valuesNode } from '../values-rows.ts';
import { type ShapedValues, templatesNode } from './plan.ts';
import type { ShapedRow } from './shapes.ts';
import { parsedItems } from './template.ts';

export interface RowsOfInsert {
  readonly run: Run;
  readonly definition: TableDefinition;
  readonly columns: readonly ColumnDefinition[];
  readonly values: ShapedValues;
  readonly span: Span;
}

const ofTheRows = new Set(['client', 'missing', 'not_built']);

/** The failure when it may be one of the rows, and not of the disk, the memory or the time. */
export function failureOfRows(error: unknown): EngineError | undefined {
  const plain = error instanceof SpannedError ? error.error : error;
  return plain instanceof EngineError && ofTheRows.has(plain.fault) ? plain : undefined;
}

/** The first row that fails with the others of its template. */
export async function firstFailing(rows: RowsOfInsert): Promise<ShapedRow | undefined> {
  const all = rows.values.shapes.flatMap((shape) => shape.rows).sort((a, b) => a.index - b.index);
  const fails = async (from: number, to: number): Promise<boolean> => {
    const { definition, columns, values, span } = rows;
    const failure = await failureOf(rows.run, (planning) =>
      templatesNode(planning, definition, columns, values, span, [from, to]),
    );
    return failure !== undefined;
  };
  let [from, to] = [0, all.length];
  if (!(await fails(from, to))) return undefined;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (await fails(from, middle)) to = middle;
    else from = middle;
  }
  return all[from];
}

/** What a row says when it is computed alone, with its number and column; undefined where nothing is wrong. */
export async function failureOfRow(
  { run, definition, columns, values, span }: RowsOfInsert,
  row: ShapedRow,
): Promise<Error | undefined> {
  const place = (at: Span): Span =>
    values.place({ start: at.start + row.start, end: at.end + row.start });
  const whole = { start: 0, end: row.end - row.start };
  const items = parsedItems(values.text, row, columns);
  const tuple = (of: Expression[]): Expression => ({ kind: 'Tuple', items: of, span: whole });
  const failing = (some: readonly ColumnDefinition[], of: Expression[]): Promise<unknown> =>
    failureOf(run, (planning) => valuesNode(planning, definition, some, [tuple(of)], place, span));
  const failure = await failing(columns, items);
  if (failure === undefined) return undefined;
  for (const [i, column] of columns.entries()) {
    const item = items[i] as Expression;
    const own = await failing([column], [item]);
    if (own === undefined) continue;
    const text = values.text.slice(item.span.start + row.start, item.span.end + row.start);
    const where = `Row ${row.index + 1}, column '${column.name}', value '${shortened(text)}'`;
    return named(own, where, place, item.span);
  }
  return named(failure, `Row ${row.index + 1}`, place, whole);
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Plans and computes rows that nobody gets; what they fail with. */
async function failureOf(run: Run, make: (planning: PlanningRun) => Node): Promise<unknown> {
  try {
    const planning = startPlanning(run);
    const plan = planText(planning, make(planning));
    const started = launch(run, plan, { kind: 'format', format: 'Null', settings: {} });
    await consume(run, started, `${run.key}:${run.core.nextKey++}`);
    return undefined;
  } catch (error) {
    if (!failureOfRows(error)) throw error;
    return error;
  }
}

/** A failure with its row in front, and a place in the statement. */
function named(error: unknown, where: string, place: (span: Span) => Span, item: Span): Error {
  const failure = failureOfRows(error);
  if (!failure) throw error;
  const { name, code, fault, hint } = failure;
  const text = `${where}: ${failure.message}`;
  const extra = hint === undefined ? {} : { hint };
  const span = error instanceof SpannedError ? error.span : item;
  return new SpannedError(new EngineError(name, code, fault, text, extra), place(span));
}
