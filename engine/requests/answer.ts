// What a client gets of a statement that has planned or acted: rows as it pulls them, or an empty answer.

import { suggest } from '../../sql/index.ts';
import { type EngineError, fail } from '../errors.ts';
import type { QueryResult, QuerySummary } from '../facade.ts';
import type { QueryProgress } from '../native/index.ts';
import type { SinkJson } from '../plan/physical/wire.ts';
import type { Answer, Run } from '../query/core.ts';
import { launch } from '../query/launch.ts';
import { rowsPlan } from '../query/plan-query.ts';
import { placed } from '../query/syntax.ts';
import { finish, type Life, type Totals } from './ending.ts';

const noProgress: QueryProgress = {
  readRows: 0,
  readBytes: 0,
  resultRows: 0,
  resultBytes: 0,
  memory: 0,
};

/** The format a result is written in; throws UNKNOWN_FORMAT with the nearest name. */
export function outputFormat(run: Run): { name: string; contentType: string } {
  const wanted = run.format || run.settings.text('default_format') || 'TabSeparated';
  const format = run.core.native.format(wanted);
  if (format?.output) return format;
  if (format) throw fail('UNKNOWN_FORMAT', `Format ${format.name} is only for input`);
  const names = run.core.native.registry.formats.filter((f) => f.output).map((f) => f.name);
  const near = suggest(wanted, names);
  throw fail(
    'UNKNOWN_FORMAT',
    `Unknown format ${wanted}`,
    near ? { hint: `Did you mean \`${near}\`?` } : {},
  );
}

/** Starts what the statement has planned. Resolves when the first rows are there: until then a failure rejects. */
export async function respond(life: Life, run: Run, answer: Answer): Promise<QueryResult> {
  const { core, key, request } = life;
  if (answer.kind === 'done') {
    const totals: Totals = {
      ...noProgress,
      ...(core.native.queryProgress(key) ?? {}),
      writtenRows: answer.rows ?? 0,
      writtenBytes: answer.bytes ?? 0,
    };
    finish(life, undefined, totals);
    return result(
      run,
      '',
      'text/plain; charset=UTF-8',
      none(),
      () => totals,
      () => {},
    );
  }
  const plan = answer.kind === 'rows' ? rowsPlan(answer.columns, answer.rows) : answer.plan;
  const format = outputFormat(run);
  const sink: SinkJson = {
    kind: 'format',
    format: format.name,
    settings: request.protocol
      ? { ...run.settings.forKernel(), client_protocol_version: String(request.protocol) }
      : run.settings.forKernel(),
  };
  const { text, release } = launch(run, plan, sink);
  let start: Awaited<ReturnType<typeof core.native.startQuery>>;
  try {
    start = await core.native.startQuery(text, key);
  } catch (error) {
    release();
    throw run.process.cancelled ?? error;
  }
  let totals: Totals | undefined;
  const read = (): Totals =>
    totals ?? {
      ...(core.native.queryProgress(key) ?? noProgress),
      writtenRows: 0,
      writtenBytes: 0,
    };
  const end = (failure?: EngineError): void => {
    if (totals) return;
    totals = read();
    release();
    finish(life, failure, totals);
  };
  if (start.last) {
    end();
    const { first } = start;
    return result(
      run,
      format.name,
      format.contentType,
      first ? only(first) : none(),
      read,
      () => {},
    );
  }
  // A query that is cancelled while its client pauses ends at once; one that is at work ends itself.
  let working = false;
  run.signal.addEventListener('abort', () => {
    if (!working) end(run.process.cancelled);
  });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      if (start.first) yield start.first;
      for (;;) {
        if (run.process.cancelled) throw run.process.cancelled;
        working = true;
        const chunk = await core.native.nextChunk(key);
        working = false;
        if (!chunk) break;
        yield chunk;
      }
      end();
    } catch (error) {
      const met = run.core.storage.context.health.met(error);
      const failure = placed(run.process.cancelled ?? met, run.text);
      end(failure);
      throw failure;
    } finally {
      // The consumer left early.
      end(fail('QUERY_WAS_CANCELLED', 'The result was not read to its end'));
    }
  }
  const cancel = (): void => {
    run.process.cancel(fail('QUERY_WAS_CANCELLED', 'The client has gone'));
    end(run.process.cancelled);
  };
  return result(run, format.name, format.contentType, chunks(), read, cancel);
}

async function* none(): AsyncGenerator<Uint8Array> {}
async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

function result(
  run: Run,
  format: string,
  contentType: string,
  chunks: AsyncIterable<Uint8Array>,
  totals: () => Totals,
  cancel: () => void,
): QueryResult {
  let endedMs: number | undefined;
  return {
    queryId: run.id,
    format,
    contentType,
    timezone: run.settings.text('session_timezone') || 'UTC',
    chunks,
    cancel,
    summary(): QuerySummary {
      const t = totals();
      endedMs ??= run.core.clock.now();
      return {
        readRows: t.readRows,
        readBytes: t.readBytes,
        writtenRows: t.writtenRows,
        writtenBytes: t.writtenBytes,
        resultRows: t.resultRows,
        elapsedNs: Math.round((endedMs - run.nowMs) * 1e6),
        memoryUsage: t.memoryPeak ?? t.memory,
      };
    },
  };
}
