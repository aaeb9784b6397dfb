// Interval units: every spelling, and the function that extracts each from a date.
import type { IntervalUnit } from './ast/index.ts';

const spellings: Readonly<Record<IntervalUnit, string>> = {
  NANOSECOND: 'NANOSECOND NANOSECONDS NS SQL_TSI_NANOSECOND',
  MICROSECOND: 'MICROSECOND MICROSECONDS US SQL_TSI_MICROSECOND',
  MILLISECOND: 'MILLISECOND MILLISECONDS MS SQL_TSI_MILLISECOND',
  SECOND: 'SECOND SECONDS SS S SQL_TSI_SECOND',
  MINUTE: 'MINUTE MINUTES MI N SQL_TSI_MINUTE',
  HOUR: 'HOUR HOURS HH H SQL_TSI_HOUR',
  DAY: 'DAY DAYS DD D SQL_TSI_DAY',
  WEEK: 'WEEK WEEKS WW WK W SQL_TSI_WEEK',
  MONTH: 'MONTH MONTHS MM M SQL_TSI_MONTH',
  QUARTER: 'QUARTER QUARTERS QQ Q SQL_TSI_QUARTER',
  YEAR: 'YEAR YEARS YYYY YY Y SQL_TSI_YEAR',
};

/** Upper-case spelling → unit. */
export const unitBySpelling: ReadonlyMap<string, IntervalUnit> = new Map(
  (Object.keys(spellings) as IntervalUnit[]).flatMap((unit) =>
    spellings[unit].split(' ').map((word): [string, IntervalUnit] => [word, unit]),
  ),
);

/** EXTRACT(unit FROM x) → the function of x. */
export const extractFunctions: ReadonlyMap<string, string> = new Map([
  ['NANOSECOND', 'toNanosecond'],
  ['MICROSECOND', 'toMicrosecond'],
  ['MILLISECOND', 'toMillisecond'],
  ['SECOND', 'toSecond'],
  ['MINUTE', 'toMinute'],
  ['HOUR', 'toHour'],
  ['DAY', 'toDayOfMonth'],
  ['WEEK', 'toISOWeek'],
  ['MONTH', 'toMonth'],
  ['QUARTER', 'toQuarter'],
  ['YEAR', 'toYear'],
  ['DOW', 'toDayOfWeek'],
  ['DOY', 'toDayOfYear'],
  ['EPOCH', 'toUnixTimestamp'],
]);

const spaced = /^\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z_]+)\s*/;

/** `1 hour 2 minutes` → [['1', HOUR], ['2', MINUTE]]; undefined when it is nothing of the kind. */
export function readIntervalText(text: string): [string, IntervalUnit][] | undefined {
  const parts: [string, IntervalUnit][] = [];
  let rest = text;
  while (rest.length > 0 && parts.length < 16) {
    const match = spaced.exec(rest);
    const unit =
      match === null ? undefined : unitBySpelling.get((match[2] as string).toUpperCase());
    if (match === null || unit === undefined) return undefined;
    parts.push([(match[1] as string).replace('+', ''), unit]);
    rest = rest.slice(match[0].length);
  }
  return parts.length === 0 ? undefined : parts;
}
