// Damage in every class of file of the golden directory: bits that flip, files that are cut, overwritten or gone.
// Every answer is right or an error that names the file; tables that the file does not belong to answer;
// `check` finds whatever a query meets. COLONNADE_TEST_ROUNDS is how many (300; 10,000 by night, in lots),
// COLONNADE_TEST_SEED what is drawn.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../engine/clock.ts';
import { EngineError } from '../../engine/errors.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native/index.ts';
import { checkDirectory } from '../../engine/storage/integrity/check.ts';
import { openSimulated, type SimulatedDisk } from '../../engine/storage/native-files.ts';
import { randomNumbers } from '../engine-storage/support.ts';

const rounds = Number(process.env.COLONNADE_TEST_ROUNDS ?? 300);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 5);
const pristine = join(import.meta.dirname, '..', 'golden-dir', '1', 'data');

type Files = ReadonlyMap<string, Buffer>;

/** As after a power cut: the only one with a log of inserts. */
const cutOff: Files = new Map(
  readdirSync(pristine, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(pristine.length + 1), readFileSync(path)];
    }),
);

const tables = ['types', 'latest', 'base', 'marked', 'versions', 'expiring', 'small'];
/** Each line is right by itself. */
const rowsOf = tables.map((table) => `SELECT * FROM g.${table} ORDER BY ALL`);
const figures = [
  'SELECT g, sum(v), count() FROM g.base GROUP BY g ORDER BY g',
  'SELECT count(), min(id), max(id), sum(i) FROM g.types',
  "SELECT id FROM g.types WHERE s = 'text 30'",
];

async function ask(engine: Engine, sql: string): Promise<string> {
  const result = await engine.query({ sql, format: 'TabSeparated', user: { name: 'default' } });
  const parts: Uint8Array[] = [];
  for await (const chunk of result.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function diskOf(whole: Files, seed: number): Promise<SimulatedDisk> {
  const disk = openSimulated(native().files, seed);
  const { files } = disk;
  const dirs = new Set<string>();
  for (const [path, bytes] of whole) {
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
      dirs.add(path.slice(0, at));
      files.makeDir(path.slice(0, at));
    }
    const handle = files.create(path);
    handle.append(bytes);
    await handle.sync();
    handle.close();
  }
  for (const dir of dirs) await files.syncDir(dir);
  return disk;
}

function filesOf({ files }: SimulatedDisk, dir = ''): [string, Buffer][] {
  return files.list(dir).flatMap(({ name, dir: isDir, len }): [string, Buffer][] => {
    const path = dir ? `${dir}/${name}` : name;
    if (isDir) return filesOf({ files } as SimulatedDisk, path);
    return len > 0 ? [[path, files.readAll(path)]] : [];
  });
}

const openOn = ({ files }: SimulatedDisk): Promise<Engine> => {
  native().forgetStore(files.store);
  return open({
    dataDir: '',
    files: { api: files },
    clock: manualClock(1_800_000_000_000),
    settings: { query_log_flush_ms: '0' },
  });
};

type Draw = (below: number) => number;

type Hurt = (disk: SimulatedDisk, path: string, bytes: Buffer, draw: Draw) => void;

const flip: Hurt = (disk, path, bytes, draw) => {
  for (let n = [1, 1, 1, 2, 8, 64][draw(6)] ?? 1; n > 0; n--) {
    disk.damage(path, draw(bytes.length), 1 << draw(8));
  }
};
const overwrite: Hurt = (disk, path, bytes, draw) => {
  const from = draw(bytes.length);
  for (let at = from; at < Math.min(bytes.length, from + 512); at++) {
    if (bytes[at]) disk.damage(path, at, bytes[at] ?? 0);
  }
};
const cut: Hurt = (disk, path, bytes, draw) => disk.cut(path, draw(bytes.length));
const remove: Hurt = (disk, path) => disk.files.remove(path);

/** Rows of a log that was hurt may be missing; those that are there are right, and there once. */
function checkLog(sql: string, found: string, golden: string, label: string): void {
  const left = golden.split('\n');
  for (const line of found.split('\n')) {
    const at = left.indexOf(line);
    expect(at, `${label}: ${sql}: ${line}`).toBeGreaterThanOrEqual(0);
    left.splice(at, 1);
  }
}

describe('damaged files', () => {
  it(`are named, and never a wrong row (${rounds} of them)`, async () => {
    const asked = [...rowsOf, ...figures];
    const golden = new Map<string, string>();
    const good = await diskOf(cutOff, 1);
    const engine = await openOn(good);
    for (const sql of asked) golden.set(sql, await ask(engine, sql));
    await engine.close();
    const stopped: Files = new Map(filesOf(good));
    good.close();

    const draw = randomNumbers(first);
    const met = { named: 0, right: 0, refused: 0 };
    for (let round = 0; round < rounds; round++) {
      const inLog = draw(4) === 0;
      const whole = inLog ? cutOff : stopped;
      const paths = [...whole.keys()].filter((path) => path.startsWith('wal/') === inLog).sort();
      const path = paths[draw(paths.length)] ?? '';
      // A log that ends early, or is gone, leaves no trace.
      const kinds = inLog ? [flip, overwrite] : [flip, flip, overwrite, cut, remove];
      const hurt = kinds[draw(kinds.length)] ?? flip;
      const label = `round ${round}, ${hurt.name} ${path}`;
      const disk = await diskOf(whole, round + 2);
      hurt(disk, path, whole.get(path) ?? Buffer.alloc(1), draw);
      const verify = (file: string) => native().segmentCheck({ store: disk.files.store, file });
      const { findings } = await checkDirectory(disk.files, verify);
      const outcome = await look(disk, path, asked, golden, label);
      met[outcome]++;
      if (outcome !== 'right') {
        expect(findings.map(({ problem }) => problem).join(), label).toContain(path);
      }
      disk.close();
    }
    expect(met.named).toBeGreaterThan(rounds / 10);
    expect(met.refused).toBeGreaterThan(rounds / 20);
  }, 3_600_000);
});

/** Opens the directory and asks everything. */
async function look(
  disk: SimulatedDisk,
  path: string,
  asked: readonly string[],
  golden: ReadonlyMap<string, string>,
  label: string,
): Promise<'named' | 'right' | 'refused'> {
  const inLog = path.startsWith('wal/');
  let named = false;
  let engine: Engine;
  try {
    engine = await openOn(disk);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    expect(error.message, label).toContain(path);
    expect(path, `${label}: the start is refused`).toMatch(/^catalog\//);
    return 'refused';
  }
  const answer = async (sql: string) => {
    try {
      const text = await ask(engine, sql);
      if (!inLog) expect(text, `${label}: ${sql}`).toBe(golden.get(sql));
      else if (rowsOf.includes(sql)) checkLog(sql, text, golden.get(sql) ?? '', label);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      expect(`${error.message} ${error.hint}`, `${label}: ${sql}`).toContain(path);
      named = true;
    }
  };
  for (const sql of asked) await answer(sql);
  const remedies = await ask(engine, 'SELECT remedy FROM system.damage WHERE is_readonly');
  for (const sql of remedies.split('\n').filter((line) => line)) {
    named = true;
    await ask(engine, sql);
  }
  if (inLog) for (const sql of rowsOf) await answer(sql);
  await engine.close();
  return named ? 'named' : 'right';
}
