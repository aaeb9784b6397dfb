//! Rows as bytes: equal values give equal bytes, and the bytes give the value back. For keys of
//! types that fit no machine word.

use types::{Column, ColumnBuilder, Data, Error, Result, Type, match_numeric};

/// Appends the value of a row. `ty` decides where NULLs are marked.
pub fn encode(c: &Column, row: usize, ty: &Type, out: &mut Vec<u8>) {
    match &c.data {
        Data::Const(one, _) => return encode(one, 0, ty, out),
        Data::Codes(codes, d) if !c.is_null(row) => {
            if ty.is_nullable() {
                out.push(0);
            }
            return encode_value(&d.values, codes[row] as usize, ty, out);
        }
        _ => {}
    }
    if ty.is_nullable() || matches!(ty, Type::Nothing) {
        let null = c.is_null(row);
        out.push(u8::from(null));
        if null {
            return;
        }
    }
    encode_value(c, row, ty, out);
}

fn encode_value(c: &Column, row: usize, ty: &Type, out: &mut Vec<u8>) {
    let ty = ty.base();
    match_numeric!(&c.data, v, W => out.extend_from_slice(&v[row].to_le_bytes()), match &c.data {
        Data::Str(s) => put_bytes(s.get(row), out),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes[row * f.width..(row + 1) * f.width]),
        Data::Array(a) => {
            let (s, e) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
            out.extend_from_slice(&((e - s) as u32).to_le_bytes());
            let element = element_type(ty);
            for i in s..e {
                encode(&a.values, i, &element, out);
            }
        }
        Data::Tuple(cs, _) => {
            if let Type::Tuple(es) = ty {
                for (c, (_, t)) in cs.iter().zip(es.iter()) {
                    encode(c, row, t, out);
                }
            }
        }
        Data::Const(one, _) => encode_value(one, 0, ty, out),
        Data::Codes(codes, d) => encode_value(&d.values, codes[row] as usize, ty, out),
        _ => {}
    });
}

fn put_bytes(b: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(b.len() as u32).to_le_bytes());
    out.extend_from_slice(b);
}

fn element_type(ty: &Type) -> Type {
    match ty {
        Type::Array(t) => t.as_ref().clone(),
        Type::Map(kv) => Type::map_entry(kv),
        _ => Type::Nothing,
    }
}

/// Reads one value back; returns the bytes behind it.
pub fn decode<'a>(mut from: &'a [u8], ty: &Type, b: &mut ColumnBuilder) -> Result<&'a [u8]> {
    use types::builder::Values;
    if ty.is_nullable() || matches!(ty, Type::Nothing) {
        let null = take(&mut from, 1)?[0] != 0;
        if null {
            b.push_null();
            return Ok(from);
        }
    }
    let base = ty.base();
    macro_rules! number {
        ($v:ident, $t:ty) => {{
            let raw = take(&mut from, size_of::<$t>())?;
            $v.push(<$t>::from_le_bytes(raw.try_into().map_err(|_| short())?));
        }};
    }
    match &mut b.values {
        Values::U8(v) => number!(v, u8),
        Values::U16(v) => number!(v, u16),
        Values::U32(v) => number!(v, u32),
        Values::U64(v) => number!(v, u64),
        Values::U128(v) => number!(v, u128),
        Values::U256(v) => number!(v, types::U256),
        Values::I8(v) => number!(v, i8),
        Values::I16(v) => number!(v, i16),
        Values::I32(v) => number!(v, i32),
        Values::I64(v) => number!(v, i64),
        Values::I128(v) => number!(v, i128),
        Values::I256(v) => number!(v, types::I256),
        Values::F32(v) => number!(v, f32),
        Values::F64(v) => number!(v, f64),
        Values::Str { .. } => {
            let n = length(&mut from)?;
            let bytes = take(&mut from, n)?;
            b.push_bytes(bytes);
            return Ok(from);
        }
        Values::Fixed { width, .. } => {
            let bytes = take(&mut from, *width)?;
            b.push_bytes(bytes);
            return Ok(from);
        }
        Values::Array { offsets, values } => {
            let n = length(&mut from)?;
            let element = element_type(base);
            for _ in 0..n {
                from = decode(from, &element, values)?;
            }
            offsets.push(values.len() as u32);
        }
        Values::Tuple(bs) => {
            let Type::Tuple(es) = base else { return Err(short()) };
            for (b, (_, t)) in bs.iter_mut().zip(es.iter()) {
                from = decode(from, t, b)?;
            }
        }
        Values::Nothing => {}
    }
    b.pushed();
    Ok(from)
}

fn short() -> Error {
    Error::internal("row bytes end early")
}

fn take<'a>(from: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    if from.len() < n {
        return Err(short());
    }
    let (head, tail) = from.split_at(n);
    *from = tail;
    Ok(head)
}

fn length(from: &mut &[u8]) -> Result<usize> {
    let raw = take(from, 4)?;
    Ok(u32::from_le_bytes(raw.try_into().map_err(|_| short())?) as usize)
}
