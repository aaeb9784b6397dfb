// Which seeds a simulation runs, and every seed that failed.

import { expect } from 'vitest';

/** `count` seeds from `from`; SIM_SEED and SIM_SEEDS choose others.
 *  @param byNight how many times as many a nightly run takes */
export function seedsOf(
  from: number,
  count: number,
  byNight: number,
): { first: number; seeds: number } {
  const times = process.env.COLONNADE_TEST_NIGHTLY ? byNight : 1;
  const first = Number(process.env.SIM_SEED ?? from * times);
  return { first, seeds: Number(process.env.SIM_SEEDS ?? count * times) };
}

/** Runs the seeds one after the other; what fails is told with its seed, all of it. */
export async function runSeeds<T extends { readonly faults: readonly string[] }>(
  { first, seeds }: { first: number; seeds: number },
  run: (seed: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  const failed: string[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const result = await run(seed);
    results.push(result);
    if (result.faults.length === 0) continue;
    failed.push(`seed ${seed}: ${result.faults.join('\n')}`);
    process.stderr.write(`${failed.at(-1)}\n`);
  }
  expect(failed).toEqual([]);
  return results;
}
