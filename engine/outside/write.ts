// Rows that leave: INSERT INTO FUNCTION file(), url() and s3(). A file appears under its name when all of it
// is on the disk; what is added to one goes again if it cannot be added whole.

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createDeflate, createGzip } from 'node:zlib';
import { fail } from '../errors.ts';
import type { Core } from '../query/core.ts';
import { isPattern } from './glob.ts';
import { inside, statBelow, type UserFiles } from './user-files.ts';

export type Chunks = AsyncIterable<Uint8Array>;

export interface FileHow {
  /** The format lets rows be added behind others. */
  readonly appends: boolean;
  readonly truncate: boolean;
  readonly several: boolean;
}

/** What happens to a file: its path below the root, and whether rows are added to it. */
export interface FileTarget {
  readonly full: string;
  readonly append: boolean;
}

const lengthOf = (full: string): number | undefined => {
  try {
    const stat = lstatSync(full);
    if (stat.isFile()) return stat.size;
  } catch {
    return undefined;
  }
  throw fail('DATABASE_ACCESS_DENIED', 'What has this name is not a plain file');
};

export function fileTarget(files: UserFiles, written: string, how: FileHow): FileTarget {
  if (isPattern(written)) {
    throw fail('DATABASE_ACCESS_DENIED', `Rows cannot be written to a pattern: ${written}`);
  }
  const path = inside(files, written);
  makeFolders(files, path);
  const full = files.anywhere ? path : `${files.root}/${path}`;
  const length = lengthOf(full);
  if (length === undefined || how.truncate) return { full, append: false };
  if (how.appends) return { full, append: length > 0 };
  if (!how.several) {
    const text = `File ${written} already exists, and its format does not let rows be added`;
    throw fail('CANNOT_APPEND_TO_FILE', text, {
      hint: 'engine_file_truncate_on_insert writes it anew, engine_file_allow_create_multiple_files takes another name',
    });
  }
  const dot = full.indexOf('.', full.lastIndexOf('/') + 2);
  for (let n = 1; ; n++) {
    const other = dot < 0 ? `${full}.${n}` : `${full.slice(0, dot)}.${n}${full.slice(dot)}`;
    if (lengthOf(other) === undefined) return { full: other, append: false };
  }
}

/** Folders above a file; below the root none may be a link. */
function makeFolders(files: UserFiles, path: string): void {
  mkdirSync(files.root, { recursive: true, mode: 0o750 });
  if (files.anywhere) {
    mkdirSync(dirname(path), { recursive: true });
    return;
  }
  const names = path.split('/').slice(0, -1);
  names.forEach((_, i) => {
    const below = names.slice(0, i + 1).join('/');
    try {
      mkdirSync(`${files.root}/${below}`, { mode: 0o750 });
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw unwritable(path, error);
    }
    if (!statBelow(files, below).isDirectory())
      throw fail('CANNOT_OPEN_FILE', `${below} is no folder`);
  });
}

const unwritable = (path: string, error: unknown): Error => {
  const { code } = error as { code?: string };
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return fail(
    full ? 'NOT_ENOUGH_SPACE' : 'CANNOT_OPEN_FILE',
    `File ${path} cannot be written (${code ?? 'unknown'})`,
  );
};

/** Bytes written. */
export async function writeFile(
  { full, append }: FileTarget,
  shown: string,
  chunks: Chunks,
): Promise<number> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const path = append ? full : `${full}.${randomUUID()}.part`;
  const flags = append ? O_APPEND : O_CREAT | O_EXCL;
  let file: number | undefined;
  let before = 0;
  try {
    file = openSync(path, O_WRONLY | O_NOFOLLOW | flags, 0o640);
    before = fstatSync(file).size;
    let bytes = 0;
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      bytes += chunk.length;
    }
    fsyncSync(file);
    if (!append) renameSync(path, full);
    syncFolder(dirname(full));
    return bytes;
  } catch (error) {
    if (file !== undefined && append) ftruncateSync(file, before);
    if (file !== undefined && !append) rmSync(path, { force: true });
    throw (error as { syscall?: string }).syscall === undefined ? error : unwritable(shown, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function syncFolder(path: string): void {
  const dir = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(dir);
  } finally {
    closeSync(dir);
  }
}

/** The chunks, packed. */
export function packed(core: Core, chunks: Chunks, method: string | undefined): Chunks {
  switch (method) {
    case undefined:
      return chunks;
    case 'gzip':
      return through(chunks, createGzip());
    case 'deflate':
      return through(chunks, createDeflate());
    default:
      return coded(core, chunks, method === 'lz4' ? 'lz4' : 'zstd');
  }
}

async function* coded(core: Core, chunks: Chunks, how: 'zstd' | 'lz4'): Chunks {
  const coder = core.native.coder('pack', how, 3);
  for await (const chunk of chunks) {
    const out = await coder.push(chunk);
    if (out.length > 0) yield out;
  }
  yield await coder.finish();
}

async function* through(chunks: Chunks, stream: ReturnType<typeof createGzip>): Chunks {
  const feed = async (): Promise<void> => {
    for await (const chunk of chunks) {
      if (!stream.write(chunk)) await new Promise<void>((go) => stream.once('drain', go));
    }
    stream.end();
  };
  feed().catch((error: unknown) => stream.destroy(error as Error));
  yield* stream as AsyncIterable<Uint8Array>;
}
