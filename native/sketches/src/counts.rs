//! Sketches that count distinct values.

use crate::{Counts, Damaged, Item, Result, Sketch};
use datasketches::common::NumStdDev;
use datasketches::cpc::{CpcSketch, CpcUnion};
use datasketches::hash::value::{canonical_float, raw_bytes};
use datasketches::hll::{HllSketch, HllType, HllUnion};
use datasketches::theta::{
    CompactThetaSketch, ThetaANotB, ThetaIntersection, ThetaSketch, ThetaSketchBuilder, ThetaUnionBuilder,
};

fn deviations(n: u8) -> NumStdDev {
    match n {
        1 => NumStdDev::One,
        2 => NumStdDev::Two,
        _ => NumStdDev::Three,
    }
}

macro_rules! feed {
    ($sketch:expr, $item:expr) => {
        match $item {
            Item::Int(v) => $sketch.update(v),
            Item::Float(v) => $sketch.update(canonical_float::from_f64(v)),
            Item::Bytes([]) => {}
            Item::Bytes(v) => $sketch.update(raw_bytes::from_slice(v)),
        }
    };
}

/// HyperLogLog; the size is the logarithm of the number of its registers.
#[derive(Clone)]
pub struct Hll(HllSketch);

impl Sketch for Hll {
    const SIZES: (u64, u64, u64) = (4, 12, 21);
    fn new(size: u64) -> Self {
        let size = size.clamp(Self::SIZES.0, Self::SIZES.2) as u8;
        Hll(HllSketch::new(size, HllType::Hll8).expect("the size is within its limits"))
    }
    fn update(&mut self, item: Item<'_>) {
        feed!(self.0, item);
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        if other.0.is_empty() {
            return Ok(());
        }
        if self.0.is_empty() && self.0.lg_config_k() == other.0.lg_config_k() {
            self.0 = other.0.clone();
            return Ok(());
        }
        let size = self.0.lg_config_k().min(other.0.lg_config_k());
        let mut both = HllUnion::new(size).map_err(|_| Damaged)?;
        both.update(&self.0);
        both.update(&other.0);
        self.0 = both.to_sketch(HllType::Hll8);
        Ok(())
    }
    fn write(&self) -> Vec<u8> {
        self.0.serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        HllSketch::deserialize(bytes).map(Hll).map_err(|_| Damaged)
    }
    fn bytes(&self) -> usize {
        self.0.estimated_size()
    }
}

impl Counts for Hll {
    fn estimate(&self) -> f64 {
        self.0.estimate()
    }
    fn bounds(&self, n: u8) -> (f64, f64) {
        (self.0.lower_bound(deviations(n)), self.0.upper_bound(deviations(n)))
    }
}

/// CPC: as HyperLogLog, smaller when stored.
#[derive(Clone)]
pub struct Cpc(CpcSketch);

impl Sketch for Cpc {
    const SIZES: (u64, u64, u64) = (4, 11, 20);
    fn new(size: u64) -> Self {
        let size = size.clamp(Self::SIZES.0, Self::SIZES.2) as u8;
        Cpc(CpcSketch::new(size).expect("the size is within its limits"))
    }
    fn update(&mut self, item: Item<'_>) {
        feed!(self.0, item);
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        if other.0.is_empty() {
            return Ok(());
        }
        if self.0.is_empty() && self.0.lg_k() == other.0.lg_k() {
            self.0 = other.0.clone();
            return Ok(());
        }
        let size = self.0.lg_k().min(other.0.lg_k());
        let mut both = CpcUnion::new(size).map_err(|_| Damaged)?;
        both.update(&self.0).map_err(|_| Damaged)?;
        both.update(&other.0).map_err(|_| Damaged)?;
        self.0 = both.to_sketch();
        Ok(())
    }
    fn write(&self) -> Vec<u8> {
        self.0.serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        // byte 3 is the size: larger ones than ours would take much memory
        if bytes.get(3).is_none_or(|k| u64::from(*k) > Self::SIZES.2) {
            return Err(Damaged);
        }
        CpcSketch::deserialize(bytes).map(Cpc).map_err(|_| Damaged)
    }
    fn bytes(&self) -> usize {
        self.0.estimated_size()
    }
}

impl Counts for Cpc {
    fn estimate(&self) -> f64 {
        self.0.estimate()
    }
    fn bounds(&self, n: u8) -> (f64, f64) {
        (self.0.lower_bound(deviations(n)), self.0.upper_bound(deviations(n)))
    }
}

/// Theta: a sample of hashes, which can be intersected and subtracted as well.
pub struct Theta {
    size: u8,
    /// takes values
    building: Option<ThetaSketch>,
    /// what was merged
    merged: Option<CompactThetaSketch>,
}

impl Clone for Theta {
    fn clone(&self) -> Self {
        Theta { size: self.size, building: None, merged: Some(self.compact()) }
    }
}

impl Theta {
    fn of(size: u8, merged: CompactThetaSketch) -> Theta {
        Theta { size, building: None, merged: Some(merged) }
    }
    fn fresh(size: u8) -> ThetaSketch {
        ThetaSketchBuilder::default().lg_k(size).build().expect("the size is within its limits")
    }
    fn compact(&self) -> CompactThetaSketch {
        match (&self.merged, &self.building) {
            (Some(m), None) => m.clone(),
            (None, Some(b)) => b.compact(true),
            (None, None) => Theta::fresh(self.size).compact(true),
            (Some(m), Some(b)) => union(self.size, m, &b.compact(true)).unwrap_or_else(|_| m.clone()),
        }
    }
    pub fn intersect(&self, other: &Self) -> Result<Theta> {
        let mut both = ThetaIntersection::default();
        both.update(&self.compact()).map_err(|_| Damaged)?;
        both.update(&other.compact()).map_err(|_| Damaged)?;
        Ok(Theta::of(self.size, both.to_sketch(true).ok_or(Damaged)?))
    }
    pub fn subtract(&self, other: &Self) -> Result<Theta> {
        let rest = ThetaANotB::default().compute(&self.compact(), &other.compact(), true);
        Ok(Theta::of(self.size, rest.map_err(|_| Damaged)?))
    }
}

fn union(size: u8, a: &CompactThetaSketch, b: &CompactThetaSketch) -> Result<CompactThetaSketch> {
    let mut both = ThetaUnionBuilder::default().lg_k(size).build().map_err(|_| Damaged)?;
    both.update(a).map_err(|_| Damaged)?;
    both.update(b).map_err(|_| Damaged)?;
    Ok(both.to_sketch(true))
}

impl Sketch for Theta {
    const SIZES: (u64, u64, u64) = (5, 12, 26);
    fn new(size: u64) -> Self {
        Theta { size: size.clamp(Self::SIZES.0, Self::SIZES.2) as u8, building: None, merged: None }
    }
    fn update(&mut self, item: Item<'_>) {
        let size = self.size;
        feed!(self.building.get_or_insert_with(|| Theta::fresh(size)), item);
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        let other = other.compact();
        if other.is_empty() {
            return Ok(());
        }
        // nothing to unite with: the other one stays as exact as it is
        let alone = self.building.is_none() && self.merged.as_ref().is_none_or(CompactThetaSketch::is_empty);
        self.merged = Some(if alone { other } else { union(self.size, &self.compact(), &other)? });
        self.building = None;
        Ok(())
    }
    fn write(&self) -> Vec<u8> {
        self.compact().serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        let sketch = CompactThetaSketch::deserialize(bytes).map_err(|_| Damaged)?;
        Ok(Theta::of(Self::SIZES.1 as u8, sketch))
    }
    fn bytes(&self) -> usize {
        let building = self.building.as_ref().map_or(0, ThetaSketch::estimated_size);
        building + self.merged.as_ref().map_or(0, CompactThetaSketch::estimated_size)
    }
}

impl Counts for Theta {
    fn estimate(&self) -> f64 {
        self.compact().estimate()
    }
    fn bounds(&self, n: u8) -> (f64, f64) {
        let c = self.compact();
        (c.lower_bound(deviations(n)), c.upper_bound(deviations(n)))
    }
}
