//! Summaries of numbers for approximate quantiles, one to a file.

pub mod bfloat16;
pub mod dd;
pub mod deterministic;
pub mod gk;
pub mod prometheus;
pub mod reservoir;
pub mod tdigest;
pub mod timing;

use crate::registry::AggregateDef;

pub const DEFS: &[AggregateDef] = &[];

/// Linear interpolation between neighbours at position level * (n - 1); NaN when empty.
pub fn interpolate(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = (level * last as f64).clamp(0.0, last as f64);
    let left = position as usize;
    if left >= last {
        return sorted[last];
    }
    let right = left as f64 + 1.0;
    sorted[left] * (right - position) + sorted[left + 1] * (position - left as f64)
}
