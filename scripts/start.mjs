// npm start: setup, then `colonnade demo` on .demo/ in this checkout. Options are passed on.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setup } from './setup.mjs';

await setup();
const given = process.argv.slice(2);
const hasData = given.some((word) => word === '--data' || word.startsWith('--data='));
const entry = join(root, 'dist', 'server', 'main.js');
if (!existsSync(entry)) throw new Error('setup left no dist/server/main.js');
const data = hasData ? [] : ['--data', join(root, '.demo')];
process.argv = [process.argv[0], entry, 'demo', ...data, ...given];
await import(pathToFileURL(entry).href);
