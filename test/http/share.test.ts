// Settings that bound how much of a server one user's queries take at a time.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RealServer, realServer } from './real.ts';

let server: RealServer;
beforeAll(async () => {
  server = await realServer();
});
afterAll(() => server.close());

const ask = async (settings: string, sql: string): Promise<string> =>
  (await server.send(`/?${settings}`, {}, sql)).body.toString();

it('refuses a query beside as many of its user as may run, and lets others in', async () => {
  const long = server.text('SELECT sleep(1)');
  while ((await server.text('SELECT count() FROM system.processes')) === '1\n');
  const [mine, all] = ['max_concurrent_queries_for_user', 'max_concurrent_queries_for_all_users'];
  expect(await ask(`${mine}=1`, 'SELECT 1')).toContain('TOO_MANY_SIMULTANEOUS_QUERIES');
  expect(await ask(`${all}=1`, 'SELECT 1')).toContain('TOO_MANY_SIMULTANEOUS_QUERIES');
  expect(await ask(`${mine}=2`, 'SELECT 2')).toBe('2\n');
  await long;
  expect(await ask(`${mine}=1&${all}=1`, 'SELECT 3')).toBe('3\n');
});
