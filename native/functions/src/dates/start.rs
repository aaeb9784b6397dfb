//! Rounding down: toStartOf*, dateTrunc, toStartOfInterval, last days, time slots and windows.
//!
//! Whole units of a DateTime64 are found by cutting its fraction towards zero, as ClickHouse does.

use super::add::Unit;
use super::parts::need_time;
use super::week::{start_of_iso_year, start_of_week};
use super::{Clock, Kind, clamp_date, kind_of};
use crate::args::{array_column, i32_col, i64_col, i64s, u16_col, u32_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::session::Session;
use types::codes::{ARGUMENT_OUT_OF_BOUND, BAD_ARGUMENTS, ILLEGAL_TYPE_OF_ARGUMENT, TOO_LARGE_ARRAY_SIZE};
use types::tz::{DAY, civil_from_days, days_from_civil, days_in_month};
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("toStartOfYear", "toStartOfYear(time[, zone])", "First day of the year, as Date.", &[("toStartOfYear(toDate('2024-05-17'))", "2024-01-01")], |b| to_date(b, |d| days_from_civil(civil_from_days(d).0, 1, 1))),
    f("toStartOfISOYear", "toStartOfISOYear(time[, zone])", "First day of the ISO 8601 year, as Date.", &[("toStartOfISOYear(toDate('2021-01-03'))", "2019-12-30")], |b| to_date(b, |d| start_of_iso_year(clamp_date(d)))),
    f("toStartOfQuarter", "toStartOfQuarter(time[, zone])", "First day of the quarter, as Date.", &[("toStartOfQuarter(toDate('2024-05-17'))", "2024-04-01")], |b| to_date(b, |d| { let (y, m, _) = civil_from_days(d); days_from_civil(y, (i64::from(m) - 1) / 3 * 3 + 1, 1) })),
    f("toStartOfMonth", "toStartOfMonth(time[, zone])", "First day of the month, as Date.", &[("toStartOfMonth(toDate('2024-05-17'))", "2024-05-01")], |b| to_date(b, |d| { let (y, m, _) = civil_from_days(d); days_from_civil(y, m.into(), 1) })),
    f("toMonday", "toMonday(time[, zone])", "The Monday of the week, as Date.", &[("toMonday(toDate('2024-05-17'))", "2024-05-13")], |b| to_date(b, |d| start_of_week(d, 1))),
    f("toStartOfWeek", "toStartOfWeek(time[, mode[, zone]])", "First day of the week: Sunday (mode 0) or Monday (odd modes), as Date.", &[("toStartOfWeek(toDate('2024-05-17'))", "2024-05-12")], |b| week(b, false)),
    f("toLastDayOfWeek", "toLastDayOfWeek(time[, mode[, zone]])", "Last day of the week, as Date.", &[("toLastDayOfWeek(toDate('2024-05-17'))", "2024-05-18")], |b| week(b, true)),
    f("toLastDayOfMonth", "toLastDayOfMonth(time[, zone])", "Last day of the month, as Date.", &[("toLastDayOfMonth(toDate('2024-02-17'))", "2024-02-29")], |b| to_date(b, |d| { let (y, m, _) = civil_from_days(d); days_from_civil(y, m.into(), days_in_month(y, m).into()) })).alias_ci(&["LAST_DAY"]),
    f("toStartOfDay", "toStartOfDay(time[, zone])", "Midnight before the time, as DateTime.", &[("toStartOfDay(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 00:00:00")], start_of_day),
    f("toStartOfHour", "toStartOfHour(time[, zone])", "The full hour.", &[("toStartOfHour(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:00:00")], |b| rounded(b, 3600)),
    f("toStartOfMinute", "toStartOfMinute(time[, zone])", "The full minute.", &[("toStartOfMinute(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:34:00")], |b| rounded(b, 60)),
    f("toStartOfFiveMinutes", "toStartOfFiveMinutes(time[, zone])", "The start of the five minutes.", &[("toStartOfFiveMinutes(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:30:00")], |b| rounded(b, 300)).alias(&["toStartOfFiveMinute"]),
    f("toStartOfTenMinutes", "toStartOfTenMinutes(time[, zone])", "The start of the ten minutes.", &[("toStartOfTenMinutes(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:30:00")], |b| rounded(b, 600)),
    f("toStartOfFifteenMinutes", "toStartOfFifteenMinutes(time[, zone])", "The start of the quarter of an hour.", &[("toStartOfFifteenMinutes(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:30:00")], |b| rounded(b, 900)),
    f("timeSlot", "timeSlot(time[, zone])", "The start of the half hour.", &[("timeSlot(toDateTime('2024-05-17 12:34:56'))", "2024-05-17 12:30:00")], |b| rounded(b, 1800)),
    f("toStartOfSecond", "toStartOfSecond(time64[, zone])", "The full second.", &[("toStartOfSecond(toDateTime64('2024-01-01 00:00:00.123', 3))", "2024-01-01 00:00:00.000")], |b| subsecond(b, Unit::Second)),
    f("toStartOfMillisecond", "toStartOfMillisecond(time64[, zone])", "The full millisecond.", &[("toStartOfMillisecond(toDateTime64('2024-01-01 00:00:00.123456', 6))", "2024-01-01 00:00:00.123000")], |b| subsecond(b, Unit::Millisecond)),
    f("toStartOfMicrosecond", "toStartOfMicrosecond(time64[, zone])", "The full microsecond.", &[("toStartOfMicrosecond(toDateTime64('2024-01-01 00:00:00.123456789', 9))", "2024-01-01 00:00:00.123456000")], |b| subsecond(b, Unit::Microsecond)),
    f("toStartOfNanosecond", "toStartOfNanosecond(time64[, zone])", "The full nanosecond.", &[("toStartOfNanosecond(toDateTime64('2024-01-01 00:00:00.123', 3))", "2024-01-01 00:00:00.123000000")], |b| subsecond(b, Unit::Nanosecond)),
    f("dateTrunc", "dateTrunc(unit, time[, zone])", "The time cut to a unit: second, minute, hour, day, week, month, quarter, year ….", &[("dateTrunc('month', toDate('2024-05-17'))", "2024-05-01")], date_trunc).alias_ci(&["date_trunc", "TRUNC_DATE"]),
    f("toStartOfInterval", "toStartOfInterval(time, interval[, origin][, zone])", "The time rounded down to a multiple of an interval, counted from its natural origin or from the one given.", &[("toStartOfInterval(toDateTime('2024-05-17 12:34:56'), INTERVAL 20 MINUTE)", "2024-05-17 12:20:00")], start_of_interval).alias_ci(&["time_bucket", "date_bin"]),
    f("timeSlots", "timeSlots(start, duration[, size])", "The slots of `size` seconds (1800) that the time from start for duration touches.", &[("timeSlots(toDateTime('2024-01-01 12:20:00'), toUInt32(600))", "['2024-01-01 12:00:00','2024-01-01 12:30:00']")], time_slots),
    f("tumble", "tumble(time, interval[, zone])", "Start and end of the window that the time falls into.", &[("tumble(toDateTime('2024-01-01 12:20:33'), INTERVAL 5 MINUTE)", "('2024-01-01 12:20:00','2024-01-01 12:25:00')")], |b| window(b, 1, Edge::Both)),
    f("tumbleStart", "tumbleStart(time, interval[, zone])", "Start of the window that the time falls into.", &[("tumbleStart(toDateTime('2024-01-01 12:20:33'), INTERVAL 1 HOUR)", "2024-01-01 12:00:00")], |b| window(b, 1, Edge::Start)),
    f("tumbleEnd", "tumbleEnd(time, interval[, zone])", "End of the window that the time falls into.", &[("tumbleEnd(toDateTime('2024-01-01 12:20:33'), INTERVAL 1 DAY)", "2024-01-02 00:00:00")], |b| window(b, 1, Edge::End)),
    f("hop", "hop(time, step, size[, zone])", "Start and end of the last sliding window of a size that the time falls into.", &[("hop(toDateTime('2024-01-01 12:20:33'), INTERVAL 1 MINUTE, INTERVAL 5 MINUTE)", "('2024-01-01 12:16:00','2024-01-01 12:21:00')")], |b| window(b, 2, Edge::Both)),
    f("hopStart", "hopStart(time, step, size[, zone])", "Start of the last sliding window.", &[("hopStart(toDateTime('2024-01-01 12:20:33'), INTERVAL 1 MINUTE, INTERVAL 3 MINUTE)", "2024-01-01 12:18:00")], |b| window(b, 2, Edge::Start)),
    f("hopEnd", "hopEnd(time, step, size[, zone])", "End of the last sliding window.", &[("hopEnd(toDateTime('2024-01-01 12:20:33'), INTERVAL 1 MINUTE, INTERVAL 3 MINUTE)", "2024-01-01 12:21:00")], |b| window(b, 2, Edge::End)),
];

fn extended(s: &Session) -> bool {
    s.flag("enable_extended_results_for_datetime_functions", false)
}

/// Seconds of a stored value, cut towards zero.
fn whole(clock: &Clock, v: i64) -> i64 {
    match clock.kind {
        Kind::Date | Kind::Date32 => clock.zone.local_to_utc(v * DAY),
        Kind::DateTime => v,
        Kind::DateTime64(_) => v / clock.ticks,
    }
}

fn whole_days(clock: &Clock, v: i64) -> i64 {
    match clock.kind {
        Kind::Date | Kind::Date32 => v,
        _ => clock.zone.utc_to_local(whole(clock, v)).div_euclid(DAY),
    }
}

/// The zone a result shows: the one given as an argument, else the input's.
fn shown_zone(b: &Bind<'_>, i: usize, zone: usize) -> Result<Option<std::sync::Arc<str>>> {
    if b.len() > zone { Ok(Some(b.const_str(zone)?.into())) } else { Ok(b.ty(i).time_zone().cloned()) }
}

/// A day is the same in every zone: none may be given with it.
fn zone_of_days(b: &Bind<'_>, time: usize, zone: usize) -> Result<()> {
    if b.len() > zone && matches!(b.ty(time), Type::Date | Type::Date32) {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("The timezone argument of function {} is allowed only when argument {} is a DateTime or DateTime64", b.name, time + 1)));
    }
    Ok(())
}

fn to_date(b: &Bind<'_>, of: fn(i64) -> i64) -> Result<Bound> {
    b.arity(1, 2)?;
    zone_of_days(b, 0, 1)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    date_result(clock, extended(b.session), of)
}

fn date_result(clock: Clock, extended: bool, of: impl Fn(i64) -> i64 + Send + Sync + 'static) -> Result<Bound> {
    let wide = extended && matches!(clock.kind, Kind::Date32 | Kind::DateTime64(_));
    bound(if wide { Type::Date32 } else { Type::Date }, move |c| {
        let values = i64s(c.col(0));
        let mut last = (i64::MIN, 0);
        let mut each = |i: usize| {
            let d = clock.days(values.at(i));
            if d != last.0 {
                last = (d, of(d));
            }
            last.1
        };
        Ok(if wide {
            i32_col((0..c.rows).map(|i| each(i) as i32).collect())
        } else {
            let date = clock.kind == Kind::Date;
            u16_col((0..c.rows).map(|i| if date { each(i).max(0) as u16 } else { clamp_date(each(i)) as u16 }).collect())
        })
    })
}

fn week(b: &Bind<'_>, last: bool) -> Result<Bound> {
    b.arity(1, 3)?;
    let mode = super::week::week_mode(b)?;
    zone_of_days(b, 0, 2)?;
    let clock = Clock::bind(b, 0, Some(2))?;
    date_result(clock, extended(b.session), move |d| start_of_week(d, mode) + if last { 6 } else { 0 })
}

fn start_of_day(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    let zone = shown_zone(b, 0, 1)?;
    if extended(b.session) && matches!(clock.kind, Kind::Date32 | Kind::DateTime64(_)) {
        let scale = if let Kind::DateTime64(s) = clock.kind { s } else { 3 };
        let ticks = 10i64.pow(scale.into());
        return bound(Type::DateTime64(scale, zone), move |c| {
            let values = i64s(c.col(0));
            Ok(i64_col((0..c.rows).map(|i| clock.zone.local_to_utc(clock.days(values.at(i)) * DAY) * ticks).collect()))
        });
    }
    bound(Type::DateTime(zone), move |c| {
        let values = i64s(c.col(0));
        Ok(u32_col(
            (0..c.rows)
                .map(|i| {
                    let t = clock.zone.local_to_utc(whole_days(&clock, values.at(i)) * DAY);
                    if clock.kind == Kind::Date32 { t.clamp(0, u32::MAX.into()) as u32 } else { day_start(&clock, t) }
                })
                .collect(),
        ))
    })
}

/// Down to a multiple of `k` seconds on the wall clock of the hour.
#[inline]
fn round_seconds(clock: &Clock, t: i64, k: i64) -> i64 {
    match clock.zone.fixed_offset() {
        Some(o) if i64::from(o) % k == 0 => t.div_euclid(k) * k,
        _ if clock.zone.offset_at(t) % 3600 == 0 => t - clock.zone.utc_to_local(t).rem_euclid(k),
        // Counted from the local midnight, through shifts of half hours.
        _ => {
            let midnight = clock.zone.local_to_utc(clock.zone.utc_to_local(t).div_euclid(DAY) * DAY);
            t - (t - midnight).rem_euclid(k)
        }
    }
}

fn rounded(b: &Bind<'_>, k: i64) -> Result<Bound> {
    b.arity(1, 2)?;
    need_time(b, 0)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    let zone = shown_zone(b, 0, 1)?;
    if extended(b.session) && let Kind::DateTime64(s) = clock.kind {
        return bound(Type::DateTime64(s, zone), move |c| {
            let values = i64s(c.col(0));
            Ok(i64_col((0..c.rows).map(|i| round_seconds(&clock, clock.utc(values.at(i)), k) * clock.ticks).collect()))
        });
    }
    bound(Type::DateTime(zone), move |c| {
        let values = i64s(c.col(0));
        Ok(u32_col((0..c.rows).map(|i| round_seconds(&clock, whole(&clock, values.at(i)), k) as u32).collect()))
    })
}

fn subsecond(b: &Bind<'_>, unit: Unit) -> Result<Bound> {
    b.arity(1, 2)?;
    let Type::DateTime64(scale, _) = b.ty(0) else { return Err(b.illegal(0, "DateTime64")) };
    let zone = shown_zone(b, 0, 1)?;
    let unit_scale = match unit {
        Unit::Millisecond => 3,
        Unit::Microsecond => 6,
        Unit::Nanosecond => 9,
        _ => 0,
    };
    let (scale, out) = (*scale, (*scale).max(unit_scale));
    let up = 10i64.pow((out - scale).into());
    let step = 10i64.pow((out - unit_scale).into());
    bound(Type::DateTime64(out, zone), move |c| {
        let values = i64s(c.col(0));
        Ok(i64_col((0..c.rows).map(|i| values.at(i).saturating_mul(up).div_euclid(step) * step).collect()))
    })
}

fn date_trunc(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    b.string(0)?;
    if b.constant(0).is_none() {
        let text = format!("Argument 1 of function {} must be a constant string: the unit", b.name);
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, text));
    }
    let word = b.const_str(0)?;
    let unit = Unit::parse(word).filter(|_| word.len() > 2).ok_or_else(|| {
        Error::new(BAD_ARGUMENTS, format!("{} knows no unit '{word}': use second, minute, hour, day, week, month, quarter, year, millisecond, microsecond or nanosecond", b.name))
    })?;
    b.date_or_time(1)?;
    interval_bound(b, 1, unit, 1, None, 2, true)
}

/// (unit, count) of a constant interval argument.
fn const_interval(b: &Bind<'_>, i: usize) -> Result<(Unit, i64)> {
    let Type::Interval(kind) = b.ty(i) else { return Err(b.illegal(i, "an interval, such as INTERVAL 1 HOUR")) };
    let n = b.need_constant(i)?.scalar(0).as_i64().unwrap_or(0);
    if n <= 0 {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Interval of function {} must be positive", b.name)));
    }
    Ok((Unit::of(*kind), n))
}

fn start_of_interval(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 4)?;
    b.date_or_time(0)?;
    let (unit, n) = const_interval(b, 1)?;
    let origin = (b.len() > 2 && b.ty(2).is_date_or_time()).then_some(2);
    if let Some(o) = origin
        && std::mem::discriminant(b.ty(0)) != std::mem::discriminant(b.ty(o))
    {
        return Err(b.illegal(o, &format!("{}, as the first argument", b.ty(0))));
    }
    let zone = if origin.is_some() { 3 } else { 2 };
    interval_bound(b, 0, unit, n, origin, zone, false)
}

fn interval_bound(b: &Bind<'_>, time: usize, unit: Unit, n: i64, origin: Option<usize>, zone: usize, wide: bool) -> Result<Bound> {
    let clock = Clock::bind(b, time, Some(zone))?;
    let zone = shown_zone(b, time, zone)?;
    let day_kind = matches!(clock.kind, Kind::Date | Kind::Date32);
    if unit.nanos().is_some() && day_kind {
        return Err(b.illegal(time, "DateTime or DateTime64, for an interval shorter than a day"));
    }
    let wide_input = matches!(clock.kind, Kind::Date32 | Kind::DateTime64(_));
    let wide = if wide { wide_input } else { extended(b.session) };
    if let Some(o) = origin {
        return from_origin(b, time, o, unit, n, clock);
    }
    let out = match unit {
        Unit::Nanosecond => Type::DateTime64(9, zone),
        Unit::Microsecond => Type::DateTime64(6, zone),
        Unit::Millisecond => Type::DateTime64(3, zone),
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day if wide => Type::DateTime64(0, zone),
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => Type::DateTime(zone),
        _ if wide => Type::Date32,
        _ => Type::Date,
    };
    let kernel = out.clone();
    bound(out, move |c| {
        let values = i64s(c.col(time));
        let rows = c.rows;
        Ok(match &kernel {
            Type::DateTime64(scale, _) if *scale > 0 => {
                let Some(ns) = unit.nanos() else { return Err(Error::internal("unit")) };
                let (per, in_ticks) = (1_000_000_000 / 10i64.pow((*scale).into()), clock.ticks);
                let k = i128::from(ns / per) * i128::from(n);
                let scale = 10i128.pow((*scale).into());
                i64_col((0..rows).map(|i| (i128::from(values.at(i)) * scale).div_euclid(i128::from(in_ticks)).div_euclid(k).saturating_mul(k) as i64).collect())
            }
            Type::DateTime(_) => {
                let start = |i: usize| start_seconds(&clock, values.at(i), unit, n);
                u32_col((0..rows).map(|i| if unit == Unit::Day { day_start(&clock, start(i)) } else { start(i) as u32 }).collect())
            }
            Type::DateTime64(..) => i64_col((0..rows).map(|i| start_seconds(&clock, values.at(i), unit, n)).collect()),
            Type::Date32 => i32_col((0..rows).map(|i| start_days(whole_days(&clock, values.at(i)), unit, n) as i32).collect()),
            _ => u16_col((0..rows).map(|i| clamp_date(start_days(whole_days(&clock, values.at(i)), unit, n)) as u16).collect()),
        })
    })
}

/// The first day of a DateTime begins before what the type holds in zones with a part of it: then the next one.
fn day_start(clock: &Clock, t: i64) -> u32 {
    if t < 0 && clock.kind == Kind::DateTime { (t + DAY) as u32 } else { t as u32 }
}

fn start_seconds(clock: &Clock, v: i64, unit: Unit, n: i64) -> i64 {
    let t = whole(clock, v);
    match unit {
        Unit::Second if n == 1 => t,
        Unit::Second if n % 60 != 0 => t.div_euclid(n) * n,
        Unit::Second => round_minutes(clock, t, n),
        Unit::Minute => round_minutes(clock, t, n.saturating_mul(60)),
        Unit::Hour if n == 1 => round_seconds(clock, t, 3600),
        Unit::Hour => round_hours(clock, t, n.saturating_mul(3600)),
        _ => clock.zone.local_to_utc(start_days(whole_days(clock, v), unit, n).saturating_mul(DAY)),
    }
}

/// Hours are counted by the clock on the wall. Behind a change of the zone they begin no earlier than the change.
fn round_hours(clock: &Clock, t: i64, k: i64) -> i64 {
    let zone = &clock.zone;
    let midnight = zone.local_to_utc(zone.utc_to_local(t).div_euclid(DAY) * DAY);
    let (before, time) = (zone.offset_at(midnight), t - midnight);
    let moved = zone.offset_at(t) - before;
    if moved == 0 {
        return midnight + time / k * k;
    }
    let (mut low, mut change) = (0, time);
    while change - low > 1 {
        let middle = low + (change - low) / 2;
        if zone.offset_at(midnight + middle) == before { low = middle } else { change = middle }
    }
    let rounded = (time + moved) / k * k;
    midnight + if rounded >= change { (rounded - moved).max(change) } else { rounded }
}

/// Minutes are counted from the epoch where the zone is whole hours away, else from midnight.
fn round_minutes(clock: &Clock, t: i64, k: i64) -> i64 {
    if clock.zone.offset_at(t) % 3600 == 0 {
        return t.div_euclid(k) * k;
    }
    t - clock.zone.utc_to_local(t).rem_euclid(DAY) % k
}

fn start_days(d: i64, unit: Unit, n: i64) -> i64 {
    match unit {
        Unit::Week if n == 1 => start_of_week(d, 1),
        Unit::Week => {
            let k = n.saturating_mul(7);
            4 + (d - 4).div_euclid(k) * k
        }
        Unit::Month | Unit::Quarter => {
            let k = if unit == Unit::Quarter { n.saturating_mul(3) } else { n };
            let (y, m, _) = civil_from_days(d);
            let start = ((y - 1900) * 12 + i64::from(m) - 1).div_euclid(k) * k;
            days_from_civil(1900 + start.div_euclid(12), start.rem_euclid(12) + 1, 1)
        }
        Unit::Year => days_from_civil(1900 + (civil_from_days(d).0 - 1900).div_euclid(n) * n, 1, 1),
        _ => d.div_euclid(n) * n,
    }
}

/// Multiples of the interval counted from an origin; the result has the type of the time.
fn from_origin(b: &Bind<'_>, time: usize, origin: usize, unit: Unit, n: i64, clock: Clock) -> Result<Bound> {
    let out = b.ty(time).clone();
    let origin_clock = Clock::bind(b, origin, None)?;
    let kind = kind_of(&out).ok_or_else(|| b.illegal(time, "a date or time"))?;
    bound(out, move |c| {
        let (ts, os) = (i64s(c.col(time)), i64s(c.col(origin)));
        let mut v = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (t, o) = (ts.at(i), os.at(i));
            if o > t {
                return Err(Error::new(BAD_ARGUMENTS, "Origin of toStartOfInterval must not be later than the time"));
            }
            let day_kind = matches!(kind, Kind::Date | Kind::Date32);
            v.push(match unit.nanos() {
                Some(ns) => {
                    let k = (i128::from(ns) * i128::from(n) * i128::from(clock.ticks) / 1_000_000_000).max(1);
                    (i128::from(o) + (i128::from(t) - i128::from(o)) / k * k) as i64
                }
                None => {
                    let (dt, d0) = (clock.days(t), origin_clock.days(o));
                    let tod = origin_clock.local(o).rem_euclid(DAY);
                    let day = match unit {
                        Unit::Day => d0 + (dt - d0) / n * n,
                        Unit::Week => d0 + (dt - d0) / (7 * n) * (7 * n),
                        _ => {
                            let k = n * match unit { Unit::Quarter => 3, Unit::Year => 12, _ => 1 };
                            let months = super::diff::whole_months(d0, dt);
                            super::add::add_months(d0, months / k * k)
                        }
                    };
                    if day_kind { day } else { clock.zone.local_to_utc(day * DAY + tod) * clock.ticks }
                }
            });
        }
        Ok(match kind {
            Kind::Date => u16_col(v.into_iter().map(|x| x as u16).collect()),
            Kind::Date32 => i32_col(v.into_iter().map(|x| x as i32).collect()),
            Kind::DateTime => u32_col(v.into_iter().map(|x| x as u32).collect()),
            Kind::DateTime64(_) => i64_col(v),
        })
    })
}

fn time_slots(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    need_time(b, 0)?;
    if let Type::DateTime(_) = b.ty(0) {
        b.check(1, *b.ty(1) == Type::UInt32, "UInt32")?;
    } else {
        b.check(1, matches!(b.ty(1), Type::Decimal(10..=18, _)), "Decimal64")?;
    }
    let scale_of = crate::decimal::scale_of;
    let out_scale = (0..b.len()).map(|i| scale_of(b.ty(i))).max().unwrap_or(0);
    let element = match b.ty(0) {
        Type::DateTime64(_, z) => Type::DateTime64(out_scale, z.clone()),
        t => t.clone(),
    };
    let unit = 10i64.pow(out_scale.into());
    let size = if b.len() > 2 {
        b.number(2)?;
        b.need_constant(2)?.scalar(0).as_i64().unwrap_or(0).saturating_mul(10i64.pow((out_scale - scale_of(b.ty(2))).into()))
    } else {
        1800 * unit
    };
    if size <= 0 {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, "Third argument of function timeSlots must be greater than zero"));
    }
    let (k0, k1) = (10i64.pow((out_scale - scale_of(b.ty(0))).into()), 10i64.pow((out_scale - scale_of(b.ty(1))).into()));
    let wide = matches!(element, Type::DateTime64(..));
    bound(Type::array(element), move |c| {
        let (starts, durations) = (i64s(c.col(0)), i64s(c.col(1)));
        let mut offsets = vec![0u32];
        let mut v: Vec<i64> = Vec::new();
        for i in 0..c.rows {
            let start = starts.at(i).saturating_mul(k0);
            let end = start.saturating_add(durations.at(i).saturating_mul(k1));
            let (first, last) = (start.div_euclid(size), end.div_euclid(size));
            if last - first > 10_000_000 || v.len() > 100_000_000 {
                return Err(Error::new(TOO_LARGE_ARRAY_SIZE, "Too many slots in function timeSlots"));
            }
            v.extend((first..=last).map(|s| s * size));
            offsets.push(v.len() as u32);
        }
        let values: Column = if wide { i64_col(v) } else { u32_col(v.into_iter().map(|x| x as u32).collect()) };
        Ok(array_column(offsets, values))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
    Both,
}

/// Units of a window's interval, at most: as many seconds as a DateTime counts.
const WINDOW_MAX: i64 = u32::MAX as i64;

fn window(b: &Bind<'_>, intervals: usize, edge: Edge) -> Result<Bound> {
    // The start or the end of a window that was made before.
    if let ([_], Type::Tuple(es), true) = (b.args, b.args.first().map_or(&Type::Nothing, |a| &a.ty), edge != Edge::Both)
        && es.len() == 2
    {
        let k = usize::from(edge == Edge::End);
        return bound(es[k].1.clone(), move |c| Ok(crate::args::tuple_columns(c.col(0))?[k].clone()));
    }
    b.arity(1 + intervals, 2 + intervals)?;
    let Type::DateTime(_) = b.ty(0) else { return Err(b.illegal(0, "DateTime")) };
    let (unit, n) = const_interval(b, 1)?;
    let size = if intervals == 2 { const_interval(b, 2)? } else { (unit, n) };
    if n.max(size.1) > WINDOW_MAX {
        return Err(Error::new(BAD_ARGUMENTS, format!("Time overflow in function {}", b.name)));
    }
    if unit == size.0 && n > size.1 {
        let text = format!("The hop interval of function {} must not be larger than the window's", b.name);
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, text));
    }
    let clock = Clock::bind(b, 0, Some(1 + intervals))?;
    let zone = shown_zone(b, 0, 1 + intervals)?;
    let by_day = unit.nanos().is_none() && unit != Unit::Day;
    let one = if by_day { Type::Date } else { Type::DateTime(zone) };
    let shift = move |clock: &Clock, t: i64, unit: Unit, n: i64| -> i64 {
        if let Some(ns) = unit.nanos() {
            return t + ns / 1_000_000_000 * n;
        }
        let local = clock.zone.utc_to_local(t);
        let (d, tod) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let moved = match unit {
            Unit::Day => d + n,
            Unit::Week => d + 7 * n,
            Unit::Month => super::add::add_months(d, n),
            Unit::Quarter => super::add::add_months(d, 3 * n),
            _ => super::add::add_months(d, 12 * n),
        };
        clock.zone.local_to_utc(moved * DAY + tod)
    };
    let ty = if edge == Edge::Both { Type::tuple(vec![one.clone(), one]) } else { one };
    bound(ty, move |c| {
        let values = i64s(c.col(0));
        let (mut starts, mut ends) = (Vec::with_capacity(c.rows), Vec::with_capacity(c.rows));
        for i in 0..c.rows {
            let (start, end) = if intervals == 1 {
                let s = start_seconds(&clock, values.at(i), unit, n);
                (s, shift(&clock, s, unit, n))
            } else {
                let e = shift(&clock, start_seconds(&clock, values.at(i), unit, n), unit, n);
                (shift(&clock, e, size.0, -size.1), e)
            };
            starts.push(start);
            ends.push(end);
        }
        let column = |v: Vec<i64>| -> Column {
            if by_day {
                u16_col(v.into_iter().map(|t| clock.zone.utc_to_local(t).div_euclid(DAY) as u16).collect())
            } else {
                u32_col(v.into_iter().map(|t| t as u32).collect())
            }
        };
        Ok(match edge {
            Edge::Start => column(starts),
            Edge::End => column(ends),
            Edge::Both => Data::Tuple(vec![column(starts), column(ends)].into(), c.rows).into(),
        })
    })
}
