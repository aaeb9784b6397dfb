//! Parts of dates and times: toYear … toNanosecond, numbers such as YYYYMMDD, relative numbers, names.

use super::week::{day_of_week, iso_week, iso_year, year_week};
use super::{Civil, Clock, Kind, Moments};
use crate::args::{StrOut, bools, i64_col, u8_col, u16_col, u32_col, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::BAD_ARGUMENTS;
use types::tz::{DAY, civil_from_days, days_from_civil, days_in_month, weekday};
use types::{Column, Error, Result, Type};

const D: &[(&str, &str)] = &[];

pub const DEFS: &[FunctionDef] = &[
    f("toYear", "toYear(time[, zone])", "Year, as UInt16.", &[("toYear(toDate('2024-05-17'))", "2024")], |b| days(b, Type::UInt16, |d| civil_from_days(d).0)).alias_ci(&["YEAR"]),
    f("toQuarter", "toQuarter(time[, zone])", "Quarter 1–4.", &[("toQuarter(toDate('2024-05-17'))", "2")], |b| days(b, Type::UInt8, |d| (i64::from(civil_from_days(d).1) + 2) / 3)).alias_ci(&["QUARTER"]),
    f("toMonth", "toMonth(time[, zone])", "Month 1–12.", &[("toMonth(toDate('2024-05-17'))", "5")], |b| days(b, Type::UInt8, |d| civil_from_days(d).1.into())).alias_ci(&["MONTH"]),
    f("toDayOfYear", "toDayOfYear(time[, zone])", "Day of the year 1–366.", &[("toDayOfYear(toDate('2024-05-17'))", "138")], |b| days(b, Type::UInt16, if matches!(b.args.first(), Some(a) if a.ty == Type::Date32) { |d| day_of_year(d) - i64::from(d == LAST_DAY) } else { day_of_year })).alias_ci(&["DAYOFYEAR"]),
    f("toDayOfMonth", "toDayOfMonth(time[, zone])", "Day of the month 1–31.", &[("toDayOfMonth(toDate('2024-05-17'))", "17")], |b| days(b, Type::UInt8, |d| civil_from_days(d).2.into())).alias_ci(&["DAY", "DAYOFMONTH"]),
    f("toDaysInMonth", "toDaysInMonth(time[, zone])", "Days of the month that the date lies in.", &[("toDaysInMonth(toDate('2024-02-17'))", "29")], |b| days(b, Type::UInt8, |d| { let (y, m, _) = civil_from_days(d); days_in_month(y, m).into() })),
    f("toDayOfWeek", "toDayOfWeek(time[, mode[, zone]])", "Day of the week, Monday = 1 … Sunday = 7 (mode 0); modes 1–3 count from 0 or from Sunday.", &[("toDayOfWeek(toDate('2024-05-17'))", "5")], |b| with_mode(b, Type::UInt8, |d, m| day_of_week(d, m).into())).alias_ci(&["DAYOFWEEK"]),
    f("toISOYear", "toISOYear(time[, zone])", "ISO 8601 year.", &[("toISOYear(toDate('2024-12-30'))", "2025")], |b| days(b, Type::UInt16, iso_year)),
    f("toISOWeek", "toISOWeek(time[, zone])", "ISO 8601 week 1–53.", &[("toISOWeek(toDate('2024-12-30'))", "1")], |b| days(b, Type::UInt8, |d| iso_week(d).into())),
    f("toWeek", "toWeek(time[, mode[, zone]])", "Week number in MySQL's modes 0–9.", &[("toWeek(toDate('2024-05-17'))", "19")], |b| with_mode(b, Type::UInt8, |d, m| year_week(d, m, false).1.into())).alias_ci(&["WEEK"]),
    f("toYearWeek", "toYearWeek(time[, mode[, zone]])", "Year and week number, as YYYYWW.", &[("toYearWeek(toDate('2024-05-17'))", "202419")], |b| with_mode(b, Type::UInt32, |d, m| { let (y, w) = year_week(d, m, true); y * 100 + i64::from(w) })).alias_ci(&["YEARWEEK"]),
    f("toYYYYMM", "toYYYYMM(time[, zone])", "Year and month as a number.", &[("toYYYYMM(toDate('2024-05-17'))", "202405")], |b| days(b, Type::UInt32, |d| { let (y, m, _) = civil_from_days(d); y * 100 + i64::from(m) })),
    f("toYYYYMMDD", "toYYYYMMDD(time[, zone])", "Date as a number.", &[("toYYYYMMDD(toDate('2024-05-17'))", "20240517")], |b| days(b, Type::UInt32, yyyymmdd)),
    f("toYYYYMMDDhhmmss", "toYYYYMMDDhhmmss(time[, zone])", "Date and time as a number.", &[("toYYYYMMDDhhmmss(toDateTime('2024-05-17 01:02:03'))", "20240517010203")], |b| locals(b, Type::UInt64, |l| { let s = l.rem_euclid(DAY); yyyymmdd(l.div_euclid(DAY)) * 1_000_000 + s / 3600 * 10_000 + s / 60 % 60 * 100 + s % 60 })),
    f("toHour", "toHour(time[, zone])", "Hour 0–23.", &[("toHour(toDateTime('2024-05-17 12:34:56'))", "12")], |b| times(b, Type::UInt8, |l| l.rem_euclid(DAY) / 3600)).alias_ci(&["HOUR"]),
    f("toMinute", "toMinute(time[, zone])", "Minute 0–59.", &[("toMinute(toDateTime('2024-05-17 12:34:56'))", "34")], |b| times(b, Type::UInt8, |l| l.rem_euclid(3600) / 60)).alias_ci(&["MINUTE"]),
    f("toSecond", "toSecond(time[, zone])", "Second 0–59.", &[("toSecond(toDateTime('2024-05-17 12:34:56'))", "56")], |b| times(b, Type::UInt8, |l| l.rem_euclid(60))).alias_ci(&["SECOND"]),
    f("toMillisecond", "toMillisecond(time[, zone])", "Milliseconds within the second.", &[("toMillisecond(toDateTime64('2024-01-01 00:00:00.123', 3))", "123")], |b| fraction(b, Type::UInt16, 1_000_000)).alias_ci(&["MILLISECOND"]),
    f("toMicrosecond", "toMicrosecond(time[, zone])", "Microseconds within the second.", &[("toMicrosecond(toDateTime64('2024-01-01 00:00:00.123', 3))", "123000")], |b| fraction(b, Type::UInt32, 1_000)).alias_ci(&["MICROSECOND"]),
    f("toNanosecond", "toNanosecond(time[, zone])", "Nanoseconds within the second.", &[("toNanosecond(toDateTime64('2024-01-01 00:00:00.123', 3))", "123000000")], |b| fraction(b, Type::UInt32, 1)).alias_ci(&["NANOSECOND"]),
    f("toRelativeYearNum", "toRelativeYearNum(time[, zone])", "Year counted from a fixed point in the past.", &[("toRelativeYearNum(toDate('2024-05-17'))", "2024")], |b| days(b, Type::UInt16, |d| civil_from_days(d).0)),
    f("toRelativeQuarterNum", "toRelativeQuarterNum(time[, zone])", "Quarter counted from a fixed point in the past.", &[("toRelativeQuarterNum(toDate('2024-05-17'))", "8097")], |b| days(b, Type::UInt32, |d| { let (y, m, _) = civil_from_days(d); y * 4 + (i64::from(m) - 1) / 3 })),
    f("toRelativeMonthNum", "toRelativeMonthNum(time[, zone])", "Month counted from a fixed point in the past.", &[("toRelativeMonthNum(toDate('2024-05-17'))", "24293")], |b| days(b, Type::UInt32, |d| { let (y, m, _) = civil_from_days(d); y * 12 + i64::from(m) })),
    f("toRelativeWeekNum", "toRelativeWeekNum(time[, zone])", "Week counted from a fixed point in the past.", &[("toRelativeWeekNum(toDate('2024-05-17'))", "2837")], |b| days_from_epoch(b, Type::UInt32, relative_week)),
    f("toRelativeDayNum", "toRelativeDayNum(time[, zone])", "Day counted from 1970-01-01.", &[("toRelativeDayNum(toDate('1970-01-11'))", "10")], |b| days_from_epoch(b, Type::UInt32, |d| d)),
    f("toRelativeHourNum", "toRelativeHourNum(time[, zone])", "Hour counted from a fixed point in the past.", &[("toRelativeHourNum(toDateTime('1970-01-01 10:00:00'))", "10")], |b| relative(b, 3600)),
    f("toRelativeMinuteNum", "toRelativeMinuteNum(time[, zone])", "Minute counted from a fixed point in the past.", &[("toRelativeMinuteNum(toDateTime('1970-01-01 00:10:00'))", "10")], |b| relative(b, 60)),
    f("toRelativeSecondNum", "toRelativeSecondNum(time[, zone])", "Seconds since 1970-01-01 UTC.", &[("toRelativeSecondNum(toDateTime('1970-01-01 00:00:10'))", "10")], |b| relative(b, 1)),
    f("toYearNumSinceEpoch", "toYearNumSinceEpoch(time)", "Years since 1970.", &[("toYearNumSinceEpoch(toDate('2024-05-17'))", "54")], |b| days_from_epoch(b, Type::UInt16, |d| civil_from_days(d).0 - 1970)),
    f("toMonthNumSinceEpoch", "toMonthNumSinceEpoch(time)", "Months since January 1970.", &[("toMonthNumSinceEpoch(toDate('2024-05-17'))", "652")], |b| days_from_epoch(b, Type::UInt32, |d| { let (y, m, _) = civil_from_days(d); (y - 1970) * 12 + i64::from(m) - 1 })),
    f("toDaysSinceYearZero", "toDaysSinceYearZero(time[, zone])", "Days since 0000-01-01 of the proleptic calendar.", &[("toDaysSinceYearZero(toDate('2023-09-08'))", "739136")], |b| days(b, Type::UInt32, |d| d + 719_528)).alias_ci(&["TO_DAYS"]),
    f("monthName", "monthName(time)", "English name of the month.", &[("monthName(toDate('2024-05-17'))", "May")], month_name).ci(),
    f("dateName", "dateName(part, time[, zone])", "A part of a date as text: year, quarter, month, dayofyear, day, week, weekday, hour, minute, second.", &[("dateName('weekday', toDate('2024-05-17'))", "Friday")], date_name).ci(),
    f("toTimeWithFixedDate", "toTimeWithFixedDate(time[, zone])", "The time of day on 1970-01-02.", D, time_with_fixed_date).alias(&["toTime"]),
    f("timezoneOffset", "timezoneOffset(time)", "Seconds that the time's zone is east of UTC at that time.", &[("timezoneOffset(toDateTime('2024-01-01 00:00:00', 'Asia/Kathmandu'))", "20700")], zone_offset).alias(&["timeZoneOffset"]).null_within(usize::MAX),
    f("isLeapYear", "isLeapYear(time)", "1 if the year has a February 29th.", D, |b| { b.arity(1, 1)?; let clock = Clock::bind(b, 0, None)?; bound(Type::UInt8, move |c| { let m = clock.read(c.col(0)); Ok(bools(c.rows, |i| types::tz::is_leap_year(civil_from_days(m.days(i)).0))) }) }),
];

fn day_of_year(d: i64) -> i64 {
    d - days_from_civil(civil_from_days(d).0, 1, 1) + 1
}

/// 2299-12-31, where ClickHouse's calendar of Date32 ends: it takes it for the day before.
const LAST_DAY: i64 = 120_529;

pub const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub fn yyyymmdd(days: i64) -> i64 {
    let (y, m, d) = civil_from_days(days);
    y * 10_000 + i64::from(m) * 100 + i64::from(d)
}

/// Weeks are counted from the Monday before 1970-01-01; the one before that has the number 0 too.
fn relative_week(days: i64) -> i64 {
    if days < -3 { (days + 10).div_euclid(7) } else { (days + 3) / 7 }
}

fn collect(ty: &Type, rows: usize, each: impl Fn(usize) -> i64) -> Column {
    match ty {
        Type::UInt8 => u8_col((0..rows).map(|i| each(i) as u8).collect()),
        Type::UInt16 => u16_col((0..rows).map(|i| each(i) as u16).collect()),
        Type::UInt32 => u32_col((0..rows).map(|i| each(i) as u32).collect()),
        Type::UInt64 => u64_col((0..rows).map(|i| each(i) as u64).collect()),
        _ => i64_col((0..rows).map(each).collect()),
    }
}

/// A function of the day number, over a table of all Dates where that pays.
fn days(b: &Bind<'_>, ty: Type, of: fn(i64) -> i64) -> Result<Bound> {
    b.arity(1, 2)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    let out = ty.clone();
    bound(out, move |c| {
        let m = clock.read(c.col(0));
        Ok(cached_days(&ty, c.rows, &m, of))
    })
}

/// As `days` of what is counted from 1970-01-01: a Date32 before it gives 0, a DateTime64 wraps around.
fn days_from_epoch(b: &Bind<'_>, ty: Type, of: fn(i64) -> i64) -> Result<Bound> {
    b.arity(1, 2)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    let wide = matches!(clock.kind, Kind::DateTime64(_));
    if !wide && clock.kind != Kind::Date32 {
        return days(b, ty, of);
    }
    bound(ty.clone(), move |c| {
        let m = clock.read(c.col(0));
        // Of a DateTime64 they are numbers of 16 bits.
        let shown = |n: i64| if wide { i64::from(n as u16) } else { n.max(0) };
        Ok(collect(&ty, c.rows, |i| shown(of(m.days(i)))))
    })
}

/// Neighbouring rows often lie on the same day.
fn cached_days(ty: &Type, rows: usize, m: &Moments<'_>, of: fn(i64) -> i64) -> Column {
    let last = std::cell::Cell::new((i64::MIN, 0));
    collect(ty, rows, |i| {
        let d = m.days(i);
        let (day, value) = last.get();
        if day == d {
            return value;
        }
        let value = of(d);
        last.set((d, value));
        value
    })
}

fn locals(b: &Bind<'_>, ty: Type, of: fn(i64) -> i64) -> Result<Bound> {
    b.arity(1, 2)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    bound(ty.clone(), move |c| {
        let m = clock.read(c.col(0));
        Ok(collect(&ty, c.rows, |i| of(m.local(i))))
    })
}

fn times(b: &Bind<'_>, ty: Type, of: fn(i64) -> i64) -> Result<Bound> {
    b.arity(1, 2)?;
    need_time(b, 0)?;
    locals(b, ty, of)
}

/// Errors unless the argument has a time of day.
pub fn need_time(b: &Bind<'_>, i: usize) -> Result<()> {
    if matches!(b.ty(i), Type::DateTime(_) | Type::DateTime64(..)) { Ok(()) } else { Err(b.illegal(i, "DateTime or DateTime64")) }
}

fn with_mode(b: &Bind<'_>, ty: Type, of: fn(i64, u8) -> i64) -> Result<Bound> {
    b.arity(1, 3)?;
    if b.len() > 1 && b.ty(1).int_bits().is_some_and(|(_, signed)| signed) {
        return Err(b.illegal(1, "UInt8"));
    }
    let mode = super::week::week_mode(b)?;
    let text = matches!(b.ty(0), Type::String);
    let parsed = Type::DateTime64(3, None);
    let clock = if text { Clock::new(Kind::DateTime64(3), b.session.timezone.clone()) } else { Clock::bind(b, 0, Some(2))? };
    bound(ty.clone(), move |c| {
        let t = if text { cast(c.col(0), &Type::String, &parsed, CastMode::Sql, c.session)? } else { c.col(0).clone() };
        let m = clock.read(&t);
        Ok(collect(&ty, c.rows, |i| of(m.days(i), mode)))
    })
}

fn fraction(b: &Bind<'_>, ty: Type, divisor: i64) -> Result<Bound> {
    b.arity(1, 2)?;
    need_time(b, 0)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    bound(ty.clone(), move |c| {
        let m = clock.read(c.col(0));
        Ok(collect(&ty, c.rows, |i| clock.nanos(m.raw(i)) / divisor))
    })
}

fn relative(b: &Bind<'_>, divisor: i64) -> Result<Bound> {
    b.arity(1, 2)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    bound(Type::UInt32, move |c| {
        let m = clock.read(c.col(0));
        let whole = clock.zone.fixed_offset().is_none_or(|o| o % 3600 == 0);
        // Hours before 1970, and those of zones half an hour apart, are counted from the day before by the clock of then.
        let shift = DAY - (-clock.zone.offset_at(0)).rem_euclid(DAY);
        Ok(collect(&Type::UInt32, c.rows, |i| {
            let t = m.utc(i);
            if divisor == 3600 && (!whole || t < 0) && clock.kind != Kind::Date32 {
                return (t + shift) / 3600;
            }
            if clock.kind == Kind::Date32 { t.div_euclid(divisor).max(0) } else { t.div_euclid(divisor) }
        }))
    })
}

fn month_name(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let clock = Clock::bind(b, 0, None)?;
    bound(Type::String, move |c| {
        let m = clock.read(c.col(0));
        let mut out = StrOut::new(c.rows, c.rows * 8);
        for i in 0..c.rows {
            out.push(MONTHS[civil_from_days(m.days(i)).1 as usize - 1].as_bytes());
        }
        Ok(out.column())
    })
}

fn date_name(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    let part = b.const_str(0)?.to_ascii_lowercase();
    let known = ["year", "quarter", "month", "dayofyear", "day", "week", "weekday", "hour", "minute", "second"];
    if !known.contains(&part.as_str()) {
        return Err(Error::new(BAD_ARGUMENTS, format!("dateName knows no part '{part}': use one of {}", known.join(", "))));
    }
    let clock = Clock::bind(b, 1, Some(2))?;
    bound(Type::String, move |c| {
        let m = clock.read(c.col(1));
        let mut out = StrOut::new(c.rows, c.rows * 8);
        for i in 0..c.rows {
            let local = m.local(i);
            let days = local.div_euclid(DAY);
            let civil = Civil::of_local(local);
            let number = match part.as_str() {
                "month" => {
                    out.push(MONTHS[civil.month as usize - 1].as_bytes());
                    continue;
                }
                "weekday" => {
                    out.push(WEEKDAYS[weekday(days) as usize - 1].as_bytes());
                    continue;
                }
                "year" => civil.year,
                "quarter" => (i64::from(civil.month) + 2) / 3,
                "dayofyear" => days - days_from_civil(civil.year, 1, 1) + 1,
                "day" => civil.day.into(),
                "week" => iso_week(days).into(),
                "hour" => civil.hour.into(),
                "minute" => civil.minute.into(),
                _ => civil.second.into(),
            };
            out.push(number.to_string().as_bytes());
        }
        Ok(out.column())
    })
}

fn time_with_fixed_date(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    need_time(b, 0)?;
    let clock = Clock::bind(b, 0, Some(1))?;
    let zone = if b.len() > 1 { Some(b.const_str(1)?.into()) } else { b.ty(0).time_zone().cloned() };
    bound(Type::DateTime(zone), move |c| {
        let m = clock.read(c.col(0));
        Ok(u32_col((0..c.rows).map(|i| clock.zone.local_to_utc(DAY + m.local(i).rem_euclid(DAY)) as u32).collect()))
    })
}

fn zone_offset(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    need_time(b, 0)?;
    let clock = Clock::bind(b, 0, None)?;
    bound(Type::Int32, move |c| {
        let m = clock.read(c.col(0));
        Ok(crate::args::i32_col((0..c.rows).map(|i| clock.zone.offset_of_first_side(m.utc(i)) as i32).collect()))
    })
}
