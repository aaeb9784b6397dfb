// Time comes in as a parameter, so that tests can hold it still.

export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only go forward, at the speed of time. Absent where `now` does. */
  steady?(): number;
  /** Calls `run` once after `ms`; the answer takes it back. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** 24 days. */
export const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after: (ms, run) => {
    let timer: NodeJS.Timeout;
    // A timer of Node's that is set for longer than it can count goes off at once.
    const wait = (left: number): void => {
      const now = Math.min(left, TIMER_MAX_MS);
      timer = setTimeout(() => (left > now ? wait(left - now) : run()), now).unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** A clock that only moves when it is told to. */
export function manualClock(startMs: number): Clock & { advance(ms: number): void } {
  let nowMs = startMs;
  let next = 1;
  const waiting = new Map<number, { at: number; run: () => void }>();
  return {
    now: () => nowMs,
    after: (ms, run) => {
      const id = next++;
      waiting.set(id, { at: nowMs + ms, run });
      return () => waiting.delete(id);
    },
    advance: (ms) => {
      nowMs += ms;
      const due = [...waiting].filter(([, entry]) => entry.at <= nowMs);
      due.sort(([, a], [, b]) => a.at - b.at);
      for (const [id, entry] of due) {
        waiting.delete(id);
        entry.run();
      }
    },
  };
}
