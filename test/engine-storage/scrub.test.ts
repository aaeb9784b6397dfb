import { expect, it } from 'vitest';
import { manualClock } from '../../engine/clock.ts';
import { Scrub } from '../../engine/storage/integrity/scrub.ts';
import type { StorageContext } from '../../engine/storage/storage.ts';
import { quietLogger } from './support.ts';

it('verifies all segments once a day, no faster than it may, and names the bad one', async () => {
  const clock = manualClock(1_700_000_000_000);
  const segments = ['a', 'b', 'c'].map((file) => ({ file, rows: 1, bytes: 1000 }));
  const table = { id: 1, definition: { database: 'd', name: 't' }, segments };
  const read: string[] = [];
  let pins = 0;
  const context = {
    clock,
    logger: quietLogger,
    limits: { scrubBytesPerSecond: 100 },
    files: { store: 0 },
    catalog: {
      state: { tables: new Map([[1, table]]) },
      table: () => table,
      pin: () => {
        pins++;
        return { release: () => pins-- };
      },
    },
    kernel: {
      segmentCheck: async ({ file }: { file: string }) => {
        read.push(file);
        if (file === 'b') throw new Error('b is damaged');
      },
    },
  } as unknown as StorageContext;
  const scrub = new Scrub(context);
  const step = async (ms: number) => {
    clock.advance(ms);
    scrub.step();
    await scrub.idle();
  };
  await step(0);
  expect(read).toEqual([]);
  await step(600_000);
  await step(9_000);
  expect(read).toEqual(['c']);
  await step(1_000);
  await step(10_000);
  expect(read).toEqual(['c', 'b', 'a']);
  expect([...scrub.damaged]).toEqual([['b', 'b is damaged']]);
  await step(3_600_000);
  expect(read.length).toBe(3);
  await step(24 * 3_600_000);
  expect(read.length).toBe(4);
  expect(pins).toBe(0);
});
