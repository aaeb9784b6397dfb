// Whether a materialised view holds exactly what its query gives: known from the commits, never guessed.
//
// Every table counts the commits that changed its rows otherwise than by inserts, which feed its views,
// and by merges, which keep them. A view that agreed with its table goes on doing so while neither that
// count nor its target's moves.

import type { TableDefinition } from './definition.ts';
import type {
  CatalogState,
  CompanionFile,
  SegmentDescriptor,
  TableAge,
  TableChange,
  TableState,
} from './state.ts';

const rowsOf = (segments: readonly SegmentDescriptor[]): number =>
  segments.reduce((n, { rows, deleted }) => n + rows - (deleted?.rows ?? 0), 0);

/** The files beside a segment that change its rows. */
const changesOf = (segment: SegmentDescriptor | undefined): string =>
  [segment?.deleted, segment?.patch as CompanionFile | undefined].map((c) => c?.file).join();

const isOfSameRows = (a: SegmentDescriptor, b: SegmentDescriptor | undefined): boolean =>
  changesOf(a) === changesOf(b);

/** Engines whose merges put rows together in a way that sums and states survive. */
export const rollsUp = ({ engine }: TableDefinition): boolean =>
  /^(Replicated)?(Summing|Aggregating)MergeTree$/.test(engine.name);

/** Whether views that agreed with a table, or were stored in it, still do after a change. */
export function keepsAgreement(table: TableState, change: TableChange): boolean {
  const { add = [], remove = [], describe = [] } = change;
  if (change.replace?.length || change.attach?.length || change.detach?.length) return false;
  const byFile = new Map(table.segments.map((segment) => [segment.file, segment]));
  // An operation of its own changes rows, or forgets what is in memory.
  if (change.operation !== undefined && !change.sameRows) {
    const sameRows = describe.every((s) => isOfSameRows(s, byFile.get(s.file)));
    return change.operation === 'MATERIALIZE' && sameRows && add.length + remove.length === 0;
  }
  if (describe.length > 0) return false;
  if (remove.length === 0) return (change.fed ?? 0) === add.length;
  if (!change.sameRows) return false;
  if (change.rolled && rollsUp(table.definition)) return true;
  return rowsOf(add) === rowsOf(remove.flatMap((file) => byFile.get(file) ?? []));
}

/** Whether what queries over the table mean stays the same: columns may come, none may change. */
export function keepsMeaning(before: TableDefinition, after: TableDefinition): boolean {
  const now = new Map(after.columns.map((column) => [column.name, column]));
  const sameKeys =
    before.engine.name === after.engine.name &&
    before.engine.args === after.engine.args &&
    before.orderBy.join() === after.orderBy.join();
  return (
    sameKeys &&
    before.columns.every((old) => {
      const column = now.get(old.name);
      return (
        column !== undefined &&
        column.type === old.type &&
        column.stored === old.stored &&
        column.defaultKind === old.defaultKind &&
        column.defaultExpr === old.defaultExpr
      );
    })
  );
}

export const rewritten = (table: TableState): TableState => ({
  ...table,
  rewrites: (table.rewrites ?? 0) + 1,
});

/** The state after ways into tables may have bypassed their views: names changed, or tables were away. */
export function withRewritten(state: CatalogState, ids: Iterable<number>): CatalogState {
  const tables = new Map(state.tables);
  for (const id of ids) {
    const table = tables.get(id);
    if (table) tables.set(id, rewritten(table));
  }
  return { ...state, tables };
}

/** @param more changes of it in the commit that will name the age */
export const ageOf = (state: CatalogState, id: number, more = 0): TableAge => ({
  id,
  rewrites: (state.tables.get(id)?.rewrites ?? 0) + more,
});

const isAsOld = (state: CatalogState, { id, rewrites }: TableAge): boolean =>
  state.tables.has(id) && (state.tables.get(id)?.rewrites ?? 0) === rewrites;

/** Why a view may not stand for its query over the base; undefined when it may. */
export function disagreement(state: CatalogState, viewId: number): string | undefined {
  const agrees = state.tables.get(viewId)?.agrees;
  if (!agrees) return 'it was not made of all rows of its table';
  if (!isAsOld(state, agrees.base))
    return 'rows of its table were changed after they had been inserted';
  if (!isAsOld(state, agrees.target)) return 'its target was changed otherwise than by the view';
  return undefined;
}

const fedTables = new WeakMap<CatalogState['tables'], ReadonlySet<number>>();

/** Targets that hold just what views brought: rows that come otherwise must be told of. */
export function fedByViews(state: CatalogState): ReadonlySet<number> {
  const known = fedTables.get(state.tables);
  if (known) return known;
  const fed = new Set<number>();
  for (const { agrees } of state.tables.values()) {
    if (agrees && isAsOld(state, agrees.target)) fed.add(agrees.target.id);
  }
  fedTables.set(state.tables, fed);
  return fed;
}
