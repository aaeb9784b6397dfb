import { describe, expect, it } from 'vitest';
import { type TableDefinition, withColumn } from '../../engine/catalog/definition.ts';
import type { EngineError } from '../../engine/errors.ts';
import * as mutations from '../../engine/storage/mutations/mutations.ts';
import * as replaceRows from '../../engine/storage/mutations/replace-rows.ts';
import { LARGE, row, withTable, world } from './world.ts';

describe('storage', () => {
  it('rows are visible once, before, during and after a flush, and after a restart', async () => {
    const w = await withTable();
    await w.insert([row(1), row(2)]);
    await w.insert([row(3)]);
    expect(w.ids()).toEqual([1, 2, 3]);
    const flushing = w.storage.flusher.flush(w.store());
    await w.insert([row(4)]);
    for (let i = 0; i < 30; i++) {
      expect(w.ids()).toEqual([1, 2, 3, 4]);
      await Promise.resolve();
    }
    await flushing;
    expect(w.ids()).toEqual([1, 2, 3, 4]);
    expect(w.store().table.segments.length).toBeGreaterThan(0);
    const again = await world(w.files.restart(true));
    expect(again.ids()).toEqual([1, 2, 3, 4]);
    expect(again.kernel.live.batches).toBe(0);
  });

  it('two databases of a process have no job in common: the kernel calls jobs off by number', async () => {
    const [one, two] = [await withTable(), await withTable()];
    const jobs = [one, two, one, two].map(({ storage }) => storage.nextJob());
    expect(new Set(jobs).size).toBe(4);
  });

  it('large inserts become segments in one commit', async () => {
    const w = await withTable();
    await w.insert([row(1), row(2)], undefined, 't', LARGE);
    expect(w.store().table.segments.length).toBe(2);
    expect((await world(w.files.restart(true))).ids()).toEqual([1, 2]);
  });

  it('a clean stop leaves no log, and a log that turns up then is damage', async () => {
    const w = await withTable();
    await w.insert([row(1)]);
    await w.storage.close();
    expect(w.kernel.live).toEqual({ batches: 0, memtables: 0, tables: 0 });
    const clean = w.files.restart(false);
    expect(clean.list('wal')).toEqual([]);
    const hurt = clean.restart(false);
    hurt.create('wal/0000000000000009.wal').append(Buffer.from('x'));
    await expect(world(hurt)).rejects.toMatchObject({ name: 'CORRUPTED_DATA' });
    const again = await world(clean);
    expect(again.ids()).toEqual([1]);
    await again.insert([row(2)]);
    expect((await world(clean.restart(true))).ids()).toEqual([1, 2]);
  });

  it('a token stores rows once, over flush and restart', async () => {
    for (const pad of [0, LARGE]) {
      const w = await withTable();
      const both = await Promise.all([
        w.insert([row(1), row(2)], 'a', 't', pad),
        w.insert([row(1), row(2)], 'a', 't', pad),
      ]);
      expect(both.map((r) => [r.rows, r.deduplicated])).toEqual([
        [2, 0],
        [0, 2],
      ]);
      await expect(w.insert([row(9)], 'a', 't', pad)).rejects.toMatchObject({ fault: 'conflict' });
      let files = w.files.restart(true);
      for (const stop of ['flush', 'close', 'rotate']) {
        const next = await world(files);
        expect((await next.insert([row(1), row(2)], 'a', 't', pad)).deduplicated).toBe(2);
        if (stop === 'flush') await next.storage.flusher.flush(next.store());
        if (stop === 'close') await next.storage.close();
        expect(next.kernel.live.batches).toBe(0);
        files = next.files.restart(true);
      }
      const last = await world(files);
      expect(last.ids()).toEqual([1, 2]);
      last.clock.advance(8 * 24 * 3600 * 1000);
      expect((await last.insert([row(1), row(2)], 'a', 't', pad)).rows).toBe(2);
      const left = last.files.list('segments/1').map((f) => `segments/1/${f.name}`);
      const named = last.store().table.segments.map((s) => s.file);
      if (pad) expect(left.sort()).toEqual([...named].sort());
    }
  });

  it('merges, deletes and drops while rows come in', async () => {
    const w = await withTable();
    let id = 0;
    const fill = async (batch: number, n: number) => {
      for (let i = 0; i < n; i++) await w.insert([row(++id, batch)]);
    };
    for (let batch = 1; batch <= 12; batch++) {
      await fill(batch, 3);
      await w.storage.flusher.flush(w.store());
    }
    w.storage.merges.schedule();
    const [deleted] = await Promise.all([
      mutations.rewrite(w.storage, w.store(), { deleteBatch: 5 }),
      fill(99, 5),
    ]);
    expect(deleted.rowsIn - deleted.rowsOut).toBe(3);
    expect(w.ids()).toEqual(
      Array.from({ length: 41 }, (_, i) => i + 1).filter((n) => n < 13 || n > 15),
    );
    await Promise.all([
      w.storage.merges.optimize(w.store(), { final: true }),
      mutations.dropPartitions(w.storage, w.store(), (partition) => partition === '1'),
      fill(100, 1),
    ]);
    await w.storage.merges.optimize(w.store(), { final: true });
    const left = w.rows();
    expect(left.every((r) => r.part === 0 || r.batch === 100)).toBe(true);
    const partitions = w.store().table.segments.map((s) => s.partition);
    expect(new Set(partitions).size).toBe(partitions.length);
    const expected = w.ids();
    expect((await world(w.files.restart(true))).ids()).toEqual(expected);
  });

  it('ALTER lets inserts wait and decodes them anew', async () => {
    const w = await withTable();
    await w.insert([row(1)]);
    const add = (d: TableDefinition) => withColumn(d, { name: 'c', type: 'UInt8' }, undefined);
    const altering = mutations.alter(w.storage, w.store(), add);
    await Promise.all([w.insert([row(2)]), w.insert([row(3)], 'a', 't', LARGE), altering]);
    expect(w.ids()).toEqual([1, 2, 3]);
    expect(w.store().table.definition.schemaVersion).toBe(2);
    expect((await world(w.files.restart(true))).ids()).toEqual([1, 2, 3]);
  });

  it('TRUNCATE and DROP take everything and their files', async () => {
    const w = await withTable();
    await w.insert([row(1)], undefined, 't', LARGE);
    await w.insert([row(2)]);
    await replaceRows.truncate(w.storage, w.store());
    expect(w.ids()).toEqual([]);
    expect(w.files.list('segments/1').length).toBe(0);
    expect((await world(w.files.restart(true))).ids()).toEqual([]);
    await w.insert([row(3)]);
    const snapshot = w.store().snapshot();
    await mutations.dropTables(w.storage, [1]);
    expect(w.kernel.rows(snapshot.handle).length).toBe(1);
    snapshot.release();
    expect(w.kernel.live).toEqual({ batches: 0, memtables: 0, tables: 0 });
    await expect(w.insert([row(4)])).rejects.toThrow('no table');
    const again = await world(w.files.restart(true));
    expect(again.catalog.state.tables.size).toBe(0);
    expect(again.files.list('wal')).toEqual([]);
  });

  it('readers keep the files they began with; later they go', async () => {
    const w = await withTable();
    for (const n of [1, 2]) {
      await w.insert([row(n * 2)]);
      await w.storage.flusher.flush(w.store());
    }
    const old = w.store().snapshot();
    await w.storage.merges.optimize(w.store(), { final: true });
    w.clock.advance(500_000);
    w.storage.collector.collect();
    expect(w.kernel.rows(old.handle).length).toBe(2);
    old.release();
    w.storage.collector.collect();
    expect(w.files.list('segments/1').length).toBe(1);
    expect(w.ids()).toEqual([2, 4]);
  });

  it('a full disk refuses inserts, keeps reads, and recovers by itself', async () => {
    const w = await withTable();
    await w.insert([row(1)]);
    w.files.setCapacity(0);
    const refused = { fault: 'disk_full' };
    await expect(w.insert([row(2)])).rejects.toMatchObject(refused);
    await expect(w.insert([row(3)], undefined, 't', LARGE)).rejects.toMatchObject(refused);
    await expect(w.storage.flusher.flush(w.store())).rejects.toMatchObject(refused);
    expect(w.ids()).toEqual([1]);
    const restarted = await world(w.files.restart(false));
    expect(restarted.ids()).toEqual([1]);
    w.files.setCapacity(undefined);
    await w.insert([row(4)]);
    await w.insert([row(5)], undefined, 't', LARGE);
    await w.storage.flusher.flush(w.store());
    expect(w.ids()).toEqual([1, 4, 5]);
    expect((await world(w.files.restart(true))).ids()).toEqual([1, 4, 5]);
  });

  it('asks clients to come later when merges or flushes are behind, and loses nothing', async () => {
    const w = await withTable(undefined, { segmentsPerPartitionMax: 4, mergesMax: 0 });
    const later = { name: 'TOO_MANY_PARTS', fault: 'busy', retryAfterSeconds: expect.any(Number) };
    let acked = 0;
    for (let id = 2; id < 20; id += 2) {
      const insert = w.insert([row(id)], undefined, 't', LARGE);
      if (acked === 4) await expect(insert).rejects.toMatchObject(later);
      else acked += (await insert).rows;
    }
    expect(w.ids().length).toBe(4);
    await w.storage.merges.optimize(w.store(), { final: true });
    await w.insert([row(20)], undefined, 't', LARGE);
    expect(w.ids().length).toBe(5);

    const small = await withTable(undefined, { memtablesBytesMax: 50, flushesMax: 0 });
    for (let id = 1; id <= 5; id++) await small.insert([row(id)]);
    await expect(small.insert([row(6)])).rejects.toMatchObject(later);
    await small.storage.flusher.flush(small.store());
    await small.insert([row(7)]);
    expect(small.ids()).toEqual([1, 2, 3, 4, 5, 7]);
  });

  it('after a failed sync nothing is acknowledged until a restart, reads go on', async () => {
    for (const large of [0, LARGE]) {
      const w = await withTable();
      await w.insert([row(1)]);
      w.files.failSyncs(1);
      const unavailable = { fault: 'unavailable' };
      await expect(w.insert([row(2)], undefined, 't', large)).rejects.toMatchObject(unavailable);
      await expect(w.insert([row(3)])).rejects.toMatchObject(unavailable);
      await expect(w.catalog.commit({ ddl: [] })).rejects.toMatchObject(unavailable);
      expect(w.ids()).toEqual([1]);
      await w.storage.close();
      const again = await world(w.files.restart(true));
      expect(again.ids().filter((id) => id !== 2)).toEqual([1]);
      await again.insert([row(4)]);
    }
  });

  it('a second opening is refused, and files that nobody knows stay', async () => {
    const w = await withTable();
    await w.insert([row(1)], undefined, 't', LARGE);
    const error = await world(w.files).catch((e: EngineError) => e);
    expect((error as EngineError).message).toContain('process 1');
    await w.storage.close();
    const next = w.files.restart(false);
    for (const name of ['segments/1/my-notes.txt', 'segments/1/00000001-0000ffff-0.seg']) {
      next.create(name).append(Buffer.from('x'));
    }
    const again = await world(next);
    expect(again.storage.collector.unexplained).toEqual(['segments/1/my-notes.txt']);
    expect(next.length('segments/1/00000001-0000ffff-0.seg')).toBeUndefined();
  });

  it('old memtables are flushed by the clock, and the log shrinks', async () => {
    const w = await withTable();
    w.storage.start();
    await w.insert([row(1)]);
    w.clock.advance(31_000);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(w.store().table.segments.length).toBe(1);
    expect(w.store().memory.rows).toBe(0);
    await w.storage.close();
  });
});
