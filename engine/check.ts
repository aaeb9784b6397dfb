// Opens a data directory, or the folder of a backup, to verify it without changing it.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Folder } from './backup/folder.ts';
import { objectsAt } from './backup/objects.ts';
import type { Target } from './backup/target.ts';
import { type VerifyReport, verifyBackup } from './backup/verify.ts';
import { native } from './native/index.ts';
import { OutboundGuard } from './outbound/guard.ts';
import { withoutSecrets } from './outbound/secrets.ts';
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

/** Reads every file of the backup, and of those that it is based on. */
export async function verifyBackupFolder(folder: string): Promise<VerifyReport> {
  const opened = new Map<string, ReturnType<typeof openFiles>>();
  const place = (root: string, dir: string) => {
    const files = opened.get(root) ?? openFiles(native().files, root);
    opened.set(root, files);
    return new Folder(files, dir, () => {});
  };
  try {
    const own = place(dirname(folder), basename(folder));
    return await verifyBackup(own, folder, (name) => place(rootOf(folder, name), name));
  } finally {
    for (const files of opened.values()) files.close();
  }
}

/** The folder that names of backups are relative to: one above this backup in which the other one is. */
function rootOf(folder: string, other: string): string {
  const near = dirname(folder);
  for (let at = near; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, other))) return at;
  }
  return near;
}

const verifyLimits = { connectMs: 10_000, idleMs: 60_000, redirectsMax: 0, bytesMax: 2 ** 40 };
const triesMax = 10;

/** The same in a bucket; only the URL's own host is asked.
 *  @param keys none for a bucket that anybody may read */
export function verifyBackupObjects(url: string, keys: Target['keys']): Promise<VerifyReport> {
  const guard = new OutboundGuard({ ...verifyLimits, hosts: new URL(url).host });
  const place = (name: string) => objectsAt(guard, { name, ...(keys ? { keys } : {}) }, triesMax);
  return verifyBackup(place(url.replace(/\/+$/, '')), withoutSecrets(url), place);
}
