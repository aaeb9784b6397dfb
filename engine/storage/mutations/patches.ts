// Rows that got new values without writing their segments anew: UPDATE of few rows writes the values to a
// file beside the segment, scans put them in their places, merges write them where they belong.

import type { SegmentDescriptor } from '../../catalog/state.ts';
import type { SegmentPatch } from '../kernel.ts';

/** What the catalog says of segments that have got patches. */
export function patchedSegments(
  segments: readonly SegmentDescriptor[],
  patches: readonly SegmentPatch[],
): SegmentDescriptor[] {
  const byFile = new Map(patches.map((patch) => [patch.file, patch]));
  return segments.flatMap((segment): SegmentDescriptor[] => {
    const made = byFile.get(segment.file);
    if (!made) return [];
    const { patch: file, rows, bytes } = made;
    // What stands beside the segment has the old values.
    const { projections: _, ...own } = segment;
    return [{ ...own, patch: { file, rows, bytes } } as SegmentDescriptor];
  });
}

/** Fewer rows than this are read in their places at no cost that matters. */
const FEW_ROWS = 8192;

/** Reading so many values from beside the segment, and writing them again with each UPDATE, costs more
 *  than writing the segment anew. */
export const isHeavilyPatched = ({ patch, rows }: SegmentDescriptor): boolean =>
  patch !== undefined && patch.rows > FEW_ROWS && patch.rows * 8 > rows;
