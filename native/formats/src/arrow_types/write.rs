//! Columns as Arrow arrays.

use super::schema::{data_type, field, map_fields, tuple_fields, unit_of};
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, NullArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, TimeUnit};
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::text::{Codec, TextOptions};
use types::{Column, Data, Error, I256, Result, Type};

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
