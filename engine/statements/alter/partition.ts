// ALTER TABLE … DROP, DETACH, ATTACH, MOVE, REPLACE, FREEZE PARTITION and PART.

import type { AlterPartition, Partition } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor, TableState } from '../../catalog/state.ts';
import { atPlace } from '../../plan/bind/from/as-of.ts';
import { failAt, notBuilt } from '../../plan/context.ts';
import type { Run } from '../../query/core.ts';
import { requireTable } from '../../query/names.ts';
import { partitionFilter, partName, segmentFilter } from '../../query/partition.ts';
import { dropPartitions } from '../../storage/mutations/mutations.ts';
import {
  attachSegments,
  checkSameShape,
  detachSegments,
  dropDetached,
  dropSegments,
  freezeSegments,
  shareSegments,
  unfreezeSegments,
} from '../../storage/partitions.ts';
import { insertTarget } from '../../views/fan-out.ts';

type After = (run: Run, table: TableState) => Promise<void>;

/** The command as a step of an ALTER; what it names is checked before anything happens. */
export function alterPartition(
  run: Run,
  definition: TableDefinition,
  command: AlterPartition,
): { after: After } {
  if (!/MergeTree$/.test(definition.engine.name)) {
    const text = `Engine ${definition.engine.name} has no partitions`;
    throw failAt(command.span, 'NOT_IMPLEMENTED', text);
  }
  const { partition } = command;
  if (partition) segmentFilter(run, definition, partition);
  const after = actions[command.action]?.(run, definition, command);
  if (!after) throw notBuilt(command.span, `${command.action} PARTITION`);
  return { after };
}

type Action = (run: Run, definition: TableDefinition, command: AlterPartition) => After;

const partitionOf = (command: AlterPartition): Partition => {
  if (command.partition) return command.partition;
  throw failAt(command.span, 'INVALID_PARTITION_VALUE', 'A partition is missing');
};

/** The table once the rows that are in memory have become a segment: PART may name it. */
async function inSegments(run: Run, table: TableState): Promise<TableState> {
  const { storage } = run.core;
  await storage.flusher.flush(storage.store(table.id));
  return storage.context.catalog.table(table.id) ?? table;
}

/** PART 'x' must be there; a partition without rows is nothing to complain about. */
function requirePart(
  run: Run,
  definition: TableDefinition,
  partition: Partition,
  list: readonly SegmentDescriptor[] | undefined,
  what: string,
): void {
  if (partition.type !== 'PART') return;
  const name = partName(run, partition);
  const only = segmentFilter(run, definition, partition);
  if (list?.some(only)) return;
  const code = what === 'part' ? 'NO_SUCH_DATA_PART' : 'BAD_DATA_PART_NAME';
  throw failAt(partition.span, code, `No ${what} ${name} in the table`);
}

const drop: Action = (_, __, command) => async (run, table) => {
  const partition = partitionOf(command);
  const { storage } = run.core;
  const store = storage.store(table.id);
  if (partition.type === 'PART') {
    const { segments } = await inSegments(run, table);
    requirePart(run, table.definition, partition, segments, 'part');
    await dropSegments(storage, store, segmentFilter(run, table.definition, partition));
    return;
  }
  await dropPartitions(storage, store, partitionFilter(run, table.definition, partition));
};

const detach: Action = (_, __, command) => async (run, table) => {
  const partition = partitionOf(command);
  const { segments } = partition.type === 'PART' ? await inSegments(run, table) : table;
  requirePart(run, table.definition, partition, segments, 'part');
  const only = segmentFilter(run, table.definition, partition);
  await detachSegments(run.core.storage, run.core.storage.store(table.id), only);
};

const attach: Action = (_, __, command) => async (run, table) => {
  const partition = partitionOf(command);
  requirePart(run, table.definition, partition, table.detached, 'detached part');
  const only = segmentFilter(run, table.definition, partition);
  await attachSegments(run.core.storage, run.core.storage.store(table.id), only);
};

const dropAside: Action = (run, _, command) => {
  if (!run.settings.bool('allow_drop_detached')) {
    const text = 'DROP DETACHED is switched off';
    throw failAt(command.span, 'SUPPORT_IS_DISABLED', text, {
      hint: 'SETTINGS allow_drop_detached = 1; the rows are gone then',
    });
  }
  return async (later, table) => {
    const partition = partitionOf(command);
    requirePart(later, table.definition, partition, table.detached, 'detached part');
    const only = segmentFilter(later, table.definition, partition);
    await dropDetached(later.core.storage, later.core.storage.store(table.id), only);
  };
};

const share =
  (how: { replace: boolean; move: boolean }): Action =>
  (run, definition, command) => {
    const { table: name, span } = command;
    if (!name) throw failAt(span, 'SYNTAX_ERROR', 'A table is missing');
    const other = insertTarget(run, requireTable(run, name).definition);
    if (!how.move) atPlace(name.span, () => checkSameShape(other, definition));
    return async (later, table) => {
      const { storage } = later.core;
      const partition = partitionOf(command);
      const [here, there] = [storage.store(table.id), storage.store(other.id)];
      const [source, target] = how.move ? [here, there] : [there, here];
      const only = segmentFilter(later, source.table.definition, partition);
      // Moved to itself, or put in its own place, nothing changes.
      if (source === target && (how.move || how.replace)) return;
      await shareSegments(storage, source, target, only, how);
    };
  };

const freeze: Action = (_, __, { partition, target, span }) => {
  if (target !== undefined && !/^[\w.-]{1,200}$/.test(target)) {
    throw failAt(span, 'BAD_ARGUMENTS', 'The name of a freeze has letters, digits, _ . and -');
  }
  return async (run, table) => {
    const only = partition ? segmentFilter(run, table.definition, partition) : () => true;
    const name = target ?? String(Math.floor(run.nowMs));
    const { storage } = run.core;
    await freezeSegments(storage, storage.store(table.id), only, name);
  };
};

/** Takes away what FREEZE has written. */
const unfreeze: Action = (_, __, { partition, target, span }) => {
  if (target === undefined || !/^[\w.-]{1,200}$/.test(target)) {
    throw failAt(span, 'BAD_ARGUMENTS', 'UNFREEZE takes the name of a freeze');
  }
  return async (run, table) => {
    const only = partition ? segmentFilter(run, table.definition, partition) : () => true;
    unfreezeSegments(run.core.storage, table, only, target);
  };
};

const noDisk: Action = (_, __, { span, target, action }) => {
  const what = action === 'MOVE TO DISK' ? 'disk' : 'volume';
  const text = `No such ${what} \`${target ?? ''}\` in storage policy \`default\``;
  throw failAt(span, what === 'disk' ? 'UNKNOWN_DISK' : 'UNKNOWN_VOLUME', text);
};

const actions: Partial<Record<AlterPartition['action'], Action>> = {
  DROP: drop,
  DETACH: detach,
  ATTACH: attach,
  'DROP DETACHED': dropAside,
  'ATTACH FROM': share({ replace: false, move: false }),
  'REPLACE FROM': share({ replace: true, move: false }),
  'MOVE TO TABLE': share({ replace: false, move: true }),
  'MOVE TO DISK': noDisk,
  'MOVE TO VOLUME': noDisk,
  FREEZE: freeze,
  UNFREEZE: unfreeze,
};
