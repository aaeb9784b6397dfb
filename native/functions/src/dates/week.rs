//! Weeks: numbers in MySQL's ten modes, ISO years, and where weeks begin.

use types::tz::{civil_from_days, days_from_civil, weekday};

/// Day of the week by ClickHouse's mode: 0 = Monday is 1, 1 = Monday is 0, 2 = Sunday is 0, 3 = Sunday is 1.
pub fn day_of_week(days: i64, mode: u8) -> u8 {
    let w = weekday(days);
    match mode & 3 {
        1 => w - 1,
        2 => w % 7,
        3 => w % 7 + 1,
        _ => w,
    }
}

/// First day of the ISO year that a day lies in.
pub fn iso_year(days: i64) -> i64 {
    // The Thursday of the week decides.
    civil_from_days(days - i64::from(weekday(days)) + 4).0
}

pub fn start_of_iso_year(days: i64) -> i64 {
    let fourth = days_from_civil(iso_year(days), 1, 4);
    fourth - i64::from(weekday(fourth)) + 1
}

pub fn iso_week(days: i64) -> u8 {
    ((days - start_of_iso_year(days)) / 7 + 1) as u8
}

/// The constant mode of a function of weeks, 0 if there is none. Errors: of another type than UInt8.
pub fn week_mode(b: &crate::bind::Bind<'_>) -> types::Result<u8> {
    if b.len() < 2 {
        return Ok(0);
    }
    if !matches!(b.ty(1), types::Type::UInt8 | types::Type::Bool) {
        return Err(b.illegal(1, "UInt8, the mode of the week"));
    }
    Ok(b.const_int(1)?.clamp(0, 255) as u8)
}

/// Whether weeks of a mode begin on Monday.
fn monday_first(mode: u8) -> bool {
    mode & 1 != 0
}

pub fn start_of_week(days: i64, mode: u8) -> i64 {
    if monday_first(mode) { days - i64::from(weekday(days)) + 1 } else { days - i64::from(weekday(days) % 7) }
}

/// (year, week) in MySQL's modes 0–9; `year_form` numbers the days before week 1 with the year before
/// instead of week 0 (modes 2, 3, 6 and 7 always do).
pub fn year_week(days: i64, mode: u8, year_form: bool) -> (i64, u8) {
    if mode == 8 || mode == 9 {
        return january_first_week(days, mode);
    }
    let mode = if mode > 9 { 0 } else { mode & 7 };
    let sunday = !monday_first(mode);
    // Modes 1, 3, 4, 6: week 1 has four or more days of the year; others: week 1 begins with the first
    // Monday or Sunday.
    let four_days = matches!(mode, 1 | 3 | 4 | 6);
    let whole_year = year_form || matches!(mode, 2 | 3 | 6 | 7);
    let first_week = |year: i64| -> i64 {
        let first = days_from_civil(year, 1, 1);
        let w = i64::from(if sunday { weekday(first) % 7 } else { weekday(first) - 1 });
        if four_days {
            if w <= 3 { first - w } else { first + 7 - w }
        } else if w == 0 {
            first
        } else {
            first + 7 - w
        }
    };
    let year = civil_from_days(days).0;
    let start = first_week(year);
    if days < start {
        if !whole_year {
            return (year, 0);
        }
        return (year - 1, ((days - first_week(year - 1)) / 7 + 1) as u8);
    }
    if whole_year && days >= first_week(year + 1) {
        return (year + 1, 1);
    }
    (year, ((days - start) / 7 + 1) as u8)
}

/// Modes 8 and 9: week 1 is the one that holds January 1st.
fn january_first_week(days: i64, mode: u8) -> (i64, u8) {
    let start = start_of_week(days, mode);
    let next_year = civil_from_days(start + 6).0;
    let first = start_of_week(days_from_civil(next_year, 1, 1), mode);
    (next_year, ((start - first) / 7 + 1) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso() {
        let d = |y, m, d| days_from_civil(y, m, d);
        assert_eq!((iso_year(d(2021, 1, 3)), iso_week(d(2021, 1, 3))), (2020, 53));
        assert_eq!((iso_year(d(2024, 12, 30)), iso_week(d(2024, 12, 30))), (2025, 1));
        assert_eq!(year_week(d(2021, 1, 3), 1, false), (2021, 0));
        assert_eq!(year_week(d(2021, 1, 3), 1, true), (2020, 53));
        assert_eq!(year_week(d(2020, 12, 31), 0, false), (2020, 52));
    }
}
