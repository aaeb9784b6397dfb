// Random queries in the SQL that both sides share, answered by colonnade and by DuckDB.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Duck, duckdb, Ours, report, seeds } from '../peers.ts';
import { difference } from './compare.ts';
import { portableQuery, portableSettings, portableSetup, worded } from './portable/index.ts';
import { seeded } from './random.ts';

const { count, all } = seeds(500);
const settings = { ...portableSettings, output_format_json_quote_64bit_integers: '0' };

let ours: Ours | undefined;
let duck: Duck | undefined;

async function rows(engine: Ours, sql: string): Promise<unknown[][]> {
  const text = await engine.must(sql, { format: 'JSONCompact', settings });
  return text === '' ? [] : (JSON.parse(text) as { data: unknown[][] }).data;
}

/** Truth is 1 and 0, numbers are numbers, NULL is marked, lists and rows are their values. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'object') return `[${Object.values(value).map(cell).join(', ')}]`;
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
  const foreign: string[] = [];
  let answered = 0;
  for (const seed of all) {
    const { sql, ordered } = portableQuery(seeded(seed));
    let theirs: unknown[][];
    try {
      theirs = (await duck.runAndReadAll(worded(sql, 'theirs'))).getRowsJson();
    } catch (error) {
      foreign.push(`seed ${seed}: ${(error as Error).message.split('\n')[0]}`); // not its dialect after all
      continue;
    }
    const written = worded(sql, 'ours');
    try {
      const what = difference(answer(await rows(ours, written)), answer(theirs), ordered);
      if (what) differences.push(`seed ${seed}: ${what}\n  ${written}`);
      answered++;
    } catch (error) {
      differences.push(`seed ${seed}: ${(error as Error).message}\n  ${written}`);
    }
  }
  report(`${count} queries, ${answered} answered, ${differences.length} differ`, [
    ...differences,
    ...foreign.slice(0, 40),
  ]);
  expect(answered).toBeGreaterThan(count * 0.9);
  expect(differences.slice(0, 20)).toEqual([]);
});
