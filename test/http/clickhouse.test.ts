// ClickHouse's `/` over the test double: how statements come, how failures are told, sessions.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './client.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.engine.requests = [];
});

describe("ClickHouse's interface", () => {
  it('answers health checks', async () => {
    for (const path of ['/', '/ping', '/replicas_status', '/ping?x=%ff']) {
      expect((await server.send({ path })).text).toBe('Ok.\n');
    }
  });

  it('joins the parameter and the body, and passes settings', async () => {
    const path = '/?query=SELECT&database=d&param_x=5&max_threads=2&default_format=CSV&query_id=q1';
    const answer = await server.send({ path, body: '42' });
    expect(answer.status).toBe(200);
    expect(server.engine.requests[0]).toMatchObject({
      sql: 'SELECT\n42',
      database: 'd',
      params: { x: '5' },
      settings: { max_threads: '2' },
      format: 'CSV',
      queryId: 'q1',
    });
    await server.send({ path: '/', body: 'SELECT 1' });
    expect(server.engine.requests[1]).toMatchObject({ format: 'TabSeparated' });
  });

  it('writes exceptions as text with the code in a header', async () => {
    const answer = await server.send({ path: '/', body: 'SELCT' });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-clickhouse-exception-code']).toBe('62');
    expect(answer.text).toMatch(/^Code: 62\. DB::Exception: .*\. \(SYNTAX_ERROR\) \(version /);
  });

  it('runs one statement of a session at a time', async () => {
    const first = server
      .send({ path: '/?session_id=s', body: 'SELECT never' })
      .catch(() => undefined);
    await expect.poll(() => server.engine.running).toBe(1);
    const second = await server.send({ path: '/?session_id=s', body: 'SELECT 1' });
    expect(second.headers['x-clickhouse-exception-code']).toBe('373');
    const other = await server.send({ path: '/?session_id=t', body: 'SELECT 1' });
    expect(other.status).toBe(200);
    const unknown = await server.send({ path: '/?session_id=u&session_check=1', body: 'SELECT 1' });
    expect(unknown.headers['x-clickhouse-exception-code']).toBe('372');
    await server.close();
    await first;
    server = await testServer();
  });
});
