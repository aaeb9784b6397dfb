// Whether the disk can be trusted. Once a sync has failed nobody knows what is on it: every write is
// refused until a restart, while reads go on.

import { EngineError } from '../../errors.ts';
import type { Logger } from '../../facade.ts';
import { FileError } from '../../files.ts';
import { cannotSync, refusedByDisk } from './damage.ts';

export class Health {
  readonly #logger: Logger;
  #failure: { file: string } | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get poisoned(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws CANNOT_FSYNC once the disk is not trusted any more. Called before every write. */
  check(): void {
    if (this.#failure) throw cannotSync(this.#failure.file);
  }

  /** Turns whatever a write met into what its client gets; remembers a failed sync. */
  refused(error: unknown): EngineError {
    const failedSync =
      (error instanceof FileError && (error.kind === 'SyncFailed' || error.kind === 'Crashed')) ||
      (error instanceof EngineError && error.name === 'CANNOT_FSYNC');
    if (failedSync) this.#poison(error);
    return refusedByDisk(error);
  }

  /** What a statement met: a refusal of the disk as what its client gets, wherever it was; others as they are. */
  met(error: unknown): unknown {
    const ofDisk =
      error instanceof FileError || (error instanceof EngineError && error.name === 'CANNOT_FSYNC');
    return ofDisk ? this.refused(error) : error;
  }

  #poison(error: unknown): void {
    if (this.#failure) return;
    const file = error instanceof FileError ? error.file : 'a segment file';
    this.#failure = { file };
    const errno = error instanceof FileError ? error.errno : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    const code = errno === 5 ? 'EIO' : errno;
    this.#logger.error({ file, errno: code, reason }, 'fsync failed: writes stop until a restart');
  }
}
