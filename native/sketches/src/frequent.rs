//! The most frequent texts, each with bounds of its frequency.

use crate::{Damaged, Item, Result, Sketch};
use datasketches::frequencies::{ErrorType, FrequentItemsSketch};

/// The size is the logarithm of the largest number of counters.
#[derive(Clone)]
pub struct Frequent(FrequentItemsSketch<String>);

/// A text and how often it occurred.
pub struct Row {
    pub item: String,
    pub estimate: u64,
    pub lower: u64,
    pub upper: u64,
}

impl Frequent {
    /// Texts that occurred more often than the error of the sketch, the most frequent first.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .0
            .frequent_items(ErrorType::NoFalseNegatives)
            .into_iter()
            .map(|r| Row {
                item: r.item().clone(),
                estimate: r.estimate(),
                lower: r.lower_bound(),
                upper: r.upper_bound(),
            })
            .collect();
        rows.sort_by(|a, b| b.estimate.cmp(&a.estimate).then_with(|| a.item.cmp(&b.item)));
        rows
    }
}

impl Sketch for Frequent {
    const SIZES: (u64, u64, u64) = (3, 10, 20);
    fn new(size: u64) -> Self {
        let size = size.clamp(Self::SIZES.0, Self::SIZES.2);
        Frequent(FrequentItemsSketch::new(1 << size).expect("the size is within its limits"))
    }
    fn update(&mut self, item: Item<'_>) {
        match item {
            Item::Bytes(b) => self.0.update(String::from_utf8_lossy(b).into_owned()),
            Item::Int(v) => self.0.update(v.to_string()),
            Item::Float(v) => self.0.update(v.to_string()),
        }
    }
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0);
        Ok(())
    }
    fn write(&self) -> Vec<u8> {
        self.0.serialize()
    }
    fn parse(bytes: &[u8]) -> Result<Self> {
        // byte 3 is the logarithm of the largest size
        if bytes.get(3).is_none_or(|k| u64::from(*k) > Self::SIZES.2) {
            return Err(Damaged);
        }
        FrequentItemsSketch::deserialize(bytes).map(Frequent).map_err(|_| Damaged)
    }
    fn bytes(&self) -> usize {
        self.0.estimated_size()
    }
}
