// What takes part in the lives of a database under statements: it owns some tables, does one statement at
// a time, and knows what must be in the tables whenever the machine has stopped in between.

export type Row = (string | number)[];
export type Ask = (sql: string) => Promise<Row[]>;

export interface Tools {
  readonly ask: Ask;
  /** A number below a bound. */
  readonly below: (bound: number) => number;
  /** A number that nobody had before. */
  readonly fresh: () => number;
  readonly nowMs: () => number;
}

export interface Actor {
  /** How many statements it sends side by side. */
  readonly clients: number;
  readonly schema: readonly string[];
  /** One statement; throws what the engine throws. */
  step(): Promise<void>;
  /** What is not as it must be, asked while nothing runs. What had no answer is decided by what is there. */
  check(): Promise<string[]>;
}

export type MakeActor = (tools: Tools) => Actor;

export interface Batch {
  readonly rows: number;
  state: 'sent' | 'acked' | 'refused';
}

/** Inserts by number: each is there whole or not at all, and there if it was acknowledged. */
export class Batches {
  readonly all = new Map<number, Batch>();

  async send(id: number, rows: number, insert: () => Promise<unknown>): Promise<void> {
    const batch: Batch = { rows, state: 'sent' };
    this.all.set(id, batch);
    try {
      await insert();
    } catch (error) {
      // Another error than that the machine is off says that nothing was stored.
      if ((error as { fault?: string }).fault !== 'unavailable') batch.state = 'refused';
      throw error;
    }
    batch.state = 'acked';
  }

  /** @param there rows of each batch that are there */
  faults(there: ReadonlyMap<number, number>): string[] {
    const faults: string[] = [];
    for (const [id, batch] of this.all) {
      const count = there.get(id) ?? 0;
      const wanted = batch.state === 'acked' ? [batch.rows] : [0];
      if (batch.state === 'sent') wanted.push(batch.rows);
      if (!wanted.includes(count)) {
        faults.push(`batch ${id} (${batch.state}): ${count} of ${batch.rows} rows`);
      }
      batch.state = count > 0 ? 'acked' : 'refused';
    }
    for (const id of there.keys()) if (!this.all.has(id)) faults.push(`batch ${id} was never sent`);
    return faults;
  }
}

/** Counts by their key. */
export const counts = (rows: readonly Row[]): Map<number, number> =>
  new Map(rows.map(([key, n]) => [Number(key), Number(n)]));
