//! Elementary functions, special functions, rounding.

pub mod round;
mod special;

use special::{acosh, asinh, atanh, erf, lgamma, tgamma};
pub use special::erfc;
use crate::args::{f64_col, f64s, i64s, u8_col, u64_col};
use crate::bind::{Bind, Bound, bound, constant};
use crate::call::{Value, resolve};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use types::codes::BAD_ARGUMENTS;
use types::{Bitmap, Column, Data, Error, I256, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("e", "e()", "Euler's number.", &[("round(e(), 4)", "2.7183")], |b| { b.arity(0, 0)?; constant(Type::Float64, Scalar::Float(std::f64::consts::E)) }),
    f("pi", "pi()", "The number pi.", &[("round(pi(), 4)", "3.1416")], |b| { b.arity(0, 0)?; constant(Type::Float64, Scalar::Float(std::f64::consts::PI)) }).ci(),
    f("exp", "exp(x)", "e to the power of x.", &[("exp(0)", "1")], |b| one(b, f64::exp)).ci(),
    f("exp2", "exp2(x)", "2 to the power of x.", &[("exp2(3)", "8")], |b| one(b, f64::exp2)).ci(),
    f("exp10", "exp10(x)", "10 to the power of x.", &[("exp10(2)", "100")], |b| one(b, exp10)),
    f("log", "log(x)", "Natural logarithm.", &[("log(1)", "0")], |b| one(b, f64::ln)).ci().alias_ci(&["ln"]),
    f("log2", "log2(x)", "Logarithm to base 2.", &[("log2(8)", "3")], |b| one(b, f64::log2)).ci(),
    f("log10", "log10(x)", "Logarithm to base 10.", &[("log10(100)", "2")], |b| one(b, libm::log10)).ci(),
    f("log1p", "log1p(x)", "Logarithm of 1 + x.", &[("log1p(0)", "0")], |b| one(b, f64::ln_1p)),
    f("sqrt", "sqrt(x)", "Square root.", &[("sqrt(9)", "3")], |b| one(b, f64::sqrt)).ci(),
    f("cbrt", "cbrt(x)", "Cube root.", &[("cbrt(27)", "3")], |b| one(b, f64::cbrt)).ci(),
    f("sqr", "sqr(x)", "Square.", &[("sqr(3)", "9")], |b| { b.arity(1, 1)?; twice(b, "multiply") }).own_nulls().own_lc(),
    f("sin", "sin(x)", "Sine of radians.", &[("sin(0)", "0")], |b| one(b, f64::sin)).ci(),
    f("cos", "cos(x)", "Cosine of radians.", &[("cos(0)", "1")], |b| one(b, f64::cos)).ci(),
    f("tan", "tan(x)", "Tangent of radians.", &[("tan(0)", "0")], |b| one(b, f64::tan)).ci(),
    f("asin", "asin(x)", "Arc sine.", &[("asin(0)", "0")], |b| one(b, f64::asin)).ci(),
    f("acos", "acos(x)", "Arc cosine.", &[("acos(1)", "0")], |b| one(b, f64::acos)).ci(),
    f("atan", "atan(x)", "Arc tangent.", &[("atan(0)", "0")], |b| one(b, f64::atan)).ci(),
    f("sinh", "sinh(x)", "Hyperbolic sine.", &[("sinh(0)", "0")], |b| one(b, f64::sinh)).ci(),
    f("cosh", "cosh(x)", "Hyperbolic cosine.", &[("cosh(0)", "1")], |b| one(b, f64::cosh)).ci(),
    f("tanh", "tanh(x)", "Hyperbolic tangent.", &[("tanh(0)", "0")], |b| one(b, f64::tanh)).ci(),
    f("asinh", "asinh(x)", "Inverse hyperbolic sine.", &[("asinh(0)", "0")], |b| one(b, asinh)).ci(),
    f("acosh", "acosh(x)", "Inverse hyperbolic cosine.", &[("acosh(1)", "0")], |b| one(b, acosh)).ci(),
    f("atanh", "atanh(x)", "Inverse hyperbolic tangent.", &[("atanh(0)", "0")], |b| one(b, atanh)).ci(),
    f("degrees", "degrees(x)", "Radians in degrees.", &[("degrees(pi())", "180")], |b| one(b, |x| x * (180.0 / std::f64::consts::PI))).ci(),
    f("radians", "radians(x)", "Degrees in radians.", &[("radians(0)", "0")], |b| one(b, |x| x * (std::f64::consts::PI / 180.0))).ci(),
    f("sigmoid", "sigmoid(x)", "1 / (1 + e^-x).", &[("sigmoid(0)", "0.5")], |b| one(b, |x| 1.0 / (1.0 + (-x).exp()))),
    f("erf", "erf(x)", "Error function.", &[("erf(0)", "0")], |b| one(b, erf)),
    f("erfc", "erfc(x)", "1 - erf(x).", &[("erfc(0)", "1")], |b| one(b, erfc)),
    f("lgamma", "lgamma(x)", "Logarithm of the gamma function.", &[("round(lgamma(5), 4)", "3.1781")], |b| one(b, lgamma)),
    f("tgamma", "tgamma(x)", "Gamma function.", &[("round(tgamma(5), 4)", "24")], |b| one(b, tgamma)).alias(&["gamma"]),
    f("pow", "pow(x, y)", "x to the power of y.", &[("pow(2, 10)", "1024")], |b| two(b, |x, y| if y == y.trunc() && y.abs() <= 64.0 { x.powi(y as i32) } else { x.powf(y) })).ci().alias_ci(&["power"]),
    f("atan2", "atan2(y, x)", "Angle of the point (x, y).", &[("atan2(0, 1)", "0")], |b| two(b, f64::atan2)).ci(),
    f("hypot", "hypot(x, y)", "Length of the hypotenuse.", &[("hypot(3, 4)", "5")], |b| two(b, f64::hypot)),
    f("intExp2", "intExp2(n)", "2 to the power of n as UInt64.", &[("intExp2(10)", "1024")], |b| int_exp(b, 2)),
    f("intExp10", "intExp10(n)", "10 to the power of n as UInt64.", &[("intExp10(3)", "1000")], |b| int_exp(b, 10)),
    f("factorial", "factorial(n)", "n!, for n up to 20.", &[("factorial(5)", "120")], factorial).ci(),
    f("isNaN", "isNaN(x)", "1 for NaN.", &[("isNaN(nan)", "1")], |b| test(b, f64::is_nan)).ci(),
    f("isFinite", "isFinite(x)", "1 for a number that is neither infinite nor NaN.", &[("isFinite(1)", "1")], |b| test(b, f64::is_finite)),
    f("isInfinite", "isInfinite(x)", "1 for plus or minus infinity.", &[("isInfinite(inf)", "1")], |b| test(b, f64::is_infinite)),
    f("ifNotFinite", "ifNotFinite(x, other)", "x if it is finite, else other.", &[("ifNotFinite(1 / 0, 42)", "42")], if_not_finite),
    f("widthBucket", "widthBucket(x, low, high, count)", "Number of the bucket of equal width that x falls into; 0 below, count + 1 above.", &[("widthBucket(10.15, -8.6, 23, 10)", "6")], width_bucket).alias_ci(&["width_bucket"]),
    f("avg2", "avg2(a, b)", "Mean of two numbers in their common type.", &[("avg2(1.0, 2)", "1.5")], |b| { b.arity(2, 2)?; mean(b) }).own_nulls(),
    f("isProbablePrime", "isProbablePrime(n[, rounds])", "1 for a prime number; wrong with a probability below 4 to the minus rounds.", &[("isProbablePrime(toUInt64(561))", "0")], crate::primes::probable),
    f("isPrime", "isPrime(n)", "1 for a prime number.", &[("isPrime(7)", "1")], |b| { b.arity(1, 1)?; b.unsigned(0)?; b.native_integer(0)?; bound(Type::UInt8, |c| { let v = crate::args::u64s(c.col(0)); Ok(u8_col((0..c.rows).map(|i| u8::from(prime(v.at(i)))).collect())) }) }),
];

fn one(b: &Bind<'_>, of: fn(f64) -> f64) -> Result<Bound> {
    b.arity(1, 1)?;
    b.number(0)?;
    let ty = b.ty(0).clone();
    bound(Type::Float64, move |c| {
        if !ty.is_decimal() {
            return Ok(f64::column(map::<f64, f64>(c.col(0), c.rows, of)));
        }
        let v = f64s(c.col(0), &ty);
        Ok(f64_col((0..c.rows).map(|i| of(v.at(i))).collect()))
    })
}

fn two(b: &Bind<'_>, of: fn(f64, f64) -> f64) -> Result<Bound> {
    b.arity(2, 2)?;
    for i in 0..2 {
        if !b.ty(i).is_decimal() {
            b.native(i)?;
        }
    }
    let (tx, ty) = (b.ty(0).clone(), b.ty(1).clone());
    bound(Type::Float64, move |c| {
        let (x, y) = (f64s(c.col(0), &tx), f64s(c.col(1), &ty));
        Ok(f64_col((0..c.rows).map(|i| of(x.at(i), y.at(i))).collect()))
    })
}

/// Whole powers of ten are the nearest doubles to them.
fn exp10(x: f64) -> f64 {
    if x == x.trunc() && x.abs() < 330.0 {
        return format!("1e{x}").parse().unwrap_or(f64::INFINITY);
    }
    // 10^x = 10^whole · 10^part
    10f64.powf(x)
}

/// A function of two arguments over the one argument.
fn twice(b: &Bind<'_>, name: &str) -> Result<Bound> {
    let call = resolve(name, &[b.args[0].clone(), b.args[0].clone()], b.session)?;
    bound(call.ty().clone(), move |c| call.eval(&[Value::Column(c.col(0)), Value::Column(c.col(0))], c.rows, c.session))
}

/// The mean of the arguments that are not NULL in their common type: cut towards zero for integers and dates.
pub fn mean(b: &Bind<'_>) -> Result<Bound> {
    let used: Vec<usize> = (0..b.len()).filter(|&i| *b.ty(i).base() != Type::Nothing).collect();
    if used.is_empty() {
        return bound(Type::nullable(Type::Nothing), |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    let types: Vec<Type> = used.iter().map(|&i| b.ty(i).clone()).collect();
    if b.len() == 1 {
        return bound(types[0].clone(), |c| Ok(c.col(0).clone()));
    }
    let common = crate::supertype::common_type(&types)?;
    let inner = crate::cast::strip_nullable(&common).clone();
    let out = if used.len() < b.len() { Type::nullable(common) } else { common };
    if !(inner.is_number() || inner.is_date_or_time()) || inner == Type::Bool {
        return Err(b.illegal(0, "numbers, dates or times"));
    }
    let kernel = out.clone();
    bound(out, move |c| {
        let columns = used.iter().zip(&types).map(|(&i, t)| crate::cast::cast(c.col(i), t, &kernel, crate::cast::CastMode::Sql, c.session).map(|x| x.flat())).collect::<Result<Vec<_>>>()?;
        let count = |i: usize| columns.iter().filter(|x| !x.is_null(i)).count();
        let nulls = columns.iter().any(Column::has_nulls).then(|| Bitmap::from_fn(c.rows, |i| count(i) == 0));
        let data = if inner.is_float() {
            let all: Vec<_> = columns.iter().map(|x| f64s(x, &inner)).collect();
            let sum = |i: usize| all.iter().zip(&columns).filter(|(_, x)| !x.is_null(i)).map(|(v, _)| v.at(i)).fold(0.0, |a: f64, x| a + x);
            f64_col((0..c.rows).map(|i| sum(i) / count(i).max(1) as f64).collect())
        } else {
            let all: Vec<_> = columns.iter().map(crate::args::i256s).collect();
            let sum = |i: usize| all.iter().zip(&columns).filter(|(_, x)| !x.is_null(i)).fold(I256::ZERO, |s, (v, _)| s + v.at(i));
            Data::I256((0..c.rows).map(|i| sum(i) / I256::from(count(i).max(1) as i64)).collect::<Vec<_>>().into()).into()
        };
        let cut = crate::with_lane!(&inner, R => R::column(map::<R, R>(&data, c.rows, |x| x)), data);
        Ok(Column::new(cut.data, nulls))
    })
}

fn test(b: &Bind<'_>, of: fn(f64) -> bool) -> Result<Bound> {
    b.arity(1, 1)?;
    b.no_decimal(0)?;
    let ty = b.ty(0).clone();
    bound(Type::UInt8, move |c| {
        let v = f64s(c.col(0), &ty);
        Ok(u8_col((0..c.rows).map(|i| u8::from(of(v.at(i)))).collect()))
    })
}

fn int_exp(b: &Bind<'_>, base: u64) -> Result<Bound> {
    b.arity(1, 1)?;
    b.no_decimal(0)?;
    if b.ty(0).int_bits().is_some_and(|x| x.0 > 64) {
        return Err(Error::not_implemented(format!("{} is not implemented for big integers", b.name)));
    }
    let ty = b.ty(0).clone();
    bound(Type::UInt64, move |c| {
        let v = f64s(c.col(0), &ty);
        if (0..c.rows).any(|i| v.at(i).is_nan()) {
            return Err(Error::new(BAD_ARGUMENTS, "Functions intExp2 and intExp10 must not be called with NaN"));
        }
        Ok(u64_col((0..c.rows).map(|i| if v.at(i) < 0.0 { 0 } else { base.checked_pow(v.at(i) as u32).unwrap_or(u64::MAX) }).collect()))
    })
}

fn factorial(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.native_integer(0)?;
    let unsigned = *b.ty(0) == Type::UInt64;
    bound(Type::UInt64, move |c| {
        let v = i64s(c.col(0));
        let out = (0..c.rows)
            .map(|i| match v.at(i) {
                n if n > 20 || unsigned && n < 0 => Err(Error::new(BAD_ARGUMENTS, format!("The maximum's input value of function factorial is 20, not {n}"))),
                n => Ok((2..=n.max(1) as u64).product()),
            })
            .collect::<Result<Vec<u64>>>()?;
        Ok(u64_col(out))
    })
}

fn if_not_finite(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.no_decimal(0)?;
    b.number(1)?;
    let (tx, ty) = (b.ty(0).clone(), b.ty(1).clone());
    let out = crate::supertype::common_type(&[tx.clone(), ty.clone()]).unwrap_or(Type::Float64);
    let kernel = out.clone();
    bound(out, move |c| {
        let v = f64s(c.col(0), &tx);
        let choice: Vec<u32> = (0..c.rows).map(|i| u32::from(!v.at(i).is_finite())).collect();
        let columns = [crate::cast::cast(c.col(0), &tx, &kernel, crate::cast::CastMode::Sql, c.session)?, crate::cast::cast(c.col(1), &ty, &kernel, crate::cast::CastMode::Sql, c.session)?];
        Ok(crate::conditional::select(&kernel, &columns, &choice))
    })
}

// ---- rounding ---------------------------------------------------------------------------------

fn width_bucket(b: &Bind<'_>) -> Result<Bound> {
    b.arity(4, 4)?;
    for i in 0..3 {
        b.native(i)?;
    }
    b.native_integer(3)?;
    let types = b.types();
    let ty = match b.ty(3).int_bits() {
        Some((8, _)) => Type::UInt16,
        Some((16, _)) => Type::UInt32,
        _ => Type::UInt64,
    };
    let kernel = ty.clone();
    bound(ty, move |c| {
        let (x, lo, hi, n) = (f64s(c.col(0), &types[0]), f64s(c.col(1), &types[1]), f64s(c.col(2), &types[2]), i64s(c.col(3)));
        let mut out = Vec::with_capacity(c.rows);
        for i in 0..c.rows {
            let (v, l, h, k) = (x.at(i), lo.at(i), hi.at(i), n.at(i));
            if k <= 0 || !l.is_finite() || !h.is_finite() || v.is_nan() {
                return Err(Error::new(BAD_ARGUMENTS, "Function widthBucket needs finite bounds, a number that is not NaN, and a count above 0"));
            }
            out.push(if v < l || l >= h { 0 } else if v >= h { k as u64 + 1 } else { ((v - l) / (h - l) * k as f64) as u64 + 1 });
        }
        let wide = u64_col(out);
        Ok(crate::with_lane!(&kernel, R => R::column(map::<R, R>(&wide, c.rows, |x| x)), wide))
    })
}

/// Miller–Rabin with bases that decide all 64-bit numbers.
fn prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 {
        return false;
    }
    if let Some(p) = BASES.iter().find(|p| n % **p == 0) {
        return n == *p;
    }
    let mul = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(n)) as u64;
    let power = |mut a: u64, mut e: u64| {
        let mut r = 1;
        while e > 0 {
            if e & 1 == 1 {
                r = mul(r, a);
            }
            a = mul(a, a);
            e >>= 1;
        }
        r
    };
    let s = (n - 1).trailing_zeros();
    let d = (n - 1) >> s;
    BASES.iter().all(|&a| {
        let mut x = power(a, d);
        if x == 1 || x == n - 1 {
            return true;
        }
        (1..s).any(|_| {
            x = mul(x, x);
            x == n - 1
        })
    })
}

// ---- special functions ------------------------------------------------------------------------
