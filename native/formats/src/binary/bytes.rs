//! Bytes that are read forward, and numbers of variable length.

use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE};
use types::{Error, Result};

/// No string and no array of a single value may be larger.
pub const VALUE_BYTES_MAX: u64 = 1 << 30;

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
