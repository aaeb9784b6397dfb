//! A block of a column of any type as a node, and back.

use super::decimal::{self, Decimal};
use super::ints::{self, Ints};
use super::lane::{Lane, flip};
use super::pages::{Codec, open_all, parse_pages, write_pages};
use super::test::Test;
use super::text::{self, Text};
use super::{ELEMENTS_MAX, flat_bytes, id, wide};
use crate::bytes::{Reader, corrupt, put_part};
use std::sync::Arc;
use types::ty::decimal_width;
use types::{ArrayData, Bitmap, Column, Data, Dict, Error, FixedData, Result, Type};

/// How deep arrays and tuples may nest.
const DEPTH_MAX: u8 = 32;

/// How the values of a type lie in memory.
pub(crate) enum Shape<'a> {
    U8,
    U16,
    U32,
    U64,
    U128,
    U256,
    I8,
    I16,
    I32,
    I64,
    I128,
    I256,
    F32,
    F64,
    Str,
    Fixed(usize),
    Array(Type),
    Tuple(Vec<&'a Type>),
    Nothing,
}

impl<'a> Shape<'a> {
    pub fn of(ty: &'a Type) -> Shape<'a> {
        match ty {
            Type::Bool | Type::UInt8 => Shape::U8,
            Type::UInt16 | Type::Date => Shape::U16,
            Type::UInt32 | Type::DateTime(_) | Type::Ipv4 => Shape::U32,
            Type::UInt64 => Shape::U64,
            Type::UInt128 | Type::Uuid | Type::Ipv6 => Shape::U128,
            Type::UInt256 => Shape::U256,
            Type::Int8 | Type::Enum8(_) => Shape::I8,
            Type::Int16 | Type::Enum16(_) => Shape::I16,
            Type::Int32 | Type::Date32 => Shape::I32,
            Type::Int64 | Type::DateTime64(..) | Type::Interval(_) => Shape::I64,
            Type::Int128 => Shape::I128,
            Type::Int256 => Shape::I256,
            Type::BFloat16 | Type::Float32 => Shape::F32,
            Type::Float64 => Shape::F64,
            Type::Decimal(p, _) => match decimal_width(*p) {
                4 => Shape::I32,
                8 => Shape::I64,
                16 => Shape::I128,
                _ => Shape::I256,
            },
            Type::String | Type::AggregateFunction(_) => Shape::Str,
            Type::FixedString(w) => Shape::Fixed(*w as usize),
            Type::Nullable(t) | Type::LowCardinality(t) => Shape::of(t),
            Type::SimpleAggregateFunction(a) => a.args.first().map_or(Shape::Nothing, Shape::of),
            Type::Array(t) => Shape::Array(t.as_ref().clone()),
            Type::Map(kv) => Shape::Array(Type::map_entry(kv)),
            Type::Tuple(es) => Shape::Tuple(es.iter().map(|e| &e.1).collect()),
            Type::Nothing | Type::Function => Shape::Nothing,
        }
    }
    /// Signedness of integers of up to 64 bits.
    pub fn integer(&self) -> Option<bool> {
        match self {
            Shape::U8 | Shape::U16 | Shape::U32 | Shape::U64 => Some(false),
            Shape::I8 | Shape::I16 | Shape::I32 | Shape::I64 => Some(true),
            _ => None,
        }
    }
}

fn raws<T: Lane>(v: &[T]) -> Vec<u64> {
    v.iter().map(|x| x.raw()).collect()
}

/// Appends the node of a column of `ty`. Strings become pages here; the codes of a segment's dictionary
/// are written by `encode_codes`. Errors: `TOO_LARGE_ARRAY_SIZE`.
pub(crate) fn encode(ty: &Type, c: &Column, codec: Codec, out: &mut Vec<u8>) -> Result<()> {
    encode_at(ty, c, codec, false, out)
}

fn encode_at(ty: &Type, c: &Column, codec: Codec, nested: bool, out: &mut Vec<u8>) -> Result<()> {
    let c = c.flat();
    if let Some(nulls) = c.nulls.as_deref().filter(|n| n.any()) {
        encode_nulls(nulls, out);
        let mut result = Ok(());
        put_part(out, |out| result = encode_values(ty, &c, codec, nested, out));
        return result;
    }
    encode_values(ty, &c, codec, nested, out)
}

fn encode_nulls(nulls: &Bitmap, out: &mut Vec<u8>) {
    out.push(id::NULLABLE);
    let mask: Vec<u64> = (0..nulls.len()).map(|i| u64::from(nulls.get(i))).collect();
    put_part(out, |out| {
        ints::encode(&mask, 0, out);
    });
}

/// A block of codes of the segment's dictionary.
pub(crate) fn encode_codes(codes: &[u32], nulls: Option<&Bitmap>, out: &mut Vec<u8>) {
    let raw = raws(codes);
    let write = |out: &mut Vec<u8>| {
        out.push(id::TEXT_CODES);
        ints::encode(&raw, 0, out);
    };
    match nulls.filter(|n| n.any()) {
        Some(n) => {
            encode_nulls(n, out);
            put_part(out, write);
        }
        None => write(out),
    }
}

fn encode_values(ty: &Type, c: &Column, codec: Codec, nested: bool, out: &mut Vec<u8>) -> Result<()> {
    let mut numbers = |raw: Vec<u64>, signed: bool| {
        ints::encode(&raw, flip(signed), out);
    };
    match &c.data {
        Data::U8(v) => numbers(raws(v), false),
        Data::U16(v) => numbers(raws(v), false),
        Data::U32(v) => numbers(raws(v), false),
        Data::U64(v) => numbers(raws(v), false),
        Data::I8(v) => numbers(raws(v), true),
        Data::I16(v) => numbers(raws(v), true),
        Data::I32(v) => numbers(raws(v), true),
        Data::I64(v) => numbers(raws(v), true),
        Data::F32(v) => encode_floats(v.as_slice(), out),
        Data::F64(v) => encode_floats(v.as_slice(), out),
        Data::U128(v) => wide::encode(v, out),
        Data::I128(v) => wide::encode(v, out),
        Data::U256(v) => wide::encode(v, out),
        Data::I256(v) => wide::encode(v, out),
        Data::Str(s) => text::encode(s, codec, nested, out),
        Data::Fixed(f) => encode_fixed(f, codec, out),
        Data::Array(a) => {
            let element = match Shape::of(ty) {
                Shape::Array(t) => t,
                _ => return Err(Error::internal(format!("an array in a column of {ty}"))),
            };
            let n = a.offsets.len() - 1;
            let (from, to) = (a.offsets[0] as usize, a.offsets[n] as usize);
            if to - from > ELEMENTS_MAX {
                return Err(Error::new(
                    types::codes::TOO_LARGE_ARRAY_SIZE,
                    format!("{} array elements in {n} rows, at most {ELEMENTS_MAX} can be stored", to - from),
                ));
            }
            let lengths: Vec<u64> = a.offsets.windows(2).map(|w| u64::from(w[1] - w[0])).collect();
            out.push(id::ARRAY);
            put_part(out, |out| {
                ints::encode(&lengths, 0, out);
            });
            let mut result = Ok(());
            let values = a.values.slice(from, to - from);
            put_part(out, |out| result = encode_at(&element, &values, codec, true, out));
            result?;
        }
        Data::Tuple(columns, _) => {
            let Shape::Tuple(tys) = Shape::of(ty) else {
                return Err(Error::internal(format!("a tuple in a column of {ty}")));
            };
            if tys.len() != columns.len() {
                return Err(Error::internal(format!("{} tuple elements in a column of {ty}", columns.len())));
            }
            out.push(id::TUPLE);
            for (t, c) in tys.iter().zip(columns.iter()) {
                let mut result = Ok(());
                put_part(out, |out| result = encode_at(t, c, codec, true, out));
                result?;
            }
        }
        Data::Nothing(_) => out.push(id::NOTHING),
        Data::Const(..) | Data::Codes(..) => return Err(Error::internal("encode_values takes flat columns")),
    }
    Ok(())
}

fn encode_floats<F: decimal::Float>(values: &[F], out: &mut Vec<u8>) {
    let at = out.len();
    ints::encode(&raws(values), 0, out);
    let size = out.len() - at;
    if size < values.len() / 4 || values.len() < 16 {
        return;
    }
    let mut alternative = Vec::new();
    if decimal::encode(values, size * 9 / 10, &mut alternative) {
        out.truncate(at);
        out.extend_from_slice(&alternative);
    }
}

fn encode_fixed(f: &FixedData, codec: Codec, out: &mut Vec<u8>) {
    let width = f.width.max(1);
    let first = &f.bytes[..width.min(f.bytes.len())];
    if f.bytes.chunks_exact(width).all(|x| x == first) && !first.is_empty() {
        out.push(id::FIXED_CONSTANT);
        out.extend_from_slice(first);
        return;
    }
    out.push(id::FIXED_PAGES);
    write_pages(&f.bytes, codec, out);
}

/// A node at the top of a block, its NULL mask taken apart.
pub(crate) struct Block<'a> {
    pub id: u8,
    pub nulls: Option<Ints<'a>>,
    /// what follows the id
    pub body: Reader<'a>,
    pub rows: usize,
}

impl<'a> Block<'a> {
    pub fn parse(r: &mut Reader<'a>, rows: usize) -> Result<Self> {
        let id = r.u8()?;
        if id != id::NULLABLE {
            return Ok(Block { id, nulls: None, body: r.clone(), rows });
        }
        let nulls = Ints::parse(&mut r.part()?, rows, 0)?;
        let mut body = r.part()?;
        let id = body.u8()?;
        if id == id::NULLABLE {
            return Err(corrupt("NULLs of NULLs"));
        }
        Ok(Block { id, nulls: Some(nulls), body, rows })
    }
    /// The number node, for integers, float bits and codes.
    pub fn ints(&self) -> Result<Ints<'a>> {
        let mut body = self.body.clone();
        match self.id {
            id::TEXT_CODES => Ints::parse(&mut body, self.rows, 0),
            id => Ints::parse_after_id(id, &mut body, self.rows, 0),
        }
    }
    /// Bit set = NULL.
    pub fn null_mask(&self) -> Result<Option<Bitmap>> {
        let Some(nulls) = &self.nulls else { return Ok(None) };
        let mut mask = Bitmap::new(self.rows, true);
        nulls.filter(&Test::In(1, u64::MAX), 0, &mut mask)?;
        Ok(Some(mask).filter(Bitmap::any))
    }
    pub fn text(&self) -> Result<Text<'a>> {
        Text::parse(self.id, &mut self.body.clone(), self.rows)
    }
}

/// Decodes a node. `dict`: the segment's dictionary, for codes.
pub(crate) fn decode(r: &mut Reader, ty: &Type, rows: usize, dict: Option<&Arc<Dict>>) -> Result<Column> {
    decode_at(r, ty, rows, dict, 0)
}

fn decode_at(r: &mut Reader, ty: &Type, rows: usize, dict: Option<&Arc<Dict>>, depth: u8) -> Result<Column> {
    if depth > DEPTH_MAX {
        return Err(corrupt("nested too deeply"));
    }
    let block = Block::parse(r, rows)?;
    let nulls = block.null_mask()?;
    let shape = Shape::of(ty);
    // Constant numbers stay constants at the top, where every operator knows them.
    if depth == 0
        && nulls.is_none()
        && block.id == id::CONSTANT
        && rows > 0
        && !matches!(shape, Shape::U128 | Shape::U256 | Shape::I128 | Shape::I256)
    {
        let mut b = block.body.clone();
        let one = numbers(&Ints::parse_after_id(block.id, &mut b, 1, 0)?, &shape)?;
        return Ok(Column::constant(one.into(), rows));
    }
    let data = match &shape {
        Shape::U128 => Data::U128(wide::decode(block.id, &mut block.body.clone(), rows)?.into()),
        Shape::I128 => Data::I128(wide::decode(block.id, &mut block.body.clone(), rows)?.into()),
        Shape::U256 => Data::U256(wide::decode(block.id, &mut block.body.clone(), rows)?.into()),
        Shape::I256 => Data::I256(wide::decode(block.id, &mut block.body.clone(), rows)?.into()),
        Shape::F32 if block.id == id::DECIMAL => {
            Data::F32(Decimal::parse(&mut block.body.clone(), rows)?.decode::<f32>()?.into())
        }
        Shape::F64 if block.id == id::DECIMAL => {
            Data::F64(Decimal::parse(&mut block.body.clone(), rows)?.decode::<f64>()?.into())
        }
        Shape::Str if block.id == id::TEXT_CODES => {
            let dict = dict.ok_or_else(|| corrupt("codes in a column without dictionary"))?;
            let codes = block.ints()?.decode::<u32>()?;
            super::dictionary::check_codes(&codes, dict.len())?;
            Data::Codes(codes.into(), dict.clone())
        }
        Shape::Str => Data::Str(block.text()?.decode()?),
        Shape::Fixed(width) => Data::Fixed(decode_fixed(block.id, &mut block.body.clone(), *width, rows)?),
        Shape::Array(element) => {
            expect(block.id, id::ARRAY)?;
            let mut body = block.body.clone();
            let lengths = Ints::parse(&mut body.part()?, rows, 0)?.decode::<u32>()?;
            let offsets = text::offsets(&lengths, ELEMENTS_MAX as u64)?;
            let count = offsets[rows] as usize;
            let values = decode_at(&mut body.part()?, element, count, None, depth + 1)?;
            Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values) })
        }
        Shape::Tuple(tys) => {
            expect(block.id, id::TUPLE)?;
            let mut body = block.body.clone();
            let mut columns = Vec::with_capacity(tys.len());
            for t in tys {
                columns.push(decode_at(&mut body.part()?, t, rows, None, depth + 1)?);
            }
            Data::Tuple(columns.into(), rows)
        }
        Shape::Nothing => {
            expect(block.id, id::NOTHING)?;
            Data::Nothing(rows)
        }
        _ => numbers(&block.ints()?, &shape)?,
    };
    Ok(Column::new(data, nulls))
}

fn expect(found: u8, wanted: u8) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(corrupt(format!("{} where {} belongs", id::name(found), id::name(wanted))))
}

fn numbers(ints: &Ints, shape: &Shape) -> Result<Data> {
    Ok(match shape {
        Shape::U8 => Data::U8(ints.decode()?.into()),
        Shape::U16 => Data::U16(ints.decode()?.into()),
        Shape::U32 => Data::U32(ints.decode()?.into()),
        Shape::U64 => Data::U64(ints.decode()?.into()),
        Shape::I8 => Data::I8(ints.decode()?.into()),
        Shape::I16 => Data::I16(ints.decode()?.into()),
        Shape::I32 => Data::I32(ints.decode()?.into()),
        Shape::I64 => Data::I64(ints.decode()?.into()),
        Shape::F32 => Data::F32(ints.decode()?.into()),
        Shape::F64 => Data::F64(ints.decode()?.into()),
        _ => return Err(corrupt("numbers in a column of another kind")),
    })
}

fn decode_fixed(id: u8, r: &mut Reader, width: usize, rows: usize) -> Result<FixedData> {
    let total = width.checked_mul(rows).filter(|t| *t <= 1 << 32).ok_or_else(|| corrupt("too many bytes"))?;
    let bytes = match id {
        id::FIXED_CONSTANT => flat_bytes(r, 1, width)?.repeat(rows),
        id::FIXED_PAGES => open_all(&parse_pages(r, total as u64)?)?,
        _ => return Err(corrupt(format!("encoding {id} is not one for FixedString"))),
    };
    Ok(FixedData { width, bytes: bytes.into() })
}

/// Some rows of a block, in the order asked. Numbers, codes and paged strings are decoded for these rows
/// only. The caller has checked that the rows exist.
pub(crate) fn gather(
    bytes: &[u8],
    ty: &Type,
    rows: usize,
    dict: Option<&Arc<Dict>>,
    ask: &[u32],
) -> Result<Column> {
    let block = Block::parse(&mut Reader::new(bytes), rows)?;
    let shape = Shape::of(ty);
    let data = match (&shape, block.id) {
        (Shape::Str, id::TEXT_CODES) => {
            let dict = dict.ok_or_else(|| corrupt("codes in a column without dictionary"))?;
            let codes = block.ints()?.gather::<u32>(ask)?;
            super::dictionary::check_codes(&codes, dict.len())?;
            Data::Codes(codes.into(), dict.clone())
        }
        (Shape::Str, _) => Data::Str(block.text()?.gather(ask)?),
        (Shape::F32, id::DECIMAL) => {
            Data::F32(Decimal::parse(&mut block.body.clone(), rows)?.gather::<f32>(ask)?.into())
        }
        (Shape::F64, id::DECIMAL) => {
            Data::F64(Decimal::parse(&mut block.body.clone(), rows)?.gather::<f64>(ask)?.into())
        }
        (_, id::CONSTANT..=id::PATCHED) => {
            let ints = block.ints()?;
            match &shape {
                Shape::U8 => Data::U8(ints.gather(ask)?.into()),
                Shape::U16 => Data::U16(ints.gather(ask)?.into()),
                Shape::U32 => Data::U32(ints.gather(ask)?.into()),
                Shape::U64 => Data::U64(ints.gather(ask)?.into()),
                Shape::I8 => Data::I8(ints.gather(ask)?.into()),
                Shape::I16 => Data::I16(ints.gather(ask)?.into()),
                Shape::I32 => Data::I32(ints.gather(ask)?.into()),
                Shape::I64 => Data::I64(ints.gather(ask)?.into()),
                Shape::F32 => Data::F32(ints.gather(ask)?.into()),
                Shape::F64 => Data::F64(ints.gather(ask)?.into()),
                _ => return Err(corrupt("numbers in a column of another kind")),
            }
        }
        _ => return Ok(decode(&mut Reader::new(bytes), ty, rows, dict)?.gather(ask)),
    };
    let nulls = match &block.nulls {
        Some(n) => {
            let mask = n.gather::<u8>(ask)?;
            Some(Bitmap::from_bytes(&mask))
        }
        None => None,
    };
    Ok(Column::new(data, nulls))
}
