import { describe, expect, it } from 'vitest';
import { manualClock } from '../../engine/clock.ts';
import { Health } from '../../engine/storage/integrity/health.ts';
import type { WalEntry } from '../../engine/storage/wal/frame.ts';
import { readWal } from '../../engine/storage/wal/read.ts';
import { openWal } from '../../engine/storage/wal/wal.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import { quietLogger, randomNumbers } from './support.ts';

const nothingFlushed = () => 0;
const entry = (text: string, tableId = 1, token?: string): WalEntry => ({
  parts: [{ tableId, schemaVersion: 1, rows: 1, payload: Buffer.from(text) }],
  timeMs: 5,
  ...(token ? { token: { token, hash: '00112233445566778899aabbccddeeff' } } : {}),
});

const open = (files: MemoryFiles, flushed = nothingFlushed, clock = manualClock(0)) =>
  openWal(files, new Health(quietLogger), clock, readWal(files, flushed), 0);
const texts = (files: MemoryFiles) =>
  readWal(files, nothingFlushed).frames.map((f) => String(f.parts[0]?.payload));
const newestFile = (files: MemoryFiles) => `wal/${files.list('wal').at(-1)?.name}`;

describe('wal', () => {
  it('gives back what was appended, in order, with tokens', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    const applied: number[] = [];
    const work = ['a', 'b', 'c'].map((text) => wal.append(entry(text), (n) => applied.push(n)));
    expect(await Promise.all(work)).toEqual([1, 2, 3]);
    await wal.append(entry('d', 2, 'name'), (n) => applied.push(n));
    expect(applied).toEqual([1, 2, 3, 4]);
    const disk = readWal(files.restart(true), nothingFlushed);
    expect(disk.frames.map((f) => f.sequence)).toEqual([1, 2, 3, 4]);
    expect(disk.frames[3]?.token).toEqual(entry('d', 2, 'name').token);
    expect(disk.frames[3]?.parts[0]?.tableId).toBe(2);
  });

  it('waits for no clock that stands still', async () => {
    const files = memoryFiles();
    const clock = manualClock(0);
    const create = files.create.bind(files);
    const slow = (path: string) => {
      const handle = create(path);
      const sync = handle.sync.bind(handle);
      return Object.assign(handle, {
        sync: () => {
          clock.advance(100);
          return sync();
        },
      });
    };
    const wal = await open(Object.assign(files, { create: slow }), nothingFlushed, clock);
    await Promise.all(['a', 'b'].map((text) => wal.append(entry(text), () => {})));
    // Two came together the last time: this one waits for another a while.
    expect(await wal.append(entry('c'), () => {})).toBe(3);
  });

  it('begins new files, and removes those that are flushed', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    for (let i = 0; i < 12; i++)
      await wal.append(entry('x'.repeat(2 << 20), 1 + (i % 2)), () => {});
    expect(files.list('wal').length).toBe(3);
    wal.dropFlushed((_, sequence) => sequence <= 4);
    expect(files.list('wal').length).toBe(2);
    const again = await open(files.restart(true));
    expect(again.sequence).toBe(12);
    await again.removeAll();
  });

  it('cuts a torn end and goes on behind it', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    for (const text of ['one', 'two', 'three']) await wal.append(entry(text), () => {});
    const length = files.length(newestFile(files)) ?? 0;
    for (let cut = 1; cut <= length; cut++) {
      const torn = files.restart(false);
      torn.poke(newestFile(torn), (bytes) => bytes.subarray(0, length - cut));
      const again = await open(torn);
      const left = texts(torn);
      expect(left).toEqual(['one', 'two', 'three'].slice(0, left.length));
      await again.append(entry('next'), () => {});
      expect(texts(torn.restart(true))).toEqual([...left, 'next']);
    }
  });

  it('a bad frame before a later write is damage, and the frames around it are read', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    for (const text of ['one', 'two', 'three']) await wal.append(entry(text), () => {});
    const name = newestFile(files);
    const length = files.length(name) ?? 0;
    const draw = randomNumbers(3);
    let named = 0;
    for (let round = 0; round < 200; round++) {
      const hurt = files.restart(false);
      const at = draw(length);
      hurt.poke(name, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
        return bytes;
      });
      const { damages, frames, torn, headers } = readWal(hurt, nothingFlushed);
      const left = frames.map((frame) => String(frame.parts[0]?.payload));
      if (damages.length === 0) {
        expect(left).toEqual(headers.length > 0 ? ['one', 'two', 'three'] : ['one', 'two']);
        expect(headers.length > 0 || torn !== undefined).toBe(true);
        continue;
      }
      expect(damages).toMatchObject([{ file: name, from: left[0] === 'one' ? 2 : 1 }]);
      expect(damages[0]?.through).toBe(damages[0]?.from);
      expect(left.length).toBe(2);
      named++;
    }
    expect(named).toBeGreaterThan(100);
  });

  it('frames of one write may be torn in the middle', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    await wal.append(entry('first'), () => {});
    await Promise.all(['a', 'b', 'c'].map((text) => wal.append(entry(text), () => {})));
    const torn = files.restart(false);
    torn.poke(newestFile(torn), (bytes) => {
      bytes.fill(0, bytes.indexOf('a', 60), bytes.indexOf('a', 60) + 1);
      return bytes;
    });
    expect(texts(torn)).toEqual(['first']);
  });

  it('a missing file in the middle is damage', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    for (let i = 0; i < 12; i++) await wal.append(entry('x'.repeat(2 << 20)), () => {});
    const [, middle] = files.list('wal');
    const hurt = files.restart(false);
    hurt.poke(`wal/${middle?.name}`, () => undefined);
    const { damages, frames } = readWal(hurt, nothingFlushed);
    expect(damages).toMatchObject([{ offset: 0, from: 5, through: 8 }]);
    expect(damages[0]?.why).toMatch(/missing/);
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 9, 10, 11, 12]);
    expect(readWal(hurt, () => 4).damages).toEqual([]);
  });

  it('a full disk refuses, leaves nothing, and takes again', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    await wal.append(entry('a'), () => {});
    files.setCapacity(100);
    await expect(wal.append(entry('b'), () => {})).rejects.toMatchObject({ fault: 'disk_full' });
    files.setCapacity(undefined);
    expect(await wal.append(entry('c'), () => {})).toBe(2);
    expect(texts(files.restart(true))).toEqual(['a', 'c']);
  });

  it('nothing is acknowledged after a failed sync, also when later ones would work', async () => {
    const files = memoryFiles();
    const wal = await open(files);
    await wal.append(entry('a'), () => {});
    files.failSyncs(1);
    const unavailable = { fault: 'unavailable' };
    await expect(wal.append(entry('b'), () => {})).rejects.toMatchObject(unavailable);
    await expect(wal.append(entry('c'), () => {})).rejects.toMatchObject(unavailable);
    expect(texts(files.restart(true))).toEqual(['a']);
  });

  it('survives a stop at every operation', async () => {
    const draw = randomNumbers(9);
    for (let at = 1; at < 40; at++) {
      const files = memoryFiles();
      files.crashAfter(at);
      const acked: string[] = [];
      try {
        const wal = await open(files);
        for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) {
          await wal.append(entry(text), () => {});
          acked.push(text);
        }
      } catch {}
      const found = texts(files.restart(true, () => draw(100) / 100));
      expect(found.slice(0, acked.length)).toEqual(acked);
      expect(found.length).toBeLessThanOrEqual(acked.length + 1);
    }
  });
});
