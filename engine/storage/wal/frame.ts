// Frames of the log of small inserts, as bytes.
//
// Frame: magic (4) | length of what follows the header (4) | checksum of everything behind it (8)
//        | sequence (8) | base (4) | token length (2) | parts (2) | time (8) |
//        hash of the rows (16, only with a token) | token |
//        per part: table id (4) | schema version (4) | rows (4) | length (4) | rows as the kernel wrote them.
// `base` is where the write began that carried the frame: everything before it was on the disk then.
// File: magic (8) | first sequence (8) | checksum of these 16 bytes (8) | frames.

import type { FilesApi } from '../../files.ts';

const FRAME_MAGIC = 0x314d_5246; // "FRM1"
export const FRAME_HEADER_BYTES = 40;
const PART_HEADER_BYTES = 16;
const HASH_BYTES = 16;
const FILE_MAGIC = Buffer.from('CLWAL001');
export const FILE_HEADER_BYTES = 24;

/** The rows of one insert for one table, encoded by the kernel. */
export interface WalPart {
  readonly tableId: number;
  readonly schemaVersion: number;
  readonly rows: number;
  readonly payload: Buffer;
}

/** One acknowledged unit: all of its parts become visible together. */
export interface WalEntry {
  readonly parts: readonly WalPart[];
  readonly timeMs: number;
  /** Belongs to the table of the first part. `hash` is 32 hex digits. */
  readonly token?: { readonly token: string; readonly hash: string };
}

export interface WalFrame extends WalEntry {
  readonly sequence: number;
  readonly base: number;
  readonly end: number;
}

type Checksum = FilesApi['checksum'];

export function encodeFrame(entry: WalEntry, sequence: number, base: number, checksum: Checksum) {
  const token = Buffer.from(entry.token?.token ?? '');
  const hash = Buffer.alloc(entry.token ? HASH_BYTES : 0);
  hash.write(entry.token?.hash ?? '', 'hex');
  let length = hash.length + token.length;
  for (const part of entry.parts) length += PART_HEADER_BYTES + part.payload.length;
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  bytes.writeUInt32LE(FRAME_MAGIC, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeBigUInt64LE(BigInt(sequence), 16);
  bytes.writeUInt32LE(base, 24);
  bytes.writeUInt16LE(token.length, 28);
  bytes.writeUInt16LE(entry.parts.length, 30);
  bytes.writeDoubleLE(entry.timeMs, 32);
  let at = FRAME_HEADER_BYTES;
  at += hash.copy(bytes, at);
  at += token.copy(bytes, at);
  for (const part of entry.parts) {
    bytes.writeUInt32LE(part.tableId, at);
    bytes.writeUInt32LE(part.schemaVersion, at + 4);
    bytes.writeUInt32LE(part.rows, at + 8);
    bytes.writeUInt32LE(part.payload.length, at + 12);
    at += PART_HEADER_BYTES;
    at += part.payload.copy(bytes, at);
  }
  bytes.writeBigUInt64LE(checksum(bytes.subarray(16)), 8);
  return bytes;
}

/** The frame at `at` if it is whole and its checksum holds. */
export function frameAt(file: Buffer, at: number, checksum: Checksum): WalFrame | undefined {
  if (at + FRAME_HEADER_BYTES > file.length || file.readUInt32LE(at) !== FRAME_MAGIC) return;
  const end = at + FRAME_HEADER_BYTES + file.readUInt32LE(at + 4);
  if (end > file.length) return;
  if (checksum(file.subarray(at + 16, end)) !== file.readBigUInt64LE(at + 8)) return;
  const sequence = Number(file.readBigUInt64LE(at + 16));
  const timeMs = file.readDoubleLE(at + 32);
  const tokenLength = file.readUInt16LE(at + 28);
  let next = at + FRAME_HEADER_BYTES;
  let token: WalEntry['token'];
  if (tokenLength > 0) {
    const hash = file.subarray(next, next + HASH_BYTES).toString('hex');
    next += HASH_BYTES;
    if (next + tokenLength > end) return undefined;
    token = { hash, token: file.subarray(next, next + tokenLength).toString() };
    next += tokenLength;
  }
  const parts: WalPart[] = [];
  for (let n = file.readUInt16LE(at + 30); n > 0; n--) {
    const from = next + PART_HEADER_BYTES;
    const to = from <= end ? from + file.readUInt32LE(next + 12) : Number.POSITIVE_INFINITY;
    if (to > end) return undefined;
    parts.push({
      tableId: file.readUInt32LE(next),
      schemaVersion: file.readUInt32LE(next + 4),
      rows: file.readUInt32LE(next + 8),
      payload: file.subarray(from, to),
    });
    next = to;
  }
  const frame = { parts, timeMs, sequence, base: file.readUInt32LE(at + 24), end };
  return token ? { ...frame, token } : frame;
}

/** The first whole frame at `from` or behind it that may follow there: its sequence is `expected`, or
 *  higher by no more than frames have room between. */
export function nextFrame(
  file: Buffer,
  from: number,
  expected: number,
  checksum: Checksum,
): { at: number; frame: WalFrame } | undefined {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC);
  for (let at = file.indexOf(magic, from); at >= 0; at = file.indexOf(magic, at + 1)) {
    const frame = frameAt(file, at, checksum);
    const room = Math.ceil((at - from) / FRAME_HEADER_BYTES);
    if (frame && frame.sequence >= expected && frame.sequence <= expected + room) {
      return { at, frame };
    }
  }
  return undefined;
}

export function encodeFileHeader(firstSequence: number, checksum: Checksum): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  FILE_MAGIC.copy(bytes, 0);
  bytes.writeBigUInt64LE(BigInt(firstSequence), 8);
  bytes.writeBigUInt64LE(checksum(bytes.subarray(0, 16)), 16);
  return bytes;
}

/** First sequence of a file, if its header holds. */
export function readFileHeader(file: Buffer, checksum: Checksum): number | undefined {
  if (file.length < FILE_HEADER_BYTES || !file.subarray(0, 8).equals(FILE_MAGIC)) return undefined;
  if (checksum(file.subarray(0, 16)) !== file.readBigUInt64LE(16)) return undefined;
  return Number(file.readBigUInt64LE(8));
}
