//! Arrow arrays as columns.

use super::schema::{type_of, unsupported};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::{ArrayData, Bitmap, Column, Data, Dict, Error, FixedData, I256, Result, StrData};

/// Strings of one batch may not be larger: a small dictionary can stand for any amount of text.
const BATCH_BYTES_MAX: usize = 1 << 30;

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
