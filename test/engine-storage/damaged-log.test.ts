// A log of small inserts that cannot be read throughout: what is lost is known, the tables that it may
// concern are read-only until somebody says that the rest will do, and nothing else suffers.

import { describe, expect, it } from 'vitest';
import * as mutations from '../../engine/storage/mutations/mutations.ts';
import { putAside } from '../../engine/storage/mutations/mutations.ts';
import { acceptLog } from '../../engine/storage/wal/accept.ts';
import type { MemoryFiles } from './memory-files.ts';
import { LARGE, row, withTable, world } from './world.ts';

type World = Awaited<ReturnType<typeof world>>;

const readOnly = { name: 'TABLE_IS_READ_ONLY', code: 242 };
const files = (w: World, dir: string) => {
  try {
    return w.files.list(dir).map(({ name }) => `${dir}/${name}`);
  } catch {
    return [];
  }
};

/** Tables `t` and `u` with a row of each number: odd ones in `t`, even ones in `u`. */
async function twoTables(rows: number): Promise<World> {
  const w = await withTable();
  await w.catalog.commit({ ddl: [{ op: 'createTable', definition: w.definition('u') }] });
  for (let id = 1; id <= rows; id++) await w.insert([row(id)], `token ${id}`, id % 2 ? 't' : 'u');
  return w;
}

/** Flips a bit in the frame of a row. */
function hurt(disk: MemoryFiles, id: number): { path: string; before: Buffer } {
  const text = Buffer.from(`[{"id":${id},`);
  const path = disk
    .list('wal')
    .map(({ name }) => `wal/${name}`)
    .find((each) => disk.readAll(each).includes(text));
  if (!path) throw new Error(`row ${id} is not in the log`);
  disk.poke(path, (bytes) => {
    const at = bytes.indexOf(text) + 2;
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    return bytes;
  });
  return { path, before: disk.readAll(path) };
}

describe('a damaged log', () => {
  it('leaves what came before, refuses changes, and gives the rest on demand', async () => {
    const w = await twoTables(9);
    const disk = w.files.restart(false);
    const { path, before } = hurt(disk, 4);
    const damaged = await world(disk);
    // Sequence 4 may have been a row of either table.
    expect([damaged.ids('t'), damaged.ids('u')]).toEqual([[1, 3], [2]]);
    for (const pad of [0, LARGE]) {
      for (const name of ['t', 'u']) {
        const refused = damaged.insert([row(50)], undefined, name, pad);
        await expect(refused).rejects.toMatchObject(readOnly);
      }
    }
    const error = await damaged.insert([row(50)]).catch((e: Error) => e);
    expect((error as Error).message).toContain(`${path} is damaged at offset`);
    expect((error as { hint?: string }).hint).toContain('SYSTEM RESTORE REPLICA d.t');
    const { storage } = damaged;
    const del = mutations.rewrite(storage, damaged.store(), { deleteBatch: 1 });
    await expect(del).rejects.toMatchObject(readOnly);
    const merge = storage.merges.optimize(damaged.store(), { final: true });
    await expect(merge).rejects.toMatchObject(readOnly);
    const alter = mutations.alter(storage, damaged.store(), (d) => ({ ...d, comment: 'x' }));
    await expect(alter).rejects.toMatchObject(readOnly);
    const drop = mutations.dropPartitions(storage, damaged.store(), () => true);
    await expect(drop).rejects.toMatchObject(readOnly);
    expect(damaged.ids('t')).toEqual([1, 3]);

    expect(await acceptLog(storage, damaged.store('t'))).toBe(3);
    expect([damaged.ids('t'), damaged.ids('u')]).toEqual([[1, 3, 5, 7, 9], [2]]);
    await damaged.insert([row(51)]);
    await expect(damaged.insert([row(52)], undefined, 'u')).rejects.toMatchObject(readOnly);
    expect(disk.readAll(path).equals(before)).toBe(true);
    expect(files(damaged, 'quarantine')).toEqual([]);
    expect(await acceptLog(storage, damaged.store('u'))).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect([damaged.ids('t'), damaged.ids('u')]).toEqual([
      [1, 3, 5, 7, 9, 51],
      [2, 6, 8],
    ]);
    const [kept = ''] = files(damaged, 'quarantine');
    expect(disk.readAll(kept).equals(before)).toBe(true);
    expect(disk.length(path)).toBeUndefined();
    // Tokens came back with their rows; the lost insert may be sent again.
    expect((await damaged.insert([row(6)], 'token 6', 'u')).deduplicated).toBe(1);
    expect((await damaged.insert([row(4)], 'token 4', 'u')).rows).toBe(1);
    const again = await world(disk.restart(true));
    expect([again.ids('t'), again.ids('u')]).toEqual([
      [1, 3, 5, 7, 9, 51],
      [2, 4, 6, 8],
    ]);
    expect(again.storage.damagedLog).toBeUndefined();
  });

  it('does not concern tables that are flushed past it, nor new ones', async () => {
    const w = await twoTables(4);
    await w.storage.flusher.flush(w.store('u'));
    await w.insert([row(5)]);
    await w.insert([row(6)], undefined, 'u');
    const disk = w.files.restart(true);
    hurt(disk, 3);
    const damaged = await world(disk);
    expect([damaged.ids('t'), damaged.ids('u')]).toEqual([[1], [2, 4, 6]]);
    await damaged.insert([row(8)], undefined, 'u');
    await expect(damaged.insert([row(7)])).rejects.toMatchObject(readOnly);
    const v = damaged.definition('v');
    await damaged.catalog.commit({ ddl: [{ op: 'createTable', definition: v }] });
    await damaged.insert([row(10)], undefined, 'v');
    // The same after another start, however the server stopped.
    let next = await world(disk.restart(true));
    for (const stop of ['crash', 'close', 'flush', 'crash']) {
      expect([next.ids('t'), next.ids('u'), next.ids('v')]).toEqual([[1], [2, 4, 6, 8], [10]]);
      await expect(next.insert([row(7)])).rejects.toMatchObject(readOnly);
      expect(files(next, 'quarantine')).toEqual([]);
      if (stop === 'close') await next.storage.close();
      if (stop === 'flush') await next.storage.flusher.flushAll();
      next = await world(next.files.restart(true));
    }
    await acceptLog(next.storage, next.store());
    expect(next.ids('t')).toEqual([1, 5]);
  });

  it('stays where it is while a table is aside, and lets go of dropped ones', async () => {
    for (const back of [true, false]) {
      const w = await twoTables(5);
      const disk = w.files.restart(true);
      hurt(disk, 2);
      const damaged = await world(disk);
      const { storage } = damaged;
      await acceptLog(storage, damaged.store('u'));
      const { id } = damaged.store('t');
      await putAside(storage, damaged.store('t'), 'dropped');
      storage.maintain();
      await new Promise((resolve) => setImmediate(resolve));
      expect(files(damaged, 'quarantine')).toEqual([]);
      if (back) {
        const next = await world(disk.restart(true));
        await next.catalog.commit({ ddl: [{ op: 'bringBack', id }] });
        expect(next.ids('t')).toEqual([1]);
        await expect(next.insert([row(7)])).rejects.toMatchObject(readOnly);
        await acceptLog(next.storage, next.store('t'));
        expect(next.ids('t')).toEqual([1, 3, 5]);
        continue;
      }
      await damaged.catalog.commit({ ddl: [{ op: 'purgeAside', id }] });
      storage.maintain();
      await new Promise((resolve) => setImmediate(resolve));
      expect(files(damaged, 'quarantine').length).toBe(1);
      expect(storage.damagedLog).toBeUndefined();
    }
  });

  it('a missing file is named, and what is behind the gap comes back on demand', async () => {
    const w = await withTable();
    const { id: tableId } = w.store();
    for (let id = 1; id <= 6; id++) {
      const payload = Buffer.alloc(5 << 20, ' ');
      payload.write(JSON.stringify([row(id)]));
      const part = { tableId, schemaVersion: 1, rows: 1, payload };
      await w.storage.wal.append({ parts: [part], timeMs: 1 }, () => {});
    }
    const disk = w.files.restart(true);
    const logs = files(w, 'wal');
    expect(logs.length).toBe(3);
    disk.poke(logs[1] ?? '', () => undefined);
    const damaged = await world(disk);
    expect(damaged.ids()).toEqual([1, 2]);
    const error = await damaged.insert([row(7)]).catch((e: Error) => e);
    expect((error as Error).message).toContain('inserts 3 to 4 before it are missing');
    expect(await acceptLog(damaged.storage, damaged.store())).toBe(2);
    expect(damaged.ids()).toEqual([1, 2, 5, 6]);
  });

  it('a full disk does not keep the directory from opening, nor anything from coming back', async () => {
    const w = await twoTables(5);
    const disk = w.files.restart(true);
    hurt(disk, 2);
    disk.setCapacity(disk.used);
    const damaged = await world(disk);
    expect(damaged.ids('t')).toEqual([1]);
    const full = { fault: 'disk_full' };
    for (let n = 0; n < 2; n++) {
      await expect(acceptLog(damaged.storage, damaged.store())).rejects.toMatchObject(full);
      expect(damaged.ids('t')).toEqual([1]);
    }
    disk.setCapacity(undefined);
    await acceptLog(damaged.storage, damaged.store());
    expect(damaged.ids('t')).toEqual([1, 3, 5]);
    expect(damaged.kernel.live).toMatchObject({ batches: 0, memtables: 0 });
  });

  it('a header says no more than the name of its file', async () => {
    const w = await twoTables(3);
    const disk = w.files.restart(true);
    const [path = ''] = files(w, 'wal');
    const whole = disk.readAll(path);
    for (let at = 0; at < 24; at++) {
      const next = disk.restart(true);
      next.poke(path, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes;
      });
      const healed = await world(next);
      expect([healed.ids('t'), healed.ids('u')]).toEqual([[1, 3], [2]]);
      expect(next.readAll(path).equals(whole)).toBe(true);
      await healed.insert([row(5)]);
    }
  });

  it('a stop at any moment of the repair leaves the old or the new', async () => {
    const w = await twoTables(7);
    const disk = w.files.restart(true);
    hurt(disk, 2);
    for (let at = 1; at < 40; at++) {
      const next = disk.restart(true);
      next.crashAfter(at);
      try {
        const damaged = await world(next);
        for (const name of ['t', 'u']) await acceptLog(damaged.storage, damaged.store(name));
        await new Promise((resolve) => setImmediate(resolve));
      } catch {}
      const again = await world(next.restart(true));
      for (const name of ['t', 'u']) {
        await acceptLog(again.storage, again.store(name));
        await again.insert([row(50)], undefined, name);
      }
      expect([again.ids('t'), again.ids('u')]).toEqual([
        [1, 3, 5, 7, 50],
        [4, 6, 50],
      ]);
    }
  });
});
