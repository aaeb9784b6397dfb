// Databases that come, go and change their names, with a table in each: after a stop each name stands for what
// it stood for before the last statement, or for what that statement wanted.

import type { MakeActor } from './actor.ts';

/** Name → what is in its table `t`. */
type Databases = ReadonlyMap<string, number>;

const text = (map: Databases): string => JSON.stringify([...map].sort());

export const databases: MakeActor = ({ ask, below, fresh }) => {
  let known: Databases = new Map();
  /** What the statement without an answer may have made of them. */
  let open: Databases | undefined;
  /** Databases that may be there without their table or its rows. */
  const halves = new Set<string>();

  async function run(sql: string, after: Databases): Promise<void> {
    open = after;
    try {
      await ask(sql);
      known = after;
      open = undefined;
    } catch (error) {
      if ((error as { fault?: string }).fault !== 'unavailable') open = undefined;
      throw error;
    }
  }

  async function make(): Promise<void> {
    const [name, tag] = [`dd${fresh()}`, fresh()];
    halves.add(name);
    await ask(`CREATE DATABASE ${name}`);
    await ask(`CREATE TABLE ${name}.t (tag UInt32) ENGINE = MergeTree ORDER BY tag`);
    await run(
      `INSERT INTO ${name}.t SELECT ${tag} FROM numbers(3)`,
      new Map([...known, [name, tag]]),
    );
    halves.delete(name);
  }

  async function step(): Promise<void> {
    const names = [...known.keys()];
    const [one = '', two = ''] = [names[below(names.length)], names[below(names.length)]];
    const [a = 0, b = 0] = [known.get(one), known.get(two)];
    const rest = new Map([...known].filter(([name]) => name !== one));
    const kind = names.length < 2 ? 0 : below(5);
    if (kind <= 1) return make();
    if (kind === 2) return run(`DROP DATABASE ${one} SYNC`, rest);
    if (kind === 3) {
      const name = `dd${fresh()}`;
      return run(`RENAME DATABASE ${one} TO ${name}`, rest.set(name, a));
    }
    if (one === two) return;
    const after = new Map([...known, [one, b] as const, [two, a] as const]);
    return run(`EXCHANGE TABLES ${one}.t AND ${two}.t`, after);
  }

  return {
    clients: 1,
    schema: [],
    step,
    async check() {
      const there = new Map<string, number>();
      const faults: string[] = [];
      for (const [cell] of await ask("SELECT name FROM system.databases WHERE name LIKE 'dd%'")) {
        const name = String(cell);
        const tables = await ask(`SELECT name FROM system.tables WHERE database = '${name}'`);
        const [row] = tables.length ? await ask(`SELECT max(tag), count() FROM ${name}.t`) : [];
        const [tag = 0, rows = 0] = (row ?? []).map(Number);
        if (rows === 3) there.set(name, tag);
        else if (halves.has(name) && rows === 0) await ask(`DROP DATABASE ${name} SYNC`);
        else faults.push(`database ${name} is torn: ${row}`);
      }
      halves.clear();
      const fit = [known, open].find((each) => each && text(each) === text(there));
      if (!fit) faults.push(`databases: ${text(there)}, not ${text(known)}`);
      known = there;
      open = undefined;
      return faults;
    },
  };
};
