//! The serialisable plan: the single definition of what may cross from TypeScript (with `table`, `job`, `expr`).
//!
//! Columns are addressed by index into the output columns of a node's input. A node's output:
//! scan = `columns` in order; project = `exprs`; aggregate = keys, then aggregates; join = left
//! columns, then right columns; window and arrayJoin = input columns, then the new ones; all
//! others = input columns. JSON is camelCase with a `kind` tag for nodes; see `Expr` for expressions.

mod expr;
mod job;
mod named_file;
mod table;
mod walk;

pub use expr::{Expr, Lit, SetSource};
pub use job::{Assignment, Change, Job, MergeHow};
pub use named_file::NamedFile;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
pub use table::{
    BesideRef, Check, EngineRule, SegmentRef, SkipIndex, TableColumn, TableShape, TableVersion, TtlAction,
    TtlRule, WriteTarget,
};
pub use walk::handles;

/// A query as the kernel runs it.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    pub root: Node,
    /// names of the result's columns
    pub names: Vec<String>,
    /// run before `root`, in order; each may use those before it
    #[serde(default)]
    pub subqueries: Vec<Subquery>,
    pub sink: Sink,
    #[serde(default)]
    pub session: SessionInfo,
    #[serde(default)]
    pub limits: Limits,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subquery {
    pub plan: Node,
    /// what its result is used as
    pub usage: SubqueryUse,
}

#[derive(Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum SubqueryUse {
    /// at most one row; several columns make a tuple; no row = NULL
    Scalar,
    /// the right side of IN; several columns are compared as a tuple
    Set,
    /// 1 if there is a row, else 0
    Exists,
    /// kept as a table for `Node::Subquery` nodes (a CTE that is used more than once)
    Table,
}

/// Where the rows go.
#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
pub enum Sink {
    /// formatted bytes for a client
    #[serde(rename_all = "camelCase")]
    Format {
        format: String,
        #[serde(default)]
        settings: HashMap<String, String>,
    },
    /// rows become segments of a table: INSERT SELECT, mutations. The result's columns are in
    /// the order of the target's columns. `nextChunk` then gives one JSON text: the descriptors
    #[serde(rename_all = "camelCase")]
    Segments { target: WriteTarget },
    /// rows stay in the kernel as one batch; `nextChunk` gives `{"batch":id,"rows":n,"bytes":n}`
    Batch,
}

#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionInfo {
    pub timezone: String,
    /// nanoseconds since epoch, decimal text; fixed for the whole query
    pub now_ns: String,
    pub database: String,
    pub user: String,
    pub query_id: String,
    pub version: String,
    pub hostname: String,
    pub settings: HashMap<String, String>,
}

/// 0 means no limit everywhere.
#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    pub execution_ms: u64,
    /// the rows until then are the answer (`timeout_overflow_mode = 'break'`)
    #[serde(default)]
    pub execution_break: bool,
    pub memory_bytes: u64,
    /// of all queries of the user together
    #[serde(default)]
    pub user_memory_bytes: u64,
    pub result_rows: u64,
    pub result_bytes: u64,
    /// cut the result at its limit instead of failing
    pub result_break: bool,
    pub read_rows: u64,
    pub read_bytes: u64,
    /// what was read until a limit is the input, instead of a failure
    pub read_break: bool,
    pub threads: u64,
    /// collect measured rows, bytes, time per node (EXPLAIN ANALYZE)
    pub analyze: bool,
    /// where operators put what does not fit
    pub spill: Option<SpillPlace>,
}

/// Temporary files of a query, and the bytes of its memory from which operators use them (0 = never).
#[derive(Deserialize, Serialize, Clone, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SpillPlace {
    /// number of a `files` store
    pub store: u32,
    /// files are named `<prefix>-<n>`; their folder exists
    pub prefix: String,
    /// all of them together at most; 0 = three quarters of the free space
    pub bytes: u64,
    pub group_by_at: u64,
    pub join_at: u64,
    pub sort_at: u64,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct SortKey {
    pub expr: Expr,
    #[serde(default)]
    pub desc: bool,
    /// default: NULL and NaN last, for both directions
    #[serde(default)]
    pub nulls_first: bool,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AggregateCall {
    pub name: String,
    #[serde(default)]
    pub params: Vec<Lit>,
    #[serde(default)]
    pub args: Vec<Expr>,
}

#[derive(Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Semi,
    Anti,
    RightSemi,
    RightAnti,
    Asof,
    AsofLeft,
}

#[derive(Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub enum Strictness {
    #[default]
    All,
    Any,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    pub unit: FrameUnit,
    pub start: Bound,
    pub end: Bound,
}

#[derive(Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum FrameUnit {
    Rows,
    Range,
    Groups,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Bound {
    UnboundedPreceding,
    /// a literal; for RANGE in the units of the ordering column (an Interval literal for dates)
    Preceding {
        offset: Lit,
    },
    CurrentRow,
    Following {
        offset: Lit,
    },
    UnboundedFollowing,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct WindowCall {
    pub name: String,
    #[serde(default)]
    pub params: Vec<Lit>,
    #[serde(default)]
    pub args: Vec<Expr>,
    pub frame: Frame,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct FillKey {
    /// column of the input that is filled (one of the sort's)
    pub column: usize,
    #[serde(default)]
    pub desc: bool,
    #[serde(default)]
    pub from: Option<Lit>,
    #[serde(default)]
    pub to: Option<Lit>,
    /// number, or Interval literal
    #[serde(default)]
    pub step: Option<Lit>,
    #[serde(default)]
    pub staleness: Option<Lit>,
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
pub enum Node {
    /// rows of a registered table version that pass `filter` (over `columns`)
    #[serde(rename_all = "camelCase")]
    Scan {
        table: u32,
        columns: Vec<String>,
        #[serde(default)]
        filter: Option<Expr>,
        /// rows as the table's engine would merge them
        #[serde(default, rename = "final")]
        last: bool,
        /// rows of different partitions never replace each other
        #[serde(default)]
        by_partition: bool,
    },
    /// one row without columns
    One,
    /// UInt64 `start`, `start + step`, …; `count` absent = endless. One column
    #[serde(rename_all = "camelCase")]
    Numbers {
        #[serde(default)]
        start: u64,
        #[serde(default)]
        count: Option<u64>,
        #[serde(default = "one")]
        step: u64,
        /// rows of a batch at most, if not as `max_block_size` has it
        #[serde(default)]
        block: Option<u64>,
    },
    /// rows written out: one array a row, values as in `Lit`
    #[serde(rename_all = "camelCase")]
    Values { columns: Vec<TableColumn>, rows: Vec<Vec<serde_json::Value>> },
    /// rows written in the text of the query: the table function format(). `hex`: what no text can be, as digits
    #[serde(rename_all = "camelCase")]
    Format {
        format: String,
        data: String,
        #[serde(default)]
        hex: bool,
        columns: Vec<TableColumn>,
    },
    /// rows of files that the statement names: file(), url() and s3(). A row's columns are `columns`, then
    /// what stands in `virtuals` of its file
    #[serde(rename_all = "camelCase")]
    Files { format: String, columns: Vec<TableColumn>, virtuals: Vec<TableColumn>, files: Vec<NamedFile> },
    /// a batch that lies in the kernel (`Sink::Batch`, decoded rows)
    #[serde(rename_all = "camelCase")]
    Batch { batch: u32, columns: Vec<TableColumn> },
    /// the rows of subqueries[subquery] (usage Table)
    #[serde(rename_all = "camelCase")]
    Subquery { subquery: usize },
    #[serde(rename_all = "camelCase")]
    Filter { input: Box<Node>, predicate: Expr },
    #[serde(rename_all = "camelCase")]
    Project { input: Box<Node>, exprs: Vec<Expr> },
    #[serde(rename_all = "camelCase")]
    Aggregate {
        input: Box<Node>,
        keys: Vec<Expr>,
        aggregates: Vec<AggregateCall>,
        /// GROUPING SETS / ROLLUP / CUBE: key positions of each set. Keys outside a set are NULL
        /// if their type is Nullable, else default. Output gets one more column at the end:
        /// UInt64 with the set's number
        #[serde(default)]
        sets: Option<Vec<Vec<usize>>>,
        /// WITH TOTALS: the totals row is kept aside for the sink; only directly (through
        /// project, sort, limit, filter) below the root
        #[serde(default)]
        totals: bool,
        /// the totals are of all groups, also of those that HAVING takes out
        #[serde(default)]
        totals_of_all: bool,
        /// keys that are Nullable for the sets only (`group_by_use_nulls`): in the totals row they are
        /// their own type's default
        #[serde(default)]
        widened_keys: Vec<usize>,
        /// any `n` groups will do (LIMIT without ORDER BY above)
        #[serde(default)]
        any_groups: Option<u64>,
        /// no input rows and no keys: no row instead of one
        #[serde(default)]
        empty_if_no_rows: bool,
    },
    #[serde(rename_all = "camelCase")]
    Sort {
        input: Box<Node>,
        keys: Vec<SortKey>,
        /// only the first so many rows are wanted (limit + offset)
        #[serde(default)]
        limit: Option<u64>,
        /// further rows that equal the last one in all keys are wanted too
        #[serde(default)]
        with_ties: bool,
    },
    #[serde(rename_all = "camelCase")]
    Limit {
        input: Box<Node>,
        #[serde(default)]
        limit: Option<u64>,
        #[serde(default)]
        offset: u64,
        /// rows beyond the limit that equal the last one in these keys are kept
        #[serde(default)]
        ties: Option<Vec<Expr>>,
    },
    /// At most so many rows or bytes may pass; 0 = any number.
    #[serde(rename_all = "camelCase")]
    Guard {
        input: Box<Node>,
        rows: u64,
        bytes: u64,
        /// give the rows so far instead of failing
        cut: bool,
        /// the batch that goes beyond is given whole
        #[serde(default)]
        whole: bool,
        /// of the failure
        code: u32,
        what: String,
    },
    #[serde(rename_all = "camelCase")]
    LimitBy {
        input: Box<Node>,
        keys: Vec<Expr>,
        limit: u64,
        #[serde(default)]
        offset: u64,
    },
    /// first row of each distinct combination of `keys` (all columns if absent)
    #[serde(rename_all = "camelCase")]
    Distinct {
        input: Box<Node>,
        #[serde(default)]
        keys: Option<Vec<Expr>>,
        /// enough distinct rows
        #[serde(default)]
        limit: Option<u64>,
    },
    /// WITH RECURSIVE: the rows of `first`, then those of `step` over the rows that came last, until
    /// none come. All columns have equal types
    #[serde(rename_all = "camelCase")]
    Recursive {
        /// number of the table that `Node::Working` in `step` reads
        table: u32,
        first: Box<Node>,
        step: Box<Node>,
        /// more steps than this are an error; 0 = any number
        steps_max: u64,
        /// rows that were there before are left out (UNION DISTINCT)
        #[serde(default)]
        distinct: bool,
    },
    /// the rows that the last step of a `Recursive` gave
    #[serde(rename_all = "camelCase")]
    Working { table: u32 },
    /// all rows of all inputs; their columns have equal types
    #[serde(rename_all = "camelCase")]
    Union { inputs: Vec<Node> },
    /// INTERSECT / EXCEPT; `all` keeps multiplicities
    #[serde(rename_all = "camelCase")]
    SetOperation {
        left: Box<Node>,
        right: Box<Node>,
        operation: SetOperation,
        #[serde(default)]
        all: bool,
    },
    #[serde(rename_all = "camelCase")]
    Join {
        left: Box<Node>,
        right: Box<Node>,
        join: JoinKind,
        #[serde(default)]
        strictness: Strictness,
        /// over the left / right input; pairwise of one type
        #[serde(default)]
        left_keys: Vec<Expr>,
        #[serde(default)]
        right_keys: Vec<Expr>,
        /// further condition over left columns then right columns
        #[serde(default)]
        residual: Option<Expr>,
        /// ASOF: left.expr `op` right.expr, op one of < <= > >=
        #[serde(default)]
        asof: Option<AsofCondition>,
        /// unmatched rows get NULLs (join_use_nulls: right/left columns then have Nullable types in
        /// the output), else default values
        #[serde(default)]
        use_nulls: bool,
    },
    /// adds one column per call
    #[serde(rename_all = "camelCase")]
    Window {
        input: Box<Node>,
        #[serde(default)]
        partition: Vec<Expr>,
        #[serde(default)]
        order: Vec<SortKey>,
        calls: Vec<WindowCall>,
    },
    /// adds one column per array (elements; for a Map its (key, value) tuples); all of one length per row
    #[serde(rename_all = "camelCase")]
    ArrayJoin {
        input: Box<Node>,
        arrays: Vec<Expr>,
        /// a row with an empty array is kept with a default value
        #[serde(default)]
        left: bool,
    },
    #[serde(rename_all = "camelCase")]
    Fill {
        input: Box<Node>,
        keys: Vec<FillKey>,
        /// columns that repeat the previous row's expression (INTERPOLATE): column, expression over the previous row
        #[serde(default)]
        interpolate: Vec<(usize, Expr)>,
        /// columns that the rows are sorted by before the first filled one: rows that differ in
        /// them are filled apart
        #[serde(default)]
        prefix: Vec<usize>,
    },
}

fn one() -> u64 {
    1
}

#[derive(Deserialize, Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct AsofCondition {
    pub left: Expr,
    pub right: Expr,
    pub op: String,
}

#[derive(Deserialize, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum SetOperation {
    Intersect,
    Except,
}
