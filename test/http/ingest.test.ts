// POST /ingest as product.md promises it, over the whole server: what is refused and how it is named, rows left
// out or kept beside, tables made from rows, tokens, answers.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RealServer, realServer } from './real.ts';

interface Outcome {
  readonly status: number;
  readonly table?: string;
  readonly rows?: number;
  readonly rejected?: number;
  readonly deduplicated?: number;
  readonly errors?: readonly { row: number; column?: string; code: string; message: string }[];
  readonly created?: { columns: { name: string; type: string }[]; orderBy: string; sql: string };
  readonly error?: { code: number; name: string; message: string; hint?: string };
}

let server: RealServer;
beforeAll(async () => {
  server = await realServer();
});
afterAll(() => server.close());

async function ingest(
  query: Record<string, string>,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Outcome> {
  const answer = await server.send(`/ingest?${new URLSearchParams(query)}`, headers, body);
  return { status: answer.status, ...(JSON.parse(answer.body.toString()) as object) };
}

const make = (name: string, columns: string): Promise<string> =>
  server.text(`CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()`);
const rows = (name: string): Promise<string> => server.text(`SELECT * FROM ${name} ORDER BY ALL`);

describe('values that their column cannot hold', () => {
  beforeAll(() =>
    make(
      'strict',
      "u UInt8, i Int16, d Decimal(5, 2), t DateTime, e Enum8('a' = 1), f FixedString(2), s String",
    ),
  );
  const cases: readonly [string, string, RegExp][] = [
    ['JSONEachRow', '{"u": 256}', /Row 1, column 'u', value '256'/],
    ['JSONEachRow', '{"u": -1}', /Row 1, column 'u'/],
    ['JSONEachRow', '{"u": 1.5}', /Row 1, column 'u'/],
    ['JSONEachRow', '{"u": 1}\n{"i": 40000}', /Row 2, column 'i', value '40000'/],
    ['JSONEachRow', '{"d": 12345.67}', /Row 1, column 'd'/],
    ['JSONEachRow', '{"e": "b"}', /Row 1, column 'e'/],
    ['JSONEachRow', '{"f": "abc"}', /Row 1, column 'f'/],
    ['JSONEachRow', '{"u": "x"}', /Row 1, column 'u'/],
    ['JSONEachRow', '{"uu": 1}', /uu.*u/],
    ['CSV', '300,1,1,1,a,x,y', /Row 1, column 'u', value '300'/],
    ['TSV', '1\t99999\t1\t1\ta\tx\ty', /Row 1, column 'i', value '99999'/],
    ['Values', "(1, 2, 3, 4, 'z', 'x', 'y')", /Row 1, column 'e'/],
  ];
  for (const [format, body, message] of cases) {
    it(`${format} ${JSON.stringify(body)} is refused, named, and stores nothing`, async () => {
      const out = await ingest({ table: 'strict', format }, body);
      expect(out.status).toBe(400);
      expect(out.error?.message).toMatch(message);
      expect(await rows('strict')).toBe('');
    });
  }
  it("ClickHouse's own route keeps its wrapping", async () => {
    await server.text('CREATE TABLE wraps (u UInt8) ENGINE = Memory');
    await server.text('INSERT INTO wraps FORMAT CSV\n300\n');
    expect(await rows('wraps')).toBe('44\n');
  });
});

describe('bodies that end in the middle', () => {
  beforeAll(() => make('cut', 'a UInt8, s String'));
  const cases: readonly [string, string, string | Buffer][] = [
    ['CSV', 'an unclosed quote', '1,"abc'],
    ['CSV', 'a row that is cut', '1,a\n2'],
    ['TSV', 'a row that is cut', '1\ta\n2'],
    ['JSONEachRow', 'an object that is cut', '{"a":1,"s":"x"}\n{"a":2'],
    ['JSONEachRow', 'a quote that is open', '{"a":1,"s":"x'],
    ['JSONEachRow', 'bytes behind the last row', '{"a":1,"s":"x"} trailing'],
    ['JSONCompactEachRow', 'an array that is cut', '[1,"x"]\n[2'],
    ['Values', 'a tuple that is cut', "(1,'x'),(2,"],
    ['RowBinary', 'a value that is cut', Buffer.from([1, 3, 97])],
    ['Native', 'a block that is cut', Buffer.from([2, 1, 1, 97])],
    ['Parquet', 'no Parquet', 'PAR1PAR1'],
  ];
  for (const [format, what, body] of cases) {
    it(`${format}: ${what} is an error`, async () => {
      const out = await ingest({ table: 'cut', format }, body);
      expect(out.status, JSON.stringify(out)).toBe(400);
      expect(await rows('cut')).toBe('');
    });
  }
  it('gzip that is cut stores nothing', async () => {
    const body = gzipSync('{"a":1,"s":"x"}\n').subarray(0, -4);
    const out = await ingest({ table: 'cut' }, body, { 'content-encoding': 'gzip' });
    expect([out.status, out.error?.name]).toEqual([400, 'CANNOT_DECOMPRESS']);
    expect(await rows('cut')).toBe('');
  });
});

describe('on_error', () => {
  const body = '{"a":1}\n{"a":999}\n{"a":"x"}\n{"b":1}\n{"a":5}\n';
  beforeAll(async () => {
    await make('skips', 'a UInt8');
    await make('keeps', 'a UInt8');
  });
  it('skip stores the good rows and lists the others', async () => {
    const out = await ingest({ table: 'skips', on_error: 'skip' }, body);
    expect(out).toMatchObject({ status: 200, table: 'skips', rows: 2, rejected: 3 });
    expect(out.errors?.map((e) => [e.row, e.column])).toEqual([
      [2, 'a'],
      [3, 'a'],
      [4, undefined],
    ]);
    expect(await rows('skips')).toBe('1\n5\n');
  });
  it('quarantine keeps them in a table beside', async () => {
    const out = await ingest({ table: 'keeps', on_error: 'quarantine' }, body);
    expect(out).toMatchObject({ status: 200, rows: 2, rejected: 3 });
    const kept = await server.text('SELECT row, column, raw FROM keeps_quarantine ORDER BY row');
    expect(kept).toBe('2\ta\t{"a":999}\n3\ta\t{"a":"x"}\n4\t\t{"b":1}\n');
  });
  it('skips lines of CSV with too few or too many fields, and long files too', async () => {
    await make('lines', 'a UInt8, s String');
    const short = await ingest(
      { table: 'lines', on_error: 'skip', format: 'CSV' },
      '1,a\n2\n3,c,d\n4,d\n',
    );
    expect(short).toMatchObject({ status: 200, rows: 2, rejected: 2 });
    const text = Array.from({ length: 200_000 }, (_, i) =>
      i % 1000 === 7 ? 'x,y' : `${i % 256},v`,
    );
    const long = await ingest(
      { table: 'lines', on_error: 'skip', format: 'CSV' },
      `${text.join('\n')}\n`,
    );
    expect(long).toMatchObject({ status: 200, rows: 199_800, rejected: 200 });
    expect(long.errors?.length).toBe(100);
    expect(long.errors?.[1]?.row).toBe(1008);
  });
  it('anything else is refused', async () => {
    expect((await ingest({ table: 'skips', on_error: 'ignore' }, body)).status).toBe(400);
  });
});

describe('create=1', () => {
  it('infers types, orders by the time and says what it chose', async () => {
    const lines = Array.from({ length: 500 }, (_, i) =>
      JSON.stringify({
        ts: `2024-01-01 00:${String(i % 60).padStart(2, '0')}:00`,
        n: i - 5,
        x: i / 2,
        ok: i % 2 === 0,
        country: ['de', 'fr'][i % 2],
        id: `user-${i}`,
        ...(i % 3 === 0 && { maybe: i }),
        day: '2024-02-29',
        tags: ['a'],
      }),
    );
    const out = await ingest({ table: 'made', create: '1' }, lines.join('\n'));
    expect(out).toMatchObject({ status: 200, rows: 500 });
    const types = Object.fromEntries(out.created?.columns.map((c) => [c.name, c.type]) ?? []);
    expect(types).toMatchObject({
      ts: expect.stringMatching(/^DateTime/),
      n: expect.stringMatching(/^Int/),
      x: 'Float64',
      ok: 'Bool',
      country: 'LowCardinality(String)',
      id: 'String',
      maybe: expect.stringMatching(/^Nullable\(/),
      day: 'Date32',
      tags: expect.stringMatching(/^Array/),
    });
    expect(out.created?.orderBy).toBe('ts');
    expect(out.created?.sql).toMatch(/^CREATE TABLE/);
    expect(await server.text('SELECT sum(n), countIf(ok), count(maybe) FROM made')).toBe(
      '122250\t250\t167\n',
    );
    const again = await ingest({ table: 'made', create: '1' }, lines[0] as string);
    expect([again.rows, again.created]).toEqual([1, undefined]);
  });
  it('leaves no table when the rows are refused', async () => {
    const text = `${'{"a":1}\n'.repeat(3)}{"a":`;
    const out = await ingest({ table: 'unmade', create: '1' }, text);
    expect(out.status).toBe(400);
    expect(await server.text('EXISTS TABLE unmade')).toBe('0\n');
  });
  it('knows names of CSV columns, and asks for a table where nothing can be inferred', async () => {
    await ingest({ table: 'named', create: '1', format: 'CSVWithNames' }, 'a,b\n1,x\n');
    expect(
      await server.text("SELECT name, type FROM system.columns WHERE table = 'named'"),
    ).toMatch(/^a\t.*\nb\tString\n$/);
    const out = await ingest({ table: 'nothing', create: '1' }, '');
    expect([out.status, out.error?.name]).toEqual([400, 'CANNOT_EXTRACT_TABLE_STRUCTURE']);
  });
  it('is needed: a missing table is 404 with a suggestion', async () => {
    await make('events', 'a UInt8');
    const out = await ingest({ table: 'event' }, '{"a":1}');
    expect([out.status, out.error?.name]).toEqual([404, 'UNKNOWN_TABLE']);
    expect(`${out.error?.message}${out.error?.hint}`).toMatch(/events/);
  });
});

describe('tokens', () => {
  beforeAll(() => make('named_rows', 'a UInt32'));
  const body = '{"a":1}\n{"a":2}\n';
  it('make a retry harmless, however they are given and however the rows are packed', async () => {
    const first = await ingest({ table: 'named_rows', token: 't1' }, body);
    expect(first).toMatchObject({ rows: 2, deduplicated: 0 });
    const header = await ingest({ table: 'named_rows' }, body, { 'idempotency-key': 't1' });
    expect(header).toMatchObject({ rows: 0, deduplicated: 2 });
    const packed = await ingest(
      { table: 'named_rows', insert_deduplication_token: 't1' },
      gzipSync(body),
      {
        'content-encoding': 'gzip',
      },
    );
    expect(packed).toMatchObject({ rows: 0, deduplicated: 2 });
    const csv = await ingest({ table: 'named_rows', token: 't1', format: 'CSV' }, '1\n2\n');
    expect(csv).toMatchObject({ rows: 0, deduplicated: 2 });
    expect(await rows('named_rows')).toBe('1\n2\n');
  });
  it('with other rows are 409', async () => {
    const out = await ingest({ table: 'named_rows', token: 't1' }, '{"a":3}');
    expect(out.status).toBe(409);
  });
  it('that differ in one request are refused', async () => {
    const out = await ingest({ table: 'named_rows', token: 'x' }, body, { 'idempotency-key': 'y' });
    expect(out.status).toBe(400);
  });
  it('equal rows without a token are all stored', async () => {
    await make('plain_rows', 'a UInt32');
    await ingest({ table: 'plain_rows' }, body);
    await ingest({ table: 'plain_rows' }, body);
    expect(await server.text('SELECT count() FROM plain_rows')).toBe('4\n');
  });
  it('name large bodies too', async () => {
    const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => `{"a":${i}}\n`).join(''));
    const first = await ingest({ table: 'named_rows', token: 'large' }, large);
    expect(first).toMatchObject({ rows: 300_000 });
    const again = await ingest({ table: 'named_rows', token: 'large' }, gzipSync(large), {
      'content-encoding': 'gzip',
    });
    expect(again).toMatchObject({ rows: 0, deduplicated: 300_000 });
  });
});

describe('the request', () => {
  it('names the table once, in the path or as a parameter', async () => {
    await make('`two words`', 'a UInt8');
    const answer = await server.send('/ingest/two%20words', {}, '{"a":1}');
    expect(answer.status).toBe(200);
    expect((await server.send('/ingest', {}, '{}')).status).toBe(400);
    expect((await server.send('/ingest/a?table=b', {}, '{}')).status).toBe(400);
  });
  it('names a format and a setting that exist', async () => {
    const format = await ingest({ table: 'events', format: 'JSONEachRo' }, '{"a":1}');
    expect([format.status, format.error?.name, format.error?.hint]).toEqual([
      404,
      'UNKNOWN_FORMAT',
      expect.stringMatching(/JSONEachRow/),
    ]);
    const setting = await ingest({ table: 'events', no_such: '1' }, '{"a":1}');
    expect([setting.status, setting.error?.code]).toEqual([404, 115]);
  });
  it('takes settings of formats', async () => {
    await make('set', 'a UInt8, s String');
    await ingest({ table: 'set', format: 'CSV', format_csv_delimiter: ';' }, '1;x\n');
    expect(await rows('set')).toBe('1\tx\n');
  });
  it('takes no rows for system tables', async () => {
    const out = await ingest({ table: 'one', database: 'system' }, '{"dummy":1}');
    expect(out.status).toBe(403);
  });
});
