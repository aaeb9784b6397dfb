// Random literals of the columns of the tables: few different values, so that keys meet, and the edges of each type.
import type { Random } from './random.ts';

const words = [
  '',
  'a',
  'b',
  'ab',
  'Abc',
  'hello',
  'Hello World',
  'x,y',
  '%_',
  'ünïcödé',
  '10',
  '-7',
  '2.5',
];
export const quote = (text: string): string =>
  `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
export const word = (random: Random): string => quote(random.pick(words));
export const integer =
  (low: number, high: number) =>
  (random: Random): string =>
    String(
      random.chance(0.1)
        ? random.pick([low, high, 0])
        : low < 0
          ? random.int(41) - 20
          : random.int(41),
    );
const two = (n: number): string => String(n).padStart(2, '0');
export const date = (random: Random): string =>
  `'${2019 + random.int(4)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}'`;
export const moment = (random: Random): string =>
  `${date(random).slice(0, -1)} ${two(random.int(24))}:${two(random.int(60))}:${two(random.int(60))}'`;
/** Quarters: sums of them are exact in any order. */
export const quarter = (random: Random): string => String((random.int(4001) - 2000) / 4);

export const orNull =
  (value: (random: Random) => string) =>
  (random: Random): string =>
    random.chance(0.2) ? 'NULL' : value(random);

/** A number too wide for 64 bits every other time. */
export const wide = (random: Random): string =>
  random.chance(0.5)
    ? String(random.int(41) - 20)
    : `'${random.pick(['170141183460469231731687303715884105', '-18446744073709551616', '36893488147419103232'])}'`;
/** Like `wide`, of a type without a sign. */
export const unsigned = (random: Random): string => wide(random).replace('-', '');
export const uuid = (random: Random): string =>
  quote(`00000000-0000-4000-8000-00000000000${random.int(6)}`);
export const ip4 = (random: Random): string => quote(`10.0.${random.int(3)}.${random.int(4)}`);
export const ip6 = (random: Random): string =>
  quote(random.pick(['::1', '2001:db8::', '2001:db8::1', '::ffff:10.0.0.1']));
/** Before 1970 and after 2149 too, which Date cannot hold. */
export const longDate = (random: Random): string =>
  random.chance(0.3) ? random.pick(["'1925-03-01'", "'2200-12-31'", "'1969-12-31'"]) : date(random);
export const instant = (random: Random): string =>
  `${moment(random).slice(0, -1)}.${String(random.int(1000)).padStart(3, '0')}'`;
export const fixed = (random: Random): string =>
  quote(random.pick(['', 'a', 'ab', 'abc', 'Ab', '1']));

/** A list of 0 to `most` values. */
export const list = (random: Random, most: number, value: (random: Random) => string): string =>
  `[${random.some(0, most, () => value(random)).join(',')}]`;
