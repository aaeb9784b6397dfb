// Small queries of the engine itself: their rows come back as texts.

import type { PlanText, Run } from './core.ts';
import { launch } from './launch.ts';

/** Runs a plan and gives its rows (JSONCompactEachRow). For results that are surely small. */
/** `texts`: numbers come as the texts that literals of plans are made of. */
export async function internalRows(run: Run, plan: PlanText, texts = false): Promise<unknown[][]> {
  const settings: Record<string, string> = {
    output_format_json_quote_64bit_integers: '1',
    output_format_json_quote_decimals: '1',
    output_format_json_named_tuples_as_objects: '0',
  };
  const chunks = await internalChunks(run, plan, 'JSONCompactEachRow', settings);
  const text = Buffer.concat(chunks).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[])
    .map((row) => (texts ? (asTexts(row) as unknown[]) : row));
}

export async function internalChunks(
  run: Run,
  plan: PlanText,
  format: string,
  settings: Record<string, string>,
): Promise<Buffer[]> {
  const { native } = run.core;
  const key = `${run.key}:${run.core.nextKey++}`;
  const { text, release } = launch(run, plan, { kind: 'format', format, settings });
  const onAbort = (): void => {
    if (run.process.cancelled) native.cancelQuery(key, run.process.cancelled);
  };
  run.signal.addEventListener('abort', onAbort);
  try {
    const start = await native.startQuery(text, key);
    const chunks: Buffer[] = start.first ? [start.first] : [];
    for (let last = start.last; !last; ) {
      const chunk = await native.nextChunk(key);
      if (chunk) chunks.push(chunk);
      else last = true;
    }
    return chunks;
  } finally {
    run.signal.removeEventListener('abort', onAbort);
    native.closeQuery(key);
    release();
  }
}

function asTexts(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? value.map(asTexts) : value;
}
