// npm run nightly: the suites of `npm test`, then the long ones (night-suites.mjs), then the kits in many rounds.
//
//   npm run nightly                          all, from seeds that differ every day
//   npm run nightly -- --seed 7 lives        only suites with this word in their names, from these seeds
//   npm run nightly -- --scale 0.01 --long   the long suites alone, with a hundredth of their cases
import { parseArgs } from 'node:util';
import { nightSuites } from './night-suites.mjs';
import { setup } from './setup.mjs';
import { kitSuites, testSuites } from './suites.mjs';
import { tally } from './tally.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    scale: { type: 'string', default: '1' },
    long: { type: 'boolean', default: false },
  },
});
const today = Math.floor(Date.now() / 86_400_000);
const firstSeed = Number(values.seed ?? today * 1_000);
const scale = Number(values.scale);
if (!Number.isSafeInteger(firstSeed) || !(scale > 0)) {
  console.error('--seed takes an integer, --scale a number above 0');
  process.exit(2);
}
await setup();
const rounds = { 'kill.mjs': 40, 'abuse.mjs': 5, 'disconnect.mjs': 5 };
const kits = kitSuites().map((suite) => {
  const file = suite.args[0].split('/').at(-1);
  const count = Math.max(1, Math.round((rounds[file] ?? 3) * scale));
  return { ...suite, args: [...suite.args, '--rounds', String(count)] };
});
const long = nightSuites({ scale, firstSeed, wanted: positionals });
const only = values.long || positionals.length > 0;
process.exit((await tally(only ? long : [...testSuites(), ...long, ...kits])) ? 0 : 1);
