// The statements that run now: system.processes, and how KILL QUERY finds them.

import { type EngineError, fail } from '../errors.ts';

export interface Running {
  readonly id: string;
  readonly key: string;
  readonly user: string;
  readonly text: string;
  readonly database: string;
  readonly startedMs: number;
  /** What the statement is, `Select` and the like; known after parsing. */
  kind: string;
  /** Set once somebody has asked it to end. */
  cancelled: EngineError | undefined;
  /** Ends it with this failure. */
  cancel(reason: EngineError): void;
  /** Resolves when it has left the list. */
  readonly gone: Promise<void>;
  progress(): {
    readRows: number;
    readBytes: number;
    memory: number;
    peakMemory: number;
    resultRows: number;
  };
}

interface Entry {
  running: Running;
  leave: () => void;
}

export class Processes {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  list(): Running[] {
    return [...this.#entries.values()].map((e) => e.running);
  }

  /** `onCancel` is told once, with the failure the query shall end with. */
  add(
    parts: Pick<Running, 'id' | 'key' | 'user' | 'text' | 'database' | 'startedMs' | 'progress'>,
    onCancel: (reason: EngineError) => void,
  ): Running {
    let leave = (): void => {};
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const running: Running = {
      ...parts,
      kind: 'Other',
      cancelled: undefined,
      gone,
      cancel(reason) {
        if (running.cancelled) return;
        running.cancelled = reason;
        onCancel(reason);
      },
    };
    this.#entries.set(parts.key, { running, leave });
    return running;
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.leave();
  }
}

export const killed = (): EngineError =>
  fail('QUERY_WAS_CANCELLED', 'Query was cancelled by KILL QUERY');
