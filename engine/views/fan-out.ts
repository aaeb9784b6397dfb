// The rows that an insert brings for materialised views: each view's query runs over exactly the
// inserted rows, before anything is stored, so that base and views become visible in one act.

import { parseStatement } from '../../sql/index.ts';
import { fedByViews } from '../catalog/agreement.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { isMaterialized, targetOf, viewExtra, viewsOn } from '../catalog/views.ts';
import { EngineError, fail } from '../errors.ts';
import type { StoredPart } from '../ingest/insert.ts';
import { bindStatement } from '../plan/bind/query.ts';
import { columnExpr } from '../plan/expression.ts';
import { project } from '../plan/logical.ts';
import type { Run } from '../query/core.ts';
import { type PlanningRun, planText, startPlanning } from '../query/plan-query.ts';
import { tableRows } from '../query/stored-rows.ts';
import { writeRows } from '../query/write-rows.ts';
import { meaningSetting } from '../rollups/meaning.ts';
import type { IngestOutcome } from '../storage/kernel.ts';
import { refsOf } from '../storage/table-store.ts';
import { bufferTarget } from '../tables/other-engines.ts';

/** Settings of statements that must read the rows themselves. */
export const noRollups: readonly (readonly [string, string])[] = [
  ['optimize_use_projections', '0'],
  ['optimize_use_materialized_views', '0'],
];

/** Views on the targets of views, at most so deep: beyond it there is surely a circle. */
const depthMax = 32;

/** What `Inserter` asks before it stores rows: the parts of all views, those of views on views too. */
export function viewRows(run: Run) {
  return (definition: TableDefinition, outcome: IngestOutcome): Promise<StoredPart[]> =>
    fanOut(run, definition, outcome, 0);
}

async function fanOut(
  run: Run,
  definition: TableDefinition,
  outcome: IngestOutcome,
  depth: number,
): Promise<StoredPart[]> {
  const { storage } = run.core;
  const views = viewsOn(storage.context.catalog.state, definition.id);
  if (views.length === 0 || outcome.rows === 0) return [];
  if (depth >= depthMax) {
    const text = `Materialized views of ${definition.name} feed each other in a circle`;
    throw fail('TOO_DEEP_RECURSION', text, { hint: 'Drop one of the views' });
  }
  const parts: StoredPart[] = [];
  const handle = insertedRows(run, definition, outcome);
  try {
    for (const view of views) {
      const made = await viewPart(run, view, definition.id, handle);
      if (!made) continue;
      parts.push(made);
      if (made.outcome.rows > 0) {
        parts.push(...(await fanOut(run, made.definition, made.outcome, depth + 1)));
      }
    }
    return parts;
  } catch (error) {
    for (const part of parts) run.core.inserter.discard(part.outcome);
    throw error;
  } finally {
    run.core.native.releaseTable(handle);
  }
}

/** The inserted rows as a table of the kernel. */
function insertedRows(run: Run, definition: TableDefinition, outcome: IngestOutcome): number {
  const { storage, native } = run.core;
  const { batch, segments = [] } = outcome;
  return native.registerTable({
    store: storage.context.files.store,
    table: storage.store(definition.id).shape(definition),
    segments: refsOf(segments),
    memtables: [],
    batches: batch === undefined ? [] : [batch],
  });
}

/** One view's rows, not stored yet; undefined when its failure is to be passed over. */
async function viewPart(
  run: Run,
  view: TableDefinition,
  sourceId: number,
  handle: number,
): Promise<StoredPart | undefined> {
  try {
    const { core } = run;
    const target = targetOf(core.storage.context.catalog.state, view)?.definition;
    if (!target) {
      const { to } = viewExtra(view);
      const name = to ? `${to.database}.${to.name}` : 'of its own';
      throw fail('UNKNOWN_TABLE', `Its target table ${name} does not exist`);
    }
    core.storage.admit(target.id);
    if (meaningSetting(run.settings)) await passedOver(run, target);
    const planning = startPlanning(run);
    const node = viewNode(planning, view, target);
    const plan = planText(planning, node);
    const outcome = await writeRows(run, target, plan, new Map([[sourceId, handle]]));
    return { definition: target, outcome };
  } catch (error) {
    if (run.process.cancelled) throw run.process.cancelled;
    if (run.settings.bool('materialized_views_ignore_errors')) {
      const reason = error instanceof Error ? error.message : String(error);
      run.core.logger.warn({ view: view.name, reason }, 'a materialized view was passed over');
      await passedOver(run, targetOf(run.core.storage.context.catalog.state, view)?.definition);
      return undefined;
    }
    throw inView(view, error);
  }
}

/** A target that gets none of the rows of an insert, or others than it would with other settings. */
async function passedOver(run: Run, target: TableDefinition | undefined): Promise<void> {
  const { catalog } = run.core.storage.context;
  if (!target || !fedByViews(catalog.state).has(target.id)) return;
  await catalog.commit({ ddl: [{ op: 'rewritten', id: target.id }] });
}

/** The view's query as rows of its target: columns go by name, those the target lacks are left out. */
export function viewNode(planning: PlanningRun, view: TableDefinition, target: TableDefinition) {
  // What stands for the source has no rollups.
  planning.ctx.settings = planning.ctx.settings.with(noRollups);
  const statement = parseStatement(viewExtra(view).query);
  if (statement.kind !== 'QueryStatement') throw fail('LOGICAL_ERROR', 'A view without a query');
  const { node } = bindStatement(statement.query, planning.ctx);
  const names = view.columns.map((c) => c.name);
  const known = new Set(
    target.columns
      .filter((c) => c.defaultKind !== 'MATERIALIZED' && c.defaultKind !== 'ALIAS')
      .map((c) => c.name),
  );
  const kept = node.columns.flatMap((column, i) =>
    known.has(names[i] ?? column.name) ? [{ column, name: names[i] ?? column.name }] : [],
  );
  const picked =
    kept.length === node.columns.length
      ? node
      : project(
          node,
          kept.map(({ column }) => ({ column, expr: columnExpr(column) })),
        );
  return tableRows(
    planning,
    target,
    kept.map((k) => k.name),
    picked,
    statement.query.span,
  );
}

/** Says in which view an insert failed. */
function inView(view: TableDefinition, error: unknown): unknown {
  // A failure of a plan has a place, but in the view's text.
  const failure = (error as { error?: unknown }).error ?? error;
  if (!(failure instanceof EngineError)) return error;
  const { name, code, fault, message, hint } = failure;
  const text = `${message}: while pushing to view ${view.database}.${view.name}`;
  return new EngineError(name, code, fault, text, hint === undefined ? {} : { hint });
}

/** The table that takes the rows of an INSERT into `definition`: itself, or a view's target. */
export function insertTarget(run: Run, definition: TableDefinition): TableDefinition {
  if (definition.engine.name === 'Buffer') {
    return bufferTarget(run.core.storage.context.catalog.state, definition).definition;
  }
  if (!isMaterialized(definition)) return definition;
  const target = targetOf(run.core.storage.context.catalog.state, definition);
  if (target) return target.definition;
  throw fail('UNKNOWN_TABLE', `The target table of ${definition.name} does not exist`);
}
