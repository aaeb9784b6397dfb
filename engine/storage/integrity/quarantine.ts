// Files that a repair takes out of the way: copied to quarantine/, with the time in their name, and removed
// after a week.

import { FileError, type FilesApi } from '../../files.ts';

const DIR = 'quarantine';
const KEPT_MS = 7 * 24 * 3600 * 1000;
const PIECE_BYTES = 1 << 20;

/** Durable when it resolves. */
export async function copyToQuarantine(
  files: FilesApi,
  path: string,
  nowMs: number,
): Promise<void> {
  files.makeDir(DIR);
  const name = `${DIR}/${nowMs}-${path.replaceAll('/', '-')}`;
  // What an attempt of the same moment has left.
  if (files.length(name) !== undefined) files.remove(name);
  const copy = files.create(name);
  try {
    const length = files.length(path) ?? 0;
    for (let at = 0; at < length; at += PIECE_BYTES) {
      copy.append(files.read(path, at, Math.min(PIECE_BYTES, length - at)));
    }
    await copy.sync();
  } finally {
    copy.close();
  }
  await files.syncDir(DIR);
}

/** Removes what has been there for a week. A file without a time in its name stays. */
export function expireQuarantine(files: FilesApi, nowMs: number): void {
  let names: string[];
  try {
    names = files.list(DIR).map(({ name }) => name);
  } catch (error) {
    if (error instanceof FileError && error.kind === 'NotFound') return;
    throw error;
  }
  for (const name of names) {
    const time = Number(/^(\d{13})-/.exec(name)?.[1] ?? nowMs);
    if (time < nowMs - KEPT_MS) files.remove(`${DIR}/${name}`);
  }
}
