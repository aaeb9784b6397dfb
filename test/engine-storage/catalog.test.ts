import { describe, expect, it } from 'vitest';
import { Catalog } from '../../engine/catalog/catalog.ts';
import type { TableDefinition } from '../../engine/catalog/definition.ts';
import { manualClock } from '../../engine/clock.ts';
import type { EngineError } from '../../engine/errors.ts';
import { Health } from '../../engine/storage/integrity/health.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import { quietLogger, randomNumbers } from './support.ts';

const clock = manualClock(1_700_000_000_000);
const open = (files: MemoryFiles) => Catalog.open(files, new Health(quietLogger), clock);

function definition(catalog: Catalog, name: string): TableDefinition {
  return {
    id: catalog.reserveTableId(),
    uuid: '00000000-0000-0000-0000-000000000000',
    database: 'default',
    name,
    engine: { name: 'MergeTree', args: '' },
    columns: [{ name: 'id', type: 'UInt64' }],
    orderBy: ['id'],
    indexes: [],
    settings: {},
    schemaVersion: 1,
  };
}

const segment = (file: string, rows = 1) => ({ file, rows, bytes: 10, partition: '', level: 0 });

async function filled(files: MemoryFiles): Promise<Catalog> {
  const catalog = await open(files);
  await catalog.commit({ ddl: [{ op: 'createDatabase', name: 'default' }] });
  await catalog.commit({ ddl: [{ op: 'createTable', definition: definition(catalog, 't') }] });
  await catalog.commit({
    tables: [{ id: 1, add: [segment('a'), segment('b')], flushedThrough: 7 }],
  });
  const token = { token: 'x', hash: '00', rows: 3, timeMs: clock.now() };
  await catalog.commit({
    tables: [{ id: 1, add: [segment('c')], remove: ['a'], sameRows: true, tokens: [token] }],
  });
  return catalog;
}

const refusal = async (work: Promise<unknown>): Promise<EngineError> => {
  try {
    await work;
  } catch (error) {
    return error as EngineError;
  }
  throw new Error('it was not refused');
};

const files_ = (catalog: Catalog) =>
  catalog
    .table(1)
    ?.segments.map((s) => s.file)
    .sort();

describe('catalog', () => {
  it('keeps what was committed over a clean stop and a kill', async () => {
    for (const clean of [true, false]) {
      const files = memoryFiles();
      const catalog = await filled(files);
      if (clean) await catalog.closeClean(9);
      const again = await open(files.restart(false));
      expect(files_(again)).toEqual(['b', 'c']);
      expect(again.find('default', 't')?.flushedThrough).toBe(7);
      expect(again.tokens.get(1, 'x', clock.now())?.rows).toBe(3);
      expect(again.state.version).toBe(4);
      expect(again.walSequence).toBe(clean ? 9 : 7);
      expect(again.reserveTableId()).toBe(2);
    }
  });

  it('takes commits that wait together, and refuses only those that do not fit', async () => {
    const catalog = await filled(memoryFiles());
    const results = await Promise.allSettled([
      catalog.commit({ tables: [{ id: 1, remove: ['b'], add: [segment('d')] }] }),
      catalog.commit({ tables: [{ id: 1, remove: ['b'], add: [segment('e')] }] }),
      catalog.commit({ tables: [{ id: 1, add: [segment('f')] }] }),
    ]);
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(files_(catalog)).toEqual(['c', 'd', 'f']);
  });

  it('renames, exchanges and drops', async () => {
    const files = memoryFiles();
    const catalog = await filled(files);
    await catalog.commit({ ddl: [{ op: 'createTable', definition: definition(catalog, 'u') }] });
    await catalog.commit({ ddl: [{ op: 'exchangeTables', a: 1, b: 2 }] });
    expect(catalog.find('default', 'u')?.id).toBe(1);
    await catalog.commit({ ddl: [{ op: 'renameTable', id: 1, database: 'default', name: 'w' }] });
    expect(catalog.find('default', 'w')?.definition.name).toBe('w');
    const twice = catalog.commit({
      ddl: [{ op: 'renameTable', id: 1, database: 'default', name: 't' }],
    });
    expect((await refusal(twice)).name).toBe('TABLE_ALREADY_EXISTS');
    await catalog.commit({ ddl: [{ op: 'renameDatabase', from: 'default', to: 'other' }] });
    await catalog.commit({ ddl: [{ op: 'dropTable', id: 2 }] });
    const again = await open(files.restart(false));
    expect(again.find('other', 'w')?.id).toBe(1);
    expect(again.state.tables.size).toBe(1);
    await again.commit({ ddl: [{ op: 'dropDatabase', name: 'other' }] });
    expect(again.state.tables.size).toBe(0);
    expect([...again.retired.keys()].sort()).toEqual(['b', 'c']);
  });

  it('pins hold files; what was replaced is listed for the collector', async () => {
    const catalog = await filled(memoryFiles());
    const table = catalog.table(1);
    if (!table) throw new Error('no table');
    const pin = catalog.pin(table);
    await catalog.commit({ tables: [{ id: 1, remove: ['b', 'c'] }] });
    expect([...catalog.pinnedFiles()].sort()).toEqual(['b', 'c']);
    expect(catalog.retired.get('b')?.replaced).toBe(false);
    expect(catalog.retired.get('a')?.replaced).toBe(true);
    pin.release();
    pin.release();
    expect(catalog.pinnedFiles().size).toBe(0);
  });

  it('writes snapshots when the log grows, and reads them', async () => {
    const files = memoryFiles();
    const catalog = await filled(files);
    for (let i = 0; i < 12; i++) {
      const value = 'x'.repeat(500_000);
      await catalog.commit({ ddl: [{ op: 'putObject', kind: 'function', name: `f${i}`, value }] });
      if (i)
        await catalog.commit({
          ddl: [{ op: 'removeObject', kind: 'function', name: `f${i - 1}` }],
        });
    }
    expect(files.list('catalog').map((f) => f.name)).toEqual([
      'head-a',
      'head-b',
      'log-000002',
      'snapshot-000002',
    ]);
    const again = await open(files.restart(true));
    expect(again.state.version).toBe(catalog.state.version);
    expect([...(again.state.objects.get('function')?.keys() ?? [])]).toEqual(['f11']);
  });

  it('a full disk refuses and takes again; a failed sync refuses until the restart', async () => {
    const files = memoryFiles();
    const catalog = await filled(files);
    files.setCapacity(0);
    const full = await refusal(catalog.commit({ tables: [{ id: 1, add: [segment('d')] }] }));
    expect(full.name).toBe('NOT_ENOUGH_SPACE');
    files.setCapacity(undefined);
    await catalog.commit({ tables: [{ id: 1, add: [segment('e')] }] });
    files.failSyncs(1);
    const first = await refusal(catalog.commit({ tables: [{ id: 1, add: [segment('f')] }] }));
    const second = await refusal(catalog.commit({ tables: [{ id: 1, add: [segment('g')] }] }));
    expect([first.name, second.name]).toEqual(['CANNOT_FSYNC', 'CANNOT_FSYNC']);
    expect(files_(catalog)).toEqual(['b', 'c', 'e']);
    expect(files_(await open(files.restart(true)))).toEqual(['b', 'c', 'e']);
  });

  it('names damage of every byte after a clean stop, or is not touched by it', async () => {
    const files = memoryFiles();
    await (await filled(files)).closeClean(9);
    const clean = files.restart(false);
    const draw = randomNumbers(11);
    for (const { name, len } of clean.list('catalog')) {
      for (let round = 0; round < 150; round++) {
        const hurt = clean.restart(false);
        const at = draw(len);
        hurt.poke(`catalog/${name}`, (bytes) => {
          if (round % 3 === 0) return bytes.subarray(0, at);
          if (round % 3 === 1) return Buffer.concat([bytes, Buffer.from([1])]);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
          return bytes;
        });
        const opened = await open(hurt).catch((error: EngineError) => error);
        if (opened instanceof Catalog) expect(files_(opened)).toEqual(['b', 'c']);
        else expect(opened.message).toContain(name);
        if (!name.startsWith('head')) expect(opened).not.toBeInstanceOf(Catalog);
      }
      const without = clean.restart(false);
      without.poke(`catalog/${name}`, () => undefined);
      const opened = await open(without).catch((error: EngineError) => error);
      if (opened instanceof Catalog) expect(opened.warnings.join()).toContain(name);
      else expect(opened.message).toContain(name);
    }
  });

  it('a torn tail is cut, but never before what the head says', async () => {
    const files = memoryFiles();
    await filled(files);
    const length = files.length('catalog/log-000001') ?? 0;
    for (let cut = 0; cut <= length; cut += 7) {
      const torn = files.restart(false);
      torn.poke('catalog/log-000001', (bytes) => bytes.subarray(0, length - cut));
      const opened = await open(torn);
      expect(opened.state.version).toBeLessThanOrEqual(4);
      await opened.closeClean(1);
      expect((await open(torn.restart(false))).state.version).toBe(opened.state.version);
    }
    const reopened = files.restart(false);
    await (await open(reopened)).close();
    reopened.poke('catalog/log-000001', (bytes) => bytes.subarray(0, length - 1));
    expect((await refusal(open(reopened.restart(false)))).message).toContain('log-000001');
  });

  it('a bad record before a later write is damage, not a tail', async () => {
    const files = memoryFiles();
    await filled(files);
    const length = files.length('catalog/log-000001') ?? 0;
    const hurt = files.restart(false);
    hurt.poke('catalog/log-000001', (bytes) => {
      bytes[Math.floor(length / 3)] = 255;
      return bytes;
    });
    expect((await refusal(open(hurt))).name).toBe('CORRUPTED_DATA');
  });

  it('survives a stop at every operation', async () => {
    const whole = memoryFiles();
    await (await filled(whole)).closeClean(9);
    const draw = randomNumbers(5);
    for (let at = 1; at <= whole.operations; at++) {
      for (const power of [true, false]) {
        const files = memoryFiles();
        files.crashAfter(at);
        let done = 0;
        try {
          const catalog = await open(files);
          catalog.onCommit(() => done++);
          await catalog.commit({ ddl: [{ op: 'createDatabase', name: 'default' }] });
          await catalog.commit({
            ddl: [{ op: 'createTable', definition: definition(catalog, 't') }],
          });
          await catalog.commit({ tables: [{ id: 1, add: [segment('a'), segment('b')] }] });
          await catalog.closeClean(9);
        } catch {}
        const again = await open(files.restart(power, () => draw(100) / 100));
        expect(again.state.version).toBeGreaterThanOrEqual(done);
        expect(again.state.version).toBeLessThanOrEqual(done + 1);
      }
    }
  });
});
