// Opens a data directory to verify it, without changing it.

import { native } from './native.ts';
import { type CheckReport, checkDirectory } from './storage/check.ts';
import { openFiles } from './storage/native-files.ts';
import { lockDirectory } from './storage/recover.ts';

export type { CheckReport, Finding } from './storage/check.ts';

/** Reads everything that the directory holds. Throws when another process has it. */
export async function check(dataDir: string): Promise<CheckReport> {
  const kernel = native();
  const files = openFiles(kernel.files, dataDir);
  const { store } = files;
  const unlock = lockDirectory(files);
  try {
    return await checkDirectory(files, (file) => kernel.segmentCheck({ store, file }));
  } finally {
    kernel.forgetStore(store);
    unlock();
    files.close();
  }
}
