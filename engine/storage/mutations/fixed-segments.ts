// The frame of statements that change stored rows: one at a time for a table, its rows all in segments, which stay
// as they are while it runs.

import type { SegmentDescriptor } from '../../catalog/state.ts';
import { fail } from '../../errors.ts';
import type { Storage } from '../storage.ts';
import type { TableStore } from '../table-store.ts';

type Segments = readonly SegmentDescriptor[];

/** Runs `work` over the table's segments. Rows that come meanwhile are in none of them; merges wait. */
export async function overFixedSegments<T>(
  storage: Storage,
  store: TableStore,
  work: (segments: Segments) => Promise<T>,
): Promise<T> {
  storage.damagedLog?.checkWritable(store.id);
  return store.statements.run(() =>
    storage.merges.without(store, () => overSegments(storage, store, work)),
  );
}

/** Told before a commit of the files of segments that it changes. */
export type Settle = (files: readonly string[]) => Promise<void>;

/** As `overFixedSegments`, for statements that change little, and often: merges that run go on unless they
 *  take a segment that changes. When one of those was merged by then, `work` begins anew without merges.
 *  @param work calls `settle` before it commits */
export async function besideMerges<T>(
  storage: Storage,
  store: TableStore,
  work: (segments: Segments, settle: Settle) => Promise<T>,
): Promise<T> {
  storage.damagedLog?.checkWritable(store.id);
  const { merges } = storage;
  return store.statements.run(async () => {
    let tooLate = false;
    const settle: Settle = async (files) => {
      await merges.callOffOf(store, files);
      const there = new Set(store.table.segments.map(({ file }) => file));
      tooLate = files.some((file) => !there.has(file));
      if (tooLate) throw fail('ABORTED', 'The rows were merged meanwhile');
    };
    try {
      return await merges.noneBegins(store, () =>
        overSegments(storage, store, (segments) => work(segments, settle)),
      );
    } catch (error) {
      if (!tooLate) throw error;
    }
    return await merges.without(store, () =>
      overSegments(storage, store, (segments) => work(segments, async () => {})),
    );
  });
}

async function overSegments<T>(
  storage: Storage,
  store: TableStore,
  work: (segments: Segments) => Promise<T>,
): Promise<T> {
  await storage.flusher.flush(store);
  const pin = storage.context.catalog.pin(store.table);
  try {
    return await work(pin.table.segments);
  } finally {
    pin.release();
    storage.collector.collect();
  }
}
