//! Native: all values of a column together, sizes of arrays and the bytes of NULLs before them.

use super::bytes::VALUE_BYTES_MAX;
use super::dictionary::{read_low_cardinality, write_low_cardinality};
use super::{Bytes, bytes_of_u128, check_enum, u128_of, write_string};
use std::sync::Arc;
use types::bfloat;
use types::codes::{INCORRECT_DATA, TOO_LARGE_STRING_SIZE};
use types::{ArrayData, Bitmap, Buf, Column, Data, Error, FixedData, I256, Result, StrData, Type, U256};

/// The number that says which form dictionaries have, once for each of them, before the data.
pub fn write_prefix(ty: &Type, out: &mut Vec<u8>) {
    match ty {
        Type::LowCardinality(_) => out.extend_from_slice(&1u64.to_le_bytes()),
        Type::Nullable(t) | Type::Array(t) => write_prefix(t, out),
        Type::Map(kv) => {
            write_prefix(&kv.0, out);
            write_prefix(&kv.1, out);
        }
        Type::Tuple(es) => es.iter().for_each(|(_, t)| write_prefix(t, out)),
        _ => {}
    }
}
pub fn read_prefix(ty: &Type, b: &mut Bytes<'_>) -> Result<()> {
    match ty {
        Type::LowCardinality(_) => match b.u64()? {
            1 => Ok(()),
            v => Err(Error::new(INCORRECT_DATA, format!("Unknown version {v} of a dictionary column"))),
        },
        Type::Nullable(t) | Type::Array(t) => read_prefix(t, b),
        Type::Map(kv) => {
            read_prefix(&kv.0, b)?;
            read_prefix(&kv.1, b)
        }
        Type::Tuple(es) => es.iter().try_for_each(|(_, t)| read_prefix(t, b)),
        _ => Ok(()),
    }
}

/// Writes a flat or constant column in Native's form (behind its prefix).
pub fn write_column(ty: &Type, col: &Column, out: &mut Vec<u8>) {
    let rows = col.len();
    match ty {
        Type::LowCardinality(inner) => return write_low_cardinality(inner, col, out),
        Type::SimpleAggregateFunction(a) => {
            return write_column(a.args.first().unwrap_or(&Type::Nothing), col, out);
        }
        Type::Nullable(inner) => {
            out.extend((0..rows).map(|i| u8::from(col.is_null(i) || matches!(col.data, Data::Nothing(_)))));
            let mut plain = col.flat();
            plain.nulls = None;
            return write_column(inner, &plain, out);
        }
        _ => {}
    }
    let flat = col.flat();
    macro_rules! le {
        ($v:ident) => {
            $v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()))
        };
    }
    match &flat.data {
        Data::U8(v) => out.extend_from_slice(v),
        Data::U16(v) => le!(v),
        Data::U32(v) => le!(v),
        Data::U64(v) => le!(v),
        Data::U128(v) => v.iter().for_each(|x| out.extend_from_slice(&bytes_of_u128(ty, *x))),
        Data::U256(v) => le!(v),
        Data::I8(v) => out.extend(v.iter().map(|x| *x as u8)),
        Data::I16(v) => le!(v),
        Data::I32(v) => le!(v),
        Data::I64(v) => le!(v),
        Data::I128(v) => le!(v),
        Data::I256(v) => le!(v),
        Data::F32(v) if *ty == Type::BFloat16 => {
            v.iter().for_each(|x| out.extend_from_slice(&bfloat::bits(*x).to_le_bytes()));
        }
        Data::F32(v) => le!(v),
        Data::F64(v) => le!(v),
        Data::Str(s) => s.iter().for_each(|x| write_string(x, out)),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes),
        Data::Array(a) => {
            let from = a.offsets[0];
            a.offsets[1..].iter().for_each(|o| out.extend_from_slice(&u64::from(o - from).to_le_bytes()));
            let values = a.values.slice(from as usize, (a.offsets[rows] - from) as usize);
            match ty {
                Type::Array(t) => write_column(t, &values, out),
                Type::Map(kv) => {
                    if let Data::Tuple(cs, _) = &values.flat().data
                        && let [k, v] = &cs[..]
                    {
                        write_column(&kv.0, k, out);
                        write_column(&kv.1, v, out);
                    }
                }
                _ => {}
            }
        }
        Data::Tuple(cs, _) => match ty {
            Type::Tuple(es) if es.is_empty() => out.resize(out.len() + rows, b'0'),
            Type::Tuple(es) => es.iter().zip(cs.iter()).for_each(|((_, t), c)| write_column(t, c, out)),
            _ => {}
        },
        Data::Nothing(n) => match ty.fixed_width() {
            Some(w) => out.resize(out.len() + n * w, 0),
            None => out.resize(out.len() + n, b'0'),
        },
        Data::Const(..) | Data::Codes(..) => {}
    }
}

/// Reads `rows` values of a column in Native's form (its prefix is read). Sizes are checked against
/// what is left before anything is allocated.
pub fn read_column(ty: &Type, rows: usize, b: &mut Bytes<'_>) -> Result<Column> {
    match ty {
        Type::LowCardinality(inner) => return read_low_cardinality(inner, rows, b),
        Type::SimpleAggregateFunction(a) => {
            return read_column(a.args.first().unwrap_or(&Type::Nothing), rows, b);
        }
        Type::Nullable(inner) => {
            let mask = b.take(rows)?;
            if let Some(bad) = mask.iter().find(|x| **x > 1) {
                return Err(Error::new(
                    INCORRECT_DATA,
                    format!("A byte that says NULL or not is {bad}, not 0 or 1"),
                ));
            }
            let nulls = Bitmap::from_bytes(mask);
            let c = read_column(inner, rows, b)?;
            return Ok(Column::new(c.data, Some(nulls)));
        }
        _ => {}
    }
    macro_rules! le {
        ($wrap:ident, $t:ty, $n:literal) => {{
            let raw = b.take(checked(rows, $n)?)?;
            Data::$wrap(
                raw.chunks_exact($n)
                    .map(|c| {
                        let mut x = [0u8; $n];
                        x.copy_from_slice(c);
                        <$t>::from_le_bytes(x)
                    })
                    .collect::<Vec<_>>()
                    .into(),
            )
        }};
    }
    let data = match ty {
        Type::Bool => Data::U8(b.take(rows)?.iter().map(|x| u8::from(*x != 0)).collect::<Vec<_>>().into()),
        Type::UInt8 => Data::U8(b.take(rows)?.to_vec().into()),
        Type::UInt16 | Type::Date => le!(U16, u16, 2),
        Type::UInt32 | Type::DateTime(_) | Type::Ipv4 => le!(U32, u32, 4),
        Type::UInt64 => le!(U64, u64, 8),
        Type::UInt128 | Type::Uuid | Type::Ipv6 => {
            let raw = b.take(checked(rows, 16)?)?;
            Data::U128(
                raw.chunks_exact(16)
                    .map(|c| {
                        let mut x = [0u8; 16];
                        x.copy_from_slice(c);
                        u128_of(ty, x)
                    })
                    .collect::<Vec<_>>()
                    .into(),
            )
        }
        Type::UInt256 => le!(U256, U256, 32),
        Type::Int8 | Type::Enum8(_) => {
            let v: Vec<i8> = b.take(rows)?.iter().map(|x| *x as i8).collect();
            v.iter().try_for_each(|x| check_enum(ty, (*x).into()))?;
            Data::I8(v.into())
        }
        Type::Int16 | Type::Enum16(_) => {
            let d = le!(I16, i16, 2);
            if let Data::I16(v) = &d {
                v.iter().try_for_each(|x| check_enum(ty, *x))?;
            }
            d
        }
        Type::Int32 | Type::Date32 => le!(I32, i32, 4),
        Type::Int64 | Type::DateTime64(..) | Type::Interval(_) => le!(I64, i64, 8),
        Type::Int128 => le!(I128, i128, 16),
        Type::Int256 => le!(I256, I256, 32),
        Type::BFloat16 => {
            let raw = b.take(checked(rows, 2)?)?;
            let one = |c: &[u8]| bfloat::from_bits(u16::from_le_bytes([c[0], c[1]]));
            Data::F32(raw.chunks_exact(2).map(one).collect::<Vec<_>>().into())
        }
        Type::Float32 => le!(F32, f32, 4),
        Type::Float64 => le!(F64, f64, 8),
        Type::Decimal(..) => match ty.fixed_width() {
            Some(4) => le!(I32, i32, 4),
            Some(8) => le!(I64, i64, 8),
            Some(16) => le!(I128, i128, 16),
            _ => le!(I256, I256, 32),
        },
        Type::String | Type::AggregateFunction(_) => {
            if rows > b.left() {
                b.take(rows)?;
            }
            let mut offsets = Vec::with_capacity(rows + 1);
            let mut bytes = Vec::new();
            offsets.push(0u32);
            for _ in 0..rows {
                bytes.extend_from_slice(b.string()?);
                offsets.push(u32::try_from(bytes.len()).map_err(|_| {
                    Error::new(TOO_LARGE_STRING_SIZE, "A block's strings are larger than 4 GiB")
                })?);
            }
            Data::Str(StrData { offsets: offsets.into(), bytes: bytes.into() })
        }
        Type::FixedString(n) => {
            let width = *n as usize;
            Data::Fixed(FixedData { width, bytes: b.take(checked(rows, width)?)?.to_vec().into() })
        }
        Type::Array(inner) => {
            let (offsets, n) = read_offsets(rows, b)?;
            Data::Array(ArrayData { offsets, values: Arc::new(read_column(inner, n, b)?) })
        }
        Type::Map(kv) => {
            let (offsets, n) = read_offsets(rows, b)?;
            let keys = read_column(&kv.0, n, b)?;
            let values = read_column(&kv.1, n, b)?;
            Data::Array(ArrayData { offsets, values: Arc::new(Data::Tuple([keys, values].into(), n).into()) })
        }
        Type::Tuple(es) if es.is_empty() => {
            b.take(rows)?;
            Data::Tuple([].into(), rows)
        }
        Type::Tuple(es) => Data::Tuple(
            es.iter().map(|(_, t)| read_column(t, rows, b)).collect::<Result<Vec<_>>>()?.into(),
            rows,
        ),
        Type::Nothing => {
            b.take(rows)?;
            Data::Nothing(rows)
        }
        other => return Err(Error::not_implemented(format!("Type {other} cannot be read in binary form"))),
    };
    Ok(data.into())
}

pub(super) fn checked(rows: usize, width: usize) -> Result<usize> {
    rows.checked_mul(width).ok_or_else(|| Error::new(INCORRECT_DATA, "A block is too large"))
}

fn read_offsets(rows: usize, b: &mut Bytes<'_>) -> Result<(Buf<u32>, usize)> {
    let raw = b.take(checked(rows, 8)?)?;
    let mut offsets = Vec::with_capacity(rows + 1);
    let mut last = 0u64;
    offsets.push(0u32);
    for c in raw.chunks_exact(8) {
        let mut x = [0u8; 8];
        x.copy_from_slice(c);
        let o = u64::from_le_bytes(x);
        if o < last || o > VALUE_BYTES_MAX {
            return Err(Error::new(
                INCORRECT_DATA,
                "Offsets of an array column do not ascend, or are too large",
            ));
        }
        last = o;
        offsets.push(o as u32);
    }
    Ok((offsets.into(), last as usize))
}
