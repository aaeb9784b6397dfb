// Which segments to merge next. Pure: segments in, a choice out.

import type { SegmentDescriptor } from '../../catalog/state.ts';

export interface MergeLimits {
  readonly segmentRowsMax: number;
  readonly mergeInputsMax: number;
  /** Bytes of all segments of one merge that nobody asked for. */
  readonly mergeBytesMax: number;
}

/** Segments of a partition in the order of their commits. */
export function byPartition(
  segments: readonly SegmentDescriptor[],
): Map<string, SegmentDescriptor[]> {
  const partitions = new Map<string, SegmentDescriptor[]>();
  for (const segment of segments) {
    const list = partitions.get(segment.partition);
    if (list) list.push(segment);
    else partitions.set(segment.partition, [segment]);
  }
  return partitions;
}

/** How many times the largest segment fits into a merge, at least. Few segments wait for company. */
function balanceWanted(count: number): number {
  if (count > 64) return 1.5;
  if (count > 16) return 2;
  return count > 8 ? 3 : 4;
}

/** Chooses the next merge within one partition, or none.
 *  @param segments live, in commit order
 *  @param busy files that a running merge already takes
 *  @returns adjacent segments, so that the order of commits survives
 *  Size-tiered: every row is rewritten about log4(rows / rows of a flush) times. O(n × inputs). */
export function nextMerge(
  segments: readonly SegmentDescriptor[],
  busy: ReadonlySet<string>,
  limits: MergeLimits,
  wanted = balanceWanted(segments.length),
): readonly SegmentDescriptor[] | undefined {
  let best: { from: number; to: number; balance: number; rows: number } | undefined;
  for (let from = 0; from < segments.length; from++) {
    let rows = 0;
    let bytes = 0;
    let largest = 0;
    const end = Math.min(segments.length, from + limits.mergeInputsMax);
    for (let to = from; to < end; to++) {
      const segment = segments[to];
      if (!segment || busy.has(segment.file)) break;
      rows += segment.rows;
      bytes += segment.bytes;
      if (rows > limits.segmentRowsMax || bytes > limits.mergeBytesMax) break;
      largest = Math.max(largest, segment.rows);
      const balance = rows / Math.max(1, largest);
      if (to === from || balance < wanted) continue;
      if (!best || balance > best.balance || (balance === best.balance && rows < best.rows)) {
        best = { from, to, balance, rows };
      }
    }
  }
  return best && segments.slice(best.from, best.to + 1);
}

/** Merges that leave as few segments of a partition as the limits allow (OPTIMIZE FINAL).
 *  @param alone whether a segment without company is worth a merge */
export function finalMerges(
  segments: readonly SegmentDescriptor[],
  limits: MergeLimits,
  alone: (segment: SegmentDescriptor) => boolean = () => false,
): (readonly SegmentDescriptor[])[] {
  const merges: SegmentDescriptor[][] = [];
  let group: SegmentDescriptor[] = [];
  let rows = 0;
  for (const segment of segments) {
    if (group.length > 0 && rows + segment.rows > limits.segmentRowsMax) {
      merges.push(group);
      group = [];
      rows = 0;
    }
    group.push(segment);
    rows += segment.rows;
  }
  if (group.length > 0) merges.push(group);
  return merges.filter((inputs) => inputs.length > 1 || (inputs[0] && alone(inputs[0])));
}
