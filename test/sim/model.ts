// What must be in a table: every batch that was sent and what became of it.

import type { Row } from './machine.ts';

/** acked: there once. refused, gone: not there. unknown, going: there as a whole or not at all.
 *  aside: detached for a while, kept in any case. */
export type BatchState = 'sent' | 'acked' | 'refused' | 'unknown' | 'going' | 'gone' | 'aside';

/** Batches that may be missing, of all tables together. */
export interface Budget {
  left: number;
}

export interface Batch {
  readonly id: number;
  readonly rows: readonly Row[];
  readonly token?: string;
  /** Dropped together with others of the same drop. */
  drop?: number;
  state: BatchState;
}

export class TableModel {
  readonly name: string;
  readonly batches = new Map<number, Batch>();
  constructor(name: string) {
    this.name = name;
  }

  in(...states: BatchState[]): Batch[] {
    return [...this.batches.values()].filter((batch) => states.includes(batch.state));
  }

  /** Faults of a read while the engine runs: batches are whole; what is sure is there, or is not. */
  faultsOfRead(rows: readonly Row[], surelyThere: readonly Batch[], surelyNot: readonly Batch[]) {
    const faults: string[] = [];
    const found = this.#count(rows, faults);
    for (const [id, count] of found) {
      const batch = this.batches.get(id);
      if (!batch) faults.push(`batch ${id} was never sent`);
      else if (count !== batch.rows.length) {
        faults.push(`batch ${id} (${batch.state}): ${count} of ${batch.rows.length} rows`);
      }
    }
    for (const { id } of surelyThere) if (!found.has(id)) faults.push(`batch ${id} is missing`);
    for (const { id } of surelyNot) if (found.has(id)) faults.push(`batch ${id} came back`);
    return faults;
  }

  /** Faults after a restart; what was open is decided now.
   *  @param lost how many batches damage may have taken */
  faultsOfRestart(rows: readonly Row[], lost: Budget): string[] {
    const found = new Set(rows.map((row) => row.batch));
    for (const batch of this.in('acked', 'aside')) {
      if (found.has(batch.id) || lost.left === 0) continue;
      lost.left--;
      batch.state = 'refused';
    }
    const faults = this.faultsOfRead(rows, this.in('acked', 'aside'), this.in('refused', 'gone'));
    for (const batch of this.in('aside')) batch.state = 'acked';
    // A drop takes all of its batches or none; some of them only where damage has taken the others.
    const drops = new Map<number, { there: number; gone: number }>();
    for (const batch of this.in('unknown', 'going', 'sent')) {
      const there = found.has(batch.id);
      if (batch.state === 'going' && batch.drop !== undefined) {
        const seen = drops.get(batch.drop) ?? { there: 0, gone: 0 };
        if (there) seen.there++;
        else seen.gone++;
        drops.set(batch.drop, seen);
      }
      batch.state = there ? 'acked' : batch.state === 'going' ? 'gone' : 'refused';
    }
    for (const [drop, { there, gone }] of drops) {
      if (there === 0 || gone === 0) continue;
      lost.left -= gone;
      if (lost.left < 0)
        faults.push(`drop ${drop} is torn: ${gone} of ${there + gone} batches are gone`);
    }
    return faults;
  }

  #count(rows: readonly Row[], faults: string[]): Map<number, number> {
    const found = new Map<number, number>();
    const ids = new Set<number>();
    for (const row of rows) {
      if (ids.has(row.id)) faults.push(`row ${row.id} is there twice`);
      ids.add(row.id);
      found.set(row.batch, (found.get(row.batch) ?? 0) + 1);
    }
    return found;
  }
}
