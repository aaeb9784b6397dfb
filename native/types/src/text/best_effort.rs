//! Moments in one of many common forms: ISO 8601, unix timestamps, `YYYYMMDDhhmmss`, `D Mon YYYY`, `DD/MM/YYYY`
//! (America: `MM/DD/YYYY`), AM and PM, names of days, offsets.
//!
//! A text is taken piece by piece from the left; what a number means follows from its digits, from the sign behind it
//! and from what has been found before. Where to stop, and which half-forms count, is as in ClickHouse.

use super::time::Moment;
use crate::codes::CANNOT_PARSE_DATETIME;
use crate::text::cursor::clip;
use crate::tz::{TimeZone, civil_from_days, days_from_civil, days_in_month};
use crate::{Error, Result};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Longer runs of digits are read in pieces.
const MOST_DIGITS: usize = 19;

/// Reads a moment. What has no year is the last such day up to `now` (seconds since epoch; 0 = a year is needed).
/// It may end before the text does. Errors: `CANNOT_PARSE_DATETIME`.
pub fn best_effort(text: &[u8], zone: &TimeZone, us: bool, now: i64) -> Result<Moment> {
    let mut r = Reader { s: text, us, ..Reader::default() };
    let read = r.read().and_then(|stamp| match stamp {
        Some(seconds) => Ok(Moment { seconds, nanos: r.nanos, used: r.at }),
        None => r.moment(zone, now),
    });
    read.map_err(|why| {
        Error::new(CANNOT_PARSE_DATETIME, format!("Cannot read DateTime: {why} in '{}'", clip(text, 50)))
    })
}

type Step<T> = std::result::Result<T, &'static str>;

#[derive(Default)]
struct Reader<'a> {
    s: &'a [u8],
    at: usize,
    us: bool,
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    timed: bool,
    comma: bool,
    /// the year stood without month and day: no comma may follow
    alone: bool,
    /// a fraction has been read
    split: bool,
    pm: Option<bool>,
    offset: Option<i64>,
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<u8> {
        self.s.get(self.at).copied()
    }
    fn took(&mut self, signs: &[u8]) -> bool {
        let found = self.next().is_some_and(|b| signs.contains(&b));
        self.at += usize::from(found);
        found
    }
    fn run(&mut self, most: usize, fits: fn(&u8) -> bool) -> &'a [u8] {
        let rest = &self.s[self.at..];
        let n = rest.iter().take(most).take_while(|b| fits(b)).count();
        self.at += n;
        &rest[..n]
    }
    fn digits(&mut self) -> &'a [u8] {
        self.run(MOST_DIGITS, u8::is_ascii_digit)
    }
    /// One or two digits.
    fn short(&mut self, missing: &'static str) -> Step<i64> {
        match self.digits() {
            d if matches!(d.len(), 1 | 2) => Ok(value(d)),
            _ => Err(missing),
        }
    }

    /// The pieces; seconds since epoch if the text is a timestamp.
    fn read(&mut self) -> Step<Option<i64>> {
        while self.at < self.s.len() {
            if (self.year != 0) != self.timed && !self.alone && self.took(b",") {
                self.comma = true;
                if self.at == self.s.len() {
                    return Err("nothing follows the comma");
                }
            }
            let found = if self.year == 0 || !self.timed { self.digits() } else { &[] };
            if found.is_empty() {
                if !self.sign_or_word()? {
                    break;
                }
            } else if let Some(stamp) = self.number(found)? {
                return Ok(Some(stamp));
            }
        }
        Ok(None)
    }

    fn number(&mut self, d: &[u8]) -> Step<Option<i64>> {
        let fresh = self.year == 0 && !self.timed;
        match d.len() {
            9 | 10 if fresh => {
                if self.next() == Some(b'.') {
                    self.fraction();
                }
                return Ok(Some(value(d)));
            }
            13 | 16 | 19 if fresh => {
                self.nanos = billionths(&d[10..]);
                return Ok(Some(value(&d[..10])));
            }
            14 if fresh => {
                self.date(d);
                self.clock(&d[8..]);
            }
            8 if self.year == 0 => self.date(d),
            6 if self.year == 0 && self.month == 0 => {
                (self.year, self.month) = (value(&d[..4]), value(&d[4..]))
            }
            6 if !self.timed => self.clock(d),
            4 if self.year == 0 => self.year_first(value(d))?,
            1 | 2 => self.day_or_hour(value(d))?,
            _ => return Err("unexpected number of digits"),
        }
        Ok(None)
    }
    fn date(&mut self, d: &[u8]) {
        (self.year, self.month, self.day) = (value(&d[..4]), value(&d[4..6]), value(&d[6..8]));
    }
    /// `hhmmss`
    fn clock(&mut self, d: &[u8]) {
        (self.hour, self.minute, self.second) = (value(&d[..2]), value(&d[2..4]), value(&d[4..6]));
        self.timed = true;
    }

    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` with one sign (or letter) in both places.
    fn year_first(&mut self, year: i64) -> Step<()> {
        self.year = year;
        let Some(sign) = self.next() else { return Ok(()) };
        let number = self.s.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        let joins = b"/-._:+".contains(&sign) || sign.is_ascii_alphabetic() || sign == b' ' && number;
        if self.month != 0 || !joins {
            self.alone = true;
            return Ok(());
        }
        self.at += 1;
        self.month = self.short("one or two digits are the month")?;
        if self.took(&[sign]) {
            self.day = self.short("one or two digits are the day")?;
        }
        Ok(())
    }

    /// `hh:mm[:ss]`, `DD/MM[/YYYY]`, `DD-Mon-YYYY`, a day, or an hour behind a day.
    fn day_or_hour(&mut self, v: i64) -> Step<()> {
        if self.took(b":") {
            (self.hour, self.timed) = (v, true);
            self.minute = self.short("one or two digits are the minute")?;
            if self.took(b":") {
                self.second = self.short("one or two digits are the second")?;
            }
        } else if self.took(b",") {
            if self.month != 0 && self.day == 0 {
                self.day = v;
            }
        } else if self.took(b"/.-") {
            if self.day != 0 || self.month != 0 {
                return Err("two dates");
            }
            self.day_and_month(v)?;
            if self.took(b"/.-") {
                if self.year != 0 {
                    return Err("two years");
                }
                self.year = match self.digits() {
                    d if d.len() == 4 => value(d),
                    d if d.len() == 2 => value(d) + if value(d) >= 70 { 1900 } else { 2000 },
                    _ => return Err("two or four digits are the year"),
                };
            }
        } else if self.day == 0 {
            self.day = v;
        } else {
            (self.hour, self.timed) = (v, true);
        }
        Ok(())
    }
    fn day_and_month(&mut self, first: i64) -> Step<()> {
        if self.us {
            (self.month, self.day) = (first, self.short("one or two digits are the day")?);
        } else {
            self.day = first;
            self.month = match self.digits() {
                [] => {
                    let word = self.run(9, u8::is_ascii_alphabetic);
                    among(&MONTHS, word).ok_or("no month's name")?
                }
                d if d.len() <= 2 => value(d),
                _ => return Err("one or two digits are the month"),
            };
        }
        // No month has such a number: the other one is it.
        if self.month > 12 {
            std::mem::swap(&mut self.month, &mut self.day);
        }
        Ok(())
    }

    fn fraction(&mut self) {
        self.at += 1;
        self.split = true;
        self.nanos = billionths(self.digits());
    }

    /// What begins with no digit; false where the moment ends.
    fn sign_or_word(&mut self) -> Step<bool> {
        match self.next() {
            None => {}
            // Tue and Thu begin with the letter that stands before a time.
            Some(b'T') if self.s.get(self.at + 1).is_some_and(u8::is_ascii_alphabetic) => return self.word(),
            Some(b' ' | b'T') => self.at += 1,
            Some(b'Z') => {
                self.at += 1;
                self.offset = Some(0);
            }
            Some(b'.') if !self.timed || self.split => return Err("unexpected point"),
            Some(b'.') => self.fraction(),
            Some(sign @ (b'+' | b'-')) => {
                self.at += 1;
                let d = self.digits();
                if d.len() == 6 && !self.timed {
                    self.clock(d);
                } else {
                    let east = self.offset_of(d)?;
                    self.offset = Some(if sign == b'-' { -east } else { east });
                }
            }
            Some(_) => return self.word(),
        }
        Ok(true)
    }
    /// Seconds of `h`, `hh`, `hmm`, `hhmm`, `hh:mm`.
    fn offset_of(&mut self, d: &[u8]) -> Step<i64> {
        let hours = match d.len() {
            1 | 2 => value(d),
            3 | 4 => return Ok(value(&d[..d.len() - 2]) * 3600 + value(&d[d.len() - 2..]) * 60),
            _ => return Err("unexpected number of digits in the time zone's offset"),
        };
        let minutes =
            if self.took(b":") { self.short("one or two digits are the offset's minutes")? } else { 0 };
        Ok(hours * 3600 + minutes * 60)
    }

    fn word(&mut self) -> Step<bool> {
        let word = self.run(usize::MAX, u8::is_ascii_alphabetic).to_ascii_lowercase();
        match word.as_slice() {
            [] => return Ok(false),
            b"am" => self.pm = Some(false),
            b"pm" => self.pm = Some(true),
            b"utc" | b"gmt" => self.offset = Some(0),
            b"msk" => self.offset = Some(3 * 3600),
            b"msd" => self.offset = Some(4 * 3600),
            name => match (among(&MONTHS, name), among(&DAYS, name)) {
                (Some(month), _) => self.month = month,
                (None, Some(_)) => {
                    self.took(b",");
                }
                (None, None) => return Err("unexpected word"),
            },
        }
        Ok(true)
    }

    fn moment(&mut self, zone: &TimeZone, now: i64) -> Step<Moment> {
        if self.comma && (!self.timed || self.year == 0 || self.month == 0 || self.day == 0) {
            return Err("a comma stands between a date and a time");
        }
        if self.year == 0 && self.month == 0 && self.day == 0 && !self.timed {
            return Err("neither a date nor a time");
        }
        let (month, day) = (self.month.max(1), self.day.max(1));
        if self.year == 0 {
            if now == 0 {
                return Err("no year");
            }
            let today = zone.utc_to_local(now).div_euclid(86_400);
            self.year = civil_from_days(today).0;
            if month > 12 || days_from_civil(self.year, month, day) > today {
                self.year -= 1;
            }
        }
        if month > 12 || day > i64::from(days_in_month(self.year, month as u8)) {
            return Err("no such date");
        }
        match self.pm {
            Some(false) if self.hour == 12 => self.hour = 0,
            Some(true) if self.hour < 12 => self.hour += 12,
            _ => {}
        }
        let local = days_from_civil(self.year, month, day) * 86_400
            + self.hour * 3600
            + self.minute * 60
            + self.second;
        let seconds = self.offset.map_or_else(|| zone.local_to_utc(local), |east| local - east);
        Ok(Moment { seconds, nanos: self.nanos, used: self.at })
    }
}

fn value(digits: &[u8]) -> i64 {
    digits.iter().fold(0i64, |v, b| v.wrapping_mul(10).wrapping_add(i64::from(b - b'0')))
}

fn billionths(digits: &[u8]) -> i64 {
    let digits = &digits[..digits.len().min(9)];
    value(digits) * 10i64.pow(9 - digits.len() as u32)
}

/// The number, from 1, of the name that a word is, whole or its first three letters.
fn among(names: &[&str], word: &[u8]) -> Option<i64> {
    let is =
        |n: &&str| word.eq_ignore_ascii_case(n.as_bytes()) || word.eq_ignore_ascii_case(&n.as_bytes()[..3]);
    names.iter().position(is).map(|i| i as i64 + 1)
}
