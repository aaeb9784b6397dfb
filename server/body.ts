// Request bodies: read piece by piece under a size limit and an idle limit (unpack.ts undoes compression).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, clientGone, RequestError } from './request-error.ts';

/** Longest pause between two pieces of a body. */
export const BODY_IDLE_MS = 30_000;
/** Bytes of a body that may wait to be asked for. */
const ARRIVED_BYTES_MAX = 1 << 20;
export interface BodyLimits {
  bytesMax: number;
  idleMs?: number;
  /** Name of the limit, for the message. */
  limitName: string;
}

/** Why a body broke off, for the answer: what reads it may have wrapped the reason in words of its own. */
const broken = new WeakMap<IncomingMessage, RequestError>();
export const bodyFailure = (req: IncomingMessage): RequestError | undefined => broken.get(req);

/** The pieces of a body as they come. A client that goes, stops or sends too much makes it throw.
 *  Time during which nobody asks for the next piece does not count as idle. */
export async function* readBody(
  req: IncomingMessage,
  res: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces(req, res, limits);
  } catch (error) {
    if (error instanceof RequestError) broken.set(req, error);
    throw error;
  }
}

async function* pieces(
  req: IncomingMessage,
  res: ServerResponse,
  limits: BodyLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > limits.bytesMax) throw tooLarge(limits);
  if (expectsContinue(req) && !res.headersSent) res.writeContinue();
  const arrivals = new Arrivals(req, limits.idleMs ?? BODY_IDLE_MS);
  let total = 0;
  try {
    for (;;) {
      const chunk = await arrivals.next();
      if (chunk === undefined) break;
      total += chunk.length;
      if (total > limits.bytesMax) throw tooLarge(limits);
      yield chunk;
    }
  } finally {
    arrivals.stop();
  }
  if (!req.complete) throw clientGone();
}

export const expectsContinue = (req: IncomingMessage): boolean =>
  (req.headers.expect ?? '').toLowerCase() === '100-continue';

/** What of a body has arrived, together: a stream's own iterator would cost a timer and three promises
 *  for every 64 KiB. */
class Arrivals {
  readonly #req: IncomingMessage;
  readonly #idleMs: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(req: IncomingMessage, idleMs: number) {
    this.#req = req;
    this.#idleMs = idleMs;
    this.#ended = req.readableEnded;
    if (req.errored || req.destroyed) this.#failure = clientGone();
    req.on('data', this.#onData).on('end', this.#onEnd);
    req.on('error', this.#onGone).on('close', this.#onGone);
  }

  /** All that is there, or the next chunk; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    if (this.#bytes === 0 && !this.#ended && this.#failure === undefined) await this.#arrival();
    if (this.#bytes > 0) {
      const [only] = this.#chunks;
      const all = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#bytes = 0;
      this.#req.resume();
      return all;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  stop(): void {
    const req = this.#req;
    req.off('data', this.#onData).off('end', this.#onEnd);
    req.off('error', this.#onGone).off('close', this.#onGone);
    req.pause();
    // Whoever stops early does not hear of a client that goes away now.
    req.on('error', () => undefined);
  }

  #arrival(): Promise<void> {
    return new Promise((done, reject) => {
      const timer = setTimeout(() => {
        this.#wake = undefined;
        reject(stalled(this.#idleMs));
      }, this.#idleMs);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        done();
      };
      this.#req.resume();
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= ARRIVED_BYTES_MAX) this.#req.pause();
    this.#wake?.();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  /** An aborted request fails in Node's own words: nobody is there to read them. */
  readonly #onGone = (): void => {
    if (!this.#ended) this.#failure ??= clientGone();
    this.#wake?.();
  };
}

const stalled = (idleMs: number): RequestError =>
  new RequestError(
    'SOCKET_TIMEOUT',
    `The body stopped for more than ${idleMs / 1000} seconds before its end`,
    { status: 408, close: true },
  );

function tooLarge(limits: BodyLimits): RequestError {
  const name = limits.limitName === 'max_query_size' ? 'QUERY_IS_TOO_LARGE' : 'LIMIT_EXCEEDED';
  return new RequestError(
    name,
    `The body is larger than ${limits.limitName} (${limits.bytesMax} bytes)`,
    { status: 413 },
  );
}

/** Everything of a body that has to be small, as one buffer. */
export async function collect(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  limitName: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of source) {
    total += piece.length;
    if (total > bytesMax) throw tooLarge({ bytesMax, limitName });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Text of a statement. @throws SYNTAX_ERROR at the first byte that is no UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    const before = validPrefix(bytes);
    const lines = before.split('\n');
    throw new RequestError('SYNTAX_ERROR', 'Syntax error: the statement is not valid UTF-8', {
      position: Array.from(before).length,
      length: 1,
      line: lines.length,
      column: Array.from(lines.at(-1) ?? '').length + 1,
      hint: "Write single bytes as '\\xFF' inside a string",
    });
  }
}

/** The text before the first broken sequence. */
function validPrefix(bytes: Uint8Array): string {
  let low = 0;
  let high = bytes.length;
  const fits = (n: number): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, n), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return new TextDecoder('utf-8').decode(bytes.subarray(0, low)).replace(/\ufffd$/, '');
}

/** A JSON document as an object. @throws INCORRECT_DATA */
export function parseDocument(bytes: Buffer): Record<string, unknown> {
  let doc: unknown;
  try {
    doc = JSON.parse(strictUtf8.decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? clip(error.message) : 'it is not valid UTF-8';
    throw new RequestError('INCORRECT_DATA', `The body is not a JSON document: ${why}`);
  }
  if (typeof doc !== 'object' || doc === null || Array.isArray(doc)) {
    throw badRequest('The body must be one JSON object with the field "query"');
  }
  // Half a surrogate pair is no character: it would change on its way into UTF-8. JSON.stringify escapes just these.
  if (bytes.includes('\\u') && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(doc))) {
    throw new RequestError('INCORRECT_DATA', 'A text in the body holds half of a surrogate pair');
  }
  return doc as Record<string, unknown>;
}

const clip = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
