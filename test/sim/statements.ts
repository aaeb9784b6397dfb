// Lives of a whole database: statements that write several tables in one act, move partitions, restore
// versions and make backups, cut off by crashes; compared with a model after each recovery.

import { manualClock } from '../../engine/clock.ts';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { native } from '../../engine/native.ts';
import { openSimulated, type SimulatedDisk } from '../../engine/storage/native-files.ts';
import { randomNumbers } from '../engine-storage/support.ts';

const LIVES = 3;
const CLIENTS = 3;
const STEPS = 10;
const PARTS = 3;

const schema = [
  `CREATE TABLE IF NOT EXISTS a (id UInt64, part UInt8, batch UInt32,
     PROJECTION p (SELECT part, sum(id), count() GROUP BY part))
   ENGINE = MergeTree PARTITION BY part ORDER BY id`,
  'CREATE TABLE IF NOT EXISTS c (id UInt64, part UInt8, batch UInt32) ENGINE = MergeTree PARTITION BY part ORDER BY id',
  'CREATE TABLE IF NOT EXISTS b (batch UInt32, n UInt64) ENGINE = SummingMergeTree ORDER BY batch',
  'CREATE TABLE IF NOT EXISTS e (batch UInt32, n UInt64) ENGINE = MergeTree ORDER BY batch',
  'CREATE MATERIALIZED VIEW IF NOT EXISTS ab TO b AS SELECT batch, count() AS n FROM a GROUP BY batch',
  'CREATE MATERIALIZED VIEW IF NOT EXISTS be TO e AS SELECT batch, n FROM b',
  'CREATE TABLE IF NOT EXISTS m (id UInt32, gen UInt32, n UInt32) ENGINE = MergeTree ORDER BY id',
  'CREATE TABLE IF NOT EXISTS h (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS history_retention = 1000000000',
];

type Row = (string | number)[];

interface Batch {
  readonly rows: number;
  state: 'sent' | 'acked' | 'refused' | 'unknown';
}

class Statements {
  readonly faults: string[] = [];
  acked = 0;
  crashes = 0;
  readonly #disk: SimulatedDisk;
  readonly #draw: (below: number) => number;
  readonly #clock = manualClock(1_700_000_000_000);
  readonly #batches = new Map<number, Batch>();
  /** Versions of `h` that were seen, and how many rows each has. */
  readonly #versions = new Map<number, number>();
  readonly #backups: string[] = [];
  #next = 1;

  constructor(seed: number, disk: SimulatedDisk) {
    this.#draw = randomNumbers(seed);
    this.#disk = disk;
  }

  async run(): Promise<void> {
    for (let life = 0; life < LIVES && this.faults.length === 0; life++) {
      await this.#life(life === LIVES - 1);
    }
  }

  async #life(last: boolean): Promise<void> {
    const disk = this.#disk;
    let engine: Engine | undefined;
    native().forgetStore(disk.files.store);
    try {
      engine = await open({ dataDir: '', files: { api: disk.files }, clock: this.#clock });
      for (const sql of schema) await this.#ask(engine, sql);
      await this.#check(engine);
      if (!last) disk.crashAfter(1 + this.#draw(250));
      const work = Array.from({ length: CLIENTS }, (_, i) => this.#client(engine as Engine, i));
      await Promise.all(work);
      if (!disk.crashed) await this.#check(engine);
      if (last) await engine.close();
    } catch (error) {
      if (!disk.crashed) this.#fault('life', error);
    }
    for (const batch of this.#batches.values()) {
      if (batch.state === 'sent') batch.state = 'unknown';
    }
    if (disk.crashed) this.crashes++;
    disk.restart(this.#draw(10) < 7);
    disk.crashAfter(undefined);
  }

  #fault(where: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.faults.push(`${where}: ${text}`);
  }

  async #ask(engine: Engine, sql: string): Promise<Row[]> {
    const format = 'JSONCompactEachRow';
    const result = await engine.query({ sql, format, user: { name: 'default' } });
    const chunks: Uint8Array[] = [];
    for await (const chunk of result.chunks) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().split('\n');
    return lines.filter((line) => line).map((line) => JSON.parse(line) as Row);
  }

  async #client(engine: Engine, number: number): Promise<void> {
    for (let step = 0; step < STEPS && !this.#disk.crashed; step++) {
      this.#clock.advance(this.#draw(2000));
      try {
        if (number === 0) await this.#version(engine);
        else await this.#step(engine);
      } catch (error) {
        if (this.#disk.crashed) return;
        // Two statements wanted the same segments: one of them is told so.
        if ((error as { code?: number }).code !== 236) this.#fault('statement', error);
      }
    }
  }

  async #step(engine: Engine): Promise<void> {
    const part = this.#draw(PARTS);
    const ask = (sql: string) => this.#ask(engine, sql);
    switch (this.#draw(14)) {
      case 12:
        return void (await ask(this.#merge()));
      case 13:
        // Looks like a change of every row and is none that the check could see.
        if (this.#draw(2))
          return void (await ask('ALTER TABLE m UPDATE gen = gen WHERE id % 2 = 0'));
        return void (await ask('OPTIMIZE TABLE m FINAL'));
      case 0:
        return void (await ask(`ALTER TABLE a DETACH PARTITION ${part}`));
      case 1:
        return void (await ask(`ALTER TABLE a ATTACH PARTITION ${part}`));
      case 2:
        return void (await ask(`ALTER TABLE a MOVE PARTITION ${part} TO TABLE c`));
      case 3:
        return void (await ask(`ALTER TABLE c MOVE PARTITION ${part} TO TABLE a`));
      case 4:
        return void (await ask(`OPTIMIZE TABLE ${this.#draw(2) ? 'a' : 'b'} FINAL`));
      case 5: {
        const name = `k${this.#next++}`;
        await ask(`BACKUP TABLE b, TABLE e TO File('${name}')`);
        this.#backups.push(name);
        return;
      }
      default:
        return this.#insert(engine);
    }
  }

  /** Some rows change, some go and some come: afterwards all are of one generation, which knows how many
   *  it has. */
  #merge(): string {
    const rows = 1 + this.#draw(40);
    const source = `SELECT toUInt32(number) AS id, ${this.#next++} AS gen, ${rows} AS n FROM numbers(${this.#draw(20)}, ${rows})`;
    return `MERGE INTO m USING (${source}) AS s ON m.id = s.id
      WHEN MATCHED THEN UPDATE SET gen = s.gen, n = s.n
      WHEN NOT MATCHED THEN INSERT (id, gen, n) VALUES (s.id, s.gen, s.n)
      WHEN NOT MATCHED BY SOURCE THEN DELETE`;
  }

  async #insert(engine: Engine): Promise<void> {
    const id = this.#next++;
    const rows = this.#draw(6) === 0 ? 70_000 : 1 + this.#draw(30);
    const batch: Batch = { rows, state: 'sent' };
    this.#batches.set(id, batch);
    try {
      await this.#ask(
        engine,
        `INSERT INTO a SELECT number, number % ${PARTS}, ${id} FROM numbers(${rows})`,
      );
      batch.state = 'acked';
      this.acked++;
    } catch (error) {
      if (!this.#disk.crashed) batch.state = 'refused';
      throw error;
    }
  }

  async #version(engine: Engine): Promise<void> {
    const ask = (sql: string) => this.#ask(engine, sql);
    const known = [...this.#versions.keys()];
    const step = this.#draw(5);
    if (step === 0 && known.length > 0) {
      const version = known[this.#draw(known.length)] as number;
      await ask(`RESTORE TABLE h TO VERSION AS OF ${version}`);
      const [row] = await ask('SELECT count() FROM h');
      const wanted = this.#versions.get(version);
      if (row?.[0] !== wanted) this.faults.push(`restored ${version}: ${row?.[0]}, not ${wanted}`);
    } else if (step === 1) await ask(`ALTER TABLE h DELETE WHERE id % 5 = ${this.#draw(5)}`);
    else if (step === 2) await ask('OPTIMIZE TABLE h FINAL');
    else await ask(`INSERT INTO h SELECT number FROM numbers(${1 + this.#draw(50)})`);
    for (const [version, rows] of await ask('SELECT version, rows FROM (DESCRIBE HISTORY h)')) {
      this.#versions.set(Number(version), Number(rows));
    }
  }

  async #check(engine: Engine): Promise<void> {
    const ask = (sql: string) => this.#ask(engine, sql);
    const counts = async (sql: string) => {
      const rows = await ask(`SELECT batch, sum(n) FROM (${sql}) GROUP BY batch`);
      return new Map(rows.map(([batch, n]) => [Number(batch), Number(n)]));
    };
    await ask('ALTER TABLE a ATTACH PARTITION ALL');
    const base = await counts('SELECT batch, 1 AS n FROM a UNION ALL SELECT batch, 1 AS n FROM c');
    for (const [id, { rows, state }] of this.#batches) {
      const there = base.get(id) ?? 0;
      const fits =
        state === 'acked'
          ? there === rows
          : state === 'refused'
            ? there === 0
            : there % rows === 0 && there <= rows;
      if (!fits) this.faults.push(`batch ${id} (${state}): ${there} of ${rows} rows`);
      if (state === 'unknown') (this.#batches.get(id) as Batch).state = there ? 'acked' : 'refused';
    }
    const [merged] = await ask('SELECT count(), uniqExact(gen), max(n), uniqExact(id) FROM m');
    const [count, generations, wanted, ids] = (merged ?? []).map(Number);
    if (count !== wanted || count !== ids || (generations ?? 0) > 1) {
      this.faults.push(`merged rows are torn: ${JSON.stringify(merged)}`);
    }
    for (const table of ['b', 'e']) {
      const view = await counts(`SELECT batch, n FROM ${table}`);
      for (const id of new Set([...base.keys(), ...view.keys()])) {
        if (base.get(id) === view.get(id)) continue;
        this.faults.push(`${table} has ${view.get(id)} rows of batch ${id}, a has ${base.get(id)}`);
      }
    }
    const grouped = 'SELECT part, sum(id), count() FROM a GROUP BY part ORDER BY part';
    const fast = JSON.stringify(await ask(grouped));
    const slow = JSON.stringify(await ask(`${grouped} SETTINGS optimize_use_projections = 0`));
    if (fast !== slow) this.faults.push(`projection: ${fast}, rows: ${slow}`);
    for (const [version, rows] of this.#versions) {
      const [row] = await ask(`SELECT count() FROM h VERSION AS OF ${version}`);
      if (row?.[0] !== rows) this.faults.push(`version ${version}: ${row?.[0]}, not ${rows}`);
    }
    for (const name of this.#backups.splice(0)) {
      await ask(`RESTORE TABLE b AS rb, TABLE e AS re FROM File('${name}')`);
      const [rb, re] = [await counts('SELECT * FROM rb'), await counts('SELECT * FROM re')];
      if (JSON.stringify([...rb].sort()) !== JSON.stringify([...re].sort())) {
        this.faults.push(`backup ${name} is of two moments`);
      }
      await ask('DROP TABLE rb SYNC');
      await ask('DROP TABLE re SYNC');
    }
  }
}

export async function simulateStatements(
  seed: number,
): Promise<{ faults: string[]; acked: number; crashes: number }> {
  const disk = openSimulated(native().files, seed);
  const life = new Statements(seed, disk);
  await life.run();
  disk.close();
  const { faults, acked, crashes } = life;
  return { faults, acked, crashes };
}
