//! Dates and times: what their columns mean, read uniformly.

pub mod add;
pub mod diff;
pub mod format;
pub mod make;
pub mod now;
pub mod parse;
pub mod parts;
pub mod start;
pub mod week;
mod zones;

pub use zones::in_each_zone;

use crate::args::{Nums, i64s};
use crate::bind::Bind;
use std::sync::Arc;
use types::tz::{DAY, TimeZone, civil_from_days};
use types::{Column, Result, Type};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Date,
    Date32,
    DateTime,
    /// ticks per second = 10^scale
    DateTime64(u8),
}

pub fn kind_of(t: &Type) -> Option<Kind> {
    Some(match t {
        Type::Date => Kind::Date,
        Type::Date32 => Kind::Date32,
        Type::DateTime(_) => Kind::DateTime,
        Type::DateTime64(s, _) => Kind::DateTime64(*s),
        _ => return None,
    })
}

/// How to read one date or time argument: bound once, used per block.
#[derive(Clone)]
pub struct Clock {
    pub kind: Kind,
    pub zone: Arc<TimeZone>,
    /// 10^scale
    pub ticks: i64,
}

impl Clock {
    pub fn new(kind: Kind, zone: Arc<TimeZone>) -> Self {
        let ticks = if let Kind::DateTime64(s) = kind { 10i64.pow(s.into()) } else { 1 };
        Clock { kind, zone, ticks }
    }
    /// Argument `i`, with the zone of constant string argument `zone` if that is given.
    pub fn bind(b: &Bind<'_>, i: usize, zone: Option<usize>) -> Result<Clock> {
        let Some(kind) = kind_of(b.ty(i)) else {
            return Err(b.illegal(i, "Date, Date32, DateTime or DateTime64"));
        };
        let zone = match zone {
            Some(z) if b.len() > z => TimeZone::get(b.const_str(z)?)?,
            _ => b.session.zone_of(b.ty(i))?,
        };
        Ok(Clock::new(kind, zone))
    }
    pub fn read<'a>(&'a self, c: &'a Column) -> Moments<'a> {
        Moments { clock: self, values: i64s(c) }
    }
    /// UTC seconds of a stored value (of a date: its local midnight).
    #[inline]
    pub fn utc(&self, v: i64) -> i64 {
        match self.kind {
            Kind::Date | Kind::Date32 => self.zone.local_to_utc(v * DAY),
            Kind::DateTime => v,
            Kind::DateTime64(_) => v.div_euclid(self.ticks),
        }
    }
    /// Wall-clock seconds since 1970-01-01 of a stored value.
    #[inline]
    pub fn local(&self, v: i64) -> i64 {
        match self.kind {
            Kind::Date | Kind::Date32 => v * DAY,
            Kind::DateTime => self.zone.utc_to_local(v),
            Kind::DateTime64(_) => self.zone.utc_to_local(v.div_euclid(self.ticks)),
        }
    }
    /// Days since 1970-01-01 on the wall clock.
    #[inline]
    pub fn days(&self, v: i64) -> i64 {
        match self.kind {
            Kind::Date | Kind::Date32 => v,
            _ => self.local(v).div_euclid(DAY),
        }
    }
    /// Nanoseconds within the second.
    pub fn nanos(&self, v: i64) -> i64 {
        match self.kind {
            Kind::DateTime64(_) => v.rem_euclid(self.ticks) * (1_000_000_000 / self.ticks),
            _ => 0,
        }
    }
}

/// A column of dates or times.
pub struct Moments<'a> {
    pub clock: &'a Clock,
    pub values: Nums<'a, i64>,
}

impl Moments<'_> {
    #[inline]
    pub fn raw(&self, i: usize) -> i64 {
        self.values.at(i)
    }
    #[inline]
    pub fn days(&self, i: usize) -> i64 {
        self.clock.days(self.values.at(i))
    }
    #[inline]
    pub fn local(&self, i: usize) -> i64 {
        self.clock.local(self.values.at(i))
    }
    #[inline]
    pub fn utc(&self, i: usize) -> i64 {
        self.clock.utc(self.values.at(i))
    }
}

/// A wall-clock time in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl Civil {
    pub fn of_local(local: i64) -> Civil {
        let (days, s) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        Civil { year, month, day, hour: (s / 3600) as u8, minute: (s / 60 % 60) as u8, second: (s % 60) as u8 }
    }
}

/// Keeps a day number within what Date holds.
pub fn clamp_date(days: i64) -> i64 {
    days.clamp(0, 65_535)
}
