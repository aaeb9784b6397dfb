// Random queries over a table with projections, materialised views and indexes, while rows come, go and change: the same
// rows through rollups, without them, without any fast path, and with every operator forced into files. At least a third
// of the queries must read a rollup, or the test tests nothing.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours, report, seeds } from '../peers.ts';
import { difference, parseAnswer } from './compare.ts';
import { allInFiles, noFastPaths } from './paths.ts';
import { seeded } from './random.ts';
import { changes, rollupQuery, setup } from './rollup-queries.ts';

const { count, all } = seeds(200);
const format = 'TSVWithNamesAndTypes';

/** Queries between two changes of the table. */
const queriesPerChange = 10;

const ways: Readonly<Record<string, Record<string, string>>> = {
  'rows themselves': { optimize_use_materialized_views: '0', optimize_use_projections: '0' },
  'no fast path': noFastPaths,
  'in files': allInFiles,
};

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('rollup-queries');
  for (const sql of setup()) await ours.must(sql);
}, 120_000);
afterAll(() => ours?.close());

it(`${count} generated queries give the same rows with and without rollups`, {
  timeout: 3_600_000,
}, async () => {
  const differences: string[] = [];
  let through = 0;
  for (const seed of all) {
    const random = seeded(seed);
    if (seed % queriesPerChange === 0) {
      for (const sql of changes(random, seed)) await ours.must(sql);
    }
    const sql = rollupQuery(random);
    const fast = await ours.must(sql, { format });
    if (/^(View|Projection) \S+ is read/m.test(await ours.must(`EXPLAIN ${sql}`))) through++;
    for (const [how, settings] of Object.entries(ways)) {
      const other = await ours.must(sql, { format, settings });
      const what = difference(parseAnswer(fast), parseAnswer(other), false);
      if (what) differences.push(`seed ${seed}, ${how}: ${what}\n  ${sql}`);
    }
  }
  report(`${count} queries, ${through} read a rollup, ${differences.length} differ`, differences);
  expect(differences.slice(0, 10)).toEqual([]);
  expect(through).toBeGreaterThan(count / 3);
});
