//! plus and minus of dates, times and intervals.

use super::{Op, simple};
use crate::args::{f64s, tuple_columns};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::Value;
use crate::dates::add::{self, Unit};
use crate::decimal;
use crate::lanes::{Lane, map, try_zip, zip};
use types::codes::DECIMAL_OVERFLOW;
use types::{Column, Data, Error, Result, Type};
pub fn temporal(b: &Bind<'_>, op: Op) -> Result<Option<Bound>> {
    let (ta, tb) = (b.ty(0), b.ty(1));
    if !matches!(op, Op::Plus | Op::Minus) {
        return Ok(None);
    }
    let minus = op == Op::Minus;
    let wide = |t: &Type| t.int_bits().is_some_and(|(bits, _)| bits > 64);
    Ok(Some(match (ta, tb) {
        (t, Type::Interval(k)) if t.is_date_or_time() => add::bind_add(b, 0, 1, Unit::of(*k), minus)?,
        (Type::Interval(k), t) if t.is_date_or_time() && !minus => add::bind_add(b, 1, 0, Unit::of(*k), false)?,
        (t, Type::Tuple(es)) if t.is_date_or_time() && es.iter().all(|e| matches!(e.1, Type::Interval(_))) => {
            add::bind_add_tuple(b, minus)?
        }
        (Type::Interval(x), Type::Interval(y)) if x == y => {
            bound(ta.clone(), move |c| Ok(simple::<i64>(op, c.col(0), c.col(1), c.rows)))?
        }
        (Type::Interval(_), Type::Interval(_)) => intervals(b, minus)?,
        (Type::Tuple(es), Type::Interval(_)) if es.iter().all(|e| matches!(e.1, Type::Interval(_))) => tuple_and_interval(b, minus)?,
        (x, y) if x.is_date_or_time() && y.is_date_or_time() => {
            if !minus {
                return Err(b.illegal(1, "an integer or an interval"));
            }
            return difference(b, ta.clone(), tb.clone()).map(Some);
        }
        (x, y) if x.is_date_or_time() && wide(y) || y.is_date_or_time() && wide(x) => return Err(b.illegal(1, "an integer of at most 64 bits")),
        (t, y) if t.is_date_or_time() && matches!(y, Type::Float32 | Type::Float64) => moved_by_float(b, 0, 1, minus)?,
        (x, t) if t.is_date_or_time() && matches!(x, Type::Float32 | Type::Float64) && !minus => moved_by_float(b, 1, 0, false)?,
        (Type::Date | Type::Date32, t) if t.is_integer() => add::bind_add(b, 0, 1, Unit::Day, minus)?,
        (t, Type::Date | Type::Date32) if t.is_integer() && !minus => add::bind_add(b, 1, 0, Unit::Day, false)?,
        (Type::DateTime(_) | Type::DateTime64(..), t) if t.is_integer() => add::bind_add(b, 0, 1, Unit::Second, minus)?,
        (t, Type::DateTime(_) | Type::DateTime64(..)) if t.is_integer() && !minus => add::bind_add(b, 1, 0, Unit::Second, false)?,
        _ => return Ok(None),
    }))
}

/// Days or seconds without their fraction.
fn moved_by_float(b: &Bind<'_>, time: usize, by: usize, minus: bool) -> Result<Bound> {
    let unit = if matches!(b.ty(time), Type::Date | Type::Date32) { Unit::Day } else { Unit::Second };
    let moved = add::bind_add(b, time, by, unit, minus)?;
    let ty = moved.ty.clone();
    bound(ty, move |c| {
        let v = f64s(c.col(by), &Type::Float64);
        let whole = |x: f64| match x {
            x if x.is_nan() => Ok(0),
            x if x.abs() < 9.3e18 => Ok(x as i64),
            _ => Err(Error::new(DECIMAL_OVERFLOW, "Numeric overflow: the float does not fit 64 bits")),
        };
        let count = match v.as_const() {
            Some(x) => Column::constant(i64::column(vec![whole(x)?]), c.rows),
            None => i64::column((0..c.rows).map(|i| whole(v.at(i))).collect::<Result<_>>()?),
        };
        let args = [0, 1].map(|i| Value::Column(if i == by { &count } else { c.col(i) }));
        (moved.run)(&Ctx { args: &args, rows: c.rows, session: c.session })
    })
}

fn difference(b: &Bind<'_>, ta: Type, tb: Type) -> Result<Bound> {
    match (&ta, &tb) {
        (Type::Date | Type::Date32, Type::Date | Type::Date32) => {
            bound(Type::Int32, |c| Ok(i32::column(zip::<i32, i32>(c.col(0), c.col(1), c.rows, i32::wrapping_sub))))
        }
        (Type::DateTime(_), Type::DateTime(_)) => {
            bound(Type::Int32, |c| Ok(i32::column(zip::<i64, i32>(c.col(0), c.col(1), c.rows, |x, y| x.wrapping_sub(y) as i32))))
        }
        (Type::DateTime64(..), Type::DateTime64(..) | Type::DateTime(_)) | (Type::DateTime(_), Type::DateTime64(..)) => {
            let s = decimal::scale_of(&ta).max(decimal::scale_of(&tb));
            let out = Type::Decimal(18, s);
            let (ka, kb) = (s - decimal::scale_of(&ta), s - decimal::scale_of(&tb));
            bound(out, move |c| {
                let (ma, mb) = (10i64.pow(ka.into()), 10i64.pow(kb.into()));
                Ok(i64::column(try_zip::<i64, i64>(c.col(0), c.col(1), c.rows, |x, y| {
                    x.checked_mul(ma)
                        .zip(y.checked_mul(mb))
                        .and_then(|(x, y)| x.checked_sub(y))
                        .ok_or_else(|| decimal::overflow("a difference of times"))
                })?))
            })
        }
        _ => Err(b.illegal(1, &format!("the same kind of date or time as {ta}"))),
    }
}

fn intervals(b: &Bind<'_>, minus: bool) -> Result<Bound> {
    bound(Type::tuple(vec![b.ty(0).clone(), b.ty(1).clone()]), move |c| {
        let second = if minus { i64::column(map::<i64, i64>(c.col(1), c.rows, i64::wrapping_neg)) } else { c.col(1).flat() };
        Ok(Data::Tuple(vec![c.col(0).flat(), second].into(), c.rows).into())
    })
}

fn tuple_and_interval(b: &Bind<'_>, minus: bool) -> Result<Bound> {
    let Type::Tuple(es) = b.ty(0) else { return Err(b.illegal(0, "Tuple of intervals")) };
    let last_same = es.last().is_some_and(|e| e.1 == *b.ty(1));
    let mut types: Vec<Type> = es.iter().map(|e| e.1.clone()).collect();
    if !last_same {
        types.push(b.ty(1).clone());
    }
    bound(Type::tuple(types), move |c| {
        let mut columns: Vec<Column> = tuple_columns(c.col(0))?.iter().map(Column::flat).collect();
        let delta = map::<i64, i64>(c.col(1), c.rows, |v| if minus { v.wrapping_neg() } else { v });
        if last_same && let Some(last) = columns.last_mut() {
            *last = i64::column(zip::<i64, i64>(last, &i64::column(delta), c.rows, i64::wrapping_add));
        } else {
            columns.push(i64::column(delta));
        }
        Ok(Data::Tuple(columns.into(), c.rows).into())
    })
}
