//! States as values: their results, states of single rows, their sums and multiples.

use super::{aggregate_of, fresh, named, numbered, serial};
use aggregates::{Aggregate, Groups};
use functions::FunctionDef;
use functions::parts::{Bind, Bound, Ctx, bound, f};
use std::sync::Arc;
use types::codes::{CANNOT_ADD_DIFFERENT_AGGREGATE_STATES, ILLEGAL_COLUMN, MEMORY_LIMIT_EXCEEDED};
use types::{Column, Data, Error, Result, StrData, Type};

/// States of one block may take so many bytes; multiplying can make them large.
const BYTES_MAX: usize = 1 << 28;

pub const FINALIZE: FunctionDef = f(
    "finalizeAggregation",
    "finalizeAggregation(state)",
    "The result that a state of an aggregate function comes to.",
    &[("finalizeAggregation(initializeAggregation('sumState', 5))", "5")],
    |b| {
        b.arity(1, 1)?;
        let a = aggregate_of(b, 0)?;
        bound(a.ty().clone(), move |c| {
            let mut states = fresh(a.as_ref(), c.rows);
            states.merge_serialized(&numbered(c.rows), &serial(&column(c, 0))?)?;
            states.finish(0..c.rows)
        })
    },
);

pub const INITIALIZE: FunctionDef = f(
    "initializeAggregation",
    "initializeAggregation('name', x, …)",
    "The aggregate of each row alone; with -State, its state.",
    &[("initializeAggregation('max', 7)", "7")],
    initialize,
)
.own_nulls();

fn initialize(b: &Bind<'_>) -> Result<Bound> {
    if b.len() < 2 {
        return Err(Error::bad_arguments(format!(
            "Function {} takes the name of an aggregate function and its arguments",
            b.name
        )));
    }
    let a = named(b, 0, b.types()[1..].to_vec())?;
    bound(a.ty().clone(), move |c| {
        let args: Vec<Column> = (1..c.len()).map(|i| column(c, i)).collect();
        let mut states = fresh(a.as_ref(), c.rows);
        states.update(Groups::Each(&numbered(c.rows)), &args, c.rows)?;
        states.finish(0..c.rows)
    })
}

/// Argument `i` with a row for each row.
pub(super) fn column(c: &Ctx<'_>, i: usize) -> Column {
    c.col(i).flat()
}

pub const PLUS: FunctionDef = f(
    "mergeStates",
    "mergeStates(state, state)",
    "One state of all rows of both; written state + state.",
    &[(
        "finalizeAggregation(initializeAggregation('sumState', 5) + initializeAggregation('sumState', 6))",
        "11",
    )],
    |b| {
        b.arity(2, 2)?;
        let a = aggregate_of(b, 0)?;
        if b.ty(0) != b.ty(1) {
            return Err(Error::new(
                CANNOT_ADD_DIFFERENT_AGGREGATE_STATES,
                format!(
                    "States of different aggregate functions cannot be added: {} and {}",
                    b.ty(0),
                    b.ty(1)
                ),
            ));
        }
        bound(b.ty(0).clone(), move |c| {
            let sum = merged(a.as_ref(), &serial(&column(c, 0))?, &serial(&column(c, 1))?)?;
            Ok(Data::Str(sum).into())
        })
    },
);

/// Row by row, the states of both.
fn merged(a: &dyn Aggregate, x: &StrData, y: &StrData) -> Result<StrData> {
    let rows = numbered(x.len());
    let mut states = fresh(a, rows.len());
    states.merge_serialized(&rows, x)?;
    states.merge_serialized(&rows, y)?;
    let out = states.serialize(&rows)?;
    if out.bytes.len() > BYTES_MAX {
        return Err(Error::new(
            MEMORY_LIMIT_EXCEEDED,
            format!("States that are added up would take more than {BYTES_MAX} bytes in one block"),
        ));
    }
    Ok(out)
}

pub const TIMES: FunctionDef = f(
    "repeatState",
    "repeatState(state, n)",
    "The state of all its rows n times; written state * n.",
    &[("finalizeAggregation(initializeAggregation('sumState', 5) * 3)", "15")],
    |b| {
        b.arity(2, 2)?;
        let (state, n) = if matches!(b.ty(0), Type::AggregateFunction(_)) { (0, 1) } else { (1, 0) };
        let a: Arc<dyn Aggregate> = aggregate_of(b, state)?;
        b.unsigned(n)?;
        let times = b.constant(n).and_then(|c| c.scalar(0).as_i128()).and_then(|v| u64::try_from(v).ok());
        let times = times.ok_or_else(|| {
            Error::new(ILLEGAL_COLUMN, "A state can only be multiplied by a constant whole number")
        })?;
        bound(b.ty(state).clone(), move |c| {
            let mut base = serial(&column(c, state))?;
            let rows = numbered(c.rows);
            let mut sum = fresh(a.as_ref(), c.rows).serialize(&rows)?;
            let mut left = times;
            while left > 0 {
                if left & 1 == 1 {
                    sum = merged(a.as_ref(), &sum, &base)?;
                }
                left >>= 1;
                if left > 0 {
                    base = merged(a.as_ref(), &base, &base)?;
                }
            }
            Ok(Data::Str(sum).into())
        })
    },
);
