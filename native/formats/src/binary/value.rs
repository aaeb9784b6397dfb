//! RowBinary: one value after the other.

use super::{Bytes, bytes_of_u128, check_enum, u128_of, write_string, write_varuint};
use std::borrow::Cow;
use types::bfloat;
use types::builder::Values;
use types::codes::INCORRECT_DATA;
use types::{Column, ColumnBuilder, Data, Error, I256, Result, Type, U256};

/// Reads one value in RowBinary's form.
pub fn read_value(ty: &Type, b: &mut Bytes<'_>, out: &mut ColumnBuilder) -> Result<()> {
    match ty {
        Type::Nullable(inner) => {
            return match b.byte()? {
                0 => read_value(inner, b, out),
                1 => {
                    out.push_null();
                    Ok(())
                }
                v => Err(Error::new(
                    INCORRECT_DATA,
                    format!("The byte that says NULL or not is {v}, not 0 or 1"),
                )),
            };
        }
        Type::LowCardinality(inner) => return read_value(inner, b, out),
        Type::SimpleAggregateFunction(a) => {
            return read_value(a.args.first().unwrap_or(&Type::Nothing), b, out);
        }
        _ => {}
    }
    macro_rules! le {
        ($v:ident, $t:ty) => {
            $v.push(<$t>::from_le_bytes(b.array()?))
        };
    }
    match &mut out.values {
        Values::U8(v) => {
            let x = b.byte()?;
            v.push(if matches!(ty, Type::Bool) { u8::from(x != 0) } else { x });
        }
        Values::U16(v) => le!(v, u16),
        Values::U32(v) => le!(v, u32),
        Values::U64(v) => le!(v, u64),
        Values::U128(v) => v.push(u128_of(ty, b.array()?)),
        Values::U256(v) => v.push(U256::from_le_bytes(b.array()?)),
        Values::I8(v) => {
            let x = b.byte()? as i8;
            check_enum(ty, x.into())?;
            v.push(x);
        }
        Values::I16(v) => {
            let x = i16::from_le_bytes(b.array()?);
            check_enum(ty, x)?;
            v.push(x);
        }
        Values::I32(v) => le!(v, i32),
        Values::I64(v) => le!(v, i64),
        Values::I128(v) => le!(v, i128),
        Values::I256(v) => v.push(I256::from_le_bytes(b.array()?)),
        Values::F32(v) if *ty == Type::BFloat16 => v.push(bfloat::from_bits(u16::from_le_bytes(b.array()?))),
        Values::F32(v) => le!(v, f32),
        Values::F64(v) => le!(v, f64),
        Values::Str { .. } => {
            let s = b.string()?;
            out.push_bytes(s);
            return Ok(());
        }
        Values::Fixed { width, .. } => {
            let n = *width;
            let s = b.take(n)?;
            out.push_bytes(s);
            return Ok(());
        }
        Values::Array { offsets, values } => {
            let n = b.count()?;
            let Some(inner) = element(ty) else { return Err(Error::internal("an array of an unknown type")) };
            let inner = inner.as_ref();
            if inner.fixed_width() == Some(0) || matches!(inner, Type::Nothing) {
                return Err(Error::not_implemented("Arrays of values without bytes cannot be read"));
            }
            for _ in 0..n {
                read_value(inner, b, values)?;
            }
            offsets.push(values.len() as u32);
        }
        Values::Tuple(cs) => {
            let Type::Tuple(es) = ty else { return Err(Error::internal("a tuple of an unknown type")) };
            for ((_, t), c) in es.iter().zip(cs.iter_mut()) {
                read_value(t, b, c)?;
            }
        }
        Values::Nothing => {}
    }
    out.pushed();
    Ok(())
}

/// Writes one value in RowBinary's form.
pub fn write_value(ty: &Type, col: &Column, row: usize, out: &mut Vec<u8>) {
    match &col.data {
        Data::Const(one, _) => return write_value(ty, one, 0, out),
        Data::Codes(codes, dict) => {
            if let Type::Nullable(inner) = ty.without_low_cardinality() {
                out.push(u8::from(col.is_null(row)));
                if !col.is_null(row) {
                    write_value(&inner, &dict.values, codes[row] as usize, out);
                }
                return;
            }
            return write_value(ty, &dict.values, codes[row] as usize, out);
        }
        _ => {}
    }
    match ty {
        Type::Nullable(inner) => {
            let null = col.is_null(row) || matches!(col.data, Data::Nothing(_));
            out.push(u8::from(null));
            if !null {
                write_value(inner, col, row, out);
            }
            return;
        }
        Type::LowCardinality(inner) => return write_value(inner, col, row, out),
        Type::SimpleAggregateFunction(a) => {
            return write_value(a.args.first().unwrap_or(&Type::Nothing), col, row, out);
        }
        _ => {}
    }
    macro_rules! le {
        ($v:ident) => {
            out.extend_from_slice(&$v[row].to_le_bytes())
        };
    }
    match &col.data {
        Data::U8(v) => out.push(v[row]),
        Data::U16(v) => le!(v),
        Data::U32(v) => le!(v),
        Data::U64(v) => le!(v),
        Data::U128(v) => out.extend_from_slice(&bytes_of_u128(ty, v[row])),
        Data::U256(v) => le!(v),
        Data::I8(v) => out.push(v[row] as u8),
        Data::I16(v) => le!(v),
        Data::I32(v) => le!(v),
        Data::I64(v) => le!(v),
        Data::I128(v) => le!(v),
        Data::I256(v) => le!(v),
        Data::F32(v) if *ty == Type::BFloat16 => out.extend_from_slice(&bfloat::bits(v[row]).to_le_bytes()),
        Data::F32(v) => le!(v),
        Data::F64(v) => le!(v),
        Data::Str(s) => write_string(s.get(row), out),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes[row * f.width..(row + 1) * f.width]),
        Data::Array(a) => {
            let (start, end) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
            write_varuint((end - start) as u64, out);
            let Some(inner) = element(ty) else { return };
            (start..end).for_each(|i| write_value(&inner, &a.values, i, out));
        }
        Data::Tuple(cs, _) => {
            if let Type::Tuple(es) = ty {
                es.iter().zip(cs.iter()).for_each(|((_, t), c)| write_value(t, c, row, out));
            }
        }
        Data::Nothing(_) | Data::Const(..) | Data::Codes(..) => {}
    }
}

/// What an array holds; a map is one of its entries.
fn element(ty: &Type) -> Option<Cow<'_, Type>> {
    match ty {
        Type::Array(t) => Some(Cow::Borrowed(t)),
        Type::Map(kv) => Some(Cow::Owned(Type::map_entry(kv))),
        _ => None,
    }
}
