// Inserts with tokens into a table and its view: a client without an answer sends its rows again, also after
// restarts, and they are there once.

import { counts, type MakeActor } from './actor.ts';

interface Sent {
  readonly id: number;
  readonly rows: number;
  acked: boolean;
}

export const tokens: MakeActor = ({ ask, below, fresh }) => {
  const all: Sent[] = [];

  async function send(sent: Sent): Promise<void> {
    const { id, rows } = sent;
    const values = Array.from({ length: rows }, (_, n) => `(${n}, ${id})`).join();
    const settings = `insert_deduplication_token = 'tok-${id}', async_insert = ${id % 2}`;
    await ask(`INSERT INTO tt SETTINGS ${settings} VALUES ${values}`);
    sent.acked = true;
  }

  async function insert(): Promise<void> {
    const sent = { id: fresh(), rows: 1 + below(40), acked: false };
    all.push(sent);
    // An impatient client sends its rows twice at once.
    await Promise.all(below(4) === 0 ? [send(sent), send(sent)] : [send(sent)]);
  }

  async function again(): Promise<void> {
    const sent = all[below(all.length)];
    if (sent) await send(sent);
  }

  const steps: (() => Promise<unknown>)[] = [
    insert,
    insert,
    insert,
    again,
    again,
    () => ask('OPTIMIZE TABLE tt FINAL'),
    () => ask("ALTER TABLE tt MODIFY COMMENT ''"),
  ];

  return {
    clients: 3,
    schema: [
      `CREATE TABLE IF NOT EXISTS tt (n UInt32, batch UInt32) ENGINE = MergeTree ORDER BY n
       SETTINGS non_replicated_deduplication_window = 1000`,
      'CREATE TABLE IF NOT EXISTS tv (batch UInt32, n UInt64) ENGINE = SummingMergeTree ORDER BY batch',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS ttv TO tv AS SELECT batch, count() AS n FROM tt GROUP BY batch',
    ],
    step: async () => void (await (steps[below(steps.length)] ?? insert)()),
    async check() {
      for (const sent of all) if (!sent.acked || below(4) === 0) await send(sent);
      const faults: string[] = [];
      const rows = counts(await ask('SELECT batch, count() FROM tt GROUP BY batch'));
      const view = counts(await ask('SELECT batch, sum(n) FROM tv GROUP BY batch'));
      for (const { id, rows: wanted } of all) {
        for (const [table, there] of [rows.get(id), view.get(id)].entries()) {
          if (there !== wanted) faults.push(`token ${id}: ${there} of ${wanted} rows (${table})`);
        }
      }
      return faults;
    },
  };
};
