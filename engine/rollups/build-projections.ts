// Writes the rows of a table's projections beside segments that are not part of the table yet. One
// commit then names both, so a segment and what is made of it come and go together.

import type { TableDefinition } from '../catalog/definition.ts';
import { type CompanionFile, filesOf, type SegmentDescriptor } from '../catalog/state.ts';
import { EngineError } from '../errors.ts';
import type { Native } from '../native/index.ts';
import type { PlannerKernel } from '../plan/context.ts';
import { newColumn } from '../plan/context.ts';
import { columnExpr } from '../plan/expression.ts';
import type { Node } from '../plan/logical.ts';
import { physicalPlan } from '../plan/physical/index.ts';
import { pruneColumns } from '../plan/rules/prune-columns.ts';
import type { IngestOutcome } from '../storage/kernel.ts';
import type { FinishSegments, Storage } from '../storage/storage.ts';
import { refsOf } from '../storage/table-store.ts';
import { tableShape } from '../tables/shape.ts';
import { type BoundProjection, projectionsOf } from './projection.ts';

/** Rows of one file of a projection at most, as of a merged segment. */
const segmentRowsMax = 16 << 20;

let nextBuild = 1;

/** The rows of a projection over one segment. */
function rowsNode(projection: BoundProjection): Node {
  const { ctx, scan, grouped, table } = projection;
  if (!grouped) {
    const byName = new Map(scan.names.map((name, i) => [name, scan.columns[i]]));
    const items = table.columns.flatMap((c) => {
      const column = byName.get(c.name);
      return column ? [{ column: newColumn(ctx, c.name, c.type), expr: columnExpr(column) }] : [];
    });
    return { kind: 'project', input: scan, items, columns: items.map((i) => i.column) };
  }
  const keys = grouped.keys.map(({ stored, expr }) => ({
    column: newColumn(ctx, stored, expr.type),
    expr,
  }));
  const aggregates = grouped.aggregates.map(({ stored, type, item }) => ({
    column: newColumn(ctx, stored, type),
    name: `${item.name}State`,
    params: item.params,
    args: item.args,
  }));
  return {
    kind: 'aggregate',
    input: scan,
    keys,
    aggregates,
    totals: false,
    emptyIfNoRows: true,
    columns: [...keys, ...aggregates].map((c) => c.column),
  };
}

const plans = new WeakMap<BoundProjection, string>();

function planOf(projection: BoundProjection): string {
  const known = plans.get(projection);
  if (known) return known;
  const { ctx } = projection;
  const node = rowsNode(projection);
  const text = JSON.stringify(physicalPlan(ctx, node, (n) => pruneColumns.apply(n, ctx)));
  plans.set(projection, text);
  return text;
}

async function build(
  native: Native,
  kernel: PlannerKernel,
  storage: Storage,
  table: TableDefinition,
  segment: SegmentDescriptor,
  projection: BoundProjection,
): Promise<CompanionFile[]> {
  const { files } = storage.context;
  const prefix = storage.names.prefix(table.id);
  const handle = native.registerTable({
    store: files.store,
    table: tableShape(kernel, table),
    segments: refsOf([segment]),
    memtables: [],
  });
  const target = {
    store: files.store,
    table: tableShape(kernel, projection.table),
    prefix,
    segmentRows: segmentRowsMax,
    segmentsOnly: true,
  };
  const rest = { sink: { kind: 'segments', target }, session: {}, limits: {} };
  const body = planOf(projection).replaceAll('"table":-1', `"table":${handle}`);
  const key = `projection ${nextBuild++}`;
  try {
    const start = await native.startQuery(
      `${body.slice(0, -1)},${JSON.stringify(rest).slice(1)}`,
      key,
    );
    const chunks = start.first ? [start.first] : [];
    for (let last = start.last; !last; ) {
      const chunk = await native.nextChunk(key);
      if (chunk) chunks.push(chunk);
      else last = true;
    }
    const outcome = JSON.parse(Buffer.concat(chunks).toString()) as IngestOutcome;
    return (outcome.segments ?? []).map(({ file, rows, bytes }) => ({ file, rows, bytes }));
  } catch (error) {
    if (!storage.context.health.poisoned) storage.collector.sweep(prefix);
    throw error;
  } finally {
    native.closeQuery(key);
    native.releaseTable(handle);
  }
}

/** The segments with all companions that the table wants and they do not have. A projection that
 *  cannot be computed is left out: the segment's rows are then read from the segment itself. */
export function segmentFinisher(native: Native, kernel: PlannerKernel): FinishSegments {
  return async (storage, table, unnamed) => {
    const { partitionId } = storage.context;
    const segments = unnamed.map((segment) =>
      segment.partitionId === undefined
        ? { ...segment, partitionId: partitionId(table, segment.partition) }
        : segment,
    );
    if (!table.projections?.length || segments.length === 0) return segments;
    const { health, logger } = storage.context;
    const wanted = projectionsOf(kernel, table);
    const finished: SegmentDescriptor[] = [];
    try {
      for (const segment of segments) {
        const projections: Record<string, readonly CompanionFile[]> = { ...segment.projections };
        finished.push({ ...segment, projections });
        for (const projection of wanted) {
          const { id, name } = projection.definition;
          if (projections[id]) continue;
          try {
            projections[id] = await build(native, kernel, storage, table, segment, projection);
          } catch (error) {
            const refused = health.refused(error);
            if (health.poisoned || refused.fault === 'disk_full') throw refused;
            const reason = error instanceof EngineError ? error.message : String(error);
            logger.warn(
              { table: table.name, projection: name, reason },
              'a projection was left out',
            );
          }
        }
      }
      return finished;
    } catch (error) {
      if (!health.poisoned) {
        const before = new Set(segments.flatMap(filesOf).map(({ file }) => file));
        for (const { file } of finished.flatMap(filesOf)) {
          if (!before.has(file)) storage.collector.discard(file);
        }
      }
      throw error;
    }
  };
}
