// Expressions both sides understand. What one of them words in another way stands as ⟨ours¦theirs⟩.
import type { Random } from '../random.ts';
import type { Column, Kind } from './tables.ts';

const calls: Record<Kind, readonly string[]> = {
  num: [
    '(num + num)',
    '(num - num)',
    '(num * 3)',
    '(-num)',
    'coalesce(num, 0)',
    'nullif(num, 2)',
    'CASE WHEN yes THEN num ELSE num END',
    'CAST(length(txt) AS BIGINT)',
    'CAST(num AS BIGINT)',
    'CAST(year(day) AS BIGINT)',
    'CAST(month(day) AS BIGINT)',
    'CASE num WHEN 1 THEN 2 WHEN 3 THEN num END',
    'CAST(num % 4 AS BIGINT)',
    'CAST(sign(num) AS BIGINT)',
    'if(yes, num, num)',
    'CAST(EXTRACT(DAY FROM day) AS BIGINT)',
    'CAST(abs(num) AS BIGINT)',
    'greatest(num, num)',
    'least(num, num, 4)',
    '⟨intDiv(num, 3)¦(num // 3)⟩',
    '⟨bitAnd(num, 6)¦(num & 6)⟩',
    '⟨bitXor(num, 5)¦xor(num, 5)⟩',
    "CAST(position('l' IN (txt)) AS BIGINT)",
    "CAST(date_diff('day', day, day) AS BIGINT)",
    "CAST(date_diff('month', day, day) AS BIGINT)",
    "CAST(date_diff('hour', tim, tim) AS BIGINT)",
    'CAST(quarter(day) AS BIGINT)',
    'CAST(hour(tim) AS BIGINT)',
    'CAST(minute(tim) AS BIGINT)',
    'CAST(⟨toDayOfWeek¦isodow⟩(day) AS BIGINT)',
    'CAST(⟨toDayOfYear¦dayofyear⟩(day) AS BIGINT)',
    'CAST(⟨toISOWeek¦weekofyear⟩(day) AS BIGINT)',
    "CAST(⟨editDistance¦levenshtein⟩(txt, 'hello') AS BIGINT)",
    'CAST(ascii(txt) AS BIGINT)',
    'CAST(floor(flt) AS BIGINT)',
    'CAST(⟨length¦len⟩([num, num, 3]) AS BIGINT)',
  ],
  flt: [
    '(flt + flt)',
    '(flt - 1.5)',
    '(flt * 2)',
    'abs(flt)',
    '(num / 4)',
    'coalesce(flt, 0.5)',
    'floor(flt)',
    'ceil(flt)',
    'CASE WHEN yes THEN flt END',
    'CAST(num AS DOUBLE)',
    'nullif(flt, 0.25)',
    'sqrt(abs(flt))',
    'trunc(flt)',
    'power(flt, 2)',
    'ln(abs(flt) + 1)',
    'greatest(flt, flt)',
    'CAST(dec AS DOUBLE)',
    'cos(flt)',
    'atan2(flt, 2)',
  ],
  txt: [
    'upper(txt)',
    'lower(txt)',
    "(txt || '-')",
    'substring(txt, 1, 2)',
    'substring(txt, 2)',
    "coalesce(txt, 'none')",
    "replace(txt, 'l', 'L')",
    'CAST(num AS VARCHAR)',
    'CASE WHEN yes THEN txt ELSE txt END',
    "nullif(txt, 'a')",
    'reverse(txt)',
    'left(txt, 2)',
    'right(txt, 3)',
    'trim(txt)',
    'ltrim(txt)',
    'rtrim(txt)',
    "TRIM(BOTH 'a' FROM txt)",
    'CAST(day AS VARCHAR)',
    "lpad(txt, 4, '*')",
    "rpad(txt, 3, 'xy')",
    'repeat(txt, 2)',
    "translate(txt, 'ab', 'yz')",
    '⟨lower(hex(MD5(txt)))¦md5(txt)⟩',
    "⟨replaceRegexpOne¦regexp_replace⟩(txt, '[a-l]+', '#')",
    "⟨replaceRegexpAll(txt, '[aeo]', '')¦regexp_replace(txt, '[aeo]', '', 'g')⟩",
    'greatest(txt, txt)',
  ],
  day: [
    "coalesce(day, DATE '2020-01-01')",
    'CASE WHEN yes THEN day END',
    'if(yes, day, day)',
    'CAST(day + INTERVAL 1 MONTH AS DATE)',
    'CAST(day - INTERVAL 10 DAY AS DATE)',
    'CAST(day + INTERVAL 2 WEEK AS DATE)',
    'CAST(day - INTERVAL 1 YEAR AS DATE)',
    "CAST(date_trunc('month', day) AS DATE)",
    "CAST(date_trunc('week', day) AS DATE)",
    "CAST(date_trunc('quarter', day) AS DATE)",
    'last_day(day)',
    'CAST(tim AS DATE)',
    'greatest(day, day)',
  ],
  yes: [
    '(num < num)',
    '(num = num)',
    '(num <> 3)',
    '(num >= 0)',
    '(flt > 1.5)',
    "(txt = 'a')",
    '(txt < txt)',
    "(day >= DATE '2020-06-01')",
    '(yes AND yes)',
    '(yes OR yes)',
    '(NOT yes)',
    '(num IS NULL)',
    '(txt IS NOT NULL)',
    'num IN (1, 2, 3)',
    "txt NOT IN ('a', 'b')",
    'num BETWEEN -3 AND 4',
    'num NOT BETWEEN num AND 5',
    "txt LIKE '%l%'",
    "txt NOT LIKE '_'",
    "txt ILIKE 'A%'",
    '(flt IS NULL OR yes)',
    '(dec > 1.25)',
    '(dec = dec)',
    '(dec < num)',
    "(tim < TIMESTAMP '2020-06-01 12:00:00')",
    '(num IS DISTINCT FROM num)',
    '(txt IS NOT DISTINCT FROM txt)',
    "⟨startsWith¦starts_with⟩(txt, 'h')",
    "⟨match¦regexp_matches⟩(txt, '^[a-h]+$')",
    "(day BETWEEN DATE '2019-06-01' AND DATE '2021-02-03')",
  ],
  dec: [
    '(dec + dec)',
    '(dec - dec)',
    '(dec * 3)',
    '(-dec)',
    'abs(dec)',
    'coalesce(dec, CAST(0.5 AS DECIMAL(18, 2)))',
    'CASE WHEN yes THEN dec END',
    'CAST(num AS DECIMAL(18, 2))',
    'round(dec, 1)',
    'if(yes, dec, dec)',
  ],
  tim: [
    "coalesce(tim, TIMESTAMP '2020-02-29 23:59:59')",
    'CASE WHEN yes THEN tim END',
    '(tim + INTERVAL 90 MINUTE)',
    '(tim - INTERVAL 36 HOUR)',
    '(tim + INTERVAL 1 MONTH)',
    "date_trunc('hour', tim)",
    "date_trunc('day', tim)",
  ],
};

const literals: Record<Kind, readonly string[]> = {
  num: ['0', '1', '-2', '5'],
  flt: ['0.5', '-1.25'],
  txt: ["'a'", "'zz'"],
  day: ["DATE '2020-03-15'"],
  yes: ['(1 = 1)', '(1 = 2)'],
  dec: ['CAST(2.5 AS DECIMAL(18, 2))'],
  tim: ["TIMESTAMP '2020-03-15 10:20:30'"],
};

/** Kinds where an expression or a call has them. */
const hole = /(?<!')\b(num|flt|txt|day|yes|dec|tim)\b(?![('])/g;

/** The holes of both sides of ⟨ours¦theirs⟩ are filled alike, in their order; one more is the last one again. */
export const filled = (
  random: Random,
  from: readonly Column[],
  template: string,
  depth: number,
): string =>
  template.replace(/⟨([^¦]*)¦([^⟩]*)⟩|[^⟨]+/g, (text, ours?: string, theirs?: string) => {
    const fill = (kind: string): string => expression(random, from, kind as Kind, depth);
    if (ours === undefined || theirs === undefined) return text.replace(hole, fill);
    const held: Record<string, string[]> = {};
    const left = ours.replace(hole, (kind) => {
      const made = fill(kind);
      held[kind] = [...(held[kind] ?? []), made];
      return made;
    });
    const right = theirs.replace(hole, (kind) => {
      const known = held[kind] ?? [fill(kind)];
      return (known.length > 1 ? known.shift() : known[0]) as string;
    });
    return `⟨${left}¦${right}⟩`;
  });

export function expression(
  random: Random,
  from: readonly Column[],
  kind: Kind,
  depth: number,
): string {
  const fitting = from.filter((c) => c.kind === kind);
  if (depth <= 0 || random.chance(0.25)) {
    if (fitting.length > 0 && random.chance(0.9)) return random.pick(fitting).sql;
    return random.pick(literals[kind]);
  }
  return filled(random, from, random.pick(calls[kind]), depth - 1);
}

const kinds = ['num', 'num', 'flt', 'txt', 'day', 'dec', 'tim'] as const;
export const value = (random: Random): Kind => random.pick(kinds);

/** Lists and rows, which are never NULL here: they stand alone in what is selected. */
export const lists = [
  '[num, num]',
  '⟨arrayConcat¦list_concat⟩([num], [num, 3])',
  '⟨arrayReverse¦list_reverse⟩([num, 1, num])',
  "⟨arraySort([num, 2, num])¦list_sort([num, 2, num], 'ASC', 'NULLS LAST')⟩",
  '⟨arraySlice([num, num, 1], 2, 2)¦list_slice([num, num, 1], 2, 3)⟩',
  "⟨splitByChar('l', coalesce(txt, ''))¦string_split(coalesce(txt, ''), 'l')⟩",
  '⟨arrayMap(x -> x + coalesce(num, 1), [1, 2, 3])¦list_transform([1, 2, 3], x -> x + coalesce(num, 1))⟩',
  '⟨arrayFilter(x -> x > coalesce(num, 1), [1, 2, 3, 4])¦list_filter([1, 2, 3, 4], x -> x > coalesce(num, 1))⟩',
  "⟨tuple(num, txt)¦{'x': num, 'y': txt}⟩",
];

/** Some outputs, named c0, c1 … */
export const outputs = (
  random: Random,
  from: readonly Column[],
  low: number,
  high: number,
  depth: number,
): string[] =>
  random.some(low, high, (i) => `${expression(random, from, value(random), depth)} AS c${i}`);

export const where = (random: Random, from: readonly Column[], share = 0.6): string =>
  random.chance(share) ? ` WHERE ${expression(random, from, 'yes', 2)}` : '';

const aggregates = [
  'count(*)',
  'count(num)',
  'count(DISTINCT num)',
  'count(DISTINCT txt)',
  'sum(num)',
  'sum(flt)',
  'sum(dec)',
  'sum(DISTINCT num)',
  'avg(num)',
  'avg(flt)',
  'avg(dec)',
  'min(num)',
  'max(flt)',
  'min(txt)',
  'max(txt)',
  'min(day)',
  'max(day)',
  'min(dec)',
  'max(tim)',
  'sum(CASE WHEN yes THEN num END)',
  'count(*) FILTER (WHERE yes)',
  'sum(num) FILTER (WHERE yes)',
  'max(dec) FILTER (WHERE yes)',
  'count(DISTINCT txt) FILTER (WHERE yes)',
  'stddev_pop(flt)',
  'var_pop(flt)',
  'coalesce(⟨countIf¦count_if⟩(yes), 0)',
  '⟨min(yes)¦bool_and(yes)⟩',
  '⟨max(yes)¦bool_or(yes)⟩',
  '⟨groupBitXor(num)¦bit_xor(num)⟩',
  '⟨quantileExactInclusive(0.25)(flt)¦quantile_cont(flt, 0.25)⟩',
  '⟨quantileExactInclusive(0.5)(flt)¦median(flt)⟩',
  "coalesce(⟨arrayStringConcat(arraySort(groupArray(txt)), ',')¦string_agg(txt, ',' ORDER BY txt)⟩, '')",
  '⟨arraySort(groupUniqArray(num))¦coalesce(list_sort(list(DISTINCT num) FILTER (WHERE num IS NOT NULL)), [])⟩',
];

export const aggregate = (random: Random, from: readonly Column[]): string =>
  filled(random, from, random.pick(aggregates), 1);

/** The text for one of both. */
export function worded(sql: string, side: 'ours' | 'theirs'): string {
  const inner = /⟨([^⟨⟩¦]*)¦([^⟨⟩¦]*)⟩/g;
  let text = sql;
  while (text.includes('⟨')) {
    const next = text.replace(inner, side === 'ours' ? '$1' : '$2');
    if (next === text) throw new Error(`unpaired alternatives: ${sql}`);
    text = next;
  }
  return text;
}
