// Databases that come, go, wait aside and change their names, with a table in each: after a stop each name stands for what
// it stood for before the last statement, or for what that statement wanted.

import type { MakeActor } from './actor.ts';

/** Name → what is in its table `t`; of those that are detached behind `~`. */
type Databases = ReadonlyMap<string, number>;

const aside = (name: string): boolean => name.startsWith('~');
const text = (map: Databases): string => JSON.stringify([...map].sort());
/** What a look at the databases shows. */
const seen = (map: Databases): string => text(new Map([...map].filter(([name]) => !aside(name))));

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

  /** One that was detached comes back. */
  async function back(): Promise<void> {
    const name = [...known.keys()].find(aside);
    if (name === undefined) return;
    const after = new Map(known).set(name.slice(1), known.get(name) ?? 0);
    after.delete(name);
    await run(`ATTACH DATABASE ${name.slice(1)}`, after);
  }

  async function step(): Promise<void> {
    const names = [...known.keys()].filter((name) => !aside(name));
    const [one = '', two = ''] = [names[below(names.length)], names[below(names.length)]];
    const [a = 0, b = 0] = [known.get(one), known.get(two)];
    const rest = new Map([...known].filter(([name]) => name !== one));
    const kind = names.length < 2 ? 0 : below(7);
    if (kind <= 1) return make();
    if (kind === 2) return run(`DROP DATABASE ${one} SYNC`, rest);
    if (kind === 3) {
      const name = `dd${fresh()}`;
      return run(`RENAME DATABASE ${one} TO ${name}`, rest.set(name, a));
    }
    if (kind === 4) return run(`DETACH DATABASE ${one}`, rest.set(`~${one}`, a));
    if (kind === 5) return back();
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
      const fit = [known, open].find((each) => each && seen(each) === text(there));
      if (!fit) faults.push(`databases: ${text(there)}, not ${text(known)}`);
      known = fit ?? there;
      open = undefined;
      // What waits aside is there, too.
      if (below(3) === 0) await back();
      return faults;
    },
  };
};
