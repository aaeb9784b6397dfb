//! Single values in ClickHouse's binary form (that of RowBinary), as states of min, any, argMax and their like hold them.

use super::wire::{Fixed, Reader, put_bytes, put_var};
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Result, Type};

/// Turns the little-endian bytes of a number into those that ClickHouse keeps of its type, and back.
pub fn arrange(ty: &Type, bytes: &mut [u8]) {
    if *ty == Type::Ipv6 {
        bytes.reverse();
    }
}

/// Pushes a number whose bytes are not its own.
pub fn read_arranged(ty: &Type, r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    let mut bytes: [u8; 16] = r.array()?;
    arrange(ty, &mut bytes);
    if let Values::U128(v) = &mut b.values {
        v.push(u128::from_le_bytes(bytes));
    }
    b.pushed();
    Ok(())
}

/// How texts and the number of an array's elements are written: what tells apart ClickHouse's forms of values.
pub struct Lengths {
    pub text: fn(&mut Vec<u8>, &[u8]),
    pub count: fn(&mut Vec<u8>, u64),
}

/// Appends a row of a column of type `ty`.
pub fn put(ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    put_as(&Lengths { text: put_bytes, count: put_var }, ty, c, row, out);
}

/// As `put`, with lengths of another form.
pub fn put_as(lengths: &Lengths, ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    match (&c.data, ty) {
        (Data::Const(one, _), _) => return put_as(lengths, ty, one, 0, out),
        (_, Type::Nullable(inner)) => {
            out.push(u8::from(c.is_null(row)));
            if !c.is_null(row) {
                put_as(lengths, inner, c, row, out);
            }
            return;
        }
        (Data::Codes(codes, d), _) => return put_as(lengths, ty, &d.values, codes[row] as usize, out),
        _ => {}
    }
    let start = out.len();
    types::match_numeric!(&c.data, v, W => { v[row].put(out); arrange(ty, &mut out[start..]) }, match &c.data {
        Data::Str(s) => (lengths.text)(out, s.get(row)),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes[row * f.width..(row + 1) * f.width]),
        Data::Array(a) => {
            let (start, end) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
            (lengths.count)(out, (end - start) as u64);
            match (ty, &a.values.data) {
                (Type::Map(kv), Data::Tuple(cs, _)) => (start..end).for_each(|i| {
                    put_as(lengths, &kv.0, &cs[0], i, out);
                    put_as(lengths, &kv.1, &cs[1], i, out);
                }),
                (Type::Array(element), _) => (start..end).for_each(|i| put_as(lengths, element, &a.values, i, out)),
                _ => {}
            }
        }
        Data::Tuple(cs, _) => {
            if let Type::Tuple(elements) = ty {
                elements.iter().zip(cs.iter()).for_each(|((_, t), c)| put_as(lengths, t, c, row, out));
            }
        }
        _ => {}
    });
}

/// Pushes one value written by `put`.
pub fn read(ty: &Type, r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    if let Type::Nullable(inner) = ty {
        if r.byte()? == 0 {
            return read(inner, r, b);
        }
        b.push_null();
        return Ok(());
    }
    if *ty == Type::Ipv6 {
        return read_arranged(ty, r, b);
    }
    macro_rules! numbers { ($($v:ident),*) => {
        match &mut b.values {
            $(Values::$v(v) => v.push(Fixed::read(r)?),)*
            Values::Str { offsets, bytes } => {
                bytes.extend_from_slice(r.bytes()?);
                offsets.push(bytes.len() as u32);
            }
            Values::Fixed { width, bytes } => bytes.extend_from_slice(r.take(*width)?),
            Values::Array { offsets, values } => {
                for _ in 0..r.count(1)? {
                    match ty {
                        Type::Array(element) => read(element, r, values)?,
                        Type::Map(kv) => {
                            if let Values::Tuple(cs) = &mut values.values {
                                read(&kv.0, r, &mut cs[0])?;
                                read(&kv.1, r, &mut cs[1])?;
                            }
                            values.pushed();
                        }
                        _ => {}
                    }
                }
                offsets.push(values.len() as u32);
            }
            Values::Tuple(cs) => {
                if let Type::Tuple(elements) = ty {
                    elements.iter().zip(cs.iter_mut()).try_for_each(|((_, t), c)| read(t, r, c))?;
                }
            }
            Values::Nothing => {}
        }
    } }
    numbers!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64);
    b.pushed();
    Ok(())
}

/// A text with its length and a zero behind it.
pub fn put_text(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u32 + 1).to_le_bytes());
    out.extend_from_slice(text);
    out.push(0);
}

/// A text written by `put_text`; `None` for a length below 0.
pub fn read_text<'a>(r: &mut Reader<'a>) -> Result<Option<&'a [u8]>> {
    let Ok(length) = usize::try_from(r.u32()? as i32) else { return Ok(None) };
    let bytes = r.take(length)?;
    Ok(Some(bytes.strip_suffix(&[0]).unwrap_or(bytes)))
}
