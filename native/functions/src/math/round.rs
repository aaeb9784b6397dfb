//! Rounding: to digits, to powers of two, to the steps of a list.

use crate::args::{f64_col, f64s, i64s, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::{Lane, map};
use types::codes::ILLEGAL_COLUMN;
use types::{Column, Data, Error, I256, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("round", "round(x[, digits])", "Rounded to digits behind the point (negative: before it); halves away from zero, for floats to even.", &[("round(2.567, 1)", "2.6")], |b| round(b, How::Round)).ci(),
    f("roundBankers", "roundBankers(x[, digits])", "Rounded, halves to even.", &[("roundBankers(2.5)", "2")], |b| round(b, How::Bankers)).ci(),
    f("floor", "floor(x[, digits])", "Rounded down.", &[("floor(2.5)", "2")], |b| round(b, How::Floor)).ci(),
    f("ceil", "ceil(x[, digits])", "Rounded up.", &[("ceil(2.5)", "3")], |b| round(b, How::Ceil)).ci().alias_ci(&["ceiling"]),
    f("trunc", "trunc(x[, digits])", "Rounded towards zero.", &[("trunc(-2.5)", "-2")], |b| round(b, How::Trunc)).ci().alias_ci(&["truncate"]),
    f("roundToExp2", "roundToExp2(n)", "Rounded down to a power of two.", &[("roundToExp2(100)", "64")], round_to_exp2),
    f("roundDuration", "roundDuration(n)", "Rounded down to 1, 10, 30, 60, 120, 180, 240, 300, 600, 1200, 1800, 3600, 7200, 18000 or 36000.", &[("roundDuration(100)", "60")], |b| steps(b, &[0, 1, 10, 30, 60, 120, 180, 240, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000])),
    f("roundAge", "roundAge(n)", "Rounded to 0, 17, 18, 25, 35, 45 or 55.", &[("roundAge(30)", "25")], round_age),
    f("roundDown", "roundDown(x, array)", "The largest element of an array that is not above x, else its smallest.", &[("roundDown(5, [3, 4, 6])", "4")], round_down),
];

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
