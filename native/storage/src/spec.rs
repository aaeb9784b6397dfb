//! What a writer is told: columns, sort key, indexes, and what it tells back.

use crate::footer::{BLOCK_ROWS, BLOCK_ROWS_MIN};
use crate::stats::SegmentStats;
use crate::text::Tokenizer;
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

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SkipKind {
    MinMax,
    Bloom {
        bits_per_value: usize,
    },
    /// filters of tokens
    Tokens(Tokenizer),
    /// tokens with their rows
    Postings(Tokenizer),
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
    /// rows of a block (a power of two, `BLOCK_ROWS` at most)
    pub block_rows: usize,
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

/// Bytes of a block's values, all columns together, on the average.
const BLOCK_BYTES: u64 = 128 << 20;

/// How many rows a block has when `rows` of them take `bytes` in memory: blocks of large rows are short, so
/// that reading one needs no more memory than reading a block of small ones.
pub fn block_rows_for(rows: usize, bytes: u64) -> usize {
    let row = bytes / (rows.max(1) as u64);
    let fits = (BLOCK_BYTES / row.max(1)).max(1);
    (1usize << fits.ilog2().min(63)).clamp(BLOCK_ROWS_MIN, BLOCK_ROWS)
}

impl WriteOptions {
    /// These options for rows of this size.
    #[must_use]
    pub fn sized(&self, rows: usize, bytes: u64) -> WriteOptions {
        WriteOptions { block_rows: self.block_rows.min(block_rows_for(rows, bytes)), ..self.clone() }
    }
    /// With shorter blocks, when the strings of a block did not fit; `None` when they are as short as can be.
    pub(crate) fn shorter(&self) -> Option<WriteOptions> {
        let block_rows = (self.block_rows / 16).max(BLOCK_ROWS_MIN);
        (block_rows < self.block_rows).then(|| WriteOptions { block_rows, ..self.clone() })
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            block_rows: BLOCK_ROWS,
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
