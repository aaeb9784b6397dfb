//! Milliseconds from 0 to 30000: as they are while there are few, else in a histogram with steps of
//! 1 below 1024 and of 16 above. What "few" is, and which value stands for a step, is ClickHouse's.

use super::super::quantile_sketch::Sketch;
use crate::state::int_hash::int_hash32;
use crate::state::wire::{Reader, damaged, put_var};
use types::{Result, Type};

const VALUES_MAX: usize = 5670;
/// of rows with weights
const WEIGHTED_MAX: u64 = 31;
const FINE: usize = 1024;
const STEP: usize = 16;
const LIMIT: u16 = 30000;
const BUCKETS: usize = FINE + (LIMIT as usize - FINE) / STEP + 1;

#[derive(Default)]
pub struct Timing {
    values: Vec<u16>,
    histogram: Option<Box<[u64]>>,
}

fn bucket(v: u16) -> usize {
    let v = usize::from(v);
    if v < FINE { v } else { FINE + (v - FINE) / STEP }
}
/// Within a step a hash of its number chooses the value.
fn value_of(bucket: usize) -> f64 {
    match bucket.checked_sub(FINE) {
        None => bucket as f64,
        Some(_) if bucket + 1 == BUCKETS => f64::from(LIMIT),
        Some(step) => {
            (step * STEP + FINE + int_hash32(step as u64) as usize % STEP) as f64 - (STEP / 2) as f64
        }
    }
}

impl Timing {
    fn spread(&mut self) -> &mut [u64] {
        let values = std::mem::take(&mut self.values);
        let h = self.histogram.get_or_insert_with(|| vec![0; BUCKETS].into());
        values.iter().for_each(|v| h[bucket(*v)] += 1);
        h
    }
}

impl Sketch for Timing {
    /// `weighted`: 1 if rows have weights
    fn add(&mut self, value: f64, weight: f64, weighted: f64) {
        // no time is negative
        if value < 0.0 {
            return;
        }
        let v = value.clamp(0.0, f64::from(LIMIT)) as u16;
        let n = weight as u64;
        let few = match weighted {
            1.0 => n < WEIGHTED_MAX && self.values.len() as u64 + n <= WEIGHTED_MAX,
            _ => self.values.len() < VALUES_MAX,
        };
        if self.histogram.is_none() && few {
            self.values.extend(std::iter::repeat_n(v, n as usize));
        } else {
            let slot = &mut self.spread()[bucket(v)];
            *slot = slot.saturating_add(n);
        }
    }
    fn merge(&mut self, other: &Self, _: f64) {
        other.values.iter().for_each(|v| self.add(f64::from(*v), 1.0, 0.0));
        if let Some(theirs) = &other.histogram {
            self.spread().iter_mut().zip(theirs).for_each(|(a, b)| *a = a.saturating_add(*b));
        }
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let Some(h) = &self.histogram else {
            let mut sorted = self.values.clone();
            sorted.sort_unstable();
            let n = sorted.len();
            let one = |l: &f64| {
                if n == 0 { f64::NAN } else { f64::from(sorted[((l * n as f64) as usize).min(n - 1)]) }
            };
            return levels.iter().map(one).collect();
        };
        let total: u64 = h.iter().fold(0, |a, b| a.saturating_add(*b));
        levels
            .iter()
            .map(|level| {
                let rank = (level * total as f64).ceil() as u64;
                let mut sum = 0u64;
                let at = h.iter().position(|n| {
                    sum = sum.saturating_add(*n);
                    *n > 0 && sum >= rank
                });
                at.map_or(f64::NAN, value_of)
            })
            .collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        put_var(out, self.values.len() as u64);
        self.values.iter().for_each(|v| put_var(out, u64::from(*v)));
        let used: Vec<(usize, u64)> =
            self.histogram.iter().flat_map(|h| h.iter().copied().enumerate()).filter(|x| x.1 > 0).collect();
        put_var(out, used.len() as u64);
        for (i, n) in used {
            put_var(out, i as u64);
            put_var(out, n);
        }
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let mut t = Timing::default();
        for _ in 0..r.count(1)? {
            t.values.push(r.var()?.min(u64::from(LIMIT)) as u16);
        }
        for _ in 0..r.count(2)? {
            let i = r.var()? as usize;
            let n = r.var()?;
            *t.spread().get_mut(i).ok_or_else(damaged)? = n;
        }
        Ok(t)
    }
    fn heap_bytes(&self) -> usize {
        self.values.capacity() * 2 + self.histogram.as_ref().map_or(0, |h| h.len() * 8)
    }
}
