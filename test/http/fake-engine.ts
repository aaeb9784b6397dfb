// A test double of the engine: a table of ids in memory and a handful of statements, enough to show what
// the HTTP edge does with answers, streams, failures and cut connections. It knows no SQL.
import type {
  Engine,
  Fault,
  IngestRequest,
  IngestResult,
  QueryRequest,
  QueryResult,
} from '../../engine/facade.ts';

export class FakeFailure extends Error {
  readonly code: number;
  readonly fault: Fault;
  constructor(code: number, name: string, fault: Fault, message: string, more: object = {}) {
    super(message);
    this.name = name;
    this.code = code;
    this.fault = fault;
    Object.assign(this, more);
  }
}

export interface FakeEngine extends Engine {
  rows: string[];
  requests: QueryRequest[];
  ingests: IngestRequest[];
  /** Statements that have begun and neither ended nor been cancelled. */
  running: number;
  cancelled: number;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

export function fakeEngine(): FakeEngine {
  const engine: FakeEngine = {
    version: '0.0.0.1',
    rows: [],
    requests: [],
    ingests: [],
    running: 0,
    cancelled: 0,
    metrics: () => [{ name: 'queries_total', value: 1, help: 'Queries.', type: 'counter' }],
    coder: () => ({ push: async (bytes) => bytes, finish: async () => new Uint8Array() }),
    session: (id) => ({ id, settings: new Map(), database: 'default' }),
    close: async () => undefined,
    query: (request) => query(engine, request),
    ingest: (request) => ingest(engine, request),
  };
  return engine;
}

async function query(engine: FakeEngine, request: QueryRequest): Promise<QueryResult> {
  engine.requests.push(request);
  const sql = request.sql.trim();
  const writes = /^(insert|drop|truncate|create|alter)\b/i.test(sql);
  if (sql === '') throw syntax('Empty statement');
  if (request.readonly && writes) {
    throw new FakeFailure(164, 'READONLY', 'denied', 'Cannot execute in readonly mode');
  }
  if (Object.hasOwn(request.settings ?? {}, 'no_such_setting')) {
    throw new FakeFailure(115, 'UNKNOWN_SETTING', 'missing', 'Unknown setting no_such_setting');
  }
  if (/^select boom/i.test(sql)) throw new Error('secret inside');
  if (/^select busy/i.test(sql)) {
    throw new FakeFailure(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'busy', 'Too many', {
      retryAfterSeconds: 2,
    });
  }
  if (/^insert/i.test(sql)) {
    for await (const piece of request.data ?? []) engine.rows.push(Buffer.from(piece).toString());
    return result(engine, request, '', []);
  }
  if (writes) return result(engine, request, '', []);
  if (/^select endless/i.test(sql)) return result(engine, request, 'JSONEachRow', endless(request));
  if (/^select late/i.test(sql)) return result(engine, request, 'JSONEachRow', late());
  if (/^select never/i.test(sql)) {
    engine.running++;
    await new Promise((resolve) => request.signal?.addEventListener('abort', resolve));
    engine.running--;
    engine.cancelled++;
    throw new FakeFailure(394, 'QUERY_WAS_CANCELLED', 'client', 'Cancelled');
  }
  if (/^(select|with|show)/i.test(sql)) {
    const doc = { meta: [], data: [{ x: 42 }], rows: 1 };
    return result(engine, request, request.format ?? 'JSON', [encode(`${JSON.stringify(doc)}\n`)]);
  }
  throw syntax('Syntax error: failed at the first word');
}

const syntax = (message: string): FakeFailure =>
  new FakeFailure(62, 'SYNTAX_ERROR', 'client', message, {
    position: 0,
    length: 1,
    line: 1,
    column: 1,
    hint: 'Maybe you meant SELECT',
  });

async function* endless(request: QueryRequest): AsyncGenerator<Uint8Array> {
  const chunk = encode(`${'{"x":1}\n'.repeat(8000)}`);
  while (!request.signal?.aborted) {
    await new Promise((resolve) => setImmediate(resolve));
    yield chunk;
  }
}

async function* late(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 40; i++) yield encode('{"x":1}\n'.repeat(8000));
  throw new FakeFailure(395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO', 'client', 'stop here');
}

function result(
  engine: FakeEngine,
  request: QueryRequest,
  format: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): QueryResult {
  engine.running++;
  let over = false;
  return {
    queryId: request.queryId ?? 'q',
    format,
    contentType: format.startsWith('JSON') ? 'application/json; charset=UTF-8' : 'text/plain',
    timezone: 'UTC',
    chunks: (async function* () {
      yield* chunks;
    })(),
    summary: () => ({
      readRows: 1,
      readBytes: 8,
      writtenRows: 0,
      writtenBytes: 0,
      resultRows: 1,
      elapsedNs: 1000,
      memoryUsage: 0,
    }),
    cancel: () => {
      if (!over) engine.running--;
      over = true;
      engine.cancelled++;
    },
  };
}

async function ingest(engine: FakeEngine, request: IngestRequest): Promise<IngestResult> {
  engine.ingests.push(request);
  if (request.table !== 'guard') {
    throw new FakeFailure(60, 'UNKNOWN_TABLE', 'missing', `There is no table of that name`);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of request.body) pieces.push(piece);
  const lines = Buffer.concat(pieces).toString().split('\n').filter(Boolean);
  for (const line of lines) {
    try {
      JSON.parse(line);
    } catch {
      throw new FakeFailure(117, 'INCORRECT_DATA', 'client', 'A row is not JSON');
    }
  }
  engine.rows.push(...lines);
  return { table: request.table, rows: lines.length, rejected: 0, deduplicated: 0, errors: [] };
}
