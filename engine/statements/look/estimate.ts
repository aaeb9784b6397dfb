// EXPLAIN ESTIMATE: the rows that each table of a query would give to it, as keys, partitions and skip
// indexes leave them. The kernel counts while it reads each table once.

import { inputs, type Node } from '../../plan/logical.ts';
import { optimize } from '../../plan/optimize.ts';
import type { LitValue } from '../../plan/physical/wire.ts';
import type { Run } from '../../query/core.ts';
import { launch } from '../../query/launch.ts';
import { type PlanningRun, planText } from '../../query/plan-query.ts';
import type { Rows } from './describe.ts';

type Scan = Extract<Node, { kind: 'scan' }>;

const columns = [
  { name: 'database', type: 'String' },
  { name: 'table', type: 'String' },
  { name: 'parts', type: 'UInt64' },
  { name: 'rows', type: 'UInt64' },
  { name: 'marks', type: 'UInt64' },
];

interface Counts {
  parts: number;
  rows: number;
  marks: number;
}

export async function estimate(run: Run, planning: PlanningRun, root: Node): Promise<Rows> {
  const { view } = planning;
  // With a bound on rows, the kernel counts those of granules that indexes leave in question.
  run.settings = run.settings.with([['max_rows_to_read', '9007199254740991']]);
  const sums = new Map<string, Counts & { database: string; name: string }>();
  for (const scan of scansOf(optimize(root, planning.ctx))) {
    const definition = [...view.used.values()].find(
      (d) => `${d.database}.${d.name}` === scan.table.title,
    );
    if (!definition) continue;
    const { id, database, name, settings } = definition;
    const granule = Number(settings.index_granularity ?? 8192) || 8192;
    const found = await counted(
      run,
      planning,
      scan,
      granule,
      run.core.storage.store(id).memory.rows,
    );
    const sum = sums.get(scan.table.title) ?? { database, name, parts: 0, rows: 0, marks: 0 };
    sum.parts += found.parts;
    sum.rows += found.rows;
    sum.marks += found.marks;
    sums.set(scan.table.title, sum);
  }
  const rows = [...sums.values()].map((s): LitValue[] => [
    s.database,
    s.name,
    String(s.parts),
    String(s.rows),
    String(s.marks),
  ]);
  return { columns, rows };
}

function scansOf(node: Node): Scan[] {
  return [...(node.kind === 'scan' ? [node] : []), ...inputs(node).flatMap(scansOf)];
}

/** Reads one table and tells what was read of it. */
async function counted(
  run: Run,
  planning: PlanningRun,
  scan: Scan,
  granule: number,
  inMemory: number,
): Promise<Counts> {
  const { native } = run.core;
  const plan = planText(planning, scan);
  const { text, release } = launch(run, plan, { kind: 'format', format: 'Null', settings: {} });
  try {
    const start = await native.startQuery(text, run.key);
    for (let last = start.last; !last; ) last = (await native.nextChunk(run.key)) === null;
    const progress = native.queryProgress(run.key);
    const rows = progress?.readRows ?? 0;
    const segments = (progress?.segments ?? 0) - (progress?.segmentsPruned ?? 0);
    const parts = rows === 0 ? 0 : Math.max(1, segments + (inMemory > 0 ? 1 : 0));
    return { parts, rows, marks: Math.ceil(rows / granule) };
  } catch (error) {
    throw run.process.cancelled ?? error;
  } finally {
    native.closeQuery(run.key);
    release();
  }
}
