import { describe, expect, it } from 'vitest';
import { simulateStatements } from './statements.ts';

const from = Number(process.env.SIM_SEED ?? 1);
const count = Number(process.env.SIM_SEEDS ?? 25);

describe('lives of a database under statements', () => {
  it(`keeps every promise over crashes (seeds ${from} to ${from + count - 1})`, async () => {
    let acked = 0;
    let crashes = 0;
    for (let seed = from; seed < from + count; seed++) {
      const result = await simulateStatements(seed);
      expect(result.faults, `seed ${seed}`).toEqual([]);
      acked += result.acked;
      crashes += result.crashes;
    }
    expect(acked).toBeGreaterThan(count * 3);
    expect(crashes).toBeGreaterThan(count / 2);
  }, 300_000);
});
