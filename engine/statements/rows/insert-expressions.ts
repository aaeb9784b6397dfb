// INSERT … VALUES with expressions, as in (1, now(), 1 + 1): planned as a query without tables.

import {
  type Expression,
  type Insert,
  parseStatement,
  placeOf,
  type Span,
  SqlSyntaxError,
} from '../../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../../catalog/definition.ts';
import { EngineError, fail } from '../../errors.ts';
import type { Answer, Run } from '../../query/core.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { current, same } from './current-columns.ts';
import { inserted, insertPlan, unlessAltered } from './insert-select.ts';
import { insertTemplates } from './values/insert.ts';
import { isComputed } from './values/reads.ts';
import { valuesNode } from './values-rows.ts';
import { withCommas } from './values-text.ts';

/** Stores the rows; when nothing in them is an expression, the decoder's failure `before` stands. */
export async function insertExpressions(
  run: Run,
  ast: Insert,
  definition: TableDefinition,
  columns: readonly ColumnDefinition[],
  values: { readonly text: string; readonly inline: boolean },
  before: unknown,
): Promise<Answer> {
  const fast = await insertTemplates(run, ast, definition, columns, values, before);
  if (fast) return inserted(fast);
  let rows: Expression[];
  const lead = 'VALUES ';
  try {
    const statement = parseStatement(`${lead}${withCommas(values.text.replace(/;\s*$/, ''))}`);
    if (statement.kind !== 'QueryStatement' || statement.query.kind !== 'Values') throw before;
    rows = statement.query.rows;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (!(error instanceof SqlSyntaxError) || !values.inline) throw before;
    throw syntaxFailure(run, ast, error, lead.length);
  }
  const computed = rows.some(isComputed);
  if (!computed && before instanceof EngineError && before.name === 'TYPE_MISMATCH') throw before;
  const shift = (ast.data?.start ?? 0) - lead.length;
  // Rows of a body have no place in the statement.
  const place = (span: Span): Span =>
    values.inline
      ? { start: span.start + shift, end: span.end + shift }
      : (ast.data?.formatSpan ?? ast.span);
  const work = unlessAltered(async () => {
    const now = current(run, definition);
    const planning = startPlanning(run);
    const node = valuesNode(planning, now, same(now, columns), rows, place, ast.span);
    return insertPlan(
      run,
      now,
      columns.map((c) => c.name),
      planning,
      node,
      ast.span,
    );
  });
  const outcome = await work.catch((error: unknown) => {
    // Of plain values the decoder says more: row, column and value.
    const known = before instanceof EngineError && error instanceof EngineError;
    if (computed || !known || before.name === error.name) throw computed ? error : before;
    throw new EngineError(error.name, error.code, error.fault, before.message);
  });
  return inserted(outcome);
}

/** The parser's failure inside the rows, placed in the whole statement. */
function syntaxFailure(run: Run, ast: Insert, error: SqlSyntaxError, lead: number): Error {
  const from = ast.data?.start ?? 0;
  let at = from;
  const rest = run.text.slice(from);
  let left = error.position - lead;
  for (const c of rest) {
    if (left-- <= 0) break;
    at += c.length;
  }
  const found = Math.min(at, run.text.length);
  const extra = error.hint === undefined ? {} : { hint: error.hint };
  const place = placeOf(run.text, {
    start: found,
    end: Math.min(found + error.length, run.text.length),
  });
  return fail('SYNTAX_ERROR', `Syntax error in the rows of INSERT: found ${error.found}`, {
    ...extra,
    ...place,
  });
}
