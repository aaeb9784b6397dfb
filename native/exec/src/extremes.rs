//! What a result tells about its rows beside them: the least and greatest value of each column
//! (`extremes`), and how many rows there were before LIMIT.

use crate::plan::Node;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Step};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};
use types::compare::compare_rows_with;
use types::{Batch, Column, Data, Result, Type};

/// Least and greatest values so far: two rows, once there was a row.
#[derive(Default)]
pub struct Extremes(Option<Batch>);

impl Extremes {
    pub fn add(&mut self, batch: &Batch, types: &[Type]) {
        if batch.rows == 0 {
            return;
        }
        let columns = batch
            .columns
            .iter()
            .zip(types)
            .enumerate()
            .map(|(i, (column, ty))| {
                let ends = column.gather(&[least(column, batch.rows), greatest(column, batch.rows)]).flat();
                let Some(known) = &self.0 else { return ends };
                let both = Column::concat(ty, &[&known.columns[i], &ends]);
                both.gather(&[least(&both, 4), greatest(&both, 4)])
            })
            .collect();
        self.0 = Some(Batch { columns, rows: 2 });
    }

    pub fn rows(self) -> Option<Batch> {
        self.0
    }
}

fn is_nan(column: &Column, row: usize) -> bool {
    match &column.data {
        Data::F32(v) => v[row].is_nan(),
        Data::F64(v) => v[row].is_nan(),
        Data::Const(value, _) => is_nan(value, 0),
        _ => false,
    }
}

/// NULL and NaN count only where there is nothing else.
fn least(column: &Column, rows: usize) -> u32 {
    (1..rows).fold(0, |best, i| {
        if compare_rows_with(column, i, column, best, Ordering::Greater).is_lt() { i } else { best }
    }) as u32
}

fn greatest(column: &Column, rows: usize) -> u32 {
    (1..rows).fold(0, |best, i| {
        let better = match (is_nan(column, i), is_nan(column, best)) {
            (true, _) => column.is_null(best),
            (false, true) => !column.is_null(i),
            _ => compare_rows_with(column, i, column, best, Ordering::Less).is_gt(),
        };
        if better { i } else { best }
    }) as u32
}

/// The outermost LIMITs of a plan (or the sorts that stand in for them), by their place, and the rows that
/// met them.
#[derive(Default)]
pub struct BeforeLimit {
    nodes: HashSet<usize>,
    rows: Arc<AtomicU64>,
}

fn place(node: &Node) -> usize {
    std::ptr::from_ref(node) as usize
}

impl BeforeLimit {
    pub fn of(root: &Node) -> BeforeLimit {
        let mut found = BeforeLimit::default();
        found.find(root);
        found
    }

    fn find(&mut self, node: &Node) {
        match node {
            Node::Limit { input, .. } => {
                let mut below = &**input;
                while let Node::Project { input, .. } = below {
                    below = input;
                }
                // A sort that keeps only the first rows has dropped what the LIMIT would have.
                let first = matches!(below, Node::Sort { limit: Some(_), .. });
                self.nodes.insert(place(if first { below } else { node }));
            }
            Node::Filter { input, .. }
            | Node::Project { input, .. }
            | Node::Aggregate { input, .. }
            | Node::Sort { input, .. }
            | Node::LimitBy { input, .. }
            | Node::Guard { input, .. }
            | Node::Distinct { input, .. } => self.find(input),
            Node::Union { inputs } => inputs.iter().for_each(|n| self.find(n)),
            _ => {}
        }
    }

    /// The rows that go into a node, counted as they pass if they are to be.
    pub fn counted(&self, node: &Node, rows: Rows) -> Rows {
        if self.nodes.contains(&place(node)) { rows.then(Arc::new(Count(self.rows.clone()))) } else { rows }
    }

    /// Where rows that go into a node are counted, if they are to be.
    pub fn counter(&self, node: &Node) -> Option<Arc<AtomicU64>> {
        self.nodes.contains(&place(node)).then(|| self.rows.clone())
    }

    /// `None` without a LIMIT.
    pub fn total(&self) -> Option<u64> {
        (!self.nodes.is_empty()).then(|| self.rows.load(Atomic::Relaxed))
    }
}

struct Count(Arc<AtomicU64>);

impl Step for Count {
    fn apply(&self, batch: Batch, _: &Query, emit: Emit<'_>) -> Result<Flow> {
        self.0.fetch_add(batch.rows as u64, Atomic::Relaxed);
        emit(batch)
    }
}
