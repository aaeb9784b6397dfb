// A server of this checkout for benches: started on a folder, asked over HTTP, stopped or killed.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'dist', 'server', 'main.js');
const ports = ['--http-port', '0', '--native-port', 'off', '--druid-ports', 'off'];

export class BenchServer {
  /** Resolves at the ready line. */
  static start(dir) {
    return new Promise((done, reject) => {
      const child = spawn(process.execPath, [entry, 'serve', '--data', dir, ...ports], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stderr.on('data', (d) => {
        err = (err + d).slice(-10_000);
      });
      child.stdout.on('data', (d) => {
        out += d;
        if (!out.includes('\n')) return;
        done(new BenchServer(child, JSON.parse(out.slice(0, out.indexOf('\n'))).http));
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${err}`)));
    });
  }

  constructor(child, port) {
    this.child = child;
    this.port = port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Rows of a statement as arrays. */
  async query(sql, settings) {
    const body = JSON.stringify({ query: sql, format: 'JSONCompact', settings });
    const { status, text } = await this.send('/query', body, {
      'content-type': 'application/json',
    });
    if (status !== 200) throw new Error(`${sql.slice(0, 100)} → ${status} ${text.slice(0, 300)}`);
    return text === '' ? [] : JSON.parse(text).data;
  }

  async ingest(query, body, agent) {
    const path = `/ingest?${new URLSearchParams(query)}`;
    const { status, text } = await this.send(path, body, {}, agent);
    if (status !== 200) throw new Error(`ingest → ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  /** @param body text, bytes or a readable stream */
  send(path, body, headers, agent) {
    return new Promise((done, reject) => {
      const whole = typeof body === 'string' || Buffer.isBuffer(body);
      const request = http.request(
        {
          host: '127.0.0.1',
          port: this.port,
          method: 'POST',
          path,
          agent,
          headers: { ...(whole && { 'content-length': Buffer.byteLength(body) }), ...headers },
        },
        (response) => {
          const pieces = [];
          response.on('data', (d) => pieces.push(d));
          response.on('error', reject);
          response.on('end', () =>
            done({ status: response.statusCode, text: Buffer.concat(pieces).toString() }),
          );
        },
      );
      request.on('error', reject);
      if (whole) request.end(body);
      else body.pipe(request);
    });
  }

  /** Ends the process and resolves when it is gone. */
  stop(signal = 'SIGTERM') {
    return new Promise((done) => {
      this.child.removeAllListeners('exit');
      this.child.once('exit', (code) => done(code));
      this.child.kill(signal);
    });
  }
}
