//! Hash joins. The right side is built into memory (under the query's limit), the left side streams
//! past it, a morsel at a time on all workers.
//!
//! 1. `build`: right rows are collected; a narrow integer key is its own place in an array, other keys are
//!    hashed as in GROUP BY; rows of one key lie side by side.
//! 2. `filter`: what the build side knows of its keys goes into the scans of the left side, so that blocks
//!    and rows without a partner are never read.
//! 3. `probe`: a left row's key gives its run of right rows; pairs leave in pieces of at most 64k rows, each
//!    checked for the residual condition, cancellation and memory.
//! 4. RIGHT and FULL remember which right rows were met; the others follow at the end (`rest`).
//! 5. What does not fit the query's memory is joined by partitions from files (`spill`).

mod asof;
mod build;
mod collect;
pub mod filter;
mod output;
mod probe;
mod rest;
mod spill;

use crate::expr::Bound;
use crate::plan::{JoinKind, Strictness};
use crate::query::Query;
use crate::rows::Rows;
use build::Build;
use probe::Probe;
use spill::{Spilled, Watch};
use std::sync::Arc;
use types::{Batch, Column, Reservation, Result, Type};

/// Rows of a piece of output at most.
const PIECE: usize = 65_536;
/// No group, or no right row.
const NONE: u32 = u32::MAX;

#[derive(Clone)]
pub struct Spec {
    pub kind: JoinKind,
    pub strictness: Strictness,
    pub left_keys: Vec<Bound>,
    pub right_keys: Vec<Bound>,
    /// over left columns, then right columns
    pub residual: Option<Bound>,
    /// ASOF: left and right expression, operator
    pub asof: Option<(Bound, Bound, String)>,
    pub use_nulls: bool,
    pub left_types: Vec<Type>,
    pub right_types: Vec<Type>,
    /// columns of the output that somebody reads, left then right
    pub needed: Vec<bool>,
    /// fast paths are left out (for tests)
    pub plain: bool,
}

/// Right side of a join, built; to be joined with a left side.
pub enum Built {
    Whole(Arc<Build>),
    Spilled(Spilled),
}

impl Spec {
    fn keeps_right(&self) -> bool {
        matches!(self.kind, JoinKind::Right | JoinKind::Full | JoinKind::RightSemi | JoinKind::RightAnti)
    }
    fn keeps_left(&self) -> bool {
        keeps_left(self.kind)
    }
    /// Types of the joined rows.
    pub fn output_types(&self) -> Vec<Type> {
        output_types(self.kind, self.use_nulls, &self.left_types, &self.right_types)
    }
}

fn keeps_left(kind: JoinKind) -> bool {
    matches!(kind, JoinKind::Left | JoinKind::Full | JoinKind::Anti | JoinKind::AsofLeft)
}

/// Types of joined rows: of left columns, then of right columns.
pub fn output_types(kind: JoinKind, use_nulls: bool, left: &[Type], right: &[Type]) -> Vec<Type> {
    let null = |t: &Type, yes: bool| if yes && use_nulls { nullable(t) } else { t.clone() };
    let left_missing =
        matches!(kind, JoinKind::Right | JoinKind::Full | JoinKind::RightSemi | JoinKind::RightAnti);
    let right_missing = keeps_left(kind) || kind == JoinKind::Semi;
    let left = left.iter().map(|t| null(t, left_missing));
    left.chain(right.iter().map(|t| null(t, right_missing))).collect()
}

/// Totals of joined rows: those of the sides beside each other, defaults for a side without.
pub fn totals(left: Option<Batch>, right: Option<Batch>, types: &[Type], width: usize) -> Option<Batch> {
    if left.is_none() && right.is_none() {
        return None;
    }
    let side = |own: Option<Batch>, types: &[Type]| match own {
        Some(b) if b.rows == 1 => b.columns,
        _ => types.iter().map(|t| Column::default_of(t, 1)).collect::<Vec<_>>(),
    };
    let (l, r) = types.split_at(width);
    let mut columns = side(left, l);
    columns.extend(side(right, r));
    Some(Batch { columns, rows: 1 })
}

fn nullable(t: &Type) -> Type {
    match t {
        Type::LowCardinality(inner) => Type::low_cardinality(Type::nullable(inner.as_ref().clone())),
        t => Type::nullable(t.clone()),
    }
}

/// Reads the right side. `needed` of the spec says which of its columns are kept.
pub fn build(right: Rows, spec: Spec, query: &Arc<Query>) -> Result<Built> {
    build_at(right, spec, query, 0)
}

/// `depth`: how often the rows have been cut into partitions.
fn build_at(right: Rows, spec: Spec, query: &Arc<Query>, depth: usize) -> Result<Built> {
    let mut held = Reservation::empty(&query.memory);
    let watch = Watch::new(&spec, depth, query);
    let batches = collect::collect(right, &spec, watch.as_ref(), &mut held, query)?;
    let file = watch.filter(Watch::started).map(|w| w.side(query)).transpose()?.flatten();
    Ok(match file {
        Some(right) => Built::Spilled(Spilled { right, spec, depth }),
        None => Built::Whole(Arc::new(Build::new(batches, spec, held, query)?)),
    })
}

impl Built {
    /// Conditions that every left row with a partner fulfils, over left columns.
    pub fn conditions(&self, query: &Query) -> Result<Vec<(usize, Bound)>> {
        match self {
            Built::Whole(build) => filter::conditions(build, query),
            Built::Spilled(_) => Ok(Vec::new()),
        }
    }

    /// The joined rows.
    pub fn join(self, left: Rows, query: &Arc<Query>) -> Result<Rows> {
        let build = match self {
            Built::Whole(build) => build,
            Built::Spilled(spilled) => return spilled.join(left, query),
        };
        let spec = &build.spec;
        if rest::marks_only(spec) {
            return rest::mark(left, build, query);
        }
        let keeps_right = matches!(spec.kind, JoinKind::Right | JoinKind::Full);
        let ordered = left.is_ordered();
        let probed = left.then(Arc::new(Probe(build.clone())));
        if keeps_right { Ok(rest::after(probed, ordered, build)) } else { Ok(probed) }
    }
}
