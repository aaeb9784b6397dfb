//! Distances and norms of arrays and tuples of numbers.

use crate::args::{arrays, f64_col, f64s, tuple_columns};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::def::{FunctionDef, f};
use types::codes::{ARGUMENT_OUT_OF_BOUND, SIZES_OF_ARRAYS_DONT_MATCH};
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("L1Norm", "L1Norm(vector)", "Sum of absolute values.", &[("L1Norm([1, -2])", "3")], |b| norm(b, Norm::L1)).alias_ci(&["normL1"]).own_nulls(),
    f("L2Norm", "L2Norm(vector)", "Square root of the sum of squares.", &[("L2Norm([3, 4])", "5")], |b| norm(b, Norm::L2)).alias_ci(&["normL2"]).own_nulls(),
    f("L2SquaredNorm", "L2SquaredNorm(vector)", "Sum of squares.", &[("L2SquaredNorm([3, 4])", "25")], |b| norm(b, Norm::L2Squared)).alias_ci(&["normL2Squared"]).own_nulls(),
    f("LinfNorm", "LinfNorm(vector)", "Largest absolute value.", &[("LinfNorm([1, -9])", "9")], |b| norm(b, Norm::Linf)).alias_ci(&["normLinf"]).own_nulls(),
    f("LpNorm", "LpNorm(vector, p)", "p-th root of the sum of p-th powers.", &[("LpNorm([3, 4], 2)", "5")], |b| norm(b, Norm::Lp)).alias_ci(&["normLp"]).own_nulls(),
    f("L1Distance", "L1Distance(a, b)", "L1Norm of the difference.", &[("L1Distance([1, 2], [4, 6])", "7")], |b| distance(b, Norm::L1)).alias_ci(&["distanceL1"]).own_nulls(),
    f("L2Distance", "L2Distance(a, b)", "L2Norm of the difference.", &[("L2Distance([0, 0], [3, 4])", "5")], |b| distance(b, Norm::L2)).alias_ci(&["distanceL2"]).own_nulls(),
    f("L2SquaredDistance", "L2SquaredDistance(a, b)", "L2SquaredNorm of the difference.", &[("L2SquaredDistance([1, 2], [4, 6])", "25")], |b| distance(b, Norm::L2Squared)).alias_ci(&["distanceL2Squared"]).own_nulls(),
    f("LinfDistance", "LinfDistance(a, b)", "LinfNorm of the difference.", &[("LinfDistance([1, 2], [4, 6])", "4")], |b| distance(b, Norm::Linf)).alias_ci(&["distanceLinf"]).own_nulls(),
    f("LpDistance", "LpDistance(a, b, p)", "LpNorm of the difference.", &[("LpDistance([0, 0], [3, 4], 2)", "5")], |b| distance(b, Norm::Lp)).alias_ci(&["distanceLp"]).own_nulls(),
    f("cosineDistance", "cosineDistance(a, b)", "1 - the cosine of the angle.", &[("cosineDistance([1, 0], [0, 1])", "1")], |b| distance(b, Norm::Cosine)).alias_ci(&["distanceCosine"]).own_nulls(),
    f("L1Normalize", "L1Normalize(tuple)", "The tuple divided by its L1Norm.", &[("L1Normalize((1, 3))", "(0.25,0.75)")], |b| normalize(b, Norm::L1)).alias_ci(&["normalizeL1"]).own_nulls(),
    f("L2Normalize", "L2Normalize(tuple)", "The tuple divided by its L2Norm.", &[("L2Normalize((3, 4))", "(0.6,0.8)")], |b| normalize(b, Norm::L2)).alias_ci(&["normalizeL2"]).own_nulls(),
    f("LinfNormalize", "LinfNormalize(tuple)", "The tuple divided by its LinfNorm.", &[("LinfNormalize((2, 4))", "(0.5,1)")], |b| normalize(b, Norm::Linf)).alias_ci(&["normalizeLinf"]).own_nulls(),
    f("LpNormalize", "LpNormalize(tuple, p)", "The tuple divided by its LpNorm.", &[("LpNormalize((3, 4), 2)", "(0.6,0.8)")], |b| normalize(b, Norm::Lp)).alias_ci(&["normalizeLp"]).own_nulls(),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Norm {
    L1,
    L2,
    L2Squared,
    Linf,
    Lp,
    Cosine,
}

fn of(kind: Norm, v: impl Iterator<Item = f64>, p: f64) -> f64 {
    match kind {
        Norm::L1 => v.map(f64::abs).sum(),
        Norm::L2 => v.map(|x| x * x).fold(0.0, |a: f64, x| a + x).sqrt(),
        Norm::L2Squared | Norm::Cosine => v.map(|x| x * x).sum(),
        Norm::Linf => v.map(f64::abs).fold(0.0, f64::max),
        Norm::Lp => v.map(|x| x.abs().powf(p)).fold(0.0, |a: f64, x| a + x).powf(1.0 / p),
    }
}

/// Number types of the elements of an array or tuple argument.
fn element_types(b: &Bind<'_>, i: usize) -> Result<Vec<Type>> {
    let types = match b.ty(i) {
        Type::Array(t) => vec![t.as_ref().clone()],
        Type::Tuple(es) => es.iter().map(|e| e.1.clone()).collect(),
        _ => return Err(b.illegal(i, "Array or Tuple of numbers")),
    };
    if types.iter().any(|t| !t.base().is_number() && *t.base() != Type::Nothing) {
        return Err(b.illegal(i, "Array or Tuple of numbers"));
    }
    Ok(types)
}

/// Every row's vector.
fn rows(col: &Column, ty: &Type, types: &[Type], n: usize) -> Result<Vec<Vec<f64>>> {
    if matches!(ty, Type::Tuple(_)) {
        let columns = tuple_columns(col)?;
        let parts: Vec<_> = columns.iter().zip(types).map(|(c, t)| f64s(c, t)).collect();
        return Ok((0..n).map(|i| parts.iter().map(|p| p.at(i)).collect()).collect());
    }
    let a = arrays(col)?;
    let v = f64s(a.values, &types[0]);
    Ok((0..n).map(|i| a.at(i).map(|k| v.at(k)).collect()).collect())
}

fn power(b: &Bind<'_>, i: usize, kind: Norm) -> Result<f64> {
    if kind != Norm::Lp {
        b.arity(i, i)?;
        return Ok(0.0);
    }
    b.arity(i + 1, i + 1)?;
    let p = b.const_f64(i)?;
    if !(p >= 1.0 && p.is_finite()) {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Argument p of function {} must be a finite number of at least 1", b.name)));
    }
    Ok(p)
}

fn norm(b: &Bind<'_>, kind: Norm) -> Result<Bound> {
    let p = power(b, 1, kind)?;
    let (ty, types) = (b.ty(0).clone(), element_types(b, 0)?);
    let out = result_type(&types, matches!(ty, Type::Array(_)));
    let single = out == Type::Float32;
    bound(out, move |c| Ok(shown(rows(c.col(0), &ty, &types, c.rows)?.into_iter().map(|v| of(kind, v.into_iter(), p)).collect(), single)))
}

fn shown(v: Vec<f64>, single: bool) -> Column {
    if single { crate::args::f32_col(v.into_iter().map(|x| x as f32).collect()) } else { f64_col(v) }
}

fn result_type(types: &[Type], array: bool) -> Type {
    if array && types.iter().all(Type::is_single) { Type::Float32 } else { Type::Float64 }
}

fn distance(b: &Bind<'_>, kind: Norm) -> Result<Bound> {
    let p = power(b, 2, kind)?;
    let types = b.types();
    let (tx, ty) = (element_types(b, 0)?, element_types(b, 1)?);
    if matches!(types[0], Type::Tuple(_)) != matches!(types[1], Type::Tuple(_)) {
        return Err(b.illegal(usize::from(matches!(types[0], Type::Array(_))), "two arrays or two tuples"));
    }
    if matches!(types[0], Type::Tuple(_)) && tx.len() != ty.len() {
        return Err(b.illegal(1, "Tuple of the same size"));
    }
    let name = b.name.to_string();
    let out = result_type(&[tx.clone(), ty.clone()].concat(), matches!(types[0], Type::Array(_)));
    let single = out == Type::Float32;
    bound(out, move |c| {
        let (x, y) = (rows(c.col(0), &types[0], &tx, c.rows)?, rows(c.col(1), &types[1], &ty, c.rows)?);
        let mut out = Vec::with_capacity(c.rows);
        for (u, v) in x.iter().zip(&y) {
            if u.len() != v.len() {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, format!("Arguments of function {name} have different array sizes: {} and {}", u.len(), v.len())));
            }
            out.push(if kind == Norm::Cosine {
                let dot: f64 = u.iter().zip(v).map(|(a, b)| a * b).sum();
                1.0 - dot / (of(Norm::L2Squared, u.iter().copied(), p) * of(Norm::L2Squared, v.iter().copied(), p)).sqrt()
            } else {
                of(kind, u.iter().zip(v).map(|(a, b)| a - b), p)
            });
        }
        Ok(shown(out, single))
    })
}

fn normalize(b: &Bind<'_>, kind: Norm) -> Result<Bound> {
    let p = power(b, 1, kind)?;
    if !matches!(b.ty(0), Type::Tuple(_)) {
        return Err(b.illegal(0, "Tuple of numbers"));
    }
    let (ty, types) = (b.ty(0).clone(), element_types(b, 0)?);
    bound(Type::tuple(vec![Type::Float64; types.len()]), move |c: &Ctx<'_>| {
        let v = rows(c.col(0), &ty, &types, c.rows)?;
        let columns: Vec<Column> = (0..types.len()).map(|k| f64_col(v.iter().map(|r| r[k] / of(kind, r.iter().copied(), p)).collect())).collect();
        Ok(Data::Tuple(columns.into(), c.rows).into())
    })
}

/// Sum of products of two arrays.
pub fn dot_arrays(b: &Bind<'_>) -> Result<Bound> {
    let types = b.types();
    let (tx, ty) = (element_types(b, 0)?, element_types(b, 1)?);
    let product = crate::arithmetic::number_result(crate::arithmetic::Op::Multiply, &tx[0], &ty[0]);
    let out = match (product, &tx[0], &ty[0]) {
        (Some(t), ..) if t.is_integer() => t,
        (_, Type::Float32, Type::Float32) | (_, Type::BFloat16, Type::BFloat16) => Type::Float32,
        _ => Type::Float64,
    };
    let kernel = out.clone();
    bound(out, move |c| {
        let (x, y) = (rows(c.col(0), &types[0], &tx, c.rows)?, rows(c.col(1), &types[1], &ty, c.rows)?);
        let mut v = Vec::with_capacity(c.rows);
        for (p, q) in x.iter().zip(&y) {
            if p.len() != q.len() {
                return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Arguments of function arrayDotProduct have different array sizes"));
            }
            v.push(p.iter().zip(q).map(|(a, b)| a * b).fold(0.0, |a: f64, x| a + x));
        }
        crate::cast::cast(&f64_col(v), &Type::Float64, &kernel, crate::cast::CastMode::Sql, c.session)
    })
}
