// What the life-cycle needs of the kernel. Rows stay on the kernel's side behind numbers; what
// crosses are bytes for the log and descriptors of files.

import type { SegmentDescriptor } from '../catalog/state.ts';

/** A table as the kernel wants it: types and bound expressions. Made by the planner, opaque here. */
export type KernelTable = object;

/** What the life-cycle looks at in a `KernelTable`. */
export interface KernelTableRules {
  /** Rows with equal keys mean something. */
  readonly engine?: { readonly kind: string };
  readonly checks?: readonly object[];
  readonly ttl?: readonly { readonly action: { readonly kind: string } }[];
  readonly partitionKey?: readonly object[];
  readonly sortKey?: readonly object[];
  readonly columns?: readonly { readonly name: string }[];
}

/** What the statement says of the rows that it brings. */
export interface InsertHow {
  /** Rows with equal keys stay, whatever the engine says (`optimize_on_insert = 0`). */
  readonly asIs?: boolean;
  /** More partitions than this are refused. */
  readonly partitionsMax?: number;
}

/** Inserted rows have something to pass: the engine's rule, constraints, partitions, arrays of a nested
 *  table, a TTL that groups, the order of the keys. */
export const hasInsertRules = (
  table: KernelTableRules,
  rows: number,
  { partitionsMax = 0 }: InsertHow,
): boolean =>
  table.engine !== undefined ||
  (rows > 1 && (table.sortKey ?? []).length > 0) ||
  (partitionsMax > 0 && rows > partitionsMax && (table.partitionKey ?? []).length > 0) ||
  (table.ttl ?? []).some(({ action }) => action.kind === 'group') ||
  table.checks !== undefined ||
  (table.columns ?? []).some((c) => c.name.includes('.'));

/** What a reader needs to know of a segment; the rest is in its footer. */
export type SegmentRef = Pick<SegmentDescriptor, 'file' | 'rows' | 'partition'> &
  Partial<Pick<SegmentDescriptor, 'level' | 'deleted' | 'patch'>>;

/** Decoded rows of one insert. The number is used up by `memtableAppend` or `batchDrop`. */
export interface DecodedBatch {
  readonly batch: number;
  readonly rows: number;
  readonly bytes: number;
  /** Hash of the rows, 32 hex digits. */
  readonly hash: string;
  readonly rejected: number;
  readonly errors: readonly RejectedRow[];
}

export interface RejectedRow {
  readonly row: number;
  readonly column?: string;
  readonly code: string;
  readonly message: string;
  /** The row as it came, where the format is one of lines. */
  readonly raw?: string;
}

/** What a large insert became: rows in memory when they are few, segments on the disk otherwise. */
export interface IngestOutcome {
  readonly batch?: number;
  readonly segments?: readonly SegmentDescriptor[];
  readonly rows: number;
  readonly bytes: number;
  readonly hash: string;
  readonly rejected: number;
  readonly errors: readonly RejectedRow[];
}

interface JobBase {
  /** For `cancelJob`. */
  readonly job: number;
  readonly store: number;
  readonly table: KernelTable;
  /** New files are named `<prefix>-<n>.seg`; they and their directory are synced at the end. */
  readonly prefix: string;
}

export interface MergeHow {
  /** Rows that say that they are deleted go for good. */
  readonly cleanup?: boolean;
  /** Rows that are equal in these columns (all if there are none) become one. */
  readonly deduplicate?: readonly string[];
  /** Seconds since the epoch: what is older by its TTL goes. */
  readonly now?: number;
  /** Nobody waits for it: it makes room for queries. */
  readonly polite?: boolean;
}

export type Job =
  | (JobBase & { readonly kind: 'flush'; readonly memtables: readonly number[] })
  | (JobBase & {
      readonly kind: 'merge';
      readonly segments: readonly SegmentDescriptor[];
      readonly level: number;
      readonly how?: MergeHow;
    })
  | (JobBase & {
      readonly kind: 'rewrite';
      readonly segments: readonly SegmentDescriptor[];
      /** What happens to the rows: plain JSON of the planner. */
      readonly change: object;
    })
  | (JobBase & {
      readonly kind: 'mark';
      readonly segments: readonly SegmentDescriptor[];
      /** Rows that are deleted: plain JSON of the planner. */
      readonly condition?: object;
      /** Rows that are deleted, by file and number. */
      readonly rows?: Readonly<Record<string, readonly number[]>>;
    });

/** The rows of a segment that are deleted by now: all of them when there is no file. */
export interface SegmentMark {
  readonly file: string;
  readonly rows: number;
  readonly deleted?: string;
  readonly bytes?: number;
}

/** New values of rows of a segment: all that were changed since it was written. */
export interface SegmentPatch {
  readonly file: string;
  readonly patch: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface JobResult {
  readonly segments: readonly SegmentDescriptor[];
  /** Inputs of a rewrite that stay as they are. */
  readonly unchanged?: readonly string[];
  /** Of a rewrite: segments that got a patch instead. */
  readonly patches?: readonly SegmentPatch[];
  /** Of a mark: the segments of which rows were deleted. */
  readonly marks?: readonly SegmentMark[];
  readonly rowsIn: number;
  readonly rowsOut: number;
}

export interface Kernel {
  memtableOpen(table: KernelTable): number;
  /** Uses up the batch. Gives the sums of the memtable. */
  memtableAppend(memtable: number, batch: number): { rows: number; bytes: number };
  /** Table snapshots that hold the memtable keep it alive. */
  memtableDrop(memtable: number): void;
  batchDrop(batch: number): void;
  /** Checks the constraints and lets the engine merge the rows with each other (not if `asIs`);
   *  gives the rows that are left. */
  batchPrepare(batch: number, table: KernelTable, how: InsertHow & { now?: number }): number;
  walEncode(batch: number): Buffer;
  walDecode(table: KernelTable, payload: Buffer): number;
  /** Fixes segments, memtables and their rows; later rows are not seen. */
  registerTable(spec: {
    store: number;
    table: KernelTable;
    segments: readonly SegmentRef[];
    memtables: readonly number[];
    /** Decoded rows that are not stored yet. */
    batches?: readonly number[];
  }): number;
  releaseTable(handle: number): void;
  runJob(job: Job): Promise<JobResult>;
  cancelJob(job: number): void;
  /** How much of a running job is done, of 1. */
  jobProgress?(job: number): number | undefined;
  /** Lets go of the open segments of a set of files that is about to be closed. */
  forgetStore(store: number): void;
  /** Reads a segment whole; CORRUPTED_DATA when a checksum does not hold. */
  segmentCheck?(segment: { store: number; file: string }): Promise<void>;
}

/** Decoding of input, used by `ingest/insert.ts`. */
export interface IngestKernel {
  decodeRows(spec: object, body: Buffer): DecodedBatch;
  ingestOpen(spec: object): number;
  /** Resolves when more may come. */
  ingestPush(ingest: number, bytes: Buffer): Promise<void>;
  ingestFinish(ingest: number): Promise<IngestOutcome>;
  ingestAbort(ingest: number): void;
  inferSchema(spec: object, sample: Buffer): { name: string; type: string }[];
}
