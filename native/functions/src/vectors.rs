//! Distances and norms of arrays of numbers; those of tuples are in tuple_vectors.

use crate::args::{arrays, f64_col, f64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::supertype::common_type;
use crate::tuple_vectors;
use types::codes::{ARGUMENT_OUT_OF_BOUND, SIZES_OF_ARRAYS_DONT_MATCH};
use types::{Column, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("L1Norm", "L1Norm(vector)", "Sum of absolute values.", &[("L1Norm([1, -2])", "3")], |b| norm(b, Norm::L1)).alias_ci(&["normL1"]),
    f("L2Norm", "L2Norm(vector)", "Square root of the sum of squares.", &[("L2Norm([3, 4])", "5")], |b| norm(b, Norm::L2)).alias_ci(&["normL2"]),
    f("L2SquaredNorm", "L2SquaredNorm(vector)", "Sum of squares.", &[("L2SquaredNorm([3, 4])", "25")], |b| norm(b, Norm::L2Squared)).alias_ci(&["normL2Squared"]),
    f("LinfNorm", "LinfNorm(vector)", "Largest absolute value.", &[("LinfNorm([1, -9])", "9")], |b| norm(b, Norm::Linf)).alias_ci(&["normLinf"]),
    f("LpNorm", "LpNorm(vector, p)", "p-th root of the sum of p-th powers.", &[("LpNorm([3, 4], 2)", "5")], |b| norm(b, Norm::Lp)).alias_ci(&["normLp"]),
    f("L1Distance", "L1Distance(a, b)", "L1Norm of the difference.", &[("L1Distance([1, 2], [4, 6])", "7")], |b| distance(b, Norm::L1)).alias_ci(&["distanceL1"]),
    f("L2Distance", "L2Distance(a, b)", "L2Norm of the difference.", &[("L2Distance([0, 0], [3, 4])", "5")], |b| distance(b, Norm::L2)).alias_ci(&["distanceL2"]),
    f("L2SquaredDistance", "L2SquaredDistance(a, b)", "L2SquaredNorm of the difference.", &[("L2SquaredDistance([1, 2], [4, 6])", "25")], |b| distance(b, Norm::L2Squared)).alias_ci(&["distanceL2Squared"]),
    f("LinfDistance", "LinfDistance(a, b)", "LinfNorm of the difference.", &[("LinfDistance([1, 2], [4, 6])", "4")], |b| distance(b, Norm::Linf)).alias_ci(&["distanceLinf"]),
    f("LpDistance", "LpDistance(a, b, p)", "LpNorm of the difference.", &[("LpDistance([0, 0], [3, 4], 2)", "5")], |b| distance(b, Norm::Lp)).alias_ci(&["distanceLp"]),
    f("cosineDistance", "cosineDistance(a, b)", "1 - the cosine of the angle.", &[("cosineDistance([1, 0], [0, 1])", "1")], |b| distance(b, Norm::Cosine)).alias_ci(&["distanceCosine"]),
    f("L1Normalize", "L1Normalize(tuple)", "The tuple divided by its L1Norm.", &[("L1Normalize((1, 3))", "(0.25,0.75)")], |b| normalize(b, Norm::L1)).alias_ci(&["normalizeL1"]),
    f("L2Normalize", "L2Normalize(tuple)", "The tuple divided by its L2Norm.", &[("L2Normalize((3, 4))", "(0.6,0.8)")], |b| normalize(b, Norm::L2)).alias_ci(&["normalizeL2"]),
    f("LinfNormalize", "LinfNormalize(tuple)", "The tuple divided by its LinfNorm.", &[("LinfNormalize((2, 4))", "(0.5,1)")], |b| normalize(b, Norm::Linf)).alias_ci(&["normalizeLinf"]),
    f("LpNormalize", "LpNormalize(tuple, p)", "The tuple divided by its LpNorm.", &[("LpNormalize((3, 4), 2)", "(0.6,0.8)")], |b| normalize(b, Norm::Lp)).alias_ci(&["normalizeLp"]),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    L1,
    L2,
    L2Squared,
    Linf,
    Lp,
    Cosine,
}

fn of(kind: Norm, v: impl Iterator<Item = f64>, p: f64) -> f64 {
    match kind {
        Norm::L1 => v.map(f64::abs).fold(0.0, |a: f64, x| a + x),
        Norm::L2 => v.map(|x| x * x).fold(0.0, |a: f64, x| a + x).sqrt(),
        Norm::L2Squared | Norm::Cosine => v.map(|x| x * x).fold(0.0, |a: f64, x| a + x),
        Norm::Linf => v.map(f64::abs).fold(0.0, f64::max),
        Norm::Lp => v.map(|x| x.abs().powf(p)).fold(0.0, |a: f64, x| a + x).powf(1.0 / p),
    }
}

/// The type of the elements of an array argument, which must be plain numbers.
fn element_type(b: &Bind<'_>, i: usize) -> Result<Type> {
    let Type::Array(t) = b.ty(i) else { return Err(b.illegal(i, "Array or Tuple of numbers")) };
    let native = t.is_native_integer() || t.is_float();
    if native { Ok(t.as_ref().clone()) } else { Err(b.illegal(i, "Array of integers of up to 64 bits, or of floats, without NULL")) }
}

/// Every row's vector.
fn rows(col: &Column, ty: &Type, n: usize) -> Result<Vec<Vec<f64>>> {
    let a = arrays(col)?;
    let v = f64s(a.values, ty);
    Ok((0..n).map(|i| a.at(i).map(|k| v.at(k)).collect()).collect())
}

fn is_tuple(b: &Bind<'_>) -> bool {
    matches!(b.ty(0), Type::Tuple(_))
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
    if is_tuple(b) {
        return tuple_vectors::norm(b, kind, p);
    }
    let ty = element_type(b, 0)?;
    let out = result_type(std::slice::from_ref(&ty));
    let single = out == Type::Float32;
    bound(out, move |c| Ok(shown(rows(c.col(0), &ty, c.rows)?.into_iter().map(|v| of(kind, v.into_iter(), p)).collect(), single)))
}

fn shown(v: Vec<f64>, single: bool) -> Column {
    if single { crate::args::f32_col(v.into_iter().map(|x| x as f32).collect()) } else { f64_col(v) }
}

/// Float32 where all elements fit one, else Float64.
fn result_type(types: &[Type]) -> Type {
    if common_type(types).is_ok_and(|t| t.is_single()) { Type::Float32 } else { Type::Float64 }
}

fn distance(b: &Bind<'_>, kind: Norm) -> Result<Bound> {
    let p = power(b, 2, kind)?;
    if is_tuple(b) {
        return tuple_vectors::distance(b, kind, p);
    }
    let (tx, ty) = (element_type(b, 0)?, element_type(b, 1)?);
    let name = b.name.to_string();
    let out = result_type(&[tx.clone(), ty.clone()]);
    let single = out == Type::Float32;
    bound(out, move |c| {
        let (x, y) = (rows(c.col(0), &tx, c.rows)?, rows(c.col(1), &ty, c.rows)?);
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
    if is_tuple(b) { tuple_vectors::normalize(b, kind, p) } else { Err(b.illegal(0, "Tuple of numbers")) }
}

/// Sum of products of two arrays.
pub fn dot_arrays(b: &Bind<'_>) -> Result<Bound> {
    let (tx, ty) = (element_type(b, 0)?, element_type(b, 1)?);
    let product = crate::arithmetic::number_result(crate::arithmetic::Op::Multiply, &tx, &ty);
    let out = match (product, &tx, &ty) {
        (Some(t), ..) if t.is_integer() => t,
        (_, Type::Float32, Type::Float32) | (_, Type::BFloat16, Type::BFloat16) => Type::Float32,
        _ => Type::Float64,
    };
    let kernel = out.clone();
    bound(out, move |c| {
        let (x, y) = (rows(c.col(0), &tx, c.rows)?, rows(c.col(1), &ty, c.rows)?);
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
