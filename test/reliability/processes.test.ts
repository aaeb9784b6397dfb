// The server as a process of its own: killed, told to stop, started twice, and short of file descriptors.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const main = join(import.meta.dirname, '..', '..', 'dist', 'server', 'main.js');
const scratch = mkdtempSync(join(tmpdir(), 'colonnade-processes-'));
const started: ChildProcess[] = [];
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

class Server {
  readonly port: number;
  readonly process: ChildProcess;
  private constructor(process: ChildProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  static start(name: string): Promise<Server> {
    const options = ['--http-port', '0', '--native-port', 'off', '--druid-ports', 'off'];
    const args = [main, 'serve', '--data', join(scratch, name), ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    return new Promise((resolve, reject) => {
      let said = '';
      const hear = (text: Buffer) => {
        said += text;
        const port = /"ready":true.*?"http":(\d+)/.exec(said)?.[1];
        if (port) resolve(new Server(child, Number(port)));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('exit', (code) => reject(new Error(`exit ${code}: ${said}`)));
    });
  }

  async post(path: string, body: string): Promise<{ status: number; text: string }> {
    const url = `http://127.0.0.1:${this.port}${path}`;
    const answer = await fetch(url, { method: 'POST', body, headers: { connection: 'close' } });
    return { status: answer.status, text: (await answer.text()).trim() };
  }

  async must(sql: string): Promise<string> {
    const { status, text } = await this.post('/', sql);
    if (status !== 200) throw new Error(`${sql}: ${status} ${text}`);
    return text;
  }

  /** @returns the exit code, and how long it took */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }> {
    const begun = performance.now();
    return new Promise((resolve) => {
      this.process.on('exit', (code) => resolve({ code, ms: performance.now() - begun }));
      this.process.kill(signal);
    });
  }
}

const table = 'CREATE TABLE t (id UInt64, s String) ENGINE = MergeTree ORDER BY id';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!existsSync(main))('a server process', () => {
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  });

  it('keeps its directory for itself, and names the one who has it', async () => {
    const first = await Server.start('shared');
    const second = await Server.start('shared').catch((error: Error) => error);
    expect(String(second)).toContain(`in use by process ${first.process.pid}`);
    expect(await first.must('SELECT 1')).toBe('1');
    expect((await first.stop('SIGTERM')).code).toBe(0);
  }, 30_000);

  it('stops in order under load, and has what it acknowledged', async () => {
    let server = await Server.start('stopped');
    await server.must(table);
    let acked = 0;
    let on = true;
    const clients = Array.from({ length: 6 }, async () => {
      while (on) {
        const id = acked + 1;
        const done = await server.post('/', `INSERT INTO t VALUES (${id}, 'x')`).catch(() => {});
        if (done?.status === 200) acked++;
        else return;
      }
    });
    await pause(600);
    const stopped = await server.stop('SIGTERM');
    on = false;
    await Promise.all(clients);
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(10_000);
    server = await Server.start('stopped');
    const there = Number(await server.must('SELECT count() FROM t'));
    // An answer may have been lost on its way.
    expect(there).toBeGreaterThanOrEqual(acked);
    expect(there).toBeLessThanOrEqual(acked + 6);
    await server.stop('SIGKILL');
  }, 30_000);

  it('takes rows once, wherever a request was cut off and sent again under its token', async () => {
    const server = await Server.start('tokens');
    await server.must(table);
    const body = Array.from({ length: 5 }, (_, id) => JSON.stringify({ id, s: 'y' })).join('\n');
    const cuts = 40;
    for (let n = 0; n < cuts; n++) {
      const path = `/ingest?table=t&token=t${n}`;
      const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`;
      const bytes = Buffer.from(head + body);
      const socket = connect(server.port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(bytes.subarray(0, Math.floor(((n + 1) / cuts) * bytes.length)));
      if (n % 3) await pause(n % 7);
      socket.destroy();
      const again = await server.post(path, body);
      expect(again.status).toBe(200);
    }
    expect(await server.must('SELECT count(), uniqExact(id) FROM t')).toBe(`${5 * cuts}\t5`);
    await server.stop('SIGKILL');
  }, 30_000);

  it('that is killed in a backup leaves none that could be taken for a whole one', async () => {
    let server = await Server.start('backup');
    await server.must(table);
    const rows = 'SELECT number, randomPrintableASCII(200) FROM numbers(100000)';
    for (let n = 0; n < 3; n++) await server.must(`INSERT INTO t ${rows}`);
    for (const ms of [5, 25, 60, 120]) {
      const name = `b${ms}`;
      const done = server.post('/', `BACKUP TABLE t TO File('${name}')`).catch(() => undefined);
      await pause(ms);
      await server.stop('SIGKILL');
      const answer = await done;
      server = await Server.start('backup');
      const restored = await server.post('/', `RESTORE TABLE t AS r FROM File('${name}')`);
      if (restored.status === 200) {
        const sum = (of: string) => server.must(`SELECT count(), sum(cityHash64(s)) FROM ${of}`);
        expect(await sum('r')).toBe(await sum('t'));
        await server.must('DROP TABLE r SYNC');
      } else {
        expect(answer?.status).not.toBe(200);
        expect(restored.text).toContain(name);
      }
    }
    await server.stop('SIGKILL');
  }, 60_000);

  it.skipIf(!hasPrlimit)(
    'short of descriptors refuses, lives, and gives them back',
    async () => {
      const server = await Server.start('descriptors');
      const { pid } = server.process;
      const open = () => readdirSync(`/proc/${pid}/fd`).length;
      await server.must(
        'CREATE TABLE p (a UInt32) ENGINE = MergeTree PARTITION BY a % 90 ORDER BY a',
      );
      await server.must('SELECT 1');
      const base = open();
      spawnSync('prlimit', ['--pid', String(pid), `--nofile=${base + 20}:`]);
      let refused = 0;
      for (let n = 0; n < 20; n++) {
        const insert = 'INSERT INTO p SELECT number FROM numbers(200000)';
        const many = Array.from({ length: 12 }, () => server.post('/', 'SELECT sum(a) FROM p'));
        const all = await Promise.allSettled([server.post('/', insert), ...many]);
        for (const each of all) {
          if (each.status === 'rejected' || each.value.status === 200) continue;
          refused++;
          expect(each.value.text).toMatch(/^Code: \d+/);
        }
      }
      await pause(500);
      expect(refused).toBeGreaterThan(0);
      // It lives, and with descriptors enough what it says is right.
      spawnSync('prlimit', ['--pid', String(pid), '--nofile=1024:']);
      const [count, sum] = (await server.must('SELECT count() % 200000, sum(a) FROM p')).split(
        '\t',
      );
      expect(count).toBe('0');
      expect(Number(sum) % ((200_000 * 199_999) / 2)).toBe(0);
      await server.must('DROP TABLE p SYNC');
      await pause(500);
      expect(open()).toBeLessThanOrEqual(base + 4);
      await server.stop('SIGKILL');
    },
    60_000,
  );
});
