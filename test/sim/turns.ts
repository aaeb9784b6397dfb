// What the kernel does on threads of its own, one job after the other in an order that the seed draws: a life is
// much the same however busy the machine is, and other seeds see other orders.

import { fail } from '../../engine/errors.ts';
import type { Native } from '../../engine/native/index.ts';
import { Draw } from './draw.ts';

export class Turns {
  readonly #draw: Draw;
  readonly #waiting: (() => Promise<unknown>)[] = [];
  #running = false;

  constructor(seed: number) {
    this.#draw = new Draw(seed + 1_000_003);
  }

  /** Runs `work` when its turn has come; nothing else that takes turns runs beside it. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => work().then(resolve, reject));
      void this.#run();
    });
  }

  /** Lets others go first. */
  pass(): Promise<void> {
    return this.take(async () => {});
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      // Whoever was answered goes on as far as it comes without another turn.
      await new Promise((go) => setImmediate(go));
      const [next] = this.#waiting.splice(this.#draw.below(this.#waiting.length), 1);
      await next?.();
    }
    this.#running = false;
  }
}

/** The kernel of which all work on threads takes turns. */
export function inTurns(kernel: Native, turns: Turns): Native {
  const calledOff = new Set<number>();
  const begun = new Set<number>();
  return {
    ...kernel,
    startQuery: (plan, key) => turns.take(() => kernel.startQuery(plan, key)),
    nextChunk: (key) => turns.take(() => kernel.nextChunk(key)),
    segmentCheck: (segment) => turns.take(() => kernel.segmentCheck(segment)),
    runJob: (job) =>
      turns.take(async () => {
        if (calledOff.has(job.job)) throw fail('QUERY_WAS_CANCELLED', 'The job was called off');
        begun.add(job.job);
        return kernel.runJob(job);
      }),
    cancelJob(job) {
      if (!begun.has(job)) calledOff.add(job);
    },
  };
}
