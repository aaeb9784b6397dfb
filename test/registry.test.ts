// Functions, aggregates and settings say what they are for, and every example in their documentation gives
// what stands there.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours } from './peers.ts';

interface Documented {
  name: string;
  description: string;
  examples: string;
}

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('registry');
});
afterAll(() => ours.close());

async function documented(which: string): Promise<Documented[]> {
  const sql = `SELECT name, description, examples FROM system.functions WHERE ${which} ORDER BY name`;
  const text = await ours.must(sql, { format: 'JSONEachRow' });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Documented);
}

/** The text of the one value, as a reader would write it. */
function shown(tsv: string): string {
  return tsv.replace(/\n$/, '').replaceAll('\\N', 'NULL').replaceAll("\\'", "'");
}

/** What is wrong with the documentation of these, and how many examples were run. */
async function faults(entries: Documented[]): Promise<{ wrong: string[]; examples: number }> {
  const wrong: string[] = [];
  let count = 0;
  for (const { name, description, examples } of entries) {
    if (description === '') wrong.push(`${name} has no description`);
    for (const line of examples.split('\n').filter(Boolean)) {
      const at = line.lastIndexOf(' → ');
      const [text, expected] = [line.slice(0, at), line.slice(at + 3)];
      count++;
      const answer = await ours.ask(/^(SELECT|WITH)\b/.test(text) ? text : `SELECT ${text}`, {
        settings: { session_timezone: 'UTC' },
      });
      const got = 'text' in answer ? shown(answer.text) : `error ${answer.code}: ${answer.message}`;
      if (got !== expected) wrong.push(`${name}: ${text} gives ${got}, not ${expected}`);
    }
  }
  return { wrong, examples: count };
}

it('every example of a function holds', { timeout: 120_000 }, async () => {
  const { wrong, examples } = await faults(await documented('is_aggregate = 0'));
  expect(examples).toBeGreaterThan(700);
  expect(wrong).toEqual([]);
});

it('every example of an aggregate holds', { timeout: 120_000 }, async () => {
  const entries = await documented('is_aggregate = 1');
  expect(entries.filter(({ examples }) => examples === '').map(({ name }) => name)).toEqual([]);
  const { wrong } = await faults(entries);
  expect(wrong).toEqual([]);
});

it('every setting with an effect says which', async () => {
  const sql = 'SELECT name FROM system.settings WHERE is_obsolete = 0 AND length(description) < 10';
  expect(await ours.must(sql)).toBe('');
});
