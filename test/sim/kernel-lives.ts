// The seeds of the kernel's lives, in a few files so that they run side by side.

import { describe, expect, it } from 'vitest';
import { kernelMachine } from './kernel-machine.ts';
import { simulate } from './lifecycle.ts';

/** Runs `count` seeds from `from`; SIM_SEED and SIM_SEEDS choose others. */
export function kernelLives(from: number, count: number): void {
  const first = Number(process.env.SIM_SEED ?? from);
  const seeds = Number(process.env.SIM_SEEDS ?? count);
  describe('lives of a database with the kernel', () => {
    it(`keeps every promise over crashes (seeds ${first} to ${first + seeds - 1})`, async () => {
      let acked = 0;
      let full = 0;
      for (let seed = first; seed < first + seeds; seed++) {
        const machine = kernelMachine(seed);
        const result = await simulate(seed, machine);
        expect(result.faults, `seed ${seed}`).toEqual([]);
        acked += result.acked;
        full += result.full;
        machine.disk.close();
      }
      expect(acked).toBeGreaterThan(seeds * 5);
      if (seeds >= 50) expect(full).toBeGreaterThan(seeds / 4);
    }, 600_000);
  });
}
