//! Sums, differences and products of decimals that fit 64 bits, in loops of machine words. Overflow is noted
//! for the column as a whole: whoever asked then computes again in 128 bits, which knows the row and the error.

use super::Op;
use crate::lanes::{Lane, map, zip};
use std::cell::Cell;
use types::{Column, Type};

/// Values are `i64` or narrower.
fn fits(ty: &Type) -> bool {
    ty.fixed_width().is_some_and(|w| w <= 8) && *ty != Type::UInt64
}

/// `a op b`, each brought to a common scale by so many zeros; None where this is not for 64 bits.
pub fn compute(
    op: Op,
    (a, ta, zeros_a): (&Column, &Type, u8),
    (b, tb, zeros_b): (&Column, &Type, u8),
    precision: u8,
    rows: usize,
) -> Option<Column> {
    if precision > 18 || !fits(ta) || !fits(tb) {
        return None;
    }
    let (by_a, by_b) = (10i64.checked_pow(zeros_a.into())?, 10i64.checked_pow(zeros_b.into())?);
    let scaled = |c: &Column, by: i64| if by == 1 { Some(c.clone()) } else { scale(c, by, rows) };
    let (a, b) = (scaled(a, by_a)?, scaled(b, by_b)?);
    // negative once a row has overflowed
    let failed = Cell::new(0i64);
    let values = match op {
        Op::Plus => zip::<i64, i64>(&a, &b, rows, |x, y| {
            let r = x.wrapping_add(y);
            failed.set(failed.get() | ((x ^ r) & (y ^ r)));
            r
        }),
        Op::Minus => zip::<i64, i64>(&a, &b, rows, |x, y| {
            let r = x.wrapping_sub(y);
            failed.set(failed.get() | ((x ^ y) & (x ^ r)));
            r
        }),
        Op::Multiply => zip::<i64, i64>(&a, &b, rows, |x, y| {
            let (r, over) = x.overflowing_mul(y);
            failed.set(failed.get() | -i64::from(over));
            r
        }),
        Op::Divide | Op::Modulo => return None,
    };
    if failed.get() < 0 { None } else { stored(values, precision) }
}

fn scale(c: &Column, by: i64, rows: usize) -> Option<Column> {
    let failed = Cell::new(false);
    let times = |x: i64| {
        let (r, over) = x.overflowing_mul(by);
        failed.set(failed.get() | over);
        r
    };
    let column = match c.as_const() {
        Some(one) => Column::constant(i64::column(map::<i64, i64>(one, 1, times)), rows),
        None => i64::column(map::<i64, i64>(c, rows, times)),
    };
    (!failed.get()).then_some(column)
}

/// In the width that the precision is stored in.
fn stored(values: Vec<i64>, precision: u8) -> Option<Column> {
    if precision > 9 {
        return Some(i64::column(values));
    }
    let narrow: Vec<i32> = values.iter().map(|&v| v as i32).collect();
    let same = values.iter().zip(&narrow).all(|(&v, &n)| v == i64::from(n));
    same.then(|| i32::column(narrow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::{pow10_128, result_type};
    use types::Data;

    /// What 128 bits give, or None where the result does not fit.
    fn plain(op: Op, x: i64, y: i64, (ka, kb): (u8, u8), precision: u8) -> Option<i128> {
        let (x, y) = (i128::from(x) * pow10_128(ka.into())?, i128::from(y) * pow10_128(kb.into())?);
        let r = match op {
            Op::Plus => x + y,
            Op::Minus => x - y,
            _ => x.checked_mul(y)?,
        };
        let bits = if precision > 9 { 64 } else { 32 };
        (-(1i128 << (bits - 1))..1i128 << (bits - 1)).contains(&r).then_some(r)
    }

    #[test]
    fn as_in_128_bits() {
        let values =
            [0, 1, -1, 99, -12_345, 1 << 31, -(1 << 31), 1 << 40, i64::MAX, i64::MIN, i64::MAX / 100];
        let types =
            [(Type::Decimal(18, 2), Type::Decimal(18, 4)), (Type::Decimal(9, 2), Type::Decimal(9, 2))];
        for ((ta, tb), op) in types.iter().flat_map(|t| [Op::Plus, Op::Minus, Op::Multiply].map(|op| (t, op)))
        {
            let Some(Type::Decimal(p, s)) = result_type(op, ta, tb) else { panic!("a decimal") };
            let zeros = match op {
                Op::Multiply => (0, 0),
                _ => (s - super::super::scale_of(ta), s - super::super::scale_of(tb)),
            };
            for (x, y) in values.iter().flat_map(|x| values.iter().map(move |y| (*x, *y))) {
                let column = |v: i64| Column::from(Data::I64(vec![v, v].into()));
                let got = compute(op, (&column(x), ta, zeros.0), (&column(y), tb, zeros.1), p, 2);
                if let Some(got) = got {
                    let got = crate::args::i128s(&got).at(1);
                    assert_eq!(plain(op, x, y, zeros, p), Some(got), "{x} {op:?} {y}");
                } else if op == Op::Multiply {
                    assert_eq!(plain(op, x, y, zeros, p), None, "{x} {op:?} {y}");
                }
            }
        }
    }
}
