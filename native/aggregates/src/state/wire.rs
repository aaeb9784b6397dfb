//! Serial forms: little-endian numbers, varints, length-prefixed bytes. Reading trusts nothing.

use types::codes::{CANNOT_READ_ALL_DATA, INCORRECT_DATA};
use types::{Column, ColumnBuilder, Data, Error, I256, Result, U256, builder::Values};

pub fn put_var(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}
pub fn put_u64(out: &mut Vec<u8>, v: u64) {
    out.extend_from_slice(&v.to_le_bytes());
}
pub fn put_f64(out: &mut Vec<u8>, v: f64) {
    out.extend_from_slice(&v.to_le_bytes());
}
pub fn put_bytes(out: &mut Vec<u8>, v: &[u8]) {
    put_var(out, v.len() as u64);
    out.extend_from_slice(v);
}

pub fn damaged() -> Error {
    Error::new(INCORRECT_DATA, "The bytes are not a state of this aggregate function")
}

/// Reads a serial state.
#[derive(Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.rest.len() {
            return Err(Error::new(
                CANNOT_READ_ALL_DATA,
                "The bytes of an aggregate function's state end too early",
            ));
        }
        let (a, b) = self.rest.split_at(n);
        self.rest = b;
        Ok(a)
    }
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }
    pub fn var(&mut self) -> Result<u64> {
        let mut v = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Ok(v);
            }
        }
        Err(damaged())
    }
    /// A number of items of which each takes at least `item_bytes` of what remains.
    pub fn count(&mut self, item_bytes: usize) -> Result<usize> {
        let n = usize::try_from(self.var()?).map_err(|_| damaged())?;
        if n.checked_mul(item_bytes.max(1)).is_none_or(|b| b > self.rest.len()) {
            return Err(damaged());
        }
        Ok(n)
    }
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let n = self.count(1)?;
        self.take(n)
    }
}

/// A fixed-width number with a little-endian form.
pub trait Fixed: Copy + Default + Send + Sync + PartialEq + 'static {
    fn put(self, out: &mut Vec<u8>);
    fn read(r: &mut Reader<'_>) -> Result<Self>;
}
macro_rules! fixed { ($($t:ty),*) => { $(impl Fixed for $t {
    fn put(self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
    fn read(r: &mut Reader<'_>) -> Result<Self> { Ok(<$t>::from_le_bytes(r.array()?)) }
})* } }
fixed!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, I256, U256);

/// Appends a row in a form that `read_value` takes back: a NULL flag, then the value.
pub fn put_value(c: &Column, row: usize, out: &mut Vec<u8>) {
    match &c.data {
        Data::Const(one, _) => return put_value(one, 0, out),
        _ if c.is_null(row) => return out.push(1),
        Data::Codes(codes, d) => return put_value(&d.values, codes[row] as usize, out),
        _ => out.push(0),
    }
    types::match_numeric!(&c.data, v, W => v[row].put(out), match &c.data {
        Data::Str(s) => put_bytes(out, s.get(row)),
        Data::Fixed(f) => out.extend_from_slice(&f.bytes[row * f.width..(row + 1) * f.width]),
        Data::Array(a) => {
            let (s, e) = (a.offsets[row] as usize, a.offsets[row + 1] as usize);
            put_var(out, (e - s) as u64);
            (s..e).for_each(|i| put_value(&a.values, i, out));
        }
        Data::Tuple(cs, _) => cs.iter().for_each(|x| put_value(x, row, out)),
        _ => {}
    });
}

/// Pushes one value written by `put_value`.
pub fn read_value(r: &mut Reader<'_>, b: &mut ColumnBuilder) -> Result<()> {
    if r.byte()? != 0 {
        b.push_null();
        return Ok(());
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
                    read_value(r, values)?;
                }
                offsets.push(values.len() as u32);
            }
            Values::Tuple(cs) => {
                for c in cs.iter_mut() {
                    read_value(r, c)?;
                }
            }
            Values::Nothing => {}
        }
    } }
    numbers!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64);
    b.pushed();
    Ok(())
}
