//! A sample that the hash of a second argument decides: the same rows give the same sample, whatever their order.
//!
//! Rows are kept whose hash ends in `skip` zero bits; when there are more than 8192, `skip` grows. The hash and
//! the bound are ClickHouse's, and so are the quantiles.

use super::super::quantile_sketch::Sketch;
use super::interpolate;
use super::int_hash64;
use crate::state::wire::{Reader, put_f64, put_u64, put_var};
use types::Result;

const SIZE: usize = 8192;

#[derive(Default)]
pub struct Deterministic {
    rows: Vec<(u64, f64)>,
    skip: u32,
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
        // The determinator comes as the bits of a weight.
        self.push(u64::from(int_hash64(weight.to_bits()) as u32), value);
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
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
    fn put(&self, out: &mut Vec<u8>) {
        put_var(out, u64::from(self.skip));
        put_var(out, self.rows.len() as u64);
        for (h, v) in &self.rows {
            put_u64(out, *h);
            put_f64(out, *v);
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let skip = r.var()?.min(32) as u32;
        let n = r.count(16)?;
        let rows = (0..n).map(|_| Ok((r.u64()?, r.f64()?))).collect::<Result<_>>()?;
        Ok(Deterministic { rows, skip })
    }
    fn heap_bytes(&self) -> usize {
        self.rows.capacity() * 16
    }
}
