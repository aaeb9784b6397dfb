// count(DISTINCT) of whole text columns is counted in dictionaries: in each state that a table's rows can be in it is
// the number that looking at all rows gives.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours } from '../peers.ts';

let ours: Ours;
beforeAll(async () => {
  ours = await Ours.start('distinct-words');
  await ours.must(
    `CREATE TABLE w (id UInt32, l LowCardinality(String), m LowCardinality(Nullable(String)), s String,
       n Nullable(String), u String, e String) ENGINE = MergeTree ORDER BY id
     SETTINGS enable_block_number_column = 1, enable_block_offset_column = 1`,
  );
}, 120_000);
afterAll(() => ours?.close());

const insert = (from: number, count: number): string =>
  `INSERT INTO w SELECT number, toString(number % 7), if(number % 3 = 0, NULL, toString(number % 11)),
     concat('s', toString(number % 1000)), if(number % 2 = 0, NULL, if(number % 5 = 0, '', toString(number % 13))),
     concat('unique', toString(number)), '' FROM numbers(${from}, ${count})`;

const steps: readonly (readonly [string, readonly string[]])[] = [
  ['no rows', []],
  ['rows in memory', [insert(0, 500)]],
  ['one segment', [insert(500, 20_000), 'OPTIMIZE TABLE w FINAL']],
  ['a segment and rows in memory', [`INSERT INTO w VALUES (1, 'x', 'y', 'z', '', 'u', '')`]],
  ['several segments', ['SYSTEM FLUSH LOGS', insert(50_000, 90_000), insert(500_000, 70_000)]],
  ['deleted rows', [`DELETE FROM w WHERE l = '3' OR m = '5' OR s = 's77'`]],
  [
    'rewritten rows',
    [`ALTER TABLE w UPDATE s = 'written' WHERE id < 100 SETTINGS mutations_sync = 2`],
  ],
  ['all of it merged', ['OPTIMIZE TABLE w FINAL']],
  ['rows under a patch', [`UPDATE w SET l = 'new', n = NULL WHERE id % 500 = 1`]],
  ['a column that older segments lack', [`ALTER TABLE w ADD COLUMN a String DEFAULT l`]],
];

const columns = ['l', 'm', 's', 'n', 'u', 'e'];
const asked = [
  ...columns.map((c) => `count(DISTINCT ${c})`),
  'count(DISTINCT l), count(DISTINCT m)',
  'count(), count(n), uniqExact(n), min(id), uniqExact(s), sum(id)',
  'uniqExact(l), uniq(m)',
];

it('counts what the rows have', async () => {
  for (const [state, statements] of steps) {
    for (const sql of statements) await ours.must(sql);
    const more = state.startsWith('a column') ? ['count(DISTINCT a), count(DISTINCT l)'] : [];
    for (const what of [...asked, ...more]) {
      const sql = `SELECT ${what} FROM w`;
      const off = { settings: { kernel_paths_off: 'all' } };
      expect(await ours.must(sql), `${state}: ${sql}`).toBe(await ours.must(sql, off));
    }
  }
}, 120_000);
