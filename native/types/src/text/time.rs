//! Dates and times to text and back.

use crate::codes::{CANNOT_PARSE_DATE, CANNOT_PARSE_DATETIME, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE};
use crate::text::cursor::clip;
use crate::text::number::{scan_int, write_int};
use crate::tz::{TimeZone, civil_from_days, days_from_civil, days_in_month};
use crate::{Error, IntervalKind, Result};

pub use super::best_effort::best_effort;

/// How DateTime and DateTime64 are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DateTimeOutput {
    #[default]
    Simple,
    Iso,
    UnixTimestamp,
}

/// How DateTime and DateTime64 are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DateTimeInput {
    #[default]
    Basic,
    BestEffort,
    BestEffortUs,
}

/// First and last day of Date32 (1900-01-01, 2299-12-31).
pub const DATE32_MIN: i64 = -25567;
pub const DATE32_MAX: i64 = 120_529;

fn two(v: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + v / 10, b'0' + v % 10]);
}

/// `YYYY-MM-DD` of days since 1970-01-01.
pub fn write_date(days: i64, out: &mut Vec<u8>) {
    let (y, m, d) = civil_from_days(days);
    let y = y.clamp(0, 9999) as u16;
    out.extend_from_slice(&[
        b'0' + (y / 1000) as u8,
        b'0' + (y / 100 % 10) as u8,
        b'0' + (y / 10 % 10) as u8,
        b'0' + (y % 10) as u8,
        b'-',
    ]);
    two(m, out);
    out.push(b'-');
    two(d, out);
}

fn write_clock(local: i64, separator: u8, out: &mut Vec<u8>) {
    write_date(local.div_euclid(86400), out);
    let s = local.rem_euclid(86400);
    out.push(separator);
    two((s / 3600) as u8, out);
    out.push(b':');
    two((s / 60 % 60) as u8, out);
    out.push(b':');
    two((s % 60) as u8, out);
}

/// A DateTime (seconds since epoch).
pub fn write_datetime(utc: i64, zone: &TimeZone, how: DateTimeOutput, out: &mut Vec<u8>) {
    match how {
        DateTimeOutput::Simple => write_clock(zone.utc_to_local(utc), b' ', out),
        DateTimeOutput::Iso => {
            write_clock(utc, b'T', out);
            out.push(b'Z');
        }
        DateTimeOutput::UnixTimestamp => write_int(utc, out),
    }
}

fn write_fraction(ticks: i64, scale: u8, out: &mut Vec<u8>) {
    if scale > 0 {
        let from = out.len();
        out.resize(from + 1 + scale as usize, b'0');
        out[from] = b'.';
        let mut v = ticks;
        for at in (from + 1..out.len()).rev() {
            out[at] = b'0' + (v % 10) as u8;
            v /= 10;
        }
    }
}

/// A DateTime64 (ticks of 10^-scale seconds since epoch).
pub fn write_datetime64(ticks: i64, scale: u8, zone: &TimeZone, how: DateTimeOutput, out: &mut Vec<u8>) {
    let per_second = 10i64.pow(scale.min(18).into());
    if how == DateTimeOutput::UnixTimestamp {
        if ticks < 0 {
            out.push(b'-');
        }
        let magnitude = ticks.unsigned_abs();
        write_int(magnitude / per_second as u64, out);
        return write_fraction((magnitude % per_second as u64) as i64, scale, out);
    }
    let (seconds, fraction) = (ticks.div_euclid(per_second), ticks.rem_euclid(per_second));
    if how == DateTimeOutput::Iso {
        write_clock(seconds, b'T', out);
        write_fraction(fraction, scale, out);
        out.push(b'Z');
    } else {
        write_clock(zone.utc_to_local(seconds), b' ', out);
        write_fraction(fraction, scale, out);
    }
}

/// An interval as Kusto writes it: `[-][d.]hh:mm:ss[.fffffffff]`; months and more have no such form
/// and are written as numbers.
pub fn write_kusto(v: i64, kind: IntervalKind, out: &mut Vec<u8>) {
    let Some(unit) = kind.nanos() else { return write_int(v, out) };
    let total = i128::from(v) * i128::from(unit);
    if total < 0 {
        out.push(b'-');
    }
    let ns = total.unsigned_abs();
    let (seconds, fraction) = (ns / 1_000_000_000, (ns % 1_000_000_000) as i64);
    if seconds >= 86400 {
        write_int(seconds / 86400, out);
        out.push(b'.');
    }
    let s = (seconds % 86400) as u32;
    two((s / 3600) as u8, out);
    out.push(b':');
    two((s / 60 % 60) as u8, out);
    out.push(b':');
    two((s % 60) as u8, out);
    if fraction > 0 {
        write_fraction(fraction, 9, out);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn digit(s: &[u8], i: usize) -> Option<i64> {
    let d = s.get(i)?.wrapping_sub(b'0');
    (d <= 9).then_some(i64::from(d))
}
/// One or two digits at `i`: (value, bytes).
fn one_or_two(s: &[u8], i: usize) -> Option<(i64, usize)> {
    let a = digit(s, i)?;
    Some(digit(s, i + 1).map_or((a, 1), |b| (a * 10 + b, 2)))
}
fn four(s: &[u8]) -> Option<i64> {
    Some(digit(s, 0)? * 1000 + digit(s, 1)? * 100 + digit(s, 2)? * 10 + digit(s, 3)?)
}

/// Days of a date; `strict` refuses a day its month does not have, else it overflows into the next
/// month as in ClickHouse (and an impossible month is 1970-01-01).
fn to_days(y: i64, m: i64, d: i64, strict: bool) -> Option<i64> {
    let valid = (1..=12).contains(&m) && (1..=31).contains(&d);
    if strict && !(valid && d <= i64::from(days_in_month(y, m as u8))) {
        return None;
    }
    Some(if valid { days_from_civil(y, m, d) } else { 0 })
}

/// Reads `YYYY-MM-DD` (any separators, one-digit months and days too) or `YYYYMMDD`: days since
/// epoch and the bytes read. Errors: `CANNOT_PARSE_DATE`.
pub fn scan_date(s: &[u8], strict: bool) -> Result<(i64, usize)> {
    let bad =
        || Error::new(CANNOT_PARSE_DATE, format!("Cannot parse date '{}': expected YYYY-MM-DD", clip(s, 50)));
    let y = four(s).ok_or_else(bad)?;
    if digit(s, 4).is_some() {
        let (Some((m, 2)), Some((d, 2))) = (one_or_two(s, 4), one_or_two(s, 6)) else { return Err(bad()) };
        return to_days(y, m, d, strict).map(|v| (v, 8)).ok_or_else(bad);
    }
    let separator = |i: usize| s.get(i).is_some_and(|b| !b.is_ascii_alphanumeric() && *b < 0x80);
    if !separator(4) {
        return Err(bad());
    }
    let (m, n) = one_or_two(s, 5).ok_or_else(bad)?;
    if !separator(5 + n) {
        return Err(bad());
    }
    let (d, k) = one_or_two(s, 6 + n).ok_or_else(bad)?;
    to_days(y, m, d, strict).map(|v| (v, 6 + n + k)).ok_or_else(bad)
}

/// Bytes of a time part ` hh:mm:ss[.f]` that may stand behind a date, 0 if there is none.
pub fn time_part(s: &[u8]) -> usize {
    const SHAPE: usize = " hh:mm:ss".len();
    let fits = |i: usize, b: u8| match i {
        0 => matches!(b, b' ' | b'T'),
        3 | 6 => b == b':',
        _ => b.is_ascii_digit(),
    };
    if s.len() < SHAPE || !s[..SHAPE].iter().enumerate().all(|(i, b)| fits(i, *b)) {
        return 0;
    }
    SHAPE + scan_fraction(s, SHAPE).1
}

/// A moment read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// seconds since epoch
    pub seconds: i64,
    /// billionths of a second, 0 to 999,999,999
    pub nanos: i64,
    /// bytes read
    pub used: usize,
}

impl Moment {
    /// Ticks of 10^-scale seconds; what lies beyond the scale is cut off. `None` beyond 64 bits.
    pub fn ticks(&self, scale: u8) -> Option<i64> {
        let scale = u32::from(scale.min(9));
        self.seconds.checked_mul(10i64.pow(scale))?.checked_add(self.nanos / 10i64.pow(9 - scale))
    }
}

/// Digits after a point at `i`: (billionths, bytes with the point).
fn scan_fraction(s: &[u8], i: usize) -> (i64, usize) {
    if s.get(i) != Some(&b'.') || digit(s, i + 1).is_none() {
        return (0, 0);
    }
    let (mut v, mut n) = (0, 0);
    while let Some(d) = digit(s, i + 1 + n) {
        if n < 9 {
            v = v * 10 + d;
        }
        n += 1;
    }
    for _ in n..9 {
        v *= 10;
    }
    (v, n + 1)
}

/// Reads `YYYY-MM-DD[ hh:mm[:ss[.fraction]]]` (also with `T`) or seconds since epoch with a fraction.
/// `strict` refuses times that do not exist; `iso` takes `Z` and `±hh:mm` at the end.
/// Errors: `CANNOT_PARSE_DATETIME`.
pub fn scan_moment(s: &[u8], zone: &TimeZone, strict: bool, iso: bool) -> Result<Moment> {
    let bad = || {
        Error::new(
            CANNOT_PARSE_DATETIME,
            format!("Cannot parse DateTime '{}': expected YYYY-MM-DD hh:mm:ss", clip(s, 50)),
        )
    };
    let dotted = s.get(7) == Some(&b'.') && digit(s, 8).is_some();
    if four(s).is_none() || digit(s, 4).is_some() || s.len() == 4 || s[4] == b'.' && !dotted {
        return scan_timestamp(s).ok_or_else(bad);
    }
    let (days, mut i) = scan_date(s, strict).map_err(|_| bad())?;
    let mut clock = 0;
    let mut fraction = 0;
    if matches!(s.get(i), Some(b' ' | b'T')) && digit(s, i + 1).is_some() {
        let (h, n) = one_or_two(s, i + 1).ok_or_else(bad)?;
        i += 1 + n;
        if s.get(i) != Some(&b':') {
            return Err(bad());
        }
        let (m, n) = one_or_two(s, i + 1).ok_or_else(bad)?;
        i += 1 + n;
        let mut sec = 0;
        if s.get(i) == Some(&b':') {
            let (v, n) = one_or_two(s, i + 1).ok_or_else(bad)?;
            (sec, i) = (v, i + 1 + n);
        }
        if strict && (h > 23 || m > 59 || sec > 59) {
            return Err(bad());
        }
        clock = h * 3600 + m * 60 + sec;
        let (f, n) = scan_fraction(s, i);
        (fraction, i) = (f, i + n);
    }
    let local = days * 86400 + clock;
    if iso && let Some((offset, n)) = scan_offset(&s[i..]) {
        return Ok(Moment { seconds: local - offset, nanos: fraction, used: i + n });
    }
    Ok(Moment { seconds: zone.local_to_utc(local), nanos: fraction, used: i })
}

fn scan_timestamp(s: &[u8]) -> Option<Moment> {
    let scan = scan_int(s);
    if scan.used == 0 || scan.digits > 18 || s[0] == b'+' {
        return None;
    }
    let (f, n) = scan_fraction(s, scan.used);
    let v = scan.low as i64;
    let (seconds, nanos) = match (scan.negative, f) {
        (false, f) => (v, f),
        (true, 0) => (-v, 0),
        (true, f) => (-v - 1, 1_000_000_000 - f),
    };
    Some(Moment { seconds, nanos, used: scan.used + n })
}

/// `Z`, `UTC`, `GMT`, `+hh`, `+hhmm`, `+hh:mm`: (seconds east, bytes).
fn scan_offset(s: &[u8]) -> Option<(i64, usize)> {
    if matches!(s.first(), Some(b'Z' | b'z')) {
        return Some((0, 1));
    }
    if s.len() >= 3 && (s[..3].eq_ignore_ascii_case(b"UTC") || s[..3].eq_ignore_ascii_case(b"GMT")) {
        return Some(scan_offset(&s[3..]).map_or((0, 3), |(o, n)| (o, n + 3)));
    }
    let sign = match s.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (h, n) = one_or_two(s, 1)?;
    let mut i = 1 + n;
    if s.get(i) == Some(&b':') {
        i += 1;
    }
    let m = match one_or_two(s, i) {
        Some((m, 2)) => {
            i += 2;
            m
        }
        _ => 0,
    };
    (h <= 15 && m < 60).then_some((sign * (h * 3600 + m * 60), i))
}

/// Days as a Date; out of range: an error if `strict`, else wraps as ClickHouse does.
pub fn date_of(days: i64, strict: bool) -> Result<u16> {
    match u16::try_from(days) {
        Ok(v) => Ok(v),
        Err(_) if strict => Err(Error::new(
            VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
            "Date lies outside 1970-01-01 to 2149-06-06, which type Date can hold (Date32 holds more)",
        )),
        Err(_) => Ok(if days < 0 { 0 } else { u16::MAX }),
    }
}
pub fn date32_of(days: i64, strict: bool) -> Result<i32> {
    if strict && !(DATE32_MIN..=DATE32_MAX).contains(&days) {
        return Err(Error::new(
            VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
            "Date lies outside 1900-01-01 to 2299-12-31, which type Date32 can hold",
        ));
    }
    Ok(days.clamp(DATE32_MIN, DATE32_MAX) as i32)
}
pub fn datetime_of(seconds: i64, strict: bool) -> Result<u32> {
    match u32::try_from(seconds) {
        Ok(v) => Ok(v),
        Err(_) if strict => Err(Error::new(
            VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
            "Time lies outside 1970-01-01 to 2106-02-07, which type DateTime can hold (DateTime64 holds more)",
        )),
        Err(_) => Ok(if seconds < 0 { 0 } else { u32::MAX }),
    }
}
