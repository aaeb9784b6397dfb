//! GROUP BY and DISTINCT of a plan: what is known of the input decides how its groups are found.

use crate::aggregate::{self, Grouping, Leading, Options};
use crate::expr::Bound;
use crate::paths::Path;
use crate::plan::{AggregateCall, Expr, Node};
use crate::predicate::memoise;
use crate::rows::{Batches, FilterStep, Rows, Typed};
use crate::run::grouped::Grouped;
use crate::run::{Output, Runner, used_by};
use std::sync::Arc;
use types::{Batch, Data, Error, Result, Type};

impl Runner<'_> {
    pub(crate) fn aggregate(&self, node: &Node, having: Option<&Expr>) -> Result<Output> {
        let Node::Aggregate {
            input,
            keys,
            aggregates,
            sets,
            totals,
            widened_keys,
            any_groups,
            empty_if_no_rows,
            ..
        } = node
        else {
            return Err(Error::internal("not an aggregation"));
        };
        let options = aggregate::Options {
            sets: sets.clone(),
            totals: *totals,
            widened_keys: widened_keys.clone(),
            any_groups: *any_groups,
            empty_if_no_rows: *empty_if_no_rows,
        };
        let used = used_by(keys.iter().chain(aggregates.iter().flat_map(|a| &a.args)).collect());
        let Grouped { rows: typed, ranges, scan } = self.grouped(input, &used)?;
        if let Some(scan) = &scan
            && self.query.fast(Path::Statistics)
            && keys.is_empty()
            && sets.is_none()
            && !totals
            && !empty_if_no_rows
            && let Some(columns) = aggregate::from_statistics::answer(scan, aggregates, self.query)?
        {
            let types = aggregates
                .iter()
                .map(|a| {
                    let ty = |e: &Expr| match e {
                        Expr::Column { col } => scan.types[*col].clone(),
                        _ => Type::Nothing,
                    };
                    let args: Vec<Type> = a.args.iter().map(ty).collect();
                    Ok(aggregate::resolve(a, &args)?.ty().clone())
                })
                .collect::<Result<_>>()?;
            let rows = Rows::source(Batches::new(vec![Batch { columns, rows: 1 }]), false);
            return Ok(Output::plain(Typed { rows, types }));
        }
        let range_of = |b: &Bound| match b {
            Bound::Column(i, _) => ranges[*i],
            _ => None,
        };
        if keys.is_empty()
            && sets.is_none()
            && !totals
            && !empty_if_no_rows
            && having.is_none()
            && let Some(value) = self.distinct_value(aggregates, &typed.types)?
        {
            let options = Options { empty_if_no_rows: true, ..Options::default() };
            let scope = self.scope(&typed.types);
            let grouping = Grouping::bind(std::slice::from_ref(value), &[], &options, &scope, &range_of)?;
            if let Some(scan) = &scan {
                memoise(&grouping.keys, scan, self.query)?;
            }
            let n = aggregate::count(grouping, typed.rows, self.query)?;
            let columns = vec![Data::U64(vec![n].into()).into()];
            let rows = Rows::source(Batches::new(vec![Batch { columns, rows: 1 }]), false);
            return Ok(Output::plain(Typed { rows, types: vec![Type::UInt64] }));
        }
        let mut grouping = Grouping::bind(keys, aggregates, &options, &self.scope(&typed.types), &range_of)?;
        grouping.leading = self.leading_of(node).filter(|l| Leading::suits(&grouping.calls[l.call]));
        if let Some(scan) = &scan {
            memoise(&grouping.keys, scan, self.query)?;
            memoise(&grouping.inputs, scan, self.query)?;
        }
        let types = grouping.output_types();
        let having = having.map(|h| self.bind(h, &types)).transpose()?;
        let (out, totals) = aggregate::run(grouping, typed.rows, &options, having.as_ref(), self.query)?;
        let rows = match having {
            Some(h) => out.rows.then(Arc::new(FilterStep(h))),
            None => out.rows,
        };
        Ok(Output { rows, types: out.types, totals })
    }

    /// What `count(DISTINCT x)` alone counts: the groups of `x`, found by all workers. None where the aggregate
    /// has its own idea of equality (floats) or of NULL.
    fn distinct_value<'e>(&self, calls: &'e [AggregateCall], columns: &[Type]) -> Result<Option<&'e Expr>> {
        let [AggregateCall { name, args, .. }] = calls else { return Ok(None) };
        let [value] = args.as_slice() else { return Ok(None) };
        if name != "uniqExact" || !self.query.fast(Path::DistinctGroups) {
            return Ok(None);
        }
        let ty = self.bind(value, columns)?.ty().clone();
        let exact =
            *ty.base() == Type::String || (ty.base().fixed_width().is_some() && !ty.base().is_float());
        Ok((exact && !ty.is_nullable()).then_some(value))
    }

    /// DISTINCT over rows in no order: a GROUP BY without aggregates, on all workers and beyond memory.
    pub(crate) fn distinct(&self, input: Output) -> Result<Output> {
        let keys: Vec<Expr> = (0..input.types.len()).map(|col| Expr::Column { col }).collect();
        let options = aggregate::Options { empty_if_no_rows: true, ..aggregate::Options::default() };
        let grouping = Grouping::bind(&keys, &[], &options, &self.scope(&input.types), &|_| None)?;
        let (out, _) = aggregate::run(grouping, input.rows, &options, None, self.query)?;
        Ok(Output { rows: out.rows, types: out.types, totals: input.totals })
    }
}
