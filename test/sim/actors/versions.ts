// A table with history: each version keeps the rows it had, and can be made the newest again.

import type { MakeActor } from './actor.ts';

export const versions: MakeActor = ({ ask, below }) => {
  /** Versions that were seen, and how many rows each has. */
  const seen = new Map<number, number>();
  const faults: string[] = [];

  async function restore(): Promise<void> {
    const version = [...seen.keys()][below(seen.size)];
    if (version === undefined) return;
    await ask(`RESTORE TABLE h TO VERSION AS OF ${version}`);
    const [row] = await ask('SELECT count() FROM h');
    const wanted = seen.get(version);
    if (row?.[0] !== wanted) faults.push(`restored ${version}: ${row?.[0]}, not ${wanted}`);
  }

  const statements: (() => Promise<unknown>)[] = [
    restore,
    () => ask(`ALTER TABLE h DELETE WHERE id % 5 = ${below(5)}`),
    () => ask(`DELETE FROM h WHERE id % 7 = ${below(7)}`),
    () => ask('OPTIMIZE TABLE h FINAL'),
    () => ask(`INSERT INTO h SELECT number FROM numbers(${1 + below(50)})`),
    () => ask(`INSERT INTO h SELECT number FROM numbers(${1 + below(50)})`),
  ];
  return {
    clients: 1,
    schema: [
      'CREATE TABLE IF NOT EXISTS h (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS history_retention = 1000000000',
    ],
    async step() {
      await (statements[below(statements.length)] ?? restore)();
      for (const [version, rows] of await ask('SELECT version, rows FROM (DESCRIBE HISTORY h)')) {
        seen.set(Number(version), Number(rows));
      }
    },
    async check() {
      for (const [version, rows] of seen) {
        const [row] = await ask(`SELECT count() FROM h VERSION AS OF ${version}`);
        if (row?.[0] !== rows) faults.push(`version ${version}: ${row?.[0]}, not ${rows}`);
      }
      return faults.splice(0);
    },
  };
};
