// Compression over HTTP against other implementations: lz4-napi (frames and blocks, both directions), Node's
// zlib, ClickHouse's blocks, forms with files.
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cityHash128 } from './city-hash.ts';
import { type Answer, type RealServer, realServer } from './real.ts';

interface Lz4 {
  compressSync(data: Buffer): Buffer;
  uncompressSync(data: Buffer): Buffer;
  compressFrameSync(data: Buffer): Buffer;
  decompressFrameSync(data: Buffer): Buffer;
}

let server: RealServer;
const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
const lz4 = (await oracle('lz4-napi')) as Lz4 | undefined;

beforeAll(async () => {
  server = await realServer();
  await server.text('CREATE TABLE t (id UInt32, s String) ENGINE = MergeTree ORDER BY id');
});
afterAll(() => server.close());

const send: RealServer['send'] = (...request) => server.send(...request);

const url = (query: string, settings: Record<string, string> = {}): string =>
  `/?${new URLSearchParams({ query, ...settings })}`;

const rows = (n: number): string =>
  Array.from({ length: n }, (_, i) => `${i}\trow ${(i * 7919) % 1000}\n`).join('');
const select =
  "SELECT number, concat('row ', toString(number * 7919 % 1000)) FROM numbers(200000) ORDER BY number";

async function inserted(packed: Buffer, settings: object, headers: object): Promise<Answer> {
  await send('/', {}, 'TRUNCATE TABLE t');
  return send(url('INSERT INTO t FORMAT TSV', { ...settings }), { ...headers }, packed);
}

async function stored(): Promise<string> {
  return (await send(url('SELECT count(), sum(id), sum(cityHash64(s)) FROM t'))).body.toString();
}

/** One of ClickHouse's blocks around bytes that are packed already. */
function block(method: number, packed: Buffer, size: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(method, 0);
  head.writeUInt32LE(9 + packed.length, 1);
  head.writeUInt32LE(size, 5);
  const all = Buffer.concat([head, packed]);
  return Buffer.concat([cityHash128(all), all]);
}

/** What ClickHouse's blocks hold; checksums are checked. */
function unblocked(bytes: Buffer, unpack: (data: Buffer, size: number) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at + 16]).toBe(0x82);
    const size = bytes.readUInt32LE(at + 17);
    const whole = bytes.subarray(at + 16, at + 16 + size);
    if (whole.length < 3000) expect(bytes.subarray(at, at + 16)).toEqual(cityHash128(whole));
    parts.push(unpack(whole.subarray(9), whole.readUInt32LE(5)));
    at += 16 + size;
  }
  return Buffer.concat(parts);
}

describe('answers', () => {
  const unpack: Record<string, (data: Buffer) => Buffer> = {
    gzip: gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
  };
  for (const [name, decode] of Object.entries(unpack)) {
    it(`are ${name} when the client asks and may`, async () => {
      const plain = await send(url(select));
      const headers = { 'accept-encoding': name };
      const without = await send(url(select), headers);
      expect([without.headers['content-encoding'], without.body.equals(plain.body)]).toEqual([
        undefined,
        true,
      ]);
      const packed = await send(url(select, { enable_http_compression: '1' }), headers);
      expect(packed.headers['content-encoding']).toBe(name);
      expect(decode(packed.body).equals(plain.body)).toBe(true);
      const empty = await send(url('SELECT 1 WHERE 0', { enable_http_compression: '1' }), headers);
      expect([empty.headers['content-encoding'], empty.body.length]).toEqual([undefined, 0]);
    });
  }

  it.skipIf(!lz4)('in LZ4 frames and blocks are read by lz4-napi', async () => {
    if (!lz4) return;
    const plain = await send(url(select));
    const frame = await send(url(select, { enable_http_compression: '1' }), {
      'accept-encoding': 'lz4',
    });
    expect(frame.headers['content-encoding']).toBe('lz4');
    expect(lz4.decompressFrameSync(frame.body).equals(plain.body)).toBe(true);
    const sized = (data: Buffer, size: number): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(size);
      return lz4.uncompressSync(Buffer.concat([length, data]));
    };
    const blocks = await send(url(select, { compress: '1' }));
    expect(blocks.headers['content-encoding']).toBe(undefined);
    expect(unblocked(blocks.body, sized).equals(plain.body)).toBe(true);
    const small = await send(url('SELECT 42', { compress: '1' }));
    expect(unblocked(small.body, sized).toString()).toBe('42\n');
  });
});

describe('bodies', () => {
  const text = Buffer.from(rows(50_000));
  const plain = async (): Promise<string> => {
    await inserted(text, {}, {});
    return stored();
  };

  it.skipIf(!lz4)('from lz4-napi are read: frames and blocks, rows and statements', async () => {
    if (!lz4) return;
    const want = await plain();
    const frame = lz4.compressFrameSync(text);
    expect((await inserted(frame, {}, { 'content-encoding': 'lz4' })).status).toBe(200);
    expect(await stored()).toBe(want);
    const bare = (data: Buffer): Buffer => lz4.compressSync(data).subarray(4);
    // Small blocks: the checksum of the tests is slow.
    const pieces: Buffer[] = [];
    for (let at = 0; at < text.length; at += 8192) {
      const piece = text.subarray(at, at + 8192);
      pieces.push(
        at % 3 === 0 ? block(0x02, piece, piece.length) : block(0x82, bare(piece), piece.length),
      );
    }
    const blocks = Buffer.concat(pieces);
    expect((await inserted(blocks, { decompress: '1' }, {})).status).toBe(200);
    expect(await stored()).toBe(want);
    const twice = gzipSync(blocks);
    const headers = { 'content-encoding': 'gzip' };
    expect((await inserted(twice, { decompress: '1' }, headers)).status).toBe(200);
    expect(await stored()).toBe(want);
    const sql = Buffer.from('SELECT 1 + 1');
    const asked = await send('/?decompress=1', {}, block(0x82, bare(sql), sql.length));
    expect(asked.body.toString()).toBe('2\n');
    const framed = await send('/', { 'content-encoding': 'lz4' }, lz4.compressFrameSync(sql));
    expect(framed.body.toString()).toBe('2\n');
  });

  it('in brotli and gzip are read', async () => {
    const want = await plain();
    await inserted(brotliCompressSync(text), {}, { 'content-encoding': 'br' });
    expect(await stored()).toBe(want);
    await inserted(gzipSync(text), {}, { 'content-encoding': 'gzip' });
    expect(await stored()).toBe(want);
  });

  it('that are damaged or made up store nothing', async () => {
    const good = block(0x02, Buffer.from('1\ta\n'), 4);
    const flipped = Buffer.from(good);
    flipped[27] = (flipped[27] ?? 0) ^ 1;
    const claims = Buffer.from(good);
    claims.writeUInt32LE(0x7fffffff, 17);
    const method = Buffer.from(good);
    method[16] = 0x55;
    for (const [body, code] of [
      [flipped, 40],
      [good.subarray(0, -1), 271],
      [claims, 39],
      [method, 89],
    ] as const) {
      const answer = await inserted(body, { decompress: '1' }, {});
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body.toString()).toMatch(new RegExp(`^Code: ${code}\\.`));
      expect((await stored()).split('\t')[0]).toBe('0');
    }
  });
});

describe('forms', () => {
  const form = (parts: readonly [string, string, string?][]): [Record<string, string>, Buffer] => {
    const text = parts.map(
      ([name, value, file]) =>
        `--cut\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${file}"` : ''}\r\n\r\n${value}\r\n`,
    );
    const headers = { 'content-type': 'multipart/form-data; boundary=cut' };
    return [headers, Buffer.from(`${text.join('')}--cut--\r\n`)];
  };

  it('carry parameters', async () => {
    const [headers, body] = form([
      ['query', 'SELECT {a:UInt8} + 1, {b:String}'],
      ['param_a', '41'],
      ['param_b', "it's\\n"],
    ]);
    expect((await send('/', headers, body)).body.toString()).toBe("42\tit\\'s\\n\n");
    const map = url('SELECT {m:Map(String, Array(UInt8))}', { param_m: "{'k\\'2':[1],'':[]}" });
    expect((await send(map)).body.toString()).toBe("{'k\\'2':[1],'':[]}\n");
  });

  it('carry tables that end with the statement', async () => {
    const csv = Array.from({ length: 20_000 }, (_, i) => `${i},"n${i % 10}"`).join('\n');
    const [headers, body] = form([['extra', csv, 'x.csv']]);
    const query = 'SELECT count(), sum(id), uniqExact(s) FROM extra WHERE id >= 10';
    const path = url(query, { extra_structure: 'id UInt32, s String', extra_format: 'CSV' });
    expect((await send(path, headers, body)).body.toString()).toBe('19990\t199989955\t10\n');
    const after = await send(url('SELECT * FROM extra'));
    expect(after.status).toBe(404);
    const [same, typed] = form([['extra', '1\ta\n', 'x']]);
    const path2 = url('SELECT _2, _1 FROM extra', {
      extra_types: "UInt8,Enum8('a,b' = 1, 'a' = 2)",
    });
    expect((await send(path2, same, typed)).body.toString()).toBe('a\t1\n');
  });

  it('that are cut or say too little are refused', async () => {
    const [headers, body] = form([['extra', '1\n', 'x']]);
    const cut = await send('/?query=SELECT+1&extra_types=UInt8', headers, body.subarray(0, -9));
    expect(cut.body.toString()).toMatch(/^Code: 36\..*ends before its last boundary/);
    const bare = await send('/?query=SELECT+1', headers, body);
    expect(bare.body.toString()).toMatch(/^Code: 36\..*extra_structure/);
  });
});
