// The life of a statement, in one place: settings, parsing, a turn, planning, rows, the log.
//
// 1. Settings of server, session and request. 2. Parse. 3. Wait for a turn; from then on the
// statement stands in system.processes. 4. The statement's handler plans or acts. 5. The kernel
// starts; the first chunk decides between an answer and a failure. 6. The rest is pulled by the
// client. 7. At the end, however it comes: release tables, leave the list, write the log.

import { randomUUID } from 'node:crypto';
import { type Statement, suggest } from '../../sql/index.ts';
import { type EngineError, fail, noteError } from '../errors.ts';
import type { QueryRequest, QueryResult, QuerySummary } from '../facade.ts';
import type { QueryProgress } from '../native/index.ts';
import { statementWithoutSecrets } from '../outbound/secrets.ts';
import { Outside } from '../outside/outside.ts';
import type { SinkJson } from '../plan/physical/wire.ts';
import { type Answer, type Core, count, type EngineSession, type Run } from '../query/core.ts';
import { launch, PlanOutdated } from '../query/launch.ts';
import { rowsPlan } from '../query/plan-query.ts';
import { checkPositional, parse, placed } from '../query/syntax.ts';
import { defaultSettings } from '../settings/index.ts';
import { checkAllowed, runStatement } from '../statements/index.ts';
import { requireDatabase } from '../tables/databases.ts';

/** Statements that may be sent while their current database is not there. */
const ownsDatabase: ReadonlySet<Statement['kind']> = new Set([
  'CreateDatabase',
  'Drop',
  'Use',
  'Set',
]);

export async function runQuery(core: Core, request: QueryRequest): Promise<QueryResult> {
  const startedMs = core.clock.now();
  const id = request.queryId || randomUUID();
  const key = String(core.nextKey++);
  const session = request.session as EngineSession | undefined;
  let leave: (() => void) | undefined;
  let run: Run | undefined;
  try {
    let { settings } = core;
    if (session) settings = settings.with(session.settings);
    if (request.settings) settings = settings.with(Object.entries(request.settings));
    const readonly = Math.max(
      request.readonly ? 2 : 0,
      request.user.readonly ? 1 : 0,
      settings.number('readonly'),
    );
    const sizeMax = settings.number('max_query_size');
    const statement = parse(core, request.sql);
    if (request.positional?.length) checkPositional(statement, request.positional.length);
    const written =
      statement.kind === 'Insert' && statement.data ? statement.data.start : request.sql.length;
    if (sizeMax > 0 && written > sizeMax) {
      throw fail(
        'SYNTAX_ERROR',
        `The statement has ${written} bytes, more than max_query_size (${sizeMax})`,
        {
          hint: 'Raise the setting max_query_size, or send values as parameters',
          position: 0,
          length: 0,
          line: 1,
          column: 1,
        },
      );
    }
    if (statement.kind !== 'Kill')
      leave =
        core.admission.tryEnter(request.sql) ??
        (await core.admission.enter(request.sql, request.signal));
    const controller = new AbortController();
    const process = core.processes.add(
      {
        id,
        key,
        user: request.user.name,
        text: statementWithoutSecrets(request.sql),
        database: request.database || session?.database || 'default',
        startedMs,
        progress: () => progressOf(core, key),
      },
      (reason) => {
        core.native.cancelQuery(key, reason);
        controller.abort(reason);
      },
    );
    process.kind = kindName(statement);
    const onAbort = (): void => process.cancel(fail('QUERY_WAS_CANCELLED', 'The client has gone'));
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const enter = leave;
    leave = () => {
      request.signal?.removeEventListener('abort', onAbort);
      core.processes.remove(key);
      enter?.();
    };
    if (request.signal?.aborted) onAbort();
    const outside = new Outside(core, key, controller.signal, readonly === 1);
    run = {
      outside,
      core,
      request,
      session,
      user: request.user,
      id,
      key,
      text: request.sql,
      process,
      signal: controller.signal,
      nowMs: startedMs,
      readonly,
      settings,
      database: request.database || session?.database || 'default',
      format: request.format,
    };
    count(core, 'Query');
    if (request.database && !ownsDatabase.has(statement.kind))
      requireDatabase(core.storage.context.catalog.state, run.database);
    checkAllowed(run, statement);
    const answered = async (of: Run): Promise<QueryResult> => {
      const answer = await outside.with(
        () => of.settings,
        () => runStatement(of, statement),
      );
      if (process.cancelled) throw process.cancelled;
      return await respond(of, answer, leave as () => void);
    };
    try {
      return await answered(run);
    } catch (error) {
      if (!(error instanceof PlanOutdated) || statement.kind !== 'QueryStatement') throw error;
      run.settings = settings.with([['optimize_use_materialized_views', '0']]);
      return await answered(run);
    }
  } catch (error) {
    const met = core.storage.context.health.met(error);
    const failure = placed(run?.process.cancelled ?? met, request.sql);
    finish(core, run, request, id, startedMs, failure, undefined, leave, key);
    throw failure;
  }
}

function progressOf(core: Core, key: string) {
  const p = core.native.queryProgress(key);
  return {
    readRows: p?.readRows ?? 0,
    readBytes: p?.readBytes ?? 0,
    memory: p?.memory ?? 0,
    peakMemory: p?.memoryPeak ?? p?.memory ?? 0,
    resultRows: p?.resultRows ?? 0,
  };
}

function kindName(statement: Statement): string {
  if (statement.kind === 'QueryStatement') return 'Select';
  if (statement.kind === 'CreateTable' || statement.kind === 'CreateView') return 'Create';
  if (statement.kind === 'AlterTable') return 'Alter';
  if (statement.kind === 'ExistsStatement') return 'Exists';
  return statement.kind;
}

/** Failures of a limit whose overflow mode is throw. */
const limits = new Set([
  ...['TOO_MANY_ROWS', 'TOO_MANY_BYTES', 'TOO_MANY_ROWS_OR_BYTES', 'SET_SIZE_LIMIT_EXCEEDED'],
  'TIMEOUT_EXCEEDED',
]);

interface Totals extends QueryProgress {
  writtenRows: number;
  writtenBytes: number;
}

function finish(
  core: Core,
  run: Run | undefined,
  request: QueryRequest,
  id: string,
  startedMs: number,
  failure: EngineError | undefined,
  totals: Totals | undefined,
  leave: (() => void) | undefined,
  key: string,
): void {
  core.native.closeQuery(key);
  run?.outside?.close();
  leave?.();
  const endedMs = core.clock.now();
  if (failure) {
    noteError(failure, endedMs);
    count(core, 'FailedQuery');
    const { kind } = run?.process ?? {};
    if (kind === 'Select' || kind === 'Insert') count(core, `Failed${kind}Query`);
    if (limits.has(failure.name)) count(core, 'OverflowThrow');
  }
  const settings = run?.settings ?? defaultSettings;
  if (!settings.bool('log_queries')) return;
  core.log.add({
    type: !failure ? 'QueryFinish' : totals ? 'ExceptionWhileProcessing' : 'ExceptionBeforeStart',
    id,
    user: request.user.name,
    database: run?.database ?? request.database ?? 'default',
    text: run?.process.text ?? statementWithoutSecrets(request.sql),
    kind: run?.process.kind ?? 'Other',
    startedMs,
    endedMs,
    readRows: totals?.readRows ?? 0,
    readBytes: totals?.readBytes ?? 0,
    resultRows: totals?.resultRows ?? 0,
    resultBytes: totals?.resultBytes ?? 0,
    writtenRows: totals?.writtenRows ?? 0,
    writtenBytes: totals?.writtenBytes ?? 0,
    memory: totals?.memoryPeak ?? totals?.memory ?? 0,
    code: failure?.code ?? 0,
    message: failure?.message ?? '',
    comment: settings.text('log_comment'),
    settings: settings.changed,
  });
}

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

async function respond(run: Run, answer: Answer, leave: () => void): Promise<QueryResult> {
  const { core, key, request } = run;
  if (answer.kind === 'done') {
    const totals: Totals = {
      ...noProgress,
      ...(core.native.queryProgress(key) ?? {}),
      writtenRows: answer.rows ?? 0,
      writtenBytes: answer.bytes ?? 0,
    };
    finish(core, run, request, run.id, run.nowMs, undefined, totals, leave, key);
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
    finish(core, run, request, run.id, run.nowMs, failure, totals, leave, key);
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
