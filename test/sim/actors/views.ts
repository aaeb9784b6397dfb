// A table with a projection and a chain of materialised views, whose partitions come and go: views hold
// what the table got, whatever became of it since; the projection holds what is there.

import { Batches, counts, type MakeActor } from './actor.ts';

const PARTS = 3;

export const views: MakeActor = ({ ask, below, fresh }) => {
  const batches = new Batches();
  /** Backups, and whether they were acknowledged. */
  const backups = new Map<string, boolean>();

  async function insert(): Promise<void> {
    const id = fresh();
    const rows = below(6) === 0 ? 70_000 : 1 + below(30);
    const how = below(3) === 0 ? 'SETTINGS async_insert = 1, wait_for_async_insert = 1 ' : '';
    const select = `SELECT number, number % ${PARTS}, ${id} FROM numbers(${rows})`;
    const values = Array.from({ length: rows }, (_, n) => `(${n}, ${n % PARTS}, ${id})`);
    const sql =
      how && rows < 100 ? `INSERT INTO a ${how}VALUES ${values.join()}` : `INSERT INTO a ${select}`;
    await batches.send(id, rows, () => ask(sql));
  }

  const part = () => below(PARTS);
  const statements: (() => Promise<unknown>)[] = [
    () => ask(`ALTER TABLE a DETACH PARTITION ${part()}`),
    () => ask(`ALTER TABLE a ATTACH PARTITION ${part()}`),
    () => ask(`ALTER TABLE a MOVE PARTITION ${part()} TO TABLE c`),
    () => ask(`ALTER TABLE c MOVE PARTITION ${part()} TO TABLE a`),
    () => ask(`OPTIMIZE TABLE ${below(2) ? 'a' : 'b'} FINAL`),
    () => ask(`ALTER TABLE a FREEZE PARTITION ${part()} WITH NAME 'f${fresh()}'`),
    async () => {
      const sql = 'CHECK TABLE a SETTINGS check_query_single_value_result = 0';
      const bad = (await ask(sql)).filter(([, passed]) => Number(passed) !== 1);
      if (bad.length > 0) throw new Error(`CHECK TABLE finds damage: ${bad}`);
    },
    async () => {
      const name = `k${fresh()}`;
      backups.set(name, false);
      await ask(`BACKUP TABLE b, TABLE e TO File('${name}')`);
      backups.set(name, true);
    },
  ];

  async function viewFaults(base: ReadonlyMap<number, number>): Promise<string[]> {
    const faults: string[] = [];
    for (const table of ['b', 'e']) {
      const view = counts(await ask(`SELECT batch, sum(n) FROM ${table} GROUP BY batch`));
      for (const id of new Set([...base.keys(), ...view.keys()])) {
        if (base.get(id) === view.get(id)) continue;
        faults.push(`${table} has ${view.get(id)} rows of batch ${id}, a has ${base.get(id)}`);
      }
    }
    return faults;
  }

  async function backupFaults(): Promise<string[]> {
    const faults: string[] = [];
    for (const [name, acked] of backups) {
      try {
        await ask(`RESTORE TABLE b AS rb, TABLE e AS re FROM File('${name}')`);
      } catch (error) {
        // One that was cut off is no backup.
        if (acked) throw error;
        continue;
      }
      const [rb, re] = await Promise.all(
        ['rb', 're'].map((t) => ask(`SELECT batch, sum(n) FROM ${t} GROUP BY batch ORDER BY 1`)),
      );
      if (JSON.stringify(rb) !== JSON.stringify(re))
        faults.push(`backup ${name} is of two moments`);
      for (const table of ['rb', 're']) await ask(`DROP TABLE ${table} SYNC`);
    }
    backups.clear();
    return faults;
  }

  return {
    clients: 2,
    schema: [
      `CREATE TABLE IF NOT EXISTS a (id UInt64, part UInt8, batch UInt32,
         PROJECTION p (SELECT part, sum(id), count() GROUP BY part))
       ENGINE = MergeTree PARTITION BY part ORDER BY id`,
      'CREATE TABLE IF NOT EXISTS c (id UInt64, part UInt8, batch UInt32) ENGINE = MergeTree PARTITION BY part ORDER BY id',
      'CREATE TABLE IF NOT EXISTS b (batch UInt32, n UInt64) ENGINE = SummingMergeTree ORDER BY batch',
      'CREATE TABLE IF NOT EXISTS e (batch UInt32, n UInt64) ENGINE = MergeTree ORDER BY batch',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS ab TO b AS SELECT batch, count() AS n FROM a GROUP BY batch',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS be TO e AS SELECT batch, n FROM b',
    ],
    step: async () => void (await (statements[below(2 * statements.length)] ?? insert)()),
    async check() {
      await ask('ALTER TABLE a ATTACH PARTITION ALL');
      const rows = '(SELECT batch FROM a UNION ALL SELECT batch FROM c)';
      const base = counts(await ask(`SELECT batch, count() FROM ${rows} GROUP BY batch`));
      const grouped = 'SELECT part, sum(id), count() FROM a GROUP BY part ORDER BY part';
      const fast = JSON.stringify(await ask(grouped));
      const slow = JSON.stringify(await ask(`${grouped} SETTINGS optimize_use_projections = 0`));
      const projection = fast === slow ? [] : [`projection: ${fast}, rows: ${slow}`];
      return [
        ...batches.faults(base),
        ...(await viewFaults(base)),
        ...projection,
        ...(await backupFaults()),
      ];
    },
  };
};
