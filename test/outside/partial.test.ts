// Parquet behind url() and s3(): only what a query reads of it is brought, and the rows are those of the whole.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { TEMPORARY_DIR } from '../../engine/storage/temporary.ts';
import { textOf } from '../peers.ts';

let engine: Engine;
let dir: string;
let remote: Server;
let base: string;
let object: Buffer;
/** Bytes that went out, and how many requests there were. */
let sent = 0;
let asked = 0;
/** What the server does with a request instead of answering it well. */
let fault: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

function answer(request: IncomingMessage, response: ServerResponse): void {
  asked++;
  if (fault(request, response)) return;
  const content = request.url?.includes('text') ? Buffer.from('no Parquet at all') : object;
  const body = request.url?.includes('empty') ? Buffer.alloc(0) : content;
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range || request.url?.includes('whole')) {
    sent += body.length;
    response.end(body);
    return;
  }
  if (body.length === 0) {
    response.writeHead(416).end();
    return;
  }
  const from = range[1] === '' ? Math.max(0, body.length - Number(range[2])) : Number(range[1]);
  const to = range[1] === '' ? body.length : Number(range[2]) + 1;
  const place = `bytes ${from}-${to - 1}/${body.length}`;
  response.writeHead(206, { 'content-range': place, etag: '"one"' });
  sent += to - from;
  response.end(body.subarray(from, to));
}

async function ask(sql: string, settings: Record<string, string> = {}): Promise<string> {
  try {
    const { chunks } = await engine.query({
      sql,
      user: { name: 'default' },
      settings: { remote_read_min_bytes_for_seek: '0', ...settings },
    });
    return await textOf(chunks);
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

const rows = 160_000;

beforeAll(async () => {
  remote = createServer(answer);
  await new Promise<void>((go) => remote.listen(0, '127.0.0.1', go));
  const { port } = remote.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-partial-'));
  const settings = { outbound_hosts: `127.0.0.1:${port}`, http_max_tries: '3' };
  engine = await open({ dataDir: dir, settings });
  const made = await engine.query({
    sql: `SELECT number AS n, cityHash64(number) AS h, hex(cityHash64(number, 1)) AS text, [number, 1] AS list
          FROM numbers(${rows}) FORMAT Parquet SETTINGS output_format_parquet_row_group_size = 20000`,
    user: { name: 'default' },
  });
  const parts: Uint8Array[] = [];
  for await (const part of made.chunks) parts.push(part);
  object = Buffer.concat(parts);
}, 60_000);
afterAll(async () => {
  await engine.close();
  remote.closeAllConnections();
  remote.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  sent = 0;
  asked = 0;
  fault = () => false;
});

const whole = { remote_read_min_bytes_for_seek: '1000000000' };
const places = (): string[] => [`url('${base}/a.parquet')`, `s3('${base}/b/a.parquet', NOSIGN)`];

test('columns and row groups that are not read stay where they are', async () => {
  for (const from of places()) {
    sent = 0;
    expect(await ask(`SELECT sum(n) FROM ${from}`)).toBe(`${(rows * (rows - 1)) / 2}\n`);
    expect(sent).toBeLessThan(object.length / 2);
    sent = 0;
    expect(await ask(`SELECT count() FROM ${from}`)).toBe(`${rows}\n`);
    expect(await ask(`DESCRIBE ${from}`)).toContain('text\t');
    expect(sent).toBeLessThan(object.length / 10);
    sent = 0;
    expect(await ask(`SELECT h, text, list FROM ${from} WHERE n = 123456`)).toContain('[123456,1]');
    expect(sent).toBeLessThan(object.length / 4);
  }
  expect(readdirSync(join(dir, TEMPORARY_DIR)).length).toBe(0);
});

test('the rows are those of the whole object', async () => {
  for (const query of [
    'SELECT count(), sum(cityHash64(*)) FROM @',
    'SELECT sum(h), max(text) FROM @ WHERE n % 7 = 3',
    'SELECT * FROM @ WHERE n BETWEEN 99990 AND 100010 ORDER BY n',
    'SELECT sum(length(list)), any(_file), any(_size) FROM @',
    'SELECT count() FROM @ AS a INNER JOIN @ AS b ON a.n = b.h % 160000',
    "SELECT (SELECT max(n) FROM @ WHERE text < '3'), (SELECT min(h) FROM @ WHERE n > 100000)",
    'SELECT n FROM @ WHERE n > 1000000',
    'SELECT sum(n) FROM (SELECT n FROM @ UNION ALL SELECT h % 10 FROM @)',
  ]) {
    for (const from of places()) {
      const sql = query.replaceAll('@', from);
      const expected = await ask(sql, whole);
      expect(expected).not.toMatch(/^[A-Z_]+: /);
      expect(await ask(sql), sql).toBe(expected);
      expect(await ask(sql, { remote_read_min_bytes_for_seek: '10000' })).toBe(expected);
      expect(await ask(sql.replaceAll('a.parquet', 'whole.parquet'))).toBe(
        expected.replaceAll('a.parquet', 'whole.parquet'),
      );
    }
  }
  await ask('CREATE TABLE taken (n UInt64, h UInt64) ORDER BY n');
  expect(await ask(`INSERT INTO taken SELECT n, h FROM ${places()[0]} WHERE n < 60000`)).toBe('');
  expect(await ask('SELECT count(), uniqExact(h) FROM taken')).toBe('60000\t60000\n');
});

test('a short object comes whole', async () => {
  expect(await ask(`SELECT sum(n) FROM url('${base}/a.parquet')`, whole)).not.toMatch(/Error|_/);
  expect(sent).toBe(object.length);
  expect(asked).toBe(2);
});

test('what breaks off is asked for again, what has changed fails', async () => {
  let broken = 0;
  fault = (_, response) => {
    if (asked !== 3 || broken++ > 0) return false;
    response.writeHead(503).end();
    return true;
  };
  const sql = `SELECT sum(n), sum(h) FROM url('${base}/a.parquet')`;
  const expected = await ask(sql, whole);
  asked = 0;
  broken = 0;
  expect(await ask(sql)).toBe(expected);
  asked = 0;
  fault = (request, response) => {
    if (asked < 3) return false;
    const [, from = '0', last = '0'] =
      /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const headers = { 'content-range': `bytes ${from}-${last}/${object.length}`, etag: '"two"' };
    response.writeHead(206, headers).end(object.subarray(Number(from), Number(last) + 1));
    return true;
  };
  expect(await ask(sql)).toMatch(/^NETWORK_ERROR.*changed while it was read/);
  fault = (_, response) => {
    if (asked < 3) return false;
    response.writeHead(404).end();
    return true;
  };
  asked = 0;
  expect(await ask(sql)).toMatch(/_ERROR/);
  fault = () => false;
  expect(await ask(sql)).toBe(expected);
});

test('what is no Parquet says so', async () => {
  expect(await ask(`SELECT * FROM url('${base}/text', Parquet)`)).toMatch(/^INCORRECT_DATA/);
  expect(await ask(`SELECT * FROM url('${base}/empty.parquet')`)).toMatch(
    /^CANNOT_EXTRACT_TABLE_STRUCTURE/,
  );
  expect(await ask(`SELECT * FROM s3('${base}/b/empty.parquet', NOSIGN)`)).toMatch(
    /^CANNOT_EXTRACT_TABLE_STRUCTURE/,
  );
});
