//! A column of the input as a column of the table, where their types differ.

use std::sync::Arc;
use types::codes::{TYPE_MISMATCH, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE};
use types::text::net::uuid_halves;
use types::text::{Codec, TextOptions};
use types::{Column, ColumnBuilder, Data, Error, FixedData, I256, Result, Type, U256};

/// The physical form of two types is the same: names of tuple elements, time zones and
/// LowCardinality do not matter.
fn same_form(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::LowCardinality(x), y) | (y, Type::LowCardinality(x)) => same_form(x, y),
        (Type::SimpleAggregateFunction(x), y) | (y, Type::SimpleAggregateFunction(x)) => {
            x.args.first().is_some_and(|x| same_form(x, y))
        }
        (Type::Nullable(x), Type::Nullable(y)) | (Type::Array(x), Type::Array(y)) => same_form(x, y),
        (Type::Map(x), Type::Map(y)) => same_form(&x.0, &y.0) && same_form(&x.1, &y.1),
        (Type::Tuple(x), Type::Tuple(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(p, q)| same_form(&p.1, &q.1))
        }
        (Type::DateTime(_), Type::DateTime(_)) => true,
        (Type::DateTime64(x, _), Type::DateTime64(y, _)) => x == y,
        (Type::Bool, Type::UInt8) => true,
        _ => a == b,
    }
}

/// A column of one type as a column of another, where that needs no conversion of values, or only
/// through their text. Errors: `TYPE_MISMATCH`, those of the text.
pub(super) fn fit(name: &str, column: Column, from: &Type, to: &Type) -> Result<Column> {
    if same_form(from, to) {
        return Ok(column);
    }
    // NULL may be given up where there is none, and taken on.
    match (from, to) {
        (Type::Nullable(inner), _) if same_form(inner, to) && !column.has_nulls() => {
            return Ok(column.with_nulls(None));
        }
        (_, Type::Nullable(inner)) if same_form(from, inner) => return Ok(column),
        _ => {}
    }
    let nested = |t: &Type| matches!(t, Type::Array(_) | Type::Tuple(_) | Type::Map(_));
    let (f, t) = (from.base(), to.base());
    let through_text =
        f.is_string() || t.is_string() || (f.is_number() && t.is_number()) || (nested(f) && nested(t));
    if !through_text {
        return Err(Error::new(
            TYPE_MISMATCH,
            format!("Column '{name}' is {from} in the input and cannot become {to}"),
        ));
    }
    let (read, write) = (Codec::new(to, &strict())?, Codec::new(from, &strict())?);
    let mut out = ColumnBuilder::with_capacity(to, column.len());
    let mut text = Vec::new();
    for i in 0..column.len() {
        if column.is_null(i) {
            if !to.is_nullable() {
                return Err(Error::new(
                    TYPE_MISMATCH,
                    format!("Column '{name}' holds NULL, which {to} cannot"),
                ));
            }
            out.push_null();
            continue;
        }
        text.clear();
        write.write_text(&column, i, &mut text);
        read.parse_text(&text, &mut out).map_err(|e| e.context(format!("Column '{name}'")))?;
    }
    Ok(out.finish())
}

fn strict() -> Arc<TextOptions> {
    Arc::new(TextOptions { strict: true, ..Default::default() })
}

/// As `fit`, with direct ways for the common pairs of numbers and times.
pub(super) fn fit_values(name: &str, column: Column, from: &Type, to: &Type) -> Result<Column> {
    let (f, t) = (from.base(), to.base());
    if same_form(f, t) && !matches!(f, Type::Array(_) | Type::Tuple(_) | Type::Map(_)) {
        return Ok(column);
    }
    let out_of_range = |v: String| {
        Error::new(
            VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
            format!("Column '{name}': value {v} does not fit {to}"),
        )
    };
    let nulls = column.nulls.clone();
    let flat = column.flat();
    // Integers above 64 bits travel as bytes, the low one first.
    if let Data::Fixed(b) = &flat.data {
        return match from_bytes(b, t) {
            Some(data) => Ok(Column { data, nulls }),
            None => fit(name, flat, from, to),
        };
    }
    let wide = |i: usize| -> Option<i64> {
        Some(match &flat.data {
            Data::U8(v) => v[i].into(),
            Data::U16(v) => v[i].into(),
            Data::U32(v) => v[i].into(),
            Data::I8(v) => v[i].into(),
            Data::I16(v) => v[i].into(),
            Data::I32(v) => v[i].into(),
            Data::I64(v) => v[i],
            Data::U64(v) => i64::try_from(v[i]).ok()?,
            _ => return None,
        })
    };
    let whole = matches!(
        flat.data,
        Data::U8(_)
            | Data::U16(_)
            | Data::U32(_)
            | Data::I8(_)
            | Data::I16(_)
            | Data::I32(_)
            | Data::I64(_)
            | Data::U64(_)
    );
    if f.is_decimal() || !whole {
        return fit(name, flat, from, to);
    }
    let n = flat.len();
    macro_rules! all {
        ($wrap:ident, $ty:ty, $map:expr) => {{
            let mut out: Vec<$ty> = Vec::with_capacity(n);
            for i in 0..n {
                let v = wide(i).ok_or_else(|| out_of_range("above 2^63".into()))?;
                let v: i64 = $map(v);
                out.push(<$ty>::try_from(v).map_err(|_| out_of_range(v.to_string()))?);
            }
            Ok(Column { data: Data::$wrap(out.into()), nulls })
        }};
    }
    let same = |v: i64| v;
    match (f, t) {
        (Type::Date32, Type::Date) => all!(U16, u16, same),
        (Type::Date32, Type::DateTime(_)) => all!(U32, u32, |v: i64| v.saturating_mul(86400)),
        (Type::DateTime64(s, _), Type::DateTime(_)) => {
            let per = 10i64.pow((*s).into());
            all!(U32, u32, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(s, _), Type::Date) => {
            let per = 10i64.pow((*s).into()) * 86400;
            all!(U16, u16, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(s, _), Type::Date32) => {
            let per = 10i64.pow((*s).into()).saturating_mul(86400);
            all!(I32, i32, |v: i64| v.div_euclid(per))
        }
        (Type::DateTime64(a, _), Type::DateTime64(b, _)) => {
            let (up, down) =
                (10i64.pow(u32::from(b.saturating_sub(*a))), 10i64.pow(u32::from(a.saturating_sub(*b))));
            let mut out = Vec::with_capacity(n);
            for i in 0..n {
                let v = wide(i).unwrap_or_default().div_euclid(down);
                out.push(v.checked_mul(up).ok_or_else(|| out_of_range(v.to_string()))?);
            }
            Ok(Column { data: Data::I64(out.into()), nulls })
        }
        (f, Type::Bool) if f.is_integer() => all!(U8, u8, |v: i64| i64::from(v != 0)),
        (f, Type::DateTime(_)) if f.is_integer() => all!(U32, u32, same),
        (f, Type::Date) if f.is_integer() => all!(U16, u16, same),
        (f, Type::Float32 | Type::BFloat16) if f.is_integer() => Ok(Column {
            data: Data::F32((0..n).map(|i| wide(i).unwrap_or_default() as f32).collect::<Vec<_>>().into()),
            nulls,
        }),
        (f, Type::Float64) if f.is_integer() => Ok(Column {
            data: Data::F64((0..n).map(|i| wide(i).unwrap_or_default() as f64).collect::<Vec<_>>().into()),
            nulls,
        }),
        (f, t) if f.is_integer() && !matches!(f, Type::UInt64) => match t {
            Type::UInt8 => all!(U8, u8, same),
            Type::UInt16 => all!(U16, u16, same),
            Type::UInt32 => all!(U32, u32, same),
            Type::UInt64 => all!(U64, u64, same),
            Type::Int8 => all!(I8, i8, same),
            Type::Int16 => all!(I16, i16, same),
            Type::Int32 => all!(I32, i32, same),
            Type::Int64 => all!(I64, i64, same),
            _ => fit(name, flat, from, to),
        },
        _ => fit(name, flat, from, to),
    }
}

/// Values of 16 or 32 bytes each as numbers of a type; `None` for other types.
fn from_bytes(b: &FixedData, to: &Type) -> Option<Data> {
    macro_rules! numbers {
        ($held:ident, $size:literal, $number:expr) => {{
            let values = b.bytes.chunks_exact($size).map(|c| {
                let mut x = [0u8; $size];
                x.copy_from_slice(c);
                $number(x)
            });
            Data::$held(values.collect::<Vec<_>>().into())
        }};
    }
    Some(match (b.width, to) {
        (16, Type::Int128) => numbers!(I128, 16, i128::from_le_bytes),
        (16, Type::UInt128) => numbers!(U128, 16, u128::from_le_bytes),
        (32, Type::Int256) => numbers!(I256, 32, I256::from_le_bytes),
        (32, Type::UInt256) => numbers!(U256, 32, U256::from_le_bytes),
        (16, Type::Uuid) => numbers!(U128, 16, |x| uuid_halves(u128::from_be_bytes(x))),
        (16, Type::Ipv6) => numbers!(U128, 16, u128::from_be_bytes),
        _ => return None,
    })
}
