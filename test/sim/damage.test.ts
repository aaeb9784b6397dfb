import { describe, expect, it } from 'vitest';
import { manualClock } from '../../engine/clock.ts';
import { EngineError } from '../../engine/errors.ts';
import { native } from '../../engine/native/index.ts';
import { checkDirectory } from '../../engine/storage/integrity/check.ts';
import type { SimulatedDisk } from '../../engine/storage/native-files.ts';
import { randomNumbers } from '../engine-storage/support.ts';
import { kernelMachine } from './kernel-machine.ts';
import type { Machine, Row, World } from './machine.ts';

const TABLES = ['a', 'b'];

/** A stopped database with two tables; the seed decides nothing but the disk's luck. */
async function stopped(seed: number): Promise<{ machine: Machine; golden: Map<string, string> }> {
  const machine = kernelMachine(seed);
  const world = await machine.boot(manualClock(1_700_000_000_000));
  const { storage, define } = world;
  const { catalog } = storage.context;
  await catalog.commit({ ddl: [{ op: 'createDatabase', name: 'd' }] });
  let id = 1;
  for (const name of TABLES) {
    await catalog.commit({ ddl: [{ op: 'createTable', definition: define(name) }] });
    for (let batch = 1; batch <= 3; batch++) {
      const rows = Array.from({ length: 400 }, () => ({ id: id++, part: id % 2, batch }));
      await world.insert(name, rows, { large: batch === 2 });
      await storage.flusher.flush(storage.store(catalog.find('d', name)?.id ?? 0));
    }
  }
  const golden = await readAll(world);
  await storage.close();
  return { machine, golden };
}

async function readAll(world: World): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const name of TABLES) all.set(name, textOf(await world.read(name)));
  return all;
}

const textOf = (rows: Row[]): string => JSON.stringify([...rows].sort((x, y) => x.id - y.id));

function filesBelow(disk: SimulatedDisk, dir: string): { path: string; len: number }[] {
  return disk.files.list(dir).flatMap(({ name, dir: isDir, len }) => {
    const path = dir ? `${dir}/${name}` : name;
    return isDir ? filesBelow(disk, path) : [{ path, len }];
  });
}

describe('damage at rest', () => {
  it('is named or without effect, and never a wrong row', async () => {
    const draw = randomNumbers(17);
    let named = 0;
    let harmless = 0;
    for (let round = 0; round < 40; round++) {
      const { machine, golden } = await stopped(round + 1);
      const { disk } = machine;
      disk.restart(true);
      const files = filesBelow(disk, '').filter((file) => file.len > 0);
      const hurt = files[draw(files.length)] ?? { path: '', len: 1 };
      const label = `round ${round}: ${hurt.path}`;
      if (draw(3) === 0) disk.cut(hurt.path, draw(hurt.len));
      else
        for (let n = 1 + draw(4); n > 0; n--) disk.damage(hurt.path, draw(hurt.len), 1 << draw(8));
      const verify = (file: string) => native().segmentCheck({ store: disk.files.store, file });
      const { findings } = await checkDirectory(disk.files, verify);
      const owner = /^segments\/(\d+)\//.exec(hurt.path)?.[1];
      let faulty = 0;
      try {
        const world = await machine.boot(manualClock(1_700_000_100_000));
        for (const name of TABLES) {
          const mine = String(world.storage.context.catalog.find('d', name)?.id) === owner;
          try {
            expect(textOf(await world.read(name)), label).toBe(golden.get(name));
          } catch (error) {
            if (!(error instanceof EngineError)) throw error;
            expect(mine, label).toBe(true);
            expect(error.message, label).toContain(hurt.path);
            faulty++;
          }
        }
        await world.storage.close();
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        expect(owner, label).toBeUndefined();
        expect(error.message, label).toContain(hurt.path);
        faulty++;
      }
      if (faulty) named++;
      else harmless++;
      if (faulty) expect(findings.map((f) => f.problem).join(), label).toContain(hurt.path);
      disk.close();
    }
    expect(named).toBeGreaterThan(10);
    expect(named + harmless).toBe(40);
  }, 120_000);
});
