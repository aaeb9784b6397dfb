// Where a command's statements go: an engine in this process, or a server over HTTP. Both look the same.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type {
  ContentEncoding,
  Engine,
  Failure,
  Fault,
  IngestResult,
  Logger,
} from '../../engine/facade.ts';
import { silentLog } from '../log.ts';
import { Unreachable, Usage } from './failure.ts';
import { openEngine } from './open-engine.ts';

export interface Statement {
  sql: string;
  format: string;
  data?: AsyncIterable<Uint8Array>;
  params?: Record<string, string>;
  settings?: Record<string, string>;
  database?: string;
  queryId?: string;
  signal?: AbortSignal;
}

export interface Load {
  table: string;
  body: AsyncIterable<Uint8Array>;
  format?: string;
  encoding?: ContentEncoding;
  database?: string;
  create?: boolean;
  onError?: 'fail' | 'skip' | 'quarantine';
  token?: string;
  settings?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Connection {
  /** What the user sees as its name. */
  label: string;
  /** Resolves when the answer begins; a later failure throws from the iteration. */
  query(statement: Statement): Promise<AsyncIterable<Uint8Array>>;
  ingest(load: Load): Promise<IngestResult>;
  close(): Promise<void>;
}

export interface TargetOptions {
  data?: string;
  url?: string;
  set?: Record<string, string>;
}

/** Neither a directory nor a server: an empty database in a temporary folder, gone at the end. */
export async function connect(options: TargetOptions): Promise<Connection> {
  if (options.url !== undefined) return overHttp(options.url, options.set ?? {});
  if (options.data !== undefined) return local(resolve(options.data), options.set ?? {});
  const folder = mkdtempSync(join(tmpdir(), 'colonnade-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const connection = await local(folder, options.set ?? {});
  return {
    ...connection,
    label: 'a temporary database',
    close: async () => {
      await connection.close();
      remove();
    },
  };
}

export async function local(
  dataDir: string,
  settings: Record<string, string>,
  log: Logger = silentLog,
): Promise<Connection> {
  // Who types here may read these files and call those servers anyway.
  const own = { local_files: '1', outbound_hosts: '*', ...settings };
  return overEngine(await openEngine(dataDir, own, log), dataDir);
}

export function overEngine(engine: Engine, label: string): Connection {
  const user = { name: 'default' };
  const session = engine.session(`cli-${process.pid}`, 3600);
  return {
    label,
    query: async (s) => {
      const withSession = s.queryId === undefined || !s.queryId.startsWith('cli-look-');
      const result = await engine.query({ ...s, user, ...(withSession && { session }) });
      return result.chunks;
    },
    ingest: (load) => engine.ingest({ ...load, user }),
    close: () => engine.close(),
  };
}

// ------------------------------------------------------------------ HTTP

function overHttp(text: string, settings: Record<string, string>): Connection {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    throw new Usage(`${text} is no URL; use one like http://127.0.0.1:8123`);
  }
  const agent = new (url.protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  const sessionId = `cli-${process.pid}-${Date.now().toString(36)}`;
  const send = (path: string, query: URLSearchParams, body: Body, more: SendOptions) =>
    post(url, agent, `${path}?${query}`, body, more);
  return {
    label: url.host,
    query: async (s) => {
      const query = new URLSearchParams({ ...settings, ...s.settings, format: s.format });
      if (s.database) query.set('database', s.database);
      if (s.queryId) query.set('query_id', s.queryId);
      if (!s.queryId?.startsWith('cli-look-')) {
        query.set('session_id', sessionId);
        query.set('session_timeout', '3600');
      }
      for (const [name, value] of Object.entries(s.params ?? {})) query.set(`param_${name}`, value);
      if (s.data !== undefined) query.set('query', s.sql);
      return send('/query', query, s.data ?? s.sql, s.signal ? { signal: s.signal } : {});
    },
    ingest: async (load) => {
      const query = new URLSearchParams({ ...settings, ...load.settings, table: load.table });
      for (const key of ['format', 'database', 'token'] as const) {
        if (load[key]) query.set(key, load[key]);
      }
      if (load.create) query.set('create', '1');
      if (load.onError) query.set('on_error', load.onError);
      const headers: Record<string, string> = {};
      if (load.encoding) headers['content-encoding'] = load.encoding;
      const more = { headers, ...(load.signal && { signal: load.signal }) };
      const answer = await send('/ingest', query, load.body, more);
      return JSON.parse(await textOf(answer)) as IngestResult;
    },
    close: async () => agent.destroy(),
  };
}

type Body = string | AsyncIterable<Uint8Array>;
interface SendOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function post(
  url: URL,
  agent: http.Agent,
  path: string,
  body: Body,
  more: SendOptions,
): Promise<AsyncIterable<Uint8Array>> {
  return new Promise((done, reject) => {
    const headers: Record<string, string> = { ...more.headers };
    if (typeof body === 'string') headers['content-length'] = String(Buffer.byteLength(body));
    else headers['transfer-encoding'] = 'chunked';
    const request = (url.protocol === 'https:' ? https : http).request(
      {
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path: `${url.pathname.replace(/\/$/, '')}${path}`,
        method: 'POST',
        agent,
        headers,
        ...(url.username && {
          auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
        }),
        ...(more.signal && { signal: more.signal }),
      },
      (response) => {
        answered = true;
        if (response.statusCode === 200) done(wholeOrFail(response));
        else textOf(response).then((text) => reject(remoteFailure(response, text)), reject);
      },
    );
    let answered = false;
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (answered) return;
      reject(
        more.signal?.aborted
          ? error
          : new Unreachable(`${url.host} cannot be reached: ${error.code ?? error.message}`),
      );
    });
    if (typeof body === 'string') request.end(body);
    else void pipeBody(body, request).catch((error) => request.destroy(error as Error));
  });
}

async function pipeBody(
  body: AsyncIterable<Uint8Array>,
  request: http.ClientRequest,
): Promise<void> {
  for await (const piece of body) {
    if (request.destroyed) return;
    if (!request.write(piece)) await drained(request);
  }
  request.end();
}

/** Resolves when the request takes more, or never will again. */
function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const resume = (): void => {
      request.off('drain', resume);
      request.off('close', resume);
      resolve();
    };
    request.on('drain', resume);
    request.on('close', resume);
  });
}

async function* wholeOrFail(response: http.IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch {
    throw new Unreachable('the answer broke off: the query failed after its first rows');
  }
  if (!response.complete) throw new Unreachable('the answer broke off before its end');
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** A failure the server has written, with its place in the statement. */
class RemoteFailure extends Error implements Failure {
  readonly code: number;
  readonly fault: Fault = 'client';
  readonly position?: number;
  readonly length?: number;
  readonly hint?: string;
  constructor(fields: { code: number; name: string; message: string }) {
    super(fields.message);
    Object.assign(this, fields);
    this.code = fields.code;
    this.name = fields.name;
  }
}

function remoteFailure(response: http.IncomingMessage, text: string): Error {
  try {
    const { error } = JSON.parse(text) as {
      error: { code: number; name: string; message: string };
    };
    if (typeof error.code === 'number') return new RemoteFailure(error);
  } catch {
    // Not one of our servers: its own words are all there is.
  }
  return new Unreachable(
    `the server answered ${response.statusCode}: ${text.slice(0, 300).trim()}`,
  );
}
