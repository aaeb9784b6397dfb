// Tables whose merges fold rows into fewer that mean the same: states and sums that are added up, groups that
// expire into one row, pairs that cancel each other. Sums over all rows stay, whatever was merged.

import { Batches, counts, type MakeActor } from './actor.ts';

const TTL_SECONDS = 60;
const KEYS = 12;

export const folding: MakeActor = ({ ask, below, fresh, nowMs }) => {
  const added = new Batches();
  const grouped = new Batches();
  /** The value of each key, after statements with an answer. */
  let known = new Map<number, number>();
  /** What the statement without an answer may have made of it. */
  let open: Map<number, number> | undefined;

  async function add(): Promise<void> {
    const [id, rows] = [fresh(), 1 + below(20)];
    const values = `SELECT ${id}, uniqState(number), 1 FROM numbers(${rows}) GROUP BY number`;
    await added.send(id, rows, () => ask(`INSERT INTO fa ${values}`));
  }

  async function expire(): Promise<void> {
    const [id, rows] = [fresh(), 1 + below(20)];
    const at = Math.floor(nowMs() / 1000) - below(2 * TTL_SECONDS);
    const values = `SELECT ${id}, number, ${at}, 1 FROM numbers(${rows})`;
    await grouped.send(id, rows, () => ask(`INSERT INTO fg ${values}`));
  }

  /** Takes the old value of a key away and brings a new one, in one insert. */
  async function change(): Promise<void> {
    if (open) return;
    const [key, value] = [below(KEYS), fresh()];
    const old = known.get(key);
    open = new Map(known).set(key, value);
    const gone = old === undefined ? '' : `(${key}, ${old}, -1), `;
    try {
      await ask(`INSERT INTO fc VALUES ${gone}(${key}, ${value}, 1)`);
      known = open;
      open = undefined;
    } catch (error) {
      if ((error as { fault?: string }).fault !== 'unavailable') open = undefined;
      throw error;
    }
  }

  const steps: (() => Promise<unknown>)[] = [
    add,
    add,
    expire,
    expire,
    change,
    change,
    change,
    () => ask(`OPTIMIZE TABLE ${['fa', 'fg', 'fc'][below(3)]}${below(2) ? ' FINAL' : ''}`),
  ];

  async function pairFaults(): Promise<string[]> {
    const sums = 'SELECT id, sum(v * sign), sum(sign) FROM fc GROUP BY id HAVING sum(sign) != 0';
    const rows = (await ask(sums)).map((row) => row.map(Number));
    const final = counts(await ask('SELECT id, v FROM fc FINAL'));
    const there = new Map(rows.map(([id = 0, v = 0]) => [id, v]));
    const text = (map: ReadonlyMap<number, number>) => JSON.stringify([...map].sort());
    const faults = rows.filter(([, , n]) => n !== 1).map((row) => `pairs of fc: ${row}`);
    if (text(final) !== text(there)) faults.push(`fc FINAL: ${text(final)}, not ${text(there)}`);
    const fits = [known, open].some((each) => each && text(each) === text(there));
    if (!fits) faults.push(`fc: ${text(there)}, not ${text(known)}`);
    known = there;
    open = undefined;
    return faults;
  }

  return {
    clients: 2,
    schema: [
      `CREATE TABLE IF NOT EXISTS fa (batch UInt32, u AggregateFunction(uniq, UInt64), n SimpleAggregateFunction(sum, UInt64))
       ENGINE = AggregatingMergeTree ORDER BY batch`,
      `CREATE TABLE IF NOT EXISTS fg (batch UInt32, id UInt64, t DateTime, n UInt64) ENGINE = MergeTree ORDER BY batch
       TTL t + toIntervalSecond(${TTL_SECONDS}) GROUP BY batch SET n = sum(n), id = max(id)`,
      'CREATE TABLE IF NOT EXISTS fc (id UInt32, v UInt32, sign Int8) ENGINE = CollapsingMergeTree(sign) ORDER BY id',
    ],
    step: async () => void (await (steps[below(steps.length)] ?? add)()),
    async check() {
      const sums = counts(await ask('SELECT batch, sum(n) FROM fa GROUP BY batch'));
      const states = counts(await ask('SELECT batch, uniqMerge(u) FROM fa GROUP BY batch'));
      const left = counts(await ask('SELECT batch, sum(n) FROM fg GROUP BY batch'));
      const torn = [...sums].filter(([id, n]) => states.get(id) !== n);
      return [
        ...torn.map(([id, n]) => `states of batch ${id}: ${states.get(id)}, sum: ${n}`),
        ...added.faults(sums),
        ...grouped.faults(left),
        ...(await pairFaults()),
      ];
    },
  };
};
