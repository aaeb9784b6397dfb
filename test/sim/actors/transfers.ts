// Rows that go from table to table, and rows that one table takes of the other: both change in one commit or
// neither does, so no row is in both, in none, or half changed.

import type { MakeActor } from './actor.ts';

const PARTS = 3;
const tables = ['tr1', 'tr2'];

export const transfers: MakeActor = ({ ask, below, fresh }) => {
  /** Ids that inserts brought and nothing took away. */
  const known = new Set<number>();
  /** Ids of inserts without an answer, which are there together or not at all. */
  let open: number[][] = [];

  async function insert(): Promise<void> {
    const ids = Array.from({ length: 1 + below(20) }, fresh);
    open.push(ids);
    const values = ids.map((id) => `(${id}, ${id % PARTS}, 0)`).join();
    try {
      await ask(`INSERT INTO ${tables[below(2)]} VALUES ${values}`);
      for (const id of ids) known.add(id);
      open = open.filter((each) => each !== ids);
    } catch (error) {
      const { fault } = error as { fault?: string };
      if (fault !== 'unavailable') open = open.filter((each) => each !== ids);
      throw error;
    }
  }

  async function move(): Promise<void> {
    const [from, to] = below(2) ? tables : tables.toReversed();
    await ask(`ALTER TABLE ${from} MOVE PARTITION ${below(PARTS)} TO TABLE ${to}`);
  }

  /** All rows of a partition get one number, wherever they are: the source of a MERGE is read once. */
  async function number(): Promise<void> {
    const [into, from] = below(2) ? tables : tables.toReversed();
    await ask(`MERGE INTO ${into} USING (SELECT id, part FROM ${from} UNION ALL SELECT id, part FROM ${into}) AS s
      ON ${into}.id = s.id WHEN MATCHED THEN UPDATE SET gen = ${fresh()}`);
  }

  const steps: (() => Promise<unknown>)[] = [
    insert,
    insert,
    move,
    move,
    move,
    number,
    () => ask(`OPTIMIZE TABLE ${tables[below(2)]} FINAL`),
    () => ask(`ALTER TABLE ${tables[below(2)]} DETACH PARTITION ${below(PARTS)}`),
    () => ask(`ALTER TABLE ${tables[below(2)]} ATTACH PARTITION ${below(PARTS)}`),
  ];

  return {
    clients: 2,
    schema: tables.map(
      (
        name,
      ) => `CREATE TABLE IF NOT EXISTS ${name} (id UInt32, part UInt8, gen UInt32) ENGINE = MergeTree
        PARTITION BY part ORDER BY id SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
    ),
    step: async () => void (await (steps[below(steps.length)] ?? insert)()),
    async check() {
      const faults: string[] = [];
      const there = new Set<number>();
      for (const name of tables) {
        await ask(`ALTER TABLE ${name} ATTACH PARTITION ALL`);
        for (const [cell] of await ask(`SELECT id FROM ${name}`)) {
          const id = Number(cell);
          if (there.has(id)) faults.push(`row ${id} is there twice`);
          there.add(id);
        }
      }
      for (const ids of open) {
        const found = ids.filter((id) => there.has(id)).length;
        if (found > 0 && found < ids.length)
          faults.push(`${found} of ${ids.length} rows of an insert`);
        if (found > 0) for (const id of ids) known.add(id);
      }
      open = [];
      for (const id of known) if (!there.has(id)) faults.push(`row ${id} is lost`);
      for (const id of there) if (!known.has(id)) faults.push(`row ${id} was never acknowledged`);
      return faults.slice(0, 5);
    },
  };
};
