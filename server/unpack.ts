// Compression of request bodies: what a body is packed with, and plain bytes from it under limits. Rows that
// the kernel can unpack itself stay packed until they are there.
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { ContentEncoding, Engine } from '../engine/facade.ts';
import { isFailure, RequestError } from './request-error.ts';

/** Plain bytes that may come from any number of packed ones. */
const FREE_BYTES = 64 * 2 ** 20;
/** Plain bytes that a packed one may stand for beyond that. */
const RATIO_MAX = 200;
/** Pieces the kernel unpacks at once. */
const PIECE_BYTES = 64 << 10;
/** Plain bytes of a body at most. */
const PLAIN_BYTES_MAX = 2 ** 40;

const ENCODINGS: Readonly<Record<string, ContentEncoding>> = {
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

export type Unpacker = Pick<Engine, 'coder'>;
type Bytes = AsyncIterable<Uint8Array>;

/** Rows for the kernel: unpacked only as far as it cannot do that itself.
 *  @param packed what was done to them, last first */
export function rowsOf(
  body: Bytes,
  packed: readonly ContentEncoding[],
  engine: Unpacker,
): { data: Bytes; dataEncoding?: ContentEncoding } {
  const left = [...packed];
  let data = body;
  for (let next = left[0]; next && (left.length > 1 || next === 'br'); next = left[0]) {
    data = unpacked(data, next, engine);
    left.shift();
  }
  return left[0] === undefined ? { data } : { data, dataEncoding: left[0] };
}

/** Plain bytes, with bounded memory. @throws CANNOT_DECOMPRESS, LIMIT_EXCEEDED (bomb) */
export function unpacked(
  source: Bytes,
  encoding: ContentEncoding,
  engine: Unpacker,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (encoding === 'gzip') return through(source, createGunzip(), encoding);
  if (encoding === 'deflate') return through(source, createInflate(), encoding);
  if (encoding === 'br') return through(source, createBrotliDecompress(), encoding);
  return byKernel(source, encoding, engine);
}

async function* byKernel(
  source: Bytes,
  encoding: 'zstd' | 'lz4' | 'native',
  engine: Unpacker,
): AsyncGenerator<Uint8Array, void, undefined> {
  const coder = engine.coder('unpack', encoding, PLAIN_BYTES_MAX);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const plain = await coder.push(chunk.subarray(at, at + PIECE_BYTES));
      if (plain.length > 0) yield plain;
    }
  }
  const rest = await coder.finish();
  if (rest.length > 0) yield rest;
}

async function* through(
  source: Bytes,
  decoder: Transform,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array, void, undefined> {
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
      if (decoded > FREE_BYTES && decoded > encoded * RATIO_MAX) {
        throw new RequestError(
          'LIMIT_EXCEEDED',
          `The body decompresses to more than ${RATIO_MAX} times its size (max_decompression_ratio)`,
          { status: 413 },
        );
      }
      yield piece;
    }
  } catch (error) {
    const cause = failure ?? error;
    if (isFailure(error)) throw error;
    if (isFailure(cause)) throw cause;
    throw new RequestError('CANNOT_DECOMPRESS', `The body is no whole ${encoding} stream`);
  } finally {
    input.destroy();
    decoder.destroy();
  }
}
