// npm run check: types, lints, formats; the house rules are a test (test/tidy.test.ts) and run here too.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';
import { checkSuites } from './suites.mjs';
import { counters, tally } from './tally.mjs';

await setup();
const tidy = join(root, 'test', 'tidy.test.ts');
const suites = checkSuites();
if (existsSync(tidy)) {
  suites.push({
    name: 'house rules (test/tidy)',
    command: process.execPath,
    args: [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'test/tidy.test.ts'],
    count: counters.vitest,
    options: { cwd: root },
  });
}
process.exit((await tally(suites)) ? 0 : 1);
