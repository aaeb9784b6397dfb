// Numbers that no setting is made for: each is refused in ClickHouse's words or obeyed, and never a defect of ours.
// A limit of 2^64 - 1 lets everything through.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mergeTreeSettings } from '../../engine/settings/merge-tree.ts';
import { settingDefinitions, settingTypeOf } from '../../engine/settings/names.ts';
import { Ours, textOf } from '../peers.ts';

const numeric =
  /^(UInt64|Int64|Int32|UInt32|NonZeroUInt64|UInt64Auto|MaxThreads|Seconds|Milliseconds|Float|Double|FloatAuto)$/;
const largest = ['18446744073709551615', '9223372036854775807', '1e19', '1e308'];
const nightly = process.env.COLONNADE_TEST_NIGHTLY === '1';
const values = nightly
  ? [
      ...largest,
      ...['-1', '-9223372036854775808', '0', '1', '0.5', '-0.5', '1e-320', '9007199254740993'],
      ...['1e30', '18446744073709551616', 'nan', 'inf', '-inf', '16777216T', '4294967296', ''],
    ]
  : [...largest.slice(0, 2), '1e308', '-1', '0.5'];

/** Read most of what a plan has a number of settings for. */
const reads = [
  `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)
   SELECT DISTINCT k, count(), sum(count()) OVER (ORDER BY k), quantile(k), groupArray(n)
   FROM t JOIN r ON t.k = r.n WHERE k IN (SELECT number FROM numbers(5)) GROUP BY k ORDER BY k LIMIT 9`,
  `SELECT count() FROM (SELECT * FROM t FINAL WHERE k > 1 ORDER BY v, k SETTINGS max_rows_to_read = 1000000)`,
];
const writes = [
  "DESC format(CSV, '1,a')",
  "DESC format(TSV, '1\ta')",
  'INSERT INTO w SELECT k, v FROM t',
  "INSERT INTO w SELECT * FROM format(CSV, 'k UInt64, v String', '1,a')",
];

let ours: Ours;

beforeAll(async () => {
  ours = await Ours.start('hostile-settings');
  const engine = 'ENGINE = ReplacingMergeTree ORDER BY k';
  await ours.must(`CREATE TABLE t (k UInt64, v String) ${engine}`);
  await ours.must(`CREATE TABLE w (k UInt64, v String) ${engine}`);
  await ours.must('INSERT INTO t SELECT number % 5, toString(number) FROM numbers(100)');
});
afterAll(() => ours.close());

/** What a statement came to: undefined for an answer, else the refusal; a defect throws. */
async function refusal(sql: string, settings: Record<string, string>): Promise<string | undefined> {
  try {
    const user = { name: 'default' };
    const result = await ours.engine.query({ sql, format: 'TabSeparated', settings, user });
    await textOf(result.chunks);
    return undefined;
  } catch (error) {
    const { fault, code, message } = error as { fault?: string; code?: number; message: string };
    const isOurs = fault === undefined || fault === 'bug' || code === 49;
    return `${isOurs ? 'DEFECT ' : ''}${code} ${message}`;
  }
}

const byName = [...settingDefinitions.keys()].filter((name) => numeric.test(settingTypeOf(name)));

it('every numeric setting takes or refuses every number', { timeout: 600_000 }, async () => {
  expect(byName.length).toBeGreaterThan(50);
  const wrong: string[] = [];
  for (const name of byName) {
    for (const value of values) {
      const isLargest = largest.includes(value);
      for (const sql of isLargest ? [...reads, ...writes] : reads.slice(0, 1)) {
        const said = await refusal(sql, { [name]: value });
        const isBound = name.startsWith('max_') && value === largest[1];
        if (said?.startsWith('DEFECT') || (said && isBound)) {
          wrong.push(`${name} = ${value}: ${said}  (${sql.slice(0, 40)})`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** What a table made under a setting is asked to do. */
const life = [
  'INSERT INTO c SELECT number, toString(number) FROM numbers(10)',
  'SELECT sum(k), max(v) FROM c WHERE k > 3',
  'OPTIMIZE TABLE c FINAL',
  'DROP TABLE c SYNC',
];

it('every numeric setting of tables does', { timeout: 600_000 }, async () => {
  const wrong: string[] = [];
  for (const [name, { type }] of mergeTreeSettings) {
    if (!numeric.test(type)) continue;
    for (const value of nightly ? values : largest.slice(0, 1)) {
      const columns = '(k UInt64, v String) ENGINE = MergeTree ORDER BY k';
      const made = await refusal(`CREATE TABLE c ${columns} SETTINGS ${name} = '${value}'`, {});
      if (made?.startsWith('DEFECT')) wrong.push(`${name} = ${value}: ${made}`);
      if (made !== undefined) continue;
      for (const sql of life) {
        const said = await refusal(sql, {});
        if (said?.startsWith('DEFECT')) wrong.push(`${name} = ${value}: ${said} (${sql})`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
