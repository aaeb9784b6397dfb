//! Decimal arithmetic: scaled integers with every overflow reported.

mod small;

use crate::args::{i128s, i256s};
use crate::supertype::class_precision;
use types::codes::{DECIMAL_OVERFLOW, ILLEGAL_DIVISION};
use types::{Column, Data, Error, I256, Result, Type};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
}

pub fn overflow(what: &str) -> Error {
    Error::new(
        DECIMAL_OVERFLOW,
        format!("Decimal math overflow in {what}: cast the operands to a wider Decimal"),
    )
}

pub fn division_by_zero() -> Error {
    Error::new(ILLEGAL_DIVISION, "Division by zero")
}

/// 10^n; `n` ≤ 38.
pub fn pow10_128(n: u32) -> Option<i128> {
    10i128.checked_pow(n)
}
pub fn pow10_256(n: u32) -> Option<I256> {
    I256::from(10).checked_pow(n)
}

/// Scale of an operand (0 for integers).
pub fn scale_of(t: &Type) -> u8 {
    match t {
        Type::Decimal(_, s) | Type::DateTime64(s, _) => *s,
        _ => 0,
    }
}

/// The Decimal that an operation on a Decimal and a Decimal or integer gives: with an integer the precision stays.
pub fn result_type(op: Op, a: &Type, b: &Type) -> Option<Type> {
    let both = a.is_decimal() && b.is_decimal();
    let precision = |t: &Type| match t {
        Type::Decimal(p, _) if both => class_precision(*p),
        Type::Decimal(p, _) => *p,
        _ => 0,
    };
    let p = precision(a).max(precision(b));
    let (sa, sb) = (scale_of(a), scale_of(b));
    let s = match op {
        Op::Plus | Op::Minus => sa.max(sb),
        Op::Multiply => sa + sb,
        Op::Divide | Op::Modulo => {
            if a.is_decimal() {
                sa
            } else {
                sb
            }
        }
    };
    (s <= p).then_some(Type::Decimal(p, s))
}

/// Computes `a op b` into `out` (a Decimal). Errors: `DECIMAL_OVERFLOW`, `ILLEGAL_DIVISION`.
pub fn compute(
    op: Op,
    a: &Column,
    ta: &Type,
    b: &Column,
    tb: &Type,
    out: &Type,
    rows: usize,
) -> Result<Column> {
    let Type::Decimal(p, s) = out else { return Err(Error::internal("decimal result expected")) };
    let (sa, sb, s) = (scale_of(ta), scale_of(tb), *s);
    let (ka, kb) = match op {
        Op::Plus | Op::Minus => (s - sa, s - sb),
        Op::Divide => (s + sb - sa.min(s + sb), 0),
        Op::Multiply | Op::Modulo => (0, 0),
    };
    let wide_operand = |t: &Type| t.fixed_width() == Some(32) || *t == Type::UInt128;
    if *p > 38 || wide_operand(ta) || wide_operand(tb) {
        return compute_256(op, a, b, (ka, kb), *p, rows);
    }
    if let Some(column) = small::compute(op, (a, ta, ka), (b, tb, kb), *p, rows) {
        return Ok(column);
    }
    let (ma, mb) = (pow10_128(ka.into()), pow10_128(kb.into()));
    let (Some(ma), Some(mb)) = (ma, mb) else { return compute_256(op, a, b, (ka, kb), *p, rows) };
    let (xs, ys) = (i128s(a), i128s(b));
    let each = |i: usize| -> Result<i128> {
        let (x, y) = (xs.at(i), ys.at(i));
        let what = "an operation";
        let scaled = || Some((x.checked_mul(ma)?, y.checked_mul(mb)?));
        let (x, y) = scaled().ok_or_else(|| overflow(what))?;
        let r = match op {
            Op::Plus => x.checked_add(y),
            Op::Minus => x.checked_sub(y),
            Op::Multiply => x.checked_mul(y),
            Op::Divide | Op::Modulo if y == 0 => return Err(division_by_zero()),
            Op::Divide => x.checked_div(y),
            Op::Modulo => x.checked_rem(y),
        };
        r.ok_or_else(|| overflow(what))
    };
    narrow(*p, rows, each)
}

/// The same without checks (`decimal_check_overflow = 0`): results wrap around in the width they are stored in.
pub fn compute_wrapping(
    op: Op,
    a: (&Column, &Type),
    b: (&Column, &Type),
    out: &Type,
    rows: usize,
) -> Result<Column> {
    let Type::Decimal(p, s) = out else { return Err(Error::internal("decimal result expected")) };
    let (sa, sb) = (scale_of(a.1), scale_of(b.1));
    let (ka, kb) = match op {
        Op::Plus | Op::Minus => (s - sa, s - sb),
        Op::Divide => (s + sb - sa.min(s + sb), 0),
        Op::Multiply | Op::Modulo => (0, 0),
    };
    let (Some(ma), Some(mb)) = (pow10_256(ka.into()), pow10_256(kb.into())) else {
        return Err(overflow("an operation"));
    };
    let (xs, ys) = (i256s(a.0), i256s(b.0));
    let mut v = Vec::with_capacity(rows);
    for i in 0..rows {
        let (x, y) = (xs.at(i).wrapping_mul(ma), ys.at(i).wrapping_mul(mb));
        v.push(match op {
            Op::Plus => x.wrapping_add(y),
            Op::Minus => x.wrapping_sub(y),
            Op::Multiply => x.wrapping_mul(y),
            Op::Divide | Op::Modulo if y == I256::ZERO => return Err(division_by_zero()),
            Op::Divide => x.wrapping_div(y),
            Op::Modulo => x.wrapping_rem(y),
        });
    }
    Ok(match p {
        0..=9 => Data::I32(v.into_iter().map(|x| x.as_i32()).collect::<Vec<_>>().into()),
        10..=18 => Data::I64(v.into_iter().map(|x| x.as_i64()).collect::<Vec<_>>().into()),
        19..=38 => Data::I128(v.into_iter().map(|x| x.as_i128()).collect::<Vec<_>>().into()),
        _ => Data::I256(v.into()),
    }
    .into())
}

fn compute_256(op: Op, a: &Column, b: &Column, (ka, kb): (u8, u8), p: u8, rows: usize) -> Result<Column> {
    let what = "an operation";
    let (ma, mb) = (pow10_256(ka.into()), pow10_256(kb.into()));
    let (Some(ma), Some(mb)) = (ma, mb) else { return Err(overflow(what)) };
    let (xs, ys) = (i256s(a), i256s(b));
    let mut out = Vec::with_capacity(rows);
    for i in 0..rows {
        let scaled = || Some((xs.at(i).checked_mul(ma)?, ys.at(i).checked_mul(mb)?));
        let (x, y) = scaled().ok_or_else(|| overflow(what))?;
        let r = match op {
            Op::Plus => x.checked_add(y),
            Op::Minus => x.checked_sub(y),
            Op::Multiply => x.checked_mul(y),
            Op::Divide | Op::Modulo if y == I256::ZERO => return Err(division_by_zero()),
            Op::Divide => x.checked_div(y),
            Op::Modulo => x.checked_rem(y),
        };
        out.push(r.ok_or_else(|| overflow(what))?);
    }
    from_256(p, out)
}

/// A decimal column of precision `p` from 256-bit values. Errors: `DECIMAL_OVERFLOW`.
pub fn from_256(p: u8, values: Vec<I256>) -> Result<Column> {
    if p > 38 {
        return Ok(Data::I256(values.into()).into());
    }
    let n = values.len();
    narrow(p, n, |i| {
        let v = values[i];
        if v > I256::from(i128::MAX) || v < I256::from(i128::MIN) {
            Err(overflow("a conversion"))
        } else {
            Ok(v.as_i128())
        }
    })
}

/// A decimal column of precision `p` ≤ 38 from 128-bit values. Errors: `DECIMAL_OVERFLOW`.
pub fn narrow(p: u8, rows: usize, each: impl Fn(usize) -> Result<i128>) -> Result<Column> {
    Ok(match p {
        0..=9 => Data::I32(
            (0..rows)
                .map(|i| i32::try_from(each(i)?).map_err(|_| overflow("Decimal32")))
                .collect::<Result<Vec<_>>>()?
                .into(),
        ),
        10..=18 => Data::I64(
            (0..rows)
                .map(|i| i64::try_from(each(i)?).map_err(|_| overflow("Decimal64")))
                .collect::<Result<Vec<_>>>()?
                .into(),
        ),
        19..=38 => Data::I128((0..rows).map(each).collect::<Result<Vec<_>>>()?.into()),
        _ => Data::I256((0..rows).map(|i| each(i).map(I256::from)).collect::<Result<Vec<_>>>()?.into()),
    }
    .into())
}
