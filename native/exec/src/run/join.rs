//! Joins of a plan: the right side is run and built first; what it knows of its keys then goes down into
//! the scans of the left side.

use super::{Output, Runner, used_by};
use crate::expr::Bound;
use crate::join;
use crate::plan::{AsofCondition, Expr, JoinKind, Node};
use types::{Result, Type};

/// Columns of the result of a node; None where it takes more than a look.
fn width(node: &Node) -> Option<usize> {
    Some(match node {
        Node::Scan { columns, .. } => columns.len(),
        Node::Files { columns, virtuals, .. } => columns.len() + virtuals.len(),
        Node::Values { columns, .. } | Node::Format { columns, .. } | Node::Batch { columns, .. } => {
            columns.len()
        }
        Node::One => 0,
        Node::Numbers { .. } => 1,
        Node::Project { exprs, .. } => exprs.len(),
        Node::Aggregate { keys, aggregates, sets, .. } => {
            keys.len() + aggregates.len() + usize::from(sets.is_some())
        }
        Node::Join { left, right, .. } => width(left)? + width(right)?,
        Node::Window { input, calls, .. } => width(input)? + calls.len(),
        Node::ArrayJoin { input, arrays, .. } => width(input)? + arrays.len(),
        Node::Union { inputs } => width(inputs.first()?)?,
        Node::SetOperation { left, .. } => width(left)?,
        Node::Recursive { first, .. } => width(first)?,
        Node::Filter { input, .. }
        | Node::Sort { input, .. }
        | Node::Limit { input, .. }
        | Node::LimitBy { input, .. }
        | Node::Distinct { input, .. }
        | Node::Guard { input, .. }
        | Node::Fill { input, .. } => width(input)?,
        Node::Subquery { .. } | Node::Working { .. } => return None,
    })
}

impl Runner<'_> {
    pub(super) fn join(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        let Node::Join { left, right, join, strictness, left_keys, right_keys, residual, asof, use_nulls } =
            node
        else {
            return Err(types::Error::internal("not a join"));
        };
        let plain = self.query.session.setting("colonnade_plain_joins") == Some("1");
        let (left_width, right_width) = (width(left), width(right));
        let over = |keys: &[Expr], asof: Option<&Expr>, first: usize, width: usize| -> Vec<usize> {
            let mut used: Vec<&Expr> = keys.iter().collect();
            used.extend(asof);
            let mut out = used_by(used);
            let both = residual.iter().flat_map(|r| used_by(vec![r]));
            let above = needed.unwrap_or(&[]).iter().copied();
            out.extend(both.chain(above).filter(|i| (first..first + width).contains(i)).map(|i| i - first));
            out.sort_unstable();
            out.dedup();
            out
        };
        let (left_needed, right_needed) = match (needed, left_width, right_width) {
            (Some(_), Some(l), Some(r)) if !plain => (
                Some(over(left_keys, asof.as_ref().map(|a| &a.left), 0, l)),
                Some(over(right_keys, asof.as_ref().map(|a| &a.right), l, r)),
            ),
            _ => (None, None),
        };
        let right = self.run(right, right_needed.as_deref())?;
        let right_totals = right.totals;
        // The left side runs after the build, so that its scans know the keys; where its types cannot be
        // told before, it runs now.
        let (left_types, early) = match self.types_before(left)? {
            Some(types) if !plain => (types, None),
            _ => {
                let out = self.run(left, left_needed.as_deref())?;
                (out.types.clone(), Some(out))
            }
        };
        let mut spec = join::Spec {
            kind: *join,
            strictness: *strictness,
            left_keys: self.bind_all(left_keys, &left_types)?,
            right_keys: self.bind_all(right_keys, &right.types)?,
            residual: None,
            asof: asof.as_ref().map(|a| self.bind_asof(a, &left_types, &right.types)).transpose()?,
            use_nulls: *use_nulls,
            left_types,
            right_types: right.types,
            needed: Vec::new(),
            plain,
        };
        let types = spec.output_types();
        spec.needed = (0..types.len())
            .map(|i| left_needed.is_none() || needed.is_none_or(|n| n.contains(&i)))
            .collect();
        let inner: Vec<Type> = spec.left_types.iter().chain(&spec.right_types).cloned().collect();
        spec.residual = residual.as_ref().map(|r| self.bind(r, &inner)).transpose()?;
        let built = join::build(right.rows, spec, self.query)?;
        let left = match early {
            Some(out) => out,
            None => {
                for (column, condition) in built.conditions(self.query)? {
                    self.push_condition(left, column, &condition);
                }
                self.run(left, left_needed.as_deref())?
            }
        };
        let totals = join::totals(left.totals, right_totals, &types, left.types.len());
        let rows = built.join(left.rows, self.query)?;
        Ok(Output { rows, types, totals })
    }

    fn bind_asof(&self, a: &AsofCondition, left: &[Type], right: &[Type]) -> Result<(Bound, Bound, String)> {
        Ok((self.bind(&a.left, left)?, self.bind(&a.right, right)?, a.op.clone()))
    }

    /// Leaves a condition over an output column with the scans below that the column comes from.
    fn push_condition(&self, node: &Node, column: usize, condition: &Bound) {
        match node {
            Node::Scan { columns, .. } => {
                let moved = condition.remap(&|_| column);
                self.pushed.borrow_mut().entry(columns.as_ptr() as usize).or_default().push(moved);
            }
            Node::Filter { input, .. } | Node::Distinct { input, keys: None, limit: None } => {
                self.push_condition(input, column, condition);
            }
            Node::Project { input, exprs } => {
                if let Some(Expr::Column { col }) = exprs.get(column) {
                    self.push_condition(input, *col, condition);
                }
            }
            Node::Aggregate { input, keys, sets: None, totals: false, any_groups: None, .. } => {
                if let Some(Expr::Column { col }) = keys.get(column) {
                    self.push_condition(input, *col, condition);
                }
            }
            Node::Union { inputs } => inputs.iter().for_each(|n| self.push_condition(n, column, condition)),
            Node::Join { left, right, join, .. } => {
                let Some(first) = width(left) else { return };
                let into_left = !matches!(
                    join,
                    JoinKind::Right | JoinKind::Full | JoinKind::RightSemi | JoinKind::RightAnti
                );
                let into_right = matches!(join, JoinKind::Inner | JoinKind::Cross);
                if column < first && into_left {
                    self.push_condition(left, column, condition);
                } else if column >= first && into_right {
                    self.push_condition(right, column - first, condition);
                }
            }
            _ => {}
        }
    }

    /// The conditions that stand above files.
    pub(super) fn with_pushed_files(&self, at: usize) -> Vec<Bound> {
        self.pushed.borrow_mut().remove(&at).unwrap_or_default()
    }

    /// The conditions that joins above have left for a scan, with its own.
    pub(super) fn with_pushed(&self, columns: &[String], own: Option<Bound>) -> Result<Option<Bound>> {
        let Some(more) = self.pushed.borrow_mut().remove(&(columns.as_ptr() as usize)) else {
            return Ok(own);
        };
        let mut all: Vec<Bound> = own.into_iter().chain(more).collect();
        Ok(Some(if all.len() == 1 { all.remove(0) } else { crate::expr::call("and", all, self.query)? }))
    }
}
