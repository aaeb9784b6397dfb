// The seeds of the kernel's lives, in a few files so that they run side by side.

import { describe, expect, it } from 'vitest';
import { kernelMachine } from './kernel-machine.ts';
import { simulate } from './lifecycle.ts';
import { runSeeds, seedsOf } from './seeds.ts';

export function kernelLives(from: number, count: number): void {
  const chosen = seedsOf(from, count, 5);
  const { first, seeds } = chosen;
  describe('lives of a database with the kernel', () => {
    it(`keeps every promise over crashes (seeds ${first} to ${first + seeds - 1})`, async () => {
      const results = await runSeeds(chosen, async (seed) => {
        const machine = kernelMachine(seed);
        const result = await simulate(seed, machine);
        machine.disk.close();
        return result;
      });
      const sum = (of: (r: (typeof results)[number]) => number) =>
        results.reduce((n, result) => n + of(result), 0);
      expect(sum(({ acked }) => acked)).toBeGreaterThan(seeds * 5);
      if (seeds < 50) return;
      expect(sum(({ full }) => full)).toBeGreaterThan(seeds / 4);
      expect(sum(({ hurt }) => hurt)).toBeGreaterThan(seeds / 10);
    }, 3_600_000);
  });
}
