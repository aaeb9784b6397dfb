// Opens the folder of a backup to verify it, without changing it.

import { basename, dirname } from 'node:path';
import { type VerifyReport, verifyBackup } from './backup/verify.ts';
import { native } from './native.ts';
import { openFiles } from './storage/native-files.ts';

export type { VerifyReport } from './backup/verify.ts';

/** Reads every file of the backup, and of the one beside it that it is based on. */
export async function verifyBackupFolder(folder: string): Promise<VerifyReport> {
  const files = openFiles(native().files, dirname(folder));
  const place = (dir: string) => ({ files, dir, close: () => {} });
  try {
    return await verifyBackup(place(basename(folder)), folder, place);
  } finally {
    files.close();
  }
}
