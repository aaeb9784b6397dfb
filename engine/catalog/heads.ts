// The two heads of the catalog: 4 KiB each, overwritten in place in turn, so that opening and
// stopping need no new space. The valid one with the higher sequence counts.
//
// Layout: magic (8) | length of the JSON (4) | checksum of the JSON (16) | JSON | zeros.

import { createHash } from 'node:crypto';
import type { FilesApi } from '../files.ts';

export const HEAD_BYTES = 4096;
export const HEAD_FILES = ['catalog/head-a', 'catalog/head-b'] as const;
const MAGIC = Buffer.from('CLHEAD01');
const PREFIX_BYTES = 28;

export interface Head {
  /** Of the whole directory; a newer one is refused. */
  readonly format: number;
  readonly sequence: number;
  /** Number in the names of the snapshot and of the log. */
  readonly generation: number;
  readonly snapshotBytes: number;
  /** Hex. */
  readonly snapshotHash: string;
  /** What the log held when the head was written. */
  readonly logBytes: number;
  readonly logHash: string;
  readonly lastVersion: number;
  readonly clean: boolean;
  /** Counts the openings of the directory; names of segment files carry it. */
  readonly boot: number;
  /** Highest WAL sequence given out before a clean stop. */
  readonly walSequence: number;
}

export const hash16 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, 16);
};

function encode(head: Head): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  if (json.length > HEAD_BYTES - PREFIX_BYTES) throw new Error('the catalog head is too long');
  const bytes = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(json.length, 8);
  hash16(json).copy(bytes, 12);
  json.copy(bytes, PREFIX_BYTES);
  return bytes;
}

function decode(bytes: Buffer): Head | undefined {
  if (bytes.length !== HEAD_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined;
  const length = bytes.readUInt32LE(8);
  if (length > HEAD_BYTES - PREFIX_BYTES) return undefined;
  const json = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  if (!hash16(json).equals(bytes.subarray(12, PREFIX_BYTES))) return undefined;
  return JSON.parse(json.toString()) as Head;
}

export interface Heads {
  /** The one that counts; undefined when neither can be read. */
  readonly newest: Head | undefined;
  /** Slot (0 or 1) that holds it. */
  readonly slot: number;
  /** Files that are there but cannot be read, or are missing beside one that is there. */
  readonly broken: readonly string[];
  readonly present: number;
}

export function readHeads(files: FilesApi): Heads {
  const found = HEAD_FILES.map((file) => {
    const length = files.length(file);
    return { file, length, head: length === HEAD_BYTES ? decode(files.readAll(file)) : undefined };
  });
  const present = found.filter((entry) => entry.length !== undefined).length;
  const broken = found.filter((entry) => !entry.head).map((entry) => entry.file);
  const [a, b] = found.map((entry) => entry.head?.sequence ?? -1);
  const slot = (b ?? -1) > (a ?? -1) ? 1 : 0;
  return { newest: found[slot]?.head, slot, broken: present ? broken : [], present };
}

/** Overwrites a slot in place; resolves when it is on the disk. */
export async function writeHead(files: FilesApi, slot: number, head: Head): Promise<void> {
  const file = HEAD_FILES[slot === 0 ? 0 : 1];
  const isNew = files.length(file) === undefined;
  const handle = isNew ? files.create(file) : files.openWrite(file);
  try {
    handle.writeAt(0, encode(head));
    if (handle.length() > HEAD_BYTES) handle.truncate(HEAD_BYTES);
    await handle.sync();
  } finally {
    handle.close();
  }
  if (isNew) await files.syncDir('catalog');
}
