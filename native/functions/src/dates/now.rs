//! The current time (that of the query), zones, and conversions between them.

use super::Clock;
use crate::args::{i64_col, i64s, u32_col};
use crate::bind::{Bind, Bound, bound, constant};
use crate::cast::{CastMode, cast};
use crate::def::{FunctionDef, f};
use types::codes::{ARGUMENT_OUT_OF_BOUND, CANNOT_PARSE_DATETIME};
use types::tz::{DAY, TimeZone};
use types::{Column, Error, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("now", "now([zone])", "Time at the start of the query, as DateTime.", &[], |b| now(b, None)).ci().alias_ci(&["current_timestamp", "localtimestamp"]),
    f("now64", "now64([scale[, zone]])", "Time at the start of the query, as DateTime64.", &[], now64).ci(),
    f("nowInBlock", "nowInBlock([zone])", "Time when the block is processed.", &[], now_in_block).random().ci(),
    f("nowInBlock64", "nowInBlock64([scale[, zone]])", "Time when the block is processed, as DateTime64.", &[], now64_in_block).random().ci(),
    f("UTCTimestamp", "UTCTimestamp()", "Time at the start of the query, in UTC.", &[], |b| { b.arity(0, 0)?; now(b, Some("UTC")) }).ci().alias_ci(&["UTC_timestamp"]),
    f("today", "today()", "Date at the start of the query.", &[], |b| today(b, 0)).ci().alias_ci(&["current_date", "curdate"]),
    f("yesterday", "yesterday()", "Date of the day before the query.", &[], |b| today(b, -1)),
    f("toUnixTimestamp", "toUnixTimestamp(time[, zone])", "Seconds since 1970-01-01 UTC.", &[("toUnixTimestamp(toDateTime('2024-01-01 00:00:00', 'UTC'))", "1704067200")], to_unix),
    f("toUnixTimestamp64Second", "toUnixTimestamp64Second(time64)", "Seconds since epoch.", &[], |b| to_unix64(b, 0)),
    f("toUnixTimestamp64Milli", "toUnixTimestamp64Milli(time64)", "Milliseconds since epoch.", &[], |b| to_unix64(b, 3)),
    f("toUnixTimestamp64Micro", "toUnixTimestamp64Micro(time64)", "Microseconds since epoch.", &[], |b| to_unix64(b, 6)),
    f("toUnixTimestamp64Nano", "toUnixTimestamp64Nano(time64)", "Nanoseconds since epoch.", &[], |b| to_unix64(b, 9)),
    f("fromUnixTimestamp64Second", "fromUnixTimestamp64Second(n[, zone])", "Time from seconds since epoch.", &[], |b| from_unix64(b, 0)),
    f("fromUnixTimestamp64Milli", "fromUnixTimestamp64Milli(n[, zone])", "Time from milliseconds since epoch.", &[("fromUnixTimestamp64Milli(1700000000123, 'UTC')", "2023-11-14 22:13:20.123")], |b| from_unix64(b, 3)),
    f("fromUnixTimestamp64Micro", "fromUnixTimestamp64Micro(n[, zone])", "Time from microseconds since epoch.", &[], |b| from_unix64(b, 6)),
    f("fromUnixTimestamp64Nano", "fromUnixTimestamp64Nano(n[, zone])", "Time from nanoseconds since epoch.", &[], |b| from_unix64(b, 9)),
    f("toTimezone", "toTimezone(time, zone)", "The same moment, shown in another zone.", &[("toTimezone(toDateTime('2024-01-01 00:00:00', 'UTC'), 'Asia/Tokyo')", "2024-01-01 09:00:00")], to_zone).alias(&["toTimeZone"]),
    f("timezone", "timezone()", "Zone of the session.", &[], |b| { b.arity(0, 0)?; constant(Type::String, Scalar::Bytes(b.session.timezone.name().as_bytes().to_vec())) }).alias_ci(&["timeZone"]),
    f("serverTimezone", "serverTimezone()", "Zone of the server.", &[], |b| { b.arity(0, 0)?; constant(Type::String, Scalar::Bytes(b.session.timezone.name().as_bytes().to_vec())) }).alias_ci(&["serverTimeZone"]),
    f("timezoneOf", "timezoneOf(time)", "Name of the zone of a time.", &[("timezoneOf(toDateTime('2024-01-01 00:00:00', 'Asia/Tokyo'))", "Asia/Tokyo")], zone_of).own_nulls().alias_ci(&["timeZoneOf"]),
    f("toUTCTimestamp", "toUTCTimestamp(time, zone)", "The wall-clock time of a zone as the moment it is in UTC.", &[("toUTCTimestamp(toDateTime('2023-03-16', 'UTC'), 'Asia/Shanghai')", "2023-03-15 16:00:00")], |b| shifted(b, true)).alias_ci(&["to_utc_timestamp"]).ci(),
    f("fromUTCTimestamp", "fromUTCTimestamp(time, zone)", "A moment in UTC as the wall-clock time of a zone.", &[("fromUTCTimestamp(toDateTime('2023-03-16', 'UTC'), 'Asia/Shanghai')", "2023-03-16 08:00:00")], |b| shifted(b, false)).alias_ci(&["from_utc_timestamp"]).ci(),
];

fn zone_arg(b: &Bind<'_>, i: usize) -> Result<Option<std::sync::Arc<str>>> {
    if b.len() <= i {
        return Ok(None);
    }
    let name = b.const_str(i)?;
    TimeZone::get(name)?;
    Ok(Some(name.into()))
}

fn now(b: &Bind<'_>, zone: Option<&str>) -> Result<Bound> {
    b.arity(0, 1)?;
    let zone = match zone {
        Some(z) => Some(z.into()),
        None => zone_arg(b, 0)?,
    };
    constant(Type::DateTime(zone), Scalar::Int(b.session.now_ns.div_euclid(1_000_000_000)))
}

fn now_in_block(b: &Bind<'_>) -> Result<Bound> {
    b.arity(0, 1)?;
    in_block(Type::DateTime(zone_arg(b, 0)?), 0)
}

fn now64_in_block(b: &Bind<'_>) -> Result<Bound> {
    let (ty, scale) = time64(b)?;
    in_block(ty, scale)
}

fn in_block(ty: Type, scale: u8) -> Result<Bound> {
    let of = ty.clone();
    bound(ty, move |c| {
        let ticks = c.session.clock_ns().div_euclid(10i128.pow(u32::from(9 - scale)));
        let mut one = types::ColumnBuilder::new(&of);
        one.push_scalar(&Scalar::Int(ticks));
        Ok(Column::constant(one.finish(), c.rows))
    })
}

fn now64(b: &Bind<'_>) -> Result<Bound> {
    let (ty, scale) = time64(b)?;
    constant(ty, Scalar::Int(b.session.now_ns.div_euclid(10i128.pow(u32::from(9 - scale)))))
}

fn time64(b: &Bind<'_>) -> Result<(Type, u8)> {
    b.arity(0, 2)?;
    let scale = if b.is_empty() { 3 } else { b.const_int(0)? };
    let scale = u8::try_from(scale).ok().filter(|s| *s <= 9).ok_or_else(|| {
        Error::new(ARGUMENT_OUT_OF_BOUND, format!("Scale {scale} is out of bounds: expected 0 to 9"))
    })?;
    Ok((Type::DateTime64(scale, zone_arg(b, 1)?), scale))
}

fn today(b: &Bind<'_>, shift: i64) -> Result<Bound> {
    b.arity(0, 1)?;
    let zone = match zone_arg(b, 0)? {
        Some(z) => TimeZone::get(&z)?,
        None => b.session.timezone.clone(),
    };
    let day = zone.utc_to_local(b.session.now_ns.div_euclid(1_000_000_000) as i64).div_euclid(DAY) + shift;
    constant(Type::Date, Scalar::Int(day.into()))
}

fn to_unix(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    if b.len() > 1 {
        b.string(1)?;
        b.need_constant(1)?;
    }
    if b.ty(0).is_string() {
        let ty = Type::DateTime(zone_arg(b, 1)?);
        let from = b.ty(0).clone();
        // What a Nullable text does not say is NULL.
        if b.raw[0].ty.without_low_cardinality().is_nullable() {
            let ty = Type::nullable(ty);
            return bound(Type::nullable(Type::UInt32), move |c| cast(c.col(0), &from, &ty, CastMode::Sql, c.session));
        }
        return bound(Type::UInt32, move |c| {
            cast(c.col(0), &from, &ty, CastMode::Function, c.session).map_err(|e| Error::new(CANNOT_PARSE_DATETIME, e.message()))
        });
    }
    if b.ty(0).is_float() || b.ty(0).is_integer() {
        let from = b.ty(0).clone();
        return bound(Type::UInt32, move |c| cast(c.col(0), &from, &Type::UInt32, CastMode::Sql, c.session));
    }
    // A moment is the same in every zone.
    let clock = Clock::bind(b, 0, None)?;
    let wide = matches!(b.ty(0), Type::DateTime64(..));
    bound(Type::UInt32, move |c| {
        let m = clock.read(c.col(0));
        let exact = |i: usize| if wide { u32::try_from(m.utc(i)).map_err(|_| Error::new(types::codes::DECIMAL_OVERFLOW, "Convert overflow: the time does not fit UInt32")) } else { Ok(m.utc(i) as u32) };
        Ok(u32_col((0..c.rows).map(exact).collect::<Result<_>>()?))
    })
}

fn to_unix64(b: &Bind<'_>, to: u8) -> Result<Bound> {
    b.arity(1, 1)?;
    let Type::DateTime64(from, _) = *b.ty(0) else { return Err(b.illegal(0, "DateTime64")) };
    bound(Type::Int64, move |c| {
        let v = i64s(c.col(0));
        let k = 10i64.pow(from.abs_diff(to).into());
        let overflow = || Error::new(types::codes::DECIMAL_OVERFLOW, "The time does not fit 64 bits in this unit");
        Ok(i64_col(
            (0..c.rows)
                .map(|i| if to >= from { v.at(i).checked_mul(k).ok_or_else(overflow) } else { Ok(v.at(i) / k) })
                .collect::<Result<Vec<_>>>()?,
        ))
    })
}

fn from_unix64(b: &Bind<'_>, scale: u8) -> Result<Bound> {
    b.arity(1, 2)?;
    b.integer(0)?;
    if b.ty(0).int_bits().is_some_and(|x| x.0 > 64) {
        return Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Illegal column {} of argument 1 of function {}: expected an integer of up to 64 bits", b.ty(0), b.name)));
    }
    let ty = Type::DateTime64(scale, zone_arg(b, 1)?);
    bound(ty, |c| Ok(i64_col({
        let v = i64s(c.col(0));
        (0..c.rows).map(|i| v.at(i)).collect()
    })))
}

fn to_zone(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let zone = zone_arg(b, 1)?;
    let ty = match b.ty(0) {
        Type::DateTime(_) => Type::DateTime(zone),
        Type::DateTime64(s, _) => Type::DateTime64(*s, zone),
        _ => return Err(b.illegal(0, "DateTime or DateTime64")),
    };
    bound(ty, |c| Ok(c.col(0).clone()))
}

fn zone_of(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let base = b.ty(0).base();
    if !matches!(base, Type::DateTime(_) | Type::DateTime64(..)) {
        return Err(b.illegal(0, "DateTime or DateTime64"));
    }
    let name = base.time_zone().unwrap_or(b.session.timezone.name()).as_bytes().to_vec();
    constant(Type::String, Scalar::Bytes(name))
}

fn shifted(b: &Bind<'_>, to_utc: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    let zone = TimeZone::get(b.const_str(1)?)?;
    let (ty, scale) = match b.ty(0) {
        Type::DateTime(_) => (Type::DateTime(None), 0),
        Type::DateTime64(s, _) => (Type::DateTime64(*s, None), *s),
        Type::String => (Type::DateTime64(3, None), 3),
        _ => return Err(b.illegal(0, "DateTime or DateTime64")),
    };
    let k = 10i64.pow(scale.into());
    let text = b.ty(0).is_string();
    let narrow = matches!(ty, Type::DateTime(_));
    let parsed = ty.clone();
    bound(ty, move |c| {
        let t: Column = if text { cast(c.col(0), &Type::String, &parsed, CastMode::Sql, c.session)? } else { c.col(0).clone() };
        let v = i64s(&t);
        let move_one = |x: i64| {
            let (s, r) = (x.div_euclid(k), x.rem_euclid(k));
            let s = if to_utc { zone.local_to_utc(s) } else { zone.utc_to_local(s) };
            s * k + r
        };
        Ok(if narrow { u32_col((0..c.rows).map(|i| move_one(v.at(i)) as u32).collect()) } else { i64_col((0..c.rows).map(|i| move_one(v.at(i))).collect()) })
    })
}
