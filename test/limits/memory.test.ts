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

it('a long constant array is not laid out for every row that it is joined to', async () => {
  const settings = { max_memory_usage: '100000000', max_execution_time: '1' };
  const before = process.memoryUsage().rss;
  const endless = 'SELECT sum(x) FROM (SELECT arrayJoin(range(1000000)) AS x FROM system.numbers)';
  expect(await ours.ask(endless, { settings })).toMatchObject({ code: 159 });
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
  const rows = 'SELECT arrayJoin(range(100000)) AS x, number FROM numbers(300)';
  const sums = `SELECT sum(x), count(), uniqExact(number) FROM (${rows})`;
  const many = { max_memory_usage: '100000000' };
  expect(await ours.must(sums, { settings: many })).toBe('1499985000000\t30000000\t300\n');
});

// Values of one block may be far more than its rows: what does not fit is refused before it is made.
it.each([
  ['range', 'SELECT sum(length(range(number % 2 + 3000))) FROM numbers(65409)'],
  [
    'arrayWithConstant',
    'SELECT sum(length(arrayWithConstant(number % 2 + 3000, number))) FROM numbers(65409)',
  ],
  [
    'arrayResize',
    'SELECT sum(length(arrayResize([number], number % 2 + 3000))) FROM numbers(65409)',
  ],
  ['repeat', "SELECT sum(length(repeat('abcdefgh', number % 2 + 2000))) FROM numbers(65409)"],
  [
    'arrayMap',
    "SELECT sum(length(arrayMap(x -> repeat('abcdefgh', x % 2 + 50), range(number % 2 + 300)))) FROM numbers(65409)",
  ],
  ['space', 'SELECT sum(length(space(number % 2 + 40000))) FROM numbers(65409)'],
])('%s asks for memory before it takes it', async (_, sql) => {
  const settings = { max_memory_usage: '100000000', max_block_size: '65409', max_threads: '1' };
  const before = process.memoryUsage().rss;
  expect(await ours.ask(sql, { settings })).toMatchObject({ code: 241 });
  expect(process.memoryUsage().rss - before).toBeLessThan(250e6);
});
