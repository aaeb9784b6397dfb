// Lives of a whole database: statements of several actors at once, cut off by crashes; what each actor
// knows of its tables is compared with what is there after each recovery.

import { manualClock } from '../../engine/clock.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native/index.ts';
import { openSimulated, type SimulatedDisk } from '../../engine/storage/native-files.ts';
import { randomNumbers } from '../engine-storage/support.ts';
import type { Actor, MakeActor, Row } from './actors/actor.ts';
import { backups, bucketBackups } from './actors/backups.ts';
import { buffers } from './actors/buffers.ts';
import { columns } from './actors/columns.ts';
import { databases } from './actors/databases.ts';
import { engines } from './actors/engines.ts';
import { folding } from './actors/folding.ts';
import { generations } from './actors/generations.ts';
import { names } from './actors/names.ts';
import { partitions } from './actors/partitions.ts';
import { rollups } from './actors/rollups.ts';
import { tokens } from './actors/tokens.ts';
import { transfers } from './actors/transfers.ts';
import { updates } from './actors/updates.ts';
import { versions } from './actors/versions.ts';
import { views } from './actors/views.ts';
import { storeHost } from './object-store.ts';

const LIVES = 3;
const STEPS = 10;
const ACTORS = 3;
/** SIM_ACTORS names those that a run is about. */
const wanted = process.env.SIM_ACTORS?.split(',');
const every: readonly MakeActor[] = [
  views,
  generations,
  versions,
  names,
  columns,
  engines,
  partitions,
  updates,
  databases,
  tokens,
  backups,
  rollups,
  folding,
  buffers,
  transfers,
  bucketBackups,
];
const all = every.filter(({ name }) => wanted?.includes(name) ?? true);

/** The statement that an error answered. */
const asked = new WeakMap<Error, string>();

class Statements {
  readonly faults: string[] = [];
  done = 0;
  crashes = 0;
  /** Statements that a full disk refused. */
  full = 0;
  /** Lives that ended because a sync failed. */
  failedSyncs = 0;
  readonly #disk: SimulatedDisk;
  readonly #below: (bound: number) => number;
  readonly #clock = manualClock(1_700_000_000_000);
  readonly #actors: readonly Actor[];
  #engine: Engine | undefined;
  #last = 0;
  /** Nothing is written any more until the next start. */
  #stopped = false;

  constructor(seed: number, disk: SimulatedDisk) {
    this.#below = randomNumbers(seed);
    this.#disk = disk;
    const left = [...all];
    const tools = {
      ask: (sql: string) => this.#ask(sql),
      below: this.#below,
      fresh: () => ++this.#last,
      nowMs: () => this.#clock.now(),
    };
    const chosen = Array.from({ length: ACTORS }, () => left.splice(this.#below(left.length), 1));
    this.#actors = chosen.flat().map((make) => make(tools));
  }

  async run(): Promise<void> {
    for (let life = 0; life < LIVES && this.faults.length === 0; life++) {
      await this.#life(life === LIVES - 1);
    }
  }

  async #life(last: boolean): Promise<void> {
    const disk = this.#disk;
    native().forgetStore(disk.files.store);
    this.#stopped = false;
    try {
      const settings = { outbound_hosts: storeHost, http_max_tries: '1' };
      const files = { api: disk.files };
      this.#engine = await open({ dataDir: '', files, clock: this.#clock, settings });
      for (const sql of this.#actors.flatMap(({ schema }) => schema)) await this.#ask(sql);
      await this.#check();
      if (!last) disk.crashAfter(1 + this.#below(300));
      if (!last && this.#below(8) === 0) disk.failSyncs(1 + this.#below(80));
      await Promise.all(this.#actors.flatMap((actor) => this.#clients(actor)));
      disk.setCapacity(undefined);
      if (!disk.crashed && !this.#stopped) await this.#check();
      if (last) await this.#engine.close();
    } catch (error) {
      if (!disk.crashed && !isOff(error)) this.#fault('life', error);
    }
    if (disk.crashed) this.crashes++;
    else if (this.#stopped) this.failedSyncs++;
    disk.setCapacity(undefined);
    disk.restart(this.#below(10) < 7);
    disk.crashAfter(undefined);
  }

  async #check(): Promise<void> {
    for (const actor of this.#actors) this.faults.push(...(await actor.check()));
  }

  #fault(where: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const sql = error instanceof Error ? asked.get(error) : undefined;
    this.faults.push(`${where}: ${sql ? `${sql}\n` : ''}${text}`);
  }

  async #ask(sql: string): Promise<Row[]> {
    return this.#rows(sql).catch((error) => {
      if (error instanceof Error) asked.set(error, sql);
      throw error;
    });
  }

  async #rows(sql: string): Promise<Row[]> {
    const request = { sql, format: 'JSONCompactEachRow', user: { name: 'default' } };
    const result = await this.#engine?.query(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of result?.chunks ?? []) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().split('\n');
    return lines.filter((line) => line).map((line) => JSON.parse(line) as Row);
  }

  #clients(actor: Actor): Promise<void>[] {
    const disk = this.#disk;
    return Array.from({ length: actor.clients }, async () => {
      for (let step = 0; step < STEPS && !disk.crashed && !this.#stopped; step++) {
        this.#clock.advance(this.#below(2000));
        // Now and then the disk is full for a while.
        if (this.#below(40) === 0) disk.setCapacity(disk.used + this.#below(20_000));
        else if (this.#below(6) === 0) disk.setCapacity(undefined);
        try {
          await actor.step();
          this.done++;
        } catch (error) {
          if (disk.crashed) return;
          if (isOff(error)) this.#stopped = true;
          else if ((error as { fault?: string }).fault === 'disk_full') this.full++;
          // Two statements wanted the same segments: one of them is told so.
          else if ((error as { code?: number }).code !== 236) this.#fault('statement', error);
        }
      }
    });
  }
}

/** The disk is not trusted any more: a sync failed. */
const isOff = (error: unknown): boolean => (error as { fault?: string }).fault === 'unavailable';

export interface StatementsResult {
  readonly faults: readonly string[];
  readonly done: number;
  readonly crashes: number;
  readonly full: number;
  readonly failedSyncs: number;
}

export async function simulateStatements(seed: number): Promise<StatementsResult> {
  const disk = openSimulated(native().files, seed);
  const life = new Statements(seed, disk);
  await life.run();
  disk.close();
  const { faults, done, crashes, full, failedSyncs } = life;
  return { faults, done, crashes, full, failedSyncs };
}
