// SELECT and everything that is rewritten to one.

import type { QueryStatement } from '../../sql/index.ts';
import { disagreement } from '../catalog/agreement.ts';
import { applyOutput, applyQuerySettings } from '../query/apply-settings.ts';
import { type Answer, type CachedPlan, count, type Run } from '../query/core.ts';
import { bindTop, planText, startPlanning } from '../query/plan-query.ts';

const cachedTextMax = 8192;

function stillGood(run: Run, cached: CachedPlan): boolean {
  const { state } = run.core.storage.context.catalog;
  if (state.databases !== cached.databases) return false;
  for (const [id, wrong] of cached.relied) if (disagreement(state, id) !== wrong) return false;
  return cached.definitions.every(
    ({ id, definition }) => state.tables.get(id)?.definition === definition,
  );
}

/** Tables that list segments, columns that name them, settings about their projections: rows that are in memory only
 *  become a segment before they are asked. */
const listsParts =
  /\bsystem\s*\.\s*`?(parts|parts_columns|projection_parts)\b|\b_part\b|\bforce_optimize_projection/i;

export function select(run: Run, ast: QueryStatement, text = run.text): Answer | Promise<Answer> {
  applyQuerySettings(run, ast.query);
  applyOutput(run, ast.output);
  count(run.core, 'SelectQuery');
  if (listsParts.test(text)) return written(run).then(() => planned(run, ast, text));
  return planned(run, ast, text);
}

/** Writes what the tables of the current database hold in memory. Where that fails they are listed as they are. */
async function written(run: Run): Promise<void> {
  const { storage } = run.core;
  const { state } = storage.context.catalog;
  for (const id of state.databases.get(run.database)?.tables.values() ?? []) {
    const store = storage.store(id);
    if (store.memory.rows > 0) await storage.flusher.flush(store).catch(() => {});
  }
}

function planned(run: Run, ast: QueryStatement, text: string): Answer {
  const { core, settings, session } = run;
  const able =
    text.length <= cachedTextMax &&
    settings.bool('statement_cache') &&
    (session?.temporary.size ?? 0) === 0;
  const key = able ? `${run.database}\n${settings.key}\n${text}` : '';
  const cached = able ? core.plans.get(key) : undefined;
  if (cached && stillGood(run, cached)) return { kind: 'plan', plan: cached.plan };
  const planning = startPlanning(run);
  const plan = planText(planning, bindTop(planning, ast.query));
  if (able && planning.ctx.cacheable) {
    const { state, used, relied } = planning.view;
    const definitions = [...used].map(([id, definition]) => ({ id, definition }));
    core.plans.set(key, { plan, databases: state.databases, definitions, relied });
  }
  return { kind: 'plan', plan };
}
