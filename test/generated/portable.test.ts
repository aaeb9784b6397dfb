// Random queries in the SQL that both sides share, answered by colonnade and by DuckDB.
// COLONNADE_TEST_QUERIES is how many (500), COLONNADE_TEST_SEED the first one's seed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { difference } from './compare.ts';
import { portableQuery, portableSetup } from './portable.ts';
import { seeded } from './random.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 500);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);
const settings = {
  join_use_nulls: '1',
  cast_keep_nullable: '1',
  aggregate_functions_null_for_empty: '1',
  output_format_json_quote_64bit_integers: '0',
};

interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown[][] }>;
}
let dir: string;
let engine: Engine;
let duck: Connection | undefined;

async function ours(sql: string): Promise<unknown[][]> {
  const result = await engine.query({
    sql,
    format: 'JSONCompact',
    settings,
    user: { name: 'default' },
  });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  const text = Buffer.concat(parts).toString();
  return text === '' ? [] : (JSON.parse(text) as { data: unknown[][] }).data;
}

/** Truth is 1 and 0, numbers are numbers, NULL is marked. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}
const answer = (rows: unknown[][]) => ({
  names: [],
  types: [],
  rows: rows.map((row) => row.map(cell)),
});

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
  const module = (await oracle('@duckdb/node-api')) as
    | { DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> } }
    | undefined;
  if (!module) return;
  duck = await (await module.DuckDBInstance.create(':memory:')).connect();
  dir = mkdtempSync(join(tmpdir(), 'colonnade-portable-'));
  engine = await open({ dataDir: dir });
  const statements = portableSetup();
  for (const sql of statements.duck) await duck.run(sql);
  for (const sql of statements.ours) await ours(sql);
}, 900_000);

afterAll(async () => {
  if (!duck) return;
  await engine.close();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} generated queries give DuckDB's answers`, { timeout: 3_600_000 }, async (context) => {
  if (!duck) return context.skip();
  const differences: string[] = [];
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) {
    const { sql, ordered } = portableQuery(seeded(seed));
    let theirs: unknown[][];
    try {
      theirs = (await duck.runAndReadAll(sql)).getRowsJson();
    } catch {
      continue; // not its dialect after all
    }
    try {
      const what = difference(answer(await ours(sql)), answer(theirs), ordered);
      if (what) differences.push(`seed ${seed}: ${what}\n  ${sql}`);
      answered++;
    } catch (error) {
      differences.push(`seed ${seed}: ${(error as Error).message}\n  ${sql}`);
    }
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) {
    writeFileSync(report, differences.join('\n'));
    console.log(`${count} queries, ${answered} answered, ${differences.length} differ`);
  }
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
