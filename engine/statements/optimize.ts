// OPTIMIZE [FINAL] and CHECK TABLE.

import type { Expression, Optimize, Partition } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { failAt, notBuilt } from '../plan/context.ts';
import { columnsOf } from '../plan/expression.ts';
import { applySettings } from '../query/apply-settings.ts';
import { type Answer, count, done, type Run, sessionJson } from '../query/core.ts';
import { refuseCluster, requireTable } from '../query/names.ts';
import { partitionFilter } from '../query/partition.ts';
import { baseEngine } from '../tables/engine-rule.ts';
import { bindTable, partitionKey } from '../tables/shape.ts';
import { insertTarget } from '../views/fan-out.ts';
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
  if (written.engine.name === 'Buffer') {
    const { final, partition, deduplicate } = ast;
    const what = final
      ? 'FINAL'
      : partition
        ? 'PARTITION'
        : deduplicate
          ? 'DEDUPLICATE'
          : undefined;
    // Nothing is held back that could be handed on.
    if (what === undefined) return done;
    throw failAt(ast.span, 'NOT_IMPLEMENTED', `A Buffer knows no ${what}: optimize its target`);
  }
  if (ast.zorderBy) return zorder(run, ast, definition);
  const { storage } = run.core;
  const only = await filterOf(run, definition, ast.partition);
  if (ast.cleanup) checkCleanup(definition, ast);
  const deduplicate = ast.deduplicate && deduplicateBy(run, definition, ast.deduplicate);
  count(run.core, 'Merge');
  const merged = await storage.merges.optimize(storage.store(id), {
    final: ast.final || deduplicate !== undefined,
    ...(only ? { only } : {}),
    ...(ast.cleanup ? { cleanup: true } : {}),
    ...(deduplicate ? { deduplicate } : {}),
  });
  if (merged === 0 && !ast.final && run.settings.bool('optimize_throw_if_noop')) {
    const text =
      'Cannot OPTIMIZE table: no parts are so many or so small that they would be merged';
    throw failAt(ast.span, 'CANNOT_ASSIGN_OPTIMIZE', text, {
      hint: 'OPTIMIZE TABLE … FINAL merges what is there',
    });
  }
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
