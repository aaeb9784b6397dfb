// The same random query with every fast path, index and rule of the planner on, with all of them off, and with every
// operator that can go on in files made to: equal rows.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours, report, seeds } from '../peers.ts';
import { difference, parseAnswer } from './compare.ts';
import { allInFiles, noFastPaths } from './paths.ts';
import { portableQuery, portableSettings, portableSetup, worded } from './portable/index.ts';
import { query } from './queries.ts';
import { seeded } from './random.ts';
import { setup } from './tables.ts';

const { count, all } = seeds(500);
const format = 'TSVWithNamesAndTypes';

/** Indexes and projections that queries of the generator can use. */
const helpers = [
  'ALTER TABLE wide ADD INDEX by_i32 i32 TYPE minmax GRANULARITY 1',
  'ALTER TABLE wide ADD INDEX by_s s TYPE bloom_filter GRANULARITY 1',
  'ALTER TABLE wide ADD INDEX by_lc lc TYPE set(10) GRANULARITY 1',
  'ALTER TABLE side ADD INDEX by_name name TYPE bloom_filter(0.01) GRANULARITY 1',
  ...['i32', 's', 'lc'].map((c) => `ALTER TABLE wide MATERIALIZE INDEX by_${c}`),
  'ALTER TABLE side MATERIALIZE INDEX by_name',
];

/** Of ClickHouse's dialect, and every fourth one of those that DuckDB answers, too. */
function queryOf(seed: number): { sql: string; ordered: boolean; meaning: Record<string, string> } {
  const random = seeded(seed);
  if (seed % 4 > 0) return { ...query(random), meaning: {} };
  const { sql, ordered } = portableQuery(random);
  return { sql: worded(sql, 'ours'), ordered, meaning: portableSettings };
}

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('metamorphic');
  for (const sql of [...setup(), ...portableSetup().ours, ...helpers]) await ours.must(sql);
}, 120_000);
afterAll(() => ours?.close());

it(`${count} generated queries give the same rows without any fast path`, {
  timeout: 3_600_000,
}, async () => {
  const differences: string[] = [];
  let answered = 0;
  for (const seed of all) {
    const { sql, ordered, meaning } = queryOf(seed);
    const fast = await ours.ask(sql, { format, settings: meaning });
    if ('text' in fast) answered++;
    for (const [how, settings] of Object.entries({ plain: noFastPaths, inFiles: allInFiles })) {
      const other = await ours.ask(sql, { format, settings: { ...meaning, ...settings } });
      if ('text' in fast && 'text' in other) {
        const what = difference(parseAnswer(fast.text), parseAnswer(other.text), ordered);
        if (what) differences.push(`seed ${seed}, ${how}: ${what}\n  ${sql}`);
      } else if ('text' in other && 'code' in fast) {
        // an error that a rule makes unnecessary is fine: the other way round is not
        differences.push(`seed ${seed}: ${fast.message}\n  ${sql}`);
      } else if ('text' in fast && 'code' in other && how === 'inFiles') {
        differences.push(`seed ${seed}, ${how}: ${other.message}\n  ${sql}`);
      }
    }
  }
  report(`${count} queries, ${answered} answered, ${differences.length} differ`, differences);
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
