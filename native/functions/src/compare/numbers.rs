//! Comparisons of numbers by value, never rounded: integers of any width, floats, decimals.

use super::{Op, scaled};
use crate::args::{f64s, i256s, u8_col};
use crate::decimal::{pow10_256, scale_of};
use crate::lanes::{Lane, zip};
use crate::with_lane;
use std::cmp::Ordering;
use types::codes::DECIMAL_OVERFLOW;
use types::{Column, Data, Error, I256, Result, Type};

pub(super) fn lane<R: Lane>(op: Op, a: &Column, b: &Column, rows: usize) -> Column {
    u8_col(match op {
        Op::Eq => zip::<R, u8>(a, b, rows, |x, y| u8::from(x == y)),
        Op::Ne => zip::<R, u8>(a, b, rows, |x, y| u8::from(x != y)),
        Op::Lt => zip::<R, u8>(a, b, rows, |x, y| u8::from(x < y)),
        Op::Gt => zip::<R, u8>(a, b, rows, |x, y| u8::from(x > y)),
        Op::Le => zip::<R, u8>(a, b, rows, |x, y| u8::from(x <= y)),
        Op::Ge => zip::<R, u8>(a, b, rows, |x, y| u8::from(x >= y)),
    })
}

pub(super) fn fixed(value: bool, rows: usize) -> Column {
    Column::constant(u8_col(vec![u8::from(value)]), rows)
}

/// Compares two number columns by value.
pub fn numbers(op: Op, a: &Column, ta: &Type, b: &Column, tb: &Type, rows: usize) -> Result<Column> {
    if let (Data::Const(..), false) = (&a.data, b.is_const()) {
        return numbers(op.swap(), b, tb, a, ta, rows);
    }
    if ta.is_decimal() || tb.is_decimal() {
        return decimals(op, a, ta, b, tb, rows);
    }
    if ta.is_float() || tb.is_float() {
        return floats(op, a, ta, b, tb, rows);
    }
    let (Some((ba, sa)), Some((bb, sb))) = (ta.int_bits(), tb.int_bits()) else {
        return Err(Error::internal("numbers expected"));
    };
    if let Data::Const(one, _) = &b.data
        && ba <= 64
        && let Some(v) = one.scalar(0).as_i128()
    {
        // Out of the column's range: the answer is the same for all rows.
        let (lo, hi) = if sa { (-(1i128 << (ba - 1)), (1i128 << (ba - 1)) - 1) } else { (0, (1i128 << ba) - 1) };
        if v > hi {
            return Ok(fixed(op.of(Ordering::Less), rows));
        }
        if v < lo {
            return Ok(fixed(op.of(Ordering::Greater), rows));
        }
        return Ok(with_lane!(ta, R => lane::<R>(op, a, b, rows), fixed(false, rows)));
    }
    let common = match (sa, sb) {
        (x, y) if x == y => Some(Type::int_of(ba.max(bb), x)),
        (true, false) if ba > bb => Some(ta.clone()),
        (false, true) if bb > ba => Some(tb.clone()),
        _ if ba.max(bb) < 256 => Some(Type::int_of(ba.max(bb) * 2, true)),
        _ => None,
    };
    Ok(match common {
        Some(t) => with_lane!(&t, R => lane::<R>(op, a, b, rows), fixed(false, rows)),
        None => u8_col((0..rows).map(|i| u8::from(op.of(wide_order(a, ta, b, tb, i)))).collect()),
    })
}

/// UInt256 against a signed integer.
fn wide_order(a: &Column, ta: &Type, b: &Column, tb: &Type, i: usize) -> Ordering {
    let (x, y) = (i256s(a).at(i), i256s(b).at(i));
    let top = |t: &Type, v: I256| *t == Type::UInt256 && v < I256::ZERO;
    match (top(ta, x), top(tb, y)) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => x.cmp(&y),
    }
}

fn floats(op: Op, a: &Column, ta: &Type, b: &Column, tb: &Type, rows: usize) -> Result<Column> {
    if *ta == Type::Float32 && *tb == Type::Float32 {
        return Ok(lane::<f32>(op, a, b, rows));
    }
    let narrow = |t: &Type| t.is_float() || t.int_bits().is_some_and(|(bits, _)| bits <= 32);
    if narrow(ta) && narrow(tb) {
        return Ok(lane::<f64>(op, a, b, rows));
    }
    // A constant that fits both without rounding: the lane of the column.
    if let Data::Const(one, _) = &b.data
        && ta.int_bits().is_some_and(|(bits, _)| bits < 128)
        && tb.is_float()
    {
        let v = f64s(one, tb).at(0);
        if v.is_nan() {
            return Ok(fixed(op.of_unordered(), rows));
        }
        if v.abs() >= 1e38 {
            return Ok(fixed(op.of(if v > 0.0 { Ordering::Less } else { Ordering::Greater }), rows));
        }
        let int = |x: f64| Column::constant(crate::args::i128_col(vec![x as i128]), rows);
        if v.trunc() == v {
            return numbers(op, a, ta, &int(v), &Type::Int128, rows);
        }
        return match op {
            Op::Eq => Ok(fixed(false, rows)),
            Op::Ne => Ok(fixed(true, rows)),
            Op::Lt | Op::Le => numbers(Op::Le, a, ta, &int(v.floor()), &Type::Int128, rows),
            Op::Gt | Op::Ge => numbers(Op::Ge, a, ta, &int(v.ceil()), &Type::Int128, rows),
        };
    }
    let (ints, doubles, op) = if ta.is_float() { (b, a, op.swap()) } else { (a, b, op) };
    let top = if ta.is_float() { tb } else { ta } == &Type::UInt256;
    let (xs, ys) = (i256s(ints), crate::args::raw_f64s(doubles));
    // The upper half of UInt256 is negative as read here.
    let order = |x: I256, y: f64| match x {
        x if top && x < I256::ZERO => types::float::of_u256(x.as_u256()).partial_cmp(&y),
        x => int_and_float(x, y),
    };
    Ok(u8_col(
        (0..rows)
            .map(|i| {
                u8::from(match order(xs.at(i), ys.at(i)) {
                    Some(o) => op.of(o),
                    None => op.of_unordered(),
                })
            })
            .collect(),
    ))
}

/// Exact order of an integer and a double; `None` for NaN.
fn int_and_float(x: I256, y: f64) -> Option<Ordering> {
    if y.is_nan() {
        return None;
    }
    if y.abs() >= 5.7e76 {
        return Some(if y > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let floor = y.floor();
    let whole: I256 = ethnum::AsI256::as_i256(floor);
    Some(match x.cmp(&whole) {
        Ordering::Equal if y > floor => Ordering::Less,
        o => o,
    })
}

pub(super) fn decimals(op: Op, a: &Column, ta: &Type, b: &Column, tb: &Type, rows: usize) -> Result<Column> {
    if ta.is_float() || tb.is_float() {
        let (x, y) = (f64s(a, ta), f64s(b, tb));
        let each = |i: usize| match x.at(i).partial_cmp(&y.at(i)) {
            Some(o) => op.of(o),
            None => op.of_unordered(),
        };
        return Ok(u8_col((0..rows).map(|i| u8::from(each(i))).collect()));
    }
    if ta == tb {
        return Ok(with_lane!(ta, R => lane::<R>(op, a, b, rows), fixed(false, rows)));
    }
    if let Some(answers) = scaled::compare(op, (a, ta), (b, tb), rows) {
        return Ok(answers);
    }
    let (sa, sb) = (scale_of(ta), scale_of(tb));
    let s = sa.max(sb);
    let one = I256::ONE;
    let (ma, mb) = (pow10_256(u32::from(s - sa)).unwrap_or(one), pow10_256(u32::from(s - sb)).unwrap_or(one));
    let (x, y) = (i256s(a), i256s(b));
    // Numbers of more than 64 bits by value, others in the width of the wider Decimal; what does not fit there is an error,
    // as in arithmetic.
    let wide = |t: &Type| t.fixed_width().is_some_and(|bytes| bytes > 8);
    if wide(ta) || wide(tb) {
        let side = |v: I256, t: &Type, scale: I256| {
            let positive = v >= I256::ZERO || *t == Type::UInt256;
            let fits = *t != Type::UInt256 || v >= I256::ZERO;
            let beyond = if positive { I256::MAX } else { I256::MIN };
            Some(v).filter(|_| fits).and_then(|v| v.checked_mul(scale)).unwrap_or(beyond)
        };
        let each = |i: usize| u8::from(op.of(side(x.at(i), ta, ma).cmp(&side(y.at(i), tb, mb))));
        return Ok(u8_col((0..rows).map(each).collect()));
    }
    let width = |t: &Type| if let Type::Decimal(p, _) = t { types::ty::decimal_width(*p) } else { 0 };
    let top = (one << (width(ta).max(width(tb)) as u32 * 8 - 1)) - one;
    let in_width = |v: I256, scale: I256| {
        let fits = |v: &I256| *v <= top && *v >= -top - one;
        Some(v).filter(fits)?.checked_mul(scale).filter(fits)
    };
    let each = |i: usize| -> Result<u8> {
        match (in_width(x.at(i), ma), in_width(y.at(i), mb)) {
            (Some(p), Some(q)) => Ok(u8::from(op.of(p.cmp(&q)))),
            _ => Err(Error::new(DECIMAL_OVERFLOW, format!("Can't compare decimal number due to overflow ({ta} with {tb}): cast to a wider Decimal"))),
        }
    };
    Ok(u8_col((0..rows).map(each).collect::<Result<_>>()?))
}
