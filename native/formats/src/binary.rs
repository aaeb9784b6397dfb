//! Values as bytes: RowBinary's form of one value, and Native's form of a whole column.

use std::sync::Arc;
use types::bfloat;
use types::builder::Values;
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE};
use types::{
    ArrayData, Bitmap, Buf, Column, ColumnBuilder, Data, Error, FixedData, I256, Result, StrData, Type, U256,
};

/// No string and no array of a single value may be larger.
const VALUE_BYTES_MAX: u64 = 1 << 30;

/// Reads forward over binary data. Past the end: `ATTEMPT_TO_READ_AFTER_EOF`.
pub struct Bytes<'a> {
    pub data: &'a [u8],
    pub pos: usize,
}

impl<'a> Bytes<'a> {
    pub fn new(data: &'a [u8], pos: usize) -> Self {
        Bytes { data, pos }
    }
    pub fn left(&self) -> usize {
        self.data.len() - self.pos
    }
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.left() {
            return Err(Error::new(
                ATTEMPT_TO_READ_AFTER_EOF,
                format!("Attempt to read after the end of the data: {n} bytes wanted, {} left", self.left()),
            ));
        }
        self.pos += n;
        Ok(&self.data[self.pos - n..self.pos])
    }
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    /// An LEB128 number. Errors: also `INCORRECT_DATA` beyond 64 bits.
    pub fn varuint(&mut self) -> Result<u64> {
        let mut v = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            let bits = u64::from(b & 127);
            if shift == 63 && bits > 1 {
                break;
            }
            v |= bits << shift;
            if b < 128 {
                return Ok(v);
            }
        }
        Err(Error::new(INCORRECT_DATA, "A number of variable length is longer than 64 bits"))
    }
    pub fn string(&mut self) -> Result<&'a [u8]> {
        let n = self.varuint()?;
        if n > VALUE_BYTES_MAX {
            return Err(Error::new(TOO_LARGE_STRING_SIZE, format!("Too large string size: {n}")));
        }
        self.take(n as usize)
    }
    pub fn count(&mut self) -> Result<usize> {
        let n = self.varuint()?;
        if n > VALUE_BYTES_MAX {
            return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("Too large array size: {n}")));
        }
        Ok(n as usize)
    }
}

pub fn write_varuint(mut v: u64, out: &mut Vec<u8>) {
    while v >= 128 {
        out.push(v as u8 | 128);
        v >>= 7;
    }
    out.push(v as u8);
}
pub fn write_string(s: &[u8], out: &mut Vec<u8>) {
    write_varuint(s.len() as u64, out);
    out.extend_from_slice(s);
}

fn check_enum(ty: &Type, v: i16, strict: bool) -> Result<()> {
    match ty.base() {
        Type::Enum8(e) | Type::Enum16(e) if strict && e.name_of(v).is_none() => {
            Err(Error::new(types::codes::UNKNOWN_ELEMENT_OF_ENUM, format!("Unknown value {v} of the enum")))
        }
        _ => Ok(()),
    }
}

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
        Values::U128(v) => v.push(read_u128(ty, b)?),
        Values::U256(v) => v.push(U256::from_le_bytes(b.array()?)),
        Values::I8(v) => {
            let x = b.byte()? as i8;
            check_enum(ty, x.into(), true)?;
            v.push(x);
        }
        Values::I16(v) => {
            let x = i16::from_le_bytes(b.array()?);
            check_enum(ty, x, true)?;
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
            let entry;
            let inner = match ty {
                Type::Array(t) => t.as_ref(),
                Type::Map(kv) => {
                    entry = Type::map_entry(kv);
                    &entry
                }
                _ => return Err(Error::internal("an array of an unknown type")),
            };
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

/// IPv6 lies in network order; numbers and UUIDs low byte first.
fn read_u128(ty: &Type, b: &mut Bytes<'_>) -> Result<u128> {
    let raw: [u8; 16] = b.array()?;
    Ok(u128_of(ty, raw))
}
fn u128_of(ty: &Type, raw: [u8; 16]) -> u128 {
    match ty {
        Type::Ipv6 => u128::from_be_bytes(raw),
        _ => u128::from_le_bytes(raw),
    }
}
fn bytes_of_u128(ty: &Type, v: u128) -> [u8; 16] {
    match ty {
        Type::Ipv6 => v.to_be_bytes(),
        _ => v.to_le_bytes(),
    }
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
            let entry;
            let inner = match ty {
                Type::Array(t) => t.as_ref(),
                Type::Map(kv) => {
                    entry = Type::map_entry(kv);
                    &entry
                }
                _ => return,
            };
            (start..end).for_each(|i| write_value(inner, &a.values, i, out));
        }
        Data::Tuple(cs, _) => {
            if let Type::Tuple(es) = ty {
                es.iter().zip(cs.iter()).for_each(|((_, t), c)| write_value(t, c, row, out));
            }
        }
        Data::Nothing(_) | Data::Const(..) | Data::Codes(..) => {}
    }
}

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

fn write_low_cardinality(inner: &Type, col: &Column, out: &mut Vec<u8>) {
    let rows = col.len();
    if rows == 0 {
        return;
    }
    let nullable = inner.is_nullable();
    let base = inner.base();
    // Slot 0 is the default (or NULL); the other values follow in the order they come.
    let mut dict = ColumnBuilder::new(base);
    dict.push_default(1);
    let mut codes: Vec<u32> = Vec::with_capacity(rows);
    match &col.data {
        Data::Codes(given, d) => {
            let mut slot = vec![u32::MAX; d.len()];
            for (i, &c) in given.iter().enumerate() {
                if col.is_null(i) {
                    codes.push(0);
                    continue;
                }
                let s = &mut slot[c as usize];
                if *s == u32::MAX {
                    let is_default = d.values.bytes_at(c as usize).is_some_and(|b| {
                        b.iter().all(|x| *x == 0) && matches!(base, Type::String) == b.is_empty()
                    });
                    if is_default && !nullable {
                        *s = 0;
                    } else {
                        *s = dict.len() as u32;
                        dict.push_row(&d.values, c as usize);
                    }
                }
                codes.push(*s);
            }
        }
        _ => {
            let mut seen: hashbrown::HashMap<Vec<u8>, u32> = hashbrown::HashMap::new();
            let flat = col.flat();
            let mut plain = flat.clone();
            plain.nulls = None;
            let mut key = Vec::new();
            if !nullable {
                let zero = Column::default_of(base, 1).flat();
                write_value(base, &zero, 0, &mut key);
                seen.insert(key.clone(), 0);
            }
            for i in 0..rows {
                if flat.is_null(i) {
                    codes.push(0);
                    continue;
                }
                key.clear();
                write_value(base, &plain, i, &mut key);
                let next = dict.len() as u32;
                let code = *seen.entry_ref(key.as_slice()).or_insert(next);
                if code == next {
                    dict.push_row(&plain, i);
                }
                codes.push(code);
            }
        }
    }
    let size = dict.len();
    let kind: u64 = match size {
        0..=0x100 => 0,
        0x101..=0x1_0000 => 1,
        _ => 2,
    };
    out.extend_from_slice(&(0x600 | kind).to_le_bytes());
    out.extend_from_slice(&(size as u64).to_le_bytes());
    write_column(base, &dict.finish(), out);
    out.extend_from_slice(&(rows as u64).to_le_bytes());
    match kind {
        0 => out.extend(codes.iter().map(|c| *c as u8)),
        1 => codes.iter().for_each(|c| out.extend_from_slice(&(*c as u16).to_le_bytes())),
        _ => codes.iter().for_each(|c| out.extend_from_slice(&c.to_le_bytes())),
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
            let mut c = read_column(inner, rows, b)?;
            if let Data::Nothing(n) = c.data {
                c.data = Data::Nothing(n);
            }
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
            v.iter().try_for_each(|x| check_enum(ty, (*x).into(), true))?;
            Data::I8(v.into())
        }
        Type::Int16 | Type::Enum16(_) => {
            let d = le!(I16, i16, 2);
            if let Data::I16(v) = &d {
                v.iter().try_for_each(|x| check_enum(ty, *x, true))?;
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

fn checked(rows: usize, width: usize) -> Result<usize> {
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

fn read_low_cardinality(inner: &Type, rows: usize, b: &mut Bytes<'_>) -> Result<Column> {
    let base = inner.base();
    if rows == 0 {
        return Ok(ColumnBuilder::new(inner).finish());
    }
    let flags = b.u64()?;
    let (width, bits) = match flags & 0xff {
        0 => (1, 8),
        1 => (2, 16),
        2 => (4, 32),
        3 => (8, 64),
        v => {
            return Err(Error::new(INCORRECT_DATA, format!("Unknown index type {v} of a dictionary column")));
        }
    };
    if flags & 0x200 == 0 {
        return Err(Error::new(
            INCORRECT_DATA,
            format!("Dictionary flags {flags:#x} are not supported: keys must stand in the block"),
        ));
    }
    let size = b.u64()?;
    if size > b.left() as u64 && base.fixed_width() != Some(0) {
        return Err(Error::new(
            ATTEMPT_TO_READ_AFTER_EOF,
            format!("A dictionary of {size} values is larger than the data ({bits}-bit indexes)"),
        ));
    }
    let dict = read_column(base, size as usize, b)?;
    if b.u64()? != rows as u64 {
        return Err(Error::new(
            INCORRECT_DATA,
            "A dictionary column has another number of rows than its block",
        ));
    }
    let raw = b.take(checked(rows, width)?)?;
    let mut out = ColumnBuilder::with_capacity(inner, rows);
    for c in raw.chunks_exact(width) {
        let mut x = [0u8; 8];
        x[..width].copy_from_slice(c);
        let code = u64::from_le_bytes(x);
        if code >= size {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Index {code} lies outside a dictionary of {size} values"),
            ));
        }
        if code == 0 && inner.is_nullable() { out.push_null() } else { out.push_row(&dict, code as usize) }
    }
    Ok(out.finish())
}
