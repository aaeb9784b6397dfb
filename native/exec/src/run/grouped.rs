//! The rows that GROUP BY takes, with what is known of them: a scan's ranges and dictionaries, also through
//! a projection over it.

use super::{Runner, used_by};
use crate::expr::Bound;
use crate::paths::Path;
use crate::plan::{Expr, Node};
use crate::predicate::memoise;
use crate::rows::{Pipeline, ProjectStep, Rows, Typed};
use crate::scan::Scan;
use std::sync::Arc;
use types::{Column, Result, Type};

/// Smallest and largest value of an integer column, where they are known.
pub(crate) type Range = Option<(i128, i128)>;

pub(crate) struct Grouped {
    pub rows: Typed,
    pub ranges: Vec<Range>,
    /// the rows come from it as they are
    pub scan: Option<Arc<Scan>>,
}

impl Runner<'_> {
    /// `used`: columns of the input that keys and aggregates read.
    pub(crate) fn grouped(&self, input: &Node, used: &[usize]) -> Result<Grouped> {
        match input {
            Node::Scan { .. } => {
                let scan = Arc::new(self.scan(input, Some(used))?);
                let (rows, ranges) = self.scanned(input, &scan, used);
                Ok(Grouped { rows, ranges, scan: Some(scan) })
            }
            Node::Project { input: below, exprs } if matches!(**below, Node::Scan { .. }) => {
                let read = used_by(used.iter().map(|&i| &exprs[i]).collect());
                let scan = Arc::new(self.scan(below, Some(&read))?);
                let (Typed { rows, types }, known) = self.scanned(below, &scan, &read);
                let bound = self.projection(exprs, &types, Some(used))?;
                memoise(&bound, &scan, self.query)?;
                let ranges = bound.iter().map(|b| if let Bound::Column(i, _) = b { known[*i] } else { None });
                let ranges = ranges.collect();
                let types = bound.iter().map(|b| b.ty().clone()).collect();
                let mut rows = rows.then(Arc::new(ProjectStep(bound)));
                self.watched(input, &mut rows);
                Ok(Grouped { rows: Typed { rows, types }, ranges, scan: None })
            }
            _ => {
                let out = self.run(input, Some(used))?;
                let ranges = vec![None; out.types.len()];
                Ok(Grouped { rows: Typed { rows: out.rows, types: out.types }, ranges, scan: None })
            }
        }
    }

    fn scanned(&self, node: &Node, scan: &Arc<Scan>, used: &[usize]) -> (Typed, Vec<Range>) {
        let known = self.query.fast(Path::NarrowKeys);
        let range = |i: usize| if known && used.contains(&i) { scan.int_range(i) } else { None };
        let ranges = (0..scan.types.len()).map(range).collect();
        let mut rows = Rows::Pipe(Pipeline::new(scan.clone(), false));
        self.watched(node, &mut rows);
        (Typed { rows, types: scan.types.clone() }, ranges)
    }

    /// Expressions bound to their input; those that nobody needs are one value that costs nothing.
    pub(super) fn projection(
        &self,
        exprs: &[Expr],
        types: &[Type],
        needed: Option<&[usize]>,
    ) -> Result<Vec<Bound>> {
        let mut bound = self.bind_all(exprs, types)?;
        for (i, b) in bound.iter_mut().enumerate() {
            if needed.is_some_and(|n| !n.contains(&i)) {
                let ty = b.ty().clone();
                *b = Bound::Const(Column::default_of(&ty, 1).flat(), ty);
            }
        }
        Ok(bound)
    }

    /// Measures rows that a consumer has made of a node itself.
    pub(super) fn watched(&self, node: &Node, rows: &mut Rows) {
        if let Some(analysis) = self.query.analysis.get() {
            analysis.stream(node, rows);
        }
    }
}
