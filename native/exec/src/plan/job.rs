//! Work in the background, as the engine orders it.

use super::{Expr, SegmentRef, SessionInfo, TableShape};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Background work on a table's rows.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Job {
    /// memtables to segments
    #[serde(rename_all = "camelCase")]
    Flush { job: u32, store: u32, table: TableShape, prefix: String, memtables: Vec<u32> },
    /// segments of one partition to one (or a few) of the next level
    #[serde(rename_all = "camelCase")]
    Merge {
        job: u32,
        store: u32,
        table: TableShape,
        prefix: String,
        segments: Vec<SegmentRef>,
        level: u32,
        #[serde(default)]
        how: MergeHow,
    },
    /// segments to segments with rows removed or changed; inputs that would stay the same are named
    #[serde(rename_all = "camelCase")]
    Rewrite {
        job: u32,
        store: u32,
        table: TableShape,
        prefix: String,
        segments: Vec<SegmentRef>,
        change: Change,
    },
    /// rows for which `condition` is true, and those that `rows` names by file and number, are deleted:
    /// files beside the segments say which
    #[serde(rename_all = "camelCase")]
    Mark {
        job: u32,
        store: u32,
        table: TableShape,
        prefix: String,
        segments: Vec<SegmentRef>,
        #[serde(default)]
        condition: Option<Expr>,
        #[serde(default)]
        rows: HashMap<String, Vec<u32>>,
        #[serde(default)]
        session: SessionInfo,
    },
}

#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct MergeHow {
    /// rows that say that they are deleted go for good
    pub cleanup: bool,
    /// rows that are equal in these columns (all if there are none) become one
    pub deduplicate: Option<Vec<String>>,
    /// seconds since the epoch: what is older by its TTL goes; None keeps it
    pub now: Option<i64>,
    /// nobody waits for it: it makes room for queries
    pub polite: bool,
}

/// What a rewrite does to rows. Expressions are over the table's columns.
#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Change {
    /// rows for which this is true go
    pub delete: Option<Expr>,
    /// rows for which this is true (all, if absent) get new values
    pub update_where: Option<Expr>,
    pub update: Vec<Assignment>,
    /// columns made of updated ones: computed from the updated row
    pub derived: Vec<Assignment>,
    /// every segment is written anew, in the table's present shape
    pub all: bool,
    /// a segment of which an update changes no more rows than this gets a patch; 0: never
    pub patch_rows: u64,
    /// seconds since the epoch: what is older by its TTL goes; None keeps it
    pub now: Option<i64>,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    pub column: String,
    pub value: Expr,
}
