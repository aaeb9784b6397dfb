// colonnade in a program: what `import { open } from 'colonnade'` gives, as README.md shows it.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Database, open } from '../engine/library.ts';

const opened: Database[] = [];
async function temporary(): Promise<Database> {
  const db = await open();
  opened.push(db);
  return db;
}
afterEach(async () => {
  for (const db of opened.splice(0)) await db.close();
});

describe('values', () => {
  it('come back as the JavaScript values that are exact', async () => {
    const db = await temporary();
    const { rows, columns } = await db.query(`
      SELECT toUInt64(5) AS small, 9007199254740993::UInt64 AS large, -170141183460469231731687303715884105728::Int128 AS wide,
        1.5 AS float, nan AS none, -inf AS least, 12.50::Decimal(9, 2) AS price,
        12345678901234567890.12::Decimal(38, 2) AS sum, [1, NULL]::Array(Nullable(UInt64)) AS list,
        map('k', 9007199254740993::Int64) AS map, ('x', nan)::Tuple(a String, b Float64) AS pair,
        toDate('2026-01-02') AS day, NULL AS nothing, true AS yes`);
    expect(rows).toEqual([
      {
        small: 5,
        large: 9007199254740993n,
        wide: -170141183460469231731687303715884105728n,
        float: 1.5,
        none: Number.NaN,
        least: Number.NEGATIVE_INFINITY,
        price: 12.5,
        sum: '12345678901234567890.12',
        list: [1, null],
        map: { k: 9007199254740993n },
        pair: { a: 'x', b: Number.NaN },
        day: '2026-01-02',
        nothing: null,
        yes: true,
      },
    ]);
    expect(columns.slice(0, 2)).toEqual([
      { name: 'small', type: 'UInt64' },
      { name: 'large', type: 'UInt64' },
    ]);
  });

  it('go in as rows and come back the same', async () => {
    const db = await temporary();
    await db.query(
      'CREATE TABLE t (id UInt64, x Float64, at DateTime64(3), tags Array(String)) ORDER BY id',
    );
    const at = new Date('2026-01-02T03:04:05.678Z');
    const result = await db.insert('t', [
      { id: 18446744073709551615n, x: Number.NaN, at, tags: ["it's", 'b\tc'] },
      { id: 1, x: Number.POSITIVE_INFINITY, at, tags: [] },
    ]);
    expect(result).toMatchObject({ table: 't', rows: 2 });
    expect(
      (await db.query("SELECT *, toString(at, 'UTC') AS text FROM t ORDER BY id")).rows,
    ).toMatchObject([
      { id: 1, x: Number.POSITIVE_INFINITY, tags: [] },
      {
        id: 18446744073709551615n,
        x: Number.NaN,
        tags: ["it's", 'b\tc'],
        text: '2026-01-02 03:04:05.678',
      },
    ]);
    expect(await db.columns('SELECT id, x FROM t WHERE id = 1')).toEqual({
      id: [1],
      x: [Number.POSITIVE_INFINITY],
    });
  });
});

describe('parameters', () => {
  it('go by name, with the type in the statement', async () => {
    const db = await temporary();
    const { rows } = await db.query(
      'SELECT {text:String} AS text, {n:UInt64} AS n, {list:Array(String)} AS list, {at:DateTime64(3)} > 0 AS at, {no:Nullable(UInt8)} AS no, {x:Float64} AS x',
      {
        params: {
          text: "a\t'b'\\n",
          n: 18446744073709551615n,
          list: ["it's", 'x\\y'],
          at: new Date(),
          no: null,
          x: Number.NEGATIVE_INFINITY,
        },
      },
    );
    expect(rows).toEqual([
      {
        text: "a\t'b'\\n",
        n: 18446744073709551615n,
        list: ["it's", 'x\\y'],
        at: 1,
        no: null,
        x: Number.NEGATIVE_INFINITY,
      },
    ]);
  });

  it('go to the places marked ? in their order, with the type of the value', async () => {
    const db = await temporary();
    const params = [1, "it's", null, [1, 2], 2.5, true, 12345678901234567890n];
    const { rows } = await db.query(
      'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g, toTypeName(e) AS type',
      { params },
    );
    expect(rows).toEqual([
      {
        a: 1,
        b: "it's",
        c: null,
        d: [1, 2],
        e: 2.5,
        f: true,
        g: 12345678901234567890n,
        type: 'Float64',
      },
    ]);
    const limited = await db.query('SELECT number FROM numbers(10) WHERE number > ? LIMIT ?', {
      params: [3, 2],
    });
    expect(limited.rows).toEqual([{ number: 4 }, { number: 5 }]);
  });

  it('must be as many as there are places', async () => {
    const db = await temporary();
    await expect(db.query('SELECT ?, ?', { params: [1] })).rejects.toMatchObject({
      name: 'UNKNOWN_QUERY_PARAMETER',
      position: 10,
    });
    await expect(db.query('SELECT ?', { params: [1, 2] })).rejects.toMatchObject({
      name: 'BAD_QUERY_PARAMETER',
    });
    await expect(db.query('SELECT {x:UInt8}')).rejects.toMatchObject({
      name: 'UNKNOWN_QUERY_PARAMETER',
    });
  });
});

describe('a database', () => {
  it('keeps what was acknowledged, lets one process in and goes when it was temporary', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'colonnade-library-'));
    try {
      const first = await open(dir);
      await first.insert('visits', [{ page: '/' }], { create: true, token: 'once' });
      await expect(open(dir)).rejects.toMatchObject({
        message: expect.stringMatching(/in use/),
      });
      await first.close();
      const second = await open(dir);
      opened.push(second);
      const again = await second.insert('visits', [{ page: '/' }], { token: 'once' });
      expect(again).toMatchObject({ rows: 0, deduplicated: 1 });
      expect((await second.query('SELECT count() AS n FROM visits')).rows).toEqual([{ n: 1 }]);
      await opened.pop()?.close();
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('streams, gives Arrow and stops when it is told', async () => {
    const db = await temporary();
    let bytes = 0;
    for await (const piece of db.stream('SELECT number FROM numbers(100000)', 'CSV'))
      bytes += piece.length;
    expect(bytes).toBe(588_890);
    const table = await db.arrow('SELECT number AS n FROM numbers(3)');
    expect([...table].map((row) => row.n)).toEqual([0n, 1n, 2n]);
    const stop = new AbortController();
    const endless = db.query('SELECT count() FROM system.numbers', { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(endless).rejects.toMatchObject({ name: 'QUERY_WAS_CANCELLED' });
  });

  it('does what README.md shows', async () => {
    const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8');
    const example = /```js\n(.*?)```/s.exec(readme.replaceAll('\n   ', '\n'))?.[1] ?? '';
    const body = example.replace(/^import .*$/m, '').replace("open('./db')", 'open()');
    expect(body).toContain('await db.close()');
    const run = new Function('open', `return (async () => {${body}; return rows; })()`) as (
      from: typeof open,
    ) => Promise<unknown>;
    expect(await run(open)).toEqual([{ page: '/', n: 1 }]);
  });
});
