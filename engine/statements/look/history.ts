// DESCRIBE HISTORY, RESTORE TABLE … TO VERSION, VACUUM.

import type { Expression, RestoreVersion, TableName, Vacuum } from '../../../sql/index.ts';
import { allSegments, forgetVersions, retentionOf } from '../../catalog/history.ts';
import { filesOf, type SegmentDescriptor, type TableState } from '../../catalog/state.ts';
import { asOfOf, atPlace } from '../../plan/bind/from/as-of.ts';
import { newScope } from '../../plan/bind/scope.ts';
import { failAt } from '../../plan/context.ts';
import type { LitValue } from '../../plan/physical/wire.ts';
import { type Answer, done, type Run } from '../../query/core.ts';
import { requireTable } from '../../query/names.ts';
import { startPlanning } from '../../query/plan-query.ts';
import { restoreVersion } from '../../storage/mutations/replace-rows.ts';
import { versionAt, versionsOf } from '../../tables/versions.ts';
import { insertTarget } from '../../views/fan-out.ts';
import type { Rows } from './describe.ts';

const historyColumns = [
  ['version', 'UInt64'],
  ['timestamp', 'DateTime64(3)'],
  ['operation', 'String'],
  ['rows', 'UInt64'],
  ['rows_added', 'UInt64'],
  ['rows_removed', 'UInt64'],
  ['parts', 'UInt64'],
  ['bytes', 'UInt64'],
].map(([name = '', type = '']) => ({ name, type }));

/** The table whose rows a name stands for. */
function tableOf(run: Run, name: TableName): TableState {
  const table = requireTable(run, name);
  if (table.definition.engine.name === 'View') {
    throw failAt(name.span, 'NOT_IMPLEMENTED', 'A view has no versions; its tables have');
  }
  const { id } = insertTarget(run, table.definition);
  return run.core.storage.context.catalog.table(id) ?? table;
}

/** Newest first. */
export function historyRows(run: Run, name: TableName, limit?: number): Rows {
  const all = versionsOf(tableOf(run, name));
  const sum = (list: readonly SegmentDescriptor[]) =>
    String(list.reduce((n, s) => n + s.rows - (s.deleted?.rows ?? 0), 0));
  const rows = all.map((v, i): LitValue[] => {
    const before = all[i - 1]?.segments ?? (v.operation === 'CREATE' ? [] : v.segments);
    const [had, has] = [new Set(before), new Set(v.segments)];
    return [
      String(v.version),
      new Date(v.timeMs).toISOString().replace('T', ' ').slice(0, -1),
      v.operation,
      sum(v.segments),
      sum(v.segments.filter((s) => !had.has(s))),
      sum(before.filter((s) => !has.has(s))),
      String(v.segments.length),
      String(v.segments.reduce((n, s) => n + s.bytes, 0)),
    ];
  });
  return { columns: historyColumns, rows: rows.reverse().slice(0, limit) };
}

export async function restoreToVersion(run: Run, ast: RestoreVersion): Promise<Answer> {
  const table = tableOf(run, ast.table);
  const { ctx } = startPlanning(run);
  const asOf = asOfOf(newScope(ctx, ast.span), ast.version, ast.timestamp);
  if (!asOf) throw failAt(ast.span, 'SYNTAX_ERROR', 'A version is missing');
  const { storage } = run.core;
  const { catalog } = storage.context;
  const find = (now: TableState) =>
    atPlace(ast.span, () => versionAt(now, asOf, catalog.state.version, run.nowMs));
  find(table);
  await restoreVersion(storage, storage.store(table.id), find);
  run.core.plans.clear();
  return done;
}

export async function vacuum(run: Run, ast: Vacuum): Promise<Answer> {
  const table = tableOf(run, ast.table);
  const { storage } = run.core;
  const written = ast.retain?.kind === 'Interval' ? numberOf(ast.retain.value) : undefined;
  if (written !== undefined && !(written >= 0)) {
    throw failAt(ast.retain?.span, 'BAD_ARGUMENTS', 'RETAIN takes a number of hours');
  }
  const keptMs = written === undefined ? retentionOf(table.definition).ms : written * 3_600_000;
  const beforeMs = run.nowMs - keptMs;
  if (ast.dryRun) {
    const left = filesNamed(forgetVersions(table, beforeMs));
    const gone = [...filesNamed(table)].filter((file) => !left.has(file));
    return {
      kind: 'rows',
      columns: [{ name: 'path', type: 'String' }],
      rows: gone.map((f) => [f]),
    };
  }
  const op = 'forgetHistory' as const;
  await storage.context.catalog.commit({ ddl: [{ op, id: table.id, beforeMs }] });
  storage.collector.collect();
  return done;
}

/** A number as it is written. */
export const numberOf = (ast: Expression | undefined): number | undefined =>
  ast?.kind === 'Literal' && ast.type === 'number' ? Number(ast.text) : undefined;

const filesNamed = (table: TableState): Set<string> =>
  new Set(allSegments(table).flatMap((segment) => filesOf(segment).map(({ file }) => file)));
