//! A t-digest: centroids that may grow large in the middle and stay small at the ends.
//! Source: Dunning and Ertl, "Computing extremely accurate quantiles using t-digests".

use super::super::quantile_sketch::Sketch;
use crate::state::wire::{Fixed, Reader, put_var};
use types::{Result, Type};

/// merging allows a centroid 4 * EPSILON * n * q * (1 - q) rows
const EPSILON: f64 = 0.01;
const UNMERGED_MAX: usize = 2048;

#[derive(Default)]
pub struct TDigest {
    /// (mean, rows), of the width that ClickHouse keeps
    centroids: Vec<(f32, f32)>,
    unmerged: usize,
}

fn wide(centroid: (f32, f32)) -> (f64, f64) {
    (centroid.0.into(), centroid.1.into())
}

fn compress(centroids: &mut Vec<(f32, f32)>) {
    centroids.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = centroids.iter().map(|c| f64::from(c.1)).sum();
    let spread = |q: f64| q * (1.0 - q);
    let mut kept: Vec<(f32, f32)> = Vec::with_capacity(centroids.len().min(UNMERGED_MAX));
    let mut before = 0.0;
    // the one that may still grow, in full precision
    let mut last: Option<(f64, f64)> = None;
    for (mean, rows) in centroids.iter().map(|c| wide(*c)) {
        if let Some(open) = &mut last {
            let left = spread((before + open.1 * 0.5) / total);
            let right = spread((before + open.1 + rows * 0.5) / total);
            let alike = open.0 == mean || (open.0.is_finite() && mean.is_finite());
            if alike && open.1 + rows <= 4.0 * EPSILON * total * left.min(right) {
                open.1 += rows;
                if open.0 != mean {
                    open.0 += rows * (mean - open.0) / open.1;
                }
                continue;
            }
            before += open.1;
            kept.push((open.0 as f32, open.1 as f32));
        }
        last = Some((mean, rows));
    }
    kept.extend(last.map(|open| (open.0 as f32, open.1 as f32)));
    *centroids = kept;
}

impl TDigest {
    fn push(&mut self, mean: f32, rows: f32) {
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
            self.push(value as f32, weight as f32);
        }
    }
    fn merge(&mut self, other: &Self, _accuracy: f64) {
        other.centroids.iter().for_each(|(m, n)| self.push(*m, *n));
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut all = self.centroids.clone();
        compress(&mut all);
        let total: f64 = all.iter().map(|c| f64::from(c.1)).sum();
        levels.iter().map(|level| f64::from(at(&all, level * total) as f32)).collect()
    }
    fn put(&self, _: &Type, out: &mut Vec<u8>) {
        let mut all = self.centroids.clone();
        compress(&mut all);
        put_var(out, all.len() as u64);
        for (mean, rows) in all {
            mean.put(out);
            rows.put(out);
        }
    }
    fn read(_: &Type, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(8)?;
        let centroids = (0..n).map(|_| Ok((f32::read(r)?, f32::read(r)?))).collect::<Result<_>>()?;
        Ok(TDigest { centroids, unmerged: 0 })
    }
    fn heap_bytes(&self) -> usize {
        self.centroids.capacity() * 8
    }
}

/// Value at a rank: linear between the middles of centroids; a centroid of one row is a point.
fn at(all: &[(f32, f32)], rank: f64) -> f64 {
    let Some(mut last) = all.first().copied().map(wide) else { return f64::NAN };
    let mut sum = 0.0;
    let mut last_middle = 0.0;
    for (mean, rows) in all.iter().map(|c| wide(*c)) {
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
