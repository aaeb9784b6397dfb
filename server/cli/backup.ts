// colonnade backup verify DIR or URL: reads a backup and says whether it can be restored.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type VerifyReport, verifyBackupFolder, verifyBackupObjects } from '../../engine/check.ts';
import { EXIT, Usage } from './failure.ts';

export async function verifyCommand(where: string): Promise<number> {
  const { tables, files, bytes, problems } = await reportOf(where);
  const write = (line: string) => process.stdout.write(`${line}\n`);
  for (const problem of problems) write(`DAMAGED  ${problem}`);
  write(`${tables} tables, ${files} files, ${bytes} bytes, ${problems.length} faults`);
  return problems.length === 0 ? EXIT.done : EXIT.failed;
}

/** The keys of a bucket come from the environment, as other tools take them. */
function reportOf(where: string): Promise<VerifyReport> {
  if (/^https?:\/\//.test(where)) {
    const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    return verifyBackupObjects(where, key && secret ? { key, secret } : undefined);
  }
  const folder = resolve(where);
  if (!existsSync(folder)) throw new Usage(`${where} does not exist`);
  return verifyBackupFolder(folder);
}
