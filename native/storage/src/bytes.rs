//! Reading and writing the bytes of segments and log payloads. Every length is checked before it is used.

use types::codes::CORRUPTED_DATA;
use types::{Error, I256, Result, Scalar, U256};

/// Damage found while decoding. The caller adds file and offset.
pub(crate) fn corrupt(what: impl Into<String>) -> Error {
    Error::new(CORRUPTED_DATA, what)
}

/// A position in bytes that were read from a file.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

macro_rules! fixed {
    ($name:ident, $t:ty) => {
        pub fn $name(&mut self) -> Result<$t> {
            let (head, rest) =
                self.bytes.split_first_chunk().ok_or_else(|| corrupt("the bytes end too early"))?;
            self.bytes = rest;
            Ok(<$t>::from_le_bytes(*head))
        }
    };
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }
    pub fn left(&self) -> usize {
        self.bytes.len()
    }
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.bytes.len() {
            return Err(corrupt(format!("{n} bytes expected, {} left", self.bytes.len())));
        }
        let (head, rest) = self.bytes.split_at(n);
        self.bytes = rest;
        Ok(head)
    }
    fixed!(u8, u8);
    fixed!(u32, u32);
    fixed!(u64, u64);
    /// Seven bits a byte, low ones first.
    pub fn var(&mut self) -> Result<u64> {
        let mut v = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.u8()?;
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Ok(v);
            }
        }
        Err(corrupt("a number does not end"))
    }
    /// A count of things that take at least `least` bytes each: never more than the bytes left allow.
    pub fn count(&mut self, least: usize) -> Result<usize> {
        let n = self.var()?;
        if n > (self.left() / least.max(1)) as u64 {
            return Err(corrupt(format!("a count of {n} does not fit into {} bytes", self.left())));
        }
        Ok(n as usize)
    }
    pub fn text(&mut self) -> Result<String> {
        String::from_utf8(self.blob()?.to_vec()).map_err(|_| corrupt("a name is not UTF-8"))
    }
    pub fn blob(&mut self) -> Result<&'a [u8]> {
        let n = self.count(1)?;
        self.take(n)
    }
    /// The part of a node that a length (u32) stands before.
    pub fn part(&mut self) -> Result<Reader<'a>> {
        let n = self.u32()? as usize;
        Ok(Reader::new(self.take(n)?))
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut a = [0; N];
        a.copy_from_slice(self.take(N)?);
        Ok(a)
    }
    pub fn scalar(&mut self) -> Result<Scalar> {
        Ok(match self.u8()? {
            0 => Scalar::Null,
            1 => Scalar::Int(unzigzag(self.var()?)),
            2 => Scalar::Int(i128::from_le_bytes(self.array()?)),
            3 => Scalar::UInt(u128::from_le_bytes(self.array()?)),
            4 => Scalar::I256(I256::from_le_bytes(self.array()?)),
            5 => Scalar::U256(U256::from_le_bytes(self.array()?)),
            6 => Scalar::Float(f64::from_bits(self.u64()?)),
            7 => Scalar::Bytes(self.blob()?.to_vec()),
            tag => return Err(corrupt(format!("unknown kind of value {tag}"))),
        })
    }
}

fn unzigzag(v: u64) -> i128 {
    i128::from((v >> 1) as i64 ^ -((v & 1) as i64))
}

pub(crate) fn put_var(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

pub(crate) fn put_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    put_var(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes what `body` appends with its length (u32) before it.
pub(crate) fn put_part(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let n = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&n.to_le_bytes());
}

/// Arrays and tuples have no statistics: they are written as NULL.
pub(crate) fn put_scalar(out: &mut Vec<u8>, s: &Scalar) {
    match s {
        Scalar::Null | Scalar::Array(_) | Scalar::Tuple(_) => out.push(0),
        Scalar::Int(v) => match i64::try_from(*v) {
            Ok(x) => {
                out.push(1);
                put_var(out, (x as u64) << 1 ^ (x >> 63) as u64);
            }
            Err(_) => {
                out.push(2);
                out.extend_from_slice(&v.to_le_bytes());
            }
        },
        Scalar::UInt(v) => {
            out.push(3);
            out.extend_from_slice(&v.to_le_bytes());
        }
        Scalar::I256(v) => {
            out.push(4);
            out.extend_from_slice(&v.to_le_bytes());
        }
        Scalar::U256(v) => {
            out.push(5);
            out.extend_from_slice(&v.to_le_bytes());
        }
        Scalar::Float(v) => {
            out.push(6);
            out.extend_from_slice(&v.to_bits().to_le_bytes());
        }
        Scalar::Bytes(b) => {
            out.push(7);
            put_blob(out, b);
        }
    }
}

/// The checksum of every block, page and footer.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}
