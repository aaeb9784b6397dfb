// Engine → HTTP listener. It does not listen, so tests choose the port.
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Engine, Logger } from '../engine/facade.ts';
import { authenticate } from './auth.ts';
import { bodyFailure, expectsContinue } from './body.ts';
import type { Config } from './config.ts';
import type { Context, Services } from './context.ts';
import {
  checkFraming,
  checkLoopbackHost,
  foreignWrite,
  judgeOrigin,
  type OriginVerdict,
  parseTarget,
} from './gate.ts';
import { errorDocument, httpFailure } from './http-error.ts';
import { HttpMetrics } from './metrics.ts';
import { badRequest, isFailure, RequestError } from './request-error.ts';
import { findRoute, ROUTE_NAMES, type Route } from './routes.ts';
import { Sessions } from './sessions.ts';
import { breakOff } from './stream.ts';
import { didYouMean } from './suggest.ts';

const HEADER_BYTES_MAX = 1 << 20;
const HEADERS_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 30_000;
/** After an early refusal: how long and how much of the unread body is still taken, so that the client
 *  reads the answer before it meets a closed connection. */
const LINGER_MS = 3000;
const LINGER_BYTES = 64 * 2 ** 20;

export interface App {
  /** A listener for every HTTP port; all share one set of services. */
  createServer(): Server;
  readonly metrics: HttpMetrics;
}

export function createApp(engine: Engine, config: Config, log: Logger): App {
  const services: Services = {
    engine,
    config,
    log,
    sessions: new Sessions(engine),
    metrics: new HttpMetrics(),
  };
  return {
    metrics: services.metrics,
    createServer: () => {
      const server = createServer(
        {
          maxHeaderSize: HEADER_BYTES_MAX,
          headersTimeout: HEADERS_TIMEOUT_MS,
          requestTimeout: 0,
          keepAliveTimeout: KEEP_ALIVE_MS,
          connectionsCheckingInterval: 2000,
          noDelay: true,
        },
        (req, res) => void handle(services, req, res),
      );
      server.maxHeadersCount = 0;
      server.on('checkContinue', (req, res) => void handle(services, req, res));
      server.on('checkExpectation', (_req, res: ServerResponse) => {
        res.writeHead(417, { connection: 'close', 'content-length': '0' }).end();
      });
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket));
      server.on('connect', (_req, socket) => refuse(undefined, socket));
      server.on('upgrade', (_req, socket) => refuse(undefined, socket));
      server.on('connection', (socket: Socket) => {
        services.metrics.connections++;
        socket.once('close', () => services.metrics.connections--);
      });
      return server;
    },
  };
}

const closing = new WeakSet<object>();

async function handle(
  services: Services,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { metrics, log } = services;
  // What a client sent behind a request whose framing is in doubt may be that request's body.
  if (closing.has(req.socket)) {
    req.resume();
    return;
  }
  const gone = new AbortController();
  let face: Route['face'] = 'json';
  let name = 'other';
  metrics.running++;
  res.once('close', () => {
    metrics.running--;
    metrics.count(name, res.statusCode);
    if (!res.writableFinished) gone.abort();
  });
  req.on('error', () => undefined);
  res.on('error', () => undefined);
  try {
    const target = parseTarget(req);
    const route = findRoute(target.path);
    if (route !== undefined) {
      face = route.face;
      name = route.name;
    }
    checkFraming(req);
    if (services.config.login === undefined) checkLoopbackHost(req);
    const origin = judgeOrigin(req, services.config.corsOrigins);
    allowOrigin(res, origin);
    if (req.method === 'OPTIONS') {
      preflight(req, res, origin, route);
      return;
    }
    if (route === undefined) throw noSuchRoute(target.path);
    if (!route.methods.includes(req.method ?? '')) throw wrongMethod(route);
    if (origin.foreign && req.method !== 'GET' && req.method !== 'HEAD') throw foreignWrite();
    const user =
      route.open === true
        ? { name: 'default' }
        : authenticate(req, target.query, services.config.login);
    const context: Context = { ...services, req, res, target, user, signal: gone.signal };
    await route.handle(context);
    // A route that answers without reading its body must not leave it to the next request.
    if (!req.complete) req.resume();
  } catch (error) {
    if (gone.signal.aborted || res.destroyed) {
      if (!isFailure(error))
        log.warn({ error: String(error) }, 'failure after the client had gone');
      return;
    }
    answerFailure(services, req, res, bodyFailure(req) ?? error, face);
  }
}

function allowOrigin(res: ServerResponse, origin: OriginVerdict): void {
  res.setHeader('vary', 'Origin');
  res.setHeader('x-content-type-options', 'nosniff');
  if (origin.allowed === undefined) return;
  res.setHeader('access-control-allow-origin', origin.allowed);
  res.setHeader(
    'access-control-expose-headers',
    'X-ClickHouse-Query-Id, X-ClickHouse-Format, X-ClickHouse-Timezone, X-ClickHouse-Summary, X-ClickHouse-Exception-Code, X-ClickHouse-Exception-Tag, Retry-After',
  );
}

/** Only a listed origin learns that it may go on. */
function preflight(
  req: IncomingMessage,
  res: ServerResponse,
  origin: OriginVerdict,
  route: Route | undefined,
): void {
  const headers: OutgoingHttpHeaders = { allow: route?.methods.join(', ') ?? 'OPTIONS' };
  if (origin.allowed !== undefined) {
    headers['access-control-allow-methods'] = 'GET, POST';
    headers['access-control-allow-headers'] =
      req.headers['access-control-request-headers'] ?? 'content-type';
    headers['access-control-max-age'] = '600';
  }
  if (!req.complete) req.resume();
  res.writeHead(204, headers).end();
}

function noSuchRoute(path: string): RequestError {
  const known = didYouMean(path.slice(0, 60).replace(/\/+$/, ''), ROUTE_NAMES);
  return badRequest(
    'There is no such route. Send SQL to /query or to /?query=, rows to /ingest; /ping says whether the server is there',
    {
      status: 404,
      ...(known !== undefined && { hint: known }),
    },
  );
}

const wrongMethod = (route: Route): RequestError =>
  badRequest(`${route.name} takes ${route.methods.join(', ')}`, {
    status: 405,
    headers: { allow: route.methods.join(', ') },
  });

function answerFailure(
  services: Services,
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
  face: Route['face'],
): void {
  const { log, engine } = services;
  const failure = httpFailure(error, face, engine.version, log);
  if (res.headersSent) {
    breakOff(res);
    return;
  }
  const body = req.method === 'HEAD' ? '' : failure.body;
  const waits = expectsContinue(req) && !req.complete;
  const unread = !req.complete;
  const headers: OutgoingHttpHeaders = {
    ...failure.headers,
    'content-length': String(Buffer.byteLength(failure.body)),
  };
  if (failure.close || unread) {
    headers.connection = 'close';
    closing.add(req.socket);
  }
  res.writeHead(failure.status, headers);
  // Who has stopped sending has nothing under way that could overtake the answer.
  if (!unread || waits || failure.status === 408) {
    res.end(body);
    return;
  }
  linger(req, res, body);
}

/** Sends the whole answer, then takes what the client still sends before the connection is closed:
 *  closing with unread bytes would make the system throw the answer away. */
function linger(req: IncomingMessage, res: ServerResponse, body: string): void {
  let taken = 0;
  let ended = false;
  const finish = (): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  req.on('data', (piece: Buffer) => {
    taken += piece.length;
    if (taken > LINGER_BYTES) finish();
  });
  for (const event of ['end', 'error', 'close', 'aborted']) req.once(event, finish);
  res.once('close', finish);
  res.write(body === '' ? ' ' : body);
  // Whoever read the body piece by piece may have left without a word; the stream would wait for it.
  req.removeAllListeners('readable');
  setImmediate(() => req.resume());
}

const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/** What Node's parser refuses: one plain answer, then the connection closes. */
function refuse(error: NodeJS.ErrnoException | undefined, socket: Duplex): void {
  const s = socket as Socket & { _httpMessage?: ServerResponse | null };
  const started = s._httpMessage?.headersSent === true;
  if (!s.writable || started || s.bytesRead === 0 || error?.code === 'ECONNRESET') {
    s.destroy();
    return;
  }
  const status = PARSER_STATUS[error?.code ?? ''] ?? 400;
  const failure =
    status === 408
      ? new RequestError('SOCKET_TIMEOUT', 'The headers of the request did not arrive in time')
      : badRequest(
          status === 431
            ? `The request line and headers are larger than ${HEADER_BYTES_MAX} bytes`
            : 'The request is not valid HTTP/1.1',
        );
  const body = errorDocument(failure);
  s.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Bad Request'}\r\nConnection: close\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  setTimeout(() => s.destroy(), 500).unref();
}
