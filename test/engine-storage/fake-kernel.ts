// The kernel's part of the life-cycle in a few lines: rows are JSON, a segment is a JSON file.
// For tests of the engine's policy that need no addon.

import { createHash } from 'node:crypto';
import type { SegmentDescriptor } from '../../engine/catalog/state.ts';
import { fail } from '../../engine/errors.ts';
import type { FilesApi } from '../../engine/files.ts';
import type {
  DecodedBatch,
  IngestKernel,
  Job,
  JobResult,
  Kernel,
  SegmentRef,
} from '../../engine/storage/kernel.ts';

export interface Row {
  id: number;
  part: number;
  batch: number;
}

/** What `rewrite` understands: rows of this batch go. */
export interface FakeChange {
  deleteBatch?: number;
  /** Segments are written anew though no row of theirs changes. */
  all?: boolean;
}

export interface FakeKernel extends Kernel, IngestKernel {
  rows(handle: number): Row[];
  readonly live: { batches: number; memtables: number; tables: number };
}

interface FakeTable {
  segments: readonly SegmentRef[];
  memory: Row[];
}

export function fakeKernel(files: FilesApi): FakeKernel {
  let next = 1;
  const batches = new Map<number, Row[]>();
  const memtables = new Map<number, Row[]>();
  const tables = new Map<number, FakeTable>();
  const ingests = new Map<number, { spec: { prefix: string }; chunks: Buffer[] }>();
  const cancelled = new Set<number>();

  const keep = <T>(map: Map<number, T>, value: T): number => {
    map.set(next, value);
    return next++;
  };
  const take = (batch: number): Row[] => {
    const rows = batches.get(batch);
    if (!rows) throw new Error(`batch ${batch} was used twice`);
    batches.delete(batch);
    return rows;
  };
  const readSegment = (segment: SegmentRef): Row[] =>
    JSON.parse(files.readAll(segment.file).toString()) as Row[];

  const write = async (
    prefix: string,
    rows: Row[],
    level: number,
  ): Promise<SegmentDescriptor[]> => {
    const partitions = new Map<number, Row[]>();
    for (const row of rows) {
      const list = partitions.get(row.part) ?? [];
      list.push(row);
      partitions.set(row.part, list);
    }
    const segments: SegmentDescriptor[] = [];
    for (const [part, list] of partitions) {
      const file = `${prefix}-${segments.length}.seg`;
      const bytes = Buffer.from(JSON.stringify(list));
      const handle = files.create(file);
      handle.append(bytes);
      await handle.sync();
      segments.push({ file, rows: list.length, bytes: bytes.length, partition: `${part}`, level });
    }
    await files.syncDir(prefix.slice(0, prefix.lastIndexOf('/')));
    return segments;
  };

  const decode = (text: string): Row[] =>
    text
      .split('\n')
      .filter((line) => line)
      .map((line) => JSON.parse(line) as Row);
  const hash = (rows: Row[]) =>
    createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 32);
  const outcome = (rows: Row[]) => ({
    rows: rows.length,
    bytes: rows.length * 10,
    hash: hash(rows),
    rejected: 0,
    errors: [],
  });

  const run = async (job: Job): Promise<JobResult> => {
    await new Promise((resolve) => setImmediate(resolve));
    const check = () => {
      if (cancelled.has(job.job)) throw fail('ABORTED', 'called off');
    };
    check();
    if (job.kind === 'flush') {
      const rows = job.memtables.flatMap((id) => memtables.get(id) ?? []);
      const segments = await write(job.prefix, rows, 0);
      return { segments, rowsIn: rows.length, rowsOut: rows.length };
    }
    if (job.kind === 'merge') {
      const rows = job.segments.flatMap(readSegment);
      const segments = await write(job.prefix, rows, job.level);
      check();
      return { segments, rowsIn: rows.length, rowsOut: rows.length };
    }
    if (job.kind === 'mark') throw fail('NOT_IMPLEMENTED', 'the stand-in hides no rows');
    const { deleteBatch, all } = job.change as FakeChange;
    const unchanged: string[] = [];
    const segments: SegmentDescriptor[] = [];
    let [rowsIn, rowsOut] = [0, 0];
    for (const [n, segment] of job.segments.entries()) {
      const rows = readSegment(segment);
      const left = rows.filter((row) => row.batch !== deleteBatch);
      rowsIn += rows.length;
      rowsOut += left.length;
      if (left.length === rows.length && !all) {
        unchanged.push(segment.file);
        continue;
      }
      const made = await write(`${job.prefix}-${n}`, left, 0);
      segments.push(...made.map((one) => ({ ...one, replaces: segment.file })));
    }
    return { segments, unchanged, rowsIn, rowsOut };
  };

  return {
    memtableOpen: () => keep(memtables, []),
    memtableAppend: (id, batch) => {
      const rows = memtables.get(id);
      rows?.push(...take(batch));
      return { rows: rows?.length ?? 0, bytes: (rows?.length ?? 0) * 10 };
    },
    memtableDrop: (id) => void memtables.delete(id),
    batchDrop: (batch) => void take(batch),
    batchPrepare: (batch) => batches.get(batch)?.length ?? 0,
    walEncode: (batch) => Buffer.from(JSON.stringify(batches.get(batch))),
    walDecode: (_, payload) => keep(batches, JSON.parse(payload.toString()) as Row[]),
    registerTable: (spec) => {
      const memory = spec.memtables.flatMap((id) => memtables.get(id) ?? []);
      return keep(tables, { segments: spec.segments, memory });
    },
    releaseTable: (handle) => void tables.delete(handle),
    runJob: run,
    cancelJob: (job) => void cancelled.add(job),
    forgetStore: () => {},
    decodeRows: (_, body): DecodedBatch => {
      const rows = decode(body.toString());
      return { ...outcome(rows), batch: keep(batches, rows) };
    },
    ingestOpen: (spec) => keep(ingests, { spec: spec as { prefix: string }, chunks: [] }),
    ingestPush: async (id, bytes) => void ingests.get(id)?.chunks.push(bytes),
    ingestFinish: async (id) => {
      const open = ingests.get(id);
      ingests.delete(id);
      const rows = decode(Buffer.concat(open?.chunks ?? []).toString());
      const segments = await write(open?.spec.prefix ?? '', rows, 0);
      return { ...outcome(rows), segments };
    },
    ingestAbort: (id) => void ingests.delete(id),
    inferSchema: () => [],
    rows: (handle) => {
      const table = tables.get(handle);
      if (!table) throw new Error('the table was released');
      return [...table.segments.flatMap(readSegment), ...table.memory];
    },
    get live() {
      return { batches: batches.size, memtables: memtables.size, tables: tables.size };
    },
  };
}
