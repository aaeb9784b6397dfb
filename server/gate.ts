// What a request must pass before any route sees it: unambiguous framing, a host of ours, an origin of ours.
// Node's parser refuses most broken requests; what it lets through (two Hosts, odd targets) is refused here.
import type { IncomingMessage } from 'node:http';
import { isLoopbackAddress } from './config.ts';
import { badRequest, RequestError } from './request-error.ts';

/** Header fields that must not occur twice: a second one makes the request mean two things. */
const SINGLE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'origin',
  'sec-fetch-site',
  'idempotency-key',
  'x-clickhouse-user',
  'x-clickhouse-key',
]);

export interface Target {
  /** The path as sent: never decoded, so that two spellings are never one route. */
  path: string;
  query: URLSearchParams;
  /** The text after `?`, or undefined without one. */
  search: string | undefined;
}

/** @throws BAD_ARGUMENTS with `close` when the request could be read in two ways */
export function checkFraming(req: IncomingMessage): void {
  const seen = new Set<string>();
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = (req.rawHeaders[i] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw ambiguous(`two ${name} headers`);
    seen.add(name);
  }
  const encoding = req.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw ambiguous('Transfer-Encoding must be chunked');
  }
  if (encoding !== undefined && req.headers['content-length'] !== undefined) {
    throw ambiguous('Content-Length beside Transfer-Encoding');
  }
  if (req.method === 'POST') checkLength(req);
  const length = req.headers['content-length'];
  if (length !== undefined && !/^\d{1,16}$/.test(length)) {
    throw ambiguous('Content-Length must be a number');
  }
}

const ambiguous = (what: string): RequestError =>
  badRequest(`The request is ambiguous: ${what}`, { close: true });

/** @throws HTTP_LENGTH_REQUIRED when a POST says nothing about its body */
function checkLength(req: IncomingMessage): void {
  if (req.headers['content-length'] !== undefined) return;
  if (req.headers['transfer-encoding'] !== undefined) return;
  throw new RequestError(
    'HTTP_LENGTH_REQUIRED',
    'A POST needs a Content-Length, or Transfer-Encoding: chunked',
    { status: 411, close: true },
  );
}

/** Splits the request target; absolute form is taken when its authority is the Host. */
export function parseTarget(req: IncomingMessage): Target {
  let raw = req.url ?? '/';
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(raw);
  if (absolute) {
    if (absolute[1]?.toLowerCase() !== (req.headers.host ?? '').toLowerCase()) {
      throw badRequest('The request names two hosts', { close: true });
    }
    raw = raw.slice(absolute[0].length) || '/';
  }
  if (raw.startsWith('?')) raw = `/${raw}`;
  const mark = raw.indexOf('?');
  const search = mark < 0 ? undefined : raw.slice(mark + 1);
  return {
    path: mark < 0 ? raw : raw.slice(0, mark),
    query: new URLSearchParams(search ?? ''),
    search,
  };
}

/** The name in a Host header without its port, or undefined when it is malformed. */
export function hostName(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(host);
  return match?.[1]?.toLowerCase();
}

/** Refuses every name but a loopback one: it would be a web page that rebound its own name to this machine. */
export function checkLoopbackHost(req: IncomingMessage): void {
  const host = req.headers.host;
  const name = host === undefined ? undefined : hostName(host);
  if (name !== undefined && isLoopbackAddress(name)) return;
  throw new RequestError(
    'ACCESS_DENIED',
    'The Host of the request is no loopback name. Without a password the server answers only to localhost, 127.0.0.1 and [::1]',
    { hint: 'Set COLONNADE_PASSWORD to use other names' },
  );
}

export interface OriginVerdict {
  /** A page of somebody else sent this: it may not write. */
  foreign: boolean;
  /** The origin to name in CORS headers, when it is listed. */
  allowed?: string;
}

export function judgeOrigin(req: IncomingMessage, listed: readonly string[]): OriginVerdict {
  const origin = req.headers.origin;
  const site = req.headers['sec-fetch-site'];
  if (origin !== undefined && origin !== 'null' && listed.includes(origin)) {
    return { foreign: false, allowed: origin };
  }
  if (site === 'cross-site') return { foreign: true };
  if (origin === undefined) return { foreign: false };
  const host = (req.headers.host ?? '').toLowerCase();
  const own = host !== '' && (origin === `http://${host}` || origin === `https://${host}`);
  return { foreign: !own };
}

export const foreignWrite = (): RequestError =>
  new RequestError('ACCESS_DENIED', 'A page of another origin may not send this request', {
    hint: 'List its origin in cors_origins to let it',
  });
