//! Bit-packed frame of reference (layout of the bits: `bitpack.rs`).
//!
//! Node: width (u8, 1–64), base (u64 raw), whole groups of 256 values.

use super::bitpack::{self, GROUP, packed_bytes, unpack16, unpack32, unpack64};
use super::lane::Lane;
use super::test::{Test, scan};
use crate::bytes::{Reader, corrupt};
use std::ops::Range;
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Packed<'a> {
    width: u8,
    base: u64,
    data: &'a [u8],
    n: usize,
}

pub(crate) fn write(values: &[u64], base: u64, width: u8, out: &mut Vec<u8>) {
    out.push(width);
    out.extend_from_slice(&base.to_le_bytes());
    bitpack::pack(values.iter().map(|v| v.wrapping_sub(base)), width, out);
}

/// Unpacks the group of the asked 64 rows unless it is the one at hand.
macro_rules! scan_groups {
    ($t:ty, $unpack:ident, $self:ident, $test:ident, $sel:ident) => {{
        let w = $self.width as usize;
        let mut group = [0 as $t; GROUP];
        let mut at = usize::MAX;
        scan::<$t>($sel, &$test, |k, out| {
            if at != k / 4 {
                at = k / 4;
                $unpack(&$self.data[at * 32 * w..][..32 * w], w, &mut group);
            }
            out.copy_from_slice(&group[k % 4 * 64..][..64]);
        })
    }};
}

impl<'a> Packed<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize) -> Result<Self> {
        let width = r.u8()?;
        if !(1..=64).contains(&width) {
            return Err(corrupt(format!("packed numbers of {width} bits")));
        }
        let base = r.u64()?;
        if n / GROUP > r.left() {
            return Err(corrupt("too many packed numbers"));
        }
        Ok(Packed { width, base, data: r.take(packed_bytes(n, width))?, n })
    }
    /// Rows from the start of a group on.
    pub fn part(&self, rows: Range<usize>) -> Packed<'a> {
        debug_assert!(rows.start % GROUP == 0 && rows.end <= self.n);
        let bytes = packed_bytes(rows.start, self.width)..packed_bytes(rows.end, self.width);
        Packed { data: &self.data[bytes], n: rows.len(), ..*self }
    }
    pub fn decode<T: Lane>(&self) -> Vec<T> {
        let w = self.width as usize;
        let mut out = Vec::with_capacity(self.n.next_multiple_of(GROUP));
        let base = self.base;
        let groups = self.data.chunks_exact(32 * w);
        match self.width {
            1..=16 => {
                let mut g = [0u16; GROUP];
                for bytes in groups {
                    unpack16(bytes, w, &mut g);
                    out.extend(g.iter().map(|&v| T::of(base.wrapping_add(v.into()))));
                }
            }
            17..=32 => {
                let mut g = [0u32; GROUP];
                for bytes in groups {
                    unpack32(bytes, w, &mut g);
                    out.extend(g.iter().map(|&v| T::of(base.wrapping_add(v.into()))));
                }
            }
            _ => {
                let mut g = [0u64; GROUP];
                for bytes in groups {
                    unpack64(bytes, w, &mut g);
                    out.extend(g.iter().map(|&v| T::of(base.wrapping_add(v))));
                }
            }
        }
        out.truncate(self.n);
        out
    }
    pub fn get(&self, i: usize) -> u64 {
        self.base.wrapping_add(bitpack::get(self.data, self.width, i))
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) {
        let span = u64::MAX >> (64 - self.width);
        let test = test.shift(self.base ^ flip, span);
        match self.width {
            1..=16 => scan_groups!(u16, unpack16, self, test, sel),
            17..=32 => scan_groups!(u32, unpack32, self, test, sel),
            _ => scan_groups!(u64, unpack64, self, test, sel),
        }
    }
}
