// Running queries of the kernel: started, pulled chunk by chunk, measured, ended.
import { EngineError } from '../errors.ts';
import type { Addon } from './addon.ts';
import { crossed, sync } from './failures.ts';

export interface QueryStart {
  first: Buffer | null;
  last: boolean;
}
export interface NodeMeasure {
  rows: number;
  bytes: number;
  ns: number;
  [more: string]: unknown;
}
export interface QueryProgress {
  readRows: number;
  readBytes: number;
  resultRows: number;
  resultBytes: number;
  memory: number;
  memoryPeak?: number;
  segments?: number;
  segmentsPruned?: number;
  blocks?: number;
  blocksPruned?: number;
  nodes?: NodeMeasure[];
  /** Blocks that need not be read, by what said so. */
  prunedBy?: Record<string, number>;
}

/** Queries go by a key of the engine, so that one can be asked for after it has ended. */
export interface QueryKernel {
  startQuery(plan: string, key: string): Promise<QueryStart>;
  nextChunk(key: string): Promise<Buffer | null>;
  /** `reason` is what the query then fails with. */
  cancelQuery(key: string, reason: EngineError): void;
  queryProgress(key: string): QueryProgress | undefined;
  closeQuery(key: string): void;
  /** Bytes that a query wants of a file of which only a part is here; undefined: none any more. */
  fileWish(path: string): Promise<readonly (readonly [number, number])[] | undefined>;
  /** They are there, or why not. */
  fileBrought(path: string, code?: number, message?: string): void;
  fileForget(path: string): void;
}

export function queryKernel(addon: Addon): QueryKernel {
  const queries = new Map<string, { query: number; reason?: EngineError }>();
  /** The next chunk; a query that was ended fails with the reason it was given. */
  async function pull(key: string, query: number): Promise<{ bytes?: Buffer; last: boolean }> {
    try {
      return await addon.nextChunk(query);
    } catch (error) {
      const failure = crossed(error);
      const reason = queries.get(key)?.reason;
      const cancelled = failure instanceof EngineError && failure.name === 'QUERY_WAS_CANCELLED';
      throw reason && cancelled ? reason : failure;
    }
  }
  return {
    async startQuery(plan, key) {
      const query = sync(() => addon.startQuery(plan));
      queries.set(key, { query });
      const { bytes, last } = await pull(key, query);
      return { first: bytes ?? null, last };
    },
    async nextChunk(key) {
      const running = queries.get(key);
      if (!running) return null;
      return (await pull(key, running.query)).bytes ?? null;
    },
    cancelQuery(key, reason) {
      const running = queries.get(key);
      if (!running) return;
      running.reason ??= reason;
      addon.cancelQuery(running.query);
    },
    queryProgress(key) {
      const running = queries.get(key);
      if (!running) return undefined;
      return (JSON.parse(addon.queryProgress(running.query)) as QueryProgress | null) ?? undefined;
    },
    closeQuery(key) {
      const running = queries.get(key);
      if (!running) return;
      queries.delete(key);
      addon.closeQuery(running.query);
    },
    async fileWish(path) {
      const wish = await addon.fileWish(path);
      return wish === null ? undefined : (JSON.parse(wish) as [number, number][]);
    },
    fileBrought: (path, code, message) => addon.fileBrought(path, code, message),
    fileForget: (path) => addon.fileForget(path),
  };
}
