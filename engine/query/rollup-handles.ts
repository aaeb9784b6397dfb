// What the planner may read instead of a table's own rows: its projections, and the materialised views
// that are made of it.

import { disagreement } from '../catalog/agreement.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { type CatalogState, companionsOf, type TableState } from '../catalog/state.ts';
import { targetOf, viewsOn } from '../catalog/views.ts';
import type { PlannerKernel } from '../plan/context.ts';
import type { Rollup, TableHandle } from '../plan/logical.ts';
import { meaningSetting } from '../rollups/meaning.ts';
import { type BoundProjection, projectionsOf } from '../rollups/projection.ts';
import { viewForm } from '../rollups/view-form.ts';
import { type Run, type ScanTarget, sessionJson } from './core.ts';

/** Of the statement whose plan is made. */
interface Place {
  readonly run: Run;
  readonly state: CatalogState;
  readonly scans: ScanTarget[];
  /** Views that were looked at, and what was wrong with them then. */
  readonly relied: Map<number, string | undefined>;
}

export function rollupHandles(place: Place, table: TableState, handle: TableHandle): Rollup[] {
  const { run, state } = place;
  const kernel = run.core.native.planner(sessionJson(run));
  return [
    ...projectionsOf(kernel, table.definition).map((p) => ofProjection(place, table, handle, p)),
    ...viewsOn(state, table.id)
      .filter(({ name }) => !name.includes('\n'))
      .map((view) => ofView(place, kernel, table, handle, view)),
  ];
}

function ofProjection(
  { scans }: Place,
  table: TableState,
  handle: TableHandle,
  bound: BoundProjection,
): Rollup {
  const { id, name } = bound.definition;
  let [projected, rest] = [0, handle.rows];
  for (const segment of table.segments) {
    const companions = companionsOf(segment, id);
    if (!companions) continue;
    rest -= segment.rows;
    for (const companion of companions) projected += companion.rows;
  }
  return {
    face: 'projection',
    name,
    columns: bound.columns,
    filters: [],
    ...(bound.grouped ? { grouped: bound.grouped } : {}),
    ...(bound.ordered ? { ordered: bound.ordered } : {}),
    rows: { projected, rest, base: handle.rows },
    part(side) {
      scans.push({ id: table.id, part: { projection: id, side } });
      const rows = side === 'projected' ? projected : side === 'rest' ? rest : handle.rows;
      const what = side === 'rest' ? 'segments without' : side;
      return {
        handle: -scans.length,
        title: `${handle.title} (${what} ${name})`,
        rows,
        bytes: 0,
        ...(side === 'rest' ? {} : { projection: name }),
        sortKey: side === 'rest' ? handle.sortKey : bound.table.orderBy,
      };
    },
  };
}

function ofView(
  { run, state, scans, relied }: Place,
  kernel: PlannerKernel,
  table: TableState,
  handle: TableHandle,
  view: TableDefinition,
): Rollup {
  const target = targetOf(state, view);
  const { damagedLog } = run.core.storage;
  const withheld = [table, target].some((t) => t && damagedLog?.of(t.id) !== undefined);
  const wrong = withheld
    ? 'a damaged log may hold rows of it'
    : target
      ? disagreement(state, view.id)
      : 'its target does not exist';
  relied.set(view.id, wrong);
  const changed = meaningSetting(run.settings);
  const unfit =
    wrong ??
    (changed === undefined ? undefined : `the setting ${changed} may change what its query means`);
  const form = target && viewForm(kernel, table.definition, view, target.definition);
  const rows = target
    ? target.segments.reduce((n, s) => n + s.rows, run.core.storage.store(target.id).memory.rows)
    : 0;
  const name = `${view.database}.${view.name}`;
  const about = {
    face: 'view',
    name,
    rows: { projected: rows, rest: 0, base: handle.rows },
  } as const;
  const part = (): TableHandle => {
    if (target) scans.push({ id: target.id, view: view.id });
    return {
      handle: -scans.length,
      title: `${name} for ${handle.title}`,
      rows,
      bytes: 0,
      sortKey: target?.definition.orderBy ?? [],
    };
  };
  if (!form || typeof form === 'string') {
    return { ...about, columns: [], filters: [], unfit: form ?? unfit ?? '', part };
  }
  return { ...about, ...form, ...(unfit === undefined ? {} : { unfit }), part };
}
