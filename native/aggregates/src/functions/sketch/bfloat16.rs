//! Counts of values cut to bfloat16.

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Fixed, Reader, put_var};
use std::collections::HashMap;
use types::{Result, Type};

#[derive(Default)]
pub struct BFloat16 {
    counts: HashMap<u16, u64>,
}

impl BFloat16 {
    fn plus(&mut self, key: u16, n: u64) {
        let slot = self.counts.entry(key).or_default();
        *slot = slot.saturating_add(n);
    }
}

impl Sketch for BFloat16 {
    fn add(&mut self, value: f64, weight: f64, _accuracy: f64) {
        self.plus(((value as f32).to_bits() >> 16) as u16, weight as u64);
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
        other.counts.iter().for_each(|(k, n)| self.plus(*k, *n));
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut all: Vec<(f64, u64)> =
            self.counts.iter().map(|(k, n)| (f64::from(f32::from_bits(u32::from(*k) << 16)), *n)).collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = all.iter().map(|x| x.1 as f64).sum();
        let one = |level: &f64| {
            let mut sum = 0.0;
            let found = all.iter().find(|x| {
                sum += x.1 as f64;
                sum >= level * total
            });
            found.or(all.last()).map_or(f64::NAN, |x| x.0)
        };
        levels.iter().map(one).collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        let mut all: Vec<(&u16, &u64)> = self.counts.iter().collect();
        all.sort();
        put_var(out, all.len() as u64);
        for (k, n) in all {
            k.put(out);
            put_var(out, *n);
        }
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let mut b = BFloat16::default();
        for _ in 0..r.count(3)? {
            let key = <u16 as Fixed>::read(r)?;
            let n = r.var()?;
            b.plus(key, n);
        }
        Ok(b)
    }
    fn heap_bytes(&self) -> usize {
        self.counts.capacity() * 20
    }
}
