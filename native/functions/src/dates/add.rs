//! Moving dates and times: add*, subtract*, `date ± interval`.

use super::{Clock, Kind, kind_of};
use crate::args::{i64s, tuple_columns};
use crate::bind::{Bind, Bound, bound};
use crate::call::{Arg, Value, resolve};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use std::sync::Arc;
use types::codes::DECIMAL_OVERFLOW;
use types::tz::{DAY, TimeZone, civil_from_days, days_from_civil, days_in_month};
use types::{Column, Data, Error, IntervalKind, Result, Type};

/// An interval kind reduced to its base and factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub fn of(k: IntervalKind) -> Unit {
        match k {
            IntervalKind::Nanosecond => Unit::Nanosecond,
            IntervalKind::Microsecond => Unit::Microsecond,
            IntervalKind::Millisecond => Unit::Millisecond,
            IntervalKind::Second => Unit::Second,
            IntervalKind::Minute => Unit::Minute,
            IntervalKind::Hour => Unit::Hour,
            IntervalKind::Day => Unit::Day,
            IntervalKind::Week => Unit::Week,
            IntervalKind::Month => Unit::Month,
            IntervalKind::Quarter => Unit::Quarter,
            IntervalKind::Year => Unit::Year,
        }
    }
    /// The unit of a word such as `day`, `dd`, `months`.
    pub fn parse(word: &str) -> Option<Unit> {
        Some(match word.to_ascii_lowercase().as_str() {
            "nanosecond" | "nanoseconds" | "ns" => Unit::Nanosecond,
            "microsecond" | "microseconds" | "us" | "u" => Unit::Microsecond,
            "millisecond" | "milliseconds" | "ms" => Unit::Millisecond,
            "second" | "seconds" | "ss" | "s" => Unit::Second,
            "minute" | "minutes" | "mi" | "n" => Unit::Minute,
            "hour" | "hours" | "hh" | "h" => Unit::Hour,
            "day" | "days" | "dd" | "d" => Unit::Day,
            "week" | "weeks" | "wk" | "ww" => Unit::Week,
            "month" | "months" | "mm" | "m" => Unit::Month,
            "quarter" | "quarters" | "qq" | "q" => Unit::Quarter,
            "year" | "years" | "yyyy" | "yy" => Unit::Year,
            _ => return None,
        })
    }
    fn months(self) -> Option<i64> {
        match self {
            Unit::Month => Some(1),
            Unit::Quarter => Some(3),
            Unit::Year => Some(12),
            _ => None,
        }
    }
    fn days(self) -> Option<i64> {
        match self {
            Unit::Day => Some(1),
            Unit::Week => Some(7),
            _ => None,
        }
    }
    pub fn nanos(self) -> Option<i64> {
        Some(match self {
            Unit::Nanosecond => 1,
            Unit::Microsecond => 1_000,
            Unit::Millisecond => 1_000_000,
            Unit::Second => 1_000_000_000,
            Unit::Minute => 60_000_000_000,
            Unit::Hour => 3_600_000_000_000,
            _ => return None,
        })
    }
    /// Scale of the DateTime64 that one such unit needs.
    fn scale(self) -> u8 {
        match self {
            Unit::Nanosecond => 9,
            Unit::Microsecond => 6,
            Unit::Millisecond => 3,
            _ => 0,
        }
    }
}

macro_rules! movers { ($($add:literal $subtract:literal $unit:ident $words:literal),* $(,)?) => {
    pub const DEFS: &[FunctionDef] = &[
        $(
            f($add, concat!($add, "(time, number[, zone])"), concat!("The date or time moved forward by a number of ", $words, "."), &[], |b| by_name(b, Unit::$unit, false)),
            f($subtract, concat!($subtract, "(time, number[, zone])"), concat!("The date or time moved back by a number of ", $words, "."), &[], |b| by_name(b, Unit::$unit, true)),
        )*
        f("addDate", "addDate(time, interval)", "The date or time plus an interval.", &[("addDate(toDate('2024-01-01'), INTERVAL 1 DAY)", "2024-01-02")], |b| via(b, "plus")).ci().alias_ci(&["ADDDATE", "DATE_ADD"]),
        f("subDate", "subDate(time, interval)", "The date or time minus an interval.", &[("subDate(toDate('2024-01-02'), INTERVAL 1 DAY)", "2024-01-01")], |b| via(b, "minus")).ci().alias_ci(&["DATE_SUB"]),
        f("addInterval", "addInterval(interval_or_tuple, interval)", "Intervals put together; of different kinds in a tuple.", &[("addInterval(INTERVAL 1 DAY, INTERVAL 2 MONTH)", "(1,2)")], |b| via(b, "plus")),
        f("subtractInterval", "subtractInterval(interval_or_tuple, interval)", "As addInterval with the second one negated.", &[("subtractInterval(INTERVAL 1 DAY, INTERVAL 2 MONTH)", "(1,-2)")], |b| via(b, "minus")),
        f("addTupleOfIntervals", "addTupleOfIntervals(time, intervals)", "The date or time plus every interval of a tuple, in order.", &[("addTupleOfIntervals(toDate('2024-01-01'), (INTERVAL 1 DAY, INTERVAL 1 YEAR))", "2025-01-02")], |b| bind_add_tuple(b, false)),
        f("subtractTupleOfIntervals", "subtractTupleOfIntervals(time, intervals)", "The date or time minus every interval of a tuple, in order.", &[("subtractTupleOfIntervals(toDate('2025-01-02'), (INTERVAL 1 DAY, INTERVAL 1 YEAR))", "2024-01-01")], |b| bind_add_tuple(b, true)),
    ];
} }
movers! {
    "addNanoseconds" "subtractNanoseconds" Nanosecond "nanoseconds",
    "addMicroseconds" "subtractMicroseconds" Microsecond "microseconds",
    "addMilliseconds" "subtractMilliseconds" Millisecond "milliseconds",
    "addSeconds" "subtractSeconds" Second "seconds",
    "addMinutes" "subtractMinutes" Minute "minutes",
    "addHours" "subtractHours" Hour "hours",
    "addDays" "subtractDays" Day "days",
    "addWeeks" "subtractWeeks" Week "weeks",
    "addMonths" "subtractMonths" Month "months",
    "addQuarters" "subtractQuarters" Quarter "quarters",
    "addYears" "subtractYears" Year "years",
}

fn via(b: &Bind<'_>, name: &'static str) -> Result<Bound> {
    b.arity(2, 2)?;
    if !matches!(b.ty(1), Type::Interval(_)) {
        return Err(b.illegal(1, "an interval"));
    }
    let text = matches!(b.ty(0), Type::String);
    let first = if text { Type::DateTime64(3, None) } else { b.ty(0).clone() };
    if !(first.is_date_or_time() || matches!(first, Type::Interval(_) | Type::Tuple(_))) {
        return Err(b.illegal(0, "a date, a time or an interval"));
    }
    let call = resolve(name, &[Arg::new(first.clone()), Arg::new(b.ty(1).clone())], b.session)?;
    bound(call.ty().clone(), move |c| {
        let x = if text { cast(c.col(0), &Type::String, &first, CastMode::Sql, c.session)? } else { c.col(0).clone() };
        call.eval(&[Value::Column(&x), Value::Column(c.col(1))], c.rows, c.session)
    })
}

fn by_name(b: &Bind<'_>, unit: Unit, minus: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    b.native(1)?;
    let shown = shown_in(b)?;
    if unit.scale() > 0 && matches!(b.ty(0), Type::Date | Type::Date32) {
        return Err(b.illegal(0, "DateTime or DateTime64: days have no such parts"));
    }
    if matches!(b.ty(0), Type::String) {
        // A text is read as DateTime64(3).
        let ty = Type::DateTime64(unit.scale().max(3), None);
        let step = Step::new(unit, minus, kind_of(&ty).ok_or_else(|| Error::internal("kind"))?, b.session.timezone.clone());
        return bound(ty.clone(), move |c| {
            let t = cast(c.col(0), &Type::String, &ty, CastMode::Sql, c.session)?;
            step.run(&t, c.col(1), c.rows)
        });
    }
    b.date_or_time(0)?;
    add_to(b, &shown.unwrap_or_else(|| b.ty(0).clone()), 0, 1, unit, minus)
}

/// The type of the time in the zone given as third argument.
fn shown_in(b: &Bind<'_>) -> Result<Option<Type>> {
    if b.len() < 3 {
        return Ok(None);
    }
    b.string(2)?;
    if !matches!(b.ty(0), Type::DateTime(_) | Type::DateTime64(..)) {
        return Err(b.illegal(0, "DateTime or DateTime64 where a time zone is given"));
    }
    let zone = b.const_str(2)?;
    TimeZone::get(zone)?;
    Ok(Some(match b.ty(0) {
        Type::DateTime64(scale, _) => Type::DateTime64(*scale, Some(zone.into())),
        _ => Type::DateTime(Some(zone.into())),
    }))
}

/// The type that a date or time moved by a unit has.
fn moved_type(t: &Type, unit: Unit) -> Type {
    if unit.nanos().is_none() {
        return t.clone();
    }
    match t {
        Type::Date if unit.scale() == 0 => Type::DateTime(None),
        Type::Date | Type::Date32 => Type::DateTime64(unit.scale().max(3), None),
        Type::DateTime(z) if unit.scale() > 0 => Type::DateTime64(unit.scale(), z.clone()),
        Type::DateTime64(s, z) => Type::DateTime64((*s).max(unit.scale()), z.clone()),
        t => t.clone(),
    }
}

/// `argument[time] ± argument[delta]` units.
pub fn bind_add(b: &Bind<'_>, time: usize, delta: usize, unit: Unit, minus: bool) -> Result<Bound> {
    add_to(b, b.ty(time), time, delta, unit, minus)
}

/// As `bind_add` with the time read as `from`, which may be in another zone than the argument.
fn add_to(b: &Bind<'_>, from: &Type, time: usize, delta: usize, unit: Unit, minus: bool) -> Result<Bound> {
    let from = from.clone();
    let out = moved_type(&from, unit);
    let zone = b.session.zone_of(&from)?;
    let kind = kind_of(&out).ok_or_else(|| b.illegal(time, "a date or time"))?;
    let step = Step::new(unit, minus, kind, zone);
    bound(out.clone(), move |c| {
        let t = c.col(time);
        if from == out {
            return step.run(t, c.col(delta), c.rows);
        }
        let t = cast(t, &from, &out, CastMode::Sql, c.session)?;
        step.run(&t, c.col(delta), c.rows)
    })
}

pub fn bind_add_tuple(b: &Bind<'_>, minus: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.date_or_time(0)?;
    let Type::Tuple(es) = b.ty(1) else { return Err(b.illegal(1, "Tuple of intervals")) };
    let mut calls = Vec::new();
    let mut ty = b.ty(0).clone();
    for e in es.iter() {
        if !matches!(e.1, Type::Interval(_)) {
            return Err(b.illegal(1, "Tuple of intervals"));
        }
        let call = resolve(if minus { "minus" } else { "plus" }, &[Arg::new(ty), Arg::new(e.1.clone())], b.session)?;
        ty = call.ty().clone();
        calls.push(call);
    }
    bound(ty, move |c| {
        let parts = tuple_columns(c.col(1))?;
        let mut t = c.col(0).clone();
        for (call, part) in calls.iter().zip(&parts) {
            t = call.eval(&[Value::Column(&t), Value::Column(part)], c.rows, c.session)?;
        }
        Ok(t)
    })
}

/// One movement, ready to run over columns whose type is that of the result.
pub struct Step {
    unit: Unit,
    minus: bool,
    clock: Clock,
}

impl Step {
    pub fn new(unit: Unit, minus: bool, kind: Kind, zone: Arc<TimeZone>) -> Self {
        Step { unit, minus, clock: Clock::new(kind, zone) }
    }

    pub fn run(&self, t: &Column, delta: &Column, rows: usize) -> Result<Column> {
        let (ts, ds) = (i64s(t), i64s(delta));
        let delta = |i: usize| if self.minus { ds.at(i).saturating_neg() } else { ds.at(i) };
        Ok(match self.clock.kind {
            Kind::Date => Data::U16((0..rows).map(|i| self.date(ts.at(i), delta(i), true) as u16).collect::<Vec<_>>().into()),
            Kind::Date32 => Data::I32((0..rows).map(|i| self.date(ts.at(i), delta(i), false) as i32).collect::<Vec<_>>().into()),
            Kind::DateTime => {
                if let Some(ns) = self.unit.nanos() {
                    let k = ns / 1_000_000_000;
                    Data::U32((0..rows).map(|i| ts.at(i).wrapping_add(delta(i).wrapping_mul(k)) as u32).collect::<Vec<_>>().into())
                } else {
                    Data::U32((0..rows).map(|i| self.seconds(ts.at(i), delta(i)) as u32).collect::<Vec<_>>().into())
                }
            }
            Kind::DateTime64(_) => {
                Data::I64((0..rows).map(|i| self.ticks(ts.at(i), delta(i))).collect::<Result<Vec<_>>>()?.into())
            }
        }
        .into())
    }

    fn date(&self, v: i64, delta: i64, narrow: bool) -> i64 {
        if let Some(k) = self.unit.days() {
            return v.wrapping_add(delta.wrapping_mul(k));
        }
        let moved = add_months(v, delta.saturating_mul(self.unit.months().unwrap_or(0)));
        if narrow { moved.max(0) } else { moved }
    }
    fn seconds(&self, utc: i64, delta: i64) -> i64 {
        let local = self.clock.zone.utc_to_local(utc);
        let (days, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let days = match self.unit.days() {
            Some(k) => days.saturating_add(delta.saturating_mul(k)).clamp(-10_000_000, 10_000_000),
            None => {
                let moved = add_months(days, delta.saturating_mul(self.unit.months().unwrap_or(0)));
                // A month before those of DateTime is its first moment.
                if self.clock.kind == Kind::DateTime && moved < 0 {
                    return 0;
                }
                moved
            }
        };
        self.clock.zone.local_to_utc(days * DAY + time)
    }
    fn ticks(&self, v: i64, delta: i64) -> Result<i64> {
        let per = self.clock.ticks;
        let overflow = || Error::new(DECIMAL_OVERFLOW, "The moved time does not fit DateTime64 of this scale");
        if let Some(ns) = self.unit.nanos() {
            let unit_ticks = i128::from(ns) * i128::from(per) / 1_000_000_000;
            return i64::try_from(i128::from(v) + i128::from(delta) * unit_ticks).map_err(|_| overflow());
        }
        let moved = self.seconds(v.div_euclid(per), delta);
        moved.checked_mul(per).and_then(|s| s.checked_add(v.rem_euclid(per))).ok_or_else(overflow)
    }
}

/// The same day of another month, or that month's last day.
pub fn add_months(days: i64, delta: i64) -> i64 {
    let (y, m, d) = civil_from_days(days);
    let total = (y * 12 + i64::from(m) - 1).saturating_add(delta).clamp(-12 * 30_000, 12 * 30_000);
    let (y, m) = (total.div_euclid(12), total.rem_euclid(12) as u8 + 1);
    days_from_civil(y, m.into(), d.min(days_in_month(y, m)).into())
}
