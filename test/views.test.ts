// Materialised views and the tables that they keep their rows in.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ours } from './peers.ts';

let ours: Ours;
beforeAll(async () => {
  ours = await Ours.start('views');
}, 60_000);
afterAll(() => ours?.close());

it('a view goes also when its own table is gone already', async () => {
  const lines = async (sql: string): Promise<string[]> =>
    (await ours.must(sql)).trimEnd().split('\n');
  await ours.must('CREATE TABLE source (a UInt64) ORDER BY a');
  await ours.must(
    'CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY a AS SELECT a FROM source',
  );
  const own = (await lines('SHOW TABLES')).find((name) => name.startsWith('.inner'));
  await ours.must(`DROP TABLE \`${own}\``);
  await expect(ours.must('INSERT INTO source VALUES (1)')).rejects.toMatchObject({ code: 60 });
  await ours.must('DROP TABLE v');
  await ours.must('INSERT INTO source VALUES (1)');
  expect(await lines('SHOW TABLES')).toEqual(['source']);
});
