// The whole server over a directory of its own, for tests of what the engine and the edge do together.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '../../engine/index.ts';
import { createApp } from '../../server/app.ts';
import { loadConfig } from '../../server/config.ts';
import { silentLog } from '../../server/log.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RealServer {
  readonly port: number;
  /** GET, or POST when there is a body. */
  send(path: string, headers?: Record<string, string>, body?: string | Buffer): Promise<Answer>;
  /** The text of an answer on ClickHouse's interface. */
  text(sql: string): Promise<string>;
  close(): Promise<void>;
}

export async function realServer(): Promise<RealServer> {
  const dir = mkdtempSync(join(tmpdir(), 'colonnade-http-'));
  const engine = await open({ dataDir: dir });
  const server = createApp(engine, loadConfig({ data: dir }, {}), silentLog).createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const send: RealServer['send'] = (path, headers = {}, body) =>
    new Promise((resolve, reject) => {
      const options = { port, path, method: body === undefined ? 'GET' : 'POST', headers };
      const req = http.request(options, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (c: Buffer) => chunks.push(c));
        res.on('error', reject);
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      req.on('error', reject);
      req.end(body);
    });
  return {
    port,
    send,
    text: async (sql) => (await send('/', {}, sql)).body.toString(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await engine.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
