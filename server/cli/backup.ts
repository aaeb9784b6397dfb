// colonnade backup verify DIR: reads a backup and says whether it can be restored.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { verifyBackupFolder } from '../../engine/check.ts';
import { EXIT, Usage } from './failure.ts';

export async function verifyCommand(dir: string): Promise<number> {
  const folder = resolve(dir);
  if (!existsSync(folder)) throw new Usage(`${dir} does not exist`);
  const { tables, files, bytes, problems } = await verifyBackupFolder(folder);
  const write = (line: string) => process.stdout.write(`${line}\n`);
  for (const problem of problems) write(`DAMAGED  ${problem}`);
  write(`${tables} tables, ${files} files, ${bytes} bytes, ${problems.length} faults`);
  return problems.length === 0 ? EXIT.done : EXIT.failed;
}
