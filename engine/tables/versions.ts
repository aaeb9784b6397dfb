// Older versions of a table as the planner sees them: AS OF, and what each commit changed.

import type { OldVersion } from '../catalog/history.ts';
import type { SegmentDescriptor, TableState } from '../catalog/state.ts';
import { fail } from '../errors.ts';
import type { AsOf, StoredTable, TableStep } from '../plan/context.ts';

/** Steps of table_changes() at most. */
const stepsMax = 1000;

/** All versions that are kept, oldest first; the newest is the last. */
export function versionsOf(table: TableState): Omit<OldVersion, 'gone'>[] {
  const { history = [], current, definition, segments } = table;
  const now = current ?? { version: 0, timeMs: 0, operation: '' };
  return [...history, { ...now, definition, segments }];
}

/** The version that was the newest then. */
export function versionAt(table: TableState, asOf: AsOf, newest: number, nowMs: number) {
  const all = versionsOf(table);
  const { database, name } = table.definition;
  const full = `${database}.${name}`;
  const first = all[0] as (typeof all)[number];
  const byNumber = 'version' in asOf;
  const found = all.findLast((v) =>
    byNumber ? v.version <= asOf.version : v.timeMs <= asOf.timeMs,
  );
  const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, -1);
  const wanted = byNumber ? `Version ${asOf.version}` : `The version of ${time(asOf.timeMs)}`;
  if (!found) {
    const oldest = byNumber ? String(first.version) : time(first.timeMs);
    throw fail('BAD_ARGUMENTS', `${wanted} of ${full} is not kept; the oldest is ${oldest}`, {
      hint: table.history
        ? 'DESCRIBE HISTORY shows what is kept; the setting history_retention says how long'
        : `ALTER TABLE ${full} MODIFY SETTING history_retention = 604800 keeps a week from now on`,
    });
  }
  const ahead = byNumber ? asOf.version > newest : asOf.timeMs > nowMs;
  if (ahead) {
    throw fail('BAD_ARGUMENTS', `${wanted} of ${full} is still to come`, {
      hint: `The newest version is ${all.at(-1)?.version}`,
    });
  }
  return found;
}

/** Operations that change no row. */
const quiet: ReadonlySet<string> = new Set(['OPTIMIZE', 'MATERIALIZE', 'ALTER']);

/** The commits from one version to another, both included.
 *  @param open makes a table of some of the segments */
export function stepsOf(
  table: TableState,
  from: number,
  to: number,
  open: (state: TableState) => StoredTable,
): TableStep[] {
  const all = versionsOf(table);
  const { database, name } = table.definition;
  const steps: TableStep[] = [];
  const schema = all.findLast((v) => v.version <= to)?.definition.schemaVersion;
  for (const [i, version] of all.entries()) {
    const before = all[i - 1];
    if (version.version < from || version.version > to) continue;
    const created = version.operation === 'CREATE';
    if (!before && !created) {
      throw fail(
        'BAD_ARGUMENTS',
        `What version ${version.version} of ${database}.${name} changed is not kept`,
        { hint: `Ask from version ${all[i + 1]?.version ?? version.version + 1} on` },
      );
    }
    if (version.definition.schemaVersion !== schema) {
      throw fail(
        'BAD_ARGUMENTS',
        `The columns of ${database}.${name} changed after version ${version.version}`,
        { hint: 'Ask for the changes before and behind it apart' },
      );
    }
    if (quiet.has(version.operation) || !before) continue;
    const had = new Set(before.segments);
    const has = new Set(version.segments);
    const part = (segments: readonly SegmentDescriptor[]): StoredTable | undefined =>
      segments.length === 0
        ? undefined
        : open({ ...table, definition: version.definition, segments, history: [] });
    const came = part(version.segments.filter((s) => !had.has(s)));
    const went = part(before.segments.filter((s) => !has.has(s)));
    if (steps.length >= stepsMax) {
      throw fail('BAD_ARGUMENTS', `There are more than ${stepsMax} versions in between`, {
        hint: 'Ask for fewer at once',
      });
    }
    const { version: number, timeMs, operation } = version;
    steps.push({
      version: number,
      timeMs,
      operation,
      ...(came ? { came } : {}),
      ...(went ? { went } : {}),
    });
  }
  return steps;
}
