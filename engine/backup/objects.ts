// Backups in a bucket: an object a file. The manifest comes last, so a backup that broke off has none.

import { EngineError } from '../errors.ts';
import { FileError } from '../files.ts';
import type { OutboundGuard } from '../outbound/guard.ts';
import { S3, s3Place } from '../outbound/s3.ts';
import { guardOf } from '../outside/outside.ts';
import type { Core } from '../query/core.ts';
import type { Pieces, Place } from './place.ts';
import type { Target } from './target.ts';

export function objectPlace(core: Core, target: Target, signal: AbortSignal | undefined): Place {
  const { settings } = core;
  const tries = settings.number('http_max_tries');
  return objectsAt(guardOf(core, settings), target, tries, signal);
}

/** @param name the URL that all objects begin with */
export function objectsAt(
  guard: OutboundGuard,
  { name, keys }: Pick<Target, 'name' | 'keys'>,
  tries: number,
  signal?: AbortSignal,
): Place {
  const place = s3Place(name);
  const s3 = new S3(guard, place, keys, tries, signal);
  const keyOf = (name: string): string => `${place.key}/${name}`;
  return {
    length: (name) => s3.length(keyOf(name)),
    read: (name, bytes) => read(s3, keyOf(name), bytes, tries),
    async write(name, pieces) {
      await s3.put(keyOf(name), pieces);
    },
    async sync() {},
    async clear() {
      for await (const { key } of s3.list(keyOf(''))) await s3.remove(key);
    },
    close() {},
  };
}

/** What breaks off is asked for again from where it did: hashes decide in the end. */
async function* read(s3: S3, key: string, bytes: number, tries: number): Pieces {
  let given = 0;
  for (let breaks = 0; given < bytes; ) {
    const before = given;
    try {
      const answer = await s3.get(key, given);
      // A store that knows no ranges begins again: what is there already is passed over.
      let known = answer.status === 206 ? 0 : given;
      for await (const next of answer.body) {
        const piece = next.subarray(Math.min(known, next.length));
        known -= next.length - piece.length;
        given += piece.length;
        if (given > bytes) throw new FileError('Short', 0, key, 'the object is longer than it was');
        yield piece;
      }
      if (given < bytes) throw new FileError('Short', 0, key, 'the object ends early');
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.fault === 'missing') throw new FileError('NotFound', 0, key, 'no such object');
      if (error.name !== 'NETWORK_ERROR' && error.name !== 'SOCKET_TIMEOUT') throw error;
      breaks = given > before ? 0 : breaks + 1;
      if (breaks >= tries) throw error;
    }
  }
}
