// What nobody may ask for any more: dropped tables after their delay, versions of tables after their time.

import { historyIsDue, retentionOf } from '../catalog/history.ts';
import type { Collector } from './gc.ts';
import type { StorageContext } from './storage.ts';

export class Past {
  readonly #context: StorageContext;
  readonly #collector: Collector;
  /** Tables whose commit is on its way. */
  readonly #purging = new Set<number>();
  readonly #forgetting = new Set<number>();

  constructor(context: StorageContext, collector: Collector) {
    this.#context = context;
    this.#collector = collector;
  }

  /** Begins to forget what is due. Commits run on; what fails is tried again at the next call. */
  forget(): void {
    this.#purgeDropped();
    this.#forgetVersions();
  }

  /** Forgets dropped tables that nobody may bring back any more; all of them when space is short. */
  #purgeDropped(): void {
    const { catalog, clock, limits, logger } = this.#context;
    const dropped = [...catalog.state.aside.values()].filter((a) => a.reason === 'dropped');
    const short = dropped.length > 0 && this.#collector.spaceIsShort;
    const youngest = clock.now() - limits.dropDelayMs;
    for (const { table, timeMs } of dropped) {
      if (timeMs > youngest && !short) continue;
      if (this.#purging.has(table.id)) continue;
      this.#purging.add(table.id);
      const purged = catalog.commit({ ddl: [{ op: 'purgeAside', id: table.id }] });
      purged
        .then(() => {
          this.#collector.collect();
          this.#collector.removeTableDir(table.id);
        })
        .catch((error: unknown) => logger.warn({ reason: String(error) }, 'a dropped table stays'))
        .finally(() => this.#purging.delete(table.id));
    }
  }

  /** Older versions whose time is over. */
  #forgetVersions(): void {
    const { catalog, clock, logger } = this.#context;
    const nowMs = clock.now();
    for (const table of catalog.state.tables.values()) {
      if (this.#forgetting.has(table.id) || !historyIsDue(table, nowMs)) continue;
      const { id } = table;
      const beforeMs = nowMs - retentionOf(table.definition).ms;
      this.#forgetting.add(id);
      catalog
        .commit({ ddl: [{ op: 'forgetHistory', id, beforeMs }] })
        .catch((error: unknown) => logger.warn({ reason: String(error) }, 'old versions stay'))
        .finally(() => this.#forgetting.delete(id));
    }
  }
}
