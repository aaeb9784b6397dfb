//! Dates and times from parts and numbers, and parts replaced.

use super::{Civil, Clock, Kind};
use crate::args::{Nums, f64s, i32_col, i64_col, i64s, u16_col, u32_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::tz::{DAY, TimeZone, civil_from_days, days_from_civil, days_in_month};
use types::{Bitmap, Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("makeDate", "makeDate(year, month, day) or makeDate(year, day_of_year)", "A Date from numbers; 1970-01-01 if there is no such date.", &[("makeDate(2024, 2, 29)", "2024-02-29")], |b| make_date(b, false)).ci(),
    f("makeDate32", "makeDate32(year, month, day) or makeDate32(year, day_of_year)", "A Date32 from numbers; 1970-01-01 if there is no such date.", &[("makeDate32(1950, 6, 15)", "1950-06-15")], |b| make_date(b, true)),
    f("makeDateTime", "makeDateTime(year, month, day, hour, minute, second[, zone])", "A DateTime from numbers.", &[("makeDateTime(2024, 1, 2, 3, 4, 5)", "2024-01-02 03:04:05")], make_datetime),
    f("makeDateTime64", "makeDateTime64(year, month, day, hour, minute, second[, fraction[, scale[, zone]]])", "A DateTime64 from numbers.", &[("makeDateTime64(2024, 1, 2, 3, 4, 5, 678)", "2024-01-02 03:04:05.678")], make_datetime64),
    f("YYYYMMDDToDate", "YYYYMMDDToDate(n)", "A Date from a number such as 20240229.", &[("YYYYMMDDToDate(20240229)", "2024-02-29")], |b| from_number(b, false)).null_within(usize::MAX),
    f("YYYYMMDDToDate32", "YYYYMMDDToDate32(n)", "A Date32 from a number such as 20240229.", &[("YYYYMMDDToDate32(19500615)", "1950-06-15")], |b| from_number(b, true)).null_within(usize::MAX),
    f("YYYYMMDDhhmmssToDateTime", "YYYYMMDDhhmmssToDateTime(n[, zone])", "A DateTime from a number such as 20240229010203.", &[("YYYYMMDDhhmmssToDateTime(20240102030405)", "2024-01-02 03:04:05")], number_to_datetime),
    f("YYYYMMDDhhmmssToDateTime64", "YYYYMMDDhhmmssToDateTime64(n[, scale[, zone]])", "A DateTime64 from a number such as 20240229010203.", &[("YYYYMMDDhhmmssToDateTime64(20240102030405)", "2024-01-02 03:04:05.000")], number_to_datetime64),
    f("changeYear", "changeYear(time, n)", "The time with another year.", &[("changeYear(toDate('2024-01-31'), 2000)", "2000-01-31")], |b| change(b, Part::Year)),
    f("changeMonth", "changeMonth(time, n)", "The time with another month.", &[("changeMonth(toDate('2024-01-15'), 2)", "2024-02-15")], |b| change(b, Part::Month)),
    f("changeDay", "changeDay(time, n)", "The time with another day of the month.", &[("changeDay(toDate('2024-01-31'), 5)", "2024-01-05")], |b| change(b, Part::Day)),
    f("changeHour", "changeHour(time, n)", "The time with another hour.", &[("changeHour(toDateTime('2024-01-01 00:00:00'), 5)", "2024-01-01 05:00:00")], |b| change(b, Part::Hour)),
    f("changeMinute", "changeMinute(time, n)", "The time with another minute.", &[("changeMinute(toDateTime('2024-01-01 00:00:00'), 59)", "2024-01-01 00:59:00")], |b| change(b, Part::Minute)),
    f("changeSecond", "changeSecond(time, n)", "The time with another second.", &[("changeSecond(toDateTime('2024-01-01 00:00:00'), 30)", "2024-01-01 00:00:30")], |b| change(b, Part::Second)),
    f("fromDaysSinceYearZero", "fromDaysSinceYearZero(days)", "A Date from days since 0000-01-01.", &[("fromDaysSinceYearZero(739136)", "2023-09-08")], |b| from_year_zero(b, false)).alias_ci(&["FROM_DAYS"]),
    f("fromDaysSinceYearZero32", "fromDaysSinceYearZero32(days)", "A Date32 from days since 0000-01-01.", &[("fromDaysSinceYearZero32(739136)", "2023-09-08")], |b| from_year_zero(b, true)),
    f("toModifiedJulianDay", "toModifiedJulianDay(text)", "Modified Julian day number of a date YYYY-MM-DD.", &[("toModifiedJulianDay('2020-11-01')", "59154")], |b| to_julian(b, false)),
    f("toModifiedJulianDayOrNull", "toModifiedJulianDayOrNull(text)", "Modified Julian day number, NULL if the text is no date.", &[("toModifiedJulianDayOrNull('x')", "NULL")], |b| to_julian(b, true)),
    f("fromModifiedJulianDay", "fromModifiedJulianDay(n)", "Date as text from a Modified Julian day number.", &[("fromModifiedJulianDay(59154)", "2020-11-01")], |b| from_julian(b, false)),
    f("fromModifiedJulianDayOrNull", "fromModifiedJulianDayOrNull(n)", "Date as text from a Modified Julian day number, NULL if out of range.", &[("fromModifiedJulianDayOrNull(59154)", "2020-11-01")], |b| from_julian(b, true)),
    f("timestamp", "timestamp(text[, time])", "Reads a time, and adds a time of day.", &[("timestamp('2023-12-31')", "2023-12-31 00:00:00.000000")], timestamp).ci(),
];

/// Number arguments, cut to integers.
fn ints<'a>(b: &[Type], c: &crate::bind::Ctx<'a>, i: usize) -> Nums<'a, i64> {
    if b[i].is_float() || b[i].is_decimal() {
        let v = f64s(c.col(i), &b[i]);
        return Nums::Vec((0..c.rows).map(|k| v.at(k) as i64).collect());
    }
    i64s(c.col(i))
}

fn check_numbers(b: &Bind<'_>, n: usize) -> Result<Vec<Type>> {
    for i in 0..n.min(b.len()) {
        b.number(i)?;
    }
    Ok(b.types())
}

/// Days of a date whose day may be one of 31, `None` for numbers that are no month or day.
fn civil_days(y: i64, m: i64, d: i64) -> Option<i64> {
    ((1..=12).contains(&m) && (1..=31).contains(&d) && (0..=9999).contains(&y)).then(|| days_from_civil(y, m, d))
}

fn date_column(wide: bool, rows: usize, each: impl Fn(usize) -> Option<i64>) -> Column {
    if wide {
        let fits = |d: &i64| (-25_567..=120_529).contains(d);
        return i32_col((0..rows).map(|i| each(i).filter(fits).unwrap_or(0) as i32).collect());
    }
    u16_col((0..rows).map(|i| each(i).filter(|d| (0..=65_535).contains(d)).unwrap_or(0) as u16).collect())
}

fn make_date(b: &Bind<'_>, wide: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    let types = check_numbers(b, 3)?;
    let by_day = b.len() == 2;
    bound(if wide { Type::Date32 } else { Type::Date }, move |c| {
        let (y, m) = (ints(&types, c, 0), ints(&types, c, 1));
        if by_day {
            let each = |i: usize| {
                let (year, day) = (y.at(i), m.at(i));
                ((1..=365).contains(&day) && (0..=9999).contains(&year)).then(|| days_from_civil(year, 1, 1) + day - 1)
            };
            return Ok(date_column(wide, c.rows, each));
        }
        let d = ints(&types, c, 2);
        Ok(date_column(wide, c.rows, |i| civil_days(y.at(i), m.at(i), d.at(i))))
    })
}

fn zone_arg(b: &Bind<'_>, i: usize) -> Result<(Option<std::sync::Arc<str>>, std::sync::Arc<TimeZone>)> {
    if b.len() <= i {
        return Ok((None, b.session.timezone.clone()));
    }
    let name = b.const_str(i)?;
    Ok((Some(name.into()), TimeZone::get(name)?))
}

/// UTC seconds of six numbers; hours up to 24 and more overflow as the calendar does.
fn seconds(zone: &TimeZone, p: &[i64]) -> Option<i64> {
    let day = civil_days(p[0], p[1], p[2])?;
    if p[3..6].iter().any(|part| !(0..=255).contains(part)) {
        return None;
    }
    let time = p[3] * 3600 + p[4] * 60 + p[5];
    Some(zone.local_to_utc(day * DAY + time))
}

fn make_datetime(b: &Bind<'_>) -> Result<Bound> {
    b.arity(6, 7)?;
    let types = check_numbers(b, 6)?;
    let (name, zone) = zone_arg(b, 6)?;
    bound(Type::DateTime(name), move |c| {
        let parts: Vec<_> = (0..6).map(|i| ints(&types, c, i)).collect();
        Ok(u32_col(
            (0..c.rows)
                .map(|i| {
                    let p: Vec<i64> = parts.iter().map(|v| v.at(i)).collect();
                    seconds(&zone, &p).map_or(0, |s| s.clamp(0, u32::MAX.into()) as u32)
                })
                .collect(),
        ))
    })
}

fn make_datetime64(b: &Bind<'_>) -> Result<Bound> {
    b.arity(6, 9)?;
    let types = check_numbers(b, 7)?;
    let scale = if b.len() > 7 { scale_arg(b, 7)? } else { 3 };
    let (name, zone) = zone_arg(b, 8)?;
    let fraction = b.len() > 6;
    let k = 10i64.pow(scale.into());
    bound(Type::DateTime64(scale, name), move |c| {
        let parts: Vec<_> = (0..6).map(|i| ints(&types, c, i)).collect();
        let part = if fraction { ints(&types, c, 6) } else { Nums::Const(0) };
        Ok(i64_col(
            (0..c.rows)
                .map(|i| {
                    let p: Vec<i64> = parts.iter().map(|v| v.at(i)).collect();
                    let s = seconds(&zone, &p).unwrap_or(0);
                    s.saturating_mul(k).saturating_add(part.at(i).clamp(0, k - 1))
                })
                .collect(),
        ))
    })
}

fn scale_arg(b: &Bind<'_>, i: usize) -> Result<u8> {
    let s = b.const_int(i)?;
    u8::try_from(s).ok().filter(|s| *s <= 9).ok_or_else(|| Error::new(ARGUMENT_OUT_OF_BOUND, format!("Scale {s} is out of bounds: expected 0 to 9")))
}

/// Days of YYYYMMDD.
fn number_days(n: i64) -> Option<i64> {
    civil_days(n / 10_000, n / 100 % 100, n % 100)
}

fn from_number(b: &Bind<'_>, wide: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    let types = check_numbers(b, 1)?;
    bound(if wide { Type::Date32 } else { Type::Date }, move |c| {
        let v = ints(&types, c, 0);
        Ok(date_column(wide, c.rows, |i| number_days(v.at(i))))
    })
}

fn number_seconds(zone: &TimeZone, n: i64) -> Option<i64> {
    let (d, t) = (n / 1_000_000, n % 1_000_000);
    seconds(zone, &[d / 10_000, d / 100 % 100, d % 100, t / 10_000, t / 100 % 100, t % 100])
}

fn number_to_datetime(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let types = check_numbers(b, 1)?;
    let (name, zone) = zone_arg(b, 1)?;
    bound(Type::DateTime(name), move |c| {
        let v = ints(&types, c, 0);
        Ok(u32_col((0..c.rows).map(|i| number_seconds(&zone, v.at(i)).unwrap_or(0).clamp(0, u32::MAX.into()) as u32).collect()))
    })
}

fn number_to_datetime64(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 3)?;
    let types = check_numbers(b, 1)?;
    let scale = if b.len() > 1 { scale_arg(b, 1)? } else { 3 };
    let (name, zone) = zone_arg(b, 2)?;
    let k = 10i64.pow(scale.into());
    // What is no time is the first moment of 1900.
    let first = zone.local_to_utc(i64::from(types::column::DATE32_FIRST) * DAY);
    bound(Type::DateTime64(scale, name), move |c| {
        let v = ints(&types, c, 0);
        Ok(i64_col((0..c.rows).map(|i| number_seconds(&zone, v.at(i)).unwrap_or(first).saturating_mul(k)).collect()))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

fn change(b: &Bind<'_>, part: Part) -> Result<Bound> {
    b.arity(2, 2)?;
    b.date_or_time(0)?;
    b.native_integer(1)?;
    let time = matches!(part, Part::Hour | Part::Minute | Part::Second);
    let from = b.ty(0).clone();
    let ty = match &from {
        Type::Date if time => Type::DateTime(None),
        Type::Date32 if time => Type::DateTime64(3, None),
        t => t.clone(),
    };
    let Some(kind) = super::kind_of(&ty) else { return Err(b.illegal(0, "a date or time")) };
    let clock = Clock::new(kind, b.session.zone_of(&ty)?);
    let types = b.types();
    let target = ty.clone();
    bound(ty, move |c| {
        let t = cast(c.col(0), &from, &target, CastMode::Sql, c.session)?;
        let (m, n) = (clock.read(&t), ints(&types, c, 1));
        let each = |i: usize| -> i64 {
            let (v, n) = (m.raw(i), n.at(i));
            let local = clock.local(v);
            let p = Civil::of_local(local);
            let (mut y, mut mo, mut d) = (p.year, i64::from(p.month), i64::from(p.day));
            let mut tod = local.rem_euclid(DAY);
            let (lo, hi) = match part {
                Part::Year => (1900, 2299),
                Part::Month => (1, 12),
                Part::Day => (1, 31),
                Part::Hour => (0, 23),
                _ => (0, 59),
            };
            if n < lo || n > hi {
                return if matches!(kind, Kind::Date | Kind::DateTime) { 0 } else { first_value(&clock) };
            }
            match part {
                Part::Year => y = n,
                Part::Month => mo = n,
                Part::Day => d = n,
                Part::Hour => tod = n * 3600 + tod % 3600,
                Part::Minute => tod = tod / 3600 * 3600 + n * 60 + tod % 60,
                Part::Second => tod = tod / 60 * 60 + n,
            }
            let days = days_from_civil(y, mo, d);
            match kind {
                Kind::Date => days.clamp(0, 65_535),
                Kind::Date32 => days.clamp(-25_567, 120_529),
                Kind::DateTime => clock.zone.local_to_utc(days * DAY + tod).clamp(0, u32::MAX.into()),
                Kind::DateTime64(_) => clock.zone.local_to_utc(days * DAY + tod).saturating_mul(clock.ticks).saturating_add(v.rem_euclid(clock.ticks)),
            }
        };
        Ok(match kind {
            Kind::Date => u16_col((0..c.rows).map(|i| each(i) as u16).collect()),
            Kind::Date32 => i32_col((0..c.rows).map(|i| each(i) as i32).collect()),
            Kind::DateTime => u32_col((0..c.rows).map(|i| each(i) as u32).collect()),
            Kind::DateTime64(_) => i64_col((0..c.rows).map(each).collect()),
        })
    })
}

fn first_value(clock: &Clock) -> i64 {
    match clock.kind {
        Kind::Date32 => -25_567,
        _ => clock.zone.local_to_utc(-25_567 * DAY).saturating_mul(clock.ticks),
    }
}

fn from_year_zero(b: &Bind<'_>, wide: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.native_integer(0)?;
    let signed = b.ty(0).int_bits().is_some_and(|(_, signed)| signed);
    bound(if wide { Type::Date32 } else { Type::Date }, move |c| {
        let v = i64s(c.col(0));
        if let Some(n) = (0..c.rows).map(|i| v.at(i)).find(|n| signed && *n < 0) {
            return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Expected a number of days that is not negative, got {n}")));
        }
        Ok(if wide { i32_col((0..c.rows).map(|i| v.at(i).saturating_sub(719_528) as i32).collect()) } else { u16_col((0..c.rows).map(|i| v.at(i).saturating_sub(719_528) as u16).collect()) })
    })
}

const JULIAN: i64 = 40_587;

fn to_julian(b: &Bind<'_>, or_null: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(if or_null { Type::nullable(Type::Int32) } else { Type::Int32 }, move |c| {
        let s = crate::args::strs(c.col(0));
        let mut bad = Bitmap::new(c.rows, false);
        let mut v = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let text = s.at(i);
            let number = |r: std::ops::Range<usize>| std::str::from_utf8(text.get(r)?).ok()?.parse::<i64>().ok();
            let parsed = (|| {
                let (y, m, d) = (number(0..4)?, number(5..7)?, number(8..10)?);
                let valid = text.len() == 10 && text[4] == b'-' && text[7] == b'-' && (1..=12).contains(&m) && d >= 1 && d <= i64::from(days_in_month(y, m as u8));
                valid.then(|| days_from_civil(y, m, d))
            })();
            match parsed {
                Some(d) => v.push((d + JULIAN) as i32),
                None if or_null => {
                    bad.set(i, true);
                    v.push(0);
                }
                None => {
                    let shaped = text.len() == 10 && text.iter().enumerate().all(|(k, x)| if matches!(k, 4 | 7) { *x == b'-' } else { x.is_ascii_digit() });
                    let code = if shaped { types::codes::CANNOT_PARSE_DATE } else { types::codes::CANNOT_PARSE_INPUT_ASSERTION_FAILED };
                    return Err(Error::new(code, format!("Cannot parse '{}' as a date YYYY-MM-DD", String::from_utf8_lossy(text))));
                }
            }
        }
        Ok(Column::new(i32_col(v).data, Some(bad)))
    })
}

fn from_julian(b: &Bind<'_>, or_null: bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.integer(0)?;
    bound(if or_null { Type::nullable(Type::String) } else { Type::String }, move |c| {
        let v = i64s(c.col(0));
        let mut bad = Bitmap::new(c.rows, false);
        let out = crate::args::map_str(c.rows, "fromModifiedJulianDay", |i, out| {
            let n = v.at(i);
            if !(-678_941..=2_973_119).contains(&n) {
                if or_null {
                    bad.set(i, true);
                    return Ok(());
                }
                return Err(Error::new(types::codes::CANNOT_FORMAT_DATETIME, format!("Value {n} cannot be represented as a date")));
            }
            let (y, m, d) = civil_from_days(n - JULIAN);
            out.extend_from_slice(format!("{y:04}-{m:02}-{d:02}").as_bytes());
            Ok(())
        })?;
        Ok(Column::new(out.data, Some(bad)))
    })
}

fn timestamp(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    b.string(0)?;
    let two = b.len() == 2;
    if two {
        b.string(1)?;
    }
    let ty = Type::DateTime64(6, None);
    bound(ty.clone(), move |c| {
        let t = cast(c.col(0), &Type::String, &ty, CastMode::Function, c.session)?;
        if !two {
            return Ok(t);
        }
        let (v, s) = (i64s(&t), crate::args::strs(c.col(1)));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let text = String::from_utf8_lossy(s.at(i)).into_owned();
            let bad = || Error::new(types::codes::CANNOT_PARSE_DATETIME, format!("Cannot parse '{text}' as a time of day"));
            let mut parts = text.split(':');
            let h: i64 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(bad)?;
            let m: i64 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(bad)?;
            let sec: f64 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(bad)?;
            out.push(v.at(i).saturating_add((h * 3600 + m * 60) * 1_000_000 + (sec * 1e6).round() as i64));
        }
        Ok(i64_col(out))
    })
}
