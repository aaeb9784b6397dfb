// Tables whose engine merges rows or lets them expire: of each key the newest version that was acknowledged
// or a newer one, of each group the sum, and no row goes before its time.

import { Batches, counts, type MakeActor } from './actor.ts';

const TTL_SECONDS = 60;

export const engines: MakeActor = ({ ask, below, fresh, nowMs }) => {
  /** Inserts of the table with versions: how many keys, and whether it was acknowledged. */
  const upserts: { version: number; keys: number; acked: boolean }[] = [];
  const sums = new Batches();
  const expiring = new Batches();
  const expiry = new Map<number, number>();

  async function upsert(): Promise<void> {
    const sent = { version: fresh(), keys: 1 + below(30), acked: false };
    upserts.push(sent);
    const { version, keys } = sent;
    await ask(`INSERT INTO u SELECT number, ${version} FROM numbers(${keys})`);
    sent.acked = true;
  }

  async function expire(): Promise<void> {
    const [id, rows] = [fresh(), 1 + below(20)];
    const at = Math.floor(nowMs() / 1000) - below(2 * TTL_SECONDS);
    expiry.set(id, at + TTL_SECONDS);
    await expiring.send(id, rows, () =>
      ask(`INSERT INTO x SELECT number, ${at}, ${id} FROM numbers(${rows})`),
    );
  }

  async function sum(): Promise<void> {
    const [id, rows] = [fresh(), 1 + below(20)];
    const sql = `INSERT INTO s SELECT number % 3, ${id}, 1 FROM numbers(${rows})`;
    await sums.send(id, rows, () => ask(sql));
  }

  const steps: (() => Promise<unknown>)[] = [
    upsert,
    upsert,
    expire,
    expire,
    sum,
    sum,
    () => ask(`OPTIMIZE TABLE ${['u', 'x', 's'][below(3)]} FINAL`),
    () => ask('ALTER TABLE x MATERIALIZE TTL SETTINGS mutations_sync = 2'),
  ];

  async function upsertFaults(): Promise<string[]> {
    const there = counts(await ask('SELECT id, max(v) FROM u FINAL GROUP BY id'));
    const [row] = await ask('SELECT count() - uniqExact(id) FROM u FINAL');
    const faults = Number(row?.[0]) === 0 ? [] : ['FINAL gives a key twice'];
    for (let id = 0; id < 30; id++) {
      const known = upserts.filter(({ keys }) => keys > id);
      const least = Math.max(0, ...known.filter((u) => u.acked).map((u) => u.version));
      const version = there.get(id) ?? 0;
      if (version < least) faults.push(`key ${id} has version ${version}, not ${least}`);
      if (version > 0 && !known.some((u) => u.version === version)) {
        faults.push(`key ${id} has version ${version}, which nobody sent`);
      }
    }
    for (const each of upserts) each.acked ||= [...there.values()].includes(each.version);
    return faults;
  }

  async function expiryFaults(): Promise<string[]> {
    const there = counts(await ask('SELECT batch, count() FROM x GROUP BY batch'));
    const nowSeconds = nowMs() / 1000;
    for (const [id, at] of expiry) {
      // Over: it may be there, in part where it lies in several segments.
      if (at > nowSeconds) continue;
      expiring.all.delete(id);
      there.delete(id);
    }
    return expiring.faults(there);
  }

  return {
    clients: 2,
    schema: [
      'CREATE TABLE IF NOT EXISTS u (id UInt64, v UInt32) ENGINE = ReplacingMergeTree(v) ORDER BY id',
      `CREATE TABLE IF NOT EXISTS x (id UInt64, t DateTime, batch UInt32) ENGINE = MergeTree ORDER BY id TTL t + toIntervalSecond(${TTL_SECONDS})`,
      'CREATE TABLE IF NOT EXISTS s (part UInt8, batch UInt32, n UInt64) ENGINE = SummingMergeTree PARTITION BY part ORDER BY batch',
    ],
    step: async () => void (await (steps[below(steps.length)] ?? upsert)()),
    async check() {
      const summed = counts(await ask('SELECT batch, sum(n) FROM s GROUP BY batch'));
      return [...(await upsertFaults()), ...(await expiryFaults()), ...sums.faults(summed)];
    },
  };
};
