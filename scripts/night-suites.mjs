// The long suites of `npm run nightly`: each a test file, how many cases it gets, and the variable that says so.
import { join } from 'node:path';
import { root } from './setup.mjs';
import { counters } from './tally.mjs';

/** A lot that takes longer is ended and has failed: it takes a few minutes, a quarter of an hour on a busy machine. */
const LOT_MINUTES = 90;

/** @param cases how many by night
 *  @param variable of the environment that sets how many
 *  @param lot cases of one process at the most: its memory stays bounded, and so does its time */
const random = (name, file, cases, variable = 'COLONNADE_TEST_QUERIES', lot = 5_000) => ({
  ...{ name, file, cases, variable, lot },
  seed: variable === 'SIM_SEEDS' ? 'SIM_SEED' : 'COLONNADE_TEST_SEED',
});
/** Suites that know themselves what more they do by night. */
const thorough = (name, file) => ({ name, file });

const table = [
  random('queries beside ClickHouse', 'generated/generated', 20_000),
  random('queries beside DuckDB', 'generated/portable', 20_000),
  random('queries without any fast path', 'generated/metamorphic', 5_000),
  random('queries with and without rollups', 'generated/rollups', 5_000),
  random('queries with and without projections', 'projections', 2_000),
  random('functions beside ClickHouse', 'differential/functions', 60, 'COLONNADE_TEST_ARGUMENTS'),
  random('aggregates beside ClickHouse', 'differential/aggregates', 20_000),
  random('joins beside ClickHouse', 'differential/joins', 5_000),
  random('engines beside ClickHouse', 'differential/engines', 500, 'COLONNADE_TEST_QUERIES', 100),
  random('updates', 'differential/updates', 2_000),
  random('FINAL remembered', 'differential/known-final', 500, 'COLONNADE_TEST_QUERIES', 100),
  random('pruning by expressions', 'limits/expression-bounds', 2_000),
  random('damaged statements', 'fuzz/damaged', 1_000_000, 'COLONNADE_TEST_DAMAGED', 50_000),
  random('damaged inputs and states', 'fuzz/decoders', 100_000, 'COLONNADE_TEST_BYTES', 25_000),
  random('print and parse again', 'parser/roundtrip', 100_000, 'COLONNADE_TEST_RUNS', 100_000),
  random('lives under statements', 'sim/statements', 1_000, 'SIM_SEEDS', 100),
  random('lives of the storage', 'sim/lifecycle', 1_000, 'SIM_SEEDS', 250),
  random('lives of the kernel', 'sim/kernel-lives-1', 1_000, 'SIM_SEEDS', 250),
  random('damaged files', 'reliability/damaged-files', 10_000, 'COLONNADE_TEST_ROUNDS', 1_000),
  thorough('every operation refused by the disk', 'reliability/refused-by-disk'),
  thorough('numbers that no setting is made for', 'fuzz/settings'),
];

/** The cases of a suite, a lot to a process: [first seed, how many]. Tests want to have met most of what they
 *  are for, so that a scale leaves some cases. */
function lots({ cases, lot, first }, scale) {
  const least = Math.min(25, Math.ceil(cases / 15));
  const count = Math.max(least, Math.round(cases * scale));
  const list = [];
  for (let at = 0; at < count; at += lot) list.push([first + at, Math.min(lot, count - at)]);
  return list;
}

/** Suites whose name holds one of `wanted` (all without any), as `tally` takes them.
 *  @param scale of the numbers of cases: 1 is a night; 0.01 shows in minutes that a suite runs
 *  @param firstSeed suites draw from seeds of their own behind it */
export function nightSuites({ scale, firstSeed, wanted }) {
  return table
    .map((suite, i) => ({ ...suite, first: firstSeed + i * 10_000_000 }))
    .filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
    .flatMap((suite) =>
      suite.cases === undefined
        ? [processOf(suite, {})]
        : lots(suite, scale).map(([first, count]) =>
            processOf(suite, { [suite.variable]: String(count), [suite.seed]: String(first) }),
          ),
    );
}

/** Its name is the command that runs it again, seed and all. */
function processOf({ name, file }, drawn) {
  const own = { ...drawn, COLONNADE_TEST_NIGHTLY: '1' };
  const words = Object.entries(own).map(([key, value]) => `${key}=${value}`);
  const test = `test/${file}.test.ts`;
  return {
    name: `${name}: ${words.join(' ')} npx vitest run ${test}`,
    command: process.execPath,
    args: [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      test,
      '--testTimeout=3600000',
    ],
    count: counters.vitest,
    minutes: LOT_MINUTES,
    options: { cwd: root, env: { ...process.env, ...own } },
  };
}
