// FINAL begins with what it showed of the version before: after every change of a table the same rows as when all of
// them are merged. COLONNADE_TEST_QUERIES is how many tables (25), COLONNADE_TEST_SEED the first one's seed.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seeded } from '../generated/random.ts';
import { Ours } from '../peers.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 25);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);

let ours: Ours;
beforeAll(async () => {
  ours = await Ours.start('known-final');
}, 120_000);
afterAll(() => ours?.close());

const engines = [
  'ReplacingMergeTree',
  'ReplacingMergeTree(ver)',
  'ReplacingMergeTree(ver)',
  'ReplacingMergeTree(ver, gone)',
  'CollapsingMergeTree(sign)',
  'VersionedCollapsingMergeTree(sign, ver)',
];
const keys = [
  'id',
  'id',
  '(id, k)',
  '(name, id)',
  '(intDiv(id, 3), k)',
  '(k, name)',
  '(at, id)',
  '(maybe, id)',
];
const partitions = ['', '', 'PARTITION BY k', 'PARTITION BY id % 3'];

/** Rows whose ids are few enough to meet and wide enough that blocks of keys differ. */
function rows(random: Random, ids: number): string {
  const [from, step, many] = [
    random.int(ids),
    1 + random.int(7),
    random.pick([1, 3, 40, 900, 3000]),
  ];
  const id = `((${from} + number * ${step}) % ${ids})`;
  return `SELECT ${id} AS id, id % 2 AS k, concat('n', toString(id % 17)) AS name, toDate('2024-01-01') + id % 40 AS at,
    if(id % 5 = 0, NULL, id % 7) AS maybe, (number + ${random.int(4)}) % 4 AS ver, number % 9 = 0 AS gone,
    if((number + ${from}) % 3 = 0, -1, 1) AS sign, ${random.int(1_000_000)} + number AS v
    FROM numbers(${many})${random.chance(0.2) ? ' ORDER BY rand()' : ''}`;
}

/** A change of the table, or none. */
function change(random: Random, ids: number): string {
  const insert = (how: string): string => `INSERT INTO f ${how}${rows(random, ids)}`;
  return random.weighted([
    [6, insert('')],
    [3, insert('SETTINGS optimize_on_insert = 0 ')],
    [1, 'OPTIMIZE TABLE f'],
    [0.3, 'OPTIMIZE TABLE f FINAL'],
    [1, `DELETE FROM f WHERE id % 11 = ${random.int(11)}`],
    [0.5, `ALTER TABLE f DELETE WHERE id % 13 = ${random.int(13)} SETTINGS mutations_sync = 2`],
    [0.5, `UPDATE f SET v = v + 1 WHERE id % 6 = ${random.int(6)}`],
    [0.3, `ALTER TABLE f UPDATE gone = 1 - gone WHERE id % 10 = 3 SETTINGS mutations_sync = 2`],
    [0.2, 'ALTER TABLE f ADD COLUMN IF NOT EXISTS more UInt8 DEFAULT 3'],
    [0.2, 'TRUNCATE TABLE f'],
  ]);
}

it(`of ${count} tables shows what merging shows`, { timeout: 3_600_000 }, async () => {
  for (let seed = first; seed < first + count; seed++) {
    const random = seeded(seed);
    const [engine, key, partition] = [
      random.pick(engines),
      random.pick(keys),
      random.pick(partitions),
    ];
    const ids = random.pick([50, 2000, 20_000]);
    await ours.must('DROP TABLE IF EXISTS f');
    await ours.must(
      `CREATE TABLE f (id UInt32, k UInt8, name String, at Date, maybe Nullable(UInt8), ver UInt8, gone UInt8, sign Int8, v UInt64)
       ENGINE = ${engine} ${partition} ORDER BY ${key} SETTINGS allow_nullable_key = 1`,
    );
    const done: string[] = [`${engine} ${partition} ORDER BY ${key}`];
    const all = 'id, k, name, at, maybe, ver, gone, sign, v';
    for (let step = 0; step < 25; step++) {
      const sql = step === 0 ? `INSERT INTO f ${rows(random, ids)}` : change(random, ids);
      done.push(sql);
      const answer = await ours.ask(sql);
      if ('code' in answer) done.push(`-- ${JSON.stringify(answer).slice(0, 200)}`);
      const apart = String(random.int(2));
      const ask = (off: string) =>
        ours.must(`SELECT count(), sum(cityHash64(${all})) FROM f FINAL`, {
          format: 'TSVRaw',
          settings: {
            kernel_paths_off: off,
            do_not_merge_across_partitions_select_final: apart,
          },
        });
      expect(await ask(''), `seed ${seed}\n${done.join(';\n')}`).toBe(await ask('known_final'));
    }
  }
});
