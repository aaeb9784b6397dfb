// ALTER that changes the definition and the rows that are there, in one commit. Rows are rewritten while
// inserts go on; only what came meanwhile is rewritten while they wait.

import type { TableDefinition } from '../../catalog/definition.ts';
import type { SegmentDescriptor, TableChange } from '../../catalog/state.ts';
import { fail } from '../../errors.ts';
import { runJob } from '../flush.ts';
import type { Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { overFixedSegments } from './fixed-segments.ts';
import { quietlyHeld, replacements } from './mutations.ts';

/** @param change the kernel's JSON for the rows, given the new definition */
export function alterRows(
  storage: Storage,
  store: TableStore,
  define: (definition: TableDefinition) => TableDefinition,
  change: (definition: TableDefinition) => object,
): Promise<void> {
  const { catalog } = storage.context;
  return overFixedSegments(storage, store, async (first) => {
    const old = store.table.definition;
    const definition = { ...define(old), schemaVersion: old.schemaVersion + 1 };
    if (definition.id !== old.id) throw fail('LOGICAL_ERROR', 'ALTER changed the table id');
    await rewritten(storage, store, definition, first, change, (made) =>
      quietlyHeld(store, async () => {
        store.seal();
        await storage.flusher.withSealed(store, store.sealed.length, async (sealed) => {
          const known = new Set(first.map(({ file }) => file));
          const late = store.table.segments.filter(({ file }) => !known.has(file));
          const rest = [...late, ...(sealed.add ?? [])];
          await rewritten(storage, store, definition, rest, change, async (more) => {
            const tables = [together(sealed, [...first, ...late], [...made, ...more])];
            const ddl = [{ op: 'alterTable', id: store.id, definition }] as const;
            await catalog.commit({ ddl, tables });
          });
          for (const segment of sealed.add ?? []) storage.collector.discardSegment(segment);
        });
      }),
    );
  });
}

/** Segments in the new shape, handed to `commit`. */
function rewritten(
  storage: Storage,
  store: TableStore,
  definition: TableDefinition,
  segments: readonly SegmentDescriptor[],
  change: (definition: TableDefinition) => object,
  commit: (made: readonly SegmentDescriptor[]) => Promise<void>,
): Promise<void> {
  if (segments.length === 0) return commit([]);
  const work = { kind: 'rewrite', segments, change: change(definition) } as const;
  return runJob(storage, store, work, (result) => commit(result.segments), undefined, definition);
}

/** Old segments are replaced in their places; those of the memtables come behind. */
function together(
  sealed: TableChange,
  old: readonly SegmentDescriptor[],
  made: readonly SegmentDescriptor[],
): TableChange {
  const added = replacements(sealed.add ?? [], made).flatMap(({ add }) => add);
  return { ...sealed, fed: -1, add: added, replace: replacements(old, made) };
}
