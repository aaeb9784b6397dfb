// Every function says what it is for, and every example in its documentation gives what stands there.
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

async function documented(): Promise<Documented[]> {
  const sql =
    'SELECT name, description, examples FROM system.functions WHERE is_aggregate = 0 ORDER BY name';
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

it('every example of a function holds', { timeout: 120_000 }, async () => {
  const functions = await documented();
  const wrong: string[] = [];
  let count = 0;
  for (const { name, description, examples } of functions) {
    if (description === '') wrong.push(`${name} has no description`);
    for (const line of examples.split('\n').filter(Boolean)) {
      const at = line.lastIndexOf(' → ');
      const [expression, expected] = [line.slice(0, at), line.slice(at + 3)];
      count++;
      const answer = await ours.ask(`SELECT ${expression}`, {
        settings: { session_timezone: 'UTC' },
      });
      const got = 'text' in answer ? shown(answer.text) : `error ${answer.code}: ${answer.message}`;
      if (got !== expected) wrong.push(`${name}: ${expression} gives ${got}, not ${expected}`);
    }
  }
  expect(count).toBeGreaterThan(700);
  expect(wrong).toEqual([]);
});
