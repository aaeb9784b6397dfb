// Tables that change their names, go and come back: after a stop each name stands for what it stood for
// before the last statement, or for what that statement wanted.

import type { MakeActor } from './actor.ts';

/** Name → what is in the table; dropped and detached ones apart. */
interface Names {
  readonly here: Map<string, number>;
  readonly dropped: Map<string, number>;
  readonly detached: Map<string, number>;
}

const copy = ({ here, dropped, detached }: Names): Names => ({
  here: new Map(here),
  dropped: new Map(dropped),
  detached: new Map(detached),
});

const text = (map: ReadonlyMap<string, number>): string => JSON.stringify([...map].sort());

export const names: MakeActor = ({ ask, below, fresh }) => {
  let now: Names = { here: new Map(), dropped: new Map(), detached: new Map() };
  let open: Names | undefined;
  const pick = (map: ReadonlyMap<string, number>) => [...map.keys()][below(map.size)];
  const columns = '(tag UInt32) ENGINE = MergeTree ORDER BY tag';

  /** A statement and what it makes of the names; none when nothing fits. */
  function choose(after: Names): string[] | undefined {
    const { here, dropped, detached } = after;
    const [one, two] = [pick(here), pick(here)];
    const name = `n${fresh()}`;
    const kind = here.size < 2 ? 0 : below(8);
    const tag = here.get(one ?? '') ?? 0;
    if (kind === 0) {
      const made = fresh();
      here.set(name, made);
      return [`CREATE TABLE ${name} ${columns} AS SELECT ${made} AS tag FROM numbers(3)`];
    }
    if (one === undefined) return undefined;
    if (kind === 1) {
      here.delete(one);
      here.set(name, tag);
      return [`RENAME TABLE ${one} TO ${name}`];
    }
    if (kind === 2 && two !== undefined && two !== one) {
      here.set(one, here.get(two) ?? 0);
      here.set(two, tag);
      return [`EXCHANGE TABLES ${one} AND ${two}`];
    }
    if (kind === 3) {
      here.delete(one);
      dropped.set(one, tag);
      return [`DROP TABLE ${one}`];
    }
    if (kind === 4) {
      const back = pick(dropped);
      if (back === undefined || here.has(back) || detached.has(back)) return undefined;
      here.set(back, dropped.get(back) ?? 0);
      dropped.delete(back);
      return [`UNDROP TABLE ${back}`];
    }
    if (kind === 5) {
      here.delete(one);
      detached.set(one, tag);
      return [`DETACH TABLE ${one}`];
    }
    if (kind === 6) {
      const back = pick(detached);
      if (back === undefined || here.has(back)) return undefined;
      here.set(back, detached.get(back) ?? 0);
      detached.delete(back);
      return [`ATTACH TABLE ${back}`];
    }
    here.set(name, tag);
    return [`CREATE TABLE ${name} CLONE OF ${one}`];
  }

  return {
    clients: 1,
    schema: ['CREATE DATABASE IF NOT EXISTS nn', 'DETACH TABLE IF EXISTS nn.none'],
    async step() {
      const after = copy(now);
      const statements = choose(after);
      if (!statements) return;
      open = after;
      try {
        for (const sql of statements) await ask(sql.replaceAll(/\b(n\d+)\b/g, 'nn.$1'));
        now = after;
        open = undefined;
      } catch (error) {
        // What is dropped for long enough does not come back.
        if ((error as { code?: number }).code === 60 && /^UNDROP/.test(statements[0] ?? '')) {
          for (const [name] of now.dropped) if (after.here.has(name)) now.dropped.delete(name);
          open = undefined;
          return;
        }
        if ((error as { fault?: string }).fault !== 'unavailable') open = undefined;
        throw error;
      }
    },
    async check() {
      const there = new Map<string, number>();
      for (const [name] of await ask("SELECT name FROM system.tables WHERE database = 'nn'")) {
        const [row] = await ask(`SELECT max(tag), count(), uniqExact(tag) FROM nn.${name}`);
        const [tag = 0, count, tags] = (row ?? []).map(Number);
        if (count !== 3 || tags !== 1) return [`nn.${name} is torn: ${row}`];
        there.set(String(name), tag);
      }
      const fit = [now, open].find((each) => each && text(each.here) === text(there));
      if (!fit) return [`names: ${text(there)}, not ${text(now.here)}`];
      now = fit;
      open = undefined;
      return [];
    },
  };
};
