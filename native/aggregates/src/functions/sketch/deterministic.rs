//! A sample that the hash of a second argument decides: the same rows give the same sample, whatever their order.
//!
//! Rows are kept whose hash ends in `skip` zero bits; when there are more than 8192, `skip` grows. The hash and
//! the bound are ClickHouse's, and so are the quantiles.

use super::super::quantile_sketch::Sketch;
use super::{column_of, interpolate, values_of};
use crate::state::binary;
use crate::state::int_hash::int_hash64;
use crate::state::wire::{Reader, damaged, put_u64};
use types::{Result, Type};

const SIZE: usize = 8192;

#[derive(Default)]
pub struct Deterministic {
    rows: Vec<(u64, f64)>,
    skip: u32,
    seen: u64,
}

/// Of a pair of a value and its hash.
fn alignment(ty: &Type) -> usize {
    ty.fixed_width().unwrap_or(8).clamp(4, 8)
}

impl Deterministic {
    fn keeps(&self, hash: u64) -> bool {
        self.skip == 0 || hash.trailing_zeros() >= self.skip
    }
    fn push(&mut self, hash: u64, value: f64) {
        if !self.keeps(hash) {
            return;
        }
        self.rows.push((hash, value));
        while self.rows.len() > SIZE && self.skip < 32 {
            self.skip += 1;
            let skip = self.skip;
            self.rows.retain(|r| r.0.trailing_zeros() >= skip);
        }
        // one and the same determinator everywhere cannot be thinned out
        self.rows.truncate(SIZE * 2);
    }
}

impl Sketch for Deterministic {
    fn add(&mut self, value: f64, weight: f64, _accuracy: f64) {
        self.seen += 1;
        // The determinator comes as the bits of a weight.
        self.push(u64::from(int_hash64(weight.to_bits()) as u32), value);
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
        self.seen += other.seen;
        if other.skip > self.skip {
            self.skip = other.skip;
            let skip = self.skip;
            self.rows.retain(|r| r.0.trailing_zeros() >= skip);
        }
        other.rows.iter().for_each(|(h, v)| self.push(*h, *v));
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.rows.iter().map(|r| r.1).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        levels.iter().map(|l| interpolate(&sorted, *l)).collect()
    }
    fn put(&self, ty: &Type, out: &mut Vec<u8>) {
        put_u64(out, self.rows.len() as u64);
        put_u64(out, self.seen);
        let values = column_of(ty, self.rows.iter().map(|r| r.1));
        for (row, (hash, _)) in self.rows.iter().enumerate() {
            // value and hash as C++ lays out a pair of them
            let (align, start) = (alignment(ty), out.len());
            binary::put(ty, &values, row, out);
            out.resize(start + (out.len() - start).next_multiple_of(4), 0);
            out.extend_from_slice(&(*hash as u32).to_le_bytes());
            out.resize(start + (out.len() - start).next_multiple_of(align), 0);
        }
    }
    fn read(ty: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let (n, seen) = (r.u64()?, r.u64()?);
        let mut read = Deterministic { seen, ..Self::default() };
        if n > SIZE as u64 * 2 {
            return Err(damaged());
        }
        let width = ty.fixed_width().unwrap_or(8);
        let padded = width.next_multiple_of(4);
        for _ in 0..n {
            let value = values_of(ty, 1, r)?;
            r.take(padded - width)?;
            let hash = u64::from(r.u32()?);
            r.take((padded + 4).next_multiple_of(alignment(ty)) - padded - 4)?;
            read.rows.push((hash, value.first().copied().unwrap_or_default()));
        }
        // so many zero bits all of them have, if any were left out
        if seen > n {
            read.skip = read.rows.iter().map(|row| row.0.trailing_zeros().min(32)).min().unwrap_or(0);
        }
        Ok(read)
    }
    fn heap_bytes(&self) -> usize {
        self.rows.capacity() * 16
    }
}
