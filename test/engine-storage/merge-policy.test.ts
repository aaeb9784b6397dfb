import { describe, expect, it } from 'vitest';
import type { SegmentDescriptor } from '../../engine/catalog/state.ts';
import { finalMerges, nextMerge } from '../../engine/storage/merges/policy.ts';
import { randomNumbers } from './support.ts';

const limits = { segmentRowsMax: 16_000, mergeInputsMax: 32, mergeBytesMax: 1e12 };
let next = 1;
const segment = (rows: number): SegmentDescriptor => ({
  file: `f${next++}`,
  rows,
  bytes: rows,
  partition: '',
  level: 0,
});
const rowsOf = (list: readonly SegmentDescriptor[] | undefined) => list?.map((s) => s.rows);

describe('merge policy', () => {
  it('waits until there is company of about the same size', () => {
    expect(nextMerge([segment(10), segment(10), segment(10)], new Set(), limits)).toBeUndefined();
    const four = [segment(1000), segment(10), segment(10), segment(10), segment(10)];
    expect(rowsOf(nextMerge(four, new Set(), limits))).toEqual([10, 10, 10, 10]);
  });

  it('takes neighbours only, none that is busy, and not more rows than a segment may have', () => {
    const list = [segment(10), segment(10), segment(10), segment(10), segment(10)];
    const busy = new Set([list[2]?.file ?? '']);
    expect(nextMerge(list, busy, limits)).toBeUndefined();
    const large = Array.from({ length: 6 }, () => segment(7000));
    expect(nextMerge(large, new Set(), limits)).toBeUndefined();
    expect(rowsOf(nextMerge(large, new Set(), limits, 1))).toEqual([7000, 7000]);
  });

  it('keeps the number of segments small and rewrites each row a few times', () => {
    const draw = randomNumbers(7);
    let list: SegmentDescriptor[] = [];
    let written = 0;
    let rewritten = 0;
    for (let i = 0; i < 2000; i++) {
      const flushed = segment(1 + draw(10));
      written += flushed.rows;
      list.push(flushed);
      for (;;) {
        const inputs = nextMerge(list, new Set(), limits);
        if (!inputs) break;
        const merged = segment(inputs.reduce((sum, { rows }) => sum + rows, 0));
        rewritten += merged.rows;
        const at = list.indexOf(inputs[0] as SegmentDescriptor);
        list = [...list.slice(0, at), merged, ...list.slice(at + inputs.length)];
      }
    }
    expect(list.length).toBeLessThan(40);
    expect(rewritten / written).toBeLessThan(8);
  });

  it('OPTIMIZE FINAL leaves as few as the limit allows', () => {
    const list = [segment(9000), segment(9000), segment(1), segment(1), segment(16_000)];
    expect(finalMerges(list, limits).map(rowsOf)).toEqual([[9000, 1, 1]]);
    expect(finalMerges([segment(5)], limits)).toEqual([]);
  });

  it('takes no more bytes than the bound', () => {
    const list = Array.from({ length: 8 }, () => segment(100));
    expect(nextMerge(list, new Set(), { ...limits, mergeBytesMax: 400 })?.length).toBe(4);
    expect(nextMerge(list, new Set(), { ...limits, mergeBytesMax: 1 })).toBeUndefined();
  });
});
