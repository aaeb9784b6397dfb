// The one way to change the catalog. Commits are taken one after the other; those that wait while a
// sync is running go out together with the next one.

import type { Clock } from '../clock.ts';
import { EngineError } from '../errors.ts';
import { FileError } from '../files.ts';
import type { Health } from '../storage/integrity/health.ts';
import { applyRecord } from './apply.ts';
import type { CatalogLog } from './log.ts';
import type { CatalogState, Change, CommitRecord } from './state.ts';
import type { TokenBook } from './tokens.ts';

/** Records that go out in one write, at most. */
const GROUP_MAX = 256;

interface Waiting {
  readonly change: Change;
  readonly resolve: (version: number) => void;
  readonly reject: (error: unknown) => void;
}

/** A commit as it became visible. */
export interface Applied {
  readonly record: CommitRecord;
  readonly before: CatalogState;
  readonly after: CatalogState;
}

export class Committer {
  readonly #log: CatalogLog;
  readonly #health: Health;
  readonly #clock: Clock;
  readonly #tokens: TokenBook;
  readonly #publish: (applied: Applied) => void;
  #state: CatalogState;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    log: CatalogLog,
    state: CatalogState,
    tokens: TokenBook,
    health: Health,
    clock: Clock,
    publish: (applied: Applied) => void,
  ) {
    this.#log = log;
    this.#state = state;
    this.#tokens = tokens;
    this.#health = health;
    this.#clock = clock;
    this.#publish = publish;
  }

  /** Resolves with the version once the change is on the disk and visible. */
  commit(change: Change): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Commits of the same turn of the event loop share a write.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#group(this.#queue.splice(0, GROUP_MAX));
    this.#running = undefined;
  }

  async #group(group: Waiting[]): Promise<void> {
    let after = this.#state;
    const steps: { waiting: Waiting; applied: Applied }[] = [];
    for (const waiting of group) {
      try {
        this.#health.check();
        const timeMs = Math.max(this.#clock.now(), after.timeMs);
        const record = { version: after.version + 1, timeMs, ...waiting.change };
        const before = after;
        after = applyRecord(before, record);
        steps.push({ waiting, applied: { record, before, after } });
      } catch (error) {
        waiting.reject(error);
      }
    }
    if (steps.length === 0) return;
    try {
      await this.#log.append(steps.map(({ applied }) => applied.record));
    } catch (error) {
      const refused = this.#health.refused(error);
      for (const { waiting } of steps) waiting.reject(refused);
      return;
    }
    this.#state = after;
    for (const { waiting, applied } of steps) {
      this.#publish(applied);
      waiting.resolve(applied.record.version);
    }
    await this.#rotateIfDue();
  }

  async #rotateIfDue(): Promise<void> {
    if (!this.#log.wantsRotation || this.#health.poisoned) return;
    this.#tokens.keepOnly(this.#state.tables);
    this.#tokens.expire(this.#clock.now());
    try {
      await this.#log.rotate(this.#state, this.#tokens);
    } catch (error) {
      // A full disk only means a longer log; anything else is noted and stops the writes if it must.
      const full = error instanceof FileError && error.kind === 'DiskFull';
      if (!full) this.#health.refused(error);
      if (!(error instanceof FileError) && !(error instanceof EngineError)) throw error;
    }
  }
}
