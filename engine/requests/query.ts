// The life of a statement, in one place: settings, parsing, a turn, planning, rows, the log.
//
// 1. Settings of server, session and request. 2. Parse. 3. Wait for a turn; from then on the
// statement stands in system.processes. 4. The statement's handler plans or acts. 5. The kernel
// starts; the first chunk decides between an answer and a failure. 6. The rest is pulled by the
// client. 7. At the end, however it comes: release tables, leave the list, write the log.

import { randomUUID } from 'node:crypto';
import type { Statement } from '../../sql/index.ts';
import { fail } from '../errors.ts';
import type { QueryRequest, QueryResult } from '../facade.ts';
import { statementWithoutSecrets } from '../outbound/secrets.ts';
import { Outside } from '../outside/outside.ts';
import { type Core, count, type EngineSession, type Run } from '../query/core.ts';
import { PlanOutdated } from '../query/launch.ts';
import { checkPositional, parse, placed } from '../query/syntax.ts';
import type { Settings } from '../settings/index.ts';
import { checkAllowed, runStatement } from '../statements/index.ts';
import { requireDatabase } from '../tables/databases.ts';
import { respond } from './answer.ts';
import { finish, type Life } from './ending.ts';

/** Statements that may be sent while their current database is not there. */
const ownsDatabase: ReadonlySet<Statement['kind']> = new Set([
  'CreateDatabase',
  'Drop',
  'Use',
  'Set',
]);

export async function runQuery(core: Core, request: QueryRequest): Promise<QueryResult> {
  const life: Life = {
    core,
    request,
    id: request.queryId || randomUUID(),
    key: String(core.nextKey++),
    startedMs: core.clock.now(),
  };
  try {
    const settings = settingsOf(core, request);
    const statement = parsed(core, request, settings);
    if (statement.kind !== 'Kill') {
      life.leave =
        core.admission.tryEnter(request.sql) ??
        (await core.admission.enter(request.sql, request.signal));
      checkShare(core, request.user.name, settings);
    }
    const run = begin(life, statement, settings);
    life.run = run;
    if (request.database && !ownsDatabase.has(statement.kind))
      requireDatabase(core.storage.context.catalog.state, run.database);
    checkAllowed(run, statement);
    const answered = async (): Promise<QueryResult> => {
      const answer = await run.outside.with(
        () => run.settings,
        () => runStatement(run, statement),
      );
      if (run.process.cancelled) throw run.process.cancelled;
      return await respond(life, run, answer);
    };
    try {
      return await answered();
    } catch (error) {
      if (!(error instanceof PlanOutdated) || statement.kind !== 'QueryStatement') throw error;
      run.settings = settings.with([['optimize_use_materialized_views', '0']]);
      return await answered();
    }
  } catch (error) {
    const met = core.storage.context.health.met(error);
    const failure = placed(life.run?.process.cancelled ?? met, request.sql);
    finish(life, failure);
    throw failure;
  }
}

/** Throws TOO_MANY_SIMULTANEOUS_QUERIES where settings of the session or the request bound what runs already. */
function checkShare(core: Core, user: string, settings: Settings): void {
  const mine = settings.number('max_concurrent_queries_for_user');
  const all = settings.number('max_concurrent_queries_for_all_users');
  if (mine === 0 && all === 0) return;
  const running = core.processes.list();
  const own = running.filter((process) => process.user === user);
  const many = (count: number, most: number): boolean => most > 0 && count >= most;
  if (!many(own.length, mine) && !many(running.length, all)) return;
  const text = many(own.length, mine)
    ? `Too many simultaneous queries for user ${user}: ${own.length} run, max_concurrent_queries_for_user is ${mine}`
    : `Too many simultaneous queries: ${running.length} run, max_concurrent_queries_for_all_users is ${all}`;
  throw fail('TOO_MANY_SIMULTANEOUS_QUERIES', text, { retryAfterSeconds: 1 });
}

/** Those of the server, of the session and of the request. */
function settingsOf(core: Core, { session, settings }: QueryRequest): Settings {
  const own = session ? core.settings.with((session as EngineSession).settings) : core.settings;
  return settings ? own.with(Object.entries(settings)) : own;
}

/** Throws SYNTAX_ERROR also beyond max_query_size; rows behind INSERT do not count. */
function parsed(core: Core, { sql, positional }: QueryRequest, settings: Settings): Statement {
  const sizeMax = settings.number('max_query_size');
  const statement = parse(core, sql);
  if (positional?.length) checkPositional(statement, positional.length);
  const written = statement.kind === 'Insert' && statement.data ? statement.data.start : sql.length;
  if (sizeMax === 0 || written <= sizeMax) return statement;
  const text = `The statement has ${written} bytes, more than max_query_size (${sizeMax})`;
  throw fail('SYNTAX_ERROR', text, {
    hint: 'Raise the setting max_query_size, or send values as parameters',
    position: 0,
    length: 0,
    line: 1,
    column: 1,
  });
}

/** Puts the statement into system.processes, from where it can be cancelled. */
function begin(life: Life, statement: Statement, settings: Settings): Run & { outside: Outside } {
  const { core, request, id, key, startedMs } = life;
  const session = request.session as EngineSession | undefined;
  const database = request.database || session?.database || 'default';
  const controller = new AbortController();
  const text = statementWithoutSecrets(request.sql);
  const progress = () => progressOf(core, key);
  const process = core.processes.add(
    { id, key, user: request.user.name, text, database, startedMs, progress },
    (reason) => {
      core.native.cancelQuery(key, reason);
      controller.abort(reason);
    },
  );
  process.kind = kindName(statement);
  const onAbort = (): void => process.cancel(fail('QUERY_WAS_CANCELLED', 'The client has gone'));
  request.signal?.addEventListener('abort', onAbort, { once: true });
  const { leave } = life;
  life.leave = () => {
    request.signal?.removeEventListener('abort', onAbort);
    core.processes.remove(key);
    leave?.();
  };
  if (request.signal?.aborted) onAbort();
  count(core, 'Query');
  const readonly = Math.max(
    request.readonly ? 2 : 0,
    request.user.readonly ? 1 : 0,
    settings.number('readonly'),
  );
  return {
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
    database,
    format: request.format,
    outside: new Outside(core, key, controller.signal, readonly === 1),
  };
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
