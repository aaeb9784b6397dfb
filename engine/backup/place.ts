// Where a backup lies, whatever keeps it: a few operations on files by their names.

import type { Core } from '../query/core.ts';
import { folderPlace } from './folder.ts';
import { objectPlace } from './objects.ts';
import type { Target } from './target.ts';

export type Pieces = AsyncIterable<Uint8Array>;

export interface Place {
  /** Bytes of a file; undefined when there is none. */
  length(name: string): Promise<number | undefined>;
  /** So many bytes of a file. What is missing or too short throws a FileError. */
  read(name: string, bytes: number): Pieces;
  /** A new file; it is durable after `sync`. */
  write(name: string, pieces: Pieces): Promise<void>;
  sync(): Promise<void>;
  /** Removes all files. */
  clear(): Promise<void>;
  close(): void;
}

/** Opens the place of a backup; nothing is made. */
export function openPlace(core: Core, target: Target, signal?: AbortSignal): Place {
  return target.kind === 'S3' ? objectPlace(core, target, signal) : folderPlace(core, target);
}
