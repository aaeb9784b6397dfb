//! Differences: dateDiff counts boundaries, age counts whole units.

use super::add::{Unit, add_months};
use super::{Clock, Moments};
use crate::args::{i64_col, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::BAD_ARGUMENTS;
use types::tz::{DAY, civil_from_days, weekday};
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("dateDiff", "dateDiff(unit, start, end[, zone])", "Boundaries of a unit between two times.", &[("dateDiff('day', toDate('2024-01-01'), toDate('2024-03-01'))", "60")], |b| between(b, false)).alias_ci(&["date_diff", "DATE_DIFF", "timestampDiff", "timestamp_diff", "TIMESTAMP_DIFF"]).ci(),
    f("age", "age(unit, start, end[, zone])", "Whole units between two times.", &[("age('month', toDate('2024-01-31'), toDate('2024-02-29'))", "0")], |b| between(b, true)),
    f("timeDiff", "timeDiff(start, end)", "Seconds from one time to another.", &[("timeDiff(toDateTime('2024-01-01 00:00:00'), toDateTime('2024-01-01 01:00:00'))", "3600")], time_diff).alias_ci(&["TIMEDIFF"]),
];

fn between(b: &Bind<'_>, age: bool) -> Result<Bound> {
    b.arity(3, 4)?;
    b.string(0)?;
    let name = b.name.to_string();
    let parse = move |word: &[u8]| {
        let word = String::from_utf8_lossy(word);
        Unit::parse(&word).ok_or_else(|| Error::new(BAD_ARGUMENTS, format!("{name} does not support '{word}' unit: use year, quarter, month, week, day, hour, minute, second, millisecond, microsecond or nanosecond")))
    };
    let fixed = b.constant(0).map(|c| parse(c.bytes_at(0).unwrap_or_default())).transpose()?;
    let start = Clock::bind(b, 1, Some(3))?;
    let end = Clock::bind(b, 2, Some(3))?;
    bound(Type::Int64, move |c| {
        let (words, x, y) = (strs(c.col(0)), start.read(c.col(1)), end.read(c.col(2)));
        let one = |i: usize| {
            let unit = match fixed {
                Some(u) => u,
                None => parse(words.at(i))?,
            };
            Ok(if age { whole(unit, &x, &y, i) } else { boundaries(unit, &x, &y, i) })
        };
        Ok(i64_col((0..c.rows).map(one).collect::<Result<_>>()?))
    })
}

/// Nanoseconds since epoch.
fn nanos(m: &Moments<'_>, i: usize) -> i128 {
    i128::from(m.utc(i)) * 1_000_000_000 + i128::from(m.clock.nanos(m.raw(i)))
}

fn boundaries(unit: Unit, x: &Moments<'_>, y: &Moments<'_>, i: usize) -> i64 {
    let months = |m: &Moments<'_>| {
        let (year, month, _) = civil_from_days(m.days(i));
        year * 12 + i64::from(month) - 1
    };
    match unit {
        Unit::Year => months(y).div_euclid(12) - months(x).div_euclid(12),
        Unit::Quarter => months(y).div_euclid(3) - months(x).div_euclid(3),
        Unit::Month => months(y) - months(x),
        Unit::Week => week_number(y.days(i)) - week_number(x.days(i)),
        Unit::Day => y.days(i) - x.days(i),
        Unit::Hour | Unit::Minute => {
            let k = if unit == Unit::Hour { 3600 } else { 60 };
            let of = |m: &Moments<'_>| {
                let t = m.utc(i);
                // Counted on the UTC scale where the zone is whole units away from it.
                if m.clock.zone.offset_at(t) % k == 0 { t.div_euclid(k) } else { m.local(i).div_euclid(k) }
            };
            of(y) - of(x)
        }
        _ => {
            let k = i128::from(unit.nanos().unwrap_or(1));
            (nanos(y, i).div_euclid(k) - nanos(x, i).div_euclid(k)) as i64
        }
    }
}

fn whole(unit: Unit, x: &Moments<'_>, y: &Moments<'_>, i: usize) -> i64 {
    let local = |m: &Moments<'_>| i128::from(m.local(i)) * 1_000_000_000 + i128::from(m.clock.nanos(m.raw(i)));
    match unit {
        Unit::Year | Unit::Quarter | Unit::Month => {
            let per = match unit {
                Unit::Year => 12,
                Unit::Quarter => 3,
                _ => 1,
            };
            let (a, b) = (local(x), local(y));
            let (a, b, sign) = if a <= b { (a, b, 1) } else { (b, a, -1) };
            let (d0, d1) = (a.div_euclid(DAY_NANOS) as i64, b.div_euclid(DAY_NANOS) as i64);
            let (t0, t1) = (a.rem_euclid(DAY_NANOS), b.rem_euclid(DAY_NANOS));
            let (y0, m0, n0) = civil_from_days(d0);
            let (y1, m1, n1) = civil_from_days(d1);
            let mut months = (y1 - y0) * 12 + i64::from(m1) - i64::from(m0);
            if (n1, t1) < (n0, t0) {
                months -= 1;
            }
            sign * (months / per)
        }
        Unit::Week => whole_weeks(local(x), local(y)),
        Unit::Day => ((local(y) - local(x)) / DAY_NANOS) as i64,
        _ => {
            let k = i128::from(unit.nanos().unwrap_or(1));
            ((nanos(y, i) - nanos(x, i)) / k) as i64
        }
    }
}

const DAY_NANOS: i128 = DAY as i128 * 1_000_000_000;

/// Weeks begun in between, less one if the last is not over. As in ClickHouse, that is decided by the days of the
/// week in the order of the arguments, also where the second one is earlier.
fn whole_weeks(x: i128, y: i128) -> i64 {
    let day = |t: i128| t.div_euclid(DAY_NANOS) as i64;
    let (from, to) = (day(x), day(y));
    let (earlier, later) = (x.min(y).rem_euclid(DAY_NANOS), x.max(y).rem_euclid(DAY_NANOS));
    let not_over = match weekday(from).cmp(&weekday(to)) {
        std::cmp::Ordering::Equal => earlier > later,
        order => order.is_gt(),
    };
    let direction = if x <= y { 1 } else { -1 };
    week_number(to) - week_number(from) - if not_over { direction } else { 0 }
}

/// Weeks since 1970; the days from 1969-12-25 on belong to the first, as division is cut towards zero there.
fn week_number(day: i64) -> i64 {
    (day + 3) / 7
}

/// Whole months from one day to a later one.
pub fn whole_months(from: i64, to: i64) -> i64 {
    let (y0, m0, _) = civil_from_days(from);
    let (y1, m1, _) = civil_from_days(to);
    let months = (y1 - y0) * 12 + i64::from(m1) - i64::from(m0);
    if add_months(from, months) > to { months - 1 } else { months }
}

fn time_diff(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let (start, end) = (Clock::bind(b, 0, None)?, Clock::bind(b, 1, None)?);
    bound(Type::Int64, move |c| {
        let (x, y) = (start.read(c.col(0)), end.read(c.col(1)));
        Ok(i64_col((0..c.rows).map(|i| y.utc(i) - x.utc(i)).collect()))
    })
}
