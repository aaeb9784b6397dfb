// Compression of answers: which one a client may have, and the bytes of a result packed on their way out.
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import type { Engine } from '../engine/facade.ts';
import { flag, single } from './parameters.ts';

/** What answers are packed with, in the order in which ClickHouse prefers them. */
const ORDER = ['zstd', 'br', 'lz4', 'gzip', 'deflate'] as const;
export type Coding = (typeof ORDER)[number] | 'native';

const LEVEL = 3;
const LEVEL_MAX = 9;

export interface Packer {
  readonly coding: Coding;
  push(bytes: Uint8Array): Promise<Uint8Array>;
  finish(): Promise<Uint8Array>;
  /** Gives up its memory; may be called at any time. */
  close(): void;
}

/** The compression of the answer: ClickHouse's own with `compress=1`, else what Accept-Encoding names if
 *  `enable_http_compression` is on. */
export function codingFor(
  req: IncomingMessage,
  query: URLSearchParams,
  setting: (name: string) => string | undefined,
): Coding | undefined {
  if (flag(query, 'compress')) return 'native';
  const enabled = single(query, 'enable_http_compression') ?? setting('enable_http_compression');
  if (enabled !== '1' && enabled !== 'true') return undefined;
  const accepted = new Set(
    String(req.headers['accept-encoding'] ?? '')
      .toLowerCase()
      .split(',')
      .filter((item) => !/;\s*q=0(\.0*)?\s*$/.test(item))
      .map((item) => item.replace(/;.*/s, '').trim()),
  );
  return ORDER.find((name) => accepted.has(name) || (name === 'gzip' && accepted.has('x-gzip')));
}

export function packer(coding: Coding, level: string | undefined, engine: Engine): Packer {
  const wanted = Number(level ?? LEVEL);
  const n = Number.isInteger(wanted) && wanted >= 1 ? Math.min(wanted, LEVEL_MAX) : LEVEL;
  switch (coding) {
    case 'gzip':
      return byNode(coding, createGzip({ level: n }));
    case 'deflate':
      return byNode(coding, createDeflate({ level: n }));
    case 'br':
      return byNode(
        coding,
        createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: n } }),
      );
    default: {
      const coder = engine.coder('pack', coding, n);
      return {
        coding,
        push: (bytes) => coder.push(bytes),
        finish: () => coder.finish(),
        close() {},
      };
    }
  }
}

function byNode(coding: Coding, stream: Transform): Packer {
  let made: Buffer[] = [];
  let failure: Error | undefined;
  stream.on('data', (piece: Buffer) => made.push(piece));
  stream.on('error', (error: Error) => {
    failure = error;
  });
  const taken = (): Buffer => {
    const all = Buffer.concat(made);
    made = [];
    return all;
  };
  const step = (start: (done: (error?: Error | null) => void) => void): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      start((error) => (error ? reject(error) : resolve(taken())));
    });
  return {
    coding,
    push: (bytes) => step((done) => stream.write(bytes, done)),
    finish: () =>
      step((done) => {
        stream.once('end', done);
        stream.end();
      }),
    close: () => void stream.destroy(),
  };
}

/** The bytes of a result as they go over the wire. An empty result stays empty in ClickHouse's own packing. */
export async function* packed(
  chunks: AsyncIterable<Uint8Array>,
  by: Packer,
): AsyncGenerator<Uint8Array, void, undefined> {
  let plain = 0;
  for await (const chunk of chunks) {
    plain += chunk.length;
    const bytes = await by.push(chunk);
    if (bytes.length > 0) yield bytes;
  }
  if (plain === 0) return;
  const rest = await by.finish();
  if (rest.length > 0) yield rest;
}
