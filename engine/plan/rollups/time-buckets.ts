// Functions that cut time into buckets, and which buckets lie whole in others: what is grouped by
// minutes can be grouped by hours, what is grouped by days by months.
//
// All of it holds for dates, and for moments in zones whose offset never changes; in other zones for days,
// and for buckets of an hour at most that the zone never cuts (zones.ts).

import { constantOf } from '../bind/expression/constants.ts';
import type { Planning } from '../context.ts';
import {
  type CallExpr,
  callExpr,
  columnsOf,
  type Expr,
  literalExpr,
  replaceColumns,
} from '../expression.ts';
import { exprJson } from '../physical/expression.ts';
import { isWholeIn } from './zones.ts';

/** Length of a bucket; weeks begin on a Monday or a Sunday, so nothing but a day lies in one. */
interface Bucket {
  readonly seconds?: number;
  readonly months?: number;
  readonly week?: true;
}

const day = 86_400;

/** Give the begin of the bucket. */
const begins: Readonly<Record<string, Bucket>> = {
  toStartOfSecond: { seconds: 1 },
  toStartOfMinute: { seconds: 60 },
  toStartOfFiveMinutes: { seconds: 300 },
  toStartOfFiveMinute: { seconds: 300 },
  toStartOfTenMinutes: { seconds: 600 },
  toStartOfFifteenMinutes: { seconds: 900 },
  toStartOfHour: { seconds: 3600 },
  toStartOfDay: { seconds: day },
  toDate: { seconds: day },
  toDate32: { seconds: day },
  toMonday: { week: true },
  toStartOfWeek: { week: true },
  toStartOfMonth: { months: 1 },
  toStartOfQuarter: { months: 3 },
  toStartOfYear: { months: 12 },
};

/** The same everywhere in a bucket of this length. */
const parts: Readonly<Record<string, Bucket>> = {
  toMinute: { seconds: 60 },
  toHour: { seconds: 3600 },
  toDayOfWeek: { seconds: day },
  toDayOfMonth: { seconds: day },
  toDayOfYear: { seconds: day },
  toWeek: { seconds: day },
  toISOWeek: { seconds: day },
  toYearWeek: { seconds: day },
  toISOYear: { seconds: day },
  toYYYYMMDD: { seconds: day },
  toMonth: { months: 1 },
  toYYYYMM: { months: 1 },
  toQuarter: { months: 3 },
  toYear: { months: 12 },
};

const units: Readonly<Record<string, Bucket>> = {
  second: { seconds: 1 },
  minute: { seconds: 60 },
  hour: { seconds: 3600 },
  day: { seconds: day },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { months: 12 },
};

const times = ({ seconds, months }: Bucket, n: number): Bucket | undefined =>
  seconds !== undefined
    ? { seconds: seconds * n }
    : months !== undefined
      ? { months: months * n }
      : undefined;

const literal = (expr: Expr | undefined): string | undefined =>
  expr?.kind === 'literal' ? String(expr.value) : undefined;

/** The bucket of a call, and what is cut. */
function bucketOf(
  expr: Expr,
  table: Readonly<Record<string, Bucket>>,
): { bucket: Bucket; at: number; call: CallExpr } | undefined {
  if (expr.kind !== 'call') return undefined;
  const { name, args } = expr;
  if (name === 'dateTrunc' && args.length === 2) {
    const bucket = units[literal(args[0])?.toLowerCase() ?? ''];
    return bucket && { bucket, at: 1, call: expr };
  }
  if (name === 'toStartOfInterval' && args.length === 2) {
    const interval = args[1];
    const text = interval?.kind === 'call' ? interval.name.slice('to'.length) : interval?.type;
    const unit = units[/^Interval(\w+)$/.exec(text ?? '')?.[1]?.toLowerCase() ?? ''];
    const n = Number(literal(interval?.kind === 'call' ? interval.args[0] : interval));
    const bucket = unit && Number.isInteger(n) && n > 0 ? times(unit, n) : undefined;
    return bucket && { bucket, at: 0, call: expr };
  }
  const bucket = Object.hasOwn(table, name) ? table[name] : undefined;
  // A further argument is a time zone, or the day that weeks begin with.
  if (!bucket || (args.length !== 1 && !(bucket.week && args.length === 2))) return undefined;
  return { bucket, at: 0, call: expr };
}

/** Whether every bucket of `small` lies in one of `large`. */
function liesIn(small: Bucket, large: Bucket): boolean {
  if (small.week || large.week) return small.seconds !== undefined && day % small.seconds === 0;
  if (small.seconds !== undefined && large.seconds !== undefined) {
    return large.seconds % small.seconds === 0;
  }
  if (small.seconds !== undefined) return day % small.seconds === 0;
  if (large.months === undefined || small.months === undefined) return false;
  return large.months % small.months === 0;
}

const even = 'UTC';

/** The zone in which values of a type are cut: `even` for dates and for zones whose clock never jumps;
 *  undefined where nothing is known of it. */
function zoneOf(type: string, ctx: Planning): string | undefined {
  const bare = type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/, '$1');
  if (/^Date(32)?$/.test(bare)) return even;
  if (!/^DateTime/.test(bare)) return undefined;
  const zone = /'([^']+)'/.exec(bare)?.[1] ?? ctx.settings.text('session_timezone');
  if (/^(|UTC|GMT|Z|Etc\/.*)$/.test(zone)) return even;
  // Before 1970 zones had offsets of all kinds.
  return /^DateTime(\(|$)/.test(bare) ? zone : undefined;
}

/** Whether the zone's clock never cuts such a bucket. */
function isWhole({ seconds, months }: Bucket, zone: string): boolean {
  if (zone === even || months !== undefined || seconds === undefined || seconds === day)
    return true;
  return seconds <= 3600 && isWholeIn(zone, seconds);
}

/** Whether such buckets begin where whole shorter ones do: within a day, or with one. */
const isLocal = ({ seconds }: Bucket, zone: string): boolean =>
  zone === even || seconds === undefined || seconds <= 3600 || seconds === day;

export interface KeyColumn {
  /** Its value, over columns of the rollup. */
  readonly made: Expr;
  /** What it holds, over columns of the table. */
  readonly expr: Expr;
}

/** A call over buckets at least as wide as those of a key: made of the key. */
export function fromBucket(expr: Expr, keys: Iterable<KeyColumn>, ctx: Planning): Expr | undefined {
  const wanted = bucketOf(expr, begins) ?? bucketOf(expr, parts);
  const cut = wanted?.call.args[wanted.at];
  const zone = cut && zoneOf(cut.type, ctx);
  if (!wanted || !cut || zone === undefined || !isLocal(wanted.bucket, zone)) return undefined;
  for (const { made, expr: key } of keys) {
    const has = bucketOf(key, begins);
    if (has?.call.args[has.at]?.key !== cut.key || !liesIn(has.bucket, wanted.bucket)) continue;
    if (!isWhole(has.bucket, zone)) continue;
    const args = wanted.call.args.map((arg, i) => (i === wanted.at ? made : arg));
    try {
      const types = args.map((arg) => {
        const constant = constantOf(ctx, arg);
        return constant ? { type: arg.type, constant } : { type: arg.type };
      });
      if (ctx.kernel.resolveFunction(wanted.call.name, types) !== expr.type) continue;
    } catch {
      continue;
    }
    return callExpr(wanted.call.name, args, expr.type);
  }
  return undefined;
}

/** Comparisons that say the same of a moment and of the begin of its bucket, when the other side is
 *  the begin of a bucket itself. */
const sided: Readonly<Record<string, string>> = {
  greaterOrEquals: 'lessOrEquals',
  less: 'greater',
};
const mirrored: ReadonlySet<string> = new Set(Object.values(sided));

/** `ts >= '2024-01-01'` as a condition on the key `toStartOfHour(ts)`. */
export function rangeOfBucket(
  condition: Expr,
  keys: Iterable<KeyColumn>,
  ctx: Planning,
): Expr | undefined {
  if (condition.kind !== 'call' || condition.args.length !== 2) return undefined;
  const { name, args } = condition;
  const at = Object.hasOwn(sided, name) ? 0 : mirrored.has(name) ? 1 : -1;
  const moment = args[at];
  const limit = args[1 - at];
  const zone = moment && zoneOf(moment.type, ctx);
  if (!moment || !limit || zone === undefined || columnsOf(limit).size > 0) return undefined;
  if (moment.kind !== 'column') return undefined;
  for (const { made, expr: key } of keys) {
    const has = bucketOf(key, begins);
    if (has?.call.args[has.at]?.key !== moment.key) continue;
    if (!isWhole(has.bucket, zone)) continue;
    const begin = beginOf(limit, moment.id, moment.type, key, ctx);
    if (begin === undefined) continue;
    const bound = literalExpr(key.type, begin);
    const pair = at === 0 ? [made, bound] : [bound, made];
    return callExpr(name, pair, condition.type);
  }
  return undefined;
}

/** The limit as a value of the key; undefined when it is not the begin of a bucket. */
function beginOf(limit: Expr, id: number, type: string, key: Expr, ctx: Planning) {
  try {
    const json = exprJson(limit, new Map(), []);
    const value = ctx.kernel.fold({ cast: json, to: type });
    if (typeof value?.value !== 'string') return undefined;
    // Nothing of the limit may be lost on the way, as the fraction of a second is.
    const exact = ctx.kernel.fold({ call: 'equals', args: [{ lit: value }, json] });
    const moment = literalExpr(type, value.value);
    const cut = ctx.kernel.fold(
      exprJson(replaceColumns(key, new Map([[id, moment]])), new Map(), []),
    );
    if (typeof cut?.value !== 'string' || String(exact?.value) !== '1') return undefined;
    const back = ctx.kernel.fold({ cast: { lit: cut }, to: type });
    return back?.value === value.value ? cut.value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an expression means something else in another time zone of the session. */
export function dependsOnZone(expr: Expr): boolean {
  const list: Expr[] = [expr];
  for (let at = list.pop(); at; at = list.pop()) {
    if (at.kind === 'call' || at.kind === 'cast') {
      const inner = at.kind === 'call' ? at.args : [at.expr];
      if ([at, ...inner].some((e) => /DateTime(?:64\(\d\))?(?![\w(])/.test(e.type))) return true;
      list.push(...inner);
    } else if (at.kind === 'lambda') list.push(at.body);
    else if (at.kind === 'in') list.push(at.expr);
  }
  return false;
}
