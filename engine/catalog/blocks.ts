// Numbers of segments, as ClickHouse's parts have them: each insert takes the next number of its table,
// a merge spans those of its parts, a mutation adds its own. Names of parts are made of them.

import type { SegmentDescriptor, TableChange, TableState } from './state.ts';

export interface Blocks {
  readonly min: number;
  readonly max: number;
  /** Number of the last mutation that wrote the segment anew. */
  readonly mutation?: number;
}

/** Gives numbers to what a change brings. */
export class Numbering {
  #next: number;

  constructor(table: TableState) {
    this.#next = table.nextBlock ?? 1;
  }

  get next(): number {
    return this.#next;
  }

  #fresh(segment: SegmentDescriptor): SegmentDescriptor {
    const number = this.#next++;
    return { ...segment, block: { min: number, max: number } };
  }

  /** Segments that come, in the place of `gone` or beside the others. */
  added(change: TableChange, gone: readonly SegmentDescriptor[]): readonly SegmentDescriptor[] {
    const { add = [], sameRows, operation } = change;
    const parents = gone.flatMap(({ block }) => block ?? []);
    if (sameRows && add.length === 1 && parents.length === gone.length && parents.length > 0) {
      const mutation = Math.max(0, ...parents.map((b) => b.mutation ?? 0));
      const block = {
        min: Math.min(...parents.map((b) => b.min)),
        max: Math.max(...parents.map((b) => b.max)),
        ...(mutation > 0 ? { mutation } : {}),
      };
      return add.map((segment) => ({ ...segment, block }));
    }
    if (operation !== 'RESTORE') return add.map((segment) => this.#fresh(segment));
    // They come back under the numbers that they had.
    for (const { block } of add) {
      this.#next = Math.max(this.#next, (block?.max ?? 0) + 1, (block?.mutation ?? 0) + 1);
    }
    return add.map((segment) => (segment.block ? segment : this.#fresh(segment)));
  }

  /** Segments that ALTER … ATTACH brings back. */
  attached(taken: readonly SegmentDescriptor[]): readonly SegmentDescriptor[] {
    return taken.map((segment) => this.#fresh(segment));
  }

  /** What a mutation made of each segment, by file. */
  mutated(
    replace: NonNullable<TableChange['replace']>,
    segments: readonly SegmentDescriptor[],
  ): ReadonlyMap<string, readonly SegmentDescriptor[]> {
    const old = new Map(segments.map((segment) => [segment.file, segment]));
    const mutation = replace.length > 0 ? this.#next++ : 0;
    return new Map(
      replace.map(({ file, add }) => [
        file,
        add.map((segment, i) => {
          const block = old.get(file)?.block;
          return block && i === 0
            ? { ...segment, block: { min: block.min, max: block.max, mutation } }
            : this.#fresh(segment);
        }),
      ]),
    );
  }
}

/** What system.parts and `_part` call a segment; the name of its file where it has no numbers. */
export function segmentName({
  file,
  partitionId,
  block,
  level,
}: Pick<SegmentDescriptor, 'file' | 'partitionId' | 'block' | 'level'>): string {
  if (partitionId === undefined || !block) return fileName(file);
  const { min, max, mutation } = block;
  const name = `${partitionId}_${min}_${max}_${level}`;
  return mutation === undefined ? name : `${name}_${mutation}`;
}

export const fileName = (file: string): string =>
  file.slice(file.lastIndexOf('/') + 1).replace(/\.seg$/, '');
