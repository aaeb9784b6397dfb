//! What a writer is told: columns, sort key, indexes, and what it tells back.

use crate::stats::SegmentStats;
use std::sync::Arc;
use types::{Batch, Column, Result, Scalar, Type};

/// A column of a segment to be written.
#[derive(Clone, Debug)]
pub struct ColumnSpec {
    pub name: String,
    pub ty: Type,
    /// inside of CODEC(…) as written in the DDL
    pub codec: Option<String>,
}

/// Values of an expression index for a batch of its input columns.
pub type IndexExpr = Arc<dyn Fn(&Batch) -> Result<Column> + Send + Sync>;

#[derive(Clone)]
pub struct SkipIndex {
    pub name: String,
    pub kind: SkipKind,
    /// type of the indexed values
    pub ty: Type,
    /// columns it reads; without `expr` exactly one
    pub inputs: Vec<usize>,
    pub expr: Option<IndexExpr>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkipKind {
    MinMax,
    Bloom { bits_per_value: usize },
}

impl SkipKind {
    /// Bits for a wanted rate of false positives (ClickHouse's default is 0.025).
    pub fn bloom(false_positive: f64) -> SkipKind {
        let p = false_positive.clamp(0.0001, 0.5);
        // Blocks cost about a quarter over the textbook's −ln p / ln² 2.
        SkipKind::Bloom { bits_per_value: (-p.ln() / 0.480_453 * 1.25).ceil() as usize }
    }
}

#[derive(Clone)]
pub struct WriteOptions {
    /// columns of the sort key; the batches come in this order (ascending, NULL and NaN last)
    pub sort: Vec<usize>,
    pub skip_indexes: Vec<SkipIndex>,
    /// a bloom filter for every integer or string column with many distinct values
    pub auto_bloom: bool,
    /// threads that encode
    pub threads: usize,
    /// fsync file and directory before the writer returns
    pub sync: bool,
    /// merge: one row that fills in for a column some inputs lack; else the type's default
    pub defaults: Vec<(String, Column)>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            sort: Vec::new(),
            skip_indexes: Vec::new(),
            auto_bloom: false,
            threads: 1,
            sync: true,
            defaults: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct ColumnInfo {
    pub name: String,
    pub ty: Type,
    /// blocks and dictionary as stored
    pub stored_bytes: u64,
    /// the values in memory
    pub raw_bytes: u64,
    pub stats: SegmentStats,
    /// name of the encoding that most blocks have
    pub encoding: &'static str,
}

/// A segment that was written.
#[derive(Clone, Debug)]
pub struct SegmentInfo {
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    /// of the footer, which holds the checksums of all blocks
    pub checksum: u64,
    pub blocks: usize,
    pub columns: Vec<ColumnInfo>,
    /// sort key of the first and the last row
    pub key_min: Vec<Scalar>,
    pub key_max: Vec<Scalar>,
}
