// Lives of a database: random work by several clients at once, a crash at a random operation of the
// disk (the process is killed, or the power goes), recovery, comparison with the model; and again.

import {
  type TableDefinition,
  withColumn,
  withoutColumn,
} from '../../engine/catalog/definition.ts';
import { manualClock } from '../../engine/clock.ts';
import { EngineError } from '../../engine/errors.ts';
import { alterRows } from '../../engine/storage/mutations/alter-rows.ts';
import { deleteMarked } from '../../engine/storage/mutations/marked-rows.ts';
import * as mutations from '../../engine/storage/mutations/mutations.ts';
import { attachSegments, detachSegments } from '../../engine/storage/partitions.ts';
import { DdlTables } from './ddl-tables.ts';
import { Draw } from './draw.ts';
import { hurtLog, repairLog } from './log-damage.ts';
import type { Machine, Row, World } from './machine.ts';
import { type Batch, type Budget, TableModel } from './model.ts';

const LIVES = 4;
const CLIENTS = 4;
const PARTS = 3;

export interface SimulationResult {
  readonly faults: string[];
  readonly acked: number;
  readonly restarts: number;
  /** Inserts that a full disk refused. */
  readonly full: number;
  /** Lives that began with a log in which flipped bits may have taken inserts. */
  readonly hurt: number;
}

const nextTurn = (): Promise<void> => new Promise((go) => setImmediate(go));

class Simulation {
  readonly faults: string[] = [];
  acked = 0;
  #full = 0;
  readonly #draw: Draw;
  readonly #pass: () => Promise<void>;
  readonly #rows = new TableModel('rows');
  readonly #parts = new TableModel('parts');
  readonly #ddl: DdlTables;
  #nextBatch = 1;
  #nextRow = 1;
  #nextDrop = 1;
  /** Partitions that a statement is dropping: what is inserted meanwhile may go with it. */
  readonly #dropping = new Set<number>();
  /** Inserts that flipped bits may have taken. */
  #lost: Budget = { left: 0 };
  #hurt = 0;
  #on = false;

  constructor(seed: number, { pass = nextTurn }: Machine) {
    this.#draw = new Draw(seed);
    this.#pass = pass;
    this.#ddl = new DdlTables(this.#draw, (error) => this.#fault('ddl', error));
  }

  async run(machine: Machine): Promise<SimulationResult> {
    const clock = manualClock(1_700_000_000_000);
    let restarts = 0;
    for (let life = 0; life < LIVES && this.faults.length === 0; life++) {
      const last = life === LIVES - 1;
      if (!(await this.#life(machine, clock, last))) continue;
      restarts++;
    }
    return { faults: this.faults, acked: this.acked, restarts, full: this.#full, hurt: this.#hurt };
  }

  /** One life up to its end; false when the crash came before the work began. */
  async #life(machine: Machine, clock: ReturnType<typeof manualClock>, last: boolean) {
    const { disk } = machine;
    const draw = this.#draw;
    if (!last && draw.chance(0.2)) disk.crashAfter(1 + draw.below(40));
    let world: World;
    try {
      // A disk that was full when the machine stopped is still full: opening needs no space.
      world = await machine.boot(clock);
      disk.setCapacity(undefined);
      await this.#ensureTables(world);
      await this.#compare(world);
    } catch (error) {
      if (!disk.crashed) this.#fault('start', error);
      disk.restart(draw.chance(0.7));
      return false;
    }
    disk.crashAfter(last ? undefined : 1 + draw.below(400));
    if (!last && draw.chance(0.1)) disk.failSyncs(1 + draw.below(40));
    this.#on = true;
    world.storage.start();
    const work = Array.from({ length: CLIENTS }, () => this.#client(world, disk));
    await Promise.all([...work, this.#reader(world, disk)]);
    if (last) disk.setCapacity(undefined);
    if (last || (!disk.crashed && draw.chance(0.3))) await this.#stopGently(machine, world, clock);
    await world.storage.idle().catch(() => {});
    disk.restart(draw.chance(0.7));
    this.#settle();
    if (draw.chance(0.25)) this.#lost.left = hurtLog(disk, (bound) => draw.below(bound));
    if (this.#lost.left > 0) this.#hurt++;
    return true;
  }

  #fault(where: string, error: unknown): void {
    this.faults.push(
      `${where}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
    );
  }

  async #ensureTables({ storage, define }: World): Promise<void> {
    const { catalog } = storage.context;
    if (!catalog.state.databases.has('d')) {
      await catalog.commit({ ddl: [{ op: 'createDatabase', name: 'd' }] });
    }
    for (const name of ['rows', 'parts']) {
      if (catalog.find('d', name)) continue;
      await catalog.commit({ ddl: [{ op: 'createTable', definition: define(name) }] });
    }
    // What a crash left detached comes back: its rows were never given up.
    const store = storage.store(catalog.find('d', 'parts')?.id ?? 0);
    const comesBack = storage.damagedLog?.of(store.id) === undefined;
    if (comesBack && store.table.detached?.length) await attachSegments(storage, store, () => true);
  }

  async #compare(world: World): Promise<void> {
    const models = [this.#rows, this.#parts];
    this.faults.push(...(await repairLog(world, models)));
    await this.#ensureTables(world);
    for (const model of models) {
      const faults = model.faultsOfRestart(await world.read(model.name), this.#lost);
      this.faults.push(...faults.map((fault) => `${model.name} after a restart: ${fault}`));
    }
    this.#lost = { left: 0 };
    this.faults.push(...this.#ddl.faultsOfRestart(world));
    await this.#retryTokens(world);
  }

  /** A client that got no answer sends its rows again under the same token. */
  async #retryTokens(world: World): Promise<void> {
    const named = [...this.#rows.batches.values()].filter((b) => b.token);
    for (const batch of named.slice(-6)) {
      if (batch.state !== 'acked' && batch.state !== 'refused') continue;
      const { token } = batch;
      const there = batch.state === 'acked';
      batch.state = there ? 'acked' : 'unknown';
      const large = this.#draw.chance(0.3);
      const answer = await world.insert('rows', batch.rows, { token: token ?? '', large });
      const expected = there ? [0, batch.rows.length] : [batch.rows.length, 0];
      if (answer.rows !== expected[0] || answer.deduplicated !== expected[1]) {
        this.faults.push(`token of batch ${batch.id}: ${JSON.stringify(answer)}, there: ${there}`);
      }
      batch.state = 'acked';
    }
  }

  /** What had no answer when the machine stopped. */
  #settle(): void {
    this.#on = false;
    this.#dropping.clear();
    for (const model of [this.#rows, this.#parts]) {
      for (const batch of model.in('sent')) batch.state = 'unknown';
    }
  }

  async #stopGently(machine: Machine, world: World, clock: ReturnType<typeof manualClock>) {
    if (machine.disk.crashed) return;
    machine.disk.setCapacity(undefined);
    await world.storage.close();
    const stopped = machine.disk.crashed || world.storage.context.health.poisoned;
    if (stopped) return;
    machine.disk.restart(true);
    machine.disk.crashAfter(undefined);
    const again = await machine.boot(clock);
    if (!again.storage.context.catalog.wasClean) this.faults.push('the stop was not clean');
    await this.#ensureTables(again);
    await this.#compare(again);
    await again.storage.close();
  }

  async #client(world: World, disk: Machine['disk']): Promise<void> {
    for (let step = 0; step < 25 && this.#on && !disk.crashed; step++) {
      // Now and then the disk is full for a while.
      if (this.#draw.chance(0.02)) disk.setCapacity(disk.used + this.#draw.below(4000));
      else if (this.#draw.chance(0.1)) disk.setCapacity(undefined);
      await this.#step(world);
      if (world.storage.context.health.poisoned) return;
      if (this.faults.length > 5) return;
    }
  }

  async #step(world: World): Promise<void> {
    const draw = this.#draw;
    const dice = draw.below(100);
    if (dice < 35) return this.#insert(world, this.#rows, {});
    if (dice < 45) return this.#insert(world, this.#rows, { large: true });
    if (dice < 55) return this.#insert(world, this.#rows, { token: `t${this.#nextBatch}` });
    if (dice < 63) return this.#insert(world, this.#parts, { part: draw.below(PARTS) });
    if (dice < 70) return this.#delete(world);
    if (dice < 74) return this.#dropPartition(world);
    if (dice < 76) return this.#detachPartition(world);
    if (dice < 82) return this.#ddl.step(world);
    if (dice < 86) return this.#shape(world);
    const { storage } = world;
    const table = () => storage.store(storage.context.catalog.find('d', 'rows')?.id ?? 0);
    if (dice < 90) return this.#quietly(() => storage.flusher.flush(table()));
    if (dice < 94) {
      const final = draw.chance(0.5);
      return this.#quietly(() => storage.merges.optimize(table(), { final }));
    }
    world.clock.advance(draw.pick([100, 2_000, 40_000, 600_000]) ?? 0);
    await this.#pass();
  }

  /** A statement whose failure changes nothing that the model knows. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof EngineError)) this.#fault('statement', error);
    }
  }

  #batch(n: number, part: number | undefined, token: string | undefined): Batch {
    const id = this.#nextBatch++;
    const rows: Row[] = Array.from({ length: n }, () => {
      const row = this.#nextRow++;
      return { id: row, part: part ?? row % PARTS, batch: id };
    });
    return { id, rows, state: 'sent', ...(token ? { token } : {}) };
  }

  async #insert(
    world: World,
    model: TableModel,
    options: { large?: boolean; token?: string; part?: number },
  ): Promise<void> {
    if (options.part !== undefined && this.#dropping.has(options.part)) return;
    const draw = this.#draw;
    const n = options.large ? 1 + draw.below(60) : 1 + draw.below(6);
    const batch = this.#batch(n, options.part, options.token);
    model.batches.set(batch.id, batch);
    const { large, token } = options;
    const send = () =>
      world.insert(model.name, batch.rows, { large: large ?? false, ...(token ? { token } : {}) });
    try {
      const answers = await Promise.all(token && draw.chance(0.4) ? [send(), send()] : [send()]);
      const rows = answers.reduce((sum, answer) => sum + answer.rows, 0);
      if (rows !== n) this.faults.push(`batch ${batch.id}: ${rows} of ${n} rows acknowledged`);
      batch.state = 'acked';
      this.acked++;
    } catch (error) {
      if (error instanceof EngineError && error.fault === 'disk_full') this.#full++;
      if (!(error instanceof EngineError)) this.#fault('insert', error);
      else if (error.fault === 'bug' && !/machine is off/.test(error.message)) {
        this.#fault('insert', error);
      }
      const open = world.storage.context.health.poisoned || token;
      batch.state = open ? 'unknown' : 'refused';
    }
  }

  async #delete(world: World): Promise<void> {
    const batch = this.#draw.pick(this.#rows.in('acked'));
    if (!batch) return;
    batch.state = 'going';
    const { storage } = world;
    const store = storage.store(storage.context.catalog.find('d', 'rows')?.id ?? 0);
    try {
      if (world.condition && this.#draw.chance(0.6)) {
        await deleteMarked(storage, store, world.condition(batch.id));
      } else await mutations.rewrite(storage, store, world.deleteBatch(batch.id));
      batch.state = 'gone';
    } catch (error) {
      if (!(error instanceof EngineError)) this.#fault('delete', error);
      // Refused means that nothing happened, unless the disk is not trusted any more.
      if (!storage.context.health.poisoned) batch.state = 'acked';
    }
  }

  async #dropPartition(world: World): Promise<void> {
    const part = this.#draw.below(PARTS);
    const members = this.#parts.in('acked').filter((b) => b.rows[0]?.part === part);
    // Batches on their way may or may not be caught by it.
    const onTheWay = this.#parts.in('sent').some((b) => b.rows[0]?.part === part);
    if (members.length === 0 || onTheWay || this.#dropping.has(part)) return;
    this.#dropping.add(part);
    const drop = this.#nextDrop++;
    for (const batch of members) Object.assign(batch, { state: 'going', drop });
    const { storage } = world;
    const store = storage.store(storage.context.catalog.find('d', 'parts')?.id ?? 0);
    try {
      await mutations.dropPartitions(storage, store, (partition) => partition === String(part));
      for (const batch of members) batch.state = 'gone';
    } catch (error) {
      if (!(error instanceof EngineError)) this.#fault('drop partition', error);
      if (!storage.context.health.poisoned) for (const batch of members) batch.state = 'acked';
    }
    this.#dropping.delete(part);
  }

  /** DETACH PARTITION and ATTACH PARTITION: nothing of it is lost, whenever the machine stops. */
  async #detachPartition({ storage }: World): Promise<void> {
    const part = this.#draw.below(PARTS);
    const mine = (b: Batch) => b.rows[0]?.part === part;
    const members = this.#parts.in('acked').filter(mine);
    if (members.length === 0 || this.#parts.in('sent').some(mine)) return;
    if (this.#dropping.has(part)) return;
    this.#dropping.add(part);
    for (const batch of members) batch.state = 'aside';
    const store = storage.store(storage.context.catalog.find('d', 'parts')?.id ?? 0);
    const only = ({ partition }: { partition: string }) => partition === String(part);
    try {
      await detachSegments(storage, store, only);
      await attachSegments(storage, store, only);
      for (const batch of members) batch.state = 'acked';
      this.#dropping.delete(part);
    } catch (error) {
      if (!(error instanceof EngineError)) this.#fault('detach partition', error);
      // It may lie beside the table now: the partition is left alone until the next start.
    }
  }

  /** ALTER of the big table: a column comes or goes. */
  async #shape({ storage }: World): Promise<void> {
    const store = storage.store(storage.context.catalog.find('d', 'rows')?.id ?? 0);
    const change = (definition: TableDefinition): TableDefinition =>
      definition.columns.length > 3
        ? withoutColumn(definition, 'extra')
        : withColumn(definition, { name: 'extra', type: 'UInt8' }, undefined);
    const rewrites = this.#draw.chance(0.4);
    await this.#quietly(() =>
      rewrites
        ? alterRows(storage, store, change, () => ({ all: true }))
        : mutations.alter(storage, store, change),
    );
  }

  /** Looks at what is there while the others work. */
  async #reader(world: World, disk: Machine['disk']): Promise<void> {
    for (let step = 0; step < 15 && !disk.crashed && this.faults.length === 0; step++) {
      for (const model of [this.#rows, this.#parts]) {
        const there = model.in('acked');
        const gone = model.in('gone', 'refused');
        try {
          const rows = await world.read(model.name);
          const sure = there.filter((batch) => batch.state === 'acked');
          const faults = model.faultsOfRead(rows, sure, gone);
          this.faults.push(...faults.map((fault) => `${model.name} while reading: ${fault}`));
        } catch (error) {
          if (!disk.crashed) this.#fault('read', error);
        }
      }
      for (let i = this.#draw.below(6); i >= 0; i--) await this.#pass();
    }
  }
}

/** Runs one seed to its end. Faults are texts; none means that every promise held. */
export function simulate(seed: number, machine: Machine): Promise<SimulationResult> {
  return new Simulation(seed, machine).run(machine);
}
