// Who may run now: a bounded number at a time, a bounded queue, a bounded wait. Statements that took little
// time when they last ran go first, but nobody is passed by for longer than the difference.

import type { Clock } from '../clock.ts';
import { fail } from '../errors.ts';
import { Durations } from './durations.ts';

export interface AdmissionLimits {
  readonly runningMax: number;
  readonly waitingMax: number;
  readonly waitMs: number;
}

/** Statements whose durations are remembered. */
const SHAPES_MAX = 1000;

interface Waiter {
  /** When it would be done had it begun at once, in milliseconds: who is first by this enters first. */
  readonly due: number;
  enter(): void;
  refuse(error: Error): void;
}

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #queue: Waiter[] = [];
  readonly #durations = new Durations(SHAPES_MAX);
  #running = 0;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get running(): number {
    return this.#running;
  }
  get waiting(): number {
    return this.#queue.length;
  }

  /** Takes a slot for a statement if one is free now; the answer gives it back (once). */
  tryEnter(text: string): (() => void) | undefined {
    if (this.#running >= this.#limits.runningMax || this.#queue.length > 0) return undefined;
    return this.#take(text);
  }

  /** Waits for a slot for a statement. Errors: TOO_MANY_SIMULTANEOUS_QUERIES when the queue is full or the wait is
   *  over; the signal's reason when it fires. */
  enter(text: string, signal: AbortSignal | undefined): Promise<() => void> {
    const { waitingMax, waitMs } = this.#limits;
    if (this.#queue.length >= waitingMax) {
      return Promise.reject(this.#busy(`${waitingMax} queries wait already`));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        stop();
        signal?.removeEventListener('abort', onAbort);
        const at = this.#queue.indexOf(waiter);
        if (at >= 0) this.#queue.splice(at, 1);
      };
      const waiter: Waiter = {
        due: this.#ms() + this.#durations.expected(text),
        enter: () => {
          leave();
          resolve(this.#take(text));
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void =>
        waiter.refuse(
          fail('QUERY_WAS_CANCELLED', 'The query was cancelled while it waited for its turn'),
        );
      const stop = this.#clock.after(waitMs, () =>
        waiter.refuse(this.#busy(`no turn came within ${waitMs} ms`)),
      );
      signal?.addEventListener('abort', onAbort);
      this.#queue.push(waiter);
      if (signal?.aborted) onAbort();
    });
  }

  #busy(why: string): Error {
    const text = `Too many simultaneous queries: ${this.#limits.runningMax} run at a time, and ${why}`;
    return fail('TOO_MANY_SIMULTANEOUS_QUERIES', text, { retryAfterSeconds: 1 });
  }

  #take(text: string): () => void {
    this.#running++;
    const startMs = this.#ms();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#running--;
      this.#durations.note(text, this.#ms() - startMs);
      if (this.#running < this.#limits.runningMax) this.#first()?.enter();
    };
  }

  #ms(): number {
    return this.#clock.steady?.() ?? this.#clock.now();
  }

  #first(): Waiter | undefined {
    let first = this.#queue[0];
    for (const waiter of this.#queue) if (first && waiter.due < first.due) first = waiter;
    return first;
  }
}
