// What may leave this process: nothing that the settings do not name, no private address by any spelling or
// detour, and never more than the limits.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isPublic } from '../../engine/outbound/addresses.ts';
import { OutboundGuard, type OutboundLimits, type Resolve } from '../../engine/outbound/guard.ts';

let canary: Server;
let port: number;
let asked: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  canary = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((go) => canary.listen(0, '127.0.0.1', go));
  port = (canary.address() as AddressInfo).port;
});
afterAll(() => {
  canary.closeAllConnections();
  canary.close();
});
beforeEach(() => {
  asked = [];
  answer = (_, response) => response.end('ok');
});

const limits = (hosts: string, more: Partial<OutboundLimits> = {}): OutboundLimits => ({
  hosts,
  connectMs: 500,
  idleMs: 300,
  redirectsMax: 3,
  bytesMax: 1000,
  ...more,
});

async function outcome(guard: OutboundGuard, url: string): Promise<string> {
  try {
    const { status, body } = await guard.call(url);
    let text = '';
    for await (const piece of body) text += piece.toString();
    return `${status} ${text}`;
  } catch (error) {
    return (error as Error).name;
  }
}

test('addresses that are not everybody’s', () => {
  const inside =
    '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 198.18.0.1 224.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:8.8.8.8 fe80::1 fc00::1 fd00:ec2::254 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 ff02::1';
  for (const address of inside.split(' '))
    expect([address, isPublic(address)]).toEqual([address, false]);
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])
    expect([address, isPublic(address)]).toEqual([address, true]);
});

test('nothing is called unless the settings name it', async () => {
  const off = new OutboundGuard(limits(''));
  expect(await outcome(off, `http://127.0.0.1:${port}/`)).toBe('ACCESS_DENIED');
  const other = new OutboundGuard(limits('example.org:80, 127.0.0.1:1'));
  expect(await outcome(other, `http://127.0.0.1:${port}/`)).toBe('UNACCEPTABLE_URL');
  for (const url of [
    'ftp://example.org/',
    'file:///etc/passwd',
    'gopher://example.org',
    'nonsense',
  ])
    expect(await outcome(other, url)).toBe('BAD_ARGUMENTS');
  expect(asked).toEqual([]);
  const named = new OutboundGuard(limits(`127.0.0.1:${port}`));
  expect(await outcome(named, `http://127.0.0.1:${port}/a?b=1`)).toBe('200 ok');
  expect(asked).toEqual(['GET /a?b=1']);
});

test('every public address does not mean a private one, however it is written', async () => {
  const guard = new OutboundGuard(limits('*'));
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    '169.254.169.254',
    '[fd00:ec2::254]',
  ]) {
    expect([host, await outcome(guard, `http://${host}:${port}/`)]).toEqual([
      host,
      'UNACCEPTABLE_URL',
    ]);
  }
  expect(asked).toEqual([]);
});

test('a name that means a private address, at once or at the second question, leads nowhere', async () => {
  let questions = 0;
  const rebinding: Resolve = async () => (questions++ === 0 ? ['8.8.8.8'] : ['127.0.0.1']);
  const both: Resolve = async () => ['8.8.8.8', '127.0.0.1'];
  const first: Resolve = async () => ['127.0.0.1'];
  for (const resolve of [both, first]) {
    const guard = new OutboundGuard(limits('*'), resolve);
    expect(await outcome(guard, `http://rebind.test:${port}/`)).toBe('UNACCEPTABLE_URL');
  }
  // One question a call, and the connection goes to its answer.
  const guard = new OutboundGuard(limits('*', { connectMs: 50 }), rebinding);
  expect(await outcome(guard, `http://rebind.test:${port}/`)).toMatch(
    /SOCKET_TIMEOUT|NETWORK_ERROR/,
  );
  expect(questions).toBe(1);
  expect(asked).toEqual([]);
});

test('each redirect is looked at anew', async () => {
  const guard = new OutboundGuard(limits(`127.0.0.1:${port}`));
  answer = ({ url }, response) => {
    const to = url === '/far' ? 'http://169.254.169.254/latest/meta-data' : '/end';
    if (url === '/end') response.end('end');
    else response.writeHead(302, { location: url === '/ever' ? '/ever' : to }).end();
  };
  expect(await outcome(guard, `http://127.0.0.1:${port}/near`)).toBe('200 end');
  expect(await outcome(guard, `http://127.0.0.1:${port}/far`)).toBe('UNACCEPTABLE_URL');
  expect(await outcome(guard, `http://127.0.0.1:${port}/ever`)).toBe('TOO_MANY_REDIRECTS');
  const none = new OutboundGuard(limits(`127.0.0.1:${port}`, { redirectsMax: 0 }));
  expect(await outcome(none, `http://127.0.0.1:${port}/near`)).toBe('TOO_MANY_REDIRECTS');
});

test('headers for one server are not sent to another', async () => {
  const seen: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('other');
  });
  await new Promise<void>((go) => other.listen(0, '127.0.0.1', go));
  const there = (other.address() as AddressInfo).port;
  answer = (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(307, { location: `http://127.0.0.1:${there}/` }).end();
  };
  const guard = new OutboundGuard(limits('127.0.0.1'));
  const headers = { authorization: 'Bearer x' };
  for await (const _ of (await guard.call(`http://127.0.0.1:${port}/`, { headers })).body);
  expect(seen).toEqual(['Bearer x', undefined]);
  other.close();
});

test('limits of bytes and time hold, and a body that breaks off is an error', async () => {
  const guard = new OutboundGuard(limits(`127.0.0.1:${port}`));
  const url = `http://127.0.0.1:${port}/`;
  answer = (_, response) => response.end(Buffer.alloc(1001));
  expect(await outcome(guard, url)).toBe('TOO_MANY_BYTES');
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  };
  expect(await outcome(guard, url)).toBe('NETWORK_ERROR');
  answer = () => {};
  expect(await outcome(guard, url)).toBe('SOCKET_TIMEOUT');
});
