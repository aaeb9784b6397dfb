//! Time zones: UTC seconds to local wall-clock seconds and back, and the civil calendar.
//!
//! A zone is a sorted table of transitions made once from the bundled IANA database (jiff), up to the
//! year 2300. Looking up an offset is an index into coarse buckets of 2^21 s (24 days), then a step or two.
//! "Local seconds" count from 1970-01-01 00:00:00 on the wall clock of the zone.

use crate::codes::BAD_ARGUMENTS;
use crate::{Error, Result};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub const DAY: i64 = 86_400;
const BUCKET_BITS: u32 = 21;
/// 1880-01-01 and 2300-01-01, UTC: what the buckets cover.
const FIRST: i64 = -2_840_140_800;
const LAST: i64 = 10_413_792_000;
const NAME_BYTES_MAX: usize = 64;

/// A zone with all its offsets.
#[derive(Debug)]
pub struct TimeZone {
    name: Arc<str>,
    /// UTC second at which period i begins; the first is `i64::MIN`
    starts: Vec<i64>,
    /// local second (by the clock before it) at which period i begins
    local_starts: Vec<i64>,
    /// seconds east of UTC in period i
    offsets: Vec<i32>,
    /// period at the beginning of each bucket
    buckets: Vec<u16>,
}

static ZONES: LazyLock<Mutex<HashMap<String, Arc<TimeZone>>>> = LazyLock::new(Mutex::default);
static UTC: LazyLock<Arc<TimeZone>> = LazyLock::new(|| Arc::new(TimeZone::fixed("UTC", 0)));
static DATABASE: LazyLock<jiff::tz::TimeZoneDatabase> = LazyLock::new(jiff::tz::TimeZoneDatabase::bundled);

impl TimeZone {
    pub fn utc() -> Arc<TimeZone> {
        UTC.clone()
    }

    /// The zone of an IANA name, such as `Europe/Paris`. Errors: `BAD_ARGUMENTS`.
    /// Cost: a lock and a hash after the first use of a name.
    pub fn get(name: &str) -> Result<Arc<TimeZone>> {
        if name == "UTC" {
            return Ok(UTC.clone());
        }
        if let Some(z) = ZONES.lock().get(name) {
            return Ok(z.clone());
        }
        let zone = Arc::new(Self::load(name)?);
        ZONES.lock().insert(name.to_string(), zone.clone());
        Ok(zone)
    }

    /// All names of the database, sorted.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = DATABASE.available().map(|n| n.as_str().to_string()).collect();
        names.sort();
        names
    }

    fn load(name: &str) -> Result<TimeZone> {
        let unknown = || {
            let shown: String = name.chars().take(NAME_BYTES_MAX).collect();
            Error::new(
                BAD_ARGUMENTS,
                format!(
                    "Cannot load time zone '{shown}': use a name of the IANA database, such as 'Europe/Paris' or 'UTC'"
                ),
            )
        };
        if name.is_empty() {
            return Err(Error::illegal_type("Provided time zone must be non-empty and be a valid time zone"));
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(unknown());
        }
        if let Some(rest) = name.strip_prefix("Fixed/UTC") {
            return parse_fixed(rest).map(|o| Self::fixed(name, o)).ok_or_else(unknown);
        }
        // The database ignores case; names here do not.
        if !DATABASE.available().any(|n| n.as_str() == name) {
            return Err(unknown());
        }
        let tz = DATABASE.get(name).map_err(|_| unknown())?;
        let first = jiff::Timestamp::MIN;
        let mut zone = Self::fixed(name, tz.to_offset(first).seconds());
        for t in tz.following(first) {
            let at = t.timestamp().as_second();
            if at >= LAST {
                break;
            }
            zone.push(at, t.offset().seconds());
        }
        zone.index();
        Ok(zone)
    }

    fn fixed(name: &str, offset: i32) -> TimeZone {
        let mut zone = TimeZone {
            name: Arc::from(name),
            starts: vec![i64::MIN],
            local_starts: vec![i64::MIN],
            offsets: vec![offset],
            buckets: Vec::new(),
        };
        zone.index();
        zone
    }
    fn push(&mut self, at: i64, offset: i32) {
        let before = self.offsets.last().copied().unwrap_or(0);
        if before != offset {
            self.starts.push(at);
            self.local_starts.push(at + i64::from(before));
            self.offsets.push(offset);
        }
    }
    fn index(&mut self) {
        let count = ((LAST - FIRST) >> BUCKET_BITS) as usize + 1;
        self.buckets = (0..count)
            .map(|b| {
                let t = FIRST + ((b as i64) << BUCKET_BITS);
                (self.starts.partition_point(|&s| s <= t) - 1) as u16
            })
            .collect();
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }
    pub fn is_utc(&self) -> bool {
        self.fixed_offset() == Some(0)
    }
    /// The offset of a zone that never changes it.
    pub fn fixed_offset(&self) -> Option<i32> {
        if let [one] = self.offsets.as_slice() { Some(*one) } else { None }
    }
    fn period(&self, utc: i64) -> usize {
        if self.offsets.len() == 1 {
            return 0;
        }
        let b = utc.saturating_sub(FIRST.min(utc)) >> BUCKET_BITS;
        if utc < FIRST || b as usize >= self.buckets.len() {
            return self.starts.partition_point(|&s| s <= utc) - 1;
        }
        let mut i = self.buckets[b as usize] as usize;
        while i + 1 < self.starts.len() && self.starts[i + 1] <= utc {
            i += 1;
        }
        i
    }
    /// Seconds east of UTC at a UTC second.
    #[inline]
    pub fn offset_at(&self, utc: i64) -> i64 {
        i64::from(self.offsets[self.period(utc)])
    }
    /// As `offset_at`, but a zone that once went over the date line and left out a day stays on the side where it
    /// was: ClickHouse tells the offset so. Cost: one step for each change of the zone's clock before.
    pub fn offset_of_first_side(&self, utc: i64) -> i64 {
        let until = self.period(utc);
        let skipped =
            |i: &usize| self.starts[*i] > FIRST && self.offsets[*i] - self.offsets[*i - 1] >= DAY as i32;
        self.offset_at(utc) - DAY * (1..=until).filter(skipped).count() as i64
    }
    #[inline]
    pub fn utc_to_local(&self, utc: i64) -> i64 {
        utc.saturating_add(self.offset_at(utc))
    }
    /// Of a local time that occurs twice the first; of one that was skipped, the time that the clock
    /// before the gap had one gap earlier (both as ClickHouse does).
    #[inline]
    pub fn local_to_utc(&self, local: i64) -> i64 {
        if let [one] = self.offsets.as_slice() {
            return local.saturating_sub(i64::from(*one));
        }
        // Offsets are below 27 h, so the period of `local` taken as UTC is at most one away on either side.
        let mut i = self.period(local);
        while i + 1 < self.local_starts.len() && self.local_starts[i + 1] <= local {
            i += 1;
        }
        while i > 0 && self.local_starts[i] > local {
            i -= 1;
        }
        local.saturating_sub(i64::from(self.offsets[i]))
    }
}

/// `+hh:mm:ss` or `-hh:mm:ss` to seconds.
fn parse_fixed(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let mut parts = rest.split(':').map(|p| if p.len() == 2 { p.parse::<i32>().ok() } else { None });
    let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && h <= 24 && m < 60 && s < 60).then(|| sign * (h * 3600 + m * 60 + s))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. `month` 1–12; `day` may lie outside its month.
#[inline]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// (year, month 1–12, day 1–31) of days since 1970-01-01.
#[inline]
pub fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month as u8, day)
}

pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap_year(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Monday = 1 … Sunday = 7.
#[inline]
pub fn weekday(days: i64) -> u8 {
    ((days + 3).rem_euclid(7) + 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_round_trip() {
        for days in (-100_000..200_000).step_by(13) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m.into(), d.into()), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(civil_from_days(19_782), (2024, 2, 29));
        assert_eq!(weekday(0), 4);
    }

    #[test]
    fn gaps_and_overlaps() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let at = |y, m, d, h: i64, min: i64| days_from_civil(y, m, d) * DAY + h * 3600 + min * 60;
        assert_eq!(paris.local_to_utc(at(2024, 7, 1, 12, 0)), at(2024, 7, 1, 10, 0));
        assert_eq!(paris.local_to_utc(at(2024, 3, 31, 2, 30)), at(2024, 3, 31, 0, 30)); // skipped
        assert_eq!(paris.local_to_utc(at(2024, 10, 27, 2, 30)), at(2024, 10, 27, 0, 30)); // the first of two
        for utc in (-1_000_000_000..4_000_000_000).step_by(1_234_567) {
            let back = paris.local_to_utc(paris.utc_to_local(utc));
            assert!(back == utc || utc - back == 3600, "{utc} {back}");
        }
    }

    #[test]
    fn names() {
        assert!(TimeZone::get("Nowhere/Else").is_err());
        assert!(TimeZone::get("europe/paris").is_err());
        assert!(TimeZone::get("UTC").unwrap().is_utc());
        assert_eq!(TimeZone::get("Asia/Kolkata").unwrap().offset_at(1_700_000_000), 19_800);
        assert_eq!(TimeZone::get("Fixed/UTC+03:00:00").unwrap().fixed_offset(), Some(10_800));
        assert!(TimeZone::names().len() > 400);
    }
}
