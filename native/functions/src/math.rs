//! Elementary functions, special functions, rounding.

use crate::args::{f64_col, f64s, i64s, u8_col, u64_col};
use crate::bind::{Bind, Bound, bound, constant};
use crate::call::{Value, resolve};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN};
use types::{Bitmap, Column, Data, Error, I256, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("e", "e()", "Euler's number.", &[("round(e(), 4)", "2.7183")], |b| { b.arity(0, 0)?; constant(Type::Float64, Scalar::Float(std::f64::consts::E)) }),
    f("pi", "pi()", "The number pi.", &[("round(pi(), 4)", "3.1416")], |b| { b.arity(0, 0)?; constant(Type::Float64, Scalar::Float(std::f64::consts::PI)) }).ci(),
    f("exp", "exp(x)", "e to the power of x.", &[("exp(0)", "1")], |b| one(b, f64::exp)).ci(),
    f("exp2", "exp2(x)", "2 to the power of x.", &[("exp2(3)", "8")], |b| one(b, f64::exp2)).ci(),
    f("exp10", "exp10(x)", "10 to the power of x.", &[("exp10(2)", "100")], |b| one(b, exp10)),
    f("log", "log(x)", "Natural logarithm.", &[("log(1)", "0")], |b| one(b, f64::ln)).ci().alias_ci(&["ln"]),
    f("log2", "log2(x)", "Logarithm to base 2.", &[("log2(8)", "3")], |b| one(b, f64::log2)).ci(),
    f("log10", "log10(x)", "Logarithm to base 10.", &[("log10(100)", "2")], |b| one(b, f64::log10)).ci(),
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
    f("asinh", "asinh(x)", "Inverse hyperbolic sine.", &[("asinh(0)", "0")], |b| one(b, f64::asinh)).ci(),
    f("acosh", "acosh(x)", "Inverse hyperbolic cosine.", &[("acosh(1)", "0")], |b| one(b, f64::acosh)).ci(),
    f("atanh", "atanh(x)", "Inverse hyperbolic tangent.", &[("atanh(0)", "0")], |b| one(b, f64::atanh)).ci(),
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
    f("round", "round(x[, digits])", "Rounded to digits behind the point (negative: before it); halves away from zero, for floats to even.", &[("round(2.567, 1)", "2.6")], |b| round(b, How::Round)).ci(),
    f("roundBankers", "roundBankers(x[, digits])", "Rounded, halves to even.", &[("roundBankers(2.5)", "2")], |b| round(b, How::Bankers)).ci(),
    f("floor", "floor(x[, digits])", "Rounded down.", &[("floor(2.5)", "2")], |b| round(b, How::Floor)).ci(),
    f("ceil", "ceil(x[, digits])", "Rounded up.", &[("ceil(2.5)", "3")], |b| round(b, How::Ceil)).ci().alias_ci(&["ceiling"]),
    f("trunc", "trunc(x[, digits])", "Rounded towards zero.", &[("trunc(-2.5)", "-2")], |b| round(b, How::Trunc)).ci().alias_ci(&["truncate"]),
    f("roundToExp2", "roundToExp2(n)", "Rounded down to a power of two.", &[("roundToExp2(100)", "64")], round_to_exp2),
    f("roundDuration", "roundDuration(n)", "Rounded down to 1, 10, 30, 60, 120, 180, 240, 300, 600, 1200, 1800, 3600, 7200, 18000 or 36000.", &[("roundDuration(100)", "60")], |b| steps(b, &[0, 1, 10, 30, 60, 120, 180, 240, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000])),
    f("roundAge", "roundAge(n)", "Rounded to 0, 17, 18, 25, 35, 45 or 55.", &[("roundAge(30)", "25")], round_age),
    f("roundDown", "roundDown(x, array)", "The largest element of an array that is not above x, else its smallest.", &[("roundDown(5, [3, 4, 6])", "4")], round_down),
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
    bound(Type::UInt64, |c| {
        let v = i64s(c.col(0));
        let out = (0..c.rows)
            .map(|i| match v.at(i) {
                n if n > 20 => Err(Error::new(BAD_ARGUMENTS, format!("The maximum's input value of function factorial is 20, not {n}"))),
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Round,
    Bankers,
    Floor,
    Ceil,
    Trunc,
}

impl How {
    fn float(self, x: f64) -> f64 {
        match self {
            How::Round | How::Bankers => x.round_ties_even(),
            How::Floor => x.floor(),
            How::Ceil => x.ceil(),
            How::Trunc => x.trunc(),
        }
    }
    /// A multiple of `k` near `x`; halves of `round` go away from zero.
    fn int(self, x: I256, k: I256) -> I256 {
        let down = x.div_euclid(k) * k;
        let rest = x - down;
        let zero = I256::ZERO;
        if rest == zero {
            return x;
        }
        let up = down + k;
        match self {
            How::Floor => down,
            How::Ceil => up,
            How::Trunc => if x < zero { up } else { down },
            How::Round | How::Bankers => {
                let twice = rest + rest;
                if twice < k {
                    down
                } else if twice > k {
                    up
                } else if self == How::Round {
                    if x < zero { down } else { up }
                } else if (down / k) % I256::from(2) == zero {
                    down
                } else {
                    up
                }
            }
        }
    }
}

fn round(b: &Bind<'_>, how: How) -> Result<Bound> {
    b.arity(1, 2)?;
    b.number(0)?;
    let ty = b.ty(0).clone();
    if b.len() == 2 {
        b.integer(1)?;
    }
    let constant = if b.len() == 1 { Some(0) } else if b.constant(1).is_some() { Some(b.const_int(1)?) } else { None };
    if let Some(d) = constant
        && !(i64::from(i16::MIN)..=i64::from(i16::MAX)).contains(&d)
    {
        return Err(Error::new(types::codes::ARGUMENT_OUT_OF_BOUND, format!("Scale {d} of function {} is out of bounds", b.name)));
    }
    bound(ty.clone(), move |c| {
        let digits = constant.map(|d| vec![d]).unwrap_or_else(|| {
            let v = i64s(c.col(1));
            (0..c.rows).map(|i| v.at(i)).collect()
        });
        let d = |i: usize| if digits.len() == 1 { digits[0] } else { digits[i] };
        Ok(match &ty {
            Type::Float64 => {
                if digits == [0] {
                    return Ok(f64::column(map::<f64, f64>(c.col(0), c.rows, |x| how.float(x))));
                }
                let v = f64s(c.col(0), &ty);
                f64_col((0..c.rows).map(|i| round_float(v.at(i), d(i), how)).collect())
            }
            Type::Float32 | Type::BFloat16 => {
                let v = f64s(c.col(0), &ty);
                let out = f32::column((0..c.rows).map(|i| round_single(v.at(i) as f32, d(i), how)).collect());
                if ty == Type::BFloat16 { types::bfloat::cut_column(out) } else { out }
            }
            Type::Decimal(_, s) => {
                let v = crate::args::i256s(c.col(0));
                let out: Vec<I256> = (0..c.rows)
                    .map(|i| {
                        let drop = i64::from(*s) - d(i);
                        if drop <= 0 {
                            return v.at(i);
                        }
                        match u32::try_from(drop).ok().and_then(crate::decimal::pow10_256) {
                            Some(k) => how.int(v.at(i), k),
                            None => I256::ZERO,
                        }
                    })
                    .collect();
                let Type::Decimal(p, _) = &ty else { return Err(Error::internal("decimal expected")) };
                return crate::decimal::from_256(*p, out);
            }
            _ => {
                if digits.len() == 1 && digits[0] >= 0 {
                    return Ok(c.col(0).clone());
                }
                let v = crate::args::i256s(c.col(0));
                let out: Vec<I256> = (0..c.rows)
                    .map(|i| {
                        if d(i) >= 0 {
                            return v.at(i);
                        }
                        match u32::try_from(d(i).unsigned_abs()).ok().and_then(crate::decimal::pow10_256) {
                            // What is added before the cut is added in the type itself, where it may wrap around.
                            Some(k) if how != How::Bankers => {
                                let (x, half) = (v.at(i), k / I256::from(2));
                                let below = x < I256::ZERO;
                                let shift = match how {
                                    How::Round => if below { -half } else { half },
                                    How::Floor if below => I256::ONE - k,
                                    How::Ceil if !below => k - I256::ONE,
                                    _ => I256::ZERO,
                                };
                                // Half is added to small positive numbers in a wider type.
                                let small = ty.int_bits().is_some_and(|b| b.0 <= 16) && how == How::Round && !below;
                                let moved = if small { x + shift } else { wrapped(x + shift, &ty) };
                                moved / k * k
                            }
                            Some(k) => how.int(v.at(i), k),
                            None => I256::ZERO,
                        }
                    })
                    .collect();
                let n = out.len();
                let wide: Column = Data::I256(out.into()).into();
                crate::with_lane!(&ty, R => R::column(map::<R, R>(&wide, n, |x| x)), wide)
            }
        })
    })
}

/// The number as it is left in an integer type.
fn wrapped(x: I256, ty: &Type) -> I256 {
    let column: Column = Data::I256(vec![x].into()).into();
    let cut = crate::with_lane!(ty, R => R::column(map::<R, R>(&column, 1, |x| x)), column);
    crate::args::i256s(&cut).at(0)
}

fn round_float(x: f64, digits: i64, how: How) -> f64 {
    if digits == 0 {
        return how.float(x);
    }
    let k = 10f64.powi(digits.unsigned_abs().min(400) as i32);
    if digits > 0 {
        let scaled = x * k;
        if scaled.is_finite() { how.float(scaled) / k } else { x }
    } else {
        how.float(x / k) * k
    }
}

fn round_single(x: f32, digits: i64, how: How) -> f32 {
    let of = |v: f32| how.float(f64::from(v)) as f32;
    if digits == 0 {
        return of(x);
    }
    let k = 10f32.powi(digits.unsigned_abs().min(60) as i32);
    if digits > 0 {
        let scaled = x * k;
        if scaled.is_finite() { of(scaled) / k } else { x }
    } else {
        of(x / k) * k
    }
}

fn round_to_exp2(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.no_decimal(0)?;
    let ty = b.ty(0).clone();
    bound(ty.clone(), move |c| {
        if ty.is_float() {
            let v = f64s(c.col(0), &ty);
            let out: Vec<f64> = (0..c.rows).map(|i| { let x = v.at(i); if x == 0.0 || !x.is_finite() { x } else { x.signum() * x.abs().log2().floor().exp2() } }).collect();
            return Ok(if ty.is_single() { f32::column(out.into_iter().map(|x| x as f32).collect()) } else { f64_col(out) });
        }
        let v = crate::args::i128s(c.col(0));
        let out: Vec<i128> = (0..c.rows).map(|i| { let x = v.at(i); if x <= 0 { 0 } else { 1 << (127 - x.leading_zeros()) } }).collect();
        let wide: Column = Data::I128(out.into()).into();
        Ok(crate::with_lane!(&ty, R => R::column(map::<R, R>(&wide, c.rows, |x| x)), wide))
    })
}

fn steps(b: &Bind<'_>, list: &'static [u16]) -> Result<Bound> {
    b.arity(1, 1)?;
    b.no_decimal(0)?;
    let ty = b.ty(0).clone();
    bound(Type::UInt16, move |c| {
        let v = f64s(c.col(0), &ty);
        Ok(crate::args::u16_col((0..c.rows).map(|i| list.iter().rev().copied().find(|s| f64::from(*s) <= v.at(i) || v.at(i).is_nan()).unwrap_or(0)).collect()))
    })
}

fn round_age(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.no_decimal(0)?;
    let ty = b.ty(0).clone();
    bound(Type::UInt8, move |c| {
        let v = f64s(c.col(0), &ty);
        Ok(u8_col(
            (0..c.rows)
                .map(|i| match v.at(i) {
                    x if x < 1.0 => 0,
                    x if x < 18.0 => 17,
                    x if x < 25.0 => 18,
                    x if x < 35.0 => 25,
                    x if x < 45.0 => 35,
                    x if x < 55.0 => 45,
                    _ => 55,
                })
                .collect(),
        ))
    })
}

/// The boundaries of roundDown in order.
fn limits(list: &Column, element: &Type, ty: &Type, session: &crate::Session) -> Result<Column> {
    if list.is_empty() {
        return Err(Error::new(ILLEGAL_COLUMN, "Empty array is illegal for boundaries in function roundDown"));
    }
    let limits = crate::cast::cast(list, element, ty, crate::cast::CastMode::Sql, session)?.flat();
    let mut order: Vec<u32> = (0..limits.len() as u32).collect();
    order.sort_by(|x, y| types::compare::compare_rows(&limits, *x as usize, &limits, *y as usize));
    Ok(limits.gather(&order))
}

fn round_down(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let element = b.array(1)?.clone();
    if element == Type::Nothing {
        return Err(b.illegal(1, "an array of numbers that is not empty"));
    }
    let from = b.ty(0).clone();
    let out = crate::supertype::common_type(&[from.clone(), element.clone()])?;
    let kernel = out.clone();
    let name = b.name.to_string();
    let fixed = b.constant(1).map(|list| limits(&crate::arrays::one_array(list, &name, 2)?, &element, &out, b.session)).transpose()?;
    bound(out, move |c| {
        let own;
        let limits = match &fixed {
            Some(limits) => limits,
            None if c.rows == 0 => return Ok(types::ColumnBuilder::new(&kernel).finish()),
            // those of a subquery are known only when it has run
            None => {
                own = limits(&crate::arrays::one_array(c.col(1), &name, 2)?, &element, &kernel, c.session)?;
                &own
            }
        };
        let x = crate::cast::cast(c.col(0), &from, &kernel, crate::cast::CastMode::Sql, c.session)?;
        let at: Vec<u32> = (0..c.rows)
            .map(|i| {
                let (mut low, mut high) = (0, limits.len());
                while low < high {
                    let middle = low.midpoint(high);
                    if types::compare::compare_rows(limits, middle, &x, i).is_le() { low = middle + 1 } else { high = middle }
                }
                low.saturating_sub(1) as u32
            })
            .collect();
        Ok(limits.gather(&at))
    })
}

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

/// Complementary error function: series below 2.5, continued fraction above.
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let z = x.abs();
    if z < 2.5 {
        return 1.0 - erf(x);
    }
    if z > 27.0 {
        return if x > 0.0 { 0.0 } else { 2.0 };
    }
    // Lentz's evaluation of the continued fraction.
    let mut f = z;
    for k in (1..=120).rev() {
        f = z + f64::from(k) / 2.0 / f;
    }
    let tail = (-z * z).exp() / (f * std::f64::consts::PI.sqrt());
    if x > 0.0 { tail } else { 2.0 - tail }
}

fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let z = x.abs();
    if z >= 2.5 {
        return x.signum() * (1.0 - erfc(z));
    }
    let (mut term, mut sum, mut n) = (z, z, 0.0);
    loop {
        n += 1.0;
        term *= -z * z / n;
        let add = term / (2.0 * n + 1.0);
        sum += add;
        if add.abs() < 1e-17 * sum.abs().max(1e-300) {
            break;
        }
    }
    x.signum() * sum * std::f64::consts::FRAC_2_SQRT_PI
}

/// Lanczos' approximation with g = 7, n = 9.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6, 12.507_343_278_686_905,
    -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

fn lgamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x <= 0.0 && x == x.floor() {
        return if x == 0.0 { f64::INFINITY } else { f64::NAN };
    }
    if x < 0.5 {
        let s = (std::f64::consts::PI * x).sin().abs();
        return (std::f64::consts::PI / s).ln() - lgamma(1.0 - x);
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = LANCZOS.iter().enumerate().skip(1).fold(LANCZOS[0], |a, (k, c)| a + c / (x + k as f64));
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

fn tgamma(x: f64) -> f64 {
    if x <= 0.0 && x == x.floor() {
        return if x == 0.0 { 1.0 / x } else { f64::NAN };
    }
    if x == x.floor() && x > 0.0 && x < 171.0 {
        return (2..x as u64).fold(1.0, |a, k| a * k as f64);
    }
    if x < 0.5 {
        return std::f64::consts::PI / ((std::f64::consts::PI * x).sin() * tgamma(1.0 - x));
    }
    let y = x - 1.0;
    let t = y + 7.5;
    let sum = LANCZOS.iter().enumerate().skip(1).fold(LANCZOS[0], |a, (k, c)| a + c / (y + k as f64));
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(y + 0.5) * (-t).exp() * sum
}
