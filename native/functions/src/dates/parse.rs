//! Text to times: best effort, and by a pattern of % specifiers or Joda's letters.

use super::parts::{MONTHS, WEEKDAYS};
use crate::args::{i64_col, strs, u32_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use std::sync::Arc;
use types::codes::{ARGUMENT_OUT_OF_BOUND, BAD_ARGUMENTS, CANNOT_PARSE_DATETIME, CANNOT_PARSE_TEXT, NOT_IMPLEMENTED};
use types::text::best_effort::best_effort;
use types::tz::{DAY, TimeZone, days_from_civil, days_in_month, weekday};
use types::{Bitmap, Column, Error, Result, Type};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fail {
    Error,
    Null,
    Zero,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    MySql,
    Joda,
}

macro_rules! best { ($name:literal, $wide:literal, $us:literal, $doc:literal) => { [
    f($name, concat!($name, "(text[, …zone])"), $doc, &[], |b| effort(b, $wide, $us, Fail::Error)),
    f(concat!($name, "OrNull"), concat!($name, "OrNull(text[, …zone])"), concat!($doc, " NULL if it cannot be read."), &[], |b| effort(b, $wide, $us, Fail::Null)),
    f(concat!($name, "OrZero"), concat!($name, "OrZero(text[, …zone])"), concat!($doc, " 1970-01-01 if it cannot be read."), &[], |b| effort(b, $wide, $us, Fail::Zero)),
] } }

macro_rules! pattern { ($name:literal, $wide:literal, $syntax:ident, $doc:literal) => { [
    f($name, concat!($name, "(text, pattern[, zone])"), $doc, &[], |b| by_pattern(b, $wide, Syntax::$syntax, Fail::Error)),
    f(concat!($name, "OrNull"), concat!($name, "OrNull(text, pattern[, zone])"), concat!($doc, " NULL if it cannot be read."), &[], |b| by_pattern(b, $wide, Syntax::$syntax, Fail::Null)),
    f(concat!($name, "OrZero"), concat!($name, "OrZero(text, pattern[, zone])"), concat!($doc, " 1970-01-01 if it cannot be read."), &[], |b| by_pattern(b, $wide, Syntax::$syntax, Fail::Zero)),
] } }

const GROUPS: [[FunctionDef; 3]; 9] = [
    best!("parseDateTimeBestEffort", false, false, "A DateTime from text in one of many forms."),
    best!("parseDateTime32BestEffort", false, false, "A DateTime from text in one of many forms."),
    best!("parseDateTimeBestEffortUS", false, true, "As parseDateTimeBestEffort, with the month first in 03/05/2024."),
    best!("parseDateTime64BestEffort", true, false, "A DateTime64 from text in one of many forms."),
    best!("parseDateTime64BestEffortUS", true, true, "As parseDateTime64BestEffort, with the month first in 03/05/2024."),
    pattern!("parseDateTime", false, MySql, "A DateTime from text by MySQL's specifiers."),
    pattern!("parseDateTime64", true, MySql, "A DateTime64 from text by MySQL's specifiers."),
    pattern!("parseDateTimeInJodaSyntax", false, Joda, "A DateTime from text by Joda's letters."),
    pattern!("parseDateTime64InJodaSyntax", true, Joda, "A DateTime64 from text by Joda's letters."),
];

const ALL: [FunctionDef; 27] = {
    let mut all = [GROUPS[0][0]; 27];
    let mut i = 0;
    while i < 27 {
        all[i] = GROUPS[i / 3][i % 3];
        i += 1;
    }
    all[15] = all[15].alias_ci(&["TO_UNIXTIME"]);
    all[16] = all[16].alias_ci(&["str_to_date"]);
    all
};
pub const DEFS: &[FunctionDef] = &ALL;

fn zone_arg(b: &Bind<'_>, i: usize) -> Result<(Option<Arc<str>>, Arc<TimeZone>)> {
    if b.len() <= i {
        return Ok((None, b.session.timezone.clone()));
    }
    let name = b.const_str(i)?;
    Ok((Some(name.into()), TimeZone::get(name)?))
}

fn scale_of(b: &Bind<'_>, i: usize) -> Result<u8> {
    let s = b.const_int(i)?;
    u8::try_from(s).ok().filter(|s| *s <= 9).ok_or_else(|| Error::new(ARGUMENT_OUT_OF_BOUND, format!("Scale {s} is out of bounds: expected 0 to 9")))
}

/// Runs a reader that gives (seconds, nanoseconds) per row.
fn run(ty: Type, fail: Fail, read: impl Fn(&crate::bind::Ctx<'_>, usize) -> Result<(i64, i64)> + Send + Sync + 'static) -> Result<Bound> {
    let scale = if let Type::DateTime64(s, _) = &ty { Some(*s) } else { None };
    let shown = if fail == Fail::Null { Type::nullable(ty) } else { ty };
    bound(shown, move |c| {
        let mut bad = Bitmap::new(c.rows, false);
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let ticks = read(c, i).and_then(|(s, n)| match scale {
                None => Ok(s.clamp(0, u32::MAX.into())),
                Some(k) => {
                    let per = 10i64.pow(k.into());
                    s.checked_mul(per).and_then(|v| v.checked_add(n / (1_000_000_000 / per))).ok_or_else(|| Error::new(CANNOT_PARSE_DATETIME, "The time does not fit DateTime64"))
                }
            });
            out.push(match ticks {
                Ok(v) => v,
                Err(e) if fail == Fail::Error => return Err(e),
                Err(_) => {
                    bad.set(i, true);
                    0
                }
            });
        }
        let col = if scale.is_some() { i64_col(out) } else { u32_col(out.into_iter().map(|v| v as u32).collect()) };
        Ok(if fail == Fail::Null { Column::new(col.data, Some(bad)) } else { col })
    })
}

/// `parse…BestEffort(text[, scale][, zone])`: a scale, or one in the name, makes a DateTime64.
fn effort(b: &Bind<'_>, wide: bool, us: bool, fail: Fail) -> Result<Bound> {
    b.arity(1, 3)?;
    b.string(0)?;
    let scaled = b.len() > 1 && (wide || b.ty(1).is_integer() || b.len() == 3);
    let (name, zone) = zone_arg(b, if scaled { 2 } else { 1 })?;
    let scale = match (scaled, wide) {
        (true, _) => Some(scale_of(b, 1)?).filter(|s| wide || *s > 0),
        (false, true) => Some(3),
        (false, false) => None,
    };
    let ty = scale.map_or_else(|| Type::DateTime(name.clone()), |s| Type::DateTime64(s, name.clone()));
    run(ty, fail, move |c, i| {
        let text = strs(c.col(0)).at(i);
        if text.is_empty() {
            return Err(Error::new(CANNOT_PARSE_DATETIME, "Cannot read DateTime: the text is empty"));
        }
        let m = best_effort(text, &zone, us, (c.session.now_ns / 1_000_000_000) as i64)?;
        if m.used < text.len() {
            let (text, read) = (String::from_utf8_lossy(text), String::from_utf8_lossy(&text[..m.used]));
            return Err(Error::new(CANNOT_PARSE_TEXT, format!("Cannot parse '{text}' as a time: it ends behind '{read}'")));
        }
        Ok((m.seconds, m.nanos))
    })
}

#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_year: Option<i64>,
    week: Option<i64>,
    weekday: Option<i64>,
    hour: i64,
    hour12: bool,
    pm: Option<bool>,
    minute: i64,
    second: i64,
    nanos: i64,
    offset: Option<i64>,
    unix: Option<i64>,
}

struct Text<'a> {
    s: &'a [u8],
    at: usize,
}

fn fail(s: &[u8]) -> Error {
    Error::new(CANNOT_PARSE_DATETIME, format!("Cannot parse '{}' by the pattern", String::from_utf8_lossy(&s[..s.len().min(100)])))
}

impl Text<'_> {
    fn number(&mut self, min: usize, max: usize, lo: i64, hi: i64) -> Result<i64> {
        let n = self.s[self.at..].iter().take(max).take_while(|x| x.is_ascii_digit()).count();
        if n < min {
            return Err(fail(self.s));
        }
        let v = self.s[self.at..self.at + n].iter().fold(0i64, |v, x| v * 10 + i64::from(x - b'0'));
        if v < lo || v > hi {
            return Err(fail(self.s));
        }
        self.at += n;
        Ok(v)
    }
    fn literal(&mut self, x: u8) -> Result<()> {
        if self.s.get(self.at) == Some(&x) {
            self.at += 1;
            return Ok(());
        }
        Err(fail(self.s))
    }
    /// Index of a name, whole or its first three letters.
    fn name(&mut self, names: &[&str], short: bool) -> Result<i64> {
        for (k, n) in names.iter().enumerate() {
            let n = if short { &n[..3] } else { n };
            let part = self.s.get(self.at..self.at + n.len());
            if part.is_some_and(|p| p.eq_ignore_ascii_case(n.as_bytes())) {
                self.at += n.len();
                return Ok(k as i64);
            }
        }
        Err(fail(self.s))
    }
    fn half(&mut self) -> Result<bool> {
        let part = self.s.get(self.at..self.at + 2).ok_or_else(|| fail(self.s))?;
        self.at += 2;
        match part.to_ascii_uppercase().as_slice() {
            b"AM" => Ok(false),
            b"PM" => Ok(true),
            _ => Err(fail(self.s)),
        }
    }
    fn offset(&mut self, colon: bool) -> Result<i64> {
        let sign = match self.s.get(self.at) {
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(b'Z') => {
                self.at += 1;
                return Ok(0);
            }
            _ => return Err(fail(self.s)),
        };
        self.at += 1;
        let h = self.number(2, 2, 0, 23)?;
        if colon && self.s.get(self.at) == Some(&b':') {
            self.at += 1;
        }
        let m = self.number(2, 2, 0, 59)?;
        Ok(sign * (h * 3600 + m * 60))
    }
    fn fraction(&mut self, max: usize) -> Result<i64> {
        let start = self.at;
        let v = self.number(1, max.min(9), 0, i64::MAX)?;
        Ok(v * 10i64.pow(9 - (self.at - start) as u32))
    }
}

fn mysql(t: &mut Text<'_>, pattern: &[u8], p: &mut Parts, month_name: bool, extended_fraction: bool) -> Result<()> {
    let mut i = 0;
    while i < pattern.len() {
        if pattern[i] != b'%' {
            t.literal(pattern[i])?;
            i += 1;
            continue;
        }
        let Some(&c) = pattern.get(i + 1) else { return Err(Error::new(BAD_ARGUMENTS, "The pattern ends in a single %")) };
        i += 2;
        match c {
            b'a' => p.weekday = Some(t.name(&WEEKDAYS, true)? + 1),
            b'b' => p.month = Some(t.name(&MONTHS, true)? + 1),
            b'c' => p.month = Some(t.number(1, 2, 1, 12)?),
            b'm' => p.month = Some(t.number(2, 2, 1, 12)?),
            b'C' => p.year = Some(t.number(2, 2, 19, 22)? * 100),
            b'd' => p.day = Some(t.number(2, 2, 1, 31)?),
            b'D' => mysql(t, b"%m/%d/%y", p, month_name, extended_fraction)?,
            b'e' => {
                while t.s.get(t.at) == Some(&b' ') {
                    t.at += 1;
                }
                p.day = Some(t.number(1, 2, 1, 31)?);
            }
            b'F' => mysql(t, b"%Y-%m-%d", p, month_name, extended_fraction)?,
            b'f' => p.nanos = if extended_fraction { t.fraction(9)? } else { t.fraction(6)? },
            b'g' => p.iso_year = Some(2000 + t.number(2, 2, 0, 99)?),
            b'G' => p.iso_year = Some(t.number(4, 4, 1970, 2299)?),
            b'h' | b'I' => {
                p.hour = t.number(2, 2, 1, 12)?;
                p.hour12 = true;
            }
            b'l' => {
                p.hour = t.number(1, 2, 1, 12)?;
                p.hour12 = true;
            }
            b'H' => p.hour = t.number(2, 2, 0, 23)?,
            b'k' => p.hour = t.number(1, 2, 0, 23)?,
            b'i' => p.minute = t.number(2, 2, 0, 59)?,
            b'j' => p.day_of_year = Some(t.number(3, 3, 1, 366)?),
            b'M' if month_name => p.month = Some(t.name(&MONTHS, false)? + 1),
            b'M' => p.minute = t.number(2, 2, 0, 59)?,
            b'n' => t.literal(b'\n')?,
            b't' => t.literal(b'\t')?,
            b'p' => p.pm = Some(t.half()?),
            b'r' => mysql(t, b"%I:%i:%s %p", p, month_name, extended_fraction)?,
            b'R' => mysql(t, b"%H:%i", p, month_name, extended_fraction)?,
            b's' | b'S' => p.second = t.number(2, 2, 0, 59)?,
            b'T' => mysql(t, b"%H:%i:%s", p, month_name, extended_fraction)?,
            b'u' => p.weekday = Some(t.number(1, 1, 1, 7)?),
            b'V' => p.week = Some(t.number(2, 2, 1, 53)?),
            b'w' => p.weekday = Some(match t.number(1, 1, 0, 6)? {
                0 => 7,
                d => d,
            }),
            b'W' => p.weekday = Some(t.name(&WEEKDAYS, false)? + 1),
            b'y' => {
                let y = t.number(2, 2, 0, 99)?;
                p.year = Some(if y >= 70 { 1900 + y } else { 2000 + y });
            }
            b'Y' => p.year = Some(t.number(4, 4, 1900, 2299)?),
            b'z' => p.offset = Some(t.offset(false)?),
            b'%' => t.literal(b'%')?,
            b'Q' | b'U' | b'v' | b'x' | b'X' => return Err(Error::new(NOT_IMPLEMENTED, format!("Specifier '%{}' is not supported for parsing", c as char))),
            c => return Err(Error::new(BAD_ARGUMENTS, format!("Unknown specifier '%{}'", c as char))),
        }
    }
    Ok(())
}

fn joda(t: &mut Text<'_>, pattern: &[u8], p: &mut Parts) -> Result<()> {
    let mut i = 0;
    while i < pattern.len() {
        let c = pattern[i];
        if c == b'\'' {
            if pattern.get(i + 1) == Some(&b'\'') {
                t.literal(b'\'')?;
                i += 2;
                continue;
            }
            let end = memchr::memchr(b'\'', &pattern[i + 1..]).ok_or_else(|| Error::new(BAD_ARGUMENTS, "No closing single quote in a Joda pattern"))?;
            for x in &pattern[i + 1..i + 1 + end] {
                t.literal(*x)?;
            }
            i += end + 2;
            continue;
        }
        if !c.is_ascii_alphabetic() {
            t.literal(c)?;
            i += 1;
            continue;
        }
        let n = pattern[i..].iter().take_while(|x| **x == c).count();
        i += n;
        // Fields that stand side by side take exactly their width.
        let tight = pattern.get(i).is_some_and(u8::is_ascii_alphabetic);
        let max = |most: usize| if tight { n } else { most.max(n) };
        match c {
            b'y' | b'Y' if n == 2 => {
                let y = t.number(2, 2, 0, 99)?;
                p.year = Some(if y >= 70 { 1900 + y } else { 2000 + y });
            }
            b'y' | b'Y' => p.year = Some(t.number(1, max(4), 1900, 2299)?),
            b'x' => p.iso_year = Some(t.number(1, max(4), 1970, 2299)?),
            b'w' => p.week = Some(t.number(1, max(2), 1, 53)?),
            b'e' => p.weekday = Some(t.number(1, max(1), 1, 7)?),
            b'E' => p.weekday = Some(t.name(&WEEKDAYS, n < 4).or_else(|_| t.name(&WEEKDAYS, true))? + 1),
            b'D' => p.day_of_year = Some(t.number(1, max(3), 1, 366)?),
            b'M' if n >= 3 => p.month = Some(t.name(&MONTHS, n == 3)? + 1),
            b'M' => p.month = Some(t.number(1, max(2), 1, 12)?),
            b'd' => p.day = Some(t.number(1, max(2), 1, 31)?),
            b'a' => p.pm = Some(t.half()?),
            b'K' => {
                p.hour = t.number(1, max(2), 0, 11)?;
                p.hour12 = true;
            }
            b'h' => {
                p.hour = t.number(1, max(2), 1, 12)?;
                p.hour12 = true;
            }
            b'H' => p.hour = t.number(1, max(2), 0, 23)?,
            b'k' => p.hour = t.number(1, max(2), 1, 24)? % 24,
            b'm' => p.minute = t.number(1, max(2), 0, 59)?,
            b's' => p.second = t.number(1, max(2), 0, 59)?,
            b'S' => p.nanos = t.fraction(n)?,
            b'Z' => p.offset = Some(t.offset(true)?),
            c => return Err(Error::new(NOT_IMPLEMENTED, format!("Letter '{}' of Joda patterns is not supported for parsing", c as char))),
        }
    }
    Ok(())
}

impl Parts {
    fn seconds(&self, zone: &TimeZone, s: &[u8]) -> Result<i64> {
        if let Some(u) = self.unix {
            return Ok(u);
        }
        let hour = match (self.hour12, self.pm) {
            (true, Some(pm)) => self.hour % 12 + if pm { 12 } else { 0 },
            (true, None) => self.hour % 12,
            _ => self.hour,
        };
        // Time alone is on 1970-01-01, month and day alone in 2000.
        let days = if let (Some(w), y) = (self.week, self.iso_year) {
            let year = y.or(self.year).unwrap_or(1970);
            let fourth = days_from_civil(year, 1, 4);
            fourth - i64::from(weekday(fourth)) + 1 + (w - 1) * 7 + self.weekday.unwrap_or(1) - 1
        } else if let Some(d) = self.day_of_year {
            let year = self.year.unwrap_or(2000);
            if d == 366 && !types::tz::is_leap_year(year) {
                return Err(fail(s));
            }
            days_from_civil(year, 1, 1) + d - 1
        } else {
            let given = self.month.is_some() || self.day.is_some();
            let year = self.year.unwrap_or(if given { 2000 } else { 1970 });
            let (m, d) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            if d > i64::from(days_in_month(year, m as u8)) {
                return Err(fail(s));
            }
            days_from_civil(year, m, d)
        };
        let local = days * DAY + hour * 3600 + self.minute * 60 + self.second;
        Ok(match self.offset {
            Some(o) => local - o,
            None => zone.local_to_utc(local),
        })
    }
}

/// Digits of the fraction that a pattern can give.
fn pattern_scale(pattern: &[u8], syntax: Syntax) -> u8 {
    match syntax {
        Syntax::MySql => if memchr::memmem::find(pattern, b"%f").is_some() { 6 } else { 0 },
        Syntax::Joda => pattern.iter().filter(|x| **x == b'S').count().min(9) as u8,
    }
}

fn by_pattern(b: &Bind<'_>, wide: bool, syntax: Syntax, on_fail: Fail) -> Result<Bound> {
    b.arity(1, 3)?;
    b.string(0)?;
    let default: &[u8] = if syntax == Syntax::Joda { b"yyyy-MM-dd HH:mm:ss" } else { b"%Y-%m-%d %H:%i:%s" };
    let pattern = if b.len() > 1 { b.const_bytes(1)?.to_vec() } else { default.to_vec() };
    // Unlike those of best effort, these functions name the zone of the session in their type.
    let (name, zone) = zone_arg(b, 2)?;
    let name = name.unwrap_or_else(|| zone.name().clone());
    let ty = if wide {
        let scale = if syntax == Syntax::MySql { 6 } else { pattern_scale(&pattern, syntax) };
        Type::DateTime64(scale, Some(name))
    } else {
        Type::DateTime(Some(name))
    };
    let month_name = b.session.flag("formatdatetime_parsedatetime_m_is_month_name", true);
    // A pattern that cannot work at all is an error whatever the texts are.
    let mut probe = Parts::default();
    let check = match syntax {
        Syntax::MySql => mysql(&mut Text { s: b"", at: 0 }, &only_specifiers(&pattern), &mut probe, month_name, true),
        Syntax::Joda => Ok(()),
    };
    if let Err(e) = check
        && e.code() == NOT_IMPLEMENTED
    {
        return Err(e);
    }
    run(ty, on_fail, move |c, i| {
        let s = strs(c.col(0)).at(i);
        let mut t = Text { s, at: 0 };
        let mut p = Parts::default();
        match syntax {
            Syntax::MySql => mysql(&mut t, &pattern, &mut p, month_name, wide)?,
            Syntax::Joda => joda(&mut t, &pattern, &mut p)?,
        }
        if t.at < s.len() {
            return Err(fail(s));
        }
        Ok((p.seconds(&zone, s)?, p.nanos))
    })
}

/// The first specifier that is not built, if any, so that it can be reported early.
fn only_specifiers(pattern: &[u8]) -> Vec<u8> {
    pattern.windows(2).filter(|w| w[0] == b'%' && b"QUvxX".contains(&w[1])).flat_map(|w| w.to_vec()).collect()
}
