//! Scalar functions that need aggregates or formats: what states come to, states as numbers, arrays reduced, rows
//! as text.
//!
//! The crate of functions knows neither, so these are handed to it as an extension; its rules
//! for constants, NULLs and dictionary codes hold for them as well.

mod format_row;
mod reduce;
mod running;
mod states;

use aggregates::{Aggregate, States};
use functions::parts::Bind;
use functions::{Arg, Extension};
use std::sync::Arc;
use types::ty::AggregateType;
use types::{Column, Data, Error, Result, StrData, Type};

static ROWS: &[functions::FunctionDef] = &[format_row::FORMAT_ROW, format_row::FORMAT_ROW_NO_NEWLINE];

static STATES: &[functions::FunctionDef] = &[
    states::FINALIZE,
    states::INITIALIZE,
    states::PLUS,
    states::TIMES,
    running::ACCUMULATE,
    reduce::REDUCE,
    reduce::REDUCE_IN_RANGES,
];

static EXTENSION: Extension =
    Extension { families: &[("Aggregate states", STATES), ("Formats", ROWS)], overload };

/// Makes the functions known. To be called before any function is looked up.
pub fn install() {
    functions::extend(&EXTENSION);
}

/// `state + state` and `state * n` are functions of their own.
fn overload(name: &str, args: &[Arg]) -> Option<&'static str> {
    let state = |i: usize| args.get(i).is_some_and(|a| matches!(a.ty, Type::AggregateFunction(_)));
    match name {
        "plus" if state(0) && state(1) => Some(states::PLUS.name),
        "multiply" if state(0) != state(1) => Some(states::TIMES.name),
        _ => None,
    }
}

/// The aggregate whose states an argument holds.
fn aggregate_of(b: &Bind<'_>, i: usize) -> Result<Arc<dyn Aggregate>> {
    match b.ty(i) {
        Type::AggregateFunction(t) => aggregates::of_state_type(t),
        _ => Err(b.illegal(i, "a state, as -State combinators give it")),
    }
}

/// An aggregate from the constant text `name` or `name(parameters)` of argument `i`.
fn named(b: &Bind<'_>, i: usize, args: Vec<Type>) -> Result<Arc<dyn Aggregate>> {
    let text = match (b.constant(i), b.ty(i)) {
        (Some(c), Type::String) => String::from_utf8_lossy(c.bytes_at(0).unwrap_or_default()).into_owned(),
        _ => return Err(b.illegal(i, "a constant string with the name of an aggregate function")),
    };
    if text.is_empty() {
        return Err(Error::bad_arguments(format!(
            "The first argument of function {} must name an aggregate function",
            b.name
        )));
    }
    let Type::AggregateFunction(t) = types::parse::parse_type(&format!("AggregateFunction({text})"))? else {
        return Err(Error::internal("a state's type is no state's type"));
    };
    if !aggregates::is_aggregate(&t.name) {
        return Err(aggregates::unknown(&t.name));
    }
    aggregates::of_state_type(&AggregateType { name: t.name.clone(), params: t.params.clone(), args })
}

/// The serial states of a flat column.
fn serial(c: &Column) -> Result<StrData> {
    match c.flat().data {
        Data::Str(s) => Ok(s),
        _ => Err(Error::internal("a column of states is not a string column")),
    }
}

/// Fresh states with `groups` groups.
fn fresh(a: &dyn Aggregate, groups: usize) -> Box<dyn States> {
    let mut states = a.states();
    states.resize(groups);
    states
}

fn numbered(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}
