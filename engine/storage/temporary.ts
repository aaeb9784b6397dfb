// The folder of temporary files: what queries put there when their memory does not suffice. The kernel
// unlinks each file as soon as it is open, so only a crash between the two steps leaves any.

import type { Logger } from '../facade.ts';
import type { FilesApi } from '../files.ts';

export const TEMPORARY_DIR = 'tmp';

/** Makes the folder and empties it; false where that cannot be, and queries then stay in memory. */
export function openTemporary(files: FilesApi, logger: Logger): boolean {
  try {
    const there = files.list('').some(({ name }) => name === TEMPORARY_DIR);
    if (!there) files.makeDir(TEMPORARY_DIR);
    else {
      for (const { name, dir } of files.list(TEMPORARY_DIR))
        if (!dir) files.remove(`${TEMPORARY_DIR}/${name}`);
    }
    return true;
  } catch (error) {
    const reason = (error as Error).message;
    logger.warn({ reason }, 'no folder for temporary files: large queries stay in memory');
    return false;
  }
}
