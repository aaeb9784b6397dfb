// Every aggregate function over typical arguments, alone and under combinators, answered by colonnade and by ClickHouse
// (chdb, in process). COLONNADE_TEST_QUERIES is how many (600), COLONNADE_TEST_SEED the first one's seed,
// COLONNADE_TEST_REPORT a file for all differences.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../engine/facade.ts';
import { open } from '../../engine/index.ts';
import { type Random, seeded } from '../generated/random.ts';

const count = Number(process.env.COLONNADE_TEST_QUERIES ?? 600);
const first = Number(process.env.COLONNADE_TEST_SEED ?? 1);

/** Columns of the table by what they can stand for. */
const columns: Record<string, readonly string[]> = {
  int: ['u8', 'i32', 'u64', 'i64', 'n'],
  uint: ['u8', 'u16', 'u64'],
  number: ['u8', 'i32', 'u64', 'f64', 'f32', 'dec', 'n', 'nf', 'i128'],
  plain: ['u8', 'i32', 'u64', 'f64', 'f32', 'n'],
  weight: ['u8', 'u16'],
  text: ['s', 'lc', 'ns', 'fs'],
  any: ['u8', 'i32', 'f64', 'dec', 's', 'lc', 'ns', 'd', 'dt', 'n', 'uuid', 'fs', 'e'],
  nested: ['u8', 's', 'n', 'd', 'arr', '(u8, s)', 'sarr'],
  time: ['dt', 'u16'],
  stamp: ['u16', 'u32'],
  flag: ['u8 % 2', 'u8 > 100', 'n > 0'],
  group: ['u8 % 2'],
  array: ['arr', 'farr'],
  map: ['m'],
};

/** Name, parameters to choose from, kinds of arguments; `sort` where the order of a result means nothing. */
type Spec = readonly [
  name: string,
  params: readonly string[],
  args: readonly string[],
  wrap?: string,
];
const one = [''] as const;
const levels = ['', '(0.1)', '(0.5)', '(0.99)'] as const;
const several = ['(0.25, 0.75)', '(0.5)'] as const;
const specs: readonly Spec[] = [
  ['count', one, []],
  ['count', one, ['any']],
  ['sum', one, ['number']],
  ['sumWithOverflow', one, ['number']],
  ['sumKahan', one, ['plain']],
  ['sumCount', one, ['number']],
  ['avg', one, ['number']],
  ['avgWeighted', one, ['plain', 'weight']],
  ['min', one, ['nested']],
  ['max', one, ['any']],
  ['any', one, ['nested']],
  ['anyLast', one, ['any']],
  ['any_respect_nulls', one, ['any']],
  ['anyLast_respect_nulls', one, ['any']],
  ['first_value', one, ['any']],
  ['argMin', one, ['nested', 'u64']],
  ['argMax', one, ['any', 'u64']],
  ['argAndMin', one, ['any', 'u64']],
  ['argAndMax', one, ['any', 'u64']],
  ['groupArray', ['', '(3)'], ['nested']],
  ['groupArrayLast', ['(3)'], ['any']],
  ['groupUniqArray', one, ['any'], 'arraySort'],
  ['groupArraySorted', ['(4)'], ['plain']],
  ['groupArrayInsertAt', ['', '(7, 5)'], ['i32', 'h']],
  ['groupArrayMovingSum', ['', '(3)'], ['plain']],
  ['groupArrayMovingAvg', ['', '(3)'], ['plain']],
  ['groupArrayIntersect', one, ['array'], 'arraySort'],
  ['groupBitAnd', one, ['uint']],
  ['groupBitOr', one, ['int']],
  ['groupBitXor', one, ['int']],
  ['groupBitmap', one, ['uint']],
  ['groupConcat', ['', "(',')", "(',', 3)"], ['s']],
  ['uniqExact', one, ['nested']],
  ['uniqUpTo', ['(3)', '(100)'], ['any']],
  ['quantile', levels, ['plain']],
  ['median', one, ['number']],
  ['quantiles', several, ['plain']],
  ['quantileExact', levels, ['number']],
  ['quantileExactLow', levels, ['plain']],
  ['quantileExactHigh', levels, ['plain']],
  ['quantileExactExclusive', ['(0.25)', '(0.5)'], ['plain']],
  ['quantileExactInclusive', levels, ['plain']],
  ['quantilesExact', several, ['plain']],
  ['quantilesExactLow', several, ['plain']],
  ['quantileExactWeighted', levels, ['plain', 'weight']],
  ['quantileExactWeightedInterpolated', levels, ['plain', 'weight']],
  ['quantileInterpolatedWeighted', levels, ['plain', 'weight']],
  ['quantileTiming', levels, ['uint']],
  ['quantileTimingWeighted', levels, ['uint', 'weight']],
  ['quantileTDigest', levels, ['plain']],
  ['quantileTDigestWeighted', levels, ['plain', 'weight']],
  ['quantileBFloat16', levels, ['plain']],
  ['quantileBFloat16Weighted', levels, ['plain', 'weight']],
  ['quantileDeterministic', levels, ['plain', 'u64']],
  ['quantileDD', ['(0.01, 0.5)', '(0.05, 0.9)'], ['plain']],
  ['quantileGK', ['(100, 0.5)', '(1000, 0.9)'], ['plain']],
  ['quantilesDD', ['(0.01, 0.5, 0.9)'], ['plain']],
  ['quantilesGK', ['(100, 0.5, 0.9)'], ['plain']],
  ['varPop', one, ['number']],
  ['varSamp', one, ['plain']],
  ['stddevPop', one, ['number']],
  ['stddevSamp', one, ['plain']],
  ['varPopStable', one, ['plain']],
  ['stddevSampStable', one, ['plain']],
  ['skewPop', one, ['plain']],
  ['skewSamp', one, ['plain']],
  ['kurtPop', one, ['plain']],
  ['kurtSamp', one, ['plain']],
  ['covarPop', one, ['plain', 'plain']],
  ['covarSamp', one, ['plain', 'plain']],
  ['covarPopStable', one, ['plain', 'plain']],
  ['corr', one, ['plain', 'plain']],
  ['corrStable', one, ['plain', 'plain']],
  ['corrMatrix', one, ['f64', 'u8', 'i32']],
  ['covarPopMatrix', one, ['f64', 'u8']],
  ['covarSampMatrix', one, ['f64', 'u8']],
  ['simpleLinearRegression', one, ['plain', 'plain']],
  ['rankCorr', one, ['plain', 'plain']],
  ['entropy', one, ['any']],
  ['cramersV', one, ['u8 % 3', 'h % 4']],
  ['cramersVBiasCorrected', one, ['u8 % 3', 'h % 4']],
  ['theilsU', one, ['u8 % 3', 'h % 4']],
  ['contingency', one, ['u8 % 3', 'h % 4']],
  ['categoricalInformationValue', one, ['u8 % 2', 'h % 2']],
  ['boundingRatio', one, ['u16', 'f64']],
  ['deltaSum', one, ['plain']],
  ['deltaSumTimestamp', one, ['i32', 'u64']],
  ['exponentialMovingAverage', ['(5)', '(0.5)'], ['plain', 'u16']],
  ['histogram', ['(3)', '(10)'], ['plain']],
  ['intervalLengthSum', one, ['u8', 'u16 + 300']],
  ['maxIntersections', one, ['u8', 'u16 + 300']],
  ['maxIntersectionsPosition', one, ['u8', 'u16 + 300']],
  ['sumMap', one, ['arr', 'arr']],
  ['minMap', one, ['arr', 'arr']],
  ['maxMap', one, ['map']],
  ['sumMap', one, ['map']],
  ['sumMapFiltered', ['([1, 2, 3])'], ['arr', 'arr']],
  ['sumMapWithOverflow', one, ['arr', 'arr']],
  ['topK', ['(1)', '(300)'], ['h'], 'length'],
  ['topKWeighted', ['(1)'], ['h', 'u8'], 'length'],
  ['approx_top_k', ['(1)'], ['h'], 'length'],
  ['studentTTest', ['', '(0.95)'], ['plain', 'group']],
  ['welchTTest', ['', '(0.95)'], ['plain', 'group']],
  ['mannWhitneyUTest', ['', "('two-sided', 1)"], ['plain', 'group']],
  ['kolmogorovSmirnovTest', ['', "('less', 'asymp')"], ['f64', 'group']],
  ['meanZTest', ['(1., 1., 0.95)'], ['plain', 'group']],
  ['analysisOfVariance', one, ['f64', 'u8 % 3']],
  [
    'windowFunnel',
    [
      '(10)',
      '(100)',
      "(50, 'strict_order')",
      "(50, 'strict_increase')",
      "(50, 'strict_deduplication')",
      "(50, 'strict_once')",
    ],
    ['stamp', 'h % 4 = 0', 'h % 4 = 1', 'h % 4 = 2'],
  ],
  [
    'sequenceMatch',
    ["('(?1)(?2)')", "('(?1).*(?2)')", "('(?1)(?t<=5)(?2)')"],
    ['time', 'h % 4 = 0', 'h % 4 = 1'],
  ],
  [
    'sequenceCount',
    ["('(?1)(?2)')", "('(?1).*(?2)')", "('(?1)(?t>2)(?2)')"],
    ['time', 'h % 4 = 0', 'h % 4 = 1'],
  ],
  ['sequenceMatchEvents', ["('(?1).*(?2)')"], ['dt', 'h % 4 = 0', 'h % 4 = 1']],
  ['retention', one, ['u8 > 50', 'i32 > 0', 'f64 > 1']],
  ['sparkbar', ['(5)', '(9, 10, 200)'], ['u16', 'u8']],
  ['largestTriangleThreeBuckets', ['(4)'], ['u32', 'f64']],
  ['singleValueOrNull', one, ['g']],
  ['uniq', one, ['any']],
  ['uniqCombined', ['', '(12)'], ['any']],
  ['uniqCombined64', one, ['any']],
  ['uniqHLL12', one, ['any']],
];

interface Call {
  name: string;
  params: string;
  args: string[];
  wrap: string;
}

function argument(random: Random, kind: string): string {
  return random.pick(columns[kind] ?? [kind]);
}

function call(random: Random): Call {
  const [name, params, kinds, wrap = ''] = random.pick(specs);
  const args = kinds.map((kind) => argument(random, kind));
  const out: Call = { name, params: random.pick(params), args, wrap };
  const combinators = random.weighted([
    [4, 0],
    [4, 1],
    [1, 2],
  ]);
  for (let i = 0; i < combinators; i++) combine(random, out);
  return out;
}

function combine(random: Random, out: Call): void {
  const last = out.name.match(
    /(If|Array|ForEach|Distinct|OrNull|OrDefault|Map|Resample|ArgMin|ArgMax)$/,
  )?.[1];
  const how = random.pick([
    'If',
    'If',
    'Array',
    'ForEach',
    'Distinct',
    'OrNull',
    'OrDefault',
    'Map',
    'ArgMin',
    'ArgMax',
    'Resample',
  ]);
  if (how === last || out.name.endsWith('Map')) return;
  if (how === 'Distinct' && /Array|quantile|sequence|Funnel|Moving|first|any|arg/.test(out.name))
    return;
  if (how === 'Resample') {
    if (out.params !== '') return;
    out.params = '(0, 10, 4)';
    out.args.push('h');
  }
  if (how === 'If') out.args.push(argument(random, 'flag'));
  if (how === 'ArgMin' || how === 'ArgMax') out.args.push('u64');
  if (how === 'Array' || how === 'ForEach') out.args = out.args.map((a) => `[${a}, ${a}]`);
  if (how === 'Map') {
    if (out.args.length !== 1) return;
    out.args = [`map('a', ${out.args[0]}, toString(h % 2), ${out.args[0]})`];
  }
  if ((how === 'Array' || how === 'ForEach') && out.args.length === 0) return;
  if (how !== 'If' && out.wrap !== '') out.wrap = 'toTypeName';
  out.name += how;
}

function sqlOf(random: Random): string {
  const c = call(random);
  const plain = `${c.name}${c.params}(${c.args.join(', ')})`;
  const shown = c.wrap ? `${c.wrap}(x)` : 'x';
  const where = random.weighted([
    [6, ''],
    [1, ' WHERE u8 > 250'],
    [1, ' WHERE 0'],
    [1, ' WHERE n IS NULL'],
  ]);
  const key = random.pick(['g', 'g', '1']);
  if (random.chance(0.2)) {
    const state = `SELECT ${key} AS k, h % 2 AS l, ${c.name}State${c.params}(${c.args.join(', ')}) AS s FROM a${where} GROUP BY k, l ORDER BY k, l`;
    if (/Resample|Array|sequence|any|arg|first|delta|Last|Concat|Moving/.test(c.name)) {
      return `SELECT k, toTypeName(x), ${shown} FROM (SELECT k, finalizeAggregation(s) AS x FROM (${state})) ORDER BY k, toString(x)`;
    }
    return `SELECT k, toTypeName(x), ${shown} FROM (SELECT k, ${c.name}Merge${c.params}(s) AS x FROM (${state}) GROUP BY k) ORDER BY k`;
  }
  if (random.chance(0.2))
    return `SELECT toTypeName(x), ${shown} FROM (SELECT ${plain} AS x FROM a${where})`;
  return `SELECT k, toTypeName(x), ${shown} FROM (SELECT ${key} AS k, ${plain} AS x FROM a${where} GROUP BY k) ORDER BY k`;
}

const setup = [
  `CREATE TABLE a (id UInt32, g UInt8, h UInt8, u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, i32 Int32, i64 Int64, i128 Int128,
    f64 Float64, f32 Float32, dec Decimal(9, 2), s String, lc LowCardinality(String), fs FixedString(3), ns Nullable(String),
    n Nullable(Int32), nf Nullable(Float64), d Date, dt DateTime('UTC'), uuid UUID, e Enum8('x' = 1, 'y' = 2),
    arr Array(UInt8), farr Array(Float64), sarr Array(String), m Map(String, UInt16)) ENGINE = MergeTree ORDER BY id`,
  `INSERT INTO a SELECT number, number % 4, number * 7 % 11, cityHash64(number) % 256, number * 3 % 500, number * 5 % 97, cityHash64(number, 1) % 1000003,
    toInt32(cityHash64(number, 2) % 2000) - 1000, toInt64(cityHash64(number, 3) % 100) - 50, toInt128(number) - 100,
    (toFloat64(cityHash64(number, 4) % 4000) - 2000) / 16, toFloat32(cityHash64(number, 5) % 64) / 4, toDecimal32(cityHash64(number, 6) % 10000, 2) / 100,
    concat('s', toString(number % 13)), concat('l', toString(number % 5)), toFixedString(concat('f', toString(number % 7)), 3),
    if(number % 5 = 0, NULL, concat('n', toString(number % 6))), if(number % 3 = 0, NULL, toInt32(number % 40) - 20), if(number % 4 = 1, NULL, number / 8),
    toDate('2024-01-01') + number % 20, toDateTime('2024-01-01 00:00:00', 'UTC') + number * 5 % 300, toUUID(concat('00000000-0000-0000-0000-0000000000', toString(10 + number % 17))),
    if(number % 2 = 0, 'x', 'y'), arrayMap(i -> toUInt8(i % 9), range(number % 4)), arrayMap(i -> i / 2, range(number % 5)), [concat('a', toString(number % 3))],
    map('k', toUInt16(number), concat('k', toString(number % 3)), toUInt16(1))
    FROM numbers(240)`,
];

interface Session {
  query(sql: string, format: string): string;
  cleanup?(): void;
}

let dir: string;
let engine: Engine;
let peer: Session | undefined;

async function ours(sql: string): Promise<string> {
  try {
    const settings = { max_threads: '1' };
    const result = await engine.query({ sql, format: 'TSV', settings, user: { name: 'default' } });
    const parts: Uint8Array[] = [];
    for await (const chunk of result.chunks) parts.push(chunk);
    return Buffer.concat(parts).toString();
  } catch (error) {
    return `error ${(error as Error).message.slice(0, 300)}`;
  }
}

function theirs(session: Session, sql: string): string {
  try {
    return session.query(sql, 'TSV');
  } catch (error) {
    return `error ${(error as Error).message.slice(0, 300)}`;
  }
}

const number = /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)/g;

/** The same text, numbers near each other: digits of a sum of floats depend on the order of its rows. */
function same(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.startsWith('error') && b.startsWith('error')) return true;
  if (a.replace(number, '#') !== b.replace(number, '#')) return false;
  const [x = [], y = []] = [a.match(number) ?? [], b.match(number) ?? []];
  return x.every((text, i) => {
    const [p, q] = [Number(text), Number(y[i])];
    if (text === y[i] || Math.abs(p - q) <= 1e-8 * Math.max(Math.abs(p), Math.abs(q), 1e-3))
      return true;
    return /nan/.test(text) && /nan/.test(y[i] ?? '');
  });
}

/** Where we differ on purpose, with the reason in MANUAL.md, or where ClickHouse's answer is chance. */
const explained: readonly (readonly [RegExp, string])[] = [];

beforeAll(async () => {
  const script = '../../scripts/oracles.mjs'; // plain JavaScript without declarations
  const { oracle } = (await import(script)) as { oracle(name: string): Promise<unknown> };
  const chdb = (await oracle('chdb')) as { Session: new (path: string) => Session } | undefined;
  if (!chdb) return;
  dir = mkdtempSync(join(tmpdir(), 'colonnade-aggregates-'));
  peer = new chdb.Session(join(dir, 'chdb'));
  for (const sql of [
    "SET session_timezone = 'UTC', max_threads = 1",
    'CREATE DATABASE g ENGINE = Atomic',
    'USE g',
  ]) {
    peer.query(sql, 'Null');
  }
  engine = await open({ dataDir: join(dir, 'colonnade') });
  for (const sql of setup) {
    peer.query(sql, 'Null');
    const made = await ours(sql);
    if (made.startsWith('error')) throw new Error(made);
  }
}, 120_000);

afterAll(async () => {
  if (!peer) return;
  await engine.close();
  peer.cleanup?.();
  rmSync(dir, { recursive: true, force: true });
});

it(`${count} generated aggregates give ClickHouse's answers`, {
  timeout: 3_600_000,
}, async (context) => {
  if (!peer) return context.skip();
  const differences: string[] = [];
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) {
    const sql = sqlOf(seeded(seed));
    const a = await ours(sql);
    const b = theirs(peer, sql);
    if (!b.startsWith('error')) answered++;
    if (same(a, b) || explained.some(([pattern]) => pattern.test(sql))) continue;
    differences.push(
      `seed ${seed}: ${sql}\n  ours   ${a.slice(0, 500).trimEnd()}\n  theirs ${b.slice(0, 500).trimEnd()}`,
    );
  }
  const report = process.env.COLONNADE_TEST_REPORT;
  if (report) {
    writeFileSync(report, `${differences.join('\n')}\n`);
    console.log(`${count} queries, ${answered} answered, ${differences.length} differ`);
  }
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
