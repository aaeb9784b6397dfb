// What a system table is: described columns and the rows they have just now.

import type { LitValue } from '../plan/physical/wire.ts';
import type { Run } from '../query/core.ts';

export interface SystemColumn {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
  /** Not part of `*`. */
  readonly hidden?: true;
}

export interface SystemTable {
  readonly name: string;
  readonly doc: string;
  readonly columns: readonly SystemColumn[];
  /** One array a row, in the order of `columns`. */
  readonly rows: (run: Run) => LitValue[][];
}

/** `name type doc` triples, shorter to read than objects. */
export function columns(...list: readonly (readonly [string, string, string])[]): SystemColumn[] {
  return list.map(([name, type, doc]) => ({ name, type, doc }));
}

/** Milliseconds as DateTime text. */
export const dateTime = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
/** Milliseconds as DateTime64(6) text. */
export const dateTime64 = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')}000`;
export const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
export const flag = (value: boolean): string => (value ? '1' : '0');
/** A map literal of texts. */
export const mapOf = (entries: Iterable<readonly [string, string]>): LitValue =>
  [...entries].map(([key, value]) => [key, value]);
