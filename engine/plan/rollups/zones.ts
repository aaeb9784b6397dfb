// Time zones in which short buckets of local time are always whole: every offset, and every moment at
// which the offset changes, is a multiple of the bucket.

const secondsInWeek = 7 * 86_400;

/** Between these years zones are looked at; later ones repeat the last. */
const years = { first: Date.UTC(1970, 0, 1) / 1000, last: Date.UTC(2040, 0, 1) / 1000 };

/** Seconds between UTC and local time; undefined for a zone that is not known. */
function offsets(zone: string): ((at: number) => number) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  return (at) => {
    const parts = format.formatToParts(at * 1000);
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0', seconds = '0'] =
      /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?/.exec(text) ?? [];
    const all = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -all : all;
  };
}

/** The first moment after `low`, and not after `high`, at which the offset is that of `high`. */
function changeBetween(low: number, high: number, offset: (at: number) => number): number {
  const after = offset(high);
  let [before, there] = [low, high];
  while (there - before > 1) {
    const middle = Math.floor((before + there) / 2);
    if (offset(middle) === after) there = middle;
    else before = middle;
  }
  return there;
}

/** The greatest length of which all is a multiple, 3600 at most. */
function unitOf(zone: string): number {
  const offset = offsets(zone);
  if (!offset) return 1;
  let unit = 3600;
  const add = (seconds: number): void => {
    let rest = Math.abs(seconds);
    while (rest > 0) [unit, rest] = [rest, unit % rest];
  };
  let last = offset(years.first);
  add(last);
  for (let at = years.first + secondsInWeek; at < years.last; at += secondsInWeek) {
    const now = offset(at);
    if (now === last) continue;
    add(now);
    add(changeBetween(at - secondsInWeek, at, offset));
    last = now;
  }
  return unit;
}

const units = new Map<string, number>();

/** Whether buckets of so many seconds, an hour at most, are whole in a zone since 1970. */
export function isWholeIn(zone: string, seconds: number): boolean {
  let unit = units.get(zone);
  if (unit === undefined) {
    unit = unitOf(zone);
    units.set(zone, unit);
  }
  return 3600 % seconds === 0 && unit % seconds === 0;
}
