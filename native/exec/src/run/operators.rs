//! Nodes over other nodes: what happens to their rows.

use super::{Output, Runner, used_by};
use crate::array_join::ArrayJoin;
use crate::expr::Bound;
use crate::limits;
use crate::plan::{Expr, FillKey, Node, SortKey, WindowCall};
use crate::rows::{FilterStep, ProjectStep, Rows, Typed};
use crate::set_operation;
use crate::sort;
use std::sync::Arc;
use types::{Batch, Error, Result, Type};

impl Runner<'_> {
    pub(super) fn filter(&self, input: &Node, predicate: &Expr, needed: Option<&[usize]>) -> Result<Output> {
        if let Node::Aggregate { totals: true, totals_of_all: false, .. } = input {
            return self.aggregate(input, Some(predicate));
        }
        let used = needed.map(|n| {
            let mut u = used_by(vec![predicate]);
            u.extend_from_slice(n);
            u.sort_unstable();
            u.dedup();
            u
        });
        if let Node::Files { columns, .. } = input
            && let Some(types) = self.types_before(input)?
        {
            let condition = self.bind(predicate, &types)?;
            self.pushed.borrow_mut().insert(columns.as_ptr() as usize, vec![condition]);
        }
        let input = self.run(input, used.as_deref())?;
        let bound = self.bind(predicate, &input.types)?;
        Ok(Output {
            rows: input.rows.then(Arc::new(FilterStep(bound))),
            types: input.types,
            totals: input.totals,
        })
    }

    pub(super) fn project(&self, input: &Node, exprs: &[Expr], needed: Option<&[usize]>) -> Result<Output> {
        let used = used_by(
            needed.map_or_else(|| exprs.iter().collect(), |n| n.iter().map(|&i| &exprs[i]).collect()),
        );
        let input = self.run(input, Some(&used))?;
        let bound = self.projection(exprs, &input.types, needed)?;
        let types: Vec<Type> = bound.iter().map(|b| b.ty().clone()).collect();
        let totals = input
            .totals
            .map(|t| -> Result<Batch> {
                let columns = bound.iter().map(|b| b.eval(&t, self.query)).collect::<Result<_>>()?;
                Ok(Batch { columns, rows: t.rows })
            })
            .transpose()?;
        Ok(Output { rows: input.rows.then(Arc::new(ProjectStep(bound))), types, totals })
    }

    pub(super) fn sort(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        let Node::Sort { input, keys, limit, with_ties } = node else {
            return Err(Error::internal("not a sort"));
        };
        if let Some(out) = self.top_rows(node, needed)? {
            return Ok(out);
        }
        let mut used: Vec<usize> = keys.iter().flat_map(|k| used_by(vec![&k.expr])).collect();
        let used = needed.map(|n| {
            used.extend_from_slice(n);
            used.sort_unstable();
            used.dedup();
            used
        });
        let threshold = sort::Threshold::default();
        if limit.is_some_and(|n| n > 0 && n <= sort::TOP_ROWS_MAX) && !with_ties {
            self.want_leading(node, input, keys, &threshold);
        }
        let input = self.run(input, used.as_deref())?;
        let keys = sort::Key::bind(keys, &self.scope(&input.types))?;
        let rows = self.before_limit.counted(node, input.rows);
        let rows = sort::sort(
            rows,
            &input.types,
            keys,
            used.as_deref(),
            *limit,
            *with_ties,
            &threshold,
            self.query,
        )?;
        Ok(Output { rows, types: input.types, totals: input.totals })
    }

    pub(super) fn limit(&self, node: &Node, needed: Option<&[usize]>) -> Result<Output> {
        let Node::Limit { input, limit, offset, ties } = node else {
            return Err(Error::internal("not a limit"));
        };
        if let (Some(n), None) = (limit, ties) {
            self.limit_scan(input, n.saturating_add(*offset));
        }
        let input = self.run(input, if ties.is_some() { None } else { needed })?;
        let ties = ties.as_ref().map(|t| self.bind_all(t, &input.types)).transpose()?;
        let rows = self.before_limit.counted(node, input.rows);
        Ok(Output {
            rows: limits::limit(rows, *limit, *offset, ties),
            types: input.types,
            totals: input.totals,
        })
    }

    pub(super) fn limit_by(&self, input: &Node, keys: &[Expr], limit: u64, offset: u64) -> Result<Output> {
        let input = self.run(input, None)?;
        let keys = self.bind_all(keys, &input.types)?;
        let rows = limits::limit_by(input.rows, keys, limit, offset);
        Ok(Output { rows, types: input.types, totals: input.totals })
    }

    pub(super) fn distinct_rows(
        &self,
        input: &Node,
        keys: Option<&[Expr]>,
        limit: Option<u64>,
    ) -> Result<Output> {
        let input = self.run(input, None)?;
        if keys.is_none() && limit.is_none() && !input.rows.is_ordered() && !input.types.is_empty() {
            return self.distinct(input);
        }
        let keys = match keys {
            Some(k) => self.bind_all(k, &input.types)?,
            None => input.types.iter().enumerate().map(|(i, t)| Bound::Column(i, t.clone())).collect(),
        };
        let rows = limits::distinct(input.rows, keys, limit);
        Ok(Output { rows, types: input.types, totals: input.totals })
    }

    pub(super) fn union(&self, inputs: &[Node], needed: Option<&[usize]>) -> Result<Output> {
        let mut parts = Vec::new();
        let mut types = Vec::new();
        for n in inputs {
            let out = self.run(n, needed)?;
            types.clone_from(&out.types);
            parts.push(out.rows);
        }
        let rows = Rows::serial(false, move |query, emit| {
            let mut stopped = false;
            for p in parts {
                p.drive(query, &mut |b| {
                    let f = emit(b)?;
                    stopped = f == crate::pool::Flow::Stop;
                    Ok(f)
                })?;
                if stopped {
                    break;
                }
            }
            Ok(())
        });
        Ok(Output::plain(Typed { rows, types }))
    }

    pub(super) fn set_operation(
        &self,
        left: &Node,
        right: &Node,
        intersect: bool,
        all: bool,
    ) -> Result<Output> {
        let left = self.run(left, None)?;
        let right = self.run(right, None)?;
        let rows =
            set_operation::set_operation(left.rows, right.rows, &left.types, intersect, all, self.query)?;
        Ok(Output::plain(Typed { rows, types: left.types }))
    }

    pub(super) fn array_join(&self, input: &Node, arrays: &[Expr], left: bool) -> Result<Output> {
        let input = self.run(input, None)?;
        let step = ArrayJoin { arrays: self.bind_all(arrays, &input.types)?, left };
        let width = input.types.len();
        let mut types = input.types;
        types.extend(step.types()?);
        // the totals row is not multiplied
        let totals = crate::join::totals(input.totals, None, &types, width);
        Ok(Output { rows: input.rows.then(Arc::new(step)), types, totals })
    }

    pub(super) fn window(
        &self,
        input: &Node,
        partition: &[Expr],
        order: &[SortKey],
        calls: &[WindowCall],
    ) -> Result<Output> {
        let input = self.run(input, None)?;
        let partition = self.bind_all(partition, &input.types)?;
        let types = input.types.clone();
        let scope = self.scope(&types);
        let order = sort::Key::bind(order, &scope)?;
        let typed = Typed { rows: input.rows, types: input.types };
        crate::window::window(typed, partition, order, calls, &scope, self.query).map(Output::plain)
    }

    pub(super) fn fill(
        &self,
        input: &Node,
        keys: &[FillKey],
        interpolate: &[(usize, Expr)],
        prefix: &[usize],
    ) -> Result<Output> {
        let input = self.run(input, None)?;
        let types = input.types.clone();
        let typed = Typed { rows: input.rows, types: input.types };
        let filled = crate::fill::fill(typed, keys, prefix, interpolate, &self.scope(&types), self.query)?;
        Ok(Output { totals: input.totals, ..Output::plain(filled) })
    }
}
