// Bounds of the life-cycle. Each is a setting of the server; these are the defaults.

export interface StorageLimits {
  /** A memtable is sealed at this many rows, bytes, or this age. */
  readonly memtableRowsMax: number;
  readonly memtableBytesMax: number;
  readonly memtableAgeMs: number;
  /** Rows in all memtables together; above it inserts answer 429. */
  readonly memtablesBytesMax: number;
  /** WAL files together; above it the oldest memtables are flushed. */
  readonly walBytesMax: number;
  /** Segments of one partition; above it inserts answer 429 until merges catch up. */
  readonly segmentsPerPartitionMax: number;
  readonly segmentRowsMax: number;
  readonly mergeInputsMax: number;
  /** A merge in the background takes at most so many bytes (a table may say less:
   *  `max_bytes_to_merge_at_max_space_in_pool`). */
  readonly mergeBytesMax: number;
  readonly mergesMax: number;
  /** Mutations that system.mutations shows after their end. */
  readonly mutationsKept: number;
  readonly flushesMax: number;
  /** How long files stay whose rows live on in merged ones (`old_parts_lifetime`). */
  readonly oldPartsLifetimeMs: number;
  /** How fast segments are read again to verify them; 0 = never. */
  readonly scrubBytesPerSecond: number;
  /** How long UNDROP can bring a dropped table back. */
  readonly dropDelayMs: number;
}

export const defaultLimits: StorageLimits = {
  memtableRowsMax: 1_000_000,
  memtableBytesMax: 128 << 20,
  memtableAgeMs: 30_000,
  memtablesBytesMax: 512 << 20,
  walBytesMax: 256 << 20,
  segmentsPerPartitionMax: 3000,
  segmentRowsMax: 16_000_000,
  mergeInputsMax: 32,
  mergeBytesMax: 150 * 2 ** 30,
  mergesMax: 1,
  mutationsKept: 100,
  flushesMax: 2,
  oldPartsLifetimeMs: 480_000,
  dropDelayMs: 480_000,
  scrubBytesPerSecond: 8 << 20,
};
