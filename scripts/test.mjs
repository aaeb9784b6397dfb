// npm test: setup, the kernel's tests, all of vitest (unit, HTTP, SQL files, simulated crashes), one closing line.
import { setup } from './setup.mjs';
import { testSuites } from './suites.mjs';
import { tally } from './tally.mjs';

await setup();
process.exit((await tally(testSuites())) ? 0 : 1);
