//! Signs of one number; divisors and extremes of two.

use super::elements::{each, element_calls};
use super::{Op, construct, next_bits, number_result, shape};
use crate::args::{f64s, tuple_columns};
use crate::bind::{Bind, Bound, bound};
use crate::decimal;
use crate::integer::Arith;
use crate::lanes::{Lane, map};
use crate::with_lane;
use types::codes::DECIMAL_OVERFLOW;
use types::{Error, Result, Type};
pub fn negate(b: &Bind<'_>) -> Result<Bound> {
    no_bfloat(b)?;
    let t = b.ty(0).clone();
    if let Type::Tuple(es) = &t {
        let (ty, calls) = element_calls("negate", es.iter().map(|e| vec![e.1.clone()]).collect(), b.session)?;
        return bound(ty, move |c| {
            let xs = tuple_columns(c.col(0))?;
            each(&calls, c, |k| vec![xs[k].clone()])
        });
    }
    let out = match &t {
        Type::Decimal(..) | Type::Interval(_) => t.clone(),
        t => {
            let (bits, signed, float) = shape(t).ok_or_else(|| b.illegal(0, "a number"))?;
            construct(true, float, if signed || float { bits } else { next_bits(bits) }).ok_or_else(|| b.illegal(0, "a number"))?
        }
    };
    let kernel = out.clone();
    bound(out, move |c| {
        Ok(with_lane!(&kernel, R => R::column(map::<R, R>(c.col(0), c.rows, R::neg)), return Err(Error::internal("no lane"))))
    })
}

/// Functions of one number that ClickHouse has not for BFloat16.
fn no_bfloat(b: &Bind<'_>) -> Result<()> {
    b.arity(1, 1)?;
    if *b.ty(0) == Type::BFloat16 { Err(b.illegal(0, "a number other than BFloat16: convert it with toFloat32")) } else { Ok(()) }
}

pub fn abs(b: &Bind<'_>) -> Result<Bound> {
    no_bfloat(b)?;
    let t = b.ty(0).clone();
    b.number(0)?;
    if t.is_float() {
        return bound(t.clone(), move |c| {
            Ok(if t.is_single() {
                f32::column(map::<f32, f32>(c.col(0), c.rows, f32::abs))
            } else {
                f64::column(map::<f64, f64>(c.col(0), c.rows, f64::abs))
            })
        });
    }
    let out = match t.int_bits() {
        Some((bits, _)) => Type::int_of(bits, false),
        None => t.clone(),
    };
    let (kernel, from) = (out.clone(), t);
    bound(out, move |c| {
        // |x| in the signed type, then read as unsigned: right for the smallest value too.
        let signed = with_lane!(&from, R => R::column(map::<R, R>(c.col(0), c.rows, |x| if x < R::default() { x.neg() } else { x })), return Err(Error::internal("no lane")));
        Ok(with_lane!(&kernel, R => R::column(map::<R, R>(&signed, c.rows, |x| x)), signed))
    })
}

pub fn sign(b: &Bind<'_>) -> Result<Bound> {
    no_bfloat(b)?;
    b.number(0)?;
    let from = b.ty(0).clone();
    bound(Type::Int8, move |c| {
        Ok(i8::column(with_lane!(&from, R => map::<R, i8>(c.col(0), c.rows, |x| {
            let zero = R::default();
            if x < zero { -1 } else { i8::from(x != zero) }
        }), return Err(Error::internal("no lane")))))
    })
}

pub fn gcd_lcm(b: &Bind<'_>, lcm: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.integer(0)?;
    b.integer(1)?;
    let out = number_result(Op::Plus, b.ty(0), b.ty(1)).ok_or_else(|| b.illegal(1, "an integer"))?;
    let kernel = out.clone();
    // The ends of a signed result, which have no magnitude to calculate with; all else wraps around.
    let ends = match out.int_bits() {
        Some((bits, true)) if bits <= 128 => Some((i128::MIN >> (128 - bits), i128::MAX >> (128 - bits))),
        _ => None,
    };
    let halved = matches!(out, Type::Int64);
    bound(out, move |c| {
        let read = |i: usize| map::<i128, i128>(c.col(i), c.rows, |x| if halved { i128::from(x as i64) } else { x });
        let (x, y) = (read(0), read(1));
        let mut v = Vec::with_capacity(c.rows);
        for (&p, &q) in x.iter().zip(&y) {
            if p == 0 || q == 0 {
                return Err(decimal::division_by_zero());
            }
            if ends.is_some_and(|(low, high)| [p, q].iter().any(|x| *x == low || *x == high)) {
                return Err(Error::new(DECIMAL_OVERFLOW, "Intermediate result overflow: the operands need a wider type"));
            }
            let (p, q) = (p.unsigned_abs(), q.unsigned_abs());
            let (mut a, mut b) = (p, q);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            v.push(if lcm { (p / a).wrapping_mul(q) } else { a });
        }
        let wide = u128::column(v);
        Ok(with_lane!(&kernel, R => R::column(map::<R, R>(&wide, c.rows, |x| x)), wide))
    })
}

pub fn two_floats(b: &Bind<'_>, op: fn(f64, f64) -> f64) -> Result<Bound> {
    b.arity(2, 2)?;
    for i in 0..2 {
        b.check(i, b.ty(i).is_number() && b.ty(i).int_bits().is_none_or(|x| x.0 <= 64), "a number of up to 64 bits")?;
    }
    let (ta, tb) = (b.ty(0).clone(), b.ty(1).clone());
    bound(Type::Float64, move |c| {
        let (x, y) = (f64s(c.col(0), &ta), f64s(c.col(1), &tb));
        Ok(f64::column((0..c.rows).map(|i| op(x.at(i), y.at(i))).collect()))
    })
}
