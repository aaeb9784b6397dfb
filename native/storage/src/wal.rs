//! Rows as the payload of a log frame (the frame's header and checksum are the log's business).
//!
//! Version (u8, 1), flags (u8, bit 0: LZ4), [length when open (varint), if LZ4], then: rows (varint),
//! columns (varint), and each column: its values as they lie in memory (`put`), after a byte that tells
//! whether a NULL mask precedes them. Constants and codes are written flat.

use crate::bytes::{Reader, corrupt, put_var};
use crate::encode::ELEMENTS_MAX;
use crate::encode::column::Shape;
use std::sync::Arc;
use types::{
    ArrayData, Batch, Bitmap, Column, Data, Error, Field, FixedData, I256, Result, StrData, Type, U256,
};

const VERSION: u8 = 1;
/// Shorter payloads are stored as they are: opening LZ4's table costs more than it saves.
const LZ4_FROM: usize = 400;
/// Bytes of an open payload that a reader accepts.
const OPEN_MAX: u64 = 1 << 30;
const DEPTH_MAX: u8 = 32;

/// The batch as bytes. `fields`: as many as columns. Errors: `LOGICAL_ERROR` if they do not fit.
pub fn encode_batch(batch: &Batch, fields: &[Field]) -> Result<Vec<u8>> {
    if fields.len() != batch.columns.len() {
        return Err(Error::internal(format!("{} columns for {} fields", batch.columns.len(), fields.len())));
    }
    let mut open = Vec::with_capacity(batch.bytes() + 16 + fields.len());
    put_var(&mut open, batch.rows as u64);
    put_var(&mut open, fields.len() as u64);
    for c in &batch.columns {
        put(c, &mut open);
    }
    let mut out = Vec::with_capacity(open.len() / 2 + 16);
    if open.len() >= LZ4_FROM {
        let packed = lz4_flex::block::compress(&open);
        if packed.len() + 8 < open.len() {
            out.extend_from_slice(&[VERSION, 1]);
            put_var(&mut out, open.len() as u64);
            out.extend_from_slice(&packed);
            return Ok(out);
        }
    }
    out.extend_from_slice(&[VERSION, 0]);
    out.extend_from_slice(&open);
    Ok(out)
}

macro_rules! put_numbers {
    ($v:expr, $out:expr) => {
        $v.iter().for_each(|x| $out.extend_from_slice(&x.to_le_bytes()))
    };
}

fn put(c: &Column, out: &mut Vec<u8>) {
    let c = c.flat();
    match &c.nulls {
        Some(n) => {
            out.push(1);
            let bytes = n.len().div_ceil(8);
            let at = out.len();
            n.words().iter().for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
            out.truncate(at + bytes);
        }
        None => out.push(0),
    }
    let offsets =
        |o: &[u32], out: &mut Vec<u8>| o.windows(2).for_each(|w| put_var(out, (w[1] - w[0]).into()));
    match &c.data {
        Data::U8(v) => out.extend_from_slice(v),
        Data::U16(v) => put_numbers!(v, out),
        Data::U32(v) => put_numbers!(v, out),
        Data::U64(v) => put_numbers!(v, out),
        Data::U128(v) => put_numbers!(v, out),
        Data::U256(v) => put_numbers!(v, out),
        Data::I8(v) => put_numbers!(v, out),
        Data::I16(v) => put_numbers!(v, out),
        Data::I32(v) => put_numbers!(v, out),
        Data::I64(v) => put_numbers!(v, out),
        Data::I128(v) => put_numbers!(v, out),
        Data::I256(v) => put_numbers!(v, out),
        Data::F32(v) => put_numbers!(v, out),
        Data::F64(v) => put_numbers!(v, out),
        Data::Str(s) => {
            offsets(&s.offsets, out);
            out.extend_from_slice(&s.bytes[s.offsets[0] as usize..s.offsets[s.len()] as usize]);
        }
        Data::Fixed(f) => out.extend_from_slice(&f.bytes),
        Data::Array(a) => {
            offsets(&a.offsets, out);
            let (from, to) = (a.offsets[0] as usize, a.offsets[a.offsets.len() - 1] as usize);
            put(&a.values.slice(from, to - from), out);
        }
        Data::Tuple(cs, _) => cs.iter().for_each(|c| put(c, out)),
        // `flat` leaves neither constants nor codes.
        Data::Nothing(_) | Data::Const(..) | Data::Codes(..) => {}
    }
}

/// The batch of an encoded payload. Errors: `CORRUPTED_DATA`; also if the columns are not those of `fields`.
pub fn decode_batch(bytes: &[u8], fields: &[Field]) -> Result<Batch> {
    let mut r = Reader::new(bytes);
    let (version, flags) = (r.u8()?, r.u8()?);
    if version != VERSION || flags > 1 {
        return Err(corrupt(format!("log payload of version {version}, flags {flags}")));
    }
    let opened;
    if flags == 1 {
        let len = r.var()?;
        let packed = r.take(r.left())?;
        // LZ4 never packs tighter than 1 to 255.
        if len > OPEN_MAX || len / 256 > packed.len() as u64 {
            return Err(corrupt(format!("a log payload of {len} bytes from {}", packed.len())));
        }
        opened = lz4_flex::block::decompress(packed, len as usize)
            .map_err(|e| corrupt(format!("a log payload does not open: {e}")))?;
        if opened.len() as u64 != len {
            return Err(corrupt("a log payload has another length than it says"));
        }
        r = Reader::new(&opened);
    }
    let rows = r.var()?;
    let columns = r.var()?;
    if columns != fields.len() as u64 || rows > OPEN_MAX {
        return Err(corrupt(format!(
            "a log payload of {columns} columns, {rows} rows; {} columns expected",
            fields.len()
        )));
    }
    let rows = rows as usize;
    let columns = fields.iter().map(|f| take(&mut r, &f.ty, rows, 0)).collect::<Result<Vec<_>>>()?;
    if r.left() > 0 {
        return Err(corrupt("bytes behind the last column"));
    }
    Ok(Batch { columns, rows })
}

fn read_lengths(r: &mut Reader, rows: usize) -> Result<Vec<u32>> {
    if rows > r.left() {
        return Err(corrupt("more rows than bytes"));
    }
    let mut out = Vec::with_capacity(rows + 1);
    let mut at = 0u64;
    out.push(0);
    for _ in 0..rows {
        at = at.saturating_add(r.var()?);
        out.push(u32::try_from(at).map_err(|_| corrupt("lengths past 4 GiB"))?);
    }
    Ok(out)
}

fn take(r: &mut Reader, ty: &Type, rows: usize, depth: u8) -> Result<Column> {
    if depth > DEPTH_MAX {
        return Err(corrupt("nested too deeply"));
    }
    let nulls = match r.u8()? {
        0 => None,
        1 => {
            let mut bytes = r.take(rows.div_ceil(8))?.to_vec();
            bytes.resize(rows.div_ceil(64) * 8, 0);
            let mut m = Reader::new(&bytes);
            let words = (0..rows.div_ceil(64)).map(|_| m.u64()).collect::<Result<Vec<_>>>()?;
            Some(Bitmap::from_words(words, rows))
        }
        f => return Err(corrupt(format!("a NULL flag of {f}"))),
    };
    macro_rules! numbers {
        ($t:ty, $wrap:path) => {{
            const N: usize = size_of::<$t>();
            let bytes = r.take(rows.checked_mul(N).ok_or_else(|| corrupt("too many rows"))?)?;
            let read = |c: &[u8]| {
                let mut b = [0; N];
                b.copy_from_slice(c);
                <$t>::from_le_bytes(b)
            };
            $wrap(bytes.chunks_exact(N).map(read).collect::<Vec<_>>().into())
        }};
    }
    let data = match Shape::of(ty) {
        Shape::U8 => numbers!(u8, Data::U8),
        Shape::U16 => numbers!(u16, Data::U16),
        Shape::U32 => numbers!(u32, Data::U32),
        Shape::U64 => numbers!(u64, Data::U64),
        Shape::U128 => numbers!(u128, Data::U128),
        Shape::U256 => numbers!(U256, Data::U256),
        Shape::I8 => numbers!(i8, Data::I8),
        Shape::I16 => numbers!(i16, Data::I16),
        Shape::I32 => numbers!(i32, Data::I32),
        Shape::I64 => numbers!(i64, Data::I64),
        Shape::I128 => numbers!(i128, Data::I128),
        Shape::I256 => numbers!(I256, Data::I256),
        Shape::F32 => numbers!(f32, Data::F32),
        Shape::F64 => numbers!(f64, Data::F64),
        Shape::Str => {
            let offsets = read_lengths(r, rows)?;
            let bytes = r.take(offsets[rows] as usize)?.to_vec();
            Data::Str(StrData { offsets: offsets.into(), bytes: bytes.into() })
        }
        Shape::Fixed(width) => {
            let bytes = r.take(rows.checked_mul(width).ok_or_else(|| corrupt("too many rows"))?)?.to_vec();
            Data::Fixed(FixedData { width, bytes: bytes.into() })
        }
        Shape::Array(element) => {
            let offsets = read_lengths(r, rows)?;
            let count = offsets[rows] as usize;
            if count > ELEMENTS_MAX {
                return Err(corrupt(format!("{count} array elements")));
            }
            let values = Arc::new(take(r, &element, count, depth + 1)?);
            Data::Array(ArrayData { offsets: offsets.into(), values })
        }
        Shape::Tuple(tys) => {
            let columns = tys.iter().map(|t| take(r, t, rows, depth + 1)).collect::<Result<Vec<_>>>()?;
            Data::Tuple(columns.into(), rows)
        }
        Shape::Nothing => Data::Nothing(rows),
    };
    Ok(Column::new(data, nulls))
}
