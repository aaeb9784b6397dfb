// The frame of statements that change stored rows: one at a time for a table, its rows all in segments, which stay
// as they are while it runs.

import type { SegmentDescriptor } from '../catalog/state.ts';
import type { Storage } from './storage.ts';
import type { TableStore } from './table-store.ts';

/** Runs `work` over the table's segments. Rows that come meanwhile are in none of them; merges wait. */
export async function overFixedSegments<T>(
  storage: Storage,
  store: TableStore,
  work: (segments: readonly SegmentDescriptor[]) => Promise<T>,
): Promise<T> {
  storage.damagedLog?.checkWritable(store.id);
  return store.statements.run(() =>
    storage.merges.without(store, async () => {
      await storage.flusher.flush(store);
      const pin = storage.context.catalog.pin(store.table);
      try {
        return await work(pin.table.segments);
      } finally {
        pin.release();
        storage.collector.collect();
      }
    }),
  );
}
