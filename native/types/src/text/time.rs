//! Dates and times to text and back.

use crate::codes::{CANNOT_PARSE_DATE, CANNOT_PARSE_DATETIME, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE};
use crate::text::cursor::clip;
use crate::text::number::{scan_int, write_int};
use crate::tz::{TimeZone, civil_from_days, days_from_civil, days_in_month};
use crate::{Error, IntervalKind, Result};

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

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
const DAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Reads a moment in one of many common forms: ISO 8601, unix timestamps (s, ms, µs, ns),
/// `YYYYMMDDhhmmss`, `D Mon YYYY`, `Mon D, YYYY`, `DD/MM/YYYY` (`us`: `MM/DD/YYYY`), with AM/PM,
/// day names and offsets. What has no year is the last such day up to `now` (seconds since epoch; 0 = a year
/// is needed). The whole text must be used. Errors: `CANNOT_PARSE_DATETIME`.
pub fn best_effort(text: &[u8], zone: &TimeZone, us: bool, now: i64) -> Result<Moment> {
    best_effort_parts(text.trim_ascii(), zone, us, now).map(|m| Moment { used: text.len(), ..m }).ok_or_else(
        || {
            Error::new(
                CANNOT_PARSE_DATETIME,
                format!("Cannot read DateTime: '{}' has no known form", clip(text, 50)),
            )
        },
    )
}

fn best_effort_parts(s: &[u8], zone: &TimeZone, us: bool, now: i64) -> Option<Moment> {
    let (mut y, mut m, mut d): (Option<i64>, Option<i64>, Option<i64>) = (None, None, None);
    let (mut clock, mut nanos, mut offset, mut pm): (Option<i64>, i64, Option<i64>, Option<bool>) =
        (None, 0, None, None);
    let mut i = 0;
    if s.last() == Some(&b',') {
        return None;
    }
    while i < s.len() {
        let b = s[i];
        if b.is_ascii_digit() {
            let n = s[i..].iter().take_while(|b| b.is_ascii_digit()).count();
            let value = |from: usize, n: usize| {
                s[i + from..i + from + n]
                    .iter()
                    .fold(0i64, |v, b| v.wrapping_mul(10).wrapping_add(i64::from(b - b'0')))
            };
            let next = s.get(i + n).copied().unwrap_or(0);
            match n {
                9 | 10 | 13 | 16 | 19 if y.is_none() && m.is_none() && d.is_none() && clock.is_none() => {
                    let unit = 10i64.pow(match n {
                        13 => 3,
                        16 => 6,
                        19 => 9,
                        _ => 0,
                    });
                    let v = value(0, n);
                    let (mut f, mut extra) = (v % unit * (1_000_000_000 / unit), 0);
                    if unit == 1 {
                        (f, extra) = scan_fraction(s, i + n);
                    }
                    return (i + n + extra == s.len() && i == 0).then_some(Moment {
                        seconds: v / unit,
                        nanos: f,
                        used: 0,
                    });
                }
                14 if y.is_none() => {
                    (y, m, d) = (Some(value(0, 4)), Some(value(4, 2)), Some(value(6, 2)));
                    clock = Some(value(8, 2) * 3600 + value(10, 2) * 60 + value(12, 2));
                    i += n;
                    let (f, k) = scan_fraction(s, i);
                    (nanos, i) = (f, i + k);
                }
                8 if y.is_none() => {
                    (y, m, d) = (Some(value(0, 4)), Some(value(4, 2)), Some(value(6, 2)));
                    i += n;
                }
                6 if y.is_none() && m.is_none() => {
                    (y, m) = (Some(value(0, 4)), Some(value(4, 2)));
                    i += n;
                }
                6 if clock.is_none() => {
                    clock = Some(value(0, 2) * 3600 + value(2, 2) * 60 + value(4, 2));
                    i += n;
                }
                4 if y.is_none() => {
                    y = Some(value(0, 4));
                    i += n;
                    if matches!(next, b'-' | b'/' | b'.' | b'_' | b':')
                        && m.is_none()
                        && digit(s, i + 1).is_some()
                    {
                        let (v, k) = one_or_two(s, i + 1)?;
                        (m, i) = (Some(v), i + 1 + k);
                        if s.get(i) == Some(&next) && digit(s, i + 1).is_some() {
                            let (v, k) = one_or_two(s, i + 1)?;
                            (d, i) = (Some(v), i + 1 + k);
                        }
                    }
                }
                1 | 2 if next == b':' && clock.is_none() => {
                    let h = value(0, n);
                    let (mi, k) = one_or_two(s, i + n + 1)?;
                    i += n + 1 + k;
                    let mut sec = 0;
                    if s.get(i) == Some(&b':') {
                        let (v, k) = one_or_two(s, i + 1)?;
                        (sec, i) = (v, i + 1 + k);
                        let (f, k) = scan_fraction(s, i);
                        (nanos, i) = (f, i + k);
                    }
                    clock = Some(h * 3600 + mi * 60 + sec);
                }
                1 | 2
                    if matches!(next, b'/' | b'-' | b'.')
                        && d.is_none()
                        && m.is_none()
                        && digit(s, i + n + 1).is_some() =>
                {
                    let a = value(0, n);
                    let (b, k) = one_or_two(s, i + n + 1)?;
                    // The month comes first in America, if it can be one.
                    (d, m) = if us && a <= 12 { (Some(b), Some(a)) } else { (Some(a), Some(b)) };
                    i += n + 1 + k;
                    if s.get(i) == Some(&next) {
                        let from = i + 1;
                        let digits = s[from..].iter().take_while(|b| b.is_ascii_digit()).count();
                        let v = s[from..from + digits].iter().fold(0i64, |v, b| v * 10 + i64::from(b - b'0'));
                        y = Some(match digits {
                            4 => v,
                            2 => v + if v < 70 { 2000 } else { 1900 },
                            _ => return None,
                        });
                        i = from + digits;
                    }
                }
                // DD-Mon-YY
                2 if d.is_some()
                    && m.is_some()
                    && y.is_none()
                    && i > 1
                    && s[i - 1] == b'-'
                    && s[i - 2].is_ascii_alphabetic() =>
                {
                    let v = value(0, n);
                    y = Some(v + if v < 70 { 2000 } else { 1900 });
                    i += n;
                }
                // A number behind the year is the month.
                1 | 2 if y.is_some() && m.is_none() && d.is_none() => {
                    m = Some(value(0, n));
                    i += n;
                }
                1 | 2 if d.is_none() => {
                    d = Some(value(0, n));
                    i += n;
                }
                1 | 2 if clock.is_none() => {
                    let h = value(0, n);
                    if h > 23 {
                        return None;
                    }
                    clock = Some(h * 3600);
                    i += n;
                }
                _ => return None,
            }
            continue;
        }
        // YYYYMMDD+hhmmss
        if b == b'+' && clock.is_none() && d.is_some() && s.len() == i + 7 {
            i += 1;
            continue;
        }
        if (b == b'+' || b == b'-') && clock.is_some() {
            let (o, n) = scan_offset(&s[i..])?;
            (offset, i) = (Some(o), i + n);
            continue;
        }
        if b.is_ascii_alphabetic() {
            let n = s[i..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
            let word = s[i..i + n].to_ascii_lowercase();
            i += n;
            match word.as_slice() {
                b"t" if y.is_some() => {}
                b"am" => pm = Some(false),
                b"pm" => pm = Some(true),
                b"z" | b"utc" | b"gmt" => {
                    offset = Some(0);
                    if let Some((o, k)) =
                        s.get(i..).and_then(scan_offset).filter(|_| matches!(s.get(i), Some(b'+' | b'-')))
                    {
                        (offset, i) = (Some(o), i + k);
                    }
                }
                b"msk" => offset = Some(3 * 3600),
                w if w.len() >= 3 => {
                    let head = &w[..3];
                    if let Some(k) = MONTHS.iter().position(|x| *x == head) {
                        m = Some(k as i64 + 1);
                    } else if !DAYS.iter().any(|x| *x == head) {
                        return None;
                    }
                }
                _ => return None,
            }
            continue;
        }
        match b {
            b' ' | b',' | b'/' | b'-' | b'.' => i += 1,
            _ => return None,
        }
    }
    if let (Some(c), Some(after)) = (clock, pm) {
        let h = c / 3600;
        if h > 12 {
            return None;
        }
        clock = Some(c % 3600 + 3600 * (h % 12 + if after { 12 } else { 0 }));
    }
    let days = match (y, m, d) {
        (Some(y), m, d) => to_days(y, m.unwrap_or(1), d.unwrap_or(1), true)?,
        (None, None, None) if clock.is_none() => return None,
        (None, m, d) => {
            last_such_day(m.unwrap_or(1), d.unwrap_or(1), zone.utc_to_local(now).div_euclid(86_400), now)?
        }
    };
    let local = days * 86400 + clock.unwrap_or(0);
    let seconds = offset.map_or_else(|| zone.local_to_utc(local), |o| local - o);
    Some(Moment { seconds, nanos, used: 0 })
}

/// The last day of that month and number up to `today`.
fn last_such_day(month: i64, day: i64, today: i64, now: i64) -> Option<i64> {
    if now == 0 {
        return None;
    }
    let year = crate::tz::civil_from_days(today).0;
    let this = to_days(year, month, day, true)?;
    if this > today { to_days(year - 1, month, day, true) } else { Some(this) }
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
