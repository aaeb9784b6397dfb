// OPTIMIZE [FINAL] and CHECK TABLE.

import type { Check, Expression, Optimize, Partition } from '../../sql/ast.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { type SegmentDescriptor, segmentFilesOf, type TableState } from '../catalog/state.ts';
import { EngineError } from '../errors.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { columnsOf } from '../plan/expression.ts';
import type { LitValue } from '../plan/wire.ts';
import { type Answer, count, done, type Run, sessionJson } from '../query/core.ts';
import { checkRollups } from '../rollups/check.ts';
import { baseEngine } from '../tables/engine-rule.ts';
import { bindTable, partitionKey } from '../tables/shape.ts';
import { insertTarget } from '../views/fan-out.ts';
import { applySettings } from './apply-settings.ts';
import { refuseCluster, requireTable } from './names.ts';
import { partitionFilter, segmentName } from './partition.ts';
import { zorder } from './zorder.ts';

export async function optimize(run: Run, ast: Optimize): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  applySettings(run, ast.settings);
  const written = requireTable(run, ast.table).definition;
  const definition = insertTarget(run, written);
  const { id } = definition;
  if (ast.dryRun) return done;
  const { name: engine } = definition.engine;
  if (/Log$|^(View|Null|Memory)$/.test(engine)) {
    const text = `Method optimize is not supported by storage ${engine}`;
    throw failAt(ast.table.span, 'NOT_IMPLEMENTED', text);
  }
  if (ast.zorderBy) return zorder(run, ast, definition);
  const { storage } = run.core;
  const only = await filterOf(run, definition, ast.partition);
  if (ast.cleanup) checkCleanup(definition, ast);
  const deduplicate = ast.deduplicate && deduplicateBy(run, definition, ast.deduplicate);
  count(run.core, 'Merge');
  await storage.merges.optimize(storage.store(id), {
    final: ast.final || deduplicate !== undefined,
    ...(only ? { only } : {}),
    ...(ast.cleanup ? { cleanup: true } : {}),
    ...(deduplicate ? { deduplicate } : {}),
  });
  return done;
}

/** CLEANUP takes the rows away that a ReplacingMergeTree(version, is_deleted) only hides. */
function checkCleanup({ engine, settings }: TableDefinition, ast: Optimize): void {
  const base = baseEngine(engine.name);
  if (base !== 'ReplacingMergeTree') {
    const text = `CLEANUP is not supported by engine ${engine.name}`;
    throw failAt(ast.span, 'CANNOT_ASSIGN_OPTIMIZE', text);
  }
  if (settings.allow_experimental_replacing_merge_with_cleanup === '1') return;
  throw failAt(ast.span, 'SUPPORT_IS_DISABLED', 'CLEANUP is not enabled for this table', {
    hint: 'ALTER TABLE … MODIFY SETTING allow_experimental_replacing_merge_with_cleanup = 1',
  });
}

/** Columns of DEDUPLICATE BY; none for all. */
function deduplicateBy(
  run: Run,
  definition: TableDefinition,
  list: readonly Expression[],
): string[] {
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const names: string[] = [];
  for (const ast of list) {
    if (ast.kind !== 'Identifier') throw notBuilt(ast.span, 'DEDUPLICATE BY an expression');
    const expr = binding.bind(ast);
    const column = binding.stored.find((c) => columnsOf(expr).has(c.id));
    if (expr.kind !== 'column' || !column) {
      throw failAt(ast.span, 'BAD_ARGUMENTS', 'DEDUPLICATE BY takes columns that are stored');
    }
    names.push(column.name);
  }
  if (names.length === 0) return names;
  const keys = [...definition.orderBy, ...partitionKey(definition)].map((t) => binding.bind(t));
  const needed = new Set(keys.flatMap((key) => [...columnsOf(key)]));
  const missing = binding.stored.find((c) => needed.has(c.id) && !names.includes(c.name));
  if (missing) {
    throw failAt(
      list[0]?.span,
      'THERE_IS_NO_COLUMN',
      `DEDUPLICATE BY must name ${missing.name}: it is in a key of the table`,
    );
  }
  return names;
}

async function filterOf(run: Run, definition: TableDefinition, partition: Partition | undefined) {
  return partition && partition.type !== 'ALL'
    ? partitionFilter(run, definition, partition)
    : undefined;
}

const rollupColumns = [
  { name: 'name', type: 'String' },
  { name: 'kind', type: 'String' },
  { name: 'is_passed', type: 'Bool' },
  { name: 'groups', type: 'UInt64' },
  { name: 'differing', type: 'UInt64' },
  { name: 'message', type: 'String' },
];

async function checkRollup(run: Run, table: TableState): Promise<Answer> {
  const reports = await checkRollups(run, table);
  const rows = reports.map((r): LitValue[] => [
    r.name,
    r.kind,
    r.passed,
    String(r.groups),
    String(r.differing),
    r.message,
  ]);
  return { kind: 'rows', columns: rollupColumns, rows };
}

/** Whether a segment is as it was written, and what is wrong. */
async function checkSegment(run: Run, segment: SegmentDescriptor): Promise<[string, string]> {
  const { store } = run.core.storage.context.files;
  try {
    for (const { file } of segmentFilesOf(segment)) {
      await run.core.native.segmentCheck({ store, file });
    }
    return ['1', ''];
  } catch (error) {
    if (!(error instanceof EngineError) || error.name === 'NOT_IMPLEMENTED') throw error;
    return ['0', error.message];
  }
}

export async function checkTable(run: Run, ast: Check): Promise<Answer> {
  applySettings(run, ast.settings);
  if (ast.object === 'ROLLUP' && ast.name) return checkRollup(run, requireTable(run, ast.name));
  if (ast.object !== 'TABLE' || !ast.name) throw notBuilt(ast.span, `CHECK ${ast.object}`);
  const table = requireTable(run, ast.name);
  const only = await filterOf(run, table.definition, ast.partition);
  const { storage } = run.core;
  // Rows in memory are checked as what they become.
  await storage.flusher.flush(storage.store(table.id));
  const rows: LitValue[][] = [];
  // Merges and other statements go on; what they let go of stays until it is read.
  const pin = storage.context.catalog.pin(storage.store(table.id).table);
  try {
    for (const segment of pin.table.segments) {
      if (only && !only(segment.partition)) continue;
      run.signal.throwIfAborted();
      rows.push([segmentName(segment), ...(await checkSegment(run, segment))]);
    }
  } finally {
    pin.release();
  }
  if (run.settings.text('check_query_single_value_result') !== '0') {
    const good = rows.every((row) => row[1] === '1');
    return {
      kind: 'rows',
      columns: [{ name: 'result', type: 'UInt8' }],
      rows: [[good ? '1' : '0']],
    };
  }
  const columns = [
    { name: 'part_path', type: 'String' },
    { name: 'is_passed', type: 'UInt8' },
    { name: 'message', type: 'String' },
  ];
  return {
    kind: 'rows',
    columns,
    rows,
  };
}
