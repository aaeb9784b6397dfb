//! From a name with combinators to an aggregate.
//!
//! 1. LowCardinality is taken off the argument types; the columns may still be codes.
//! 2. An exact name wins over a combinator (`argMin`, `sumMap`); else the longest suffix that is a
//!    combinator is taken off, and the rest is resolved with the arguments it leaves.
//! 3. Functions that skip NULLs see plain types; a wrapper drops the rows with a NULL.

use crate::combinators::{self as c, NULL_TRANSPARENT};
use crate::registry::{find, unknown};
use crate::{Aggregate, Param};
use std::sync::Arc;
use types::ty::AggregateType;
use types::{Error, Result, Scalar, Type};

const DEPTH_MAX: usize = 16;

/// Finds an aggregate function, combinators included, and binds it to parameters and argument types.
/// Errors: `UNKNOWN_AGGREGATE_FUNCTION` with the nearest names, `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`,
/// `ILLEGAL_TYPE_OF_ARGUMENT`, `BAD_ARGUMENTS`.
pub fn resolve(name: &str, params: &[Param], args: &[Type]) -> Result<Arc<dyn Aggregate>> {
    let args: Vec<Type> = args.iter().map(Type::without_low_cardinality_deep).collect();
    resolve_at(name, params, &args, 0)
}

/// Is there an aggregate function of this name, combinators included?
pub fn is_aggregate(name: &str) -> bool {
    if find(name).is_some() {
        return true;
    }
    c::split(name).is_some_and(|(rest, _)| is_aggregate(rest))
}

/// The function that the states of an `AggregateFunction(…)` type belong to.
pub fn of_state_type(ty: &AggregateType) -> Result<Arc<dyn Aggregate>> {
    let params: Vec<Param> = ty.params.iter().map(|t| parse_param(t)).collect::<Result<_>>()?;
    resolve(&ty.name, &params, &ty.args)
}

fn only_null(ty: &Type) -> bool {
    matches!(ty, Type::Nullable(t) if **t == Type::Nothing)
}

fn without_null(ty: &Type) -> Type {
    match ty {
        Type::Nullable(t) => t.as_ref().clone(),
        t => t.clone(),
    }
}

pub(crate) fn resolve_at(
    name: &str,
    params: &[Param],
    args: &[Type],
    depth: usize,
) -> Result<Arc<dyn Aggregate>> {
    if depth > DEPTH_MAX {
        return Err(Error::new(
            types::codes::TOO_DEEP_RECURSION,
            format!("Aggregate function {name} has too many combinators"),
        ));
    }
    let over_map = matches!(name, "sumMap" | "minMap" | "maxMap") && matches!(args, [Type::Map(_)]);
    if matches!(name, "sumMap" | "minMap" | "maxMap") && matches!(args, [Type::Map(_), _, ..]) {
        return Err(Error::new(
            types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes one map, or arrays"),
        ));
    }
    let nullable = args.iter().any(Type::is_nullable);
    if let Some(def) = find(name).filter(|_| !over_map) {
        if def.flags.respects_nulls || !nullable {
            return def.bind(params, args);
        }
        if args.iter().any(only_null) {
            if refuses_null(def.name, args) {
                return Err(Error::illegal_type(format!(
                    "Illegal type Nullable(Nothing) of argument for aggregate function {name}: give the NULL a type"
                )));
            }
            // What counts says 0 of nothing but NULLs, all others NULL.
            let counts = ["count", "uniq"].iter().any(|w| def.name.starts_with(w))
                && !def.name.starts_with("uniqCombined");
            return Ok(c::nothing(name, params, args, counts));
        }
        let plain: Vec<Type> = args.iter().map(without_null).collect();
        let inner = def.bind(params, &plain)?;
        return Ok(if def.name == "count" { c::with_args(inner, args) } else { c::skip_nulls(inner, args) });
    }
    let Some((rest, combinator)) = c::split(name) else {
        return Err(unknown(name));
    };
    if !is_aggregate(rest) {
        return Err(unknown(name));
    }
    let values = if has_condition(name) { args.len().saturating_sub(1) } else { args.len() };
    if args.iter().take(values).any(only_null) {
        return of_null(name, rest, combinator, params, args, depth);
    }
    if NULL_TRANSPARENT.contains(&combinator) || !nullable || values < args.len() {
        return c::combine(combinator, rest, params, args, depth);
    }
    let plain: Vec<Type> = args.iter().map(without_null).collect();
    let inner = c::combine(combinator, rest, params, &plain, depth)?;
    Ok(if inner.respects_nulls() {
        c::combine(combinator, rest, params, args, depth)?
    } else {
        c::skip_nulls(inner, args)
    })
}

/// Is the last argument a condition? A literal NULL is one that never holds.
fn has_condition(name: &str) -> bool {
    find(name).is_none()
        && c::split(name).is_some_and(|(rest, combinator)| match combinator {
            "If" => true,
            "OrNull" => has_condition(rest),
            _ => false,
        })
}

/// Functions that look at the type of their argument also where it is the literal NULL.
fn refuses_null(name: &str, args: &[Type]) -> bool {
    let over_map = matches!(name, "sumMap" | "minMap" | "maxMap") && args.len() == 1;
    over_map || name.starts_with("quantiles") || matches!(name, "deltaSum" | "deltaSumTimestamp")
}

/// A function with combinators over the literal NULL: NULL, or 0 where it counts, and no state of it either.
fn of_null(
    name: &str,
    rest: &str,
    combinator: &'static str,
    params: &[Param],
    args: &[Type],
    depth: usize,
) -> Result<Arc<dyn Aggregate>> {
    let refused = |wanted: &str| {
        Err(Error::illegal_type(format!(
            "Illegal type Nullable(Nothing) of argument for aggregate function {name}: it must be {wanted}"
        )))
    };
    let zero = match combinator {
        "If" | "Merge" | "MergeState" => return c::combine(combinator, rest, params, args, depth),
        "Array" | "ForEach" => return refused("an array"),
        "Map" => return refused("a map"),
        "Resample" if args.last().is_some_and(only_null) => return refused("an integer"),
        "SimpleState" => {
            let text =
                format!("Aggregate function {rest} has no state over the literal NULL: give it a type");
            return Err(Error::bad_arguments(text));
        }
        "State" | "OrNull" | "OrDefault" => resolve_at(rest, params, args, depth + 1)?.default_on_nulls(),
        _ => resolve_at(rest, params, args, depth + 1).is_ok_and(|inner| inner.default_on_nulls()),
    };
    Ok(c::nothing(name, params, args, zero))
}

/// A parameter from its text in a type's name: a number, a quoted string or an array of such.
pub(crate) fn parse_param(text: &str) -> Result<Param> {
    let mut rest = text;
    let value = literal(&mut rest, 0).filter(|_| rest.trim().is_empty());
    let value = value.ok_or_else(|| {
        Error::bad_arguments(format!("Cannot read {text} as a parameter of an aggregate function"))
    })?;
    Ok(Param { value, text: text.to_string() })
}

fn literal(rest: &mut &str, depth: usize) -> Option<Scalar> {
    *rest = rest.trim_start();
    if depth > 8 {
        return None;
    }
    for (open, close) in [('[', ']'), ('(', ')')] {
        let Some(inner) = rest.strip_prefix(open) else { continue };
        *rest = inner.trim_start();
        let mut items = Vec::new();
        while !rest.starts_with(close) {
            items.push(literal(rest, depth + 1)?);
            *rest = rest.trim_start();
            match rest.strip_prefix(',') {
                Some(r) => *rest = r.trim_start(),
                None => break,
            }
        }
        *rest = rest.strip_prefix(close)?;
        return Some(if open == '[' { Scalar::Array(items) } else { Scalar::Tuple(items) });
    }
    if let Some(inner) = rest.strip_prefix('\'') {
        let mut out = Vec::new();
        let mut bytes = inner.bytes().enumerate();
        while let Some((i, b)) = bytes.next() {
            match b {
                b'\\' => out.push(match bytes.next()?.1 {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'0' => 0,
                    x => x,
                }),
                b'\'' => {
                    *rest = &inner[i + 1..];
                    return Some(Scalar::Bytes(out));
                }
                b => out.push(b),
            }
        }
        return None;
    }
    let n = rest.find([',', ']', ')', ' ']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(n);
    *rest = after;
    Some(match word {
        "true" => Scalar::Int(1),
        "false" => Scalar::Int(0),
        "NULL" => Scalar::Null,
        w => match w.parse::<i128>() {
            Ok(v) => Scalar::Int(v),
            Err(_) => Scalar::Float(w.parse().ok()?),
        },
    })
}
