// colonnade doctor DIR: what is wrong with a data directory and what would be done about it; --repair does it.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { doctor } from '../../engine/check.ts';
import { EXIT, Usage } from './failure.ts';

export async function doctorCommand(dir: string, repair: boolean): Promise<number> {
  const folder = resolve(dir);
  if (!existsSync(folder)) throw new Usage(`${dir} does not exist`);
  const findings = await doctor(folder, repair);
  const write = (line: string) => process.stdout.write(`${line}\n`);
  for (const { table, problem, remedy, repaired } of findings) {
    write(`${table === undefined ? '' : `${table}: `}${problem.split('\n')[0]}`);
    write(`  ${repaired ? 'done' : 'would'}: ${remedy}`);
  }
  const left = findings.filter(({ repaired }) => !repaired).length;
  if (findings.length === 0) write('nothing is wrong');
  else if (repair) write(`${findings.length - left} of ${findings.length} faults repaired`);
  else write(`${findings.length} faults; copy the directory, then run it again with --repair`);
  return left === 0 ? EXIT.done : EXIT.failed;
}
