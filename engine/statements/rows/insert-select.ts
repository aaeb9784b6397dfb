// INSERT … SELECT: a plan whose rows stay in the kernel. Few rows go through the log and memory like
// any small insert, many become segments at once.

import type { Span } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import { viewsOn } from '../../catalog/views.ts';
import { EngineError } from '../../errors.ts';
import type { Node } from '../../plan/logical.ts';
import { type Answer, count, type Run } from '../../query/core.ts';
import { launch } from '../../query/launch.ts';
import { type PlanningRun, planText } from '../../query/plan-query.ts';
import { tableRows } from '../../query/stored-rows.ts';
import { consume, insertHow, writeRows } from '../../query/write-rows.ts';
import { SchemaChanged } from '../../storage/storage.ts';
import { constraintsOf } from '../../tables/shape.ts';
import { viewRows } from '../../views/fan-out.ts';

const attemptsMax = 10;

/** Plans and stores. The rows are there when it resolves.
 *  @param instead handles that stand for tables of the plan, by table id */
export async function insertPlan(
  run: Run,
  definition: TableDefinition,
  names: readonly string[],
  planning: PlanningRun,
  node: Node,
  span: Span,
  instead?: ReadonlyMap<number, number>,
): Promise<{ rows: number; bytes: number }> {
  const { storage, inserter } = run.core;
  const plan = planText(planning, tableRows(planning, definition, names, node, span));
  storage.admit(definition.id);
  const token = tokenOf(run);
  if (takesNothing(run, definition)) {
    await consume(run, launch(run, plan, { kind: 'format', format: 'Null', settings: {} }));
    return { rows: 0, bytes: 0 };
  }
  const outcome = await writeRows(run, definition, plan, instead, run.key);
  const views = viewRows(run);
  const how = insertHow(run);
  const request = token === undefined ? { views, how } : { views, how, token };
  const stored = await inserter.store(definition, outcome, request);
  count(run.core, 'InsertedRows', stored.rows);
  count(run.core, 'InsertedBytes', stored.bytes);
  return { rows: stored.rows, bytes: stored.bytes };
}

/** A Null table keeps nothing; its rows matter only to views. */
export const takesNothing = (run: Run, definition: TableDefinition): boolean =>
  definition.engine.name === 'Null' &&
  constraintsOf(definition).length === 0 &&
  viewsOn(run.core.storage.context.catalog.state, definition.id).length === 0;

/** Plans and stores again when the table was altered in between. */
export async function unlessAltered<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SchemaChanged)) throw error;
      if (attempt >= attemptsMax) {
        const text = 'The table was altered again and again while the rows came in';
        throw new EngineError('ABORTED', 236, 'unavailable', text, { retryAfterSeconds: 1 });
      }
    }
  }
}

export function tokenOf(run: Run): string | undefined {
  const token = run.settings.text('insert_deduplication_token');
  return token !== '' && run.settings.bool('insert_deduplicate') ? token : undefined;
}

export const inserted = (outcome: { rows: number; bytes: number }): Answer => ({
  kind: 'done',
  ...outcome,
});
