// Statements that change every row of a table at once: afterwards all rows are of one generation, which
// knows how many it has. A view with REFRESH takes what is there at some moment.

import type { MakeActor, Row } from './actor.ts';

export const generations: MakeActor = ({ ask, below, fresh }) => {
  const merge = (): string => {
    const rows = 1 + below(40);
    const source = `SELECT toUInt32(number) AS id, ${fresh()} AS gen, ${rows} AS n FROM numbers(${below(20)}, ${rows})`;
    return `MERGE INTO m USING (${source}) AS s ON m.id = s.id
      WHEN MATCHED THEN UPDATE SET gen = s.gen, n = s.n
      WHEN NOT MATCHED THEN INSERT (id, gen, n) VALUES (s.id, s.gen, s.n)
      WHEN NOT MATCHED BY SOURCE THEN DELETE`;
  };
  const statements: (() => string)[] = [
    merge,
    merge,
    merge,
    () => `UPDATE m SET gen = ${fresh()} WHERE id >= 0`,
    () => `ALTER TABLE m UPDATE gen = ${fresh()} WHERE 1 SETTINGS mutations_sync = 2`,
    // Looks like a change of some rows and is none that the check could see.
    () => 'ALTER TABLE m UPDATE gen = gen WHERE id % 2 = 0 SETTINGS mutations_sync = 2',
    () => 'DELETE FROM m WHERE id >= 0',
    () => 'TRUNCATE TABLE m',
    () => 'OPTIMIZE TABLE m FINAL',
    () => 'SYSTEM REFRESH VIEW r',
  ];
  const torn = (name: string, [row]: Row[]): string[] => {
    const [count, generations = 0, wanted, ids] = (row ?? []).map(Number);
    const whole = count === wanted && count === ids && generations <= 1;
    return whole ? [] : [`rows of ${name} are torn: ${JSON.stringify(row)}`];
  };
  return {
    clients: 1,
    schema: [
      `CREATE TABLE IF NOT EXISTS m (id UInt32, gen UInt32, n UInt32) ENGINE = MergeTree ORDER BY id
       SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
      'CREATE MATERIALIZED VIEW IF NOT EXISTS r REFRESH EVERY 1 YEAR ENGINE = MergeTree ORDER BY id AS SELECT * FROM m',
    ],
    step: async () => void (await ask((statements[below(statements.length)] ?? merge)())),
    async check() {
      const faults: string[] = [];
      for (const name of ['m', 'r']) {
        const sql = `SELECT count(), uniqExact(gen), max(n), uniqExact(id) FROM ${name}`;
        faults.push(...torn(name, await ask(sql)));
      }
      return faults;
    },
  };
};
