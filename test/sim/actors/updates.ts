// A table of which UPDATE and DELETE change few rows at a time, which get files beside their segments: every
// statement is seen whole or not at all, and every row has the values that it was given last.

import type { MakeActor } from './actor.ts';

/** Generation by id. */
type Rows = ReadonlyMap<number, number>;

interface Step {
  readonly sql: string;
  readonly after: Rows;
}

export const updates: MakeActor = ({ ask, below, fresh }) => {
  let known: Rows = new Map();
  /** What a statement without an answer may have made of it. */
  let possible: Rows | undefined;

  const changed = (test: (id: number) => boolean, gen: number): Rows =>
    new Map([...known].map(([id, old]) => [id, test(id) ? gen : old]));
  const left = (test: (id: number) => boolean): Rows =>
    new Map([...known].filter(([id]) => !test(id)));

  const same = (sql: string) => (): Step => ({ sql, after: known });
  const update = (): Step => {
    const [gen, parts] = [fresh(), 5 + below(12)];
    const rest = below(parts);
    const where = `id % ${parts} = ${rest}`;
    const set = below(2) ? `gen = ${gen}, twin = ${gen} * 3` : `twin = 3 * ${gen}, gen = ${gen}`;
    return {
      sql: `UPDATE patched SET ${set} WHERE ${where}`,
      after: changed((id) => id % parts === rest, gen),
    };
  };
  const insert = (): Step => {
    const [gen, from, rows] = [fresh(), fresh() * 100, 1 + below(90)];
    const ids = Array.from({ length: rows }, (_, i) => from + i);
    const values = `SELECT ${from} + number, ${gen}, ${gen} * 3 FROM numbers(${rows})`;
    return {
      sql: `INSERT INTO patched (id, gen, twin) ${values}`,
      after: new Map([...known, ...ids.map((id): [number, number] => [id, gen])]),
    };
  };
  const remove = (): Step => {
    const rest = below(20);
    return {
      sql: `DELETE FROM patched WHERE id % 20 = ${rest}`,
      after: left((id) => id % 20 === rest),
    };
  };
  const steps: (() => Step)[] = [
    insert,
    insert,
    update,
    update,
    update,
    update,
    remove,
    same('OPTIMIZE TABLE patched'),
    same('OPTIMIZE TABLE patched FINAL'),
    same('ALTER TABLE patched APPLY PATCHES SETTINGS mutations_sync = 2'),
  ];

  const faultsOf = (wanted: Rows, there: Rows): string[] => {
    const ids = new Set([...wanted.keys(), ...there.keys()]);
    const wrong = [...ids].filter((id) => wanted.get(id) !== there.get(id)).slice(0, 5);
    return wrong.map((id) => `row ${id} of patched: ${there.get(id)}, not ${wanted.get(id)}`);
  };

  return {
    clients: 1,
    schema: [
      `CREATE TABLE IF NOT EXISTS patched (id UInt32, gen UInt32, twin UInt32) ENGINE = MergeTree ORDER BY id
       SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
    ],
    async step() {
      const { sql, after } = (steps[below(steps.length)] ?? insert)();
      possible = after;
      try {
        await ask(sql);
        known = after;
      } catch (error) {
        // Another error than that the machine is off says that nothing was changed.
        if ((error as { fault?: string }).fault !== 'unavailable') possible = undefined;
        throw error;
      }
      possible = undefined;
    },
    async check() {
      const rows = (await ask('SELECT id, gen, twin FROM patched')).map((row) => row.map(Number));
      const torn = rows.filter(([, gen = 0, twin]) => twin !== gen * 3);
      const there: Rows = new Map(rows.map(([id = 0, gen = 0]) => [id, gen]));
      const twice = there.size === rows.length ? [] : ['rows of patched are there twice'];
      const before = faultsOf(known, there);
      const may = before.length > 0 && possible !== undefined ? faultsOf(possible, there) : before;
      possible = undefined;
      known = there;
      return [...may, ...twice, ...torn.map((row) => `row ${row.join(' ')} of patched is torn`)];
    },
  };
};
