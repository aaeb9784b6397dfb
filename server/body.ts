// Request bodies: read piece by piece under a size limit and an idle limit, decoded where the statement
// itself is compressed. Bodies of rows stay encoded: the kernel decodes them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { ContentEncoding } from '../engine/facade.ts';
import { badRequest, clientGone, RequestError } from './request-error.ts';

/** Longest pause between two pieces of a body. */
export const BODY_IDLE_MS = 30_000;
/** Bytes of a body that may wait to be asked for. */
const ARRIVED_BYTES_MAX = 1 << 20;
/** Decoded bytes that may come from any number of encoded ones. */
const FREE_DECODED_BYTES = 64 * 2 ** 20;
/** Decoded bytes an encoded one may stand for beyond that. */
const DECOMPRESSION_RATIO_MAX = 200;

const ENCODINGS: Readonly<Record<string, ContentEncoding | undefined>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  zstd: 'zstd',
  lz4: 'lz4',
  deflate: 'deflate',
  br: 'br',
};

/** The content coding of the body, undefined for none. @throws UNKNOWN_COMPRESSION_METHOD */
export function encodingOf(req: IncomingMessage): ContentEncoding | undefined {
  const value = (req.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (value === '' || value === 'identity') return undefined;
  const known = Object.hasOwn(ENCODINGS, value) ? ENCODINGS[value] : undefined;
  if (known !== undefined) return known;
  throw new RequestError(
    'UNKNOWN_COMPRESSION_METHOD',
    'The Content-Encoding of the request is not known here; use gzip, zstd, lz4, deflate or br',
  );
}

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

/** Decodes a compressed statement with bounded memory. zstd and lz4 are decoded by the kernel, rows only.
 *  @throws CANNOT_DECOMPRESS, LIMIT_EXCEEDED (bomb), NOT_IMPLEMENTED */
export async function* decodeBody(
  source: AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = decoderOf(encoding);
  let encoded = 0;
  let failure: unknown;
  const counted = (async function* () {
    for await (const piece of source) {
      encoded += piece.length;
      yield piece;
    }
  })();
  const input = Readable.from(counted, { objectMode: false });
  pipeline(input, decoder, (error) => {
    failure = error;
  });
  let decoded = 0;
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      decoded += piece.length;
      if (decoded > FREE_DECODED_BYTES && decoded > encoded * DECOMPRESSION_RATIO_MAX) {
        throw new RequestError(
          'LIMIT_EXCEEDED',
          `The body decompresses to more than ${DECOMPRESSION_RATIO_MAX} times its size (max_decompression_ratio)`,
          { status: 413 },
        );
      }
      yield piece;
    }
  } catch (error) {
    const cause = failure ?? error;
    if (error instanceof RequestError) throw error;
    if (cause instanceof RequestError) throw cause;
    throw new RequestError('CANNOT_DECOMPRESS', `The body is no whole ${encoding} stream`);
  } finally {
    input.destroy();
    decoder.destroy();
  }
}

function decoderOf(encoding: ContentEncoding): Transform {
  if (encoding === 'gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  throw new RequestError(
    'NOT_IMPLEMENTED',
    `A statement compressed with ${encoding} is not read yet; put the statement into the URL parameter query, or use gzip`,
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
