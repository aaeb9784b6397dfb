// What system.mutations tells: mutations that run, and the last ones that ended. Kept in memory; what
// they did to the rows is in the catalog.

import type { SegmentDescriptor } from '../../catalog/state.ts';
import type { Clock } from '../../clock.ts';

export interface MutationEntry {
  readonly id: string;
  readonly database: string;
  readonly table: string;
  readonly tableId: number;
  readonly command: string;
  readonly createdMs: number;
  job: number;
  /** What the job looks at, in its order. */
  segments: readonly SegmentDescriptor[];
  state: 'running' | 'done' | 'failed';
  killed: boolean;
  failure: string;
  failedMs: number;
}

/** Told of the job that does a mutation. */
export type Started = (job: number, segments: readonly SegmentDescriptor[]) => void;

export class MutationLog {
  readonly #clock: Clock;
  readonly #kept: number;
  readonly #cancel: (job: number) => void;
  #entries: MutationEntry[] = [];
  #next = 1;

  /** @param kept mutations that are remembered after their end */
  constructor(clock: Clock, kept: number, cancel: (job: number) => void) {
    this.#clock = clock;
    this.#kept = kept;
    this.#cancel = cancel;
  }

  list(): readonly MutationEntry[] {
    return this.#entries;
  }

  begin(what: Pick<MutationEntry, 'database' | 'table' | 'tableId' | 'command'>): MutationEntry {
    const entry: MutationEntry = {
      ...what,
      id: `mutation_${this.#next++}.txt`,
      createdMs: this.#clock.now(),
      job: 0,
      segments: [],
      state: 'running',
      killed: false,
      failure: '',
      failedMs: 0,
    };
    this.#entries.push(entry);
    return entry;
  }

  started(entry: MutationEntry, job: number, segments: readonly SegmentDescriptor[]): void {
    entry.job = job;
    entry.segments = segments;
    if (entry.killed) this.#cancel(job);
  }

  done(entry: MutationEntry): void {
    entry.state = 'done';
    this.#trim();
  }

  failed(entry: MutationEntry, failure: string): void {
    entry.state = 'failed';
    entry.failure = failure;
    entry.failedMs = this.#clock.now();
    this.#trim();
  }

  kill(entry: MutationEntry): void {
    if (entry.state !== 'running') return;
    entry.killed = true;
    if (entry.job !== 0) this.#cancel(entry.job);
  }

  #trim(): void {
    let over = this.#entries.filter((entry) => entry.state !== 'running').length - this.#kept;
    if (over <= 0) return;
    this.#entries = this.#entries.filter((entry) => entry.state === 'running' || over-- <= 0);
  }
}
