// Partitions that are replaced by those of another table, dropped and copied: each insert is in a table
// whole or not at all.

import type { MakeActor } from './actor.ts';

const PARTS = 3;

export const partitions: MakeActor = ({ ask, below, fresh }) => {
  const insert = () => {
    const rows = 1 + below(20);
    return `INSERT INTO p1 SELECT ${below(PARTS)}, ${fresh()}, ${rows} FROM numbers(${rows})`;
  };
  const statements: (() => string)[] = [
    () => `ALTER TABLE p2 REPLACE PARTITION ${below(PARTS)} FROM p1`,
    () => `ALTER TABLE p2 ATTACH PARTITION ${below(PARTS)} FROM p3`,
    () =>
      `ALTER TABLE p3 REPLACE PARTITION ${below(PARTS)} FROM p1, DROP PARTITION ${below(PARTS)}`,
    () => `ALTER TABLE p2 DROP PARTITION ${below(PARTS)}`,
    () => `ALTER TABLE p1 DELETE WHERE part = ${below(PARTS)} SETTINGS mutations_sync = 2`,
    () => `DELETE FROM p1 WHERE part = ${below(PARTS)}`,
    () => 'OPTIMIZE TABLE p2 FINAL',
  ];
  const columns =
    '(part UInt8, gen UInt32, n UInt32) ENGINE = MergeTree PARTITION BY part ORDER BY gen';
  return {
    clients: 2,
    schema: ['p1', 'p2', 'p3'].map((name) => `CREATE TABLE IF NOT EXISTS ${name} ${columns}`),
    step: async () => void (await ask((statements[below(2 * statements.length)] ?? insert)())),
    async check() {
      const faults: string[] = [];
      for (const name of ['p1', 'p2', 'p3']) {
        // What was attached several times is there several times.
        const sql = `SELECT gen, count(), any(n) FROM ${name} GROUP BY gen HAVING count() % any(n) != 0`;
        const [torn] = await ask(sql);
        if (torn) faults.push(`${name}: ${torn[1]} of ${torn[2]} rows of insert ${torn[0]}`);
      }
      return faults;
    },
  };
};
