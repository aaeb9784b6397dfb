// npm run setup: installs npm packages, builds the kernel (release) and compiles TypeScript, each only when
// what it is made from has changed. Uses nothing but Node, so that it works on a fresh clone.
//
//   1. A stamp in .setup/ holds, per step, a hash of the inputs at the last success.
//   2. Inputs are listed with size and time of change; only when those differ is their content hashed.
//   3. A lock file keeps two setups of one checkout apart.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, '.setup', 'stamp.json');

/** Name of the addon's file on this machine: colonnade.linux-x64-gnu.node, colonnade.darwin-arm64.node … */
export function addonName() {
  if (process.platform !== 'linux') return `colonnade.${process.platform}-${process.arch}.node`;
  const glibc = process.report?.getReport()?.header?.glibcVersionRuntime !== undefined;
  return `colonnade.linux-${process.arch}-${glibc ? 'gnu' : 'musl'}.node`;
}
const addonFile = join(root, 'native', addonName());

// ------------------------------------------------------------------ what each step is made from

const SKIP = new Set(['node_modules', 'target', 'dist', '.git', 'tests', 'testdata']);

function filesBelow(folder, keep, found = []) {
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIP.has(entry.name)) filesBelow(path, keep, found);
    } else if (keep(entry.name)) found.push(path);
  }
  return found;
}

const rust = () =>
  filesBelow(join(root, 'native'), (n) => !/\.(node|d\.ts|test|md)$/.test(n)).sort();
const typescript = () =>
  ['sql', 'engine', 'server']
    .flatMap((folder) => filesBelow(join(root, folder), (n) => n.endsWith('.ts')))
    .concat(join(root, 'tsconfig.json'))
    .sort();

/** One text for a list of files: cheap (sizes and times) and exact (contents). */
function fingerprint(files, exact) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${relative(root, file)}\0`);
    if (exact) hash.update(readFileSync(file));
    else {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${size} ${mtimeMs}`);
    }
    hash.update('\0');
  }
  return hash.digest('hex');
}

const steps = [
  {
    name: 'packages',
    files: () => [join(root, 'package-lock.json')],
    built: () => existsSync(join(root, 'node_modules', '.package-lock.json')),
    extra: '',
    run: installPackages,
  },
  {
    name: 'kernel',
    files: rust,
    built: () => existsSync(addonFile),
    extra: `${process.env.RUSTFLAGS ?? ''} ${addonName()}`,
    run: buildKernel,
  },
  {
    name: 'typescript',
    files: typescript,
    built: () => existsSync(join(root, 'dist', 'server', 'main.js')),
    extra: '',
    run: compile,
  },
];

// ------------------------------------------------------------------ the steps

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (result.error?.code === 'ENOENT') fail(`${command} is not installed. ${advice(command)}`);
  if (result.error) fail(`${command} did not start: ${result.error.message}`);
  if (result.status !== 0)
    fail(`${command} ${args[0] ?? ''} ended with ${result.status ?? result.signal}`);
  return result;
}

const advice = (command) =>
  command === 'cargo' ? 'colonnade is built with stable Rust: https://rustup.rs' : '';

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

function installPackages() {
  say('installing npm packages');
  // Versions and hashes come from the lock file. Not `npm ci`: it refuses when a registry lacks an optional package
  // of some other platform. Progress goes to standard error: standard output belongs to what setup was called for.
  run(
    npm(),
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      stdio: ['ignore', 2, 'inherit'],
      shell: process.platform === 'win32',
    },
  );
}

const npm = () => (process.platform === 'win32' ? 'npm.cmd' : 'npm');

async function buildKernel() {
  say('building the kernel (release; the first time takes a few minutes)');
  const types = join(root, '.setup', 'napi-types');
  const fresh = !existsSync(join(types, 'colonnade-addon'));
  mkdirSync(types, { recursive: true });
  const args = ['build', '--release', '--locked', '-p', 'colonnade-addon'];
  args.push('--message-format=json-render-diagnostics');
  const { stdout } = run('cargo', args, {
    cwd: join(root, 'native'),
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      NAPI_TYPE_DEF_TMP_FOLDER: types,
      // The declarations are written while the crate is compiled; a kept target folder would skip that.
      ...(fresh && { NAPI_FORCE_BUILD_COLONNADE_ADDON: String(Date.now()) }),
    },
  });
  const library = artifacts(stdout).at(-1);
  if (library === undefined) fail('cargo named no library of colonnade-addon');
  // A new file under the old name: a process that still runs the old addon keeps it.
  copyFileSync(library, `${addonFile}.new`);
  renameSync(`${addonFile}.new`, addonFile);
  await writeDeclarations(types);
}

function artifacts(stdout) {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((m) => m.reason === 'compiler-artifact' && m.target.kind.includes('cdylib'))
    .flatMap((m) => m.filenames)
    .filter((name) => /\.(so|dylib|dll)$/.test(name));
}

/** native/index.d.ts from what napi-derive noted while compiling. */
async function writeDeclarations(typeDefDir) {
  if (!existsSync(join(typeDefDir, 'colonnade-addon'))) return;
  const cli = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'index.js');
  if (!existsSync(cli)) return;
  const { generateTypeDef } = await import(pathToFileURL(cli).href);
  const { dts } = await generateTypeDef({ typeDefDir, cwd: join(root, 'native') });
  const file = join(root, 'native', 'index.d.ts');
  if (dts !== '' && (!existsSync(file) || readFileSync(file, 'utf8') !== dts)) {
    writeFileSync(file, dts);
  }
}

function compile() {
  say('compiling TypeScript');
  const out = join(root, 'dist');
  rmSync(join(out, 'sql'), { recursive: true, force: true });
  rmSync(join(out, 'engine'), { recursive: true, force: true });
  rmSync(join(out, 'server'), { recursive: true, force: true });
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], {
    stdio: ['ignore', 2, 'inherit'],
  });
}

const say = (text) => console.error(`setup: ${text}`);

// ------------------------------------------------------------------ which of them to run

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(`${stampFile}.new`, JSON.stringify(stamp, null, 1));
  renameSync(`${stampFile}.new`, stampFile);
}

/** True when the step's product stands and nothing it is made from has changed. */
function upToDate(step, stamp) {
  const last = stamp[step.name];
  if (last === undefined || last.extra !== step.extra || !step.built()) return false;
  const files = step.files();
  const quick = fingerprint(files, false);
  if (last.quick === quick) return true;
  if (last.exact !== fingerprint(files, true)) return false;
  last.quick = quick;
  return true;
}

/** Brings the checkout up to date. @param {{only?: string[]}} options names of steps; all without it */
export async function setup({ only } = {}) {
  const wanted = steps.filter((step) => only === undefined || only.includes(step.name));
  const before = readStamp();
  const text = JSON.stringify(before);
  if (wanted.every((step) => upToDate(step, before))) {
    if (JSON.stringify(before) !== text) writeStamp(before);
    return;
  }
  await withLock(join(root, '.setup', 'lock'), async () => {
    const stamp = readStamp();
    for (const step of wanted) {
      if (upToDate(step, stamp)) continue;
      const files = step.files();
      const exact = fingerprint(files, true);
      await step.run();
      // What changed while the step ran is built by the next setup.
      const after = step.files();
      stamp[step.name] = { extra: step.extra, exact, quick: fingerprint(after, false) };
      if (fingerprint(after, true) !== exact) stamp[step.name].quick = '';
      writeStamp(stamp);
    }
  });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or newer is needed, not ${process.version}`);
  const only = process.argv[2] === '--only' ? process.argv[3]?.split(',') : undefined;
  await setup(only === undefined ? {} : { only });
}
