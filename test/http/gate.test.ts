// Framing, hosts and origins: what must never reach a route, as raw bytes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { statuses, type TestServer, testServer } from './client.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.engine.rows = [];
});

const row = (id: number): string => `{"id":${id},"v":"smuggled"}\n`;
const post = (headers: string[], text: string, path = '/ingest?table=guard'): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n${text}`;
const inner = post([`Content-Length: ${row(900).length}`, 'Connection: close'], row(900));
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const length = (id: number): string => `Content-Length: ${row(id).length}`;

const BROKEN: [string, string][] = [
  [
    'Content-Length beside Transfer-Encoding',
    post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${inner}`),
  ],
  [
    'Transfer-Encoding beside Content-Length',
    post(['Transfer-Encoding: chunked', 'Content-Length: 4'], `${chunk('{}')}0\r\n\r\n${inner}`),
  ],
  ['two lengths', post(['Content-Length: 0', `Content-Length: ${inner.length}`], inner)],
  ['two equal lengths', post([length(901), length(901)], row(901))],
  ['a list of lengths', post([`Content-Length: 0, ${inner.length}`], inner)],
  ['a length with a sign', post(['Content-Length: +0'], inner)],
  ['a negative length', post(['Content-Length: -1'], inner)],
  ['a hexadecimal length', post(['Content-Length: 0x0'], inner)],
  ['a length of 20 digits', post(['Content-Length: 99999999999999999999'], row(901))],
  ['a blank before the colon', post(['Transfer-Encoding : chunked'], `0\r\n\r\n${inner}`)],
  ['xchunked', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${inner}`)],
  ['identity', post(['Transfer-Encoding: identity'], row(902))],
  [
    'two encodings',
    post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${inner}`),
  ],
  ['chunked, identity', post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${inner}`)],
  ['a chunk size with a sign', post(['Transfer-Encoding: chunked'], `-1\r\n${inner}`)],
  [
    'a chunk size of 20 digits',
    post(['Transfer-Encoding: chunked'], `ffffffffffffffffffff\r\n${row(902)}`),
  ],
  [
    'a chunk without its end',
    post(['Transfer-Encoding: chunked'], `5\r\n${row(903)}\r\n0\r\n\r\n`),
  ],
  ['a chunk size of text', post(['Transfer-Encoding: chunked'], `zz\r\n${row(904)}\r\n0\r\n\r\n`)],
  ['bare line feeds', post([length(905)], row(905)).replaceAll('\r\n', '\n')],
  ['bare carriage returns', post([length(906)], row(906)).replaceAll('\r\n', '\r')],
  ['a line feed in a header', post([`X: a\n${length(907)}`], row(907))],
  ['NUL in a header', post(['X: a\0b', length(908)], row(908))],
  ['a header without a colon', post(['Nonsense', length(909)], row(909))],
  ['a folded header', post(['X: a', ' b', length(909)], row(909))],
  ['no Host', `POST /ingest?table=guard HTTP/1.1\r\n${length(910)}\r\n\r\n${row(910)}`],
  ['two Hosts', post(['Host: 127.0.0.1', length(911)], row(911))],
  ['two equal Hosts', post(['Host: localhost', length(911)], row(911))],
  [
    'HTTP/9.9',
    `POST /ingest?table=guard HTTP/9.9\r\nHost: localhost\r\n${length(912)}\r\n\r\n${row(912)}`,
  ],
  ['HTTP/0.9', 'GET /ping\r\n\r\n'],
  ['no method', ' /ping HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['TLS', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\xff'.repeat(200)}`],
  ['two hosts in two places', 'GET http://evil.example/ping HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['CONNECT', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['no length', `POST /ingest?table=guard HTTP/1.1\r\nHost: localhost\r\n\r\n${inner}`],
];

describe('framing', () => {
  it.each(BROKEN)('%s is refused and stores nothing', async (_name, bytes) => {
    const answer = await server.raw(Buffer.from(bytes, 'latin1'));
    expect(statuses(answer).filter((s) => s < 400 || s >= 500)).toEqual([]);
    expect(server.engine.rows).toEqual([]);
  });

  it('serves proper requests in pieces, in chunks and in one packet', async () => {
    const whole = post(['Content-Length: 9'], 'SELECT 42', '/query');
    expect(statuses(await server.raw(whole.repeat(50), 500))).toEqual(Array(50).fill(200));
    const chunked = `${chunk('SELEC')}${chunk('T 42')}0\r\n\r\n`;
    expect(await server.raw(post(['Transfer-Encoding: chunked'], chunked, '/query'))).toContain(
      '42',
    );
    const absolute = 'GET http://localhost/ping HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(statuses(await server.raw(absolute))).toEqual([200]);
  });

  it('closes the connection after a body that is cut', async () => {
    const cut = post(['Content-Length: 400'], row(920));
    expect(await server.raw(cut, 300)).toBe('');
    expect(server.engine.rows).toEqual([]);
  });

  it('takes 100 KB of headers and refuses 2 MB', async () => {
    const get = (n: number): string =>
      `GET /ping HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(n)}\r\n\r\n`;
    expect(statuses(await server.raw(get(100_000)))).toEqual([200]);
    expect(statuses(await server.raw(get(2_000_000))).filter((s) => s !== 431)).toEqual([]);
  });
});

describe('hosts and origins', () => {
  const LOOPBACK = [
    'localhost',
    'LOCALHOST',
    'localhost:1',
    '127.0.0.1',
    '127.0.0.2:80',
    '[::1]:9',
  ];
  const FOREIGN = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    'x',
    '10.0.0.1',
  ];

  it.each(LOOPBACK)('takes Host %s', async (host) => {
    expect((await server.send({ path: '/ping', headers: { host } })).status).toBe(200);
  });

  it.each(FOREIGN)('refuses Host %s on every route', async (host) => {
    for (const path of [
      '/ping',
      '/query?query=SELECT+1',
      '/?query=SELECT+1',
      '/nope',
      '/metrics',
    ]) {
      expect((await server.send({ path, headers: { host } })).status, path).toBe(403);
    }
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'http://localhost.evil.example' },
  ])('a page of %o may not write', async (headers) => {
    for (const path of ['/ingest?table=guard', '/ingest/guard', '/query', '/', '/?query=INSERT']) {
      const answer = await server.send({ path, body: row(960), headers: headers as never });
      expect(answer.status, path).toBe(403);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(server.engine.rows).toEqual([]);
  });

  it('lets our own page and a listed origin write', async () => {
    const host = `127.0.0.1:${server.port}`;
    const own = await server.send({
      path: '/ingest?table=guard',
      body: row(1),
      headers: { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' },
    });
    expect(own.status).toBe(200);
    const other = await testServer({ cors_origins: 'https://app.example' });
    const headers = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    const listed = await other.send({ path: '/query', body: 'SELECT 1', headers });
    expect(listed.status).toBe(200);
    expect(listed.headers['access-control-allow-origin']).toBe('https://app.example');
    const preflight = await other.send({ method: 'OPTIONS', path: '/query', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
    await other.close();
  });
});
