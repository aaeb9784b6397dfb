//! A cumulative histogram: upper bounds and the number of values up to each.

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Reader, put_f64, put_var};
use types::{Result, Type};

#[derive(Default)]
pub struct Prometheus {
    /// (bound, values up to it), in order of bound
    buckets: Vec<(f64, f64)>,
}

impl Sketch for Prometheus {
    fn add(&mut self, bound: f64, count: f64, _accuracy: f64) {
        let at = self.buckets.partition_point(|b| b.0 < bound);
        match self.buckets.get_mut(at) {
            Some(b) if b.0 == bound => b.1 += count,
            _ => self.buckets.insert(at, (bound, count)),
        }
    }
    fn merge(&mut self, other: &Self, accuracy: f64) {
        other.buckets.iter().for_each(|(b, n)| self.add(*b, *n, accuracy));
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        levels.iter().map(|l| quantile(&self.buckets, *l)).collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        put_var(out, self.buckets.len() as u64);
        for (b, n) in &self.buckets {
            put_f64(out, *b);
            put_f64(out, *n);
        }
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let mut p = Prometheus::default();
        for _ in 0..r.count(16)? {
            let (bound, n) = (r.f64()?, r.f64()?);
            p.add(bound, n, 0.0);
        }
        Ok(p)
    }
    fn heap_bytes(&self) -> usize {
        self.buckets.capacity() * 16
    }
}

fn quantile(buckets: &[(f64, f64)], level: f64) -> f64 {
    let Some(&(top, total)) = buckets.last() else { return f64::NAN };
    if buckets.len() < 2 || top != f64::INFINITY || total == 0.0 {
        return f64::NAN;
    }
    let rank = level * total;
    let at = buckets.iter().position(|b| b.1 >= rank).unwrap_or(buckets.len() - 1);
    if at == buckets.len() - 1 {
        return buckets[at - 1].0;
    }
    let (end, upto) = buckets[at];
    if at == 0 {
        return if end <= 0.0 { end } else { end * rank / upto };
    }
    let (start, below) = buckets[at - 1];
    start + (end - start) * (rank - below) / (upto - below)
}
