// BACKUP and RESTORE of this process: system.backups. Bounded; the oldest that have ended go first.

import type { Written } from './create.ts';

const entriesMax = 1000;

export type BackupStatus =
  | 'CREATING_BACKUP'
  | 'BACKUP_CREATED'
  | 'BACKUP_FAILED'
  | 'RESTORING'
  | 'RESTORED'
  | 'RESTORE_FAILED';

export interface BackupEntry {
  readonly id: string;
  readonly name: string;
  readonly base: string;
  readonly queryId: string;
  status: BackupStatus;
  error: string;
  readonly startMs: number;
  endMs: number;
  written: Written | undefined;
}

export class BackupBook {
  readonly #entries: BackupEntry[] = [];

  add(entry: BackupEntry): BackupEntry {
    this.#entries.push(entry);
    if (this.#entries.length > entriesMax) {
      const ended = this.#entries.findIndex(({ endMs }) => endMs > 0);
      if (ended >= 0) this.#entries.splice(ended, 1);
    }
    return entry;
  }

  /** Whether something is being written there. */
  isBusy(name: string): boolean {
    return this.#entries.some((e) => e.status === 'CREATING_BACKUP' && e.name === name);
  }

  list(): readonly BackupEntry[] {
    return this.#entries;
  }
}
