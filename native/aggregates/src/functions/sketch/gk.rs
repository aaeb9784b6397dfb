//! Greenwald and Khanna's summary: sorted samples, each knowing how many values lie between it and its
//! neighbour, so that any rank is known within n / accuracy.
//! Source: Greenwald, Khanna, "Space-efficient online computation of quantile summaries".

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Reader, put_f64, put_var};
use types::Result;

const HEAD_MAX: usize = 10_000;

#[derive(Clone, Copy)]
struct Sample {
    value: f64,
    /// values from the sample before to this one
    gap: u64,
    /// how much further right its rank may be
    slack: u64,
}

#[derive(Default)]
pub struct GreenwaldKhanna {
    samples: Vec<Sample>,
    /// values not yet in the samples
    head: Vec<f64>,
    rows: u64,
}

impl GreenwaldKhanna {
    /// The samples with the head sorted in.
    fn with_head(&self, accuracy: f64) -> (Vec<Sample>, u64) {
        let mut head = self.head.clone();
        head.sort_unstable_by(f64::total_cmp);
        let mut out = Vec::with_capacity(self.samples.len() + head.len());
        let mut old = self.samples.iter().copied().peekable();
        let mut rows = self.rows;
        for value in head {
            while let Some(s) = old.next_if(|s| s.value <= value) {
                out.push(s);
            }
            rows += 1;
            // the ends are exact, and so is a head alone
            let slack = if self.samples.is_empty() || out.is_empty() || old.peek().is_none() { 0 } else { (2.0 * rows as f64 / accuracy) as u64 };
            out.push(Sample { value, gap: 1, slack });
        }
        out.extend(old);
        (out, rows)
    }
    fn flush(&mut self, accuracy: f64) {
        let (all, rows) = self.with_head(accuracy);
        self.head.clear();
        self.rows = rows;
        self.samples = compress(&all, 2.0 * rows as f64 / accuracy);
    }
}

/// Joins neighbours while the rank error stays below `threshold`.
fn compress(all: &[Sample], threshold: f64) -> Vec<Sample> {
    let mut out: Vec<Sample> = Vec::new();
    let Some(mut right) = all.last().copied() else { return out };
    for s in all[..all.len() - 1].iter().rev() {
        if ((s.gap + right.gap + right.slack) as f64) < threshold {
            right.gap += s.gap;
        } else {
            out.push(right);
            right = *s;
        }
    }
    out.push(right);
    if all.len() > 1 && out.last().is_some_and(|s| s.value != all[0].value) {
        // the minimum stays
        if let Some(last) = out.last_mut() {
            last.gap -= 1;
        }
        out.push(Sample { value: all[0].value, gap: 1, slack: 0 });
    }
    out.reverse();
    out
}

impl Sketch for GreenwaldKhanna {
    fn add(&mut self, value: f64, _weight: f64, accuracy: f64) {
        self.head.push(value);
        if self.head.len() >= HEAD_MAX {
            self.flush(accuracy);
        }
    }
    fn merge(&mut self, other: &Self, accuracy: f64) {
        other.head.iter().for_each(|v| self.add(*v, 1.0, accuracy));
        if other.samples.is_empty() {
            return;
        }
        self.flush(accuracy);
        let mut all = Vec::with_capacity(self.samples.len() + other.samples.len());
        all.extend_from_slice(&self.samples);
        all.extend_from_slice(&other.samples);
        all.sort_by(|a, b| a.value.total_cmp(&b.value));
        self.rows += other.rows;
        self.samples = compress(&all, 2.0 * self.rows as f64 / accuracy);
    }
    fn quantiles(&self, levels: &[f64], accuracy: f64) -> Vec<f64> {
        let (all, rows) = self.with_head(accuracy);
        let error = all.iter().map(|s| s.gap + s.slack).max().unwrap_or(0) as f64 / 2.0;
        let one = |level: &f64| {
            let rank = (level * rows as f64).ceil();
            let mut lowest = 0u64;
            for s in &all {
                lowest += s.gap;
                if (lowest + s.slack) as f64 - error <= rank && rank <= lowest as f64 + error && (lowest as f64 >= rank || error >= 1.0) {
                    return s.value;
                }
            }
            all.last().map_or(f64::NAN, |s| s.value)
        };
        levels.iter().map(one).collect()
    }
    fn put(&self, out: &mut Vec<u8>) {
        put_var(out, self.rows);
        put_var(out, self.samples.len() as u64);
        for s in &self.samples {
            put_f64(out, s.value);
            put_var(out, s.gap);
            put_var(out, s.slack);
        }
        put_var(out, self.head.len() as u64);
        self.head.iter().for_each(|v| put_f64(out, *v));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let rows = r.var()?;
        let n = r.count(10)?;
        let samples = (0..n).map(|_| Ok(Sample { value: r.f64()?, gap: r.var()?, slack: r.var()? })).collect::<Result<Vec<_>>>()?;
        if samples.iter().try_fold(0u64, |a, s| a.checked_add(s.gap)?.checked_add(s.slack)).is_none() {
            return Err(crate::state::wire::damaged());
        }
        let n = r.count(8)?;
        let head = (0..n).map(|_| r.f64()).collect::<Result<_>>()?;
        Ok(GreenwaldKhanna { samples, head, rows })
    }
    fn heap_bytes(&self) -> usize {
        self.samples.capacity() * 24 + self.head.capacity() * 8
    }
}
