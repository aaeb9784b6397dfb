// The same random query with every fast path, index and rule of the planner on, and with all of them off: equal rows.
// COLONNADE_TEST_QUERIES is how many (500), COLONNADE_TEST_SEED the first one's seed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { rules } from '../../engine/plan/optimize.ts';
import { difference, parseAnswer } from './compare.ts';
import { query } from './queries.ts';
import { seeded } from './random.ts';
import { setup } from './tables.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 500);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);

/** Indexes and projections that queries of the generator can use. */
const helpers = [
  'ALTER TABLE wide ADD INDEX by_i32 i32 TYPE minmax GRANULARITY 1',
  'ALTER TABLE wide ADD INDEX by_s s TYPE bloom_filter GRANULARITY 1',
  'ALTER TABLE wide ADD INDEX by_lc lc TYPE set(10) GRANULARITY 1',
  'ALTER TABLE side ADD INDEX by_name name TYPE bloom_filter(0.01) GRANULARITY 1',
  ...['i32', 's', 'lc'].map((c) => `ALTER TABLE wide MATERIALIZE INDEX by_${c}`),
  'ALTER TABLE side MATERIALIZE INDEX by_name',
];

/** All switches, thrown. */
const plain: Record<string, string> = {
  colonnade_plain_joins: '1',
  optimizer_rules_off: rules.map((rule) => rule.name).join(','),
  use_skip_indexes: '0',
  optimize_use_projections: '0',
  max_threads: '1',
};

let dir: string;
let engine: Engine;

async function ask(sql: string, settings: Record<string, string>): Promise<string> {
  const result = await engine.query({
    sql,
    format: 'TSVWithNamesAndTypes',
    settings,
    user: { name: 'default' },
  });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const outcome = (sql: string, settings: Record<string, string>): Promise<string | Error> =>
  ask(sql, settings).catch((error: Error) => error);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'colonnade-metamorphic-'));
  engine = await open({ dataDir: dir });
  for (const sql of [...setup(), ...helpers]) await ask(sql, {});
}, 120_000);

afterAll(async () => {
  await engine?.close();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} generated queries give the same rows without any fast path`, {
  timeout: 3_600_000,
}, async () => {
  const differences: string[] = [];
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) {
    const { sql, ordered } = query(seeded(seed));
    const fast = await outcome(sql, {});
    const slow = await outcome(sql, plain);
    if (typeof fast === 'string' && typeof slow === 'string') {
      answered++;
      const what = difference(parseAnswer(fast), parseAnswer(slow), ordered);
      if (what) differences.push(`seed ${seed}: ${what}\n  ${sql}`);
    } else if (typeof fast !== typeof slow) {
      // an error that a rule makes unnecessary is fine: the other way round is not
      if (typeof fast !== 'string') differences.push(`seed ${seed}: ${fast.message}\n  ${sql}`);
    }
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) writeFileSync(report, differences.join('\n'));
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
