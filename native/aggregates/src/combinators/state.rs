//! -State, -SimpleState, -Merge, -MergeState: states as values.

use super::wrap::hands_on;
use super::{Combined, last_arg, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::resolve::of_state_type;
use std::ops::Range;
use std::sync::Arc;
use types::ty::AggregateType;
use types::{Column, Data, Error, Result, Type};

pub fn state(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let inner = nested(rest, params, args, depth)?;
    let ty = inner.state_type();
    let made = inner.clone();
    Ok(Combined::new("State", &inner, args, ty.clone(), move || {
        Box::new(StateResult { inner: made.states(), takes_states: false, gives_state: true })
    })
    .with_state_type(ty)
    .arc())
}

/// Functions whose results can be aggregated further by the function itself.
pub const SIMPLE: &[&str] = &[
    "any",
    "anyLast",
    "min",
    "max",
    "sum",
    "sumWithOverflow",
    "groupBitAnd",
    "groupBitOr",
    "groupBitXor",
    "sumMap",
    "sumMapWithOverflow",
    "minMap",
    "maxMap",
    "groupArrayArray",
    "groupArrayLastArray",
    "groupUniqArrayArray",
    "groupUniqArrayArrayMap",
    "argMin",
    "argMax",
    "any_respect_nulls",
    "anyLast_respect_nulls",
];

pub fn simple_state(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let inner = nested(rest, params, args, depth)?;
    if !SIMPLE.contains(&inner.name()) {
        return Err(Error::bad_arguments(format!(
            "Aggregate function {} cannot be a SimpleAggregateFunction; those can: {}",
            inner.name(),
            SIMPLE.join(", ")
        )));
    }
    let ty = Type::SimpleAggregateFunction(Arc::new(AggregateType {
        name: inner.name().to_string(),
        params: params.iter().map(|p| p.text.clone()).collect(),
        args: vec![inner.ty().clone()],
    }));
    let made = inner.clone();
    Ok(Combined::new("SimpleState", &inner, args, ty, move || made.states()).arc())
}

pub fn merge(rest: &str, params: &[Param], args: &[Type], gives_state: bool) -> Result<Arc<dyn Aggregate>> {
    let suffix = if gives_state { "MergeState" } else { "Merge" };
    let name = format!("{rest}{suffix}");
    let (arg, others) = last_arg(&name, args)?;
    let wrong = || {
        Error::illegal_type(format!(
            "Illegal type {arg} of argument of aggregate function {name}: it takes states of {rest}"
        ))
    };
    let Type::AggregateFunction(of) = arg else { return Err(wrong()) };
    if !others.is_empty() {
        return Err(Error::new(
            types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes one argument"),
        ));
    }
    let source = of_state_type(of)?;
    // other parameters are fine where the state does not depend on them (quantiles of other levels)
    let inner = crate::resolve::resolve_at(
        rest,
        if params.is_empty() { source.params() } else { params },
        source.args(),
        0,
    )?;
    if !same_states(&source, &inner) {
        return Err(wrong());
    }
    let ty = if gives_state { arg.clone() } else { inner.ty().clone() };
    let made = inner.clone();
    let merged = Combined::new(suffix, &inner, args, ty, move || {
        Box::new(StateResult { inner: made.states(), takes_states: true, gives_state })
    });
    // a state of a merge is a state of what was merged
    Ok(merged.with_params(params).with_state_type(arg.clone()).arc())
}

/// Do two functions have the same states?
fn same_states(a: &Arc<dyn Aggregate>, b: &Arc<dyn Aggregate>) -> bool {
    let family = |name: &str| {
        let name = name.replace("quantiles", "quantile");
        // -If does not touch the state
        name.replace("If", "").to_ascii_lowercase()
    };
    family(a.name()) == family(b.name())
}

struct StateResult {
    inner: Box<dyn States>,
    takes_states: bool,
    gives_state: bool,
}

impl States for StateResult {
    hands_on!(resize, len, merge, serialize, absorb, bytes, planned_bytes, as_any);
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        if !self.takes_states {
            return self.inner.update(groups, args, rows);
        }
        let flat = args[0].flat();
        let Data::Str(states) = &flat.data else {
            return Err(Error::internal("A column of states is not a string column"));
        };
        match groups {
            Groups::One(g) => self.inner.merge_serialized(&vec![g; rows], states),
            Groups::Each(gs) => self.inner.merge_serialized(gs, states),
        }
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        if !self.gives_state {
            return self.inner.finish(groups);
        }
        let ids: Vec<u32> = groups.map(|g| g as u32).collect();
        Ok(Data::Str(self.inner.serialize(&ids)?).into())
    }
}
