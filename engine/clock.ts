// Time comes in as a parameter, so that tests can hold it still.

export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only go forward, at the speed of time. Absent where `now` does. */
  steady?(): number;
  /** Calls `run` once after `ms`; the answer takes it back. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
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
