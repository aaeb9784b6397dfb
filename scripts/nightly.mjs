// npm run nightly: the long suites. Simulated crashes with many seeds, random tests with many runs, kits in many rounds.
import { setup } from './setup.mjs';
import { kitSuites, testSuites } from './suites.mjs';
import { tally } from './tally.mjs';

await setup();
const env = {
  ...process.env,
  COLONNADE_TEST_RUNS: '100000',
  COLONNADE_TEST_QUERIES: '20000',
  COLONNADE_TEST_DAMAGED: '1000000',
  COLONNADE_TEST_BYTES: '100000',
  COLONNADE_TEST_ARGUMENTS: '60',
  COLONNADE_TEST_NIGHTLY: '1',
};
const rounds = { 'kill.mjs': '40', 'abuse.mjs': '5', 'disconnect.mjs': '5' };
const suites = [
  ...testSuites().map((suite) => ({ ...suite, options: { ...suite.options, env } })),
  ...kitSuites().map((suite) => {
    const name = suite.args[0].split('/').at(-1);
    return { ...suite, args: [...suite.args, '--rounds', rounds[name] ?? '3'] };
  }),
];
process.exit((await tally(suites)) ? 0 : 1);
