import { describe, expect, it } from 'vitest';
import { runSeeds, seedsOf } from './seeds.ts';
import { simulateStatements } from './statements.ts';

const chosen = seedsOf(1, 40, 25);
const { first, seeds } = chosen;

describe('lives of a database under statements', () => {
  it(`keeps every promise over crashes (seeds ${first} to ${first + seeds - 1})`, async () => {
    const results = await runSeeds(chosen, simulateStatements);
    const sum = (of: (r: (typeof results)[number]) => number) =>
      results.reduce((n, result) => n + of(result), 0);
    expect(sum(({ done }) => done)).toBeGreaterThan(seeds * 10);
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(seeds / 2);
    if (seeds < 40) return;
    expect(sum(({ full }) => full)).toBeGreaterThan(seeds / 20);
    expect(sum(({ failedSyncs }) => failedSyncs)).toBeGreaterThan(0);
  }, 3_600_000);
});
