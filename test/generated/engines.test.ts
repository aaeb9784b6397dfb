// Random queries with FINAL, SAMPLE and conditions that indexes answer, while rows come, go, change and expire: the same rows
// without any fast path, with every operator forced into files, and where FINAL is written out with argMax.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours, report, seeds } from '../peers.ts';
import { difference, parseAnswer } from './compare.ts';
import { changes, engineQuery, setup } from './engine-queries.ts';
import { allInFiles, noFastPaths } from './paths.ts';
import { seeded } from './random.ts';

const { count, all } = seeds(200);
const format = 'TSVWithNamesAndTypes';

/** Queries between two changes of the tables. */
const queriesPerChange = 8;

const ways: Readonly<Record<string, Record<string, string>>> = {
  'no fast path': noFastPaths,
  'in files': allInFiles,
};

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('engine-queries');
  for (const sql of setup()) await ours.must(sql);
}, 120_000);
afterAll(() => ours?.close());

it(`${count} generated queries give the same rows of every engine, whatever is switched off`, {
  timeout: 3_600_000,
}, async () => {
  const differences: string[] = [];
  let rows = 0;
  for (const seed of all) {
    const random = seeded(seed);
    if (seed % queriesPerChange === 0) {
      for (const sql of changes(random, seed)) await ours.must(sql);
    }
    const { sql, same } = engineQuery(random);
    const answer = parseAnswer(await ours.must(sql, { format }));
    rows += answer.rows.length;
    const check = (how: string, other: string): void => {
      const what = difference(answer, parseAnswer(other), false);
      if (what) differences.push(`seed ${seed}, ${how}: ${what}\n  ${sql}`);
    };
    for (const [how, settings] of Object.entries(ways)) {
      check(how, await ours.must(sql, { format, settings }));
    }
    if (same) check('FINAL written out', await ours.must(same, { format }));
  }
  report(`${count} queries, ${rows} rows, ${differences.length} differ`, differences);
  expect(differences.slice(0, 10)).toEqual([]);
  expect(rows).toBeGreaterThan(count);
});
