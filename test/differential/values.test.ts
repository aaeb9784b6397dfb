// INSERT … VALUES with expressions at random: the same rows whether rows of one shape are computed at once or each
// by itself, and those that ClickHouse stores. COLONNADE_TEST_QUERIES is how many batches (120), COLONNADE_TEST_SEED
// the first one's seed, COLONNADE_TEST_REPORT a file for all differences.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Random, seeded } from '../generated/random.ts';
import { type Beside, besideClickHouse, closeBoth, type Outcome, report, seeds } from '../peers.ts';

type Write = (random: Random) => string;

const whole: Write = (r) => String(r.int(r.pick([10, 300, 70_000, 5_000_000])));
const small: Write = (r) => String(r.int(50));
const fraction: Write = (r) => `${r.int(1000)}.${r.int(100)}`;
const day: Write = (r) => `2024-0${1 + r.int(9)}-1${r.int(10)}`;
const word: Write = (r) =>
  r.pick(['a', "it''s", 'b\\tc', 'd\\\\e', "f\\'g", 'ä€', '(1, 2)', 'now()', '--', '']);

/** How a value of a type may be written: plainly, and as an expression of literals. */
const writers: Readonly<Record<string, readonly Write[]>> = {
  UInt32: [
    whole,
    (r) => `${whole(r)} + ${small(r)}`,
    (r) => `toUInt32('${whole(r)}')`,
    (r) => `length('${word(r)}') * ${small(r)}`,
    (r) => `'${whole(r)}'::UInt32`,
    (r) => `if(${r.int(2)}, ${whole(r)}, ${small(r)})`,
    (r) => `${r.int(5)} IN (1, ${r.int(5)}, 3)`,
  ],
  Int64: [
    (r) => `-${whole(r)}`,
    (r) => `${small(r)} - ${whole(r)}`,
    (r) => `-${whole(r)} * -2`,
    (r) => `intDiv(-${whole(r)}, ${1 + r.int(9)})`,
    (r) => `abs(-${whole(r)})`,
    (r) => `${fraction(r)}::Int64`,
  ],
  Float64: [
    fraction,
    (r) => `-${fraction(r)}`,
    (r) => `${whole(r)} / ${1 + r.int(7)}`,
    (r) => `round(${fraction(r)}, ${r.int(3)})`,
    (r) => `${fraction(r)}e${r.int(5)} + ${small(r)}`,
  ],
  'Decimal(18, 4)': [
    fraction,
    (r) => `toDecimal64('${fraction(r)}', ${1 + r.int(4)})`,
    (r) => `${fraction(r)}::Decimal(18, 4) * ${r.int(9)}`,
  ],
  String: [
    (r) => `'${word(r)}'`,
    (r) => `concat('${word(r)}', '${word(r)}')`,
    (r) => `upper('${word(r)}') || toString(${whole(r)})`,
    (r) => `substring('${word(r)}xyz', ${1 + r.int(3)}, ${r.int(4)})`,
    whole,
    (r) => `toTypeName(${whole(r)})`,
    (r) => `CAST(${whole(r)}, '${r.pick(['String', 'UInt64'])}')`,
  ],
  Date: [
    (r) => `'${day(r)}'`,
    (r) => `toDate('${day(r)}')`,
    (r) => `toDate('${day(r)}') + ${small(r)}`,
    (r) => `DATE '${day(r)}' - INTERVAL ${small(r)} DAY`,
    (r) => `addMonths('${day(r)}'::Date, -${small(r)})`,
  ],
  'DateTime64(3)': [
    (r) => `'${day(r)} 01:02:03.${100 + r.int(900)}'`,
    (r) => `fromUnixTimestamp64Milli(${1_704_067_200_000 + r.int(1e9)})`,
    (r) => `toDateTime64('${day(r)} 00:00:00', ${r.int(4)})`,
    (r) => `toDateTime('${day(r)} 10:00:00', '${r.pick(['UTC', 'Asia/Tokyo'])}')`,
  ],
  'Nullable(Int16)': [
    (r) => (r.chance(0.5) ? 'NULL' : small(r)),
    (r) => `nullIf(${small(r)}, ${small(r)})`,
    (r) => `'${small(r)}'`,
  ],
  'Array(Int32)': [
    (r) => `[${r.some(0, 4, () => whole(r)).join(', ')}]`,
    (r) => `[${r.some(1, 3, () => `${small(r)} + 1`).join(', ')}]`,
    (r) => `arrayMap(x -> x * ${small(r)}, [1, ${small(r)}])`,
    (r) => `range(${r.int(5)})`,
  ],
  'Map(String, UInt16)': [
    // Braces behind an expression are no map to ClickHouse.
    (r) => `map('${r.int(9)}', ${small(r)})`,
    (r) => `map('${word(r)}', ${small(r)} + 1)`,
  ],
  'LowCardinality(String)': [(r) => `'${word(r)}'`, (r) => `lower('${word(r)}')`],
};
const types = Object.keys(writers);

interface Batch {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

function batch(random: Random): Batch {
  const columns = random.some(1, 4, () => random.pick(types));
  const all = columns.map((type) => writers[type] as readonly Write[]);
  // Most columns are written one way, as drivers do.
  const fixed = all.map((list) => (random.chance(0.7) ? random.pick(list) : undefined));
  const row = (n: number): string => {
    const values = all.map((list, i) => (fixed[i] ?? random.pick(list))(random));
    return `(${[n, ...values].join(random.pick([', ', ',', ' ,']))})`;
  };
  return { columns, rows: random.some(1, 40, row) };
}

let beside: Beside | undefined;
beforeAll(async () => {
  beside = await besideClickHouse('values', []);
}, 120_000);
afterAll(() => closeBoth(beside));

const said = (outcome: Outcome): string =>
  'text' in outcome ? outcome.text : `refused with ${outcome.code}`;
const deduce = 'input_format_values_deduce_templates_of_expressions';

it('stores the same rows at once, one by one, and as ClickHouse does', async (context) => {
  if (!beside) return context.skip();
  const { ours, theirs } = beside;
  const differences: string[] = [];
  const { all } = seeds(120);
  for (const seed of all) {
    const { columns, rows } = batch(seeded(seed));
    const list = columns.map((type, i) => `c${i} ${type}`).join(', ');
    const create = `CREATE OR REPLACE TABLE v (n UInt32, ${list}) ENGINE = MergeTree ORDER BY n`;
    const sql = `INSERT INTO v SETTINGS ${deduce} = 0 VALUES ${rows.join(',')}`;
    const show = 'SELECT * FROM v ORDER BY n';
    const answers: string[] = [];
    for (const on of [1, 0]) {
      await ours.must(create);
      const outcome = await ours.ask(sql.replace('= 0', `= ${on}`));
      answers.push('text' in outcome ? await ours.must(show) : said(outcome));
    }
    theirs.must(create);
    const outcome = theirs.ask(sql);
    answers.push(said('text' in outcome ? theirs.ask(show) : outcome));
    const [together, alone, peer] = answers;
    if (together === alone && together === peer) continue;
    differences.push(`-- seed ${seed}\n${create};\n${sql};\n${answers.join('\n---\n')}`);
  }
  report(`${differences.length} of ${all.length} batches differ`, differences);
  expect(differences).toEqual([]);
}, 600_000);
