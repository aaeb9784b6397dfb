// Older versions of a table, kept as long as its settings say. A version is a commit that changed the
// table's rows or its definition; what a version was follows from the commits alone, so that reading
// the log again gives the same history.

import type { TableDefinition } from './definition.ts';
import type { CommitRecord, SegmentDescriptor, TableChange, TableState } from './state.ts';

/** A version that a later one has replaced. */
export interface OldVersion {
  readonly version: number;
  readonly timeMs: number;
  readonly operation: string;
  readonly definition: TableDefinition;
  readonly segments: readonly SegmentDescriptor[];
  /** Those of its segments that the next version does not have. */
  readonly gone: readonly SegmentDescriptor[];
}

/** The newest version, and how it came about. */
export interface CurrentVersion {
  readonly version: number;
  readonly timeMs: number;
  readonly operation: string;
}

export interface Retention {
  readonly ms: number;
  readonly versions: number;
}

export const noHistory: Retention = { ms: 0, versions: 0 };

/** Versions that a table keeps when it keeps any, unless it says another number. */
const versionsKept = 1000;

/** `history_retention` in seconds; `history_versions` bounds the number. */
export function retentionOf({ settings }: TableDefinition): Retention {
  const ms = Number(settings.history_retention ?? 0) * 1000;
  if (!(ms > 0)) return noHistory;
  return { ms, versions: Number(settings.history_versions ?? versionsKept) };
}

export const keepsHistory = (definition: TableDefinition): boolean =>
  retentionOf(definition) !== noHistory;

/** What a change is called unless its maker says so. */
function operationOf(change: TableChange | undefined, altered: boolean): string {
  if (change?.operation) return change.operation;
  if (!change || altered) return 'ALTER';
  if (change.sameRows) return 'OPTIMIZE';
  if (change.replace?.length || change.describe?.length) return 'UPDATE';
  if (change.detach?.length) return 'DETACH';
  if (change.attach?.length) return 'ATTACH';
  return change.add?.length ? 'INSERT' : 'DELETE';
}

/** Without the versions that nobody may ask for any more: those that were replaced by then. */
function trimmed(
  history: readonly OldVersion[],
  current: CurrentVersion,
  beforeMs: number,
  versions: number,
): readonly OldVersion[] {
  let from = Math.max(0, history.length - versions);
  while (from < history.length) {
    const replacedMs = history[from + 1]?.timeMs ?? current.timeMs;
    if (replacedMs > beforeMs) break;
    from++;
  }
  return from === 0 ? history : history.slice(from);
}

/** A table behind a commit that touched it. */
export function withVersion(
  before: TableState | undefined,
  after: TableState,
  record: CommitRecord,
): TableState {
  const same = before?.segments === after.segments && before.definition === after.definition;
  if (same) return after;
  const change = record.tables?.find(({ id }) => id === after.id);
  const altered = before?.definition !== after.definition;
  const operation = before ? operationOf(change, altered) : 'CREATE';
  const current = { version: record.version, timeMs: record.timeMs, operation };
  const { history: old = [], ...rest } = after;
  const kept = retentionOf(after.definition);
  if (kept === noHistory || !before) return { ...rest, current };
  const now = new Set(after.segments);
  const last: OldVersion = {
    ...(before.current ?? { version: 0, timeMs: 0, operation: '' }),
    definition: before.definition,
    segments: before.segments,
    gone: before.segments.filter((segment) => !now.has(segment)),
  };
  // What a table was before it kept versions is none.
  const all = keepsHistory(before.definition) ? [...old, last] : [];
  const history = trimmed(all, current, record.timeMs - kept.ms, kept.versions);
  return { ...rest, current, ...(history.length > 0 ? { history } : {}) };
}

/** VACUUM: versions that were replaced before a moment go. */
export function forgetVersions(table: TableState, beforeMs: number): TableState {
  const { history, ...rest } = table;
  if (!history || !table.current) return table;
  const left = trimmed(history, table.current, beforeMs, history.length);
  return left.length > 0 ? { ...rest, history: left } : rest;
}

/** Whether a version is kept longer than its table wants. */
export function historyIsDue(table: TableState, nowMs: number): boolean {
  const { history, current, definition } = table;
  if (!history || !current) return false;
  const beforeMs = nowMs - retentionOf(definition).ms;
  return (history[1]?.timeMs ?? current.timeMs) <= beforeMs;
}

/** Every segment that some version of a table has; of detached ones, too. */
export const allSegments = ({ segments, detached, history }: TableState): SegmentDescriptor[] => [
  ...segments,
  ...(detached ?? []),
  ...(history ?? []).flatMap(({ gone }) => gone),
];

interface PackedTable extends Omit<TableState, 'history'> {
  /** Segments by number: first those of the table, then all that are gone. */
  readonly history?: readonly (Omit<OldVersion, 'segments' | 'gone'> & {
    readonly segments: readonly number[];
    readonly gone: readonly SegmentDescriptor[];
  })[];
}

const numbered = (
  segments: readonly SegmentDescriptor[],
  history: readonly Pick<OldVersion, 'gone'>[],
): SegmentDescriptor[] => [...segments, ...history.flatMap(({ gone }) => gone)];

/** As JSON: each segment is written once. */
export function packTable(table: TableState): PackedTable {
  const { history, ...rest } = table;
  if (!history) return rest;
  const numbers = new Map<SegmentDescriptor, number>();
  for (const [n, segment] of numbered(table.segments, history).entries()) numbers.set(segment, n);
  const packed = history.map(({ segments, ...version }) => ({
    ...version,
    segments: segments.map((segment) => numbers.get(segment) ?? -1),
  }));
  return { ...rest, history: packed };
}

export function unpackTable(packed: PackedTable): TableState {
  const { history, ...rest } = packed;
  if (!history) return rest;
  const all = numbered(packed.segments, history);
  const versions = history.map((version): OldVersion => {
    const segments = version.segments.map((n) => all[n] as SegmentDescriptor);
    return { ...version, segments };
  });
  return { ...rest, history: versions };
}
