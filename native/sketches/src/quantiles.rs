//! Sketches of distributions.

use crate::{Damaged, Item, Quantiles, Result, Sketch};
use datasketches::common::SearchCriteria;
use datasketches::kll::{KllFloat, KllSketch};
use datasketches::tdigest::TDigestMut;

fn number(item: Item<'_>) -> Option<f64> {
    match item {
        Item::Int(v) => Some(v as f64),
        Item::Float(v) if !v.is_nan() => Some(v),
        Item::Float(_) | Item::Bytes(_) => None,
    }
}

/// KLL over doubles; the size is its parameter k.
#[derive(Clone)]
pub struct Kll(KllSketch<KllFloat<f64>>);

impl Sketch for Kll {
    const SIZES: (u64, u64, u64) = (8, 200, 65_535);
    fn new(size: u64) -> Self {
        let size = size.clamp(Self::SIZES.0, Self::SIZES.2) as u16;
        Kll(KllSketch::new(size).expect("the size is within its limits"))
    }
    fn update(&mut self, item: Item<'_>) {
        if let Some(Ok(v)) = number(item).map(KllFloat::<f64>::new) {
            self.0.update(v);
        }
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0).map_err(|_| Damaged)
    }
    fn write(&self) -> Vec<u8> {
        self.0.serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        KllSketch::deserialize(bytes).map(Kll).map_err(|_| Damaged)
    }
    fn bytes(&self) -> usize {
        self.0.num_retained() * 16 + 128
    }
}

impl Quantiles for Kll {
    fn quantile(&self, rank: f64) -> Option<f64> {
        self.0.quantile(rank, SearchCriteria::Inclusive).ok().flatten().map(KllFloat::into_inner)
    }
    fn rank(&self, value: f64) -> Option<f64> {
        let value = KllFloat::<f64>::new(value).ok()?;
        self.0.rank(&value, SearchCriteria::Inclusive)
    }
    fn rank_error(&self) -> Option<f64> {
        Some(if self.0.is_estimation_mode() { self.0.normalized_rank_error() } else { 0.0 })
    }
}

/// t-digest; the size is its compression k.
#[derive(Clone)]
pub struct Digest(TDigestMut);

impl Sketch for Digest {
    const SIZES: (u64, u64, u64) = (10, 200, 65_535);
    fn new(size: u64) -> Self {
        let size = size.clamp(Self::SIZES.0, Self::SIZES.2) as u16;
        Digest(TDigestMut::new(size).expect("the size is within its limits"))
    }
    fn update(&mut self, item: Item<'_>) {
        if let Some(v) = number(item) {
            self.0.update(v);
        }
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0);
        Ok(())
    }
    fn write(&self) -> Vec<u8> {
        self.0.clone().serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        TDigestMut::deserialize(bytes).map(Digest).map_err(|_| Damaged)
    }
    fn bytes(&self) -> usize {
        self.0.estimated_size()
    }
}

impl Quantiles for Digest {
    fn quantile(&self, rank: f64) -> Option<f64> {
        self.0.clone().quantile(rank).ok().flatten()
    }
    fn rank(&self, value: f64) -> Option<f64> {
        self.0.clone().rank(value).ok().flatten()
    }
    fn rank_error(&self) -> Option<f64> {
        None
    }
}
