import { describe, expect, it } from 'vitest';
import { simulate } from './lifecycle.ts';
import { memoryMachine } from './machine.ts';
import { runSeeds, seedsOf } from './seeds.ts';

const chosen = seedsOf(1, 60, 17);
const { first, seeds } = chosen;

describe('lives of a database', () => {
  it(`keeps every promise over crashes (seeds ${first} to ${first + seeds - 1})`, async () => {
    const results = await runSeeds(chosen, (seed) => simulate(seed, memoryMachine(seed)));
    const sum = (of: (r: (typeof results)[number]) => number) =>
      results.reduce((n, result) => n + of(result), 0);
    expect(sum(({ acked }) => acked)).toBeGreaterThan(seeds * 10);
    expect(sum(({ restarts }) => restarts)).toBeGreaterThan(seeds);
    if (seeds >= 50) expect(sum(({ hurt }) => hurt)).toBeGreaterThan(seeds / 10);
  }, 3_600_000);
});
