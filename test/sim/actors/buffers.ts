// A Buffer before a table with a view: rows that the Buffer acknowledged are in the table, once, whatever becomes
// of the Buffer.

import { Batches, counts, type MakeActor } from './actor.ts';

const buffer =
  'CREATE TABLE IF NOT EXISTS bf AS bt ENGINE = Buffer(currentDatabase(), bt, 4, 10, 100, 10, 1000, 1000, 100000)';
/** The Buffer is not there at the moment: another client drops it, or takes it aside. */
const isAway = ({ code }: { code?: number }): boolean => code === 60 || code === 390;

export const buffers: MakeActor = ({ ask, below, fresh }) => {
  const batches = new Batches();

  async function insert(): Promise<void> {
    const [id, rows] = [fresh(), 1 + below(40)];
    const values = Array.from({ length: rows }, (_, n) => `(${id}, ${n})`).join();
    const statements = [
      `INSERT INTO bf SELECT ${id}, number FROM numbers(${rows})`,
      `INSERT INTO bf VALUES ${values}`,
      `INSERT INTO bf SETTINGS async_insert = 1, wait_for_async_insert = 1 VALUES ${values}`,
      `INSERT INTO bt SELECT ${id}, number FROM numbers(${rows})`,
    ];
    await batches.send(id, rows, () => ask(statements[below(statements.length)] ?? ''));
  }

  const others: (() => Promise<unknown>)[] = [
    () => ask('OPTIMIZE TABLE bf'),
    () => ask('OPTIMIZE TABLE bt FINAL'),
    () => ask('DROP TABLE IF EXISTS bf SYNC').then(() => ask(buffer)),
    () => ask('DETACH TABLE IF EXISTS bf').then(() => ask('ATTACH TABLE IF NOT EXISTS bf')),
    () => ask(`ALTER TABLE bt MODIFY COMMENT '${fresh()}'`),
  ];

  return {
    clients: 3,
    schema: [
      'CREATE TABLE IF NOT EXISTS bt (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY batch',
      'CREATE TABLE IF NOT EXISTS bw (batch UInt32, n UInt64) ENGINE = SummingMergeTree ORDER BY batch',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS bv TO bw AS SELECT batch, count() AS n FROM bt GROUP BY batch',
    ],
    async step() {
      const other = others[below(3 * others.length)];
      await (other?.() ?? insert()).catch((error) => {
        if (!isAway(error)) throw error;
      });
    },
    async check() {
      // A stop may have come between DETACH and ATTACH, or between DROP and CREATE.
      await ask('ATTACH TABLE IF NOT EXISTS bf').catch((error) => {
        if (!isAway(error)) throw error;
      });
      await ask(buffer);
      const rows = counts(await ask('SELECT batch, count() FROM bf GROUP BY batch'));
      const view = counts(await ask('SELECT batch, sum(n) FROM bw GROUP BY batch'));
      const torn = [...rows].filter(([id, n]) => view.get(id) !== n);
      return [
        ...torn.map(([id, n]) => `view of batch ${id}: ${view.get(id)}, not ${n}`),
        ...batches.faults(rows),
      ];
    },
  };
};
