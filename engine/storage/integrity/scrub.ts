// Reads every segment again now and then, slowly, and verifies its checksums: damage is told while a backup
// still has the rows, not when a query meets it.

import { filesOf, type SegmentDescriptor, type TableState } from '../../catalog/state.ts';
import type { StorageContext } from '../storage.ts';

/** A pass begins so long after the one before it began. */
const PASS_MS = 24 * 3600 * 1000;
const FIRST_MS = 10 * 60 * 1000;

export class Scrub {
  readonly #context: StorageContext;
  /** What is wrong with segments, by file: for those who ask. */
  readonly damaged = new Map<string, string>();
  #left: { table: TableState; segment: SegmentDescriptor }[] = [];
  #nextMs: number;
  #passMs = 0;
  #running: Promise<void> | undefined;

  constructor(context: StorageContext) {
    this.#context = context;
    this.#nextMs = context.clock.now() + FIRST_MS;
  }

  /** Verifies the next segment when it is time for one. */
  step(): void {
    const { clock, kernel, limits } = this.#context;
    const { scrubBytesPerSecond: rate } = limits;
    if (rate === 0 || !kernel.segmentCheck || this.#running || clock.now() < this.#nextMs) return;
    if (this.#left.length === 0) this.#begin();
    const next = this.#left.pop();
    if (!next) return;
    this.#running = this.#verify(next.table, next.segment).finally(() => {
      this.#running = undefined;
      const wait = (next.segment.bytes / rate) * 1000;
      const passed = this.#left.length > 0 ? 0 : this.#passMs + PASS_MS;
      this.#nextMs = Math.max(clock.now() + wait, passed);
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  #begin(): void {
    this.#passMs = this.#context.clock.now();
    const tables = [...this.#context.catalog.state.tables.values()];
    this.#left = tables.flatMap((table) => table.segments.map((segment) => ({ table, segment })));
    this.damaged.clear();
    if (this.#left.length === 0) this.#nextMs = this.#passMs + FIRST_MS;
  }

  async #verify(table: TableState, wanted: SegmentDescriptor): Promise<void> {
    const { catalog, files, kernel, logger } = this.#context;
    // A merge may have taken it meanwhile.
    const now = catalog.table(table.id);
    const segment = now?.segments.find(({ file }) => file === wanted.file);
    if (!now || !segment) return;
    const pin = catalog.pin(now);
    try {
      for (const { file } of filesOf(segment)) {
        await kernel.segmentCheck?.({ store: files.store, file });
      }
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const { file } = segment;
      this.damaged.set(file, problem);
      const { database, name } = now.definition;
      logger.error({ table: `${database}.${name}`, file, problem }, 'a segment is damaged');
    } finally {
      pin.release();
    }
  }
}
