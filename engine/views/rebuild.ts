// SYSTEM REBUILD ROLLUP: a materialised view made anew from all rows of its table as they are at one
// moment. Queries and inserts go on meanwhile; one commit puts the new rows in the place of the old ones.

import { ageOf } from '../catalog/agreement.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { type DdlChange, filesOf, findTable, type SegmentDescriptor } from '../catalog/state.ts';
import { targetOf, viewExtra, viewsInto } from '../catalog/views.ts';
import { fail } from '../errors.ts';
import type { Run } from '../query/core.ts';
import { planText, startPlanning } from '../query/plan-query.ts';
import { writeRows } from '../query/write-rows.ts';
import { meaningSetting } from '../rollups/meaning.ts';
import { segmentsOf, whileShut } from '../storage/mutations/mutations.ts';
import { exclusively } from '../storage/partitions.ts';
import type { TableStore } from '../storage/table-store.ts';
import { viewNode } from './fan-out.ts';

/** The tables of a view that can be rebuilt. Errors: BAD_ARGUMENTS and UNKNOWN_TABLE say why it cannot. */
function tablesOf(run: Run, view: TableDefinition): { base: TableStore; target: TableStore } {
  const { storage } = run.core;
  const { state } = storage.context.catalog;
  const { source, refresh } = viewExtra(view);
  if (refresh) {
    const text = `View ${view.name} is refreshed, not fed by inserts`;
    throw fail('BAD_ARGUMENTS', text, { hint: 'SYSTEM REFRESH VIEW makes it anew' });
  }
  const base = source && findTable(state, source.database, source.name);
  const target = targetOf(state, view);
  if (!base || !target) throw fail('UNKNOWN_TABLE', `A table of view ${view.name} does not exist`);
  if (base.definition.engine.name === 'Null') {
    throw fail('BAD_ARGUMENTS', `${base.definition.name} keeps no rows to make the view of`);
  }
  const others = viewsInto(state, target.id).filter(({ id }) => id !== view.id);
  if (others.length > 0) {
    const names = others.map(({ name }) => name).join(', ');
    const text = `Table ${target.definition.name} holds rows of other views, too: ${names}`;
    throw fail('BAD_ARGUMENTS', text, { hint: 'Give each view a table of its own' });
  }
  return { base: storage.store(base.id), target: storage.store(target.id) };
}

/** @returns rows written */
export function rebuildView(run: Run, view: TableDefinition): Promise<number> {
  const { storage } = run.core;
  const { base, target } = tablesOf(run, view);
  return exclusively(storage, [target], async () => {
    const begun = await begin(run, view, base, target);
    try {
      const made = await newRows(run, view, target.table.definition, base.id, begun.handle);
      await commit(run, view, target, begun, made);
      return made.reduce((n, { rows }) => n + rows, 0);
    } finally {
      begun.release();
      storage.collector.collect();
    }
  });
}

type Begun = Awaited<ReturnType<typeof begin>>;

/** The moment: the table's rows, the target's segments that hold what the view made of them, and how old
 *  both tables are. From then on the target tells when rows come into it by another way. */
async function begin(run: Run, view: TableDefinition, base: TableStore, target: TableStore) {
  const { storage } = run.core;
  const { catalog } = storage.context;
  return whileShut([base, target], async () => {
    await storage.flusher.flush(target);
    const ages = { base: ageOf(catalog.state, base.id), target: ageOf(catalog.state, target.id) };
    const remove = target.table.segments.map(({ file }) => file);
    const snapshot = base.snapshot();
    try {
      // No table is ever of this age: the view stands for nothing until it is done.
      const agrees = { ...ages, base: { id: base.id, rewrites: -1 } };
      await catalog.commit({ ddl: [{ op: 'agrees', id: view.id, agrees }] });
    } catch (error) {
      snapshot.release();
      throw error;
    }
    return { handle: snapshot.handle, release: () => snapshot.release(), remove, ages };
  });
}

/** What the view's query gives for a snapshot, as segments that no commit names yet. */
async function newRows(
  run: Run,
  view: TableDefinition,
  target: TableDefinition,
  baseId: number,
  handle: number,
): Promise<readonly SegmentDescriptor[]> {
  const { storage, inserter } = run.core;
  const planning = startPlanning(run);
  const plan = planText(planning, viewNode(planning, view, target));
  const outcome = await writeRows(run, target, plan, new Map([[baseId, handle]]));
  const { batch, segments = [], rows } = outcome;
  if (batch === undefined) return segments;
  if (rows > 0) return segmentsOf(storage, target, batch);
  inserter.discard(outcome);
  return [];
}

async function commit(
  run: Run,
  view: TableDefinition,
  target: TableStore,
  { remove, ages }: Begun,
  made: readonly SegmentDescriptor[],
): Promise<void> {
  const { storage } = run.core;
  const { catalog, health, finish } = storage.context;
  let finished: readonly SegmentDescriptor[] = made;
  try {
    finished = await finish(storage, target.table.definition, made);
    const { id, rewrites } = ages.target;
    const agrees = { base: ages.base, target: { id, rewrites: rewrites + 1 } };
    const steady = meaningSetting(run.settings) === undefined;
    const ddl: DdlChange[] = steady ? [{ op: 'agrees', id: view.id, agrees }] : [];
    const change = { id, add: finished, remove, operation: 'REBUILD' };
    await catalog.commit({ ddl, tables: [change] });
  } catch (error) {
    for (const { file } of health.poisoned ? [] : finished.flatMap(filesOf)) {
      storage.collector.discard(file);
    }
    throw error;
  }
}
