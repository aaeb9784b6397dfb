//! Arrow arrays and our columns: which type becomes which, and the values both ways.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, NullArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::text::{Codec, TextOptions};
use types::tz::TimeZone;
use types::{ArrayData, Bitmap, Column, Data, Dict, Error, FixedData, I256, Result, StrData, Type};

/// Strings of one batch may not be larger: a small dictionary can stand for any amount of text.
const BATCH_BYTES_MAX: usize = 1 << 30;

fn zone_of(tz: &Option<Arc<str>>) -> Option<Arc<str>> {
    let name: &str = match tz.as_deref() {
        None => return None,
        Some("+00:00" | "Z" | "utc" | "Etc/UTC") => "UTC",
        Some(n) => n,
    };
    Some(if TimeZone::get(name).is_ok() { Arc::from(name) } else { Arc::from("UTC") })
}

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

fn unsupported(dt: &DataType) -> Error {
    Error::not_implemented(format!("Arrow type {dt} is not supported"))
}

fn mask_of(a: &dyn Array) -> Option<Bitmap> {
    let nulls = a.logical_nulls()?;
    (nulls.null_count() > 0).then(|| Bitmap::from_fn(a.len(), |i| nulls.is_null(i)))
}

fn numbers<T: ArrowPrimitiveType, V: Default + Copy>(a: &dyn Array, f: impl Fn(T::Native) -> V) -> Vec<V> {
    let p = a.as_primitive::<T>();
    match p.nulls().filter(|n| n.null_count() > 0) {
        None => p.values().iter().map(|v| f(*v)).collect(),
        Some(n) => p
            .values()
            .iter()
            .enumerate()
            .map(|(i, v)| if n.is_null(i) { V::default() } else { f(*v) })
            .collect(),
    }
}

fn strings<'a>(rows: impl Iterator<Item = Option<&'a [u8]>> + Clone, n: usize) -> Result<Data> {
    let total: usize = rows.clone().map(|r| r.map_or(0, <[u8]>::len)).sum();
    if total > BATCH_BYTES_MAX {
        return Err(Error::new(
            TOO_LARGE_STRING_SIZE,
            format!("{n} rows hold {total} bytes of text, more than {BATCH_BYTES_MAX}"),
        ));
    }
    let mut offsets = Vec::with_capacity(n + 1);
    let mut bytes = Vec::with_capacity(total);
    offsets.push(0u32);
    for r in rows {
        bytes.extend_from_slice(r.unwrap_or_default());
        offsets.push(bytes.len() as u32);
    }
    Ok(Data::Str(StrData { offsets: offsets.into(), bytes: bytes.into() }))
}

/// Rows `offsets[i]..offsets[i + 1]` of the values; rows that are NULL become empty.
fn list(
    offsets: impl Iterator<Item = (usize, usize)>,
    values: &dyn Array,
    nulls: Option<&Bitmap>,
) -> Result<Data> {
    let inner = column_of(values)?;
    let mut out = vec![0u32];
    let mut picks: Vec<u32> = Vec::new();
    for (i, (s, e)) in offsets.enumerate() {
        if !nulls.is_some_and(|n| n.get(i)) {
            picks.extend(s as u32..e as u32);
        }
        out.push(picks.len() as u32);
    }
    let whole = picks.len() == inner.len() && picks.iter().enumerate().all(|(i, p)| i == *p as usize);
    let values = if whole { inner } else { inner.gather(&picks) };
    Ok(Data::Array(ArrayData { offsets: out.into(), values: Arc::new(values) }))
}

/// The values of an Arrow array, in the form of `type_of` (NULLs kept). Errors: `NOT_IMPLEMENTED`,
/// `TOO_LARGE_STRING_SIZE`.
pub(crate) fn column_of(a: &dyn Array) -> Result<Column> {
    let nulls = mask_of(a);
    let n = a.len();
    macro_rules! num {
        ($wrap:ident, $t:ty) => {
            Data::$wrap(numbers::<$t, _>(a, |v| v).into())
        };
    }
    let data = match a.data_type() {
        DataType::Null => {
            return Ok(Column { data: Data::Nothing(n), nulls: Some(Arc::new(Bitmap::new(n, true))) });
        }
        DataType::Boolean => {
            let b = a.as_boolean();
            Data::U8((0..n).map(|i| u8::from(b.is_valid(i) && b.value(i))).collect::<Vec<_>>().into())
        }
        DataType::Int8 => num!(I8, Int8Type),
        DataType::Int16 => num!(I16, Int16Type),
        DataType::Int32 => num!(I32, Int32Type),
        DataType::Int64 => num!(I64, Int64Type),
        DataType::UInt8 => num!(U8, UInt8Type),
        DataType::UInt16 => num!(U16, UInt16Type),
        DataType::UInt32 => num!(U32, UInt32Type),
        DataType::UInt64 => num!(U64, UInt64Type),
        DataType::Float16 => Data::F32(numbers::<Float16Type, _>(a, |v| v.to_f32()).into()),
        DataType::Float32 => num!(F32, Float32Type),
        DataType::Float64 => num!(F64, Float64Type),
        DataType::Date32 => num!(I32, Date32Type),
        DataType::Date64 => num!(I64, Date64Type),
        DataType::Time32(TimeUnit::Second) => num!(I32, Time32SecondType),
        DataType::Time32(_) => num!(I32, Time32MillisecondType),
        DataType::Time64(TimeUnit::Microsecond) => num!(I64, Time64MicrosecondType),
        DataType::Time64(_) => num!(I64, Time64NanosecondType),
        DataType::Duration(TimeUnit::Second) => num!(I64, DurationSecondType),
        DataType::Duration(TimeUnit::Millisecond) => num!(I64, DurationMillisecondType),
        DataType::Duration(TimeUnit::Microsecond) => num!(I64, DurationMicrosecondType),
        DataType::Duration(TimeUnit::Nanosecond) => num!(I64, DurationNanosecondType),
        DataType::Timestamp(TimeUnit::Second, _) => num!(I64, TimestampSecondType),
        DataType::Timestamp(TimeUnit::Millisecond, _) => num!(I64, TimestampMillisecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => num!(I64, TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => num!(I64, TimestampNanosecondType),
        DataType::Decimal32(p, _) => decimals(*p, numbers::<Decimal32Type, _>(a, I256::from)),
        DataType::Decimal64(p, _) => decimals(*p, numbers::<Decimal64Type, _>(a, I256::from)),
        DataType::Decimal128(p, _) => decimals(*p, numbers::<Decimal128Type, _>(a, I256::from)),
        DataType::Decimal256(p, _) => {
            decimals(*p, numbers::<Decimal256Type, _>(a, |v| I256::from_le_bytes(v.to_le_bytes())))
        }
        DataType::Utf8 => strings(a.as_string::<i32>().iter().map(|s| s.map(str::as_bytes)), n)?,
        DataType::LargeUtf8 => strings(a.as_string::<i64>().iter().map(|s| s.map(str::as_bytes)), n)?,
        DataType::Utf8View => strings(a.as_string_view().iter().map(|s| s.map(str::as_bytes)), n)?,
        DataType::Binary => strings(a.as_binary::<i32>().iter(), n)?,
        DataType::LargeBinary => strings(a.as_binary::<i64>().iter(), n)?,
        DataType::BinaryView => strings(a.as_binary_view().iter(), n)?,
        DataType::FixedSizeBinary(w) => {
            let width = usize::try_from(*w).unwrap_or(0);
            let mut bytes = Vec::with_capacity(n * width);
            for v in a.as_fixed_size_binary().iter() {
                match v {
                    Some(v) => bytes.extend_from_slice(v),
                    None => bytes.resize(bytes.len() + width, 0),
                }
            }
            Data::Fixed(FixedData { width, bytes: bytes.into() })
        }
        DataType::Dictionary(..) => return dictionary(a, nulls),
        DataType::List(_) => {
            let l = a.as_list::<i32>();
            let o = l.value_offsets();
            list((0..n).map(|i| (o[i] as usize, o[i + 1] as usize)), l.values(), nulls.as_ref())?
        }
        DataType::LargeList(_) => {
            let l = a.as_list::<i64>();
            let o = l.value_offsets();
            list((0..n).map(|i| (o[i] as usize, o[i + 1] as usize)), l.values(), nulls.as_ref())?
        }
        DataType::FixedSizeList(_, w) => {
            let w = usize::try_from(*w).unwrap_or(0);
            list((0..n).map(|i| (i * w, (i + 1) * w)), a.as_fixed_size_list().values(), nulls.as_ref())?
        }
        DataType::Map(..) => {
            let m = a.as_map();
            let o = m.value_offsets();
            list((0..n).map(|i| (o[i] as usize, o[i + 1] as usize)), m.entries(), nulls.as_ref())?
        }
        DataType::Struct(_) => {
            let s = a.as_struct();
            Data::Tuple(
                s.columns().iter().map(|c| column_of(c.as_ref())).collect::<Result<Vec<_>>>()?.into(),
                n,
            )
        }
        other => return Err(unsupported(other)),
    };
    // Lists, maps and structs have no NULL of their own here.
    let keep = !matches!(data, Data::Array(_) | Data::Tuple(..));
    Ok(Column::new(data, nulls.filter(|_| keep)))
}

fn decimals(precision: u8, v: Vec<I256>) -> Data {
    match types::ty::decimal_width(precision) {
        4 => Data::I32(v.iter().map(|x| x.as_i32()).collect::<Vec<_>>().into()),
        8 => Data::I64(v.iter().map(|x| x.as_i64()).collect::<Vec<_>>().into()),
        16 => Data::I128(v.iter().map(|x| x.as_i128()).collect::<Vec<_>>().into()),
        _ => Data::I256(v.into()),
    }
}

fn dictionary(a: &dyn Array, nulls: Option<Bitmap>) -> Result<Column> {
    let d = a.as_any_dictionary();
    let mut values = column_of(d.values().as_ref())?;
    values.nulls = None;
    let n = a.len();
    if values.is_empty() {
        let ty = type_of(a.data_type(), true)?;
        return Ok(Column::null_of(ty.base(), n).flat());
    }
    let keys: Vec<u32> = d.normalized_keys().into_iter().map(|k| k as u32).collect();
    let keys: Vec<u32> = match &nulls {
        None => keys,
        Some(m) => keys.iter().enumerate().map(|(i, k)| if m.get(i) { 0 } else { *k }).collect(),
    };
    if keys.iter().any(|k| *k as usize >= values.len()) {
        return Err(Error::new(
            types::codes::INCORRECT_DATA,
            "A dictionary index lies outside of its dictionary",
        ));
    }
    if matches!(values.data, Data::Str(_)) {
        return Ok(Column::new(Data::Codes(keys.into(), Arc::new(Dict::new(values, false))), nulls));
    }
    Ok(Column::new(values.gather(&keys).data, nulls))
}

/// The Arrow type of one of ours.
pub(crate) fn data_type(ty: &Type) -> Result<DataType> {
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
fn unit_of(scale: u8) -> (TimeUnit, u8) {
    match scale {
        0 => (TimeUnit::Second, 0),
        1..=3 => (TimeUnit::Millisecond, 3),
        4..=6 => (TimeUnit::Microsecond, 6),
        _ => (TimeUnit::Nanosecond, 9),
    }
}
fn map_fields(kv: &(Type, Type)) -> Result<Fields> {
    Ok(vec![Field::new("key", data_type(&kv.0)?, false), field("value", &kv.1)?].into())
}
fn tuple_fields(es: &[(Arc<str>, Type)]) -> Result<Fields> {
    es.iter()
        .enumerate()
        .map(|(i, (n, t))| field(&if n.is_empty() { (i + 1).to_string() } else { n.to_string() }, t))
        .collect()
}
fn field(name: &str, ty: &Type) -> Result<Field> {
    Ok(Field::new(name, data_type(ty)?, ty.is_nullable() || matches!(ty, Type::Nothing)))
}
pub(crate) fn schema_of(fields: &[types::Field]) -> Result<Schema> {
    Ok(Schema::new(fields.iter().map(|f| field(&f.name, &f.ty)).collect::<Result<Vec<_>>>()?))
}

fn null_buffer(c: &Column) -> Option<NullBuffer> {
    let m = c.null_mask()?;
    Some(NullBuffer::new(BooleanBuffer::collect_bool(m.len(), |i| !m.get(i))))
}

/// The values of a column as an Arrow array of `data_type(ty)`. Binary text that is not UTF-8 is repaired.
pub(crate) fn array_of(ty: &Type, col: &Column) -> Result<ArrayRef> {
    let c = col.flat();
    let n = c.len();
    let nulls = null_buffer(&c);
    let failed = |e: arrow_schema::ArrowError| Error::internal(format!("Arrow: {e}"));
    macro_rules! num {
        ($t:ty, $v:expr) => {
            Arc::new(PrimitiveArray::<$t>::new(ScalarBuffer::from($v), nulls)) as ArrayRef
        };
    }
    let base = ty.base();
    Ok(match (base, &c.data) {
        (Type::Nothing, _) | (_, Data::Nothing(_)) if matches!(data_type(ty)?, DataType::Null) => {
            Arc::new(NullArray::new(n))
        }
        (_, Data::Nothing(_)) => return array_of(ty, &Column::null_of(base, n).flat()),
        (Type::Bool, Data::U8(v)) => {
            Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(n, |i| v[i] != 0), nulls))
        }
        (Type::Date, Data::U16(v)) => num!(Date32Type, v.iter().map(|x| i32::from(*x)).collect::<Vec<_>>()),
        (Type::Date32, Data::I32(v)) => num!(Date32Type, v.to_vec()),
        (Type::DateTime(_), Data::U32(v)) => {
            let a = PrimitiveArray::<TimestampSecondType>::new(
                ScalarBuffer::from(v.iter().map(|x| i64::from(*x)).collect::<Vec<_>>()),
                nulls,
            );
            Arc::new(a.with_data_type(data_type(base)?))
        }
        (Type::DateTime64(s, _), Data::I64(v)) => {
            let (unit, scale) = unit_of(*s);
            let factor = 10i64.pow((scale - *s).into());
            let ticks: Vec<i64> = v.iter().map(|x| x.saturating_mul(factor)).collect();
            let dt = data_type(base)?;
            match unit {
                TimeUnit::Second => Arc::new(
                    PrimitiveArray::<TimestampSecondType>::new(ticks.into(), nulls).with_data_type(dt),
                ),
                TimeUnit::Millisecond => Arc::new(
                    PrimitiveArray::<TimestampMillisecondType>::new(ticks.into(), nulls).with_data_type(dt),
                ),
                TimeUnit::Microsecond => Arc::new(
                    PrimitiveArray::<TimestampMicrosecondType>::new(ticks.into(), nulls).with_data_type(dt),
                ),
                TimeUnit::Nanosecond => Arc::new(
                    PrimitiveArray::<TimestampNanosecondType>::new(ticks.into(), nulls).with_data_type(dt),
                ),
            }
        }
        (Type::Decimal(p, s), d) => {
            let wide = |i: usize| match d {
                Data::I32(v) => I256::from(v[i]),
                Data::I64(v) => I256::from(v[i]),
                Data::I128(v) => I256::from(v[i]),
                Data::I256(v) => v[i],
                _ => I256::ZERO,
            };
            if *p <= 38 {
                let a = PrimitiveArray::<Decimal128Type>::new(
                    (0..n).map(|i| wide(i).as_i128()).collect::<Vec<_>>().into(),
                    nulls,
                );
                Arc::new(a.with_precision_and_scale(*p, *s as i8).map_err(failed)?)
            } else {
                let a = PrimitiveArray::<Decimal256Type>::new(
                    (0..n).map(|i| i256::from_le_bytes(wide(i).to_le_bytes())).collect::<Vec<_>>().into(),
                    nulls,
                );
                Arc::new(a.with_precision_and_scale(*p, *s as i8).map_err(failed)?)
            }
        }
        (Type::Uuid | Type::Ipv4 | Type::Ipv6 | Type::Enum8(_) | Type::Enum16(_), _) => {
            let codec = Codec::new(base, &Arc::new(TextOptions::default()))?;
            let mut plain = c.clone();
            plain.nulls = None;
            let (mut offsets, mut bytes) = (vec![0i32], Vec::new());
            for i in 0..n {
                codec.write_text(&plain, i, &mut bytes);
                offsets.push(i32::try_from(bytes.len()).map_err(|_| too_large())?);
            }
            utf8(offsets, bytes, nulls)?
        }
        (_, Data::U8(v)) => num!(UInt8Type, v.to_vec()),
        (_, Data::U16(v)) => num!(UInt16Type, v.to_vec()),
        (_, Data::U32(v)) => num!(UInt32Type, v.to_vec()),
        (_, Data::U64(v)) => num!(UInt64Type, v.to_vec()),
        (_, Data::I8(v)) => num!(Int8Type, v.to_vec()),
        (_, Data::I16(v)) => num!(Int16Type, v.to_vec()),
        (_, Data::I32(v)) => num!(Int32Type, v.to_vec()),
        (_, Data::I64(v)) => num!(Int64Type, v.to_vec()),
        (_, Data::F32(v)) => num!(Float32Type, v.to_vec()),
        (_, Data::F64(v)) => num!(Float64Type, v.to_vec()),
        (_, Data::U128(v)) => fixed(16, v.iter().flat_map(|x| x.to_le_bytes()).collect(), nulls)?,
        (_, Data::I128(v)) => fixed(16, v.iter().flat_map(|x| x.to_le_bytes()).collect(), nulls)?,
        (_, Data::U256(v)) => fixed(32, v.iter().flat_map(|x| x.to_le_bytes()).collect(), nulls)?,
        (_, Data::I256(v)) => fixed(32, v.iter().flat_map(|x| x.to_le_bytes()).collect(), nulls)?,
        (_, Data::Fixed(f)) => fixed(i32::try_from(f.width).unwrap_or(0), f.bytes.to_vec(), nulls)?,
        (t, Data::Str(s)) => {
            let from = s.offsets[0];
            let offsets: Vec<i32> = s
                .offsets
                .iter()
                .map(|o| i32::try_from(o - from).map_err(|_| too_large()))
                .collect::<Result<_>>()?;
            let bytes = s.bytes[from as usize..s.offsets[n] as usize].to_vec();
            if matches!(t, Type::AggregateFunction(_)) {
                let a = BinaryArray::try_new(OffsetBuffer::new(offsets.into()), bytes.into(), nulls)
                    .map_err(failed)?;
                return Ok(Arc::new(a));
            }
            utf8(offsets, bytes, nulls)?
        }
        (t, Data::Array(a)) => {
            let from = a.offsets[0];
            let offsets: Vec<i32> = a
                .offsets
                .iter()
                .map(|o| i32::try_from(o - from).map_err(|_| too_large()))
                .collect::<Result<_>>()?;
            let offsets = OffsetBuffer::new(offsets.into());
            let values = a.values.slice(from as usize, (a.offsets[n] - from) as usize);
            match t {
                Type::Array(inner) => {
                    let f = Arc::new(field("item", inner)?);
                    Arc::new(ListArray::try_new(f, offsets, array_of(inner, &values)?, None).map_err(failed)?)
                }
                Type::Map(kv) => {
                    let Data::Tuple(cs, _) = &values.data else {
                        return Err(Error::internal("a map's entries are tuples"));
                    };
                    let arrays = vec![array_of(&kv.0, &cs[0])?, array_of(&kv.1, &cs[1])?];
                    let entries = StructArray::try_new(map_fields(kv)?, arrays, None).map_err(failed)?;
                    let f = Arc::new(Field::new("entries", entries.data_type().clone(), false));
                    Arc::new(MapArray::try_new(f, offsets, entries, None, false).map_err(failed)?)
                }
                other => {
                    return Err(Error::not_implemented(format!("Type {other} cannot be written as Arrow")));
                }
            }
        }
        (Type::Tuple(es), Data::Tuple(cs, n)) => {
            if es.is_empty() {
                return Ok(Arc::new(StructArray::new_empty_fields(*n, None)));
            }
            let arrays =
                es.iter().zip(cs.iter()).map(|((_, t), c)| array_of(t, c)).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(tuple_fields(es)?, arrays, None).map_err(failed)?)
        }
        (other, _) => return Err(Error::not_implemented(format!("Type {other} cannot be written as Arrow"))),
    })
}

fn too_large() -> Error {
    Error::new(TOO_LARGE_STRING_SIZE, "A batch holds more than 2 GiB of text")
}
fn fixed(width: i32, bytes: Vec<u8>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(Arc::new(
        FixedSizeBinaryArray::try_new(width, bytes.into(), nulls)
            .map_err(|e| Error::internal(format!("Arrow: {e}")))?,
    ))
}
fn utf8(offsets: Vec<i32>, bytes: Vec<u8>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let whole = std::str::from_utf8(&bytes).is_ok();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    if whole && let Ok(a) = StringArray::try_new(offsets.clone(), bytes.clone().into(), nulls.clone()) {
        return Ok(Arc::new(a));
    }
    let rows = (0..offsets.len() - 1).map(|i| {
        let valid = nulls.as_ref().is_none_or(|n| n.is_valid(i));
        valid.then(|| {
            String::from_utf8_lossy(&bytes[offsets[i] as usize..offsets[i + 1] as usize]).into_owned()
        })
    });
    Ok(Arc::new(StringArray::from_iter(rows)))
}
