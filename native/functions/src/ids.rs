//! Identifiers that carry a time (Snowflake, UUID version 7) and short texts for numbers (sqids).

use crate::args::{array_column, i64_col, i64s, map_str, strs, u32_col, u64_col, u64s, u128_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::random::{Random, stamp};
use std::sync::{Arc, LazyLock};
use types::text::net::uuid_halves;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::{Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("dateTimeToSnowflakeID", "dateTimeToSnowflakeID(time[, epoch])", "The first Snowflake id of a second.", &[("dateTimeToSnowflakeID(toDateTime('2021-08-15 18:57:56', 'UTC'))", "6832747188322304000")], |b| to_snowflake(b, false)),
    f("dateTime64ToSnowflakeID", "dateTime64ToSnowflakeID(time[, epoch])", "The first Snowflake id of a millisecond.", &[("dateTime64ToSnowflakeID(toDateTime64('2021-08-15 18:57:56.492', 3, 'UTC'))", "6832747190385901568")], |b| to_snowflake(b, true)),
    f("snowflakeIDToDateTime", "snowflakeIDToDateTime(id[, epoch[, zone]])", "The time of a Snowflake id.", &[("snowflakeIDToDateTime(7204436857747984384, 0, 'UTC')", "2024-06-06 10:59:58")], |b| from_snowflake(b, false)),
    f("snowflakeIDToDateTime64", "snowflakeIDToDateTime64(id[, epoch[, zone]])", "The time of a Snowflake id in milliseconds.", &[("snowflakeIDToDateTime64(7204436857747984384, 0, 'UTC')", "2024-06-06 10:59:58.851")], |b| from_snowflake(b, true)),
    f("dateTimeToUUIDv7", "dateTimeToUUIDv7(time)", "A UUID of version 7 with the time given.", &[("UUIDv7ToDateTime(dateTimeToUUIDv7(toDateTime('2021-08-15 18:57:56', 'UTC')), 'UTC')", "2021-08-15 18:57:56.000")], to_uuid).random(),
    f("UUIDv7ToDateTime", "UUIDv7ToDateTime(uuid[, zone])", "The time of a UUID of version 7.", &[("UUIDv7ToDateTime(toUUID('018f05c9-4ab8-7b86-b64e-c9f03fbd45d1'), 'UTC')", "2024-04-22 12:30:29.048")], from_uuid),
    f("sqidEncode", "sqidEncode(a, b, …)", "A short text for numbers.", &[("sqidEncode(1, 2, 3)", "86Rf07")], sqid).alias(&["sqid"]),
    f("sqidDecode", "sqidDecode(s)", "The numbers of a text of sqidEncode.", &[("sqidDecode('86Rf07')", "[1,2,3]")], unsqid),
];

const LOW_BITS: u32 = 22;

fn epoch(b: &Bind<'_>, i: usize) -> Result<i64> {
    if b.len() <= i {
        return Ok(0);
    }
    if !matches!(b.ty(i).int_bits(), Some((n, false)) if n <= 64) {
        return Err(b.illegal(i, "an unsigned integer"));
    }
    b.const_int(i)
}

fn to_snowflake(b: &Bind<'_>, fine: bool) -> Result<Bound> {
    b.arity(1, 2)?;
    let scale = match b.ty(0) {
        Type::DateTime(_) if !fine => 0,
        Type::DateTime64(s, _) if fine => u32::from(*s),
        _ => return Err(b.illegal(0, if fine { "DateTime64" } else { "DateTime" })),
    };
    let epoch = epoch(b, 1)?;
    bound(Type::UInt64, move |c| {
        let v = i64s(c.col(0));
        let millis = |t: i64| if scale >= 3 { t / 10i64.pow(scale - 3) } else { t.wrapping_mul(10i64.pow(3 - scale)) };
        Ok(u64_col((0..c.rows).map(|i| (millis(v.at(i)).wrapping_sub(epoch) as u64) << LOW_BITS).collect()))
    })
}

fn zone(b: &Bind<'_>, i: usize) -> Result<Option<Arc<str>>> {
    if b.len() <= i {
        return Ok(None);
    }
    let name = b.const_str(i)?;
    types::tz::TimeZone::get(name)?;
    Ok(Some(Arc::from(name)))
}

fn from_snowflake(b: &Bind<'_>, fine: bool) -> Result<Bound> {
    b.arity(1, 3)?;
    if *b.ty(0) != Type::UInt64 {
        return Err(b.illegal(0, "UInt64"));
    }
    let epoch = epoch(b, 1)?;
    let zone = zone(b, 2)?;
    let ty = if fine { Type::DateTime64(3, zone) } else { Type::DateTime(zone) };
    bound(ty, move |c| {
        let v = u64s(c.col(0));
        let millis = |i: usize| ((v.at(i) >> LOW_BITS) as i64).wrapping_add(epoch);
        Ok(if fine { i64_col((0..c.rows).map(millis).collect()) } else { u32_col((0..c.rows).map(|i| (millis(i) / 1000) as u32).collect()) })
    })
}

fn to_uuid(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    if !matches!(b.ty(0), Type::DateTime(_)) {
        return Err(b.illegal(0, "DateTime"));
    }
    bound(Type::Uuid, |c| {
        let v = u64s(c.col(0));
        let mut r = Random::new();
        let one = |i| uuid_halves(stamp(u128::from(v.at(i) * 1000) << 80 | u128::from(r.next() as u16) << 64 | u128::from(r.next()), 7));
        Ok(u128_col((0..c.rows).map(one).collect()))
    })
}

fn from_uuid(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    if *b.ty(0) != Type::Uuid {
        return Err(b.illegal(0, "UUID"));
    }
    let zone = zone(b, 1)?;
    bound(Type::DateTime64(3, zone), |c| {
        let col = c.col(0).flat();
        let Data::U128(v) = &col.data else { return Err(Error::internal("UUIDs expected")) };
        Ok(i64_col(v.iter().map(|u| uuid_halves(*u)).map(|u| if u >> 76 & 0xf == 7 { (u >> 80) as i64 } else { 0 }).collect()))
    })
}

/// Options are the defaults, so that it cannot fail to be made.
static SQIDS: LazyLock<sqids::Sqids> = LazyLock::new(sqids::Sqids::default);

fn sqid(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    for i in 0..b.len() {
        if !matches!(b.ty(i).int_bits(), Some((n, false)) if n <= 64) {
            return Err(b.illegal(i, "an unsigned integer of at most 64 bits"));
        }
    }
    bound(Type::String, |c| {
        let v: Vec<_> = c.cols().into_iter().map(u64s).collect();
        map_str(c.rows, "sqidEncode", |i, out| {
            let numbers: Vec<u64> = v.iter().map(|x| x.at(i)).collect();
            let text = SQIDS.encode(&numbers).map_err(|e| Error::new(ARGUMENT_OUT_OF_BOUND, format!("sqidEncode: {e}")))?;
            out.extend_from_slice(text.as_bytes());
            Ok(())
        })
    })
}

fn unsqid(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::array(Type::UInt64), |c| {
        let s = strs(c.col(0));
        let (mut offsets, mut out) = (vec![0u32], Vec::new());
        for i in 0..c.rows {
            out.extend(SQIDS.decode(&String::from_utf8_lossy(s.at(i))));
            offsets.push(out.len() as u32);
        }
        Ok(array_column(offsets, u64_col(out)))
    })
}
