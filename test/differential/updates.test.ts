// Two tables under the same generated statements: UPDATE writes patches in one and whole segments in the other.
// The same rows at every step. COLONNADE_TEST_QUERIES is how many statements (200), COLONNADE_TEST_SEED the seed.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { type Random, seeded } from '../generated/random.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 200);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
/** Statements on one pair of tables. */
const LIFE = 40;

let engine: Engine;
let dir = '';

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'colonnade-updates-'));
  engine = await open({ dataDir: dir });
});
afterAll(async () => {
  await engine.close();
  rmSync(dir, { recursive: true });
});

async function ask(sql: string): Promise<string> {
  const user = { name: 'default' };
  const { chunks } = await engine.query({ sql, format: 'TabSeparated', user });
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

/** What a statement answers, or the name of its error. */
const outcome = (sql: string): Promise<string> =>
  ask(sql).catch((error: { name: string }) => `error ${error.name}`);

/** Names of columns that may be updated; they come, go and change their types. */
interface Table {
  columns: string[];
  added: number;
}

const settings =
  'SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1, history_retention = 3600';
const engines = [
  'MergeTree ORDER BY k',
  'MergeTree PARTITION BY k % 3 ORDER BY (k, j)',
  'ReplacingMergeTree ORDER BY k',
  'MergeTree ORDER BY tuple()',
];
const definition =
  'k UInt32, j UInt16, i Int32, s String, n Nullable(Int64), l LowCardinality(String), f Float64, a Array(UInt8), m Int64 MATERIALIZED i * 2, INDEX x i TYPE minmax, INDEX b s TYPE bloom_filter, INDEX e i % 5 TYPE minmax';

const condition = (random: Random): string =>
  random.weighted([
    [4, `k = ${random.int(300)}`],
    [3, `k BETWEEN ${random.int(300)} AND ${random.int(300)}`],
    [2, `j = ${random.int(10)}`],
    [2, `i % 5 = ${random.int(5)}`],
    [2, `s = 't${random.int(20)}'`],
    [1, 'n IS NULL'],
    [1, `l IN ('w1', 'new${random.int(4)}')`],
    [1, `cityHash64(k) % 20 = ${random.int(20)}`],
    [1, `has(a, ${random.int(4)})`],
  ]);

const values: Readonly<Record<string, (random: Random) => string>> = {
  i: (random) => random.pick(['i + 1', 'k * 2', `${random.int(100)}`, '-i']),
  s: (random) => random.pick([`'t${random.int(20)}'`, "concat(s, '+')", 'toString(i)', 'DEFAULT']),
  n: (random) => random.pick(['NULL', 'i', 'n + 1', 'if(k % 2, NULL, 5)']),
  l: (random) => random.pick([`'new${random.int(4)}'`, 'upper(l)', 's']),
  f: (random) => random.pick(['f / 2', 'nan', 'k', '-0.0']),
  a: (random) => random.pick(['[1, 2]', '[]', 'arrayPushBack(a, k % 4)']),
};

function update(random: Random, table: Table): string {
  const chosen = new Set(random.some(1, 3, () => random.pick(table.columns)));
  const set = [...chosen].map((c) => `${c} = ${values[c]?.(random) ?? "concat('e', toString(i))"}`);
  return `UPDATE # SET ${set.join(', ')} WHERE ${condition(random)}`;
}

function alter(random: Random, table: Table): string {
  const extra = table.columns.filter((c) => c.startsWith('e'));
  const name = `e${++table.added}`;
  const old = extra[0];
  const kind = old === undefined ? 0 : random.int(4);
  const without = table.columns.filter((c) => c !== old);
  if (kind === 0) {
    table.columns.push(name);
    return `ALTER TABLE # ADD COLUMN ${name} String DEFAULT 'd${name}'`;
  }
  if (kind === 1) {
    table.columns = without;
    return `ALTER TABLE # DROP COLUMN ${old}`;
  }
  if (kind === 2) {
    table.columns = [...without, name];
    return `ALTER TABLE # RENAME COLUMN ${old} TO ${name}`;
  }
  return `ALTER TABLE # MODIFY COLUMN ${old} ${random.pick(['LowCardinality(String)', 'String', 'Nullable(String)'])}`;
}

function statement(random: Random, table: Table): string {
  const rows = `SELECT number % 300, number % 10, number, concat('t', toString(number % 20)), if(number % 4 = 0, NULL, number), concat('w', toString(number % 3)), number / 8, range(number % 4)`;
  const insert = () =>
    `INSERT INTO # (k, j, i, s, n, l, f, a) ${rows} FROM numbers(${random.int(1000)}, ${1 + random.int(400)})`;
  return random.weighted([
    [10, update(random, table)],
    [3, insert()],
    [1, `DELETE FROM # WHERE ${condition(random)}`],
    [1, `ALTER TABLE # UPDATE s = 'heavy' WHERE ${condition(random)}`],
    [1, `ALTER TABLE # DELETE WHERE ${condition(random)}`],
    [1, `OPTIMIZE TABLE #${random.chance(0.4) ? ' FINAL' : ''}`],
    [1, 'ALTER TABLE # APPLY PATCHES'],
    [1, 'ALTER TABLE # MATERIALIZE INDEX x'],
    [1, 'CHECK TABLE # SETTINGS check_query_single_value_result = 1'],
    [1, alter(random, table)],
  ]);
}

const questions = (random: Random): string[] => [
  `SELECT k, i, s, n, m FROM # WHERE ${condition(random)} ORDER BY ALL`,
  `SELECT l, count(), sum(i), min(s), max(n), uniqExact(s) FROM # GROUP BY l ORDER BY l`,
  'SELECT count(), sum(i), min(i), max(i), count(n), sum(m) FROM #',
  `SELECT s, k FROM # ORDER BY s DESC, k, i LIMIT ${1 + random.int(20)}`,
];

let patched = 0;

/** Both tables answer the same; fails with the seed. */
async function same(sql: string, seed: number): Promise<string> {
  const [one, two] = [
    await outcome(sql.replaceAll('#', 'p')),
    await outcome(sql.replaceAll('#', 'w')),
  ];
  expect(one, `seed ${seed}: ${sql}`).toBe(two);
  return one;
}

async function life(seed: number, steps: number): Promise<void> {
  const random = seeded(seed);
  const table: Table = { columns: Object.keys(values), added: 0 };
  const kind = random.pick(engines);
  for (const name of ['p', 'w']) {
    await ask(`DROP TABLE IF EXISTS ${name} SYNC`);
    await ask(`CREATE TABLE ${name} (${definition}) ENGINE = ${kind} ${settings}`);
  }
  const final = kind.startsWith('Replacing');
  const all = 'SELECT * FROM p';
  let old: { version: string; rows: string } | undefined;
  for (let step = 0; step < steps; step++) {
    const sql = statement(random, table);
    const light = sql.startsWith('UPDATE');
    const one = await outcome(sql.replaceAll('#', 'p'));
    const two = await outcome(
      sql.replaceAll('#', 'w') + (light ? ' SETTINGS update_patch_rows = 0' : ''),
    );
    expect(one, `seed ${seed}, step ${step}: ${sql}`).toBe(two);
    const merged = final && random.chance(0.5) ? ' FINAL' : '';
    await same(`SELECT *, m FROM #${merged} ORDER BY ALL`, seed);
    if (!final && old === undefined && light && random.chance(0.1)) {
      const version = (await ask('SELECT max(version) FROM (DESCRIBE HISTORY p)')).trim();
      old = { version, rows: await ask(`${all} ORDER BY ALL`) };
    }
    await same(random.pick(questions(random)), seed);
  }
  if (old) {
    const again = await ask(`${all} VERSION AS OF ${old.version} ORDER BY ALL`);
    expect(again, `seed ${seed}, version ${old.version}`).toBe(old.rows);
  }
  patched += readdirSync(dir, { recursive: true }).filter((f) => String(f).endsWith('.pat')).length;
  if (random.chance(0.3)) {
    const before = await ask('SELECT * FROM p ORDER BY ALL');
    await engine.close();
    engine = await open({ dataDir: dir });
    expect(await ask('SELECT * FROM p ORDER BY ALL')).toBe(before);
  }
}

it(`gives the same rows with patches and without, over ${count} statements`, async () => {
  for (let n = 0; n * LIFE < count; n++) await life(first + n, Math.min(LIFE, count - n * LIFE));
  expect(patched).toBeGreaterThan(count / 20);
}, 600_000);

it('gives the same rows where a segment has blocks with new values and others', async () => {
  const rows = `SELECT number, number % 10, number % 1000, concat('t', toString(number % 500)), if(number % 5 = 0, NULL, number % 100), concat('w', toString(number % 7)), number / 4, [number % 3] FROM numbers(150000)`;
  for (const name of ['p', 'w']) {
    await ask(`DROP TABLE IF EXISTS ${name} SYNC`);
    await ask(`CREATE TABLE ${name} (${definition}) ENGINE = MergeTree ORDER BY k ${settings}`);
    await ask(`INSERT INTO ${name} (k, j, i, s, n, l, f, a) ${rows}`);
    await ask(`OPTIMIZE TABLE ${name} FINAL`);
  }
  const updates = [
    "s = 'new', l = 'new' WHERE k BETWEEN 70000 AND 70010",
    'i = 5000, n = NULL WHERE k IN (65535, 65536, 131072)',
    "f = -1, a = [7, 8], s = 't3' WHERE k > 140000 AND k % 11 = 0",
    'n = 7 WHERE k BETWEEN 131000 AND 131100',
  ];
  const asked = [
    'SELECT s, count(), sum(i), min(n), max(f) FROM # GROUP BY s ORDER BY s',
    'SELECT l, s, count() AS c FROM # GROUP BY l, s ORDER BY c DESC, l, s LIMIT 40',
    "SELECT count(), sum(k) FROM # WHERE s IN ('new', 't3') AND l != 'w1'",
    "SELECT count(), sum(k) FROM # WHERE s LIKE '%ew' OR n = 7",
    'SELECT k, i FROM # ORDER BY i DESC, k LIMIT 5',
    'SELECT k, s FROM # ORDER BY s, k LIMIT 5',
    'SELECT min(i), max(i), sum(i), avg(n), count(n), min(f), max(f), sum(m) FROM #',
    'SELECT a, count(), uniqExact(s), uniqExact(l) FROM # GROUP BY a ORDER BY a',
    'SELECT count() FROM # AS x JOIN (SELECT DISTINCT s FROM # WHERE k < 600) AS y USING s',
    'SELECT groupBitXor(cityHash64(k, i, s, l, ifNull(n, -7), f, a, m)) FROM #',
  ];
  for (const change of updates) {
    await ask(`UPDATE p SET ${change}`);
    await ask(`UPDATE w SET ${change} SETTINGS update_patch_rows = 0`);
    for (const sql of asked) await same(sql, 0);
  }
  for (const name of ['p', 'w']) await ask(`OPTIMIZE TABLE ${name} FINAL`);
  for (const sql of asked) await same(sql, 0);
}, 120_000);
