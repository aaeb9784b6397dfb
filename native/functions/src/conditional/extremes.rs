//! greatest, least and clamp: the extreme of several values in the type they have in common.

use super::select;
use crate::args::truths;
use crate::bind::{Bind, Bound, bound};
use crate::call::without_nulls;
use crate::cast::{CastMode, cast, strip_nullable};
use crate::compare;
use crate::def::{FunctionDef, f};
use crate::supertype::common_type;
use types::{Bitmap, Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("greatest", "greatest(a, b, …)", "The largest argument; NULLs are left out.", &[("greatest(1, 3, 2)", "3")], |b| extreme(b, true)).ci().own_nulls(),
    f("least", "least(a, b, …)", "The smallest argument; NULLs are left out.", &[("least(1, 3, 2)", "1")], |b| extreme(b, false)).ci().own_nulls(),
    f("clamp", "clamp(x, min, max)", "x, but at least min and at most max.", &[("clamp(5, 1, 3)", "3")], clamp).ci(),
];

fn extreme(b: &Bind<'_>, greatest: bool) -> Result<Bound> {
    b.arity(1, usize::MAX)?;
    let used: Vec<usize> = (0..b.len()).filter(|&i| *b.ty(i).base() != Type::Nothing || matches!(b.ty(i), Type::Array(_))).collect();
    let nulls_win = b.session.flag("least_greatest_legacy_null_behavior", false);
    if used.is_empty() || (nulls_win && used.len() < b.len()) {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    let types: Vec<Type> = b.types();
    if let ([x, y], Err(_)) = (types.as_slice(), common_type(&types))
        && [x, y].iter().all(|t| t.int_bits().is_some_and(|(bits, _)| bits <= 64))
    {
        return mixed_extreme(x.clone(), y.clone(), greatest);
    }
    let integers = types.iter().all(Type::is_integer);
    let common = common_type(&types).map_err(|e| if integers { Error::illegal_type(format!("Illegal types of arguments of function {}: {}", b.name, e.message())) } else { e })?;
    let kernel = match common {
        Type::Bool => Type::UInt8,
        t => t,
    };
    let out = extreme_of_decimals(&types).unwrap_or_else(|| kernel.clone());
    let shown = out.clone();
    let inner = strip_nullable(&kernel).clone();
    let floats = types.len() == 2 && inner.is_float();
    bound(out, move |c| {
        let columns = used.iter().map(|&i| cast(c.col(i), &types[i], &kernel, CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        let mut best = columns[0].clone();
        for next in &columns[1..] {
            let (p, q) = (without_nulls(&best), without_nulls(next));
            let op = if greatest { compare::Op::Gt } else { compare::Op::Lt };
            let better = if inner.is_number() {
                truths(&compare::numbers(op, &q, &inner, &p, &inner, c.rows)?)
            } else {
                Bitmap::from_fn(c.rows, |i| {
                    // a NULL inside a tuple or an array loses either way
                    let null = if greatest { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
                    types::compare::compare_rows_with(&q, i, &p, i, null) == null.reverse()
                })
            };
            // Of two floats the second one is taken unless the first is beyond it, as C++ does, also beside NaN.
            let kept = match floats {
                true => Some(truths(&compare::numbers(op, &p, &inner, &q, &inner, c.rows)?)),
                false => None,
            };
            // A NaN gives way to any number.
            let nan = |i: usize| match &p.data {
                Data::F64(v) => v[i].is_nan(),
                Data::F32(v) => v[i].is_nan(),
                Data::Const(one, _) => matches!(&one.data, Data::F64(v) if v[0].is_nan()),
                _ => false,
            };
            let choice: Vec<u32> = (0..c.rows)
                .map(|i| match (best.is_null(i), next.is_null(i)) {
                    (true, _) if nulls_win => 0,
                    (_, true) => u32::from(nulls_win),
                    (true, false) => 1,
                    _ => match &kept {
                        Some(kept) => u32::from(!kept.get(i)),
                        None => u32::from(nan(i) || better.get(i)),
                    },
                })
                .collect();
            best = select(&kernel, &[best, next.clone()], &choice);
        }
        if shown == kernel { Ok(best) } else { cast(&best, &kernel, &shown, CastMode::Sql, c.session) }
    })
}

/// The type of the larger of two plain numbers with a Decimal among them: as many digits as the wider Decimal's
/// bytes hold; beside an integer the Decimal's own.
fn extreme_of_decimals(types: &[Type]) -> Option<Type> {
    match types {
        [Type::Decimal(p, s), Type::Decimal(q, t)] => Some(Type::Decimal(types::ty::decimal_digits(*p.max(q)), *s.max(t))),
        [d @ Type::Decimal(..), i] | [i, d @ Type::Decimal(..)] if i.is_integer() => Some(d.clone()),
        _ => None,
    }
}

/// Of a signed and an unsigned 64-bit integer: the smaller one is signed, the larger one is not.
fn mixed_extreme(x: Type, y: Type, greatest: bool) -> Result<Bound> {
    let bits = x.int_bits().map_or(64, |b| b.0).max(y.int_bits().map_or(64, |b| b.0));
    let out = Type::int_of(bits, !greatest);
    let kernel = out.clone();
    bound(out, move |c| {
        let (p, q) = (crate::args::i256s(c.col(0)), crate::args::i256s(c.col(1)));
        let pick = |i: usize| if greatest { p.at(i).max(q.at(i)) } else { p.at(i).min(q.at(i)) };
        let wide: Column = Data::I256((0..c.rows).map(pick).collect::<Vec<_>>().into()).into();
        cast(&wide, &Type::Int256, &kernel, CastMode::Sql, c.session)
    })
}

fn clamp(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    let types = b.types();
    let out = common_type(&types)?;
    let kernel = out.clone();
    bound(out, move |c| {
        let cols = (0..3).map(|i| cast(c.col(i), &types[i], &kernel, CastMode::Sql, c.session)).collect::<Result<Vec<_>>>()?;
        let mut choice = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let order = |a: usize, b: usize| types::compare::compare_rows(&cols[a], i, &cols[b], i);
            if order(1, 2).is_gt() {
                return Err(Error::bad_arguments("The minimum value of function clamp must not be above the maximum value"));
            }
            choice.push(if order(0, 1).is_lt() { 1 } else if order(0, 2).is_gt() { 2 } else { 0 });
        }
        Ok(select(&kernel, &cols, &choice))
    })
}
