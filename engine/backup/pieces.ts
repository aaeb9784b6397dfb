// Bytes of files, a piece at a time, so that others get their turn, and hashed on the way.

import { createHash } from 'node:crypto';
import type { FilesApi } from '../files.ts';
import type { Pieces } from './place.ts';

const pieceBytes = 1 << 20;

const turn = (): Promise<void> => new Promise((go) => setImmediate(go));

/** A file shorter than `bytes` is an error of kind Short. */
export async function* piecesOf(files: FilesApi, path: string, bytes: number): Pieces {
  for (let at = 0; at < bytes; at += pieceBytes) {
    yield files.read(path, at, Math.min(pieceBytes, bytes - at));
    await turn();
  }
}

/** Passes pieces on; the hash is known when all have passed. */
export class Hashing {
  readonly #hash = createHash('sha256');
  readonly #pieces: Pieces;
  readonly #signal: AbortSignal | undefined;

  constructor(pieces: Pieces, signal?: AbortSignal) {
    this.#pieces = pieces;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#pieces) {
      this.#signal?.throwIfAborted();
      this.#hash.update(piece);
      yield piece;
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** The hash of pieces that go nowhere. */
export async function hashOf(pieces: Pieces, signal?: AbortSignal): Promise<string> {
  const hashing = new Hashing(pieces, signal);
  for await (const _ of hashing);
  return hashing.digest();
}
