// Every aggregate function over typical arguments, alone and under combinators, answered by colonnade and by ClickHouse
// (chdb, in process). COLONNADE_TEST_QUERIES is how many (600), COLONNADE_TEST_SEED the first one's seed,
// COLONNADE_TEST_REPORT a file for all differences.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seeded } from '../generated/random.ts';
import { type Beside, besideClickHouse, closeBoth, type Outcome, report, seeds } from '../peers.ts';

/** Columns of the table by what they can stand for. */
const columns: Record<string, readonly string[]> = {
  int: ['u8', 'i32', 'u64', 'i64', 'n'],
  uint: ['u8', 'u16', 'u64'],
  number: ['u8', 'i32', 'u64', 'f64', 'f32', 'dec', 'n', 'nf', 'i128'],
  plain: ['u8', 'i32', 'u64', 'f64', 'f32', 'n'],
  large: ['u8', 'i32', 'u64', 'f64 * 100', 'n'], // nothing between 0 and 1: see quantileDD in MANUAL.md
  distinct: ['id', 'u16', 'id / 8'], // equal values of other weights: their order decides
  weight: ['u8', 'u16'],
  text: ['s', 'lc', 'ns', 'fs'],
  any: ['u8', 'i32', 'f64', 'dec', 's', 'lc', 'ns', 'd', 'dt', 'n', 'uuid', 'fs', 'e'],
  nested: ['u8', 's', 'n', 'd', 'arr', '(u8, s)', 'sarr'],
  time: ['toDateTime(id * 2)', 'u16'], // no two rows at one time: ClickHouse leaves their order to chance
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
  ['quantileTDigestWeighted', levels, ['distinct', 'weight']],
  ['quantileBFloat16', levels, ['plain']],
  ['quantileBFloat16Weighted', levels, ['plain', 'weight']],
  ['quantileDeterministic', levels, ['plain', 'u64']],
  ['quantileDD', ['(0.01, 0.5)', '(0.05, 0.9)'], ['large']],
  ['quantileGK', ['(100, 0.5)', '(1000, 0.9)'], ['plain']],
  ['quantilesDD', ['(0.01, 0.5, 0.9)'], ['large']],
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
  ['intervalLengthSum', one, ['toInt64(u8)', 'toInt64(u16) + 300']],
  ['intervalLengthSum', one, ['u8', 'u16 + 300']],
  ['maxIntersections', one, ['toInt64(u8)', 'toInt64(u16) + 300']],
  ['maxIntersections', one, ['u8', 'u16 + 300']],
  ['maxIntersectionsPosition', one, ['toInt64(u8)', 'toInt64(u16) + 300']],
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
  ['sequenceMatchEvents', ["('(?1).*(?2)')"], ['time', 'h % 4 = 0', 'h % 4 = 1']],
  ['retention', one, ['u8 > 50', 'i32 > 0', 'f64 > 1']],
  ['sparkbar', ['(5)', '(9, 10, 200)'], ['u16', 'toUInt32(u8)']],
  ['largestTriangleThreeBuckets', ['(4)'], ['id', 'f64']],
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
  if (
    how === 'Distinct' &&
    /Array|quantile|histogram|sequence|Funnel|Moving|Concat|first|any|arg/.test(out.name)
  )
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
  // no keys of 8 bits: ClickHouse adds their rows out of order
  const key = random.pick(['toUInt32(g)', 'toUInt32(g)', '1']);
  if (random.chance(0.2)) {
    const state = `SELECT ${key} AS k, toUInt32(h % 2) AS l, ${c.name}State${c.params}(${c.args.join(', ')}) AS s FROM a${where} GROUP BY k, l ORDER BY k, l`;
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

const number = /-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)/g;

/**
 * The same text, numbers near each other: digits of a sum of floats depend on the order of its rows (10^-8), and
 * ClickHouse adds Float32 values up as Float32 (10^-3); HyperLogLog over other hashes estimates otherwise (5 %).
 */
function same(sql: string, a: string, b: string): boolean {
  if (a === b) return true;
  if (a.startsWith('error') && b.startsWith('error')) return true;
  if (a.replace(number, '#') !== b.replace(number, '#')) return false;
  const tolerance = /uniq(HLL12|Combined)/.test(sql) ? 0.05 : a.includes('Float32') ? 1e-3 : 1e-8;
  const [x = [], y = []] = [a.match(number) ?? [], b.match(number) ?? []];
  return x.every((text, i) => {
    const [p, q] = [Number(text), Number(y[i])];
    if (text === y[i] || Math.abs(p - q) <= tolerance * Math.max(Math.abs(p), Math.abs(q), 1e-3))
      return true;
    return /nan/.test(text) && /nan/.test(y[i] ?? '');
  });
}

/** Where we differ on purpose: the statement, ClickHouse's answer, the reason. */
const explained: readonly (readonly [sql: RegExp, theirs: RegExp, reason: string])[] = [
  [
    /avgWeighted/,
    /./,
    'ClickHouse 26.7 multiplies in UInt64: fractions are cut, negative values wrap',
  ],
  [
    /respect_nulls\w*If/,
    /Illegal type Nullable/,
    'a condition that is NULL does not hold, here too',
  ],
  [
    /If(Distinct|Arg(Min|Max)).*n > 0/,
    /./,
    'Nullable or not by the order of combinators: a condition that is NULL makes no result NULL here',
  ],
  [/Array/, /parameters mismatch/, 'ClickHouse fails over its own check of parameters'],
  [/groupUniqArray.*\(dt/, /Array\(DateTime\)/, 'the time zone stays'],
  [/./, /Nullable\(Tuple/, 'a Tuple is never Nullable here: without rows it is the default'],
];

let beside: Beside | undefined;

beforeAll(async () => {
  beside = await besideClickHouse('aggregates', setup, { max_threads: '1' });
}, 120_000);

afterAll(() => closeBoth(beside));

const { count, all } = seeds(600);
const shown = (outcome: Outcome): string =>
  'text' in outcome ? outcome.text.trimEnd() : `error ${outcome.message}`.slice(0, 300);

it(`${count} generated aggregates give ClickHouse's answers`, {
  timeout: 3_600_000,
}, async (context) => {
  if (!beside) return context.skip();
  const differences: string[] = [];
  let answered = 0;
  for (const seed of all) {
    const sql = sqlOf(seeded(seed));
    const ours = shown(await beside.ours.ask(sql, { settings: { max_threads: '1' } }));
    const theirs = shown(beside.theirs.ask(sql));
    if (!theirs.startsWith('error')) answered++;
    if (same(sql, ours, theirs)) continue;
    if (explained.some(([pattern, answer]) => pattern.test(sql) && answer.test(theirs))) continue;
    differences.push(
      `seed ${seed}: ${sql}\n  ours   ${ours.slice(0, 500)}\n  theirs ${theirs.slice(0, 500)}`,
    );
  }
  report(`${count} queries, ${answered} answered, ${differences.length} differ`, differences);
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
