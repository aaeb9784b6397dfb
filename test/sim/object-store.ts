// A store of objects in this process, as much of S3 as backups use, whose network fails when a bucket says so.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: answered; refused; cut off before, or after it was done; its answer cut in half. */
export type Trouble = 'none' | 'refused' | 'lost' | 'unanswered' | 'short';

interface Bucket {
  readonly objects: Map<string, Buffer>;
  readonly trouble: () => Trouble;
}

const buckets = new Map<string, Bucket>();

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const entry = ([key, body]: readonly [string, Buffer]): string =>
  `<Contents><Key>${key}</Key><Size>${body.length}</Size><LastModified>2024-01-01T00:00:00Z</LastModified></Contents>`;

/** Does what is asked, and says how it went. */
function done(
  objects: Map<string, Buffer>,
  method: string,
  key: string,
  query: URLSearchParams,
  body: Buffer,
): { status: number; body: Buffer } {
  if (method === 'PUT') {
    objects.set(key, body);
    return { status: 200, body: Buffer.alloc(0) };
  }
  if (method === 'DELETE') {
    objects.delete(key);
    return { status: 204, body: Buffer.alloc(0) };
  }
  if (key === '') {
    const prefix = query.get('prefix') ?? '';
    const found = [...objects].filter(([name]) => name.startsWith(prefix)).sort();
    const list = found.map(entry).join('');
    return { status: 200, body: Buffer.from(`<ListBucketResult>${list}</ListBucketResult>`) };
  }
  const object = objects.get(key);
  return object ? { status: 200, body: object } : { status: 404, body: Buffer.alloc(0) };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://store');
  const [, name = '', ...rest] = url.pathname.split('/');
  const bucket = buckets.get(name);
  const body = await bodyOf(request);
  const trouble = bucket?.trouble() ?? 'refused';
  if (!bucket || trouble === 'refused') {
    response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
    return;
  }
  if (trouble === 'lost') {
    response.destroy();
    return;
  }
  const key = decodeURIComponent(rest.join('/'));
  const method = request.method ?? 'GET';
  const result = done(bucket.objects, method, key, url.searchParams, body);
  if (trouble === 'unanswered') {
    response.destroy();
    return;
  }
  response.writeHead(result.status, { 'content-length': result.body.length });
  if (method === 'HEAD') response.end();
  else if (trouble === 'short' && result.body.length > 1) {
    response.write(result.body.subarray(0, result.body.length >> 1), () => response.destroy());
  } else response.end(result.body);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
server.unref();

/** What the engine may call. */
export const storeHost = `127.0.0.1:${(server.address() as AddressInfo).port}`;

let last = 0;

/** A new bucket. */
export function makeBucket(trouble: () => Trouble): { url: string } {
  const name = `b${++last}`;
  buckets.set(name, { objects: new Map(), trouble });
  return { url: `http://${storeHost}/${name}` };
}
