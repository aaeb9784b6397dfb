// Rows in by /ingest and the library: the table is found or made, then the inserter takes over.

import { randomUUID } from 'node:crypto';
import { suggest } from '../../sql/index.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definition.ts';
import { asEngineError, EngineError, fail, noteError } from '../errors.ts';
import type { IngestRequest, IngestResult, RejectedRow as Rejected } from '../facade.ts';
import type { InsertOutcome } from '../ingest/insert.ts';
import { baseType } from '../plan/types.ts';
import { unknownTable } from '../query/catalog-view.ts';
import { type Core, count, type Run } from '../query/core.ts';
import { insertable } from '../query/stored-rows.ts';
import { emptyDefinition } from '../statements/create/table.ts';
import { ingestSpec } from '../statements/rows/insert.ts';
import { checkParts } from '../statements/rows/insert-limits.ts';
import type { RejectedRow } from '../storage/kernel.ts';
import { dropTables } from '../storage/mutations/mutations.ts';
import { createTableSql } from '../tables/create-sql.ts';
import { requireDatabase } from '../tables/databases.ts';
import { insertTarget, viewRows } from '../views/fan-out.ts';

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

const sampleBytesMax = 1 << 20;
/** Their columns are named at the end of the file: all of it is needed before the first row. */
const wholeFormats: ReadonlySet<string> = new Set(['Parquet', 'Arrow', 'JSON', 'JSONCompact']);
const wholeBytesMax = 1 << 30;
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
    const head = await sample(
      request.body,
      wholeFormats.has(format.name) ? wholeBytesMax : sampleBytesMax,
      run.signal,
    );
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

/** The beginning of a body, and a body that still has it. */
async function sample(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<{ bytes: Buffer; body: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < bytesMax) {
    const next = await iterator.next();
    signal.throwIfAborted();
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (let next = await iterator.next(); !next.done; next = await iterator.next())
      yield next.value;
  }
  return { bytes: Buffer.concat(chunks), body: whole() };
}

const timeName = /^(ts|time|timestamp|event_?time|created(_?at)?|date|datetime|at|when)$/i;

/** ORDER BY the timestamp when there is one: the best named, else the first. */
function orderOf(columns: readonly { name: string; type: string }[]): string[] {
  const times = columns.filter((c) => /^DateTime/.test(c.type) || /^Date(32)?$/.test(c.type));
  const moments = times.filter((c) => /^DateTime/.test(c.type));
  const list = moments.length > 0 ? moments : times;
  const best = list.find((c) => timeName.test(c.name)) ?? list[0];
  return best ? [best.name] : [];
}

async function createFrom(
  run: Run,
  request: IngestRequest,
  format: string,
  bytes: Buffer,
): Promise<IngestResult['created']> {
  const { core } = run;
  if (!/^[^\0\n]{1,255}$/.test(request.table))
    throw fail('BAD_ARGUMENTS', 'The name of a table has 1 to 255 bytes');
  const spec = {
    format,
    settings: run.settings.forKernel(),
    timezone: 'UTC',
    ...(request.encoding ? { encoding: request.encoding } : {}),
  };
  const fields = await inferred(run, spec, bytes);
  const columns: ColumnDefinition[] = fields.map(({ name, type }) => ({ name, type }));
  if (columns.length === 0) {
    throw fail('CANNOT_EXTRACT_TABLE_STRUCTURE', 'No columns can be inferred from the body', {
      hint: 'Create the table first',
    });
  }
  const names = new Set(columns.map((c) => c.name));
  if (names.size < columns.length)
    throw fail('DUPLICATE_COLUMN', 'A name of a column is there twice');
  const orderBy = orderOf(columns).filter((name) => !baseType(name).startsWith('Nullable'));
  const definition: TableDefinition = {
    ...emptyDefinition(run.database, request.table),
    columns,
    orderBy: orderBy.map((name) =>
      /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replace(/[\\`]/g, '\\$&')}\``,
    ),
  };
  const { catalog } = core.storage.context;
  const created = { ...definition, id: catalog.reserveTableId() };
  try {
    await catalog.commit({ ddl: [{ op: 'createTable', definition: created }] });
  } catch (error) {
    // Another request made it meanwhile.
    if (!(error instanceof EngineError) || error.name !== 'TABLE_ALREADY_EXISTS') throw error;
    return undefined;
  }
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    orderBy: definition.orderBy.length > 0 ? definition.orderBy.join(', ') : 'tuple()',
    sql: createTableSql(created, true),
  };
}

async function inferred(
  run: Run,
  spec: object,
  bytes: Buffer,
): Promise<{ name: string; type: string }[]> {
  return run.core.native.inferSchema(spec, bytes);
}

/** Keeps rejected rows in a table beside, made when it is first needed. */
async function quarantine(
  run: Run,
  definition: TableDefinition,
  rejected: readonly RejectedRow[],
): Promise<void> {
  const { core } = run;
  const { catalog } = core.storage.context;
  const name = `${definition.name}_quarantine`;
  if (!catalog.find(definition.database, name)) {
    const columns: ColumnDefinition[] = [
      { name: 'time', type: 'DateTime' },
      { name: 'query_id', type: 'String' },
      { name: 'row', type: 'UInt64' },
      { name: 'column', type: 'String' },
      { name: 'code', type: 'LowCardinality(String)' },
      { name: 'message', type: 'String' },
      { name: 'raw', type: 'String' },
    ];
    const table = {
      ...emptyDefinition(definition.database, name),
      columns,
      orderBy: ['time'],
      id: catalog.reserveTableId(),
    };
    await catalog
      .commit({ ddl: [{ op: 'createTable', definition: table }] })
      .catch((error: unknown) => {
        if (!(error instanceof EngineError) || error.name !== 'TABLE_ALREADY_EXISTS') throw error;
      });
  }
  const table = catalog.find(definition.database, name);
  if (!table) throw fail('UNKNOWN_TABLE', `Table ${name} was dropped`);
  const time = Math.floor(run.nowMs / 1000);
  const lines = rejected.map((r) =>
    JSON.stringify({
      time,
      query_id: run.id,
      row: r.row,
      column: r.column ?? '',
      code: r.code,
      message: r.message,
      raw: r.raw ?? '',
    }),
  );
  const body = Buffer.from(lines.join('\n'));
  async function* once(): AsyncGenerator<Uint8Array> {
    yield body;
  }
  await core.inserter.insert({
    table: () => table.definition,
    spec: (now) =>
      ingestSpec(run, now, insertable(now), {
        format: 'JSONEachRow',
        strict: false,
        skipErrors: false,
        hash: false,
      }),
    body: once(),
  });
}
