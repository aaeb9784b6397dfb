//! Functions on strings. Here: what their kernels share.

pub mod basic;
pub mod charset;
pub mod collation;
pub mod distance;
pub mod encode;
pub mod format;
pub mod fuzzy;
mod html;
pub mod like;
pub mod multi_match;
pub mod parts;
pub mod query;
pub mod re2;
pub mod regexp;
pub mod replace;
pub mod search;
pub mod split;
pub mod text;
pub mod tokens;
pub mod unicode;
pub mod utf8;

use crate::args::{StrOut, array_column, bools, check_bytes, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use types::{Column, Result, Type};

/// String → String, one argument. FixedString gives String.
pub fn to_text(b: &Bind<'_>, name: &'static str, f: impl Fn(&[u8], &mut Vec<u8>) + Send + Sync + 'static) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::String, move |c| map_text(c.col(0), c.rows, name, &f))
}

pub fn map_text(col: &Column, rows: usize, name: &str, f: impl Fn(&[u8], &mut Vec<u8>)) -> Result<Column> {
    let s = strs(col);
    let mut out = StrOut::new(rows, s.total(rows));
    for i in 0..rows {
        f(s.at(i), &mut out.bytes);
        out.end_row();
        if out.bytes.len() > crate::args::BYTES_MAX {
            out.check(name)?;
        }
    }
    out.finish(name)
}

/// String → UInt64, one argument.
pub fn to_u64(b: &Bind<'_>, f: impl Fn(&[u8]) -> u64 + Send + Sync + 'static) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        Ok(u64_col((0..c.rows).map(|i| f(s.at(i))).collect()))
    })
}

/// String → UInt8 as truth, one argument.
pub fn to_bool(b: &Bind<'_>, f: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::UInt8, move |c| {
        let s = strs(c.col(0));
        Ok(bools(c.rows, |i| f(s.at(i))))
    })
}

/// Two strings → UInt8 as truth.
pub fn two_to_bool(b: &Bind<'_>, f: impl Fn(&[u8], &[u8]) -> bool + Send + Sync + 'static) -> Result<Bound> {
    b.arity(2, 2)?;
    b.string(0)?;
    b.string(1)?;
    bound(Type::UInt8, move |c| {
        let (x, y) = (strs(c.col(0)), strs(c.col(1)));
        Ok(bools(c.rows, |i| f(x.at(i), y.at(i))))
    })
}

/// Arrays of strings, built piece by piece.
pub struct TextArrays {
    offsets: Vec<u32>,
    pub out: StrOut,
}

impl TextArrays {
    pub fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        TextArrays { offsets, out: StrOut::new(rows, rows * 16) }
    }
    pub fn push(&mut self, piece: &[u8]) {
        self.out.push(piece);
    }
    pub fn end_row(&mut self) -> Result<()> {
        self.offsets.push(self.out.rows() as u32);
        check_bytes("an array of strings", self.out.bytes.len() + self.out.rows() * 4)
    }
    pub fn finish(self) -> Column {
        array_column(self.offsets, self.out.column())
    }
}

/// Start of the character that begins at or before each byte: is this byte inside a character?
#[inline]
pub fn is_continuation(b: u8) -> bool {
    b & 0xC0 == 0x80
}

/// Characters as ClickHouse counts them: bytes that do not continue one.
#[inline]
pub fn count_chars(s: &[u8]) -> usize {
    s.iter().filter(|b| !is_continuation(**b)).count()
}

/// Byte position of character `n` (0-based), or the length.
pub fn char_position(s: &[u8], n: usize) -> usize {
    if n == 0 {
        return 0;
    }
    let mut seen = 0;
    for (i, b) in s.iter().enumerate() {
        if !is_continuation(*b) {
            if seen == n {
                return i;
            }
            seen += 1;
        }
    }
    s.len()
}

/// Lower case over all of Unicode; bytes that are no UTF-8 stay.
pub fn lower_utf8(s: &[u8], out: &mut Vec<u8>) {
    if s.is_ascii() {
        out.extend(s.iter().map(u8::to_ascii_lowercase));
        return;
    }
    // Whole texts, so that a sigma at the end of a word is the final one.
    for chunk in s.utf8_chunks() {
        out.extend_from_slice(chunk.valid().to_lowercase().as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
}

pub fn push_chars(chars: impl Iterator<Item = char>, out: &mut Vec<u8>) {
    let mut buffer = [0u8; 4];
    for c in chars {
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

/// Runs over characters; invalid bytes are copied.
pub fn each_char(s: &[u8], out: &mut Vec<u8>, mut f: impl FnMut(char, &mut Vec<u8>)) {
    for chunk in s.utf8_chunks() {
        for c in chunk.valid().chars() {
            f(c, out);
        }
        out.extend_from_slice(chunk.invalid());
    }
}
