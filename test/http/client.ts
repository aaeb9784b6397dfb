// What the HTTP tests share: a server on a free port over the test double, requests, raw bytes.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { createApp } from '../../server/app.ts';
import { type Config, loadConfig } from '../../server/config.ts';
import { silentLog } from '../../server/log.ts';
import { type FakeEngine, fakeEngine } from './fake-engine.ts';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  complete: boolean;
}

export interface TestServer {
  engine: FakeEngine;
  port: number;
  send(options: SendOptions): Promise<Answer>;
  raw(bytes: string | Buffer, quietMs?: number): Promise<string>;
  close(): Promise<void>;
}

export interface SendOptions {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  agent?: http.Agent;
}

export async function testServer(flags: Record<string, unknown> = {}): Promise<TestServer> {
  const engine = fakeEngine();
  const config: Config = loadConfig({ data: 'unused', ...flags }, {});
  const server = createApp(engine, config, silentLog).createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    engine,
    port,
    send: (options) => send(port, options),
    raw: (bytes, quietMs = 150) => raw(port, bytes, quietMs),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function send(port: number, options: SendOptions): Promise<Answer> {
  const { method = options.body === undefined ? 'GET' : 'POST', path = '/', body } = options;
  return new Promise((resolve, reject) => {
    const req = http.request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: options.agent ?? false,
        headers: {
          ...(body !== undefined &&
            options.headers?.['transfer-encoding'] === undefined && {
              'content-length': String(Buffer.byteLength(body)),
            }),
          ...options.headers,
        },
      },
      (res) => {
        const pieces: Buffer[] = [];
        const finish = (): void =>
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            text: Buffer.concat(pieces).toString(),
            complete: res.complete,
          });
        res.on('data', (piece: Buffer) => pieces.push(piece));
        res.on('end', finish);
        res.on('error', finish);
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

/** Sends bytes and gives what came back until the server closed or kept quiet. */
function raw(port: number, bytes: string | Buffer, quietMs: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    let quiet: NodeJS.Timeout | undefined;
    const socket = net.connect(port, '127.0.0.1');
    const finish = (): void => {
      clearTimeout(quiet);
      clearTimeout(limit);
      socket.destroy();
      resolve(text);
    };
    const limit = setTimeout(finish, 4000);
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(finish, quietMs);
    });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.on('connect', () => socket.write(bytes));
  });
}

export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));
