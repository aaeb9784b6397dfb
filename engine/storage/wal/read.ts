// Reads the log of small inserts and says what of it cannot be read, without changing anything.
//
// Sequences have no holes, so where frames cannot be read the numbers of the lost ones are known: from
// the one that was expected to the one before the next whole frame. A bad end of the last file that no
// later write proves is what a crash leaves of a write that nobody was answered: it is torn, not damage.

import { FileError, type FilesApi } from '../../files.ts';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  frameAt,
  nextFrame,
  readFileHeader,
  type WalFrame,
} from './frame.ts';

export const WAL_DIR = 'wal';

/** The first sequence of a file, which is its name. */
export const sequenceOf = (path: string): number =>
  Number(path.slice(WAL_DIR.length + 1, -'.wal'.length));

/** A file and the last sequence that each table has in it. */
export interface LogFile {
  readonly path: string;
  readonly last: Map<number, number>;
  bytes: number;
}

/** A place that cannot be read, and the sequences of the inserts that may have been there. */
export interface LogDamage {
  readonly file: string;
  readonly offset: number;
  readonly why: string;
  readonly from: number;
  readonly through: number;
  /** The one table that it concerns; any table without. */
  readonly table?: number;
}

/** A frame and where it was read. */
export interface LoggedFrame extends WalFrame {
  readonly file: string;
  readonly at: number;
}

export interface WalOnDisk {
  /** Every whole frame, in the order of the sequence. */
  readonly frames: readonly LoggedFrame[];
  readonly files: readonly LogFile[];
  readonly damages: readonly LogDamage[];
  /** Highest sequence that may have been given out; 0 without frames. */
  readonly sequence: number;
  /** Torn end of the last file: valid bytes, or 0 when nothing in it is valid. */
  readonly torn: { readonly path: string; readonly validBytes: number } | undefined;
  /** Files whose header is bad; it says no more than their names do. */
  readonly headers: readonly string[];
}

/** How far a table's rows are in segments. Infinity for a table that nobody knows. */
export type FlushedThrough = (tableId: number) => number;

/** Whether a table lacks rows of the place: then nothing behind it belongs to the table either. */
export const concerns = (damage: LogDamage, table: number, flushedThrough: number): boolean =>
  damage.from <= damage.through &&
  flushedThrough < damage.through &&
  (damage.table === undefined || damage.table === table);

/** Whether a frame lies behind a place that its table may lack rows of. */
export const isBehind = (
  damages: readonly LogDamage[],
  table: number,
  sequence: number,
  flushedThrough: number,
): boolean =>
  damages.some((damage) => damage.from <= sequence && concerns(damage, table, flushedThrough));

/** @param only files to look at; all of them without it */
export function readWal(
  files: FilesApi,
  flushedThrough: FlushedThrough,
  only: readonly string[] = listWal(files),
): WalOnDisk {
  const read = only.map((path) => scan(path, files.readAll(path), files.checksum));
  const torn = cutTorn(read.at(-1));
  const frames: LoggedFrame[] = [];
  const damages: LogDamage[] = [];
  let end = 0;
  for (const [index, file] of read.entries()) {
    if (index > 0 && file.first > end + 1) {
      // Files go oldest first, but a crash may bring an older one back beside those behind the gap.
      const lossless = frames.every((frame) =>
        frame.parts.every(({ tableId }) => {
          const through = flushedThrough(tableId);
          return through >= frame.sequence || isBehind(damages, tableId, frame.sequence, through);
        }),
      );
      const why = `the inserts ${end + 1} to ${file.first - 1} before it are missing`;
      const gap = { file: file.path, offset: 0, why, from: end + 1, through: file.first - 1 };
      if (!lossless) damages.push(gap);
    }
    // The same frames twice would be the same rows twice.
    frames.push(...file.frames.filter(({ sequence }) => sequence > end));
    damages.push(...file.holes);
    end = Math.max(end, file.frames.at(-1)?.sequence ?? 0);
    if (file.tail === undefined) continue;
    const next = read[index + 1]?.first ?? Number.POSITIVE_INFINITY;
    // No more frames can have been there than have room.
    const room = Math.ceil((file.length - file.tail) / FRAME_HEADER_BYTES);
    const through = Math.min(next - 1, Math.max(end, file.first - 1) + room);
    const [from, why] = [Math.max(end + 1, file.first), 'its end cannot be read'];
    if (from <= through) damages.push({ file: file.path, offset: file.tail, why, from, through });
    end = Math.max(end, through);
  }
  return {
    frames,
    damages,
    torn,
    files: read.filter((file) => file.path !== torn?.path || file.length > 0).map(logFile),
    sequence: end,
    headers: read.filter((f) => f.badHeader && f.frames.length > 0).map(({ path }) => path),
  };
}

const logFile = ({ path, frames, length }: Scanned): LogFile => ({
  path,
  bytes: length,
  last: new Map(
    frames.flatMap(({ parts, sequence }) => parts.map((p) => [p.tableId, sequence] as const)),
  ),
});

function listWal(files: FilesApi): string[] {
  try {
    const entries = files
      .list(WAL_DIR)
      .filter((entry) => !entry.dir && /^\d{16}\.wal$/.test(entry.name));
    return entries.map((entry) => `${WAL_DIR}/${entry.name}`);
  } catch (error) {
    if (error instanceof FileError && error.kind === 'NotFound') return [];
    throw error;
  }
}

interface Scanned {
  readonly path: string;
  /** Of the frame that the file begins with. */
  readonly first: number;
  readonly badHeader: boolean;
  frames: LoggedFrame[];
  holes: LogDamage[];
  /** Where the end begins that cannot be read. */
  tail: number | undefined;
  length: number;
}

function scan(path: string, bytes: Buffer, checksum: FilesApi['checksum']): Scanned {
  const header = readFileHeader(bytes, checksum);
  const first = header ?? sequenceOf(path);
  const frames: LoggedFrame[] = [];
  const holes: LogDamage[] = [];
  let expected = first;
  let at = FILE_HEADER_BYTES;
  let tail: number | undefined = bytes.length < FILE_HEADER_BYTES ? 0 : undefined;
  while (tail === undefined && at < bytes.length) {
    const here = frameAt(bytes, at, checksum);
    const next =
      here?.sequence === expected ? { at, frame: here } : nextFrame(bytes, at, expected, checksum);
    if (!next) {
      tail = at;
      break;
    }
    const { frame } = next;
    if (next.at > at || frame.sequence > expected) {
      const [from, through] = [expected, frame.sequence - 1];
      holes.push({ file: path, offset: at, why: 'a frame cannot be read', from, through });
    }
    frames.push({ ...frame, file: path, at: next.at });
    at = frame.end;
    expected = frame.sequence + 1;
  }
  return {
    path,
    first,
    badHeader: header === undefined,
    frames,
    holes,
    tail,
    length: bytes.length,
  };
}

/** Takes away what a crash left at the end of the last file: the frames of one write come to the disk
 *  in any order, so whole ones may stand behind a bad one. */
function cutTorn(file: Scanned | undefined): WalOnDisk['torn'] {
  // Without a frame it is a file that was begun, however much of it is there.
  const bad = file?.holes[0]?.offset ?? file?.tail ?? (file?.frames.length === 0 ? 0 : undefined);
  if (!file || bad === undefined || file.frames.some((frame) => frame.base > bad)) return undefined;
  file.frames = file.frames.filter((frame) => frame.end <= bad);
  file.holes = [];
  file.tail = undefined;
  file.length = file.frames.length > 0 ? bad : 0;
  return { path: file.path, validBytes: file.length };
}
