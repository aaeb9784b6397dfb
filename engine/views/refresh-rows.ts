// One refresh of a materialised view: its query runs, and its rows take the place of the old ones in
// one commit, or come beside them (APPEND).

import { parseStatement } from '../../sql/index.ts';
import type { DdlChange, TableState } from '../catalog/state.ts';
import { targetOf, viewExtra } from '../catalog/views.ts';
import { fail } from '../errors.ts';
import { applyQuerySettings } from '../query/apply-settings.ts';
import type { Run } from '../query/core.ts';
import { planText, startPlanning } from '../query/plan-query.ts';
import { writeRows } from '../query/write-rows.ts';
import { segmentsOf } from '../storage/mutations/mutations.ts';
import { replaceRows } from '../storage/mutations/replace-rows.ts';
import { viewNode, viewRows } from './fan-out.ts';
import type { RefreshPlan } from './schedule.ts';

/** Kind of the catalog's objects that say when views were refreshed, by the view's id. */
export const refreshObjects = 'refresh';

export interface RefreshRecord {
  /** Start of the last refresh that succeeded. */
  readonly startedMs: number;
  readonly durationMs: number;
}

/** @returns rows written */
export async function refreshRows(run: Run, view: TableState): Promise<number> {
  const { storage, inserter, clock } = run.core;
  const { catalog } = storage.context;
  const target = targetOf(catalog.state, view.definition)?.definition;
  if (!target) throw fail('UNKNOWN_TABLE', 'The target table of the view does not exist');
  const { query, refresh } = viewExtra(view.definition);
  const statement = parseStatement(query);
  if (statement.kind === 'QueryStatement') applyQuerySettings(run, statement.query);
  const planning = startPlanning(run);
  const plan = planText(planning, viewNode(planning, view.definition, target));
  const outcome = await writeRows(run, target, plan);
  const noted = (): DdlChange => ({
    op: 'putObject',
    kind: refreshObjects,
    name: String(view.id),
    value: { startedMs: run.nowMs, durationMs: clock.now() - run.nowMs } satisfies RefreshRecord,
  });
  if ((refresh as RefreshPlan).append) {
    await inserter.store(target, outcome, { views: viewRows(run) });
    await catalog.commit({ ddl: [noted()] });
    return outcome.rows;
  }
  const { batch, segments = [] } = outcome;
  const made =
    batch !== undefined && outcome.rows > 0
      ? await segmentsOf(storage, target, batch)
      : batch === undefined
        ? segments
        : [];
  if (batch !== undefined && outcome.rows === 0) inserter.discard(outcome);
  try {
    await replaceRows(storage, storage.store(target.id), target, made, [noted()]);
  } catch (error) {
    if (!storage.context.health.poisoned) {
      for (const segment of made) storage.collector.discardSegment(segment);
    }
    throw error;
  }
  return outcome.rows;
}
