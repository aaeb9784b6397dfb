// How a new materialised view becomes visible: empty, or with POPULATE filled with exactly the rows that
// were there when inserts began to feed it.

import { ageOf } from '../../catalog/agreement.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { CatalogState, DdlChange, TableAge, TableState } from '../../catalog/state.ts';
import { isMaterialized, type TableRefName, targetOf, viewExtra } from '../../catalog/views.ts';
import type { Run } from '../../query/core.ts';
import { planText, startPlanning } from '../../query/plan-query.ts';
import { writeRows } from '../../query/write-rows.ts';
import { meaningSetting } from '../../rollups/meaning.ts';
import { dropTables, whileShut } from '../../storage/mutations/mutations.ts';
import type { TableStore } from '../../storage/table-store.ts';
import { viewNode, viewRows } from '../../views/fan-out.ts';

const isEmpty = ({ table, memory }: TableStore): boolean =>
  table.segments.length === 0 && memory.rows === 0;

const aside = (definition: TableDefinition): TableDefinition => ({
  ...definition,
  name: `${definition.name}\n${definition.id}`,
});

/** Tables that go with a view: its own one, if nobody has dropped that by itself. */
export function withInner({ tables }: CatalogState, table: TableState): number[] {
  const inner = isMaterialized(table.definition) ? viewExtra(table.definition).inner : undefined;
  return inner === undefined || !tables.has(inner) ? [table.id] : [table.id, inner];
}

/** Makes a view that holds nothing yet. It agrees with its table when that is empty, too. */
export async function publish(
  run: Run,
  definitions: readonly TableDefinition[],
  source: TableState | undefined,
  old: TableState | undefined,
): Promise<void> {
  const { storage } = run.core;
  const { catalog } = storage.context;
  const view = definitions.at(-1) as TableDefinition;
  const inner = viewExtra(view).inner;
  const target = inner === undefined ? targetOf(catalog.state, view) : undefined;
  const ddl: DdlChange[] = definitions.map((definition) => ({
    op: 'createTable',
    definition: old && definition === view ? aside(definition) : definition,
  }));
  if (old) ddl.push({ op: 'exchangeTables', a: view.id, b: old.id });
  // Another view that feeds the target does not alone make its rows any more.
  if (target) ddl.push({ op: 'rewritten', id: target.id });
  const tables = [source, target].flatMap((table) => (table ? [storage.store(table.id)] : []));
  await whileShut(tables, async () => {
    const age = source && ageOf(catalog.state, source.id);
    const made = target ? ageOf(catalog.state, target.id, 1) : { id: inner ?? -1, rewrites: 0 };
    if (age && tables.every(isEmpty)) {
      ddl.push({ op: 'agrees', id: view.id, agrees: { base: age, target: made } });
    }
    await catalog.commit({ ddl });
  });
  if (old) await dropTables(storage, withInner(storage.context.catalog.state, old));
}

/** Inserts feed the view from one moment on; what was there at that moment is put in by the query.
 *  Until then view and table have names that a restart clears away. */
export async function createFilled(
  run: Run,
  definitions: readonly TableDefinition[],
  source: TableState | undefined,
  old: TableState | undefined,
): Promise<void> {
  const { storage, inserter } = run.core;
  const { catalog } = storage.context;
  const view = definitions.at(-1) as TableDefinition;
  const ids = definitions.map(({ id }) => id);
  const create = definitions.map(
    (definition): DdlChange => ({ op: 'createTable', definition: aside(definition) }),
  );
  const open = source && (await storage.store(source.id).gate.shut());
  let snapshot: { handle: number; release(): void } | undefined;
  let base: TableAge | undefined;
  try {
    await catalog.commit({ ddl: create });
    snapshot = source && storage.store(source.id).snapshot();
    base = source && ageOf(catalog.state, source.id);
  } finally {
    open?.();
  }
  try {
    const now = catalog.table(view.id)?.definition;
    const target = now && targetOf(catalog.state, now)?.definition;
    if (now && target) {
      const planning = startPlanning(run);
      const plan = planText(planning, viewNode(planning, now, target));
      const instead =
        source && snapshot ? new Map([[source.id, snapshot.handle]]) : new Map<number, number>();
      const outcome = await writeRows(run, target, plan, instead);
      await inserter.store(target, outcome, { views: viewRows(run) });
    }
    const ddl = definitions.map(
      (definition): DdlChange =>
        old && definition === view
          ? { op: 'exchangeTables', a: view.id, b: old.id }
          : { op: 'renameTable', id: definition.id, ...nameOf(definition) },
    );
    if (base && target && meaningSetting(run.settings) === undefined) {
      // Its names are the last thing that changes of the target here.
      const made = ageOf(catalog.state, target.id, 1);
      ddl.push({ op: 'agrees', id: view.id, agrees: { base, target: made } });
    }
    await catalog.commit({ ddl });
  } catch (error) {
    await dropTables(storage, ids).catch(() => {});
    throw error;
  } finally {
    snapshot?.release();
  }
  if (old) await dropTables(storage, withInner(storage.context.catalog.state, old));
}

const nameOf = ({ database, name }: TableDefinition): TableRefName => ({ database, name });
