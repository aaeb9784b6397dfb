//! A uniform sample of up to 8192 values (algorithm R, with a fixed seed, so that runs repeat).

use super::super::quantile_sketch::Sketch;
use super::interpolate;
use crate::state::wire::{Reader, put_f64, put_var};
use types::Result;
use types::compare::mix;

const SIZE: usize = 8192;

#[derive(Default)]
pub struct Reservoir {
    values: Vec<f64>,
    seen: u64,
}

impl Reservoir {
    fn random(&self, below: u64) -> u64 {
        ((u128::from(mix(self.seen, 0x51ed)) * u128::from(below)) >> 64) as u64
    }
}

impl Sketch for Reservoir {
    fn add(&mut self, value: f64, _weight: f64, _accuracy: f64) {
        self.seen += 1;
        if self.values.len() < SIZE {
            self.values.push(value);
        } else {
            let at = self.random(self.seen) as usize;
            if at < SIZE {
                self.values[at] = value;
            }
        }
    }
    fn merge(&mut self, other: &Self, accuracy: f64) {
        if other.seen as usize == other.values.len() {
            other.values.iter().for_each(|v| self.add(*v, 1.0, accuracy));
            return;
        }
        if self.seen as usize == self.values.len() {
            let mine = std::mem::take(&mut self.values);
            self.values.clone_from(&other.values);
            self.seen = other.seen;
            mine.iter().for_each(|v| self.add(*v, 1.0, accuracy));
            return;
        }
        // two full samples: each place is theirs with the odds of their share of all rows
        let total = self.seen + other.seen;
        for (i, v) in other.values.iter().enumerate() {
            if mix(self.seen ^ i as u64, 0xa5a5) % total < other.seen {
                self.values[i] = *v;
            }
        }
        self.seen = total;
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        levels.iter().map(|l| interpolate(&sorted, *l)).collect()
    }
    fn put(&self, out: &mut Vec<u8>) {
        put_var(out, self.seen);
        put_var(out, self.values.len() as u64);
        self.values.iter().for_each(|v| put_f64(out, *v));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let seen = r.var()?;
        let n = r.count(8)?;
        if n > SIZE || (n as u64) > seen || (n < SIZE && n as u64 != seen) {
            return Err(crate::state::wire::damaged());
        }
        let values = (0..n).map(|_| r.f64()).collect::<Result<_>>()?;
        Ok(Reservoir { values, seen })
    }
    fn heap_bytes(&self) -> usize {
        self.values.capacity() * 8
    }
}
