//! Names of window functions to what computes them, with the types of their results.

use crate::literal::literal;
use crate::plan::{AggregateCall, Lit};
use aggregates::Aggregate;
use std::sync::Arc;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{Error, Result, Type};

/// Functions of a row's place in its partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rank {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
}

/// The value of one row of the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    First,
    Last,
    /// as First and Last, but NULLs are passed over
    FirstValid,
    LastValid,
    Nth,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decay {
    Sum,
    Max,
    Count,
    Avg,
}

pub enum Function {
    Rank(Rank),
    /// lag and lead
    Shift {
        ahead: bool,
        in_frame: bool,
    },
    Pick(Pick),
    Decay {
        kind: Decay,
        length: f64,
    },
    Derivative,
    Aggregate(Arc<dyn Aggregate>),
}

impl Function {
    pub fn uses_frame(&self) -> bool {
        !matches!(self, Function::Rank(_) | Function::Shift { in_frame: false, .. } | Function::Derivative)
    }
}

/// Result type of a function that only works over a window; `None` if the name is none of theirs.
pub fn window_type(name: &str, params: &[Lit], args: &[Type]) -> Option<Result<(String, Type)>> {
    let (canonical, _) = only_window(name)?;
    Some(resolve(name, params, args, true).map(|(_, ty)| (canonical.to_string(), ty)))
}

fn only_window(name: &str) -> Option<(&'static str, Function)> {
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "row_number" => ("row_number", Function::Rank(Rank::RowNumber)),
        "rank" => ("rank", Function::Rank(Rank::Rank)),
        "dense_rank" | "denserank" => ("dense_rank", Function::Rank(Rank::DenseRank)),
        "percent_rank" | "percentrank" => ("percent_rank", Function::Rank(Rank::PercentRank)),
        "cume_dist" => ("cume_dist", Function::Rank(Rank::CumeDist)),
        "ntile" => ("ntile", Function::Rank(Rank::Ntile)),
        "lag" => ("lag", Function::Shift { ahead: false, in_frame: false }),
        "lead" => ("lead", Function::Shift { ahead: true, in_frame: false }),
        "laginframe" => ("lagInFrame", Function::Shift { ahead: false, in_frame: true }),
        "leadinframe" => ("leadInFrame", Function::Shift { ahead: true, in_frame: true }),
        "nth_value" => ("nth_value", Function::Pick(Pick::Nth)),
        "exponentialtimedecayedsum" => {
            ("exponentialTimeDecayedSum", Function::Decay { kind: Decay::Sum, length: 0.0 })
        }
        "exponentialtimedecayedmax" => {
            ("exponentialTimeDecayedMax", Function::Decay { kind: Decay::Max, length: 0.0 })
        }
        "exponentialtimedecayedcount" => {
            ("exponentialTimeDecayedCount", Function::Decay { kind: Decay::Count, length: 0.0 })
        }
        "exponentialtimedecayedavg" => {
            ("exponentialTimeDecayedAvg", Function::Decay { kind: Decay::Avg, length: 0.0 })
        }
        "nonnegativederivative" => ("nonNegativeDerivative", Function::Derivative),
        _ => return None,
    })
}

/// Aggregates that are a look at one row of the frame.
fn picks(name: &str) -> Option<Pick> {
    let plain: String = name.chars().filter(|c| *c != '_').collect::<String>().to_ascii_lowercase();
    Some(match plain.as_str() {
        "firstvalue" | "any" | "anyvalue" => Pick::FirstValid,
        "lastvalue" | "anylast" => Pick::LastValid,
        "firstvaluerespectnulls" | "anyrespectnulls" | "anyvaluerespectnulls" => Pick::First,
        "lastvaluerespectnulls" | "anylastrespectnulls" => Pick::Last,
        _ => return None,
    })
}

fn count(name: &str, args: &[Type], min: usize, max: usize) -> Result<()> {
    if (min..=max).contains(&args.len()) {
        return Ok(());
    }
    let wanted = match (min, max) {
        (0, 0) => "no arguments".to_string(),
        (a, b) if a == b => format!("{a} argument{}", if a == 1 { "" } else { "s" }),
        (a, b) => format!("{a} to {b} arguments"),
    };
    Err(Error::new(
        NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
        format!("Window function {name} takes {wanted}, {} given", args.len()),
    ))
}

fn need_number(name: &str, what: &str, ty: &Type) -> Result<()> {
    if ty.base().is_number() {
        return Ok(());
    }
    Err(Error::new(
        ILLEGAL_TYPE_OF_ARGUMENT,
        format!("The {what} of window function {name} must be a number, not {ty}"),
    ))
}

/// Binds a call. Errors: as of aggregates; `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`, `BAD_ARGUMENTS`.
pub fn resolve(name: &str, params: &[Lit], args: &[Type], has_order: bool) -> Result<(Function, Type)> {
    let Some((canonical, function)) = only_window(name) else {
        if let Some(pick) = picks(name)
            && args.len() == 1
        {
            return Ok((Function::Pick(pick), args[0].without_low_cardinality()));
        }
        let call = AggregateCall { name: name.to_string(), params: params.to_vec(), args: Vec::new() };
        let a = crate::aggregate::resolve(&call, args)?;
        let ty = a.ty().clone();
        return Ok((Function::Aggregate(a), ty));
    };
    if !matches!(function, Function::Decay { .. }) && !params.is_empty() {
        return Err(Error::bad_arguments(format!("Window function {canonical} takes no parameters")));
    }
    Ok(match function {
        Function::Rank(kind) => (function, rank(canonical, kind, args, has_order)?),
        Function::Shift { .. } => (function, shift(canonical, args)?),
        Function::Pick(_) => {
            count(canonical, args, 2, 2)?;
            need_offset(canonical, &args[1])?;
            (function, args[0].without_low_cardinality())
        }
        Function::Decay { kind, .. } => {
            let length = decay(canonical, kind, params, args)?;
            (Function::Decay { kind, length }, Type::Float64)
        }
        Function::Derivative => {
            derivative(canonical, args)?;
            (function, Type::Float64)
        }
        Function::Aggregate(_) => (function, Type::Nothing),
    })
}

fn need_offset(name: &str, ty: &Type) -> Result<()> {
    if ty.is_integer() {
        return Ok(());
    }
    Err(Error::bad_arguments(format!("The offset of {name} must be an integer, not {ty}")))
}

fn rank(name: &str, kind: Rank, args: &[Type], has_order: bool) -> Result<Type> {
    let wanted = usize::from(kind == Rank::Ntile);
    count(name, args, wanted, wanted)?;
    if kind == Rank::Ntile {
        if !has_order {
            return Err(Error::bad_arguments("Window function ntile needs ORDER BY in its window"));
        }
        if !args[0].base().is_integer() {
            return Err(Error::bad_arguments(format!(
                "The argument of ntile must be a positive integer, not {}",
                args[0]
            )));
        }
    }
    let float = matches!(kind, Rank::PercentRank | Rank::CumeDist);
    Ok(if float { Type::Float64 } else { Type::UInt64 })
}

/// lag, lead and their like: a value, how far away, and what stands where no row is.
fn shift(name: &str, args: &[Type]) -> Result<Type> {
    count(name, args, 1, 3)?;
    if let Some(offset) = args.get(1) {
        need_offset(name, offset)?;
    }
    let base = args[0].without_low_cardinality();
    if let Some(default) = args.get(2).filter(|t| **t != args[0]) {
        let common = functions::common_type(&[base.clone(), default.without_low_cardinality()]).ok();
        if common.as_ref() != Some(&base) {
            return Err(Error::bad_arguments(format!(
                "The default value of {name} has type {default}, which does not fit into {}, the type of its first argument; convert one of them",
                args[0]
            )));
        }
    }
    Ok(base)
}

/// The length over which a value decays.
fn decay(name: &str, kind: Decay, params: &[Lit], args: &[Type]) -> Result<f64> {
    let n = if kind == Decay::Count { 1 } else { 2 };
    count(name, args, n, n)?;
    let [param] = params else {
        return Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("{name} takes one parameter, the decay length: {name}(x)(…)"),
        ));
    };
    if kind != Decay::Count {
        need_number(name, "value", &args[0])?;
    }
    let time = &args[n - 1];
    if !time.base().is_date_or_time() {
        need_number(name, "time", time)?;
    }
    let (c, _) = literal(param)?;
    let length = c.flat().scalar(0).as_f64().filter(|x| x.is_finite());
    length.ok_or_else(|| Error::bad_arguments(format!("The decay length of {name} must be a finite number")))
}

fn derivative(name: &str, args: &[Type]) -> Result<()> {
    let illegal = |text: String| Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, text));
    count(name, args, 2, 3)?;
    need_number(name, "metric", &args[0])?;
    if !matches!(args[1].base(), Type::DateTime(_) | Type::DateTime64(..)) {
        return illegal(format!(
            "The second argument of {name} must be DateTime or DateTime64, not {}",
            args[1]
        ));
    }
    match args.get(2) {
        Some(i) if !matches!(i, Type::Interval(_)) => {
            illegal(format!("The third argument of {name} must be an INTERVAL, not {i}"))
        }
        _ => Ok(()),
    }
}
