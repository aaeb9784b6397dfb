// What queries may take together.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours } from '../peers.ts';

let ours: Ours;
beforeAll(async () => {
  ours = await Ours.start('memory');
}, 60_000);
afterAll(() => ours?.close());

const inMemory = {
  max_bytes_before_external_group_by: '0',
  max_bytes_ratio_before_external_group_by: '0',
};
const large = 'SELECT count() FROM (SELECT number AS k, count() FROM numbers(1000000) GROUP BY k)';
const small = 'SELECT sum(number) FROM numbers(1000)';

it('a query keeps to the limit of its user, and the next one can run', async () => {
  const settings = { ...inMemory, max_memory_usage_for_user: '10000000' };
  const refused = await ours.ask(large, { settings });
  expect(refused).toMatchObject({ code: 241 });
  expect(await ours.must(small, { settings })).toBe('499500\n');
  expect(await ours.must(large, { settings: inMemory })).toBe('1000000\n');
});

it('queries of a user share the limit', async () => {
  // one takes about 48 MB
  const settings = { ...inMemory, max_memory_usage_for_user: '100000000' };
  const waiting = Array.from({ length: 8 }, () => ours.ask(large, { settings }));
  const outcomes = await Promise.all(waiting);
  const failed = outcomes.filter((outcome) => 'code' in outcome);
  expect(failed.length).toBeGreaterThan(0);
  for (const outcome of failed) {
    expect(outcome).toMatchObject({ code: 241 });
    expect((outcome as { message: string }).message).toMatch(/for user.*max_memory_usage_for_user/);
  }
  expect(await ours.must(large, { settings })).toBe('1000000\n');
});
