//! Columns as Arrow arrays.

use super::schema::{data_type, field, map_fields, tuple_fields, unit_of};
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, NullArray,
    PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use std::sync::Arc;
use types::codes::TOO_LARGE_STRING_SIZE;
use types::text::{Codec, TextOptions};
use types::{ArrayData, Column, Data, Error, I256, Result, Type};

fn null_buffer(c: &Column) -> Option<NullBuffer> {
    let m = c.null_mask()?;
    Some(NullBuffer::new(BooleanBuffer::collect_bool(m.len(), |i| !m.get(i))))
}

/// The values of a column as an Arrow array of `data_type(ty)`. Binary text that is not UTF-8 is repaired.
pub(crate) fn array_of(ty: &Type, col: &Column) -> Result<ArrayRef> {
    let c = col.flat();
    let n = c.len();
    let nulls = null_buffer(&c);
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
            timestamps(base, TimeUnit::Second, v.iter().map(|x| i64::from(*x)).collect(), nulls)?
        }
        (Type::DateTime64(s, _), Data::I64(v)) => {
            let (unit, scale) = unit_of(*s);
            let factor = 10i64.pow((scale - *s).into());
            timestamps(base, unit, v.iter().map(|x| x.saturating_mul(factor)).collect(), nulls)?
        }
        (Type::Decimal(p, s), d) => decimals(*p, *s, d, n, nulls)?,
        (Type::Uuid | Type::Ipv4 | Type::Ipv6 | Type::Enum8(_) | Type::Enum16(_), _) => {
            texts(base, &c, nulls)?
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
            let offsets = offsets_of(&s.offsets)?;
            let bytes = s.bytes[s.offsets[0] as usize..s.offsets[n] as usize].to_vec();
            if matches!(t, Type::AggregateFunction(_)) {
                let states = BinaryArray::try_new(OffsetBuffer::new(offsets.into()), bytes.into(), nulls);
                return Ok(Arc::new(states.map_err(failed)?));
            }
            utf8(offsets, bytes, nulls)?
        }
        (Type::Array(inner), Data::Array(a)) => {
            let (offsets, values) = entries_of(a)?;
            let f = Arc::new(field("item", inner)?);
            Arc::new(ListArray::try_new(f, offsets, array_of(inner, &values)?, None).map_err(failed)?)
        }
        (Type::Map(kv), Data::Array(a)) => {
            let (offsets, values) = entries_of(a)?;
            let Data::Tuple(cs, _) = &values.data else {
                return Err(Error::internal("a map's entries are tuples"));
            };
            let arrays = vec![array_of(&kv.0, &cs[0])?, array_of(&kv.1, &cs[1])?];
            let entries = StructArray::try_new(map_fields(kv)?, arrays, None).map_err(failed)?;
            let f = Arc::new(Field::new("entries", entries.data_type().clone(), false));
            Arc::new(MapArray::try_new(f, offsets, entries, None, false).map_err(failed)?)
        }
        (Type::Tuple(es), Data::Tuple(_, n)) if es.is_empty() => {
            Arc::new(StructArray::new_empty_fields(*n, nulls))
        }
        (Type::Tuple(es), Data::Tuple(cs, _)) => {
            let arrays =
                es.iter().zip(cs.iter()).map(|((_, t), c)| array_of(t, c)).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(tuple_fields(es)?, arrays, nulls).map_err(failed)?)
        }
        (other, _) => return Err(Error::not_implemented(format!("Type {other} cannot be written as Arrow"))),
    })
}

fn failed(e: ArrowError) -> Error {
    Error::internal(format!("Arrow: {e}"))
}

/// Ticks of a unit as the timestamps of a type.
fn timestamps(ty: &Type, unit: TimeUnit, ticks: Vec<i64>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    fn of<T: ArrowTimestampType>(ticks: Vec<i64>, nulls: Option<NullBuffer>, ty: DataType) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(ticks.into(), nulls).with_data_type(ty))
    }
    let make = match unit {
        TimeUnit::Second => of::<TimestampSecondType>,
        TimeUnit::Millisecond => of::<TimestampMillisecondType>,
        TimeUnit::Microsecond => of::<TimestampMicrosecondType>,
        TimeUnit::Nanosecond => of::<TimestampNanosecondType>,
    };
    Ok(make(ticks, nulls, data_type(ty)?))
}

fn decimals(precision: u8, scale: u8, d: &Data, n: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let wide = |i: usize| match d {
        Data::I32(v) => I256::from(v[i]),
        Data::I64(v) => I256::from(v[i]),
        Data::I128(v) => I256::from(v[i]),
        Data::I256(v) => v[i],
        _ => I256::ZERO,
    };
    if precision <= 38 {
        let values: Vec<i128> = (0..n).map(|i| wide(i).as_i128()).collect();
        let a = PrimitiveArray::<Decimal128Type>::new(values.into(), nulls);
        return Ok(Arc::new(a.with_precision_and_scale(precision, scale as i8).map_err(failed)?));
    }
    let values: Vec<i256> = (0..n).map(|i| i256::from_le_bytes(wide(i).to_le_bytes())).collect();
    let a = PrimitiveArray::<Decimal256Type>::new(values.into(), nulls);
    Ok(Arc::new(a.with_precision_and_scale(precision, scale as i8).map_err(failed)?))
}

/// Values as their text.
fn texts(ty: &Type, c: &Column, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let codec = Codec::new(ty, &Arc::new(TextOptions::default()))?;
    let plain = Column { data: c.data.clone(), nulls: None };
    let (mut offsets, mut bytes) = (vec![0i32], Vec::new());
    for i in 0..c.len() {
        codec.write_text(&plain, i, &mut bytes);
        offsets.push(i32::try_from(bytes.len()).map_err(|_| too_large())?);
    }
    utf8(offsets, bytes, nulls)
}

/// Offsets from 0 on. Errors: `TOO_LARGE_STRING_SIZE` beyond 2^31.
fn offsets_of(offsets: &[u32]) -> Result<Vec<i32>> {
    let from = offsets[0];
    offsets.iter().map(|o| i32::try_from(o - from).map_err(|_| too_large())).collect()
}

/// Offsets of arrays, and the elements that they name.
fn entries_of(a: &ArrayData) -> Result<(OffsetBuffer<i32>, Column)> {
    let (from, to) = (a.offsets[0], a.offsets[a.offsets.len() - 1]);
    let values = a.values.slice(from as usize, (to - from) as usize);
    Ok((OffsetBuffer::new(offsets_of(&a.offsets)?.into()), values))
}

fn too_large() -> Error {
    Error::new(TOO_LARGE_STRING_SIZE, "A batch holds more than 2 GiB of text")
}
fn fixed(width: i32, bytes: Vec<u8>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(Arc::new(FixedSizeBinaryArray::try_new(width, bytes.into(), nulls).map_err(failed)?))
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
