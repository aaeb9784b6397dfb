// The suites that `npm test`, `npm run check` and .ci/run are made of.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';
import { counters } from './tally.mjs';

const native = join(root, 'native');
const module = (path) => join(root, 'node_modules', path);
const node = (name, file, args, count) => ({
  name,
  command: process.execPath,
  args: [file, ...args],
  count,
  options: { cwd: root },
});
const cargo = (name, args, count) => ({
  name,
  command: 'cargo',
  args,
  count,
  options: { cwd: native },
});

export const testSuites = () => [
  cargo(
    'kernel tests (cargo test)',
    ['test', '--workspace', '--locked', '--quiet', '--no-fail-fast'],
    counters.cargo,
  ),
  node('tests (vitest)', module('vitest/vitest.mjs'), ['run'], counters.vitest),
];

export const checkSuites = () => [
  node('types (tsc)', module('typescript/bin/tsc'), ['--noEmit', '-p', root], counters.single),
  node(
    'types of tests (tsc)',
    module('typescript/bin/tsc'),
    ['-p', join(root, 'tsconfig.test.json')],
    counters.single,
  ),
  node(
    'lints and formats (biome)',
    module('@biomejs/biome/bin/biome'),
    ['check', '.'],
    counters.single,
  ),
  cargo('formats (rustfmt)', ['fmt', '--all', '--check'], counters.single),
  cargo(
    'lints (clippy)',
    ['clippy', '--workspace', '--all-targets', '--locked', '--quiet', '--', '-D', 'warnings'],
    counters.single,
  ),
];

/** The black-box kits beside the checkout; none where they are not. */
export function kitSuites() {
  const folder = join(root, '..', 'shared', 'reliability');
  return ['kill', 'abuse', 'disconnect']
    .map((name) => join(folder, `${name}.mjs`))
    .filter((file) => existsSync(file))
    .map((file) => ({
      ...node(`kit ${file.split('/').at(-1)}`, file, [], counters.closing),
      // The kits judge milliseconds on a shared machine, and abuse.mjs loses sight of the bytes of an answer that
      // breaks off at a limit (Node tells it of the request's end first): a failure counts when it comes each time.
      tries: 3,
    }));
}
