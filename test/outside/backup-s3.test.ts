// Backups in a bucket of moto's server: whole, incremental, broken off, damaged, and through a network that
// fails. Skipped with a line where moto cannot be installed.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer as tcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBackupObjects } from '../../engine/check.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { OutboundGuard } from '../../engine/outbound/guard.ts';
import { S3, s3Place } from '../../engine/outbound/s3.ts';
import { textOf } from '../peers.ts';

const moto = 'moto[server]==5.2.5';
const { python } = (await import(new URL('../../scripts/oracles.mjs', import.meta.url).href)) as {
  python: (spec: string) => Promise<string | undefined>;
};
const binary = await python(moto);

async function freePort(): Promise<number> {
  const server = tcpServer();
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((go) => server.close(() => go()));
  return port;
}

const keys = { key: 'an-access-key', secret: 'a-secret-key' };
const quoted = `'${keys.key}', '${keys.secret}'`;

describe.skipIf(binary === undefined)('backups to S3', () => {
  let store: ChildProcess;
  let proxy: Server;
  let engine: Engine;
  let dir: string;
  let bucket: string;
  let s3: S3;
  /** What the network does to a request; undefined: nothing. */
  let fault: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  beforeAll(async () => {
    const port = await freePort();
    store = spawn(binary as string, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    });
    proxy = createServer((from, to) => {
      if (fault(from, to)) return;
      const { method, url: path, headers } = from;
      const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      onward.on('error', () => to.destroy());
      from.pipe(onward);
    });
    await new Promise<void>((go) => proxy.listen(0, '127.0.0.1', go));
    const host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    bucket = `http://${host}/backups`;
    const limits = { connectMs: 1000, idleMs: 5000, redirectsMax: 0, bytesMax: 1e9 };
    const guard = new OutboundGuard({ ...limits, hosts: host });
    s3 = new S3(guard, s3Place(`${bucket}/x`), keys, 10);
    for (let i = 0; ; i++) {
      const made = await guard.call(bucket, { method: 'PUT' }).catch(() => undefined);
      if (made?.status === 200) break;
      if (i > 100) throw new Error('moto does not start');
      await new Promise((go) => setTimeout(go, 200));
    }
    dir = mkdtempSync(join(tmpdir(), 'colonnade-s3-'));
    engine = await open({ dataDir: dir, settings: { outbound_hosts: host, http_max_tries: '4' } });
  }, 120_000);
  afterAll(async () => {
    await engine?.close();
    proxy?.closeAllConnections();
    proxy?.close();
    store?.kill();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  async function ask(sql: string): Promise<string> {
    try {
      const { chunks } = await engine.query({ sql, user: { name: 'default' } });
      return await textOf(chunks);
    } catch (error) {
      const { name, message } = error as Error;
      return `${name}: ${message}`;
    }
  }
  const place = (name: string) => `S3('${bucket}/${name}', ${quoted})`;
  const objects = async (prefix: string): Promise<string[]> => {
    const out: string[] = [];
    for await (const { key } of s3.list(prefix)) out.push(key);
    return out;
  };

  it('keeps objects, small and in parts, and lists them', async () => {
    const big = Buffer.alloc(40 << 20, 'abc');
    async function* pieces(of: Buffer): AsyncGenerator<Buffer> {
      for (let at = 0; at < of.length; at += 1 << 20) yield of.subarray(at, at + (1 << 20));
    }
    expect(await s3.put('o/big', pieces(big))).toBe(big.length);
    await s3.put('o/a b+c(1)', pieces(Buffer.from('small')));
    await s3.put('o/empty', pieces(Buffer.alloc(0)));
    expect(await objects('o/')).toEqual(['o/a b+c(1)', 'o/big', 'o/empty']);
    expect(await s3.length('o/big')).toBe(big.length);
    expect(await s3.length('o/none')).toBeUndefined();
    let got = '';
    for await (const piece of (await s3.get('o/a b+c(1)')).body) got += piece.toString();
    expect(got).toBe('small');
  });

  it('reads and writes objects as tables', async () => {
    const at = (name: string) => `s3('${bucket}/t/${name}', ${quoted})`;
    expect(
      await ask(`INSERT INTO FUNCTION ${at('1.parquet')} SELECT number AS n FROM numbers(5)`),
    ).toBe('');
    expect(await ask(`INSERT INTO FUNCTION ${at('1.parquet')} SELECT 1 AS n`)).toMatch(
      /^BAD_ARGUMENTS/,
    );
    await ask(`INSERT INTO FUNCTION ${at('2.parquet')} SELECT 10 AS n`);
    expect(
      await ask(`SELECT _file, _path, sum(n) FROM ${at('*.parquet')} GROUP BY ALL ORDER BY ALL`),
    ).toBe('1.parquet\tbackups/t/1.parquet\t10\n2.parquet\tbackups/t/2.parquet\t10\n');
    expect(await ask(`SELECT * FROM ${at('none.csv')}`)).toMatch(/^S3_ERROR/);
  });

  it('backs up and restores, incrementally, without showing keys', async () => {
    await ask('CREATE TABLE t (v Int64, s String) ENGINE = MergeTree ORDER BY v');
    await ask('INSERT INTO t SELECT number, toString(number) FROM numbers(200000)');
    await ask('SYSTEM STOP MERGES t');
    expect(await ask(`BACKUP TABLE t TO ${place('one')}`)).toMatch(/\tBACKUP_CREATED\n$/);
    expect(await ask(`BACKUP TABLE t TO ${place('one')}`)).toMatch(/^BACKUP_ALREADY_EXISTS/);
    await ask('INSERT INTO t SELECT number, toString(number) FROM numbers(200000, 10)');
    expect(
      await ask(`BACKUP TABLE t TO ${place('two')} SETTINGS base_backup = ${place('one')}`),
    ).toMatch(/\tBACKUP_CREATED\n$/);
    // One segment is new; the other lies in the first backup.
    expect((await objects('two/')).length).toBe(2);
    const sums = 'SELECT count(), sum(v), sum(cityHash64(s)) FROM';
    expect(await ask(`RESTORE TABLE t AS back FROM ${place('two')}`)).toMatch(/\tRESTORED\n$/);
    expect(await ask(`${sums} back`)).toBe(await ask(`${sums} t`));
    expect(await ask(`RESTORE TABLE t AS other FROM ${place('none')}`)).toMatch(
      /^BACKUP_NOT_FOUND/,
    );
    const verified = await verifyBackupObjects(`${bucket}/two`, keys);
    expect(verified).toMatchObject({ tables: 1, files: 2, problems: [] });
    await expect(verifyBackupObjects(`${bucket}/none`, keys)).rejects.toThrow(/not found/);
    const kept =
      (await ask('SELECT name, base_backup_name, error FROM system.backups')) +
      (await ask("SELECT query, exception FROM system.query_log WHERE query LIKE '%S3(%'"));
    expect(kept).toContain(keys.key);
    expect(kept).not.toContain(keys.secret);
  });

  it('gets through a network that fails now and then', async () => {
    let n = 0;
    fault = (request, response) => {
      n++;
      if (n % 3 === 1) response.writeHead(n % 2 === 0 ? 503 : 500).end();
      else if (n % 5 === 0) response.destroy();
      else {
        // Some answers end in their middle.
        if (request.method === 'GET') setTimeout(() => response.destroy(), 30);
        return false;
      }
      return true;
    };
    expect(await ask(`BACKUP TABLE t TO ${place('rough')}`)).toMatch(/\tBACKUP_CREATED\n$/);
    expect(await ask(`RESTORE TABLE t AS rough FROM ${place('rough')}`)).toMatch(/\tRESTORED\n$/);
    fault = () => false;
    expect(await ask('SELECT count() FROM rough')).toBe('200010\n');
  });

  it('refuses a backup that broke off, and accepts no damaged object', async () => {
    fault = ({ method, url }, response) => {
      if (method !== 'PUT' || !url?.endsWith('manifest.json')) return false;
      response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      return true;
    };
    expect(await ask(`BACKUP TABLE t TO ${place('broken')}`)).toMatch(/^S3_ERROR.*AccessDenied/);
    fault = () => false;
    expect(await objects('broken/')).toEqual([]);
    expect(await ask(`RESTORE TABLE t AS b FROM ${place('broken')}`)).toMatch(/^BACKUP_NOT_FOUND/);
    const [first = ''] = (await objects('one/')).filter((k) => k.endsWith('.seg'));
    const length = (await s3.length(first)) ?? 0;
    async function* other(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(length, 7);
    }
    await s3.put(first, other());
    for (const name of ['one', 'two'])
      expect(await ask(`RESTORE TABLE t AS b FROM ${place(name)}`)).toMatch(/^BACKUP_DAMAGED/);
    expect(await ask('EXISTS TABLE b')).toBe('0\n');
  });

  it('calls nobody that the settings do not name', async () => {
    expect(await ask("BACKUP TABLE t TO S3('http://169.254.169.254/b/x', 'k', 'secret1')")).toMatch(
      /^UNACCEPTABLE_URL/,
    );
    expect(await ask("BACKUP TABLE t TO S3('http://h/b/../x', 'k', 'secret1')")).toMatch(
      /^BAD_ARGUMENTS/,
    );
    expect(await ask("BACKUP TABLE t TO S3('http://h/b')")).toMatch(/^BAD_ARGUMENTS/);
  });
});
