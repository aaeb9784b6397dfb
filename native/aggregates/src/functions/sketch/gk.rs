//! Greenwald and Khanna's summary: sorted samples, each knowing how many values lie between it and its
//! neighbour, so that any rank is known within n / accuracy.
//! Source: Greenwald, Khanna, "Space-efficient online computation of quantile summaries". Sizes, and when
//! a summary is made smaller, are ClickHouse's, so that the answers are.

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Reader, put_f64, put_var};
use std::borrow::Cow;
use types::{Result, Type};

/// values that wait before they are sorted in
const HEAD_MAX: usize = 50_000;
/// samples beyond which sorting in also compresses
const SAMPLES_MAX: usize = 10_000;

#[derive(Clone, Copy)]
struct Sample {
    value: f64,
    /// values from the sample before to this one
    gap: u64,
    /// how much further right its rank may be
    slack: u64,
}

#[derive(Default, Clone)]
pub struct GreenwaldKhanna {
    samples: Vec<Sample>,
    /// values not yet in the samples
    head: Vec<f64>,
    rows: u64,
    /// nothing was added since the last compression
    compressed: bool,
}

/// The rank error that `rows` values may have.
fn spread(rows: u64, accuracy: f64) -> f64 {
    2.0 * (1.0 / accuracy) * rows as f64
}

impl GreenwaldKhanna {
    /// Sorts the head into the samples.
    fn take_head(&mut self, accuracy: f64) {
        self.head.sort_unstable_by(f64::total_cmp);
        let mut out = Vec::with_capacity(self.samples.len() + self.head.len());
        let mut old = self.samples.iter().copied().peekable();
        for (i, &value) in self.head.iter().enumerate() {
            while let Some(s) = old.next_if(|s| s.value <= value) {
                out.push(s);
            }
            self.rows += 1;
            // the ends are exact
            let end = out.is_empty() || (old.peek().is_none() && i + 1 == self.head.len());
            let slack = if end { 0 } else { spread(self.rows, accuracy) as u64 };
            out.push(Sample { value, gap: 1, slack });
        }
        out.extend(old);
        self.samples = out;
        self.head.clear();
    }
    fn compress(&mut self, accuracy: f64) {
        if !self.compressed {
            self.take_head(accuracy);
            self.samples = fewer(&self.samples, spread(self.rows, accuracy));
            self.compressed = true;
        }
    }
    fn compressed(&self, accuracy: f64) -> Cow<'_, Self> {
        if self.compressed {
            return Cow::Borrowed(self);
        }
        let mut own = self.clone();
        own.compress(accuracy);
        Cow::Owned(own)
    }
    /// The first sample whose rank is near enough.
    fn near(&self, rank: f64, error: f64) -> Option<f64> {
        let mut lowest = 0u64;
        for s in &self.samples[..self.samples.len().saturating_sub(1)] {
            lowest += s.gap;
            if (lowest + s.slack) as f64 - error <= rank && rank <= lowest as f64 + error {
                return Some(s.value);
            }
        }
        self.samples.last().map(|s| s.value)
    }
}

/// Joins neighbours while the rank error stays below `threshold`; the ends stay.
fn fewer(all: &[Sample], threshold: f64) -> Vec<Sample> {
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let (mut out, mut right) = (Vec::new(), *last);
    for s in all[..all.len() - 1].iter().skip(1).rev() {
        if ((s.gap + right.gap + right.slack) as f64) < threshold {
            right.gap += s.gap;
        } else {
            out.push(right);
            right = *s;
        }
    }
    out.push(right);
    if first.value <= right.value && all.len() > 1 {
        out.push(*first);
    }
    out.reverse();
    out
}

impl Sketch for GreenwaldKhanna {
    fn add(&mut self, value: f64, _weight: f64, accuracy: f64) {
        self.head.push(value);
        self.compressed = false;
        if self.head.len() >= HEAD_MAX {
            self.take_head(accuracy);
            if self.samples.len() >= SAMPLES_MAX {
                self.compress(accuracy);
            }
        }
    }
    fn merge(&mut self, other: &Self, accuracy: f64) {
        let other = other.compressed(accuracy);
        if other.rows == 0 {
            return;
        }
        if self.rows == 0 && self.head.is_empty() {
            *self = other.into_owned();
            return;
        }
        self.compress(accuracy);
        // a sample among the other side's is as uncertain as the other side is
        let (mine, theirs) = (spread(other.rows, accuracy) as u64, spread(self.rows, accuracy) as u64);
        let mut all = Vec::with_capacity(self.samples.len() + other.samples.len());
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.samples.get(i), other.samples.get(j)) {
            if a.value < b.value {
                all.push(Sample { slack: a.slack + if j > 0 { mine } else { 0 }, ..*a });
                i += 1;
            } else {
                all.push(Sample { slack: b.slack + if i > 0 { theirs } else { 0 }, ..*b });
                j += 1;
            }
        }
        all.extend_from_slice(&self.samples[i..]);
        all.extend_from_slice(&other.samples[j..]);
        self.rows += other.rows;
        self.samples = fewer(&all, spread(self.rows, accuracy));
    }
    fn quantiles(&self, levels: &[f64], accuracy: f64) -> Vec<f64> {
        let own = self.compressed(accuracy);
        let (Some(first), Some(last)) = (own.samples.first(), own.samples.last()) else {
            return vec![0.0; levels.len()];
        };
        let error = (own.samples.iter().map(|s| s.gap + s.slack).max().unwrap_or(0) / 2) as f64;
        let one = |level: &f64| match *level {
            l if l <= 1.0 / accuracy => first.value,
            l if l >= 1.0 - 1.0 / accuracy => last.value,
            l => own.near((l * own.rows as f64).ceil(), error).unwrap_or(0.0),
        };
        levels.iter().map(one).collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
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
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let rows = r.var()?;
        let n = r.count(10)?;
        let samples = (0..n)
            .map(|_| Ok(Sample { value: r.f64()?, gap: r.var()?, slack: r.var()? }))
            .collect::<Result<Vec<_>>>()?;
        // every later sum stays far from overflow
        let total = samples.iter().try_fold(rows, |a, s| a.checked_add(s.gap)?.checked_add(s.slack));
        if total.is_none_or(|t| t > 1 << 56) {
            return Err(crate::state::wire::damaged());
        }
        let n = r.count(8)?;
        let head: Vec<f64> = (0..n).map(|_| r.f64()).collect::<Result<_>>()?;
        Ok(GreenwaldKhanna { samples, rows, compressed: false, head })
    }
    fn heap_bytes(&self) -> usize {
        self.samples.capacity() * 24 + self.head.capacity() * 8
    }
}
