//! DDSketch: counts in buckets whose bounds grow by a constant factor, so that every quantile has a
//! bounded relative error. Source: Masson, Rim, Lee, "DDSketch".

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Fixed, Reader, put_var};
use std::collections::BTreeMap;
use types::{Result, Type};

/// buckets kept on each side; the lowest are merged beyond
const BUCKETS_MAX: usize = 2048;

#[derive(Default)]
pub struct DdSketch {
    positive: BTreeMap<i32, u64>,
    negative: BTreeMap<i32, u64>,
    zeros: u64,
}

fn gamma(accuracy: f64) -> f64 {
    (1.0 + accuracy) / (1.0 - accuracy)
}
/// The bucket whose lower bound is the largest power of gamma that is not above `v`. (ClickHouse cuts
/// towards zero, which makes the buckets on both sides of 1 one, of twice the error.)
fn index(v: f64, accuracy: f64) -> i32 {
    (v.ln() * (1.0 / gamma(accuracy).ln())).floor() as i32
}
fn value(index: i32, accuracy: f64) -> f64 {
    (f64::from(index) / (1.0 / gamma(accuracy).ln())).exp() * (1.0 + accuracy)
}
fn plus(side: &mut BTreeMap<i32, u64>, index: i32, n: u64) {
    *side.entry(index).or_default() += n;
    if side.len() > BUCKETS_MAX
        && let Some((_, low)) = side.pop_first()
        && let Some(mut next) = side.first_entry()
    {
        *next.get_mut() += low;
    }
}

impl Sketch for DdSketch {
    fn add(&mut self, v: f64, _weight: f64, accuracy: f64) {
        if v > 0.0 {
            plus(&mut self.positive, index(v, accuracy), 1);
        } else if v < 0.0 {
            plus(&mut self.negative, index(-v, accuracy), 1);
        } else {
            self.zeros += 1;
        }
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
        other.positive.iter().for_each(|(i, n)| plus(&mut self.positive, *i, *n));
        other.negative.iter().for_each(|(i, n)| plus(&mut self.negative, *i, *n));
        self.zeros += other.zeros;
    }
    fn quantiles(&self, levels: &[f64], accuracy: f64) -> Vec<f64> {
        let ordered = || {
            let below = self.negative.iter().rev().map(|(i, n)| (-value(*i, accuracy), *n));
            let zero = std::iter::once((0.0, self.zeros));
            below.chain(zero).chain(self.positive.iter().map(|(i, n)| (value(*i, accuracy), *n)))
        };
        let total: u64 = ordered().map(|x| x.1).sum();
        let one = |level: &f64| {
            if total == 0 {
                return f64::NAN;
            }
            let rank = level * (total - 1) as f64;
            let mut sum = 0u64;
            let found = ordered().find(|x| {
                sum += x.1;
                sum as f64 > rank
            });
            found.map_or(f64::NAN, |x| x.0)
        };
        levels.iter().map(one).collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        put_var(out, self.zeros);
        for side in [&self.positive, &self.negative] {
            put_var(out, side.len() as u64);
            for (i, n) in side {
                i.put(out);
                put_var(out, *n);
            }
        }
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let mut s = DdSketch { zeros: r.var()?, ..Default::default() };
        for side in [&mut s.positive, &mut s.negative] {
            for _ in 0..r.count(5)? {
                let i = <i32 as Fixed>::read(r)?;
                let n = r.var()?;
                plus(side, i, n);
            }
        }
        Ok(s)
    }
    fn heap_bytes(&self) -> usize {
        (self.positive.len() + self.negative.len()) * 24
    }
}
