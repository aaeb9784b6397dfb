//! Values as ClickHouse's groupArray and groupUniqArray hold them: numbers as they are, all else with a length; what is
//! nested lies in that piece with lengths of 8 bytes.

use super::binary::{Lengths, put_as, read_arranged};
use super::wire::{Fixed, Reader, damaged, put_bytes, put_u64};
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Result, Type};

/// Numbers lie without a length.
pub fn is_number(ty: &Type) -> bool {
    ty.is_integer()
        || ty.is_float()
        || matches!(
            ty,
            Type::Bool | Type::Date | Type::DateTime(_) | Type::Ipv4 | Type::Enum8(_) | Type::Enum16(_)
        )
}

/// Is a value one piece of bytes that says what it is without lengths?
fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Nullable(_) | Type::LowCardinality(_) | Type::Map(_) => false,
        Type::Array(element) => element.fixed_width().is_some() && !element.is_nullable(),
        Type::Tuple(elements) => elements.iter().all(|(_, t)| t.fixed_width().is_some() && is_plain(t)),
        _ => true,
    }
}

/// Appends a row as groupArray has it.
pub fn put_item(ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    let plain = is_number(ty) || matches!(ty, Type::String);
    put_with(ty, c, row, out, plain, put);
}

/// Appends a row as groupUniqArray has it.
pub fn put_piece(ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    put_with(ty, c, row, out, true, put_plain);
}

fn put_with(
    ty: &Type,
    c: &Column,
    row: usize,
    out: &mut Vec<u8>,
    plain: bool,
    put: fn(&Type, &Column, usize, &mut Vec<u8>),
) {
    if is_number(ty) {
        return put(ty, c, row, out);
    }
    let mut piece = Vec::new();
    if plain {
        put_plain(ty, c, row, &mut piece)
    } else {
        put(ty, c, row, &mut piece)
    }
    put_bytes(out, &piece);
}

/// Appends the bytes of a row alone, where they say enough.
pub fn put_plain(ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    match &c.data {
        _ if !is_plain(ty) => put(ty, c, row, out),
        Data::Const(one, _) => put_plain(ty, one, 0, out),
        Data::Codes(codes, d) => put_plain(ty, &d.values, codes[row] as usize, out),
        Data::Str(s) => out.extend_from_slice(s.get(row)),
        Data::Array(a) => {
            if let Some(element) = element(ty) {
                (a.offsets[row] as usize..a.offsets[row + 1] as usize)
                    .for_each(|i| put(&element, &a.values, i, out));
            }
        }
        _ => put(ty, c, row, out),
    }
}

/// Pushes a value that `put_item` wrote.
pub fn read_item(ty: &Type, r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    if is_number(ty) {
        return read(ty, r, b);
    }
    let bytes = r.bytes()?;
    if *ty == Type::String {
        b.push_bytes(bytes);
        return Ok(());
    }
    let mut piece = Reader::new(bytes);
    read(ty, &mut piece, b)?;
    if piece.remaining() == 0 { Ok(()) } else { Err(damaged()) }
}

/// Pushes a value that `put_piece` wrote.
pub fn read_piece(ty: &Type, r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    let (Type::Array(element), true) = (ty, is_plain(ty)) else { return read_item(ty, r, b) };
    let Values::Array { offsets, values } = &mut b.values else { return Err(damaged()) };
    let mut piece = Reader::new(r.bytes()?);
    while piece.remaining() > 0 {
        read(element, &mut piece, values)?;
    }
    offsets.push(values.len() as u32);
    b.pushed();
    Ok(())
}

/// The element type of what is stored as an array.
fn element(ty: &Type) -> Option<Type> {
    match ty {
        Type::Array(t) => Some(t.as_ref().clone()),
        Type::Map(kv) => Some(Type::tuple(vec![kv.0.clone(), kv.1.clone()])),
        _ => None,
    }
}

/// A text lies with a zero behind it, and lengths have 8 bytes.
const LENGTHS: Lengths = Lengths {
    text: |out, text| {
        put_u64(out, text.len() as u64 + 1);
        out.extend_from_slice(text);
        out.push(0);
    },
    count: put_u64,
};

fn put(ty: &Type, c: &Column, row: usize, out: &mut Vec<u8>) {
    put_as(&LENGTHS, ty, c, row, out);
}
fn read(ty: &Type, r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    if let Type::Nullable(inner) = ty {
        if r.byte()? == 0 {
            return read(inner, r, b);
        }
        b.push_null();
        return Ok(());
    }
    let length = |r: &mut Reader<'_>| {
        let n = usize::try_from(r.u64()?).ok();
        n.filter(|n| *n <= r.remaining()).ok_or_else(damaged)
    };
    if *ty == Type::Ipv6 {
        return read_arranged(ty, r, b);
    }
    macro_rules! numbers { ($($v:ident),*) => {
        match &mut b.values {
            $(Values::$v(v) => v.push(Fixed::read(r)?),)*
            Values::Str { offsets, bytes } => {
                let n = length(r)?.checked_sub(1).ok_or_else(damaged)?;
                bytes.extend_from_slice(r.take(n)?);
                r.byte()?;
                offsets.push(bytes.len() as u32);
            }
            Values::Fixed { width, bytes } => bytes.extend_from_slice(r.take(*width)?),
            Values::Array { offsets, values } => {
                let element = element(ty).ok_or_else(damaged)?;
                for _ in 0..length(r)? {
                    read(&element, r, values)?;
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
