//! Tables as plans name them: their shape, how their rows are written, their versions.

use super::{AggregateCall, Assignment, Expr};
use serde::{Deserialize, Serialize};

/// How rows of a table lie in segments.
#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase")]
pub struct TableShape {
    pub columns: Vec<TableColumn>,
    /// over `columns`; rows are sorted by these inside a segment
    #[serde(default)]
    pub sort_key: Vec<Expr>,
    /// over `columns`; one segment holds one value of it
    #[serde(default)]
    pub partition_key: Vec<Expr>,
    #[serde(default)]
    pub skip_indexes: Vec<SkipIndex>,
    /// rows of a granule; 0 = the usual number
    #[serde(default)]
    pub granularity: u64,
    /// columns of skip indexes, by name
    #[serde(default)]
    pub skipping: Vec<String>,
    /// IANA name of the zone that expressions of the keys are evaluated in
    #[serde(default)]
    pub timezone: String,
    /// what becomes of rows with equal keys; None keeps them all
    #[serde(default)]
    pub engine: Option<EngineRule>,
    /// conditions that every inserted row must meet
    #[serde(default)]
    pub checks: Vec<Check>,
    /// what happens to rows when their time is over, in the order in which it happens
    #[serde(default)]
    pub ttl: Vec<TtlRule>,
}

/// `expr` (a date or time over the table's columns) says when something happens to rows for which
/// `filter` is true.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct TtlRule {
    pub expr: Expr,
    #[serde(default)]
    pub filter: Option<Expr>,
    pub action: TtlAction,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum TtlAction {
    /// the row goes
    Delete,
    /// the column gets `value` (the type's default without it)
    Column {
        column: String,
        #[serde(default)]
        value: Option<Expr>,
    },
    /// expired rows with equal `keys` become one row
    #[serde(rename_all = "camelCase")]
    Group { keys: Vec<Expr>, aggregates: Vec<AggregateCall>, set: Vec<Assignment> },
}

/// How merges, inserts and FINAL treat rows that are equal in the sort key. Columns by name.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum EngineRule {
    /// the row with the highest version stays, the last without versions
    #[serde(rename_all = "camelCase")]
    Replacing {
        #[serde(default)]
        version: Option<String>,
        #[serde(default)]
        is_deleted: Option<String>,
    },
    /// a row of sign -1 takes away a row of sign 1
    #[serde(rename_all = "camelCase")]
    Collapsing { sign: String },
    /// as Collapsing; the version is part of the sort key
    #[serde(rename_all = "camelCase")]
    VersionedCollapsing { sign: String },
    /// numbers are summed: those of `columns`, all if it is empty
    #[serde(rename_all = "camelCase")]
    Summing {
        #[serde(default)]
        columns: Vec<String>,
        /// columns of the partition key are never summed
        #[serde(default)]
        partition: Vec<String>,
    },
    /// states are merged
    Aggregating,
    /// the row that was inserted first stays
    First,
    /// the last value that is not NULL stays, per column
    #[serde(rename_all = "camelCase")]
    Coalescing {
        #[serde(default)]
        columns: Vec<String>,
        #[serde(default)]
        partition: Vec<String>,
    },
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub name: String,
    /// as written, for the message
    pub text: String,
    pub expr: Expr,
}

/// A table that segments are written for.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WriteTarget {
    /// number of a `files` store
    pub store: u32,
    pub table: TableShape,
    /// files are named `<prefix>-<n>.seg`; fresh names, never used before
    pub prefix: String,
    /// rows of one segment at most
    #[serde(default = "default_segment_rows")]
    pub segment_rows: u64,
    /// more partitions than this in one write are refused; 0 = any number
    #[serde(default)]
    pub partitions_max: u64,
    #[serde(default)]
    pub level: u32,
    /// rows with equal keys stay, whatever the engine says (`optimize_on_insert = 0`)
    #[serde(default)]
    pub as_is: bool,
    /// segments, however few the rows are
    #[serde(default)]
    pub segments_only: bool,
}

fn default_segment_rows() -> u64 {
    1 << 20
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SkipIndex {
    pub name: String,
    /// `minmax`, `bloom_filter`, `tokens`, `postings`
    pub index_type: String,
    pub expr: Expr,
    #[serde(default)]
    pub false_positive_rate: Option<f64>,
    /// what `tokens` and `postings` cut texts into, as `storage::Tokenizer` writes it
    #[serde(default)]
    pub tokenizer: Option<String>,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct TableColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    #[serde(default)]
    pub codec: Option<String>,
    /// value for rows of segments older than the column: over no columns. None = the type's default
    #[serde(default)]
    pub default: Option<Expr>,
    /// name in segments, where a rename has left another one there
    #[serde(default)]
    pub stored: Option<String>,
}

impl TableColumn {
    pub fn stored_name(&self) -> &str {
        self.stored.as_deref().unwrap_or(&self.name)
    }
}

/// A table version as TypeScript registers it: rows of memtables are fixed at that moment.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct TableVersion {
    /// number of a `files` store
    pub store: u32,
    pub table: TableShape,
    pub segments: Vec<SegmentRef>,
    #[serde(default)]
    pub memtables: Vec<u32>,
    /// rows of batches, column by column of the table: what an insert brings, before it is stored
    #[serde(default)]
    pub batches: Vec<u32>,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct SegmentRef {
    /// path inside the store
    pub file: String,
    /// what `_part` shows; empty: the name of the file
    #[serde(default)]
    pub name: String,
    pub rows: u64,
    /// canonical text of the partition key's values
    #[serde(default)]
    pub partition: String,
    /// what `_partition_id` shows
    #[serde(default)]
    pub partition_id: String,
    /// merges that led to it
    #[serde(default)]
    pub level: u32,
    /// the file that says which rows are deleted
    #[serde(default)]
    pub deleted: Option<BesideRef>,
    /// the file with new values of some rows
    #[serde(default)]
    pub patch: Option<BesideRef>,
}

/// A file beside a segment.
#[derive(Deserialize, Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BesideRef {
    pub file: String,
    /// how many rows it is about
    pub rows: u64,
}
