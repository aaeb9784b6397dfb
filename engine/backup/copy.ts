// Copies files and hashes them on the way, a piece at a time, so that others get their turn.

import { createHash } from 'node:crypto';
import type { FilesApi } from '../storage/files.ts';

const pieceBytes = 1 << 20;

const turn = (): Promise<void> => new Promise((go) => setImmediate(go));

export interface Side {
  readonly files: FilesApi;
  readonly path: string;
}

/** Hash of a file; with `to` it is copied and on the disk afterwards, but for its folder.
 *  A file shorter than `bytes` is an error of kind Short. */
export async function copyHashed(
  from: Side,
  bytes: number,
  to: Side | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const out = to?.files.create(to.path);
  try {
    for (let at = 0; at < bytes; at += pieceBytes) {
      signal?.throwIfAborted();
      const piece = from.files.read(from.path, at, Math.min(pieceBytes, bytes - at));
      hash.update(piece);
      out?.append(piece);
      await turn();
    }
    await out?.sync();
  } finally {
    out?.close();
  }
  return hash.digest('hex');
}
