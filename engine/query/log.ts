// Statements that have ended, for system.query_log: a ring of bounded length.

export interface LogEntry {
  readonly type: 'QueryFinish' | 'ExceptionBeforeStart' | 'ExceptionWhileProcessing';
  readonly id: string;
  readonly user: string;
  readonly database: string;
  readonly text: string;
  readonly kind: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly readRows: number;
  readonly readBytes: number;
  readonly resultRows: number;
  readonly resultBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly memory: number;
  readonly code: number;
  readonly message: string;
  readonly comment: string;
  readonly settings: ReadonlyMap<string, string>;
}

const textMax = 100_000;

export class QueryLog {
  readonly #entriesMax: number;
  #entries: LogEntry[] = [];
  /** Entries that the table on the disk does not have. */
  #unstored: LogEntry[] = [];

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  add(entry: LogEntry): void {
    const text = entry.text.length > textMax ? entry.text.slice(0, textMax) : entry.text;
    const kept = { ...entry, text };
    this.#entries.push(kept);
    this.#unstored.push(kept);
    // Cut in blocks, so that adding stays cheap.
    if (this.#entries.length > this.#entriesMax * 1.25) {
      this.#entries = this.#entries.slice(-this.#entriesMax);
    }
    if (this.#unstored.length > this.#entriesMax * 1.25) {
      this.#unstored = this.#unstored.slice(-this.#entriesMax);
    }
  }

  /** Oldest first. */
  list(): readonly LogEntry[] {
    return this.#entries.slice(-this.#entriesMax);
  }

  unstored(): readonly LogEntry[] {
    return this.#unstored.slice(-this.#entriesMax);
  }

  /** These lie in the table now. */
  stored(entries: readonly LogEntry[]): void {
    const gone = new Set(entries);
    this.#unstored = this.#unstored.filter((entry) => !gone.has(entry));
  }
}
