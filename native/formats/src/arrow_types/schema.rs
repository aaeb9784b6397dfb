//! Which Arrow type becomes which of ours, and the other way round.

use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use std::sync::Arc;
use types::tz::TimeZone;
use types::{Error, Result, Type};

/// A zone that is not known here becomes UTC: the instants are the same.
fn zone_of(tz: &Option<Arc<str>>) -> Option<Arc<str>> {
    let name: &str = match tz.as_deref() {
        None => return None,
        Some("+00:00" | "Z" | "utc" | "Etc/UTC") => "UTC",
        Some(n) => n,
    };
    Some(if TimeZone::get(name).is_ok() { Arc::from(name) } else { Arc::from("UTC") })
}

/// Digits of a fraction of a second.
fn scale_of(unit: &TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// The type that an Arrow type becomes. Errors: `NOT_IMPLEMENTED`.
pub(crate) fn type_of(dt: &DataType, nullable: bool) -> Result<Type> {
    let plain = match dt {
        DataType::Null => Type::Nothing,
        DataType::Boolean => Type::Bool,
        DataType::Int8 => Type::Int8,
        DataType::Int16 => Type::Int16,
        DataType::Int32 | DataType::Time32(_) => Type::Int32,
        DataType::Int64 | DataType::Time64(_) | DataType::Duration(_) => Type::Int64,
        DataType::UInt8 => Type::UInt8,
        DataType::UInt16 => Type::UInt16,
        DataType::UInt32 => Type::UInt32,
        DataType::UInt64 => Type::UInt64,
        DataType::Float16 | DataType::Float32 => Type::Float32,
        DataType::Float64 => Type::Float64,
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => Type::String,
        DataType::FixedSizeBinary(n) => Type::FixedString(u32::try_from(*n).unwrap_or(0)),
        DataType::Date32 => Type::Date32,
        DataType::Date64 => Type::DateTime64(3, None),
        DataType::Timestamp(unit, tz) => Type::DateTime64(scale_of(unit), zone_of(tz)),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s)
            if *s >= 0 && *p <= 76 =>
        {
            Type::Decimal(*p, *s as u8)
        }
        DataType::Dictionary(_, v) => {
            let inner = type_of(v, nullable)?;
            return Ok(if matches!(inner.base(), Type::String) {
                Type::low_cardinality(inner)
            } else {
                inner
            });
        }
        DataType::List(f) | DataType::LargeList(f) | DataType::FixedSizeList(f, _) => {
            return Ok(Type::array(type_of(f.data_type(), f.is_nullable())?));
        }
        DataType::Struct(fs) => {
            return Ok(Type::Tuple(
                fs.iter()
                    .map(|f| Ok((Arc::from(f.name().as_str()), type_of(f.data_type(), f.is_nullable())?)))
                    .collect::<Result<_>>()?,
            ));
        }
        DataType::Map(f, _) => {
            let DataType::Struct(kv) = f.data_type() else { return Err(unsupported(dt)) };
            let [k, v] = &kv[..] else { return Err(unsupported(dt)) };
            return Ok(Type::map(type_of(k.data_type(), false)?, type_of(v.data_type(), v.is_nullable())?));
        }
        _ => return Err(unsupported(dt)),
    };
    Ok(if nullable { Type::nullable(plain) } else { plain })
}

pub(super) fn unsupported(dt: &DataType) -> Error {
    Error::not_implemented(format!("Arrow type {dt} is not supported"))
}

/// The Arrow type of one of ours.
pub(super) fn data_type(ty: &Type) -> Result<DataType> {
    Ok(match ty {
        Type::Nullable(t) | Type::LowCardinality(t) => data_type(t)?,
        Type::SimpleAggregateFunction(a) => data_type(a.args.first().unwrap_or(&Type::Nothing))?,
        Type::Nothing | Type::Function => DataType::Null,
        Type::Bool => DataType::Boolean,
        Type::UInt8 => DataType::UInt8,
        Type::UInt16 => DataType::UInt16,
        Type::UInt32 => DataType::UInt32,
        Type::UInt64 => DataType::UInt64,
        Type::Int8 => DataType::Int8,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 | Type::Interval(_) => DataType::Int64,
        Type::UInt128 | Type::Int128 => DataType::FixedSizeBinary(16),
        Type::UInt256 | Type::Int256 => DataType::FixedSizeBinary(32),
        Type::BFloat16 | Type::Float32 => DataType::Float32,
        Type::Float64 => DataType::Float64,
        Type::Decimal(p, s) if *p <= 38 => DataType::Decimal128(*p, *s as i8),
        Type::Decimal(p, s) => DataType::Decimal256(*p, *s as i8),
        Type::String | Type::Uuid | Type::Ipv4 | Type::Ipv6 | Type::Enum8(_) | Type::Enum16(_) => {
            DataType::Utf8
        }
        Type::AggregateFunction(_) => DataType::Binary,
        Type::FixedString(n) => DataType::FixedSizeBinary(i32::try_from(*n).unwrap_or(i32::MAX)),
        Type::Date | Type::Date32 => DataType::Date32,
        Type::DateTime(tz) => {
            DataType::Timestamp(TimeUnit::Second, Some(tz.clone().unwrap_or_else(|| Arc::from("UTC"))))
        }
        Type::DateTime64(s, tz) => {
            DataType::Timestamp(unit_of(*s).0, Some(tz.clone().unwrap_or_else(|| Arc::from("UTC"))))
        }
        Type::Array(t) => DataType::List(Arc::new(field("item", t)?)),
        Type::Tuple(es) => DataType::Struct(tuple_fields(es)?),
        Type::Map(kv) => {
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(map_fields(kv)?), false)), false)
        }
    })
}
/// The unit whose ticks hold a DateTime64 of this scale, and that unit's own scale.
pub(super) fn unit_of(scale: u8) -> (TimeUnit, u8) {
    match scale {
        0 => (TimeUnit::Second, 0),
        1..=3 => (TimeUnit::Millisecond, 3),
        4..=6 => (TimeUnit::Microsecond, 6),
        _ => (TimeUnit::Nanosecond, 9),
    }
}
pub(super) fn map_fields(kv: &(Type, Type)) -> Result<Fields> {
    Ok(vec![Field::new("key", data_type(&kv.0)?, false), field("value", &kv.1)?].into())
}
pub(super) fn tuple_fields(es: &[(Arc<str>, Type)]) -> Result<Fields> {
    es.iter()
        .enumerate()
        .map(|(i, (n, t))| field(&if n.is_empty() { (i + 1).to_string() } else { n.to_string() }, t))
        .collect()
}
pub(super) fn field(name: &str, ty: &Type) -> Result<Field> {
    Ok(Field::new(name, data_type(ty)?, ty.is_nullable() || matches!(ty, Type::Nothing)))
}
/// Errors: as `data_type`.
pub(crate) fn schema_of(fields: &[types::Field]) -> Result<Schema> {
    Ok(Schema::new(fields.iter().map(|f| field(&f.name, &f.ty)).collect::<Result<Vec<_>>>()?))
}
