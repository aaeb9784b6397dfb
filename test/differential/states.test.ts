// The serial states of aggregates are ClickHouse's (chdb, in process), byte for byte: what one writes the other reads.
// Each call is made over no rows and several, of plain and Nullable arguments.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Beside, besideClickHouse, closeBoth, type Outcome, report } from '../peers.ts';

const numbers = ['u8', 'u64', 'i32', 'f32', 'f64', 'dec', 'n'];
const texts = ['s', 'fs', 'lc', 'ns'];
const others = ['d', 'dt', 'uuid', 'i4', 'i6', 'e', 'arr', 'tup', 'sarr'];
const all = [...numbers, ...texts, ...others];
const floats = ['u8', 'u64', 'i32', 'f64', 'n'];

/** Functions by the arguments their states are compared for. */
const calls: readonly (readonly [functions: string, args: readonly string[]])[] = [
  ['count any anyLast any_respect_nulls anyLast_respect_nulls groupArray', all],
  ['min max', [...numbers, ...texts, 'd', 'dt', 'uuid', 'arr', 'tup']],
  ['groupUniqArray groupArrayLast(2)', [...floats, 's', 'lc', 'dt', 'uuid', 'arr', 'tup']],
  ['sum sumWithOverflow avg varPop varSamp stddevPop skewPop kurtSamp', numbers],
  ['sumCount sumKahan varPopStable histogram(3) quantileExact deltaSum', floats],
  ['groupBitAnd groupBitOr groupBitXor groupBitmap uniqUpTo(3)', ['u8', 'u64', 'i32', 'n']],
  ['uniq uniqCombined uniqCombined64 uniqHLL12', ['u8', 'u64', 'i32', 's', 'n', 'dt']],
  ['groupConcat quantile quantileTDigest', ['u8', 'i32', 'n']],
  ['uniqUpTo(3)', ['s', 'f64', 'dt']],
  ['sumOrNull sumOrDefault', ['u8', 'n']],
  ['sumForEach sumArray', ['[u8]', '[i32, 1]', '[n]']],
  ['sumMap', ["map('a', u8)", 'map(1, i32)', '[u8], [u64]']],
  ['sumIf avgIf minIf', ['u8, u8 > 50', 'n, u8 > 50']],
  ['argMin argMax', ['s, u8', 'u8, fs', 'n, u8', 'arr, dt', 'uuid, i32']],
  ['sumArgMin maxArgMax', ['u8, s', 'i32, u8']],
  ['sumResample(0, 6, 2)', ['u64, g']],
  ['sumTuple', ['(u8, i32)']],
  ['covarPop covarSamp corr covarPopStable corrStable', ['f64, u8', 'i32, u8', 'n, u8']],
  ['simpleLinearRegression boundingRatio exponentialMovingAverage(5)', ['u8, u8', 'f64, u8']],
  ['corrMatrix covarPopMatrix', ['f64, u8']],
  ['deltaSumTimestamp', ['u8, u64', 'f64, dt']],
];

let beside: Beside | undefined;

beforeAll(async () => {
  beside = await besideClickHouse(
    'states',
    [
      `CREATE TABLE t (id UInt32, g UInt8, u8 UInt8, u64 UInt64, i32 Int32, f32 Float32, f64 Float64, dec Decimal(9, 2), n Nullable(Int32),
        s String, fs FixedString(4), lc LowCardinality(String), ns Nullable(String), d Date, dt DateTime('UTC'), uuid UUID, i4 IPv4, i6 IPv6,
        e Enum8('x' = 1, 'y' = 2), arr Array(UInt8), tup Tuple(UInt8, String), sarr Array(String)) ENGINE = MergeTree ORDER BY id`,
      `INSERT INTO t SELECT number, number % 5, number * 37 % 251, number * 1000003, toInt32(number * 7) - 10, number / 4, number / 8 - 1,
        toDecimal32(number, 2) / 4, if(number % 3 = 0, NULL, toInt32(number) - 2), concat('s', toString(number % 5)),
        concat('f', toString(number)), concat('l', toString(number % 3)), if(number % 3 = 1, NULL, concat('n', toString(number))),
        toDate('2024-01-01') + number, toDateTime('2024-01-01 00:00:00', 'UTC') + number, toUUID(concat('61f0c404-5cb3-11e7-907b-a6006ad3dba', toString(number))),
        toIPv4(number + 1), toIPv6(concat('2001:db8::', toString(number + 1))), number % 2 + 1, range(number % 4), (number, 't'),
        ['a', toString(number)] FROM numbers(6)`,
    ],
    { max_threads: '1' },
  );
}, 120_000);
afterAll(() => closeBoth(beside));

/** A state's type is that of its function without the version that ClickHouse may name. */
const shown = (outcome: Outcome): string =>
  'text' in outcome
    ? outcome.text.trimEnd().replace('AggregateFunction(1, ', 'AggregateFunction(')
    : `error ${outcome.code}`;

it('states have the bytes of ClickHouse', { timeout: 600_000 }, async (context) => {
  if (!beside) return context.skip();
  const { ours, theirs } = beside;
  const differences: string[] = [];
  let compared = 0;
  for (const [functions, args] of calls) {
    for (const call of functions.match(/\w+(\([^)]*\))?/g) ?? []) {
      const [, name = '', params = ''] = /^(\w+)(.*)$/.exec(call) ?? [];
      for (const arg of args) {
        for (const where of ['0', 'id < 3']) {
          const state = `${name}State${params}(${arg})`;
          const sql = `SELECT toTypeName(x), hex(x) FROM (SELECT ${state} AS x FROM t WHERE ${where})`;
          const b = theirs.ask(sql);
          if (!('text' in b)) continue;
          compared++;
          const a = shown(await ours.ask(sql, { settings: { max_threads: '1' } }));
          if (a !== shown(b)) differences.push(`${sql}\n  ours   ${a}\n  theirs ${shown(b)}`);
        }
      }
    }
  }
  report(`${compared} states, ${differences.length} differ`, differences);
  expect(compared).toBeGreaterThan(400);
  expect(differences.slice(0, 20)).toEqual([]);
});
