//! Expressions of a plan to functions and columns; constants are folded.

use super::{Bound, BoundCall, Memo, Scope, lazy};
use crate::literal::literal;
use crate::plan::{Expr, SetSource};
use crate::query::Query;
use crate::row_set::RowSet;
use functions::Arg;
use std::sync::Arc;
use types::codes::NOT_FOUND_COLUMN_IN_BLOCK;
use types::{Batch, Column, Error, Result, Type, parse::parse_type};

pub fn bind(e: &Expr, scope: &Scope<'_>, params: &[Type], depth: usize) -> Result<Bound> {
    if depth > 2000 {
        return Err(Error::new(types::codes::TOO_DEEP_RECURSION, "Expression is nested too deeply"));
    }
    let again = |x: &Expr| bind(x, scope, params, depth + 1);
    Ok(match e {
        Expr::Column { col } => {
            let ty = scope.columns.get(*col).ok_or_else(|| {
                Error::new(
                    NOT_FOUND_COLUMN_IN_BLOCK,
                    format!("Plan refers to column {col} of {}", scope.columns.len()),
                )
            })?;
            Bound::Column(*col, ty.clone())
        }
        Expr::Param { param } => {
            let ty = params
                .get(*param)
                .ok_or_else(|| Error::internal(format!("Plan refers to lambda parameter {param}")))?;
            Bound::Param(*param, ty.clone())
        }
        Expr::Literal { lit } => {
            let (c, t) = literal(lit)?;
            Bound::Const(c, t)
        }
        Expr::Scalar { scalar, ty } => match scope.scalars.get(*scalar).and_then(Option::as_ref) {
            Some((c, t)) => Bound::Const(c.clone(), t.clone()),
            None => return Err(Error::internal(format!("Subquery {scalar} ({ty}) has no value yet"))),
        },
        Expr::Cast { cast, to } => {
            let inner = again(cast)?;
            let to = Bound::Const(Column::strings([to.as_bytes()]), Type::String);
            call("CAST", vec![inner, to], scope.query)?
        }
        Expr::In { value, set, negated } => {
            let value = again(value)?;
            let set = match set {
                SetSource::Values { values } => {
                    let (c, t) = literal(values)?;
                    Arc::new(RowSet::of_literal(&c, &t, value.ty(), scope.query)?)
                }
                SetSource::Subquery { subquery } => scope
                    .sets
                    .get(*subquery)
                    .and_then(Option::as_ref)
                    .ok_or_else(|| Error::internal(format!("Subquery {subquery} has no set yet")))?
                    .clone(),
            };
            let set = set.for_type(value.ty(), scope.query)?;
            let bound = Bound::In(Arc::new(value.clone()), set, *negated);
            if value.is_const() { fold(bound, scope.query)? } else { bound }
        }
        Expr::Lambda { .. } => {
            return Err(Error::bad_arguments("A lambda may only be an argument of a higher-order function"));
        }
        Expr::Call { call: name, args } => {
            let lazy = matches!(name.as_str(), "if" | "multiIf" | "and" | "or");
            let mut bound: Vec<Option<Bound>> = args
                .iter()
                .enumerate()
                .map(|(i, a)| match a {
                    Expr::Lambda { .. } => Ok(None),
                    a if lazy && i > 0 => deferring(|| again(a)).map(Some),
                    a => again(a).map(Some),
                })
                .collect::<Result<_>>()?;
            for (slot, a) in bound.iter_mut().zip(args) {
                if let Expr::Lambda { lambda, params: n, types } = a {
                    let mut inner: Vec<Type> = types.iter().map(|t| parse_type(t)).collect::<Result<_>>()?;
                    if inner.len() != *n {
                        return Err(Error::internal("lambda parameters without types"));
                    }
                    inner.extend_from_slice(params);
                    *slot = Some(Bound::Lambda(Arc::new(bind(lambda, scope, &inner, depth + 1)?), *n));
                }
            }
            call(name, bound.into_iter().flatten().collect(), scope.query)?
        }
    })
}

/// Resolves a function for bound arguments; folds it if all of them are constants.
pub fn call(name: &str, args: Vec<Bound>, query: &Query) -> Result<Bound> {
    let described: Vec<Arg> = args
        .iter()
        .map(|a| Arg {
            ty: a.ty().clone(),
            constant: if let Bound::Const(c, _) = a { Some(c.clone()) } else { None },
            lambda: matches!(a, Bound::Lambda(..)),
        })
        .collect();
    let call = functions::resolve(name, &described, &query.session)?;
    let foldable = call.foldable() && args.iter().all(Bound::is_const);
    let lazy = match query.session.setting("short_circuit_function_evaluation") {
        Some("disable") => lazy::Lazy::No,
        _ => lazy::of(name, &args),
    };
    let bound =
        Bound::Call(Arc::new(BoundCall { name: name.to_string(), call, args, lazy, memo: Memo::default() }));
    if !foldable {
        return Ok(bound);
    }
    match fold(bound.clone(), query) {
        // a branch that may never be taken fails only when it is
        Err(_) if DEFERRING.get() > 0 => Ok(bound),
        folded => folded,
    }
}

thread_local! {
    /// how many branches of lazy functions are being bound, one in another
    static DEFERRING: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Binds a branch; constants in it that cannot be computed are left to the rows that reach them.
fn deferring<T>(bind: impl FnOnce() -> T) -> T {
    DEFERRING.set(DEFERRING.get() + 1);
    let out = bind();
    DEFERRING.set(DEFERRING.get() - 1);
    out
}

fn fold(b: Bound, query: &Query) -> Result<Bound> {
    let ty = b.ty().clone();
    let c = b.eval(&Batch { columns: Vec::new(), rows: 1 }, query)?;
    let one = c.as_const().map_or_else(|| c.flat(), Clone::clone);
    Ok(Bound::Const(one, ty))
}
