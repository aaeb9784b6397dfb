// Runs a plan whose rows stay in the kernel, as rows of a table: a batch when they are few, finished
// segments when they are many. Nothing is part of the table yet.

import type { TableDefinition } from '../catalog/definition.ts';
import type { SinkJson } from '../plan/physical/wire.ts';
import type { IngestOutcome, InsertHow } from '../storage/kernel.ts';
import { tableShape } from '../tables/shape.ts';
import { type PlanText, type Run, sessionJson } from './core.ts';
import { launch } from './launch.ts';

/** What the settings say of rows that come in. */
export const insertHow = ({ settings }: Run): Required<InsertHow> => ({
  partitionsMax: settings.bool('throw_on_max_partitions_per_insert_block')
    ? settings.number('max_partitions_per_insert_block')
    : 0,
  asIs: !settings.bool('optimize_on_insert'),
});

/** @param instead handles that stand for tables of the plan, by table id
 *  @param key names the query in the kernel; by default it is one beside the statement's own */
export async function writeRows(
  run: Run,
  definition: TableDefinition,
  plan: PlanText,
  instead?: ReadonlyMap<number, number>,
  key = `${run.key}:${run.core.nextKey++}`,
): Promise<IngestOutcome> {
  const { storage, native } = run.core;
  const { files, health } = storage.context;
  const prefix = storage.names.prefix(definition.id);
  files.makeDir(prefix.slice(0, prefix.lastIndexOf('/')));
  const sink: SinkJson = {
    kind: 'segments',
    target: {
      store: files.store,
      table: tableShape(native.planner(sessionJson(run)), definition),
      prefix,
      ...insertHow(run),
    },
  };
  try {
    const text = await consume(run, launch(run, plan, sink, false, instead), key);
    return JSON.parse(text) as IngestOutcome;
  } catch (error) {
    const refused = run.process.cancelled ?? health.refused(error);
    if (!health.poisoned) storage.collector.sweep(prefix);
    throw refused;
  }
}

/** Runs a plan of an internal sink to its end; gives its text. */
export async function consume(
  run: Run,
  started: { text: string; release: () => void },
  key = run.key,
): Promise<string> {
  const { native } = run.core;
  const onAbort = (): void => {
    if (run.process.cancelled) native.cancelQuery(key, run.process.cancelled);
  };
  native.closeQuery(key);
  run.signal.addEventListener('abort', onAbort);
  try {
    const start = await native.startQuery(started.text, key);
    const chunks: Buffer[] = start.first ? [start.first] : [];
    for (let last = start.last; !last; ) {
      const chunk = await native.nextChunk(key);
      if (chunk) chunks.push(chunk);
      else last = true;
    }
    return Buffer.concat(chunks).toString();
  } catch (error) {
    throw run.process.cancelled ?? error;
  } finally {
    run.signal.removeEventListener('abort', onAbort);
    // The statement's own query is closed with the statement: its figures are still wanted.
    if (key !== run.key) native.closeQuery(key);
    started.release();
  }
}
