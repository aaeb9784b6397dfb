// Installs the engines we compare with (test/oracles) on first use. Where that fails, whoever asked skips.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'test', 'oracles');
const installed = () => existsSync(join(folder, 'node_modules', '.package-lock.json'));

/** @returns the folder to resolve them from, or undefined after a SKIP line */
export async function oracles() {
  if (installed()) return folder;
  await withLock(join(root, '.setup', 'oracles-lock'), async () => {
    if (installed()) return;
    console.error('oracles: installing DuckDB, chdb and others for comparison (700 MB, once)');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const args = [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    spawnSync(npm, args, {
      cwd: folder,
      stdio: ['ignore', 2, 2],
      timeout: 900_000,
      shell: process.platform === 'win32',
    });
  });
  if (installed()) return folder;
  console.log('SKIP  comparison with other engines — test/oracles could not be installed');
  return undefined;
}

/** One of them, or undefined after a SKIP line. @param {string} name package */
export async function oracle(name) {
  const from = await oracles();
  if (from === undefined) return undefined;
  try {
    const file = createRequire(join(from, 'package.json')).resolve(name);
    return await import(pathToFileURL(file).href);
  } catch (error) {
    console.log(
      `SKIP  comparison with ${name} — it does not load here (${error.message.split('\n')[0]})`,
    );
    return undefined;
  }
}

/**
 * A Python that has a package, in an environment of its own, or undefined after a SKIP line.
 * @param {string} spec package and version, as pip takes them
 */
export async function python(spec) {
  const home = join(root, '.setup', 'python');
  const binary =
    process.platform === 'win32'
      ? join(home, 'Scripts', 'python.exe')
      : join(home, 'bin', 'python');
  const done = join(home, `${spec}.installed`);
  const run = (/** @type {string} */ command, /** @type {string[]} */ args) =>
    spawnSync(command, args, { stdio: 'ignore', timeout: 300_000 }).status === 0;
  if (!existsSync(done)) {
    await withLock(join(root, '.setup', 'python-lock'), async () => {
      if (existsSync(done)) return;
      const system = process.platform === 'win32' ? 'python' : 'python3';
      const made = existsSync(binary) || run(system, ['-m', 'venv', home]);
      if (made && run(binary, ['-m', 'pip', 'install', '--quiet', spec])) writeFileSync(done, '');
    });
  }
  if (existsSync(done)) return binary;
  console.log(`SKIP  comparison with ${spec} of PyPI — it could not be installed`);
  return undefined;
}
