//! A t-digest: centroids that may grow large in the middle and stay small at the ends.
//! Source: Dunning and Ertl, "Computing extremely accurate quantiles using t-digests".

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Reader, put_f64, put_var};
use types::Result;

/// merging allows a centroid 4 * EPSILON * n * q * (1 - q) rows
const EPSILON: f64 = 0.01;
const UNMERGED_MAX: usize = 2048;

#[derive(Default)]
pub struct TDigest {
    /// (mean, rows)
    centroids: Vec<(f64, f64)>,
    unmerged: usize,
}

fn compress(centroids: &mut Vec<(f64, f64)>) {
    centroids.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = centroids.iter().map(|c| c.1).sum();
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(centroids.len().min(UNMERGED_MAX));
    let mut before = 0.0;
    for &(mean, rows) in centroids.iter() {
        if let Some(last) = kept.last_mut() {
            let spread = |q: f64| q * (1.0 - q);
            let left = spread((before + last.1 * 0.5) / total);
            let right = spread((before + last.1 + rows * 0.5) / total);
            let alike = last.0 == mean || (last.0.is_finite() && mean.is_finite());
            if alike && last.1 + rows <= 4.0 * EPSILON * total * left.min(right) {
                last.1 += rows;
                if last.0 != mean {
                    last.0 += rows * (mean - last.0) / last.1;
                }
                continue;
            }
            before += last.1;
        }
        kept.push((mean, rows));
    }
    *centroids = kept;
}

impl TDigest {
    fn push(&mut self, mean: f64, rows: f64) {
        self.centroids.push((mean, rows));
        self.unmerged += 1;
        if self.unmerged > UNMERGED_MAX {
            compress(&mut self.centroids);
            self.unmerged = 0;
        }
    }
}

impl Sketch for TDigest {
    fn add(&mut self, value: f64, weight: f64, _accuracy: f64) {
        if weight > 0.0 {
            self.push(value, weight);
        }
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
        other.centroids.iter().for_each(|(m, n)| self.push(*m, *n));
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut all = self.centroids.clone();
        compress(&mut all);
        let total: f64 = all.iter().map(|c| c.1).sum();
        levels.iter().map(|level| at(&all, level * total)).collect()
    }
    fn put(&self, out: &mut Vec<u8>) {
        let mut all = self.centroids.clone();
        compress(&mut all);
        put_var(out, all.len() as u64);
        for (m, n) in all {
            put_f64(out, m);
            put_f64(out, n);
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(16)?;
        let centroids = (0..n).map(|_| Ok((r.f64()?, r.f64()?))).collect::<Result<_>>()?;
        Ok(TDigest { centroids, unmerged: 0 })
    }
    fn heap_bytes(&self) -> usize {
        self.centroids.capacity() * 16
    }
}

/// Value at a rank: linear between the middles of centroids; a centroid of one row is a point.
fn at(all: &[(f64, f64)], rank: f64) -> f64 {
    let Some(mut last) = all.first().copied() else { return f64::NAN };
    let mut sum = 0.0;
    let mut last_middle = 0.0;
    for &(mean, rows) in all {
        let middle = sum + rows * 0.5;
        if middle >= rank {
            let left = last_middle + if last.1 == 1.0 { 0.5 } else { 0.0 };
            let right = middle - if rows == 1.0 { 0.5 } else { 0.0 };
            return if rank <= left {
                last.0
            } else if rank >= right {
                mean
            } else {
                // this way infinities stay what they are
                let k = (rank - left) / (right - left);
                (1.0 - k) * last.0 + k * mean
            };
        }
        sum += rows;
        last = (mean, rows);
        last_middle = middle;
    }
    last.0
}
