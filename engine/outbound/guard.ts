// The one way out of this process: url(), s3() and backups to S3 ask here before a packet leaves.
//
// Nothing may be called unless the server's settings name it. A name is resolved once, every address of it
// is looked at, and the connection goes to the address that was looked at, so that a name which changes
// its mind meanwhile leads nowhere else. Each redirect is a new call.

import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { isIP } from 'node:net';
import { EngineError, fail } from '../errors.ts';
import { isPublic } from './addresses.ts';
import { withoutSecrets } from './secrets.ts';

export interface OutboundLimits {
  /** `host:port` or `host`, separated by commas; `*` is every public address. Empty: nothing. */
  readonly hosts: string;
  readonly connectMs: number;
  readonly idleMs: number;
  readonly redirectsMax: number;
  /** Bytes of one answer. */
  readonly bytesMax: number;
}

export interface Call {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Counted; more than the limit, or less than was announced, is an error. */
  readonly body: AsyncIterable<Buffer>;
}

export type Resolve = (host: string) => Promise<readonly string[]>;

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

const redirects = new Set([301, 302, 303, 307, 308]);
const redirectsMax = 10;

export class OutboundGuard {
  readonly #limits: OutboundLimits;
  readonly #resolve: Resolve;
  readonly #named: ReadonlySet<string>;

  constructor(limits: OutboundLimits, resolve: Resolve = systemResolve) {
    this.#limits = limits;
    this.#resolve = resolve;
    const list = limits.hosts.split(',').map((h) => h.trim().toLowerCase());
    this.#named = new Set(list.filter((h) => h !== ''));
  }

  /** Throws unless the settings let this address be called; asks no name server. */
  check(text: string): URL {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw fail('BAD_ARGUMENTS', `'${withoutSecrets(text)}' is not a URL`);
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw fail('BAD_ARGUMENTS', `Unknown protocol in the URL: ${url.protocol.slice(0, -1)}`);
    }
    if (this.#named.size === 0) {
      throw fail('ACCESS_DENIED', 'This server calls no other ones', {
        hint: `The server's setting outbound_hosts = '${url.hostname}:${portOf(url)}' lets it call this one, '*' every public one`,
      });
    }
    if (!this.#isNamed(url) && !this.#named.has('*')) throw this.#refused(url, 'is not among');
    const host = bare(url.hostname);
    if (isIP(host) > 0) this.#checkAddress(url, host);
    return url;
  }

  /** One call with its redirects. The body of a redirected call must be a Buffer. */
  async call(text: string, call: Call = {}): Promise<OutboundAnswer> {
    let url = this.check(text);
    let headers = { ...call.headers };
    let method = call.method ?? 'GET';
    for (let hops = 0; ; hops++) {
      const answer = await this.#send(url, { ...call, method, headers });
      const to = answer.headers.location;
      if (!redirects.has(answer.statusCode ?? 0) || to === undefined)
        return this.#counted(url, answer, call);
      answer.resume();
      const most = Math.min(this.#limits.redirectsMax, redirectsMax);
      if (hops >= most) {
        throw fail(
          'TOO_MANY_REDIRECTS',
          `${shown(url)} leads elsewhere more than ${most} time(s)`,
          {
            hint: 'max_http_get_redirects says how often that is followed',
          },
        );
      }
      if (call.body && !Buffer.isBuffer(call.body)) {
        throw fail('NETWORK_ERROR', `${shown(url)} wants the rows to be sent elsewhere`);
      }
      const next = this.check(new URL(to, url).href);
      // Another server must not get what was meant for this one.
      if (next.host !== url.host) headers = {};
      if ((answer.statusCode ?? 0) === 303 && method !== 'HEAD') method = 'GET';
      url = next;
    }
  }

  #isNamed(url: URL): boolean {
    const host = bare(url.hostname);
    return this.#named.has(`${host}:${portOf(url)}`) || this.#named.has(host);
  }

  #refused(url: URL, why: string): EngineError {
    const text = `${url.hostname}:${portOf(url)} ${why} what this server may call`;
    return fail('UNACCEPTABLE_URL', text, {
      hint: "The server's setting outbound_hosts names what may be called, as host:port",
    });
  }

  #checkAddress(url: URL, address: string): void {
    if (this.#isNamed(url) || isPublic(address)) return;
    throw this.#refused(url, 'is a private address, and such are only called when they are among');
  }

  async #addressOf(url: URL): Promise<string> {
    const host = bare(url.hostname);
    if (isIP(host) > 0) return host;
    let found: readonly string[];
    try {
      found = await this.#resolve(host);
    } catch {
      throw fail('DNS_ERROR', `The host ${host} is not known`);
    }
    for (const address of found) this.#checkAddress(url, address);
    const [first] = found;
    if (first === undefined) throw fail('DNS_ERROR', `The host ${host} has no address`);
    return first;
  }

  async #send(url: URL, { method, headers, body, signal }: Call): Promise<IncomingMessage> {
    const address = await this.#addressOf(url);
    const secure = url.protocol === 'https:';
    const { connectMs, idleMs } = this.#limits;
    const auth = url.username === '' ? {} : { auth: userOf(url) };
    const length = Buffer.isBuffer(body) ? { 'content-length': String(body.length) } : {};
    return new Promise<IncomingMessage>((resolve, reject) => {
      const failed = (error: Error): void => reject(networkError(url, error, signal));
      const out = (secure ? overHttps : overHttp)({
        method,
        host: address,
        port: portOf(url),
        path: `${url.pathname}${url.search}`,
        headers: { 'user-agent': 'colonnade', ...headers, ...length, host: url.host },
        ...(secure ? { servername: isIP(bare(url.hostname)) ? '' : url.hostname } : {}),
        ...auth,
        agent: false,
        ...(signal ? { signal } : {}),
      });
      const slow = setTimeout(() => out.destroy(timeout(url, 'connect to')), connectMs);
      out.on('socket', (socket) => socket.once('connect', () => clearTimeout(slow)));
      out.setTimeout(idleMs, () => out.destroy(timeout(url, 'read from')));
      out.on('close', () => clearTimeout(slow));
      out.on('error', failed);
      out.on('response', resolve);
      if (body === undefined || Buffer.isBuffer(body)) out.end(body);
      else {
        sendAll(body, out).catch((error: unknown) => {
          out.destroy();
          reject(error);
        });
      }
    });
  }

  #counted(url: URL, answer: IncomingMessage, { signal }: Call): OutboundAnswer {
    const { bytesMax } = this.#limits;
    async function* body(): AsyncGenerator<Buffer> {
      let bytes = 0;
      try {
        for await (const piece of answer as AsyncIterable<Buffer>) {
          bytes += piece.length;
          if (bytes > bytesMax) {
            throw fail('TOO_MANY_BYTES', `${shown(url)} has more than ${bytesMax} bytes`, {
              hint: "The server's setting outbound_bytes_max is the limit",
            });
          }
          yield piece;
        }
      } catch (error) {
        throw error instanceof EngineError ? error : networkError(url, error as Error, signal);
      } finally {
        answer.destroy();
      }
    }
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: answer.statusCode ?? 0,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: body(),
    };
  }
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();
const portOf = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80');
const userOf = (url: URL): string =>
  `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
const shown = (url: URL): string => withoutSecrets(url.href);

const timeout = (url: URL, what: string): EngineError =>
  fail('SOCKET_TIMEOUT', `It took too long to ${what} ${url.host}`, {
    hint: 'http_connection_timeout and http_receive_timeout are the limits in seconds',
  });

function networkError(url: URL, error: Error, signal: AbortSignal | undefined): Error {
  if (error instanceof EngineError) return error;
  if (signal?.aborted && signal.reason instanceof Error) return signal.reason;
  const { code } = error as { code?: string };
  return fail('NETWORK_ERROR', `${url.host} cannot be reached, or broke off (${code ?? 'closed'})`);
}

async function sendAll(
  body: AsyncIterable<Uint8Array>,
  out: ReturnType<typeof overHttp>,
): Promise<void> {
  for await (const piece of body) {
    if (out.destroyed) return;
    if (!out.write(piece)) {
      await new Promise<void>((go) => {
        out.once('drain', go);
        out.once('close', go);
      });
    }
  }
  out.end();
}
