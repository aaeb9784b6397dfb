// Joins of every kind over small random tables, by colonnade and by ClickHouse (chdb, in process): the same rows, and the
// same again without our short cuts. COLONNADE_TEST_QUERIES is how many (150), COLONNADE_TEST_SEED the first one's
// seed, COLONNADE_TEST_REPORT a file for all differences.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seeded } from '../generated/random.ts';
import { type Beside, besideClickHouse, closeBoth, report, seeds } from '../peers.ts';

const columns = [
  ['k', 'Int32'],
  ['n', 'Nullable(Int64)'],
  ['s', 'String'],
  ['l', 'LowCardinality(Nullable(String))'],
  ['d', 'DateTime'],
  ['w', 'UInt8'],
  ['v', 'Float64'],
] as const;
const texts = ["''", "'a'", "'b'", "'long text'", "'ä'"];

function value(random: Random, type: string): string {
  if (type.includes('Nullable') && random.chance(0.25)) return 'NULL';
  if (type.includes('String')) return random.pick(texts);
  if (type === 'DateTime') return String(1_600_000_000 + random.int(12) * 60);
  if (type === 'Int32') return String(random.int(12) - 4);
  if (type === 'Float64') return String(random.int(20) / 4);
  return String(random.int(8));
}

/** Four tables: small ones, one without rows, one of several parts. */
function* statements(): Generator<string> {
  const random = seeded(11);
  for (const [table, parts, rows] of [
    ['ta', 2, 20],
    ['tb', 3, 15],
    ['tc', 1, 6],
    ['te', 0, 0],
  ] as const) {
    const list = columns.map(([name, type]) => `${name} ${type}`).join(', ');
    yield `CREATE TABLE ${table} (${list}) ENGINE = MergeTree ORDER BY ${random.pick(['k', 'tuple()', '(s, k)'])}`;
    for (let part = 0; part < parts; part++) {
      const tuples = Array.from(
        { length: rows },
        () => `(${columns.map(([, type]) => value(random, type)).join(', ')})`,
      );
      yield `INSERT INTO ${table} VALUES ${tuples.join(', ')}`;
    }
  }
}

const tables = ['ta', 'tb', 'tc', 'te', 'ta', 'tb'] as const;
const keys = (random: Random, l: string, r: string): string =>
  random
    .pick([
      'L.k = R.k',
      'L.n = R.n',
      'L.s = R.s',
      'L.l = R.l',
      'L.k = R.n',
      'L.s = R.l',
      'L.w = R.k',
      'L.k = R.k AND L.s = R.s',
      'L.n = R.w AND L.l = R.l',
      'L.k + 1 = R.w * 2',
      'lower(L.s) = R.s',
      '(L.k, L.s) = (R.k, R.s)',
      'toString(L.k) = toString(R.w)',
      'L.d = R.d',
      'L.v = R.v',
    ])
    .replaceAll('L.', `${l}.`)
    .replaceAll('R.', `${r}.`);
const more = (random: Random, l: string, r: string): string =>
  random
    .pick([
      'L.w < R.w',
      'L.v >= R.v',
      'R.w > 3',
      'L.w != 2',
      'L.n IS NOT NULL',
      'R.l IS NULL',
      'L.k + R.k > 2',
      "R.s = 'a'",
    ])
    .replaceAll('L.', `${l}.`)
    .replaceAll('R.', `${r}.`);

interface Made {
  readonly sql: string;
  /** Which partner a row gets is free: only what does not depend on it is compared. */
  readonly settings: string;
}

/** Aggregates over one side that do not depend on the order of rows. */
const over = (side: string, names: readonly string[]): string[] =>
  names.map((name) => `${side}.${name}`);

const all = ['k', 'n', 's', 'l', 'w', 'v'];

function made(random: Random): Made {
  const [a, b] = [random.pick(tables), random.pick(tables)];
  const kind = random.pick([
    'INNER JOIN',
    'LEFT JOIN',
    'RIGHT JOIN',
    'FULL JOIN',
    'INNER JOIN',
    'LEFT JOIN',
    'LEFT SEMI JOIN',
    'LEFT ANTI JOIN',
    'RIGHT SEMI JOIN',
    'RIGHT ANTI JOIN',
    'LEFT ANY JOIN',
    'ASOF JOIN',
    'ASOF LEFT JOIN',
    'CROSS JOIN',
  ]);
  const [one, two] = [
    random.some(1, 3, () => random.pick(all)),
    random.some(1, 3, () => random.pick(all)),
  ];
  const useNulls = random.chance(0.4) ? 1 : 0;
  const settings = `join_use_nulls = ${useNulls}`;
  // Semi and anti joins show the side they are of, ANY its own side.
  const shown =
    kind.startsWith('RIGHT S') || kind.startsWith('RIGHT ANT')
      ? over('y', two)
      : /SEMI|ANTI|ANY/.test(kind)
        ? over('x', one)
        : [...over('x', one), ...over('y', two)];
  const where = random.chance(0.35)
    ? ` WHERE ${kind.startsWith('RIGHT S') || kind.startsWith('RIGHT ANT') ? random.pick(['y.w > 1', 'y.n IS NOT NULL']) : random.pick(['x.w > 1', "x.s != 'b'", 'x.n IS NULL', 'x.k BETWEEN -1 AND 4'])}`
    : '';
  let on = '';
  if (kind.startsWith('ASOF')) {
    const near = random.pick(['x.d >= y.d', 'x.d > y.d', 'x.d <= y.d', 'x.v >= y.v', 'x.n < y.n']);
    on = ` ON ${random.pick(['x.s = y.s', 'x.w = y.w', 'x.l = y.l', 'x.k = y.k'])} AND ${near}`;
    // Of equal values any row may be taken.
    const name = near.slice(2, 3);
    shown.splice(0, shown.length, ...over('x', one), `y.${name}`);
  } else if (!kind.startsWith('CROSS')) {
    const extra = random.chance(0.3) ? ` AND ${more(random, 'x', 'y')}` : '';
    on = ` ON ${keys(random, 'x', 'y')}${kind.includes('ANY') ? '' : extra}`;
    if (random.chance(0.08) && /^(INNER|LEFT|FULL|RIGHT) JOIN$/.test(kind))
      on = ` ON ${keys(random, 'x', 'y')} OR ${keys(random, 'x', 'y')}`;
  }
  let from = `${a} AS x ${kind} ${b} AS y${on}`;
  if (random.chance(0.2) && !/SEMI|ANTI|ANY|ASOF|CROSS/.test(kind)) {
    const third = random.pick(['INNER JOIN', 'LEFT JOIN']);
    from += ` ${third} tc AS z ON ${keys(random, random.pick(['x', 'y']), 'z')}`;
    shown.push(`z.${random.pick(all)}`);
  }
  if (random.chance(0.15) && !/ASOF|CROSS/.test(kind)) {
    const name = random.pick(['k', 's', 'w', 'n', 'l']);
    from = `${a} AS x ${kind} ${b} AS y USING (${name})`;
  }
  const list = random.chance(0.25)
    ? ['count()', ...shown.map((c) => `uniqExact(${c})`), ...shown.map((c) => `count(${c})`)]
    : shown;
  return { sql: `SELECT ${list.join(', ')} FROM ${from}${where}`, settings };
}

let both: Beside | undefined;
beforeAll(async () => {
  both = await besideClickHouse('joins', statements());
}, 900_000);
afterAll(() => closeBoth(both));

const { count, all: numbers } = seeds(150);
/** Without short cuts; with both sides in files. */
const plain = "colonnade_plain_joins = 1, kernel_paths_off = 'all'";
const external = 'max_bytes_before_external_join = 1';

it(`${count} generated joins give ClickHouse's rows`, { timeout: 3_600_000 }, async (context) => {
  if (!both) return context.skip();
  const { ours, theirs } = both;
  const sorted = (text: string): string => text.split('\n').sort().join('\n');
  const differences: string[] = [];
  let answered = 0;
  for (const seed of numbers) {
    const { sql, settings } = made(seeded(seed));
    const wanted = theirs.ask(`${sql} SETTINGS ${settings}`);
    if (!('text' in wanted)) continue; // ClickHouse refuses more than we do
    answered++;
    for (const extra of ['', plain, external]) {
      const got = await ours.ask(`${sql} SETTINGS ${settings}${extra && `, ${extra}`}`);
      if ('text' in got && sorted(got.text) === sorted(wanted.text)) continue;
      const said = 'text' in got ? `${got.text.split('\n').length - 1} rows` : got.message;
      const meant = `${wanted.text.split('\n').length - 1} rows`;
      differences.push(
        `seed ${seed}${extra && ' (plain)'}: ${said} | ${meant}\n  ${sql} SETTINGS ${settings}`,
      );
    }
  }
  report(`${count} joins, ${answered} answered, ${differences.length} differ`, differences);
  expect(answered).toBeGreaterThan(count / 2);
  expect(differences.slice(0, 20)).toEqual([]);
});
