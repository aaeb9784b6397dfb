// ORDER BY an aggregate LIMIT n over many groups: the first ones are those that all groups would give, and the number of
// rows before the limit is told all the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ours } from '../peers.ts';

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('leading-groups');
  await ours.must(
    'CREATE TABLE g (k UInt32, s String, v Int32, n Nullable(Int32), f Float64) ORDER BY tuple()',
  );
  await ours.must(
    `INSERT INTO g SELECT if(number % 50 = 0, number % 7000, number) AS k, concat('s', toString(k)),
       toInt32(cityHash64(number) % 2001) - 1000 AS v, if(number % 3 = 0, NULL, v), if(number % 97 = 0, nan, v / 8)
     FROM numbers(120000)`,
  );
}, 120_000);
afterAll(() => ours?.close());

const first = [
  'count()',
  'sum(v)',
  'min(v)',
  'max(n)',
  'avg(v)',
  'avg(f)',
  'sum(n)',
  'countIf(v > 0)',
];

describe('the first groups are those of all groups', () => {
  for (const aggregate of first) {
    for (const direction of ['ASC', 'DESC NULLS FIRST']) {
      it(`by ${aggregate} ${direction}`, async () => {
        for (const [key, limit, having] of [
          ['k', 10, ''],
          ['s', 3, ''],
          ['k, s', 100, ''],
          ['k', 5, 'HAVING count() < 30'],
        ]) {
          const sql = `SELECT ${key}, ${aggregate} AS a, sum(v), uniqExact(f) FROM g GROUP BY ${key} ${having}
                       ORDER BY a ${direction}, ${key} LIMIT ${limit}`;
          const ask = (off: string) =>
            ours.must(`${sql} FORMAT JSONCompact`, { settings: { kernel_paths_off: off } });
          const of = (text: string) => ({ ...JSON.parse(text), statistics: undefined });
          expect(of(await ask('')), sql).toEqual(of(await ask('leading_groups')));
        }
        // of equal ones any will do
        const alone = `SELECT ${aggregate} AS a FROM g GROUP BY k ORDER BY a ${direction} LIMIT 50`;
        expect(await ours.must(alone)).toBe(
          await ours.must(alone, { settings: { kernel_paths_off: 'leading_groups' } }),
        );
      });
    }
  }
});
