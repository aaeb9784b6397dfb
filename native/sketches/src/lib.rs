//! Sketches that Spark, Druid and the Apache DataSketches libraries read and write: HLL, theta, CPC,
//! KLL, t-digest, frequent items. The crate behind them is named here only; all others see `Sketch`.
//!
//! Values are hashed as those libraries do: integers as 64 bits, floats by their bits (one zero, one
//! NaN), texts by their bytes; the empty text counts for nothing.

mod counts;
mod frequent;
mod quantiles;

pub use counts::{Cpc, Hll, Theta};
pub use frequent::{Frequent, Row};
pub use quantiles::{Digest, Kll};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A value to add.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    Int(i64),
    Float(f64),
    Bytes(&'a [u8]),
}

/// The bytes are no sketch of this kind, or one that cannot be merged with the other.
#[derive(Debug)]
pub struct Damaged;

pub type Result<T> = std::result::Result<T, Damaged>;

pub trait Sketch: Sized + Send + 'static {
    /// Smallest, usual and largest size parameter.
    const SIZES: (u64, u64, u64);
    /// `size` lies within `SIZES`.
    fn new(size: u64) -> Self;
    fn update(&mut self, item: Item<'_>);
    fn merge(&mut self, other: &Self) -> Result<()>;
    /// The binary form of Apache DataSketches.
    fn write(&self) -> Vec<u8>;
    fn parse(bytes: &[u8]) -> Result<Self>;
    /// Bytes held, roughly.
    fn bytes(&self) -> usize;

    /// As `parse`; whatever the bytes do to it, the result is a sketch or an error.
    fn read(bytes: &[u8]) -> Result<Self> {
        guarded(|| Self::parse(bytes))
    }
}

/// Sketches that estimate how many distinct values they saw.
pub trait Counts: Sketch {
    fn estimate(&self) -> f64;
    /// Lower and upper bound at 1, 2 or 3 standard deviations.
    fn bounds(&self, deviations: u8) -> (f64, f64);
}

/// Sketches of the distribution of numbers.
pub trait Quantiles: Sketch {
    /// None when nothing was seen.
    fn quantile(&self, rank: f64) -> Option<f64>;
    fn rank(&self, value: f64) -> Option<f64>;
    /// By how much a rank may be wrong, with 99 % confidence; none if the sketch promises nothing.
    fn rank_error(&self) -> Option<f64>;
}

/// A panic over hostile bytes is an error.
fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(Err(Damaged))
}

#[cfg(test)]
mod tests;
