// INSERT … VALUES as drivers send it: long bodies with expressions, batches of no rows.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RealServer, realServer } from './real.ts';

let server: RealServer;
beforeAll(async () => {
  server = await realServer();
  await server.text(
    'CREATE TABLE t (id UInt32, s String, at DateTime64(3)) ENGINE = MergeTree ORDER BY id',
  );
});
afterAll(() => server.close());

const row = (id: number, at = `fromUnixTimestamp64Milli(${1704067200000 + id})`): string =>
  `(${id}, 'it\\'s (row), ${id}', ${at})`;
const batch = (n: number): string => Array.from({ length: n }, (_, i) => row(i)).join(', ');
const stored = (): Promise<string> => server.text('SELECT count(), sum(id), max(at) FROM t');

it('takes expressions in bodies of any length up to its limit, whole', async () => {
  const sql = `INSERT INTO t (id, s, at) VALUES ${batch(5000)}`;
  expect(sql.length).toBeGreaterThan(262_144);
  expect(await server.text(sql)).toBe('');
  expect(await stored()).toBe('5000\t12497500\t2024-01-01 00:00:04.999\n');
  await server.text('TRUNCATE TABLE t');
});

it('takes an expression that comes late among plain rows', async () => {
  const plain = Array.from({ length: 20_000 }, (_, i) => row(i, "'2024-01-01 00:00:00'"));
  expect(await server.text(`INSERT INTO t VALUES ${plain.join(',')},${row(20_000)}`)).toBe('');
  expect(await stored()).toBe('20001\t200010000\t2024-01-01 00:00:20.000\n');
  await server.text('TRUNCATE TABLE t');
});

it('stores nothing of a batch with one bad row, and says which limit expressions have', async () => {
  const bad = await server.text(`INSERT INTO t VALUES ${batch(2000)}, (1, 'x', noSuch(1))`);
  expect(bad).toContain('UNKNOWN_FUNCTION');
  expect(bad).toContain("Row 2001, column 'at', value 'noSuch(1)'");
  const path = '/?max_values_expressions_bytes=1000';
  const long = await server.send(path, {}, `INSERT INTO t VALUES ${batch(2000)}`);
  expect(long.status).toBe(400);
  expect(long.body.toString()).toContain('max_values_expressions_bytes');
  expect(await stored()).toBe('0\t0\t1970-01-01 00:00:00.000\n');
});

it('names the row and the column of a value that cannot be computed', async () => {
  const wrong = await server.text(
    `INSERT INTO t VALUES ${batch(500)}, (1, 'x', toDateTime64('soon', 3)), ${batch(10)}`,
  );
  expect(wrong).toContain("Row 501, column 'at', value 'toDateTime64('soon', 3)'");
  const expressions = '/?input_format_values_interpret_expressions=0';
  const off = `${expressions}&input_format_values_deduce_templates_of_expressions=0`;
  const refused = await server.send(off, {}, `INSERT INTO t VALUES ${batch(3)}`);
  expect(refused.status).toBe(400);
  expect(await stored()).toBe('0\t0\t1970-01-01 00:00:00.000\n');
});

it('reads plain values beside expressions as those of their columns', async () => {
  await server.text('CREATE TABLE w (d Decimal(76, 38), u UInt64, t DateTime64(9)) ORDER BY u');
  const small = '0.00000000000000000000000000000000000001';
  const rows = [`(${small}, 18446744073709551615, fromUnixTimestamp64Nano(1))`];
  rows.push(`(-${small}, 9007199254740993, '2024-01-01 00:00:00')`);
  expect(await server.text(`INSERT INTO w VALUES ${rows.join(',')}`)).toBe('');
  const back = `-${small}\t9007199254740993\n${small}\t18446744073709551615\n`;
  expect(await server.text('SELECT d, u FROM w ORDER BY u')).toBe(back);
});

it('takes more shapes of rows than it makes templates', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `(${'1 + '.repeat(i % 20)}1, 'x', now())`);
  const path = '/?max_values_templates=3';
  const { status } = await server.send(path, {}, `INSERT INTO t VALUES ${rows.join(',')}`);
  expect(status).toBe(200);
  expect(await server.text('SELECT count(), sum(id) FROM t')).toBe('60\t630\n');
  await server.text('TRUNCATE TABLE t');
});

it('takes a batch of no rows', async () => {
  expect(await server.text('INSERT INTO t VALUES')).toBe('');
  expect(await server.text('INSERT INTO t (id) VALUES \n')).toBe('');
  expect(await stored()).toBe('0\t0\t1970-01-01 00:00:00.000\n');
});
