// The kernel as the life-cycle of rows sees it: memtables, the log, jobs, rows that come in.
import type {
  DecodedBatch,
  IngestKernel,
  IngestOutcome,
  Job,
  JobResult,
  Kernel,
} from '../storage/kernel.ts';
import type { Addon } from './addon.ts';
import { later, sync } from './failures.ts';

const tableTexts = new WeakMap<object, string>();

/** Shapes are made once per version of a table and cross often. */
function tableText(table: object): string {
  let text = tableTexts.get(table);
  if (text === undefined) {
    text = JSON.stringify(table);
    tableTexts.set(table, text);
  }
  return text;
}

export function rowsKernel(addon: Addon): Kernel & IngestKernel {
  return {
    registerTable: (spec) => sync(() => addon.registerTable(JSON.stringify(spec))),
    releaseTable: (handle) => sync(() => addon.releaseTable(handle)),
    memtableOpen: (table) => sync(() => addon.memtableOpen(JSON.stringify(table))),
    memtableAppend: (memtable, batch) => sync(() => addon.memtableAppend(memtable, batch)),
    memtableDrop: (memtable) => sync(() => addon.memtableDrop(memtable)),
    batchDrop: (batch) => sync(() => addon.batchDrop(batch)),
    batchPrepare: (batch, table, how) =>
      sync(() => addon.batchPrepare(batch, tableText(table), JSON.stringify(how))),
    walEncode: (batch) => sync(() => addon.walEncode(batch)),
    walDecode: (table, payload) => sync(() => addon.walDecode(JSON.stringify(table), payload)),
    runJob: async (job: Job) =>
      JSON.parse(await later(addon.runJob(JSON.stringify(job)))) as JobResult,
    cancelJob: (job) => sync(() => addon.cancelJob(job)),
    jobProgress: (job) => addon.jobProgress(job) ?? undefined,
    decodeRows: (spec, body) =>
      JSON.parse(sync(() => addon.decodeRows(JSON.stringify(spec), body))) as DecodedBatch,
    ingestOpen: (spec) => sync(() => addon.ingestOpen(JSON.stringify(spec))),
    ingestPush: (ingest, bytes) => later(addon.ingestPush(ingest, bytes)),
    ingestFinish: async (ingest) =>
      JSON.parse(await later(addon.ingestFinish(ingest))) as IngestOutcome,
    ingestAbort: (ingest) => sync(() => addon.ingestAbort(ingest)),
    inferSchema: (spec, sample) =>
      JSON.parse(sync(() => addon.inferSchema(JSON.stringify(spec), sample))) as {
        name: string;
        type: string;
      }[],
    forgetStore: (store) => addon.forgetStore(store),
  };
}
