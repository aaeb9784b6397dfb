// What .ci/run calls: check, test and the kits beside the checkout, in one tally.
import { setup } from './setup.mjs';
import { checkSuites, kitSuites, testSuites } from './suites.mjs';
import { tally } from './tally.mjs';

await setup();
process.exit((await tally([...checkSuites(), ...testSuites(), ...kitSuites()])) ? 0 : 1);
