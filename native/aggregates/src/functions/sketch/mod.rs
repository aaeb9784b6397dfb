//! Summaries of numbers for approximate quantiles, and of values for their number, one to a file.

pub mod bfloat16;
pub mod dd;
pub mod deterministic;
pub mod gk;
pub mod pcg;
pub mod prometheus;
pub mod reservoir;
pub mod tdigest;
pub mod timing;
pub mod uniques;
pub mod words;

use super::levels::push_raw;
use crate::state::binary;
use crate::state::numbers::floats;
use crate::state::wire::Reader;
use types::{Column, ColumnBuilder, Result, Type};

/// Values as a column of their own type, for serial forms.
fn column_of(ty: &Type, values: impl ExactSizeIterator<Item = f64>) -> Column {
    let mut out = ColumnBuilder::with_capacity(ty, values.len());
    values.for_each(|v| push_raw(&mut out, v));
    out.finish()
}

/// The next `n` values of a type in a serial form.
fn values_of(ty: &Type, n: usize, r: &mut Reader<'_>) -> Result<Vec<f64>> {
    let mut out = ColumnBuilder::new(ty);
    (0..n).try_for_each(|_| binary::read(ty, r, &mut out))?;
    Ok(floats(&out.finish(), &Type::Int64))
}

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
