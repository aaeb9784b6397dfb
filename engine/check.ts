// Opens a data directory, or the folder of a backup, to verify it without changing it.

import { basename, dirname } from 'node:path';
import { Folder } from './backup/folder.ts';
import { type VerifyReport, verifyBackup } from './backup/verify.ts';
import { native } from './native/index.ts';
import { type CheckReport, checkDirectory } from './storage/integrity/check.ts';
import { openFiles } from './storage/native-files.ts';
import { lockDirectory } from './storage/recover.ts';

export type { VerifyReport } from './backup/verify.ts';
export { doctor } from './doctor.ts';
export type { CheckReport, Finding } from './storage/integrity/check.ts';

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

/** Reads every file of the backup, and of the one beside it that it is based on. */
export async function verifyBackupFolder(folder: string): Promise<VerifyReport> {
  const files = openFiles(native().files, dirname(folder));
  const place = (dir: string) => new Folder(files, dir, () => {});
  try {
    return await verifyBackup(place(basename(folder)), folder, place);
  } finally {
    files.close();
  }
}
