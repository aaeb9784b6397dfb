// Random queries in the SQL that both sides share, answered by colonnade and by DuckDB.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Duck, duckdb, Ours, report, seeds } from '../peers.ts';
import { difference } from './compare.ts';
import { portableQuery, portableSetup } from './portable.ts';
import { seeded } from './random.ts';

const { count, all } = seeds(500);
const settings = {
  join_use_nulls: '1',
  cast_keep_nullable: '1',
  aggregate_functions_null_for_empty: '1',
  output_format_json_quote_64bit_integers: '0',
};

let ours: Ours | undefined;
let duck: Duck | undefined;

async function rows(engine: Ours, sql: string): Promise<unknown[][]> {
  const text = await engine.must(sql, { format: 'JSONCompact', settings });
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
  duck = await duckdb();
  if (!duck) return;
  ours = await Ours.start('portable');
  const statements = portableSetup();
  for (const sql of statements.duck) await duck.run(sql);
  for (const sql of statements.ours) await ours.must(sql, { settings });
}, 900_000);
afterAll(() => ours?.close());

it(`${count} generated queries give DuckDB's answers`, { timeout: 3_600_000 }, async (context) => {
  if (!duck || !ours) return context.skip();
  const differences: string[] = [];
  let answered = 0;
  for (const seed of all) {
    const { sql, ordered } = portableQuery(seeded(seed));
    let theirs: unknown[][];
    try {
      theirs = (await duck.runAndReadAll(sql)).getRowsJson();
    } catch {
      continue; // not its dialect after all
    }
    try {
      const what = difference(answer(await rows(ours, sql)), answer(theirs), ordered);
      if (what) differences.push(`seed ${seed}: ${what}\n  ${sql}`);
      answered++;
    } catch (error) {
      differences.push(`seed ${seed}: ${(error as Error).message}\n  ${sql}`);
    }
  }
  report(`${count} queries, ${answered} answered, ${differences.length} differ`, differences);
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
