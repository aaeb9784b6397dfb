//! Times as text by a pattern: MySQL's % specifiers and Joda's letters.

use super::parts::{MONTHS, WEEKDAYS};
use super::week::{iso_week, iso_year};
use super::{Civil, Clock, Kind, in_each_zone};
use crate::args::{map_str, strs, u32_col};
use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, NOT_IMPLEMENTED};
use types::tz::{DAY, TimeZone, days_from_civil, weekday};
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("formatDateTime", "formatDateTime(time, pattern[, zone])", "The time as text by MySQL's specifiers: %Y %m %d %H %i %S %M ….", &[("formatDateTime(toDateTime('2024-03-05 07:08:09'), '%Y-%m-%d %H:%i:%S')", "2024-03-05 07:08:09")], |b| format(b, false)).ci().alias_ci(&["DATE_FORMAT"]),
    f("formatDateTimeInJodaSyntax", "formatDateTimeInJodaSyntax(time, pattern[, zone])", "The time as text by Joda's letters: yyyy MM dd HH mm ss ….", &[("formatDateTimeInJodaSyntax(toDateTime('2024-03-05 07:08:09'), 'yyyy-MM-dd')", "2024-03-05")], |b| format(b, true)),
    f("fromUnixTimestamp", "fromUnixTimestamp(seconds[, pattern[, zone]])", "The DateTime of seconds since epoch, or its text by a pattern.", &[("fromUnixTimestamp(0)", "1970-01-01 00:00:00")], |b| from_unix(b, false)).ci().alias_ci(&["FROM_UNIXTIME"]),
    f("fromUnixTimestampInJodaSyntax", "fromUnixTimestampInJodaSyntax(seconds[, pattern[, zone]])", "As fromUnixTimestamp with Joda's letters.", &[], |b| from_unix(b, true)).ci(),
];

/// One time, all its parts at hand.
struct Shown<'a> {
    civil: Civil,
    days: i64,
    nanos: i64,
    scale: u8,
    offset: i64,
    zone: &'a TimeZone,
}

fn put(out: &mut Vec<u8>, v: i64, width: usize) {
    out.extend_from_slice(format!("{v:0width$}").as_bytes());
}

fn hour12(h: u8) -> i64 {
    i64::from(if h % 12 == 0 { 12 } else { h % 12 })
}

/// What the letters of a pattern mean, as settings say.
#[derive(Clone, Copy)]
struct Letters {
    month_name: bool,
    /// %f has as many digits as the time's scale
    scale_digits: bool,
    /// %e of one digit has a space before it
    padded_day: bool,
    /// %f is 0 where the type has no fraction
    single_zero: bool,
    /// %c, %k and %l have no leading zero
    no_zeros: bool,
}

fn mysql(t: &Shown<'_>, pattern: &[u8], letters: Letters, out: &mut Vec<u8>) -> Result<()> {
    let mut i = 0;
    while i < pattern.len() {
        if pattern[i] != b'%' {
            out.push(pattern[i]);
            i += 1;
            continue;
        }
        let bad = |c: char| Error::new(BAD_ARGUMENTS, format!("Wrong syntax '%{c}' in the pattern of formatDateTime"));
        let Some(&c) = pattern.get(i + 1) else { return Err(Error::new(BAD_ARGUMENTS, "The pattern of formatDateTime ends in a single %")) };
        i += 2;
        let p = &t.civil;
        match c {
            b'a' => out.extend_from_slice(&WEEKDAYS[weekday(t.days) as usize - 1].as_bytes()[..3]),
            b'b' => out.extend_from_slice(&MONTHS[p.month as usize - 1].as_bytes()[..3]),
            b'c' if letters.no_zeros => put(out, p.month.into(), 1),
            b'c' | b'm' => put(out, p.month.into(), 2),
            b'C' => put(out, p.year / 100, 2),
            b'd' => put(out, p.day.into(), 2),
            b'D' => out.extend_from_slice(format!("{:02}/{:02}/{:02}", p.month, p.day, p.year % 100).as_bytes()),
            b'e' if letters.padded_day => out.extend_from_slice(format!("{:>2}", p.day).as_bytes()),
            b'e' => out.extend_from_slice(p.day.to_string().as_bytes()),
            b'f' => {
                if letters.single_zero && t.scale == 0 {
                    out.push(b'0');
                    continue;
                }
                let digits = format!("{:09}", t.nanos);
                let n = if letters.scale_digits { t.scale.max(1) } else { 6 };
                out.extend_from_slice(&digits.as_bytes()[..n as usize]);
            }
            b'F' => out.extend_from_slice(format!("{:04}-{:02}-{:02}", p.year, p.month, p.day).as_bytes()),
            b'g' => put(out, iso_year(t.days) % 100, 2),
            b'G' => put(out, iso_year(t.days), 4),
            b'h' | b'I' => put(out, hour12(p.hour), 2),
            b'H' => put(out, p.hour.into(), 2),
            b'i' => put(out, p.minute.into(), 2),
            b'j' => put(out, t.days - days_from_civil(p.year, 1, 1) + 1, 3),
            b'k' if letters.no_zeros => put(out, p.hour.into(), 1),
            b'l' if letters.no_zeros => put(out, hour12(p.hour), 1),
            b'k' => out.extend_from_slice(format!("{:02}", p.hour).as_bytes()),
            b'l' => out.extend_from_slice(format!("{:02}", hour12(p.hour)).as_bytes()),
            b'M' if letters.month_name => out.extend_from_slice(MONTHS[p.month as usize - 1].as_bytes()),
            b'M' => put(out, p.minute.into(), 2),
            b'n' => out.push(b'\n'),
            b'p' => out.extend_from_slice(if p.hour < 12 { b"AM" } else { b"PM" }),
            b'Q' => out.extend_from_slice(p.month.div_ceil(3).to_string().as_bytes()),
            b'r' => out.extend_from_slice(format!("{:02}:{:02} {}", hour12(p.hour), p.minute, if p.hour < 12 { "AM" } else { "PM" }).as_bytes()),
            b'R' => out.extend_from_slice(format!("{:02}:{:02}", p.hour, p.minute).as_bytes()),
            b's' | b'S' => put(out, p.second.into(), 2),
            b't' => out.push(b'\t'),
            b'T' => out.extend_from_slice(format!("{:02}:{:02}:{:02}", p.hour, p.minute, p.second).as_bytes()),
            b'u' => out.extend_from_slice(weekday(t.days).to_string().as_bytes()),
            b'V' => put(out, iso_week(t.days).into(), 2),
            b'w' => out.extend_from_slice((weekday(t.days) % 7).to_string().as_bytes()),
            b'W' => out.extend_from_slice(WEEKDAYS[weekday(t.days) as usize - 1].as_bytes()),
            b'y' => put(out, p.year % 100, 2),
            b'Y' => put(out, p.year, 4),
            b'z' => {
                let o = t.offset / 60;
                out.extend_from_slice(format!("{}{:02}{:02}", if o < 0 { '-' } else { '+' }, o.abs() / 60, o.abs() % 60).as_bytes());
            }
            b'%' => out.push(b'%'),
            b'U' | b'v' | b'x' | b'X' => {
                return Err(Error::new(NOT_IMPLEMENTED, format!("Specifier '%{}' of formatDateTime is not supported", c as char)));
            }
            c => return Err(bad(c as char)),
        }
    }
    Ok(())
}

fn joda(t: &Shown<'_>, pattern: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let p = &t.civil;
    let mut i = 0;
    while i < pattern.len() {
        let c = pattern[i];
        if c == b'\'' {
            // '' is a quote, '…' a text.
            if pattern.get(i + 1) == Some(&b'\'') {
                out.push(b'\'');
                i += 2;
                continue;
            }
            let Some(end) = memchr::memchr(b'\'', &pattern[i + 1..]) else {
                return Err(Error::new(BAD_ARGUMENTS, "No closing single quote in a Joda pattern"));
            };
            out.extend_from_slice(&pattern[i + 1..i + 1 + end]);
            i += end + 2;
            continue;
        }
        if !c.is_ascii_alphabetic() {
            out.push(c);
            i += 1;
            continue;
        }
        let n = pattern[i..].iter().take_while(|x| **x == c).count();
        i += n;
        match c {
            b'G' => out.extend_from_slice(match (p.year > 0, n > 3) {
                (true, false) => b"AD",
                (false, false) => b"BC",
                (true, true) => b"Anno Domini",
                (false, true) => b"Before Christ",
            }),
            b'C' => put(out, p.year / 100, n),
            b'Y' | b'y' if n == 2 => put(out, p.year % 100, 2),
            b'Y' | b'y' => put(out, p.year, n),
            b'x' => put(out, iso_year(t.days), n),
            b'w' => put(out, iso_week(t.days).into(), n),
            b'e' => put(out, weekday(t.days).into(), n),
            b'E' if n >= 4 => out.extend_from_slice(WEEKDAYS[weekday(t.days) as usize - 1].as_bytes()),
            b'E' => out.extend_from_slice(&WEEKDAYS[weekday(t.days) as usize - 1].as_bytes()[..3]),
            b'D' => put(out, t.days - days_from_civil(p.year, 1, 1) + 1, n),
            b'M' if n >= 4 => out.extend_from_slice(MONTHS[p.month as usize - 1].as_bytes()),
            b'M' if n == 3 => out.extend_from_slice(&MONTHS[p.month as usize - 1].as_bytes()[..3]),
            b'M' => put(out, p.month.into(), n),
            b'd' => put(out, p.day.into(), n),
            b'a' => out.extend_from_slice(if p.hour < 12 { b"AM" } else { b"PM" }),
            b'K' => put(out, i64::from(p.hour % 12), n),
            b'h' => put(out, hour12(p.hour), n),
            b'H' => put(out, p.hour.into(), n),
            b'k' => put(out, i64::from(if p.hour == 0 { 24 } else { p.hour }), n),
            b'm' => put(out, p.minute.into(), n),
            b's' => put(out, p.second.into(), n),
            b'S' => {
                let digits = format!("{:09}", t.nanos);
                out.extend_from_slice(&digits.as_bytes()[..n.min(9)]);
                out.resize(out.len() + n.saturating_sub(9), b'0');
            }
            b'z' => out.extend_from_slice(t.zone.name().as_bytes()),
            b'Z' => {
                let o = t.offset / 60;
                out.extend_from_slice(format!("{}{:02}:{:02}", if o < 0 { '-' } else { '+' }, o.abs() / 60, o.abs() % 60).as_bytes());
            }
            c => return Err(Error::new(NOT_IMPLEMENTED, format!("Letter '{}' of Joda patterns is not supported", c as char))),
        }
    }
    Ok(())
}

fn format(b: &Bind<'_>, in_joda: bool) -> Result<Bound> {
    if b.len() == 1 && !in_joda {
        b.arity(2, 3)?;
    }
    b.arity(2, 3)?;
    b.date_or_time(0)?;
    if b.len() == 3 && b.constant(2).is_none() {
        return in_each_zone(b, 2);
    }
    pattern_bound(b, Clock::bind(b, 0, Some(2))?, None, in_joda)
}

/// `from`: the number type that is first converted to DateTime.
fn pattern_bound(b: &Bind<'_>, clock: Clock, from: Option<Type>, in_joda: bool) -> Result<Bound> {
    b.string(1)?;
    let letters = Letters {
        month_name: b.session.flag("formatdatetime_parsedatetime_m_is_month_name", true),
        scale_digits: b.session.flag("formatdatetime_f_prints_scale_number_of_digits", false),
        padded_day: b.session.flag("formatdatetime_e_with_space_padding", false),
        no_zeros: b.session.flag("formatdatetime_format_without_leading_zeros", false),
        single_zero: b.session.flag("formatdatetime_f_prints_single_zero", false),
    };
    let scale = if let Kind::DateTime64(s) = clock.kind { s } else { 0 };
    if let Some(p) = b.constant(1).and_then(|c| c.bytes_at(0)) {
        // A bad pattern is an error whether or not there are rows.
        let t = Shown { civil: Civil::of_local(0), days: 0, nanos: 0, scale, offset: 0, zone: &clock.zone };
        let mut probe = Vec::new();
        if in_joda { joda(&t, p, &mut probe)? } else { mysql(&t, p, letters, &mut probe)? }
    }
    bound(Type::String, move |c| {
        let col = match &from {
            Some(t) => cast(c.col(0), t, &Type::DateTime(None), CastMode::Function, c.session)?,
            None => c.col(0).clone(),
        };
        let (m, p) = (clock.read(&col), strs(c.col(1)));
        map_str(c.rows, "formatDateTime", |i, out| {
            let utc = m.utc(i);
            let local = m.local(i);
            let t = Shown { civil: Civil::of_local(local), days: local.div_euclid(DAY), nanos: clock.nanos(m.raw(i)), scale, offset: clock.zone.offset_at(utc), zone: &clock.zone };
            if in_joda { joda(&t, p.at(i), out) } else { mysql(&t, p.at(i), letters, out) }
        })
    })
}

fn from_unix(b: &Bind<'_>, in_joda: bool) -> Result<Bound> {
    b.arity(1, 3)?;
    if b.len() == 1 {
        b.integer(0)?;
        return bound(Type::DateTime(None), |c| {
            let v = crate::args::i64s(c.col(0));
            Ok(u32_col((0..c.rows).map(|i| v.at(i).clamp(0, u32::MAX.into()) as u32).collect()))
        });
    }
    let zone = if b.len() == 3 { TimeZone::get(b.const_str(2)?)? } else { b.session.timezone.clone() };
    if b.ty(0).is_date_or_time() {
        return pattern_bound(b, Clock::bind(b, 0, Some(2))?, None, in_joda);
    }
    b.integer(0)?;
    pattern_bound(b, Clock::new(Kind::DateTime, zone), Some(b.ty(0).clone()), in_joda)
}
