// A table whose columns and indexes change under inserts: every batch is there whole, and a column has the
// values that it was given, under whatever name and type.

import { Batches, counts, type MakeActor } from './actor.ts';

export const columns: MakeActor = ({ ask, below, fresh }) => {
  const batches = new Batches();

  /** The column with twice the id: `v` or `w`. */
  async function twice(): Promise<string> {
    const sql = "SELECT name FROM system.columns WHERE table = 'k' AND name IN ('v', 'w')";
    return String((await ask(sql))[0]?.[0]);
  }

  const alters: (() => Promise<string>)[] = [
    async () => 'ADD COLUMN IF NOT EXISTS extra UInt8 DEFAULT 7 AFTER id',
    async () => 'DROP COLUMN IF EXISTS extra',
    async () => `MODIFY COLUMN ${await twice()} ${below(2) ? 'UInt64' : 'Int128'}`,
    async () => ((await twice()) === 'v' ? 'RENAME COLUMN v TO w' : 'RENAME COLUMN w TO v'),
    async () => 'ADD INDEX IF NOT EXISTS i batch TYPE set(100) GRANULARITY 1',
    async () => 'MATERIALIZE INDEX i',
    async () => 'DROP INDEX IF EXISTS i',
    async () => `COMMENT COLUMN id '${fresh()}'`,
  ];

  return {
    clients: 2,
    schema: [
      'CREATE TABLE IF NOT EXISTS k (id UInt64, v UInt64, batch UInt32) ENGINE = MergeTree ORDER BY id',
    ],
    async step() {
      const alter = alters[below(2 * alters.length)];
      if (alter) {
        await ask(`ALTER TABLE k ${await alter()} SETTINGS mutations_sync = 2`).catch((error) => {
          // Another ALTER was faster.
          if (![10, 15, 16, 36, 44, 47].includes(error.code)) throw error;
        });
        return;
      }
      const [id, rows] = [fresh(), 1 + below(40)];
      const column = await twice();
      const from = `SELECT number, number * 2, ${id} FROM numbers(${rows})`;
      await batches
        .send(id, rows, () => ask(`INSERT INTO k (id, ${column}, batch) ${from}`))
        .catch((error) => {
          if (![16, 47].includes(error.code)) throw error;
        });
    },
    async check() {
      const column = await twice();
      const [row] = await ask(`SELECT countIf(${column} != id * 2) FROM k`);
      const wrong = Number(row?.[0]) === 0 ? [] : [`${row?.[0]} rows of k have another ${column}`];
      const there = counts(await ask('SELECT batch, count() FROM k GROUP BY batch'));
      return [...batches.faults(there), ...wrong];
    },
  };
};
