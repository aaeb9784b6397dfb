// Statements that the engine asks itself, as part of a statement of a user.

import { parseStatement } from '../../sql/index.ts';
import { fail } from '../errors.ts';
import type { PlanText, Run } from './core.ts';
import { internalRows } from './internal.ts';
import { bindTop, type PlanningRun, planText, startPlanning } from './plan-query.ts';

/** The statement's run with the server's settings: limits and filters that a user has set for what he
 *  sees must not leave rows out here. */
export const ownRun = (run: Run, settings: readonly (readonly [string, string])[] = []): Run => ({
  ...run,
  settings: run.core.settings.with(settings),
});

export function planOf(run: Run, sql: string): { plan: PlanText; planning: PlanningRun } {
  const statement = parseStatement(sql);
  if (statement.kind !== 'QueryStatement') throw fail('LOGICAL_ERROR', 'A query was expected');
  const planning = startPlanning(run);
  return { plan: planText(planning, bindTop(planning, statement.query)), planning };
}

/** Its rows; 64-bit numbers come as texts. */
export const askRows = (run: Run, sql: string): Promise<unknown[][]> =>
  internalRows(run, planOf(run, sql).plan);
