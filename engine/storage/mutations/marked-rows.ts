// Rows that are deleted without writing the others anew: a file beside each segment says which are gone,
// merges leave them out. DELETE does only that; MERGE INTO puts new rows beside them in the same commit.

import type { SegmentDescriptor, TableChange } from '../../catalog/state.ts';
import { runJob } from '../flush.ts';
import type { SegmentMark } from '../kernel.ts';
import type { Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';
import { besideMerges } from './fixed-segments.ts';
import type { Started } from './mutation-log.ts';
import { quietlyHeld } from './mutations.ts';

/** Rows that come while it runs are not touched.
 *  @param condition the planner's JSON for the kernel */
export function deleteMarked(
  storage: Storage,
  store: TableStore,
  condition: object,
  only: (segment: SegmentDescriptor) => boolean = () => true,
  started: Started = () => {},
): Promise<void> {
  const { catalog } = storage.context;
  return besideMerges(storage, store, async (all, settle) => {
    const segments = all.filter(only);
    if (segments.length === 0) return;
    const work = { kind: 'mark', segments, condition } as const;
    await runJob(
      storage,
      store,
      work,
      async ({ marks = [] }) => {
        if (marks.length === 0) return;
        await settle(marks.map(({ file }) => file));
        const change = marksChange(segments, marks);
        await catalog.commit({ tables: [{ id: store.id, ...change, operation: 'DELETE' }] });
      },
      (job) => started(job, segments),
    );
  });
}

/** What a statement takes away and what it brings. */
export interface MergedRows {
  /** Numbers of rows, by file of their segment. */
  readonly rows: Readonly<Record<string, readonly number[]>>;
  /** Written for the table, in no commit yet. */
  readonly add: readonly SegmentDescriptor[];
}

/** Some rows go and others come, in one commit. Inserts wait while `work` looks at the rows, all of
 *  which are in segments then. */
export async function mergeRows(
  storage: Storage,
  store: TableStore,
  work: (segments: readonly SegmentDescriptor[]) => Promise<MergedRows>,
  started: Started = () => {},
): Promise<void> {
  const { catalog, health, finish } = storage.context;
  const held = async (): Promise<void> => {
    const { segments, definition } = store.table;
    const { rows, add } = await work(segments);
    let made: readonly SegmentDescriptor[] = add;
    try {
      made = await finish(storage, definition, add);
      const touched = segments.filter(({ file }) => rows[file] !== undefined);
      if (touched.length === 0 && made.length === 0) return;
      const job = { kind: 'mark', segments: touched, rows } as const;
      await runJob(
        storage,
        store,
        job,
        async ({ marks = [] }) => {
          const change = { ...marksChange(touched, marks), add: made };
          await catalog.commit({ tables: [{ id: store.id, ...change, operation: 'MERGE' }] });
        },
        (job) => started(job, touched),
      );
    } catch (error) {
      for (const segment of health.poisoned ? [] : made) storage.collector.discardSegment(segment);
      throw error;
    }
  };
  storage.damagedLog?.checkWritable(store.id);
  return store.statements.run(() =>
    storage.merges.without(store, async () => {
      await storage.flusher.flush(store);
      try {
        await quietlyHeld(store, async () => {
          store.seal();
          await storage.flusher.withSealed(store, store.sealed.length, async (sealed) => {
            if (sealed.flushedThrough === undefined) return;
            await catalog.commit({ tables: [sealed] });
          });
          await held();
        });
      } finally {
        storage.collector.collect();
        storage.merges.schedule();
      }
    }),
  );
}

function marksChange(
  segments: readonly SegmentDescriptor[],
  marks: readonly SegmentMark[],
): Pick<TableChange, 'describe' | 'remove'> {
  const byFile = new Map(marks.map((mark) => [mark.file, mark]));
  const describe: SegmentDescriptor[] = [];
  const remove: string[] = [];
  for (const segment of segments) {
    const mark = byFile.get(segment.file);
    if (mark?.deleted === undefined) {
      if (mark) remove.push(segment.file);
      continue;
    }
    const { file, rows, bytes = 0 } = { ...mark, file: mark.deleted };
    // What stands beside the segment still has the rows.
    const { projections: _, ...own } = segment;
    describe.push({ ...own, deleted: { file, rows, bytes } } as SegmentDescriptor);
  }
  return { describe, remove };
}
