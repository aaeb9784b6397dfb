// Functions, aggregates and settings say what they are for, and every example in their documentation gives
// what stands there.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

/** The engine's and the kernel's code, without the tables of settings. */
function code(): string {
  return execFileSync('git', ['ls-files', 'engine', 'server', 'native'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.ts$|\/src\/.*\.rs$/.test(file) && !file.startsWith('engine/settings/'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

/** Names of something else, too: of the server's, of tables' and of columns' settings. */
const others = [
  'background_pool_size',
  'parts_to_throw_insert',
  'max_compress_block_size',
  'min_compress_block_size',
];

it('every setting that the code names is one with an effect', async () => {
  const named = new Set(code().match(/(?<=['"])[a-z0-9]+(_[a-z0-9]+)+(?=['"])/g));
  const sql = 'SELECT name FROM system.settings WHERE is_obsolete';
  const silent = (await ours.must(sql)).split('\n').filter((name) => named.has(name));
  expect(silent.filter((name) => !others.includes(name))).toEqual([]);
});

it('every setting with an effect is named in the code, or says that it is only accepted', async () => {
  const source = code();
  // Put together in the code: max_bytes_before_external_${operator}, ${operation}_default_mode.
  const parts = /^max_bytes_(ratio_)?before_external_|^(intersect|except)_default_mode$/;
  const sql = `SELECT name FROM system.settings
    WHERE NOT is_obsolete AND NOT match(description, '^Accepted:|always so here')`;
  const names = (await ours.must(sql)).trimEnd().split('\n');
  expect(names.filter((name) => !source.includes(name) && !parts.test(name))).toEqual([]);
});
