//! Encodings of column blocks. A block is one node: an encoding id and what belongs to it; nodes may hold
//! parts (a length, then a node). Row counts come from outside. FORMAT.md has every byte.

pub(crate) mod bitpack;
pub(crate) mod column;
pub(crate) mod decimal;
pub(crate) mod delta;
pub(crate) mod dictionary;
pub(crate) mod filter;
pub(crate) mod heap;
pub(crate) mod ints;
pub(crate) mod lane;
pub(crate) mod lanes;
pub(crate) mod packed;
pub(crate) mod pages;
pub(crate) mod patched;
pub(crate) mod runs;
pub(crate) mod sparse;
pub(crate) mod test;
pub(crate) mod text;
pub(crate) mod wide;

use crate::bytes::{Reader, corrupt};
use types::Result;

/// Elements of all arrays of a block: what a reader will make room for.
pub(crate) const ELEMENTS_MAX: usize = 1 << 27;

/// Ids of encodings. Append-only: a number is never used for something else.
pub(crate) mod id {
    pub const CONSTANT: u8 = 1;
    pub const LANES: u8 = 2;
    pub const PACKED: u8 = 3;
    pub const DELTA: u8 = 4;
    pub const RUNS: u8 = 5;
    pub const SPARSE: u8 = 6;
    pub const DICTIONARY: u8 = 7;
    pub const PATCHED: u8 = 8;
    pub const DECIMAL: u8 = 16;
    pub const WIDE_CONSTANT: u8 = 24;
    pub const WIDE_RANGE: u8 = 25;
    pub const WIDE_PLAIN: u8 = 26;
    pub const WIDE_DICTIONARY: u8 = 27;
    pub const TEXT_CONSTANT: u8 = 32;
    pub const TEXT_PAGES: u8 = 33;
    pub const TEXT_DICTIONARY: u8 = 34;
    pub const TEXT_CODES: u8 = 35;
    pub const FIXED_CONSTANT: u8 = 40;
    pub const FIXED_PAGES: u8 = 41;
    pub const ARRAY: u8 = 48;
    pub const TUPLE: u8 = 49;
    pub const NOTHING: u8 = 50;
    pub const NULLABLE: u8 = 56;

    /// For `system.columns` and EXPLAIN.
    pub fn name(id: u8) -> &'static str {
        match id {
            CONSTANT | WIDE_CONSTANT | TEXT_CONSTANT | FIXED_CONSTANT => "constant",
            LANES => "lanes",
            PACKED => "packed",
            DELTA => "delta",
            RUNS => "runs",
            SPARSE => "sparse",
            DICTIONARY | WIDE_DICTIONARY => "dictionary",
            PATCHED => "patched",
            DECIMAL => "decimal",
            WIDE_RANGE => "range",
            WIDE_PLAIN => "plain",
            TEXT_PAGES | FIXED_PAGES => "pages",
            TEXT_DICTIONARY => "block dictionary",
            TEXT_CODES => "codes",
            ARRAY => "array",
            TUPLE => "tuple",
            NOTHING => "nothing",
            NULLABLE => "nullable",
            _ => "unknown",
        }
    }
}

/// `n` values of `width` bytes.
pub(crate) fn flat_bytes<'a>(r: &mut Reader<'a>, n: usize, width: usize) -> Result<&'a [u8]> {
    r.take(n.checked_mul(width).ok_or_else(|| corrupt("too many values"))?)
}
