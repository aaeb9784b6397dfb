// OPTIMIZE [FINAL] and CHECK TABLE.

import type { Check, Optimize, Partition } from '../../sql/ast.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { EngineError } from '../errors.ts';
import { notBuilt } from '../plan/context.ts';
import type { LitValue } from '../plan/wire.ts';
import { type Answer, done, type Run } from '../query/core.ts';
import { insertTarget } from '../views/fan-out.ts';
import { applySettings } from './apply-settings.ts';
import { refuseCluster, requireTable } from './names.ts';
import { partitionFilter } from './partition.ts';

export async function optimize(run: Run, ast: Optimize): Promise<Answer> {
  refuseCluster(ast.cluster, ast.span);
  applySettings(run, ast.settings);
  if (ast.deduplicate) throw notBuilt(ast.span, 'OPTIMIZE … DEDUPLICATE');
  if (ast.zorderBy) throw notBuilt(ast.span, 'OPTIMIZE … ZORDER BY');
  if (ast.cleanup) throw notBuilt(ast.span, 'OPTIMIZE … CLEANUP');
  const written = requireTable(run, ast.table).definition;
  const definition = insertTarget(run, written);
  const { id } = definition;
  if (ast.dryRun) return done;
  if (definition.engine.name === 'View') throw notBuilt(ast.table.span, 'OPTIMIZE of a view');
  const { storage } = run.core;
  const only = await filterOf(run, definition, ast.partition);
  await storage.merges.optimize(storage.store(id), { final: ast.final, ...(only ? { only } : {}) });
  return done;
}

async function filterOf(run: Run, definition: TableDefinition, partition: Partition | undefined) {
  return partition && partition.type !== 'ALL'
    ? partitionFilter(run, definition, partition)
    : undefined;
}

export async function checkTable(run: Run, ast: Check): Promise<Answer> {
  applySettings(run, ast.settings);
  if (ast.object !== 'TABLE' || !ast.name) throw notBuilt(ast.span, `CHECK ${ast.object}`);
  const table = requireTable(run, ast.name);
  const only = await filterOf(run, table.definition, ast.partition);
  const { store } = run.core.storage.context.files;
  const rows: LitValue[][] = [];
  for (const segment of table.segments) {
    if (only && !only(segment.partition)) continue;
    run.signal.throwIfAborted();
    const name = segment.file.slice(segment.file.lastIndexOf('/') + 1);
    try {
      await run.core.native.segmentCheck({ store, ...segment });
      rows.push([name, '1', '']);
    } catch (error) {
      if (!(error instanceof EngineError) || error.name === 'NOT_IMPLEMENTED') throw error;
      rows.push([name, '0', error.message]);
    }
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
    { name: 'is_passed', type: 'Bool' },
    { name: 'message', type: 'String' },
  ];
  return {
    kind: 'rows',
    columns,
    rows: rows.map(([a, b, c]) => [a as string, b === '1', c as string]),
  };
}
