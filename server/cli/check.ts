// colonnade check DIR: reads everything a data directory holds and says what is damaged.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { check } from '../../engine/check.ts';
import { EXIT, Usage } from './failure.ts';

export async function checkCommand(dir: string): Promise<number> {
  const folder = resolve(dir);
  if (!existsSync(folder)) throw new Usage(`${dir} does not exist`);
  const { tables, findings } = await check(folder);
  const write = (line: string) => process.stdout.write(`${line}\n`);
  for (const { problem, table } of findings) if (!table) write(`DAMAGED  ${problem}`);
  for (const { name, segments } of tables) {
    const problems = findings.filter((finding) => finding.table === name);
    write(`${problems.length === 0 ? 'ok      ' : 'DAMAGED '} ${name} (${segments} segments)`);
    for (const { problem } of problems)
      write(`         ${problem.replaceAll('\n', '\n         ')}`);
  }
  write(`${tables.length} tables, ${findings.length} faults`);
  return findings.length === 0 ? EXIT.done : EXIT.failed;
}
