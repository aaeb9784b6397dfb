// /query and /ingest over the test double: requests in, answers, failures, cut streams.
import http from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './client.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.engine.rows = [];
  server.engine.requests = [];
  server.engine.ingests = [];
});

const json = (doc: unknown, path = '/query') =>
  server.send({
    path,
    headers: { 'content-type': 'application/json' },
    body: typeof doc === 'string' ? doc : JSON.stringify(doc),
  });
const errorOf = (text: string) => (JSON.parse(text) as { error: Record<string, unknown> }).error;

describe('POST /query', () => {
  it('takes text and answers JSON with a length', async () => {
    const answer = await server.send({ path: '/query', body: 'SELECT 42' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ data: [{ x: 42 }] });
    expect(answer.headers['content-length']).toBeDefined();
    expect(answer.headers['x-clickhouse-query-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('passes the fields of a JSON document on', async () => {
    const answer = await json({
      query: 'SELECT {x:String}',
      format: 'CSV',
      params: { x: "'; DROP", n: 5, list: ['a', "b'c", [1]], no: null },
      settings: { max_threads: 1, readonly: true },
      database: 'd',
      query_id: 'id-1',
    });
    expect(answer.status).toBe(200);
    expect(server.engine.requests[0]).toMatchObject({
      sql: 'SELECT {x:String}',
      format: 'CSV',
      params: { x: "'; DROP", n: '5', list: "['a','b\\'c',[1]]", no: '\\N' },
      settings: { max_threads: '1', readonly: '1' },
      database: 'd',
      queryId: 'id-1',
    });
    expect(answer.headers['x-clickhouse-query-id']).toBe('id-1');
  });

  it('hands a list of parameters to the places marked ?', async () => {
    const answer = await json({ query: 'SELECT ?, ?', params: [1, 'a\tb'] });
    expect(answer.status).toBe(200);
    expect(server.engine.requests[0]).toMatchObject({ positional: [1, 'a\tb'] });
  });

  it.each([
    '',
    '[]',
    'null',
    '5',
    '{}',
    '{"query":5}',
    '{"query":null}',
    '{"query":"SELECT 1"',
    '{"query":"SELECT 1","format":5}',
    '{"query":"SELECT 1","settings":5}',
    '{"query":"SELECT 1","settings":{"__proto__":{"readonly":1}}}',
    '{"query":"SELECT 1","params":"x"}',
    '{"query":"SELECT 1","surprise":true}',
    '{"query":"SELECT 1","__proto__":{"x":1}}',
    '{"query":"SELECT 1","query_id":"a\\r\\nX-Evil: 1"}',
    '{"query":"SELECT 1","query_id":5}',
    '{"query":"SELECT \\ud800"}',
    '{"query":"SELECT 1","params":{"x":"\\udfff"}}',
    '['.repeat(100_000),
  ])('refuses the document %s', async (text) => {
    const answer = await json(text);
    expect(answer.status).toBe(400);
    const error = errorOf(answer.text);
    expect(error.code).toBeGreaterThan(0);
    expect(error.name).toMatch(/^[A-Z_]+$/);
    expect(server.engine.requests).toEqual([]);
  });

  it('takes whole surrogate pairs and escapes', async () => {
    const answer = await json('{"query":"SELECT \\ud83d\\ude00 \\\\ud800"}');
    expect(answer.status).toBe(200);
    expect(server.engine.requests[0]?.sql).toBe('SELECT \u{1f600} \\ud800');
  });

  it('shows places and hints of syntax errors', async () => {
    const answer = await server.send({ path: '/query', body: 'SELCT 1' });
    expect(answer.status).toBe(400);
    expect(errorOf(answer.text)).toMatchObject({ code: 62, position: 0, line: 1, column: 1 });
  });

  it('counts code points up to bytes that are no UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from("SELECT 'é日\n"),
      Buffer.from([0xff]),
      Buffer.from("'"),
    ]);
    const answer = await server.send({ path: '/query', body });
    expect(errorOf(answer.text)).toMatchObject({ code: 62, position: 11, line: 2, column: 1 });
  });

  it('hides what an unexpected failure holds', async () => {
    const answer = await server.send({ path: '/query', body: 'SELECT boom' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(errorOf(answer.text)).toMatchObject({ code: 49, name: 'LOGICAL_ERROR' });
    expect(errorOf(answer.text).logId).toMatch(/^[0-9a-f]+$/);
  });

  it('says when to come again', async () => {
    const answer = await server.send({ path: '/query', body: 'SELECT busy' });
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('2');
  });

  it('refuses statements beyond max_query_size', async () => {
    const body = `SELECT '${'a'.repeat(300_000)}'`;
    expect((await server.send({ path: '/query', body })).status).toBe(413);
    const raised = await server.send({ path: '/query?max_query_size=400000', body });
    expect(raised.status).toBe(200);
  });

  it('decodes a compressed statement and stops at a bomb', async () => {
    const headers = { 'content-encoding': 'gzip' };
    const good = await server.send({ path: '/query', body: gzipSync('SELECT 42'), headers });
    expect(good.status).toBe(200);
    const cut = gzipSync('SELECT 42').subarray(0, 15);
    expect((await server.send({ path: '/query', body: cut, headers })).status).toBe(400);
    const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20, ' '));
    expect((await server.send({ path: '/query', body: bomb, headers })).status).toBe(413);
  });

  it('separates the rows of an INSERT from its text, to the byte', async () => {
    const rows = Buffer.concat([Buffer.from([0xff, 0x00, 0x0a]), Buffer.alloc(400_000, 0x80)]);
    const body = Buffer.concat([Buffer.from('INSERT INTO guard FORMAT RowBinary\n'), rows]);
    expect((await server.send({ path: '/query', body })).status).toBe(200);
    const [request] = server.engine.requests;
    expect(request?.sql.trim()).toBe('INSERT INTO guard FORMAT RowBinary');
    const path = `/?query=${encodeURIComponent('INSERT INTO guard FORMAT CSV')}`;
    const zipped = gzipSync('1,a\n');
    await server.send({ path, body: zipped, headers: { 'content-encoding': 'gzip' } });
    expect(server.engine.requests[1]).toMatchObject({ dataEncoding: 'gzip' });
  });

  it('reads only by GET', async () => {
    const path = (q: string, route = '/query') => `${route}?query=${encodeURIComponent(q)}`;
    expect((await server.send({ path: path('SELECT 1') })).status).toBe(200);
    expect((await server.send({ path: path('DROP TABLE guard') })).status).toBe(403);
    expect((await server.send({ path: path('DROP TABLE guard', '/') })).status).toBe(500);
    expect((await server.send({ method: 'HEAD', path: path('INSERT', '/') })).status).toBe(500);
    expect((await server.send({ path: '/query' })).status).toBe(400);
  });
});

describe('a client that goes', () => {
  it.each(['SELECT never', 'SELECT endless'])('ends %s', async (sql) => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.write(
      `POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`,
    );
    await expect.poll(() => server.engine.running).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await expect.poll(() => server.engine.running, { timeout: 250, interval: 5 }).toBe(0);
  });

  it('and one that reads slowly holds little memory', async () => {
    const before = process.memoryUsage().rss;
    const req = http.request({
      port: server.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/query',
    });
    req.on('error', () => undefined);
    req.end('SELECT endless');
    const res = await new Promise<http.IncomingMessage>((done) => req.on('response', done));
    res.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * 2 ** 20);
    req.destroy();
    await expect.poll(() => server.engine.running).toBe(0);
  });
});

describe('a failure after the first byte', () => {
  it.each(['/query', '/'])('on %s cannot be taken for success', async (path) => {
    const answer = await server.send({ path, body: 'SELECT late' });
    expect(answer.status).toBe(200);
    expect(answer.complete).toBe(false);
    if (path === '/') {
      expect(answer.text).toMatch(
        /__exception__\r\n[a-z]{16}\r\nCode: 395\. DB::Exception: stop here/,
      );
    }
  });

  it('HTTP/1.0 gets whole results only', async () => {
    const ask = (sql: string) =>
      server.raw(
        `POST /query HTTP/1.0\r\nHost: localhost\r\nContent-Length: ${sql.length}\r\n\r\n${sql}`,
      );
    expect(await ask('SELECT 42')).toContain('HTTP/1.1 200 OK');
    expect(await ask('SELECT late')).toContain('HTTP/1.1 400 ');
    expect(await ask('SELECT endless')).toContain('HTTP/1.1 505 ');
  });
});

describe('POST /ingest', () => {
  it('passes everything on and answers', async () => {
    const path =
      '/ingest?table=guard&format=CSV&token=t1&create=1&on_error=skip&date_time_input_format=basic';
    const answer = await server.send({ path, body: '{"id":1}\n' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      table: 'guard',
      rows: 1,
      rejected: 0,
      deduplicated: 0,
      errors: [],
    });
    expect(server.engine.ingests[0]).toMatchObject({
      table: 'guard',
      format: 'CSV',
      token: 't1',
      create: true,
      onError: 'skip',
      settings: { date_time_input_format: 'basic' },
    });
    await server.send({ path: '/ingest/gu%61rd', body: '', headers: { 'idempotency-key': 'k' } });
    expect(server.engine.ingests[1]).toMatchObject({ table: 'guard', token: 'k' });
  });

  it.each([
    '/ingest',
    '/ingest?table=',
    '/ingest/',
    '/ingest/a/b',
    '/ingest?table=guard&table=users',
    '/ingest/guard?table=guard',
    '/ingest/%zz',
    '/ingest?table=guard&on_error=perhaps',
    '/ingest?table=guard&create=maybe',
    '/ingest?table=guard&format=',
    `/ingest?table=guard&token=${'x'.repeat(100_000)}`,
    '/ingest?table=nothing',
  ])('refuses %s', async (path) => {
    const answer = await server.send({ path, body: '{"id":1}\n' });
    expect([400, 404]).toContain(answer.status);
    expect(errorOf(answer.text).message).toBeTruthy();
    expect(server.engine.rows).toEqual([]);
  });

  it('refuses unknown encodings, GET, and bodies over the limit while they are sent', async () => {
    const headers = { 'content-encoding': 'gzip, gzip' };
    const path = '/ingest?table=guard';
    expect((await server.send({ path, body: 'x', headers })).status).toBe(400);
    expect((await server.send({ method: 'GET', path, body: 'x' })).status).toBe(405);
    const small = await testServer({ max_body_bytes: 1000 });
    const body = '{"id":1}\n'.repeat(500_000);
    const answer = await small.send({ path, body });
    expect(answer.status).toBe(413);
    const chunked = { 'transfer-encoding': 'chunked' };
    const from = performance.now();
    const late = await small.send({ path, body, headers: chunked });
    expect(late.status).toBe(413);
    expect(performance.now() - from).toBeLessThan(2000);
    expect(small.engine.rows).toEqual([]);
    await small.close();
  });

  it('tells a client that cannot stop sending why', async () => {
    const path = '/ingest?table=nothing';
    const answer = await server.send({ path, body: Buffer.alloc(20_000_000, 10) });
    expect(answer.status).toBe(404);
  });

  it('waits for 100-continue only when the request is fine', async () => {
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`;
    expect(await server.raw(head('/ingest?table=guard'))).toMatch(/^HTTP\/1\.1 100 Continue/);
    expect(await server.raw(head('/ingest'))).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('other routes', () => {
  it('are what they say', async () => {
    expect(JSON.parse((await server.send({ path: '/health' })).text)).toMatchObject({
      status: 'ok',
    });
    expect((await server.send({ path: '/metrics' })).text).toContain('colonnade_queries_total 1');
    const api = JSON.parse((await server.send({ path: '/openapi.json' })).text);
    expect(Object.keys(api.paths)).toContain('/ingest');
    expect((await server.send({ path: '/console' })).status).toBe(404);
    expect((await server.send({ path: '/druid/v2/sql', body: '{}' })).status).toBe(501);
  });

  it.each([
    '/nope',
    '/query/',
    '/QUERY',
    '//query',
    '/./query',
    '/query/../ingest/guard',
    '/query;x=1',
    '/%71uery',
    '/%',
    '/.env',
    `/${'a'.repeat(100_000)}`,
  ])('%s is not there', async (path) => {
    const answer = await server.send({ path });
    expect(answer.status).toBe(404);
    expect(errorOf(answer.text).message).toBeTruthy();
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])('%s is not taken', async (method) => {
    expect((await server.send({ method, path: '/query', body: 'SELECT 1' })).status).toBe(405);
  });
});

describe('a server with a password', () => {
  it('asks for it in every way, and in one way only', async () => {
    const locked = await testServer({ user: 'ada', password: 'secret' });
    const ask = (headers: Record<string, string>, path = '/query') =>
      locked.send({ path, body: 'SELECT 1', headers });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect((await ask({})).status).toBe(401);
    expect((await ask({})).headers['www-authenticate']).toMatch(/^Basic/);
    expect((await ask({ authorization: basic('ada:secret') })).status).toBe(200);
    expect((await ask({ authorization: basic('ada:wrong') })).status).toBe(403);
    expect((await ask({ authorization: basic('eve:secret') })).status).toBe(403);
    expect((await ask({ authorization: 'Basic %%%' })).status).toBe(403);
    const key = { 'x-clickhouse-user': 'ada', 'x-clickhouse-key': 'secret' };
    expect((await ask(key)).status).toBe(200);
    expect((await ask({ ...key, authorization: basic('ada:secret') })).status).toBe(403);
    expect((await ask({}, '/?user=ada&password=secret')).status).toBe(200);
    expect((await ask({ host: 'db.example', authorization: basic('ada:secret') })).status).toBe(
      200,
    );
    expect((await locked.send({ path: '/ping' })).status).toBe(200);
    expect((await locked.send({ path: '/metrics' })).status).toBe(401);
    await locked.close();
  });
});
