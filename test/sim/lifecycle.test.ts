import { describe, expect, it } from 'vitest';
import { simulate } from './lifecycle.ts';
import { memoryMachine } from './machine.ts';

const from = Number(process.env.SIM_SEED ?? 1);
const count = Number(process.env.SIM_SEEDS ?? 60);

describe('lives of a database', () => {
  it(`keeps every promise over crashes (seeds ${from} to ${from + count - 1})`, async () => {
    let acked = 0;
    let restarts = 0;
    for (let seed = from; seed < from + count; seed++) {
      const result = await simulate(seed, memoryMachine(seed));
      expect(result.faults, `seed ${seed}`).toEqual([]);
      acked += result.acked;
      restarts += result.restarts;
    }
    expect(acked).toBeGreaterThan(count * 10);
    expect(restarts).toBeGreaterThan(count);
  }, 120_000);
});
