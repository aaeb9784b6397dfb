// Rows in by /ingest and the library: the table is found or made, then the inserter takes over.

import { randomUUID } from 'node:crypto';
import { suggest } from '../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { asEngineError, EngineError, fail, noteError } from '../errors.ts';
import type { IngestRequest, IngestResult, RejectedRow as Rejected } from '../facade.ts';
import type { InsertOutcome } from '../ingest/insert.ts';
import { unknownTable } from '../query/catalog-view.ts';
import { type Core, count, type Run } from '../query/core.ts';
import { insertable } from '../query/stored-rows.ts';
import { ingestSpec } from '../statements/rows/ingest-spec.ts';
import { checkParts } from '../statements/rows/insert-limits.ts';
import { dropTables } from '../storage/mutations/mutations.ts';
import { requireDatabase } from '../tables/databases.ts';
import { insertTarget, viewRows } from '../views/fan-out.ts';
import { quarantine } from './quarantine.ts';
import { createFrom, sample } from './table-of-body.ts';

/** Formats whose values have names: columns that only exist while rows come in may be among them. */
const named =
  /^(JSONEachRow|JSON|JSONLines|NDJSON|Parquet|Arrow|ArrowStream|TSKV|.*WithNames(AndTypes)?)$/;

const taken = (definition: TableDefinition, format: string): readonly ColumnDefinition[] =>
  named.test(format)
    ? [
        ...insertable(definition),
        ...definition.columns.filter((c) => c.defaultKind === 'EPHEMERAL'),
      ]
    : insertable(definition);

const errorsShown = 100;

export async function ingest(core: Core, request: IngestRequest): Promise<IngestResult> {
  const startedMs = core.clock.now();
  const key = String(core.nextKey++);
  const id = request.queryId || randomUUID();
  const text = `INSERT INTO ${request.table} FORMAT ${request.format ?? 'JSONEachRow'}`;
  const controller = new AbortController();
  const progress = () => ({ readRows: 0, readBytes: 0, memory: 0, peakMemory: 0, resultRows: 0 });
  const database = request.database || 'default';
  const process = core.processes.add(
    { id, key, user: request.user.name, text, database, startedMs, progress },
    (reason) => controller.abort(reason),
  );
  process.kind = 'Insert';
  const onAbort = (): void => process.cancel(fail('QUERY_WAS_CANCELLED', 'The client has gone'));
  request.signal?.addEventListener('abort', onAbort, { once: true });
  if (request.signal?.aborted) onAbort();
  let rows = 0;
  let bytes = 0;
  let failure: EngineError | undefined;
  count(core, 'Query');
  count(core, 'InsertQuery');
  try {
    let { settings } = core;
    if (request.settings) settings = settings.with(Object.entries(request.settings));
    if (request.user.readonly) throw fail('READONLY', `User ${request.user.name} may only read`);
    const run: Run = {
      core,
      request: { sql: text, user: request.user },
      session: undefined,
      user: request.user,
      id,
      key,
      text,
      process,
      signal: controller.signal,
      nowMs: startedMs,
      readonly: 0,
      settings,
      database,
      format: undefined,
    };
    const result = await take(run, request);
    rows = result.rows;
    bytes = result.bytes;
    count(core, 'InsertedRows', rows);
    count(core, 'InsertedBytes', bytes);
    return result.answer;
  } catch (error) {
    const known = process.cancelled ?? core.storage.context.health.met(error);
    // What the body itself failed with belongs to the server: it knows what it meant.
    if (!(known instanceof EngineError) && !(known instanceof TypeError) && isFailure(known))
      throw known;
    failure = asEngineError(known);
    noteError(failure, core.clock.now());
    count(core, 'FailedQuery');
    throw failure;
  } finally {
    request.signal?.removeEventListener('abort', onAbort);
    core.processes.remove(key);
    core.log.add({
      type: failure ? 'ExceptionWhileProcessing' : 'QueryFinish',
      id,
      user: request.user.name,
      database,
      text,
      kind: 'Insert',
      startedMs,
      endedMs: core.clock.now(),
      readRows: rows,
      readBytes: bytes,
      resultRows: 0,
      resultBytes: 0,
      writtenRows: rows,
      writtenBytes: bytes,
      memory: 0,
      code: failure?.code ?? 0,
      message: failure?.message ?? '',
      comment: '',
      settings: new Map(),
    });
  }
}

function isFailure(error: unknown): boolean {
  const e = error as { code?: unknown; name?: unknown; fault?: unknown; status?: unknown };
  return (
    typeof e === 'object' &&
    e !== null &&
    (typeof e.code === 'number' || e.status !== undefined || e.fault !== undefined)
  );
}

interface Taken {
  rows: number;
  bytes: number;
  answer: IngestResult;
}

async function take(run: Run, request: IngestRequest): Promise<Taken> {
  const { core } = run;
  const { catalog } = core.storage.context;
  const wanted = request.format || 'JSONEachRow';
  const format = core.native.format(wanted);
  if (!format?.input) {
    const names = core.native.registry.formats.filter((f) => f.input).map((f) => f.name);
    const near = suggest(wanted, names);
    const message = format
      ? `Format ${format.name} is only for output`
      : `Unknown format ${wanted}`;
    throw fail('UNKNOWN_FORMAT', message, near ? { hint: `Did you mean \`${near}\`?` } : {});
  }
  if (run.database === 'system')
    throw fail('ACCESS_DENIED', 'Tables of the database system take no rows');
  requireDatabase(catalog.state, run.database);
  let { body } = request;
  let created: IngestResult['created'];
  let table = catalog.find(run.database, request.table);
  if (!table && request.create) {
    const head = await sample(request.body, format.name, run.signal);
    body = head.body;
    created = await createFrom(run, request, format.name, head.bytes);
    table = catalog.find(run.database, request.table);
  }
  if (!table) throw unknownTable(run, catalog.state, request.database, request.table);
  const definition = insertTarget(run, table.definition);
  if (definition.engine.name === 'View')
    throw fail('NOT_IMPLEMENTED', `${request.table} is a view: it takes no rows`);
  checkParts(run, definition);
  const tableId = definition.id;
  const current = (): TableDefinition => {
    const now = catalog.table(tableId);
    if (!now) throw fail('UNKNOWN_TABLE', `Table ${run.database}.${request.table} was dropped`);
    return now.definition;
  };
  const onError = request.onError ?? 'fail';
  const token = request.token ?? (run.settings.text('insert_deduplication_token') || undefined);
  const outcome = await inserted(core, created !== undefined, tableId, {
    table: current,
    spec: (now) =>
      ingestSpec(run, now, taken(now, format.name), {
        format: format.name,
        encoding: request.encoding,
        strict: true,
        skipErrors: onError !== 'fail',
        hash: token !== undefined,
      }),
    body,
    encoded: request.encoding !== undefined,
    token,
    signal: run.signal,
    views: viewRows(run),
    ...(onError === 'quarantine'
      ? { quarantine: (rejected) => quarantine(run, definition, rejected) }
      : {}),
  });
  const answer: IngestResult = {
    table: request.table,
    rows: outcome.rows,
    rejected: outcome.rejected,
    deduplicated: outcome.deduplicated,
    errors: outcome.errors.slice(0, errorsShown).map(({ raw: _, ...error }): Rejected => error),
    ...(created ? { created } : {}),
  };
  return { rows: outcome.rows, bytes: outcome.bytes, answer };
}

/** Inserts; a table that was made for these rows goes again if they are refused. */
async function inserted(
  core: Core,
  fresh: boolean,
  tableId: number,
  request: Parameters<Core['inserter']['insert']>[0],
): Promise<InsertOutcome> {
  try {
    return await core.inserter.insert(request);
  } catch (error) {
    const state = core.storage.context.catalog.table(tableId);
    const empty = state?.segments.length === 0 && core.storage.store(tableId).memory.rows === 0;
    if (fresh && empty) await dropTables(core.storage, [tableId]);
    throw error;
  }
}
