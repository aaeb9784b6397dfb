//! Decimals against numbers of another scale, in 64 or 128 bits. None where a value does not fit the width that
//! ClickHouse compares in: whoever asked then finds the row, and the error, in 256 bits.

use super::{Op, lane};
use crate::args::{Number, i256s};
use crate::decimal::{pow10_128, scale_of};
use crate::lanes::{Lane, zip};
use crate::with_lane;
use std::cell::Cell;
use types::{Column, I256, Type};

/// Bytes that a number is stored in; None for those that `i128` does not hold.
fn width(ty: &Type) -> Option<usize> {
    ty.fixed_width().filter(|w| *w <= 16 && *ty != Type::UInt128)
}

fn decimal_width(ty: &Type) -> usize {
    if let Type::Decimal(p, _) = ty { types::ty::decimal_width(*p) } else { 0 }
}

/// `a op b` with both brought to the larger scale; at least one is a Decimal.
pub fn compare(op: Op, (a, ta): (&Column, &Type), (b, tb): (&Column, &Type), rows: usize) -> Option<Column> {
    width(ta)?;
    width(tb)?;
    let scale = scale_of(ta).max(scale_of(tb));
    let by = |ty: &Type| pow10_128(u32::from(scale - scale_of(ty)));
    let (by_a, by_b) = (by(ta)?, by(tb)?);
    let bytes = decimal_width(ta).max(decimal_width(tb));
    let top = i128::MAX >> (128 - bytes * 8);
    match (a.as_const(), b.as_const()) {
        (None, Some(one)) if by_a == 1 && decimal_width(ta) == bytes => with_constant(op, a, ta, (one, by_b), rows),
        (Some(one), None) if by_b == 1 && decimal_width(tb) == bytes => {
            with_constant(op.swap(), b, tb, (one, by_a), rows)
        }
        _ => both(op, (a, by_a), (b, by_b), top, rows),
    }
}

/// Values as they are stored against a constant of their scale.
fn with_constant(op: Op, values: &Column, ty: &Type, (one, by): (&Column, i128), rows: usize) -> Option<Column> {
    let k = i256s(one).at(0).checked_mul(I256::from(by))?;
    with_lane!(ty, R => {
        let narrow = R::from_num(k);
        if narrow.to_i256() != k {
            return None;
        }
        Some(lane::<R>(op, values, &Column::constant(R::column(vec![narrow]), rows), rows))
    }, None)
}

fn both(op: Op, (a, by_a): (&Column, i128), (b, by_b): (&Column, i128), top: i128, rows: usize) -> Option<Column> {
    let failed = Cell::new(false);
    let scaled = |v: i128, by: i128| {
        let (r, over) = if by == 1 { (v, false) } else { v.overflowing_mul(by) };
        failed.set(failed.get() | over | (r > top) | (r < -top - 1));
        r
    };
    let answers = zip::<i128, u8>(a, b, rows, |x, y| u8::from(op.of(scaled(x, by_a).cmp(&scaled(y, by_b)))));
    (!failed.get()).then(|| u8::column(answers))
}

#[cfg(test)]
mod tests {
    use super::super::numbers::decimals;
    use super::*;
    use types::Data;

    #[test]
    fn as_in_256_bits() {
        let values = [0i64, 1, -1, 299, 300, 301, 30_000, -30_000, 1 << 31, i64::MAX / 100, i64::MAX, i64::MIN];
        let column = |v: i64, ty: &Type, constant: bool| {
            let one: Column = match ty {
                Type::Decimal(19.., _) => Data::I128(vec![v.into()].into()).into(),
                _ => Data::I64(vec![v].into()).into(),
            };
            if constant { Column::constant(one, 2) } else { one.gather(&[0, 0]) }
        };
        let types = [Type::Decimal(38, 2), Type::Decimal(18, 2), Type::Decimal(18, 4), Type::Int64];
        for (ta, tb) in types.iter().flat_map(|a| types.iter().map(move |b| (a, b))) {
            if ta == tb || !(ta.is_decimal() || tb.is_decimal()) {
                continue;
            }
            for (x, y) in values.iter().flat_map(|x| values.iter().map(move |y| (*x, *y))) {
                for (cx, cy) in [(false, false), (true, false), (false, true)] {
                    let (a, b) = (column(x, ta, cx), column(y, tb, cy));
                    let exact = |v: i64, ty: &Type| I256::from(v) * I256::from(10i128.pow(u32::from(4 - scale_of(ty))));
                    let answer = u8::from(exact(x, ta) < exact(y, tb));
                    if let Some(got) = compare(Op::Lt, (&a, ta), (&b, tb), 2) {
                        assert_eq!(crate::args::i128s(&got).at(1), i128::from(answer), "{x} {ta} < {y} {tb}");
                    } else {
                        assert!(decimals(Op::Lt, &a, ta, &b, tb, 2).is_err(), "{x} {ta} < {y} {tb}");
                    }
                }
            }
        }
    }
}
