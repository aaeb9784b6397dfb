// The query log on the disk: a table in a database of the server's own, with a TTL. Entries go there
// every few seconds; what a crash takes away are those of the last seconds.

import type { TableDefinition } from '../catalog/definition.ts';
import type { LitValue } from '../plan/physical/wire.ts';
import type { Core } from '../query/core.ts';
import type { LogEntry } from '../query/log.ts';
import { acceptLog } from '../storage/wal/accept.ts';
import { logPlace } from '../tables/databases.ts';
import { queryLog, rowOf } from './query-log.ts';
import type { SystemTable } from './table.ts';

/** Entries that are written at once. */
const lotMax = 2000;
/** Entries that are put into text before others have their turn: queries wait meanwhile. */
const linesAtOnce = 50;

export class LogTable {
  readonly #core: Core;
  readonly #everyMs: number;
  readonly #days: number;
  #running: Promise<void> | undefined;

  constructor(core: Core, everyMs: number, days: number) {
    this.#core = core;
    this.#everyMs = everyMs;
    this.#days = days;
    this.#later();
  }

  #later(): void {
    this.#core.clock.after(this.#everyMs, () => {
      if (this.#core.storage.closing) return;
      this.flush()
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          this.#core.logger.debug({ reason }, 'the query log stays in memory for now');
        })
        .finally(() => this.#later());
    });
  }

  /** Resolves when the entries that were there when it was called are on the disk. */
  async flush(): Promise<void> {
    await this.#running;
    this.#running ??= this.#flush().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #flush(): Promise<void> {
    const { log, inserter } = this.#core;
    for (let left = log.unstored(); left.length > 0; left = left.slice(lotMax)) {
      const lot = left.slice(0, lotMax);
      const first = await this.#table(queryLog);
      await this.#recover(first.id);
      await inserter.insert({
        table: () => this.#core.storage.context.catalog.table(first.id)?.definition ?? first,
        spec: ({ columns }) => ({
          format: 'JSONCompactEachRow',
          columns: columns.map(({ name, type }) => ({ name, type })),
          settings: {},
        }),
        body: lines(lot, rowOf, queryLog),
      });
      log.stored(lot);
    }
  }

  /** Nobody was promised these rows: what a damaged log has left of them is good enough. */
  async #recover(id: number): Promise<void> {
    const { storage } = this.#core;
    if (storage.damagedLog?.of(id)) await acceptLog(storage, storage.store(id));
  }

  async #table(log: SystemTable): Promise<TableDefinition> {
    const { catalog } = this.#core.storage.context;
    const { database, name } = logPlace;
    const columns = log.columns.map((c) => ({ name: c.name, type: c.type }));
    const known = catalog.find(database, name)?.definition;
    if (known && sameColumns(known, columns)) return known;
    const definition: TableDefinition = {
      id: catalog.reserveTableId(),
      uuid: crypto.randomUUID(),
      database,
      // The columns of a newer version differ: the old log stays beside it.
      name: known ? `${name}_${known.id}` : name,
      engine: { name: 'MergeTree', args: '' },
      columns,
      orderBy: ['event_date', 'event_time'],
      partitionBy: 'toYYYYMM(event_date)',
      ttl: `event_date + toIntervalDay(${this.#days})`,
      indexes: [],
      settings: {},
      schemaVersion: 1,
    };
    const made = catalog.state.databases.has(database)
      ? []
      : [{ op: 'createDatabase', name: database } as const];
    const swapped = known ? [{ op: 'exchangeTables', a: definition.id, b: known.id } as const] : [];
    await catalog.commit({ ddl: [...made, { op: 'createTable', definition }, ...swapped] });
    return { ...definition, name };
  }
}

const sameColumns = (a: TableDefinition, b: readonly { name: string; type: string }[]): boolean =>
  a.columns.length === b.length &&
  a.columns.every((c, i) => c.name === b[i]?.name && c.type === b[i]?.type);

/** The rows of entries as text, a few at a time. */
async function* lines(
  lot: readonly LogEntry[],
  rowOf: (entry: LogEntry) => readonly LitValue[],
  { columns }: SystemTable,
): AsyncGenerator<Uint8Array> {
  const maps = columns.map(({ type }) => type.startsWith('Map'));
  const pairsAsObject = (value: LitValue, i: number): unknown =>
    maps[i] && Array.isArray(value) ? Object.fromEntries(value as [string, string][]) : value;
  for (let from = 0; from < lot.length; from += linesAtOnce) {
    if (from > 0) await new Promise((go) => setImmediate(go));
    const rows = lot.slice(from, from + linesAtOnce);
    const texts = rows.map((entry) => JSON.stringify(rowOf(entry).map(pairsAsObject)));
    yield Buffer.from(`${texts.join('\n')}\n`);
  }
}
