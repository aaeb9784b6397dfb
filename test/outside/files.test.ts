// file(), url() and s3() of a server: what they read, and what they let nobody read.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { textOf } from '../peers.ts';

let engine: Engine;
let dir: string;
let remote: Server;
let base: string;
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] =
  [];
let failures = 0;

const pages: Record<string, Buffer | string> = {
  '/a.csv': '1,x\n2,y\n',
  '/1.csv': '1\n',
  '/2.csv': '2\n',
  '/packed.jsonl.gz': gzipSync('{"a":1}\n{"a":2}\n'),
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  if (path === '/inside') response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end();
  else if (path === '/sometimes.csv' && failures++ < 2) response.writeHead(503).end();
  else if (path === '/cut.csv') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('1\n');
    setTimeout(() => response.destroy(), 10);
  } else if (request.method === 'POST') response.end();
  else {
    const page = path === '/sometimes.csv' ? '5\n' : pages[path];
    if (page === undefined) response.writeHead(404).end('no');
    else response.end(page);
  }
}

beforeAll(async () => {
  remote = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((go) => remote.listen(0, '127.0.0.1', go));
  const { port } = remote.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-files-'));
  const settings = { outbound_hosts: `127.0.0.1:${port}`, max_http_get_redirects: '3' };
  engine = await open({ dataDir: dir, settings });
});
afterAll(async () => {
  await engine.close();
  remote.closeAllConnections();
  remote.close();
  rmSync(dir, { recursive: true, force: true });
});

async function ask(sql: string, readonly = false): Promise<string> {
  try {
    const user = { name: 'default', ...(readonly ? { readonly } : {}) };
    const { chunks } = await engine.query({ sql, user });
    return await textOf(chunks);
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

test('url() reads, with structure, inference, patterns and compression', async () => {
  expect(await ask(`SELECT * FROM url('${base}/a.csv')`)).toBe('1\tx\n2\ty\n');
  expect(await ask(`SELECT sum(n) FROM url('${base}/{1..2}.csv', CSV, 'n UInt8')`)).toBe('3\n');
  expect(await ask(`SELECT a, _file, _path FROM url('${base}/packed.jsonl.gz')`)).toBe(
    '1\tpacked.jsonl.gz\t/packed.jsonl.gz\n2\tpacked.jsonl.gz\t/packed.jsonl.gz\n',
  );
  expect(await ask(`DESCRIBE url('${base}/a.csv')`)).toContain('c1\tNullable(Int64)');
  await ask('CREATE TABLE taken (n UInt8, s String) ENGINE = MergeTree ORDER BY n');
  expect(await ask(`INSERT INTO taken SELECT * FROM url('${base}/a.csv')`)).toBe('');
  expect(await ask('SELECT * FROM taken')).toBe('1\tx\n2\ty\n');
  expect(
    await ask(`CREATE VIEW far AS SELECT * FROM url('${base}/a.csv', CSV, 'n UInt8, s String')`),
  ).toBe('');
  expect(await ask('SELECT count() FROM far, far AS f')).toBe('4\n');
  // What was brought is gone again.
  expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
});

test('url() asks again, sends headers, and takes rows', async () => {
  expect(await ask(`SELECT * FROM url('${base}/sometimes.csv', CSV, 'n UInt8')`)).toBe('5\n');
  expect(
    await ask(`SELECT * FROM url('${base}/cut.csv', CSV, 'n UInt8') SETTINGS http_max_tries = 2`),
  ).toMatch(/^NETWORK_ERROR/);
  asked = [];
  await ask(`SELECT * FROM url('${base}/1.csv', CSV, 'n UInt8', headers('x-test' = 'yes'))`);
  expect(asked[0]?.headers['x-test']).toBe('yes');
  expect(
    await ask(
      `INSERT INTO FUNCTION url('${base}/in', CSV, 'n UInt8') SELECT number FROM numbers(3)`,
    ),
  ).toBe('');
  expect(asked.at(-1)).toMatchObject({ method: 'POST', url: '/in', body: '0\n1\n2\n' });
});

test('url() fails by name, and says no secrets', async () => {
  expect(await ask(`SELECT * FROM url('${base}/none.csv', CSV, 'n UInt8')`)).toMatch(
    /^RECEIVED_ERROR_FROM_REMOTE_IO_SERVER: .*404/,
  );
  const withPassword = base.replace('//', '//me:topsecret@');
  const failure = await ask(
    `SELECT * FROM url('${withPassword}/none.csv?token=abc', CSV, 'n UInt8')`,
  );
  expect(failure).not.toMatch(/topsecret|abc/);
  expect(asked.at(-1)?.headers.authorization).toBe(`Basic ${btoa('me:topsecret')}`);
  expect(await ask(`SELECT * FROM s3('http://127.0.0.1:1/b/k.csv', 'AKEY', 'topsecret')`)).toMatch(
    /^UNACCEPTABLE_URL/,
  );
  const kept = await ask(
    "SELECT query FROM system.query_log WHERE query LIKE '%none.csv%' OR query LIKE '%AKEY%'",
  );
  expect(kept).toContain('AKEY');
  expect(kept).not.toMatch(/topsecret|token=abc/);
});

test('redirects, other hosts and readers without rights get nowhere', async () => {
  for (const what of [
    `SELECT * FROM url('${base}/inside', CSV, 'n UInt8')`,
    `DESCRIBE url('${base}/inside', CSV)`,
  ])
    expect(await ask(what)).toMatch(/^UNACCEPTABLE_URL/);
  asked = [];
  for (const host of ['127.0.0.1:1', 'localhost', '[::1]', '169.254.169.254', '2130706433'])
    expect(await ask(`SELECT * FROM url('http://${host}/x.csv')`)).toMatch(/^UNACCEPTABLE_URL/);
  expect(await ask(`SELECT * FROM url('${base}/a.csv')`, true)).toMatch(/^READONLY/);
  expect(await ask(`SELECT * FROM file('a.csv')`, true)).toMatch(/^READONLY/);
  // A statement cannot give itself what the server did not.
  expect(
    await ask("SELECT * FROM url('http://127.0.0.1:1/x.csv') SETTINGS outbound_hosts = '*'"),
  ).toMatch(/^UNACCEPTABLE_URL/);
  expect(
    await ask("SELECT * FROM file('/etc/passwd', LineAsString) SETTINGS local_files = 1"),
  ).toMatch(/^DATABASE_ACCESS_DENIED/);
  expect(asked).toEqual([]);
});

test('file() follows no links and names no folders of the machine', async () => {
  const root = join(dir, 'user_files');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(dir, 'secret.csv'), '42\n');
  writeFileSync(join(root, 'sub', 'a.csv'), '1\n');
  symlinkSync(join(dir, 'secret.csv'), join(root, 'link.csv'));
  symlinkSync(dir, join(root, 'up'));
  const shape = "CSV, 'n UInt8'";
  for (const path of [
    'link.csv',
    'up/secret.csv',
    '../secret.csv',
    'sub/../../secret.csv',
    join(dir, 'secret.csv'),
  ]) {
    const failure = await ask(`SELECT * FROM file('${path}', ${shape})`);
    expect(failure).toMatch(/^DATABASE_ACCESS_DENIED/);
    if (!path.startsWith('/')) expect(failure).not.toContain(dir);
  }
  expect(await ask(`SELECT _path FROM file('**', ${shape})`)).toBe('sub/a.csv\n');
  expect(await ask(`SELECT _path FROM file('*/*.csv', ${shape})`)).toBe('sub/a.csv\n');
  expect(await ask(`SELECT * FROM file('a\\0b', ${shape})`)).toMatch(/^BAD_ARGUMENTS/);
  expect(await ask(`SELECT * FROM file('sub', ${shape})`)).toMatch(/^DATABASE_ACCESS_DENIED/);
  expect(await ask(`SELECT * FROM file('none.csv', ${shape})`)).not.toContain(dir);
  expect(await ask(`INSERT INTO FUNCTION file('up/new.csv') SELECT 1`)).toMatch(
    /^DATABASE_ACCESS_DENIED/,
  );
  expect(await ask(`INSERT INTO FUNCTION file('link.csv') SELECT 1`)).toMatch(
    /^DATABASE_ACCESS_DENIED/,
  );
  expect(await ask(`SELECT * FROM file('{1..100000}.csv', ${shape})`)).toMatch(/^BAD_ARGUMENTS/);
});

test('a packed file cannot become endless', async () => {
  writeFileSync(join(dir, 'user_files', 'bomb.csv.gz'), gzipSync(Buffer.alloc(200 << 20, '0')));
  expect(await ask("SELECT count() FROM file('bomb.csv.gz', CSV, 's String')")).toMatch(
    /^TOO_(MANY_BYTES|LARGE_STRING_SIZE)/,
  );
});

test('a program reads files beside it', async () => {
  const { open: openLibrary } = await import('../../engine/library.ts');
  writeFileSync(join(dir, 'secret.csv'), '42\n');
  const db = await openLibrary();
  const { rows } = await db.query(`SELECT c1 FROM '${join(dir, 'secret.csv')}'`);
  expect(rows).toEqual([{ c1: 42 }]);
  await db.close();
});
