//! Present values and rates of return of series of payments.

use crate::arrays::basic::need_array;
use crate::arrays::elements;
use crate::args::{f64_col, f64s, i64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::BAD_ARGUMENTS;
use types::{Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("financialNetPresentValue", "financialNetPresentValue(rate, payments[, from_zero])", "Value now of payments at equal distances; the first is now unless from_zero is false.", &[("round(financialNetPresentValue(0.1, [-100, 60, 60]), 4)", "4.1322")], present),
    f("financialNetPresentValueExtended", "financialNetPresentValueExtended(rate, payments, dates[, day_count])", "Value at the first date of payments at dates; day_count ACT_365F or ACT_365_25.", &[("round(financialNetPresentValueExtended(0.1, [-100., 120.], [toDate('2020-01-01'), toDate('2020-12-31')]), 4)", "9.0909")], present_at),
    f("financialInternalRateOfReturn", "financialInternalRateOfReturn(payments[, guess])", "The rate at which payments at equal distances are worth nothing.", &[("round(financialInternalRateOfReturn([-100, 39, 59, 55, 20]), 4)", "0.2809")], rate),
    f("financialInternalRateOfReturnExtended", "financialInternalRateOfReturnExtended(payments, dates[, guess[, day_count]])", "The rate at which payments at dates are worth nothing.", &[("round(financialInternalRateOfReturnExtended([-100., 120.], [toDate('2020-01-01'), toDate('2020-12-31')]), 4)", "0.2")], rate_at),
];

/// Days of a year by the name of a convention.
fn year(b: &Bind<'_>, i: usize) -> Result<f64> {
    if b.len() <= i {
        return Ok(365.0);
    }
    match b.const_str(i)? {
        "ACT_365F" => Ok(365.0),
        "ACT_365_25" => Ok(365.25),
        other => Err(Error::illegal_type(format!("Invalid day count value: {other}; use ACT_365F or ACT_365_25"))),
    }
}

fn payments(b: &Bind<'_>, i: usize) -> Result<Type> {
    let t = need_array(b, i)?;
    let signed = matches!(t.int_bits(), Some((n, true)) if n <= 64);
    if signed || t.is_float() { Ok(t) } else { Err(b.illegal(i, "an array of signed integers or floats")) }
}

fn dates(b: &Bind<'_>, i: usize) -> Result<()> {
    let t = need_array(b, i)?;
    if matches!(t, Type::Date | Type::Date32) { Ok(()) } else { Err(b.illegal(i, "an array of Date or Date32")) }
}

fn rate_argument(b: &Bind<'_>, i: usize) -> Result<Type> {
    b.number(i)?;
    Ok(b.ty(i).clone())
}

/// Payments with the years at which they are made, a row at a time.
fn schedule(c: &crate::bind::Ctx<'_>, pay: usize, ty: &Type, when: Option<(usize, f64)>) -> Result<Vec<Vec<(f64, f64)>>> {
    let e = elements(c.col(pay), c.rows)?;
    let v = f64s(&e.values, ty);
    let d = when.map(|(i, year)| elements(c.col(i), c.rows).map(|d| (d, year))).transpose()?;
    let mut out = Vec::with_capacity(c.rows);
    for i in 0..c.rows {
        let r = e.offsets[i] as usize..e.offsets[i + 1] as usize;
        let mut row: Vec<(f64, f64)> = r.clone().enumerate().map(|(k, p)| (v.at(p), k as f64)).collect();
        if let Some((d, year)) = &d {
            if d.offsets != e.offsets {
                return Err(Error::new(BAD_ARGUMENTS, "Payments and dates must have equal sizes"));
            }
            let days = i64s(&d.values);
            let first = r.clone().map(|p| days.at(p)).next().unwrap_or(0);
            row.iter_mut().zip(r).for_each(|(x, p)| x.1 = (days.at(p) - first) as f64 / year);
        }
        out.push(row);
    }
    Ok(out)
}

fn value(row: &[(f64, f64)], rate: f64) -> f64 {
    row.iter().map(|(x, t)| x / (1.0 + rate).powf(*t)).sum()
}

/// Newton's steps from the guess; bisection where they leave the range. NaN without a change of sign.
fn solve(row: &[(f64, f64)], guess: f64) -> f64 {
    if !(row.iter().any(|x| x.0 > 0.0) && row.iter().any(|x| x.0 < 0.0)) {
        return f64::NAN;
    }
    let mut x = guess;
    for _ in 0..100 {
        let y = value(row, x);
        let slope: f64 = row.iter().map(|(v, t)| -t * v / (1.0 + x).powf(t + 1.0)).sum();
        let next = x - y / slope;
        if !next.is_finite() || next <= -1.0 {
            break;
        }
        if (next - x).abs() <= 1e-15 * next.abs().max(1e-3) {
            return next;
        }
        x = next;
    }
    if value(row, x).abs() < 1e-9 {
        return x;
    }
    let (mut low, mut high) = (-0.999_999, 100.0);
    let sign = value(row, low).signum();
    if sign == value(row, high).signum() {
        return f64::NAN;
    }
    for _ in 0..200 {
        let mid = (low + high) / 2.0;
        if value(row, mid).signum() == sign { low = mid } else { high = mid }
    }
    (low + high) / 2.0
}

fn present(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    let rate = rate_argument(b, 0)?;
    let ty = payments(b, 1)?;
    let from_zero = b.len() < 3 || b.const_int(2)? != 0;
    bound(Type::Float64, move |c| {
        let r = f64s(c.col(0), &rate);
        let mut rows = schedule(c, 1, &ty, None)?;
        if !from_zero {
            rows.iter_mut().flatten().for_each(|x| x.1 += 1.0);
        }
        Ok(f64_col(rows.iter().enumerate().map(|(i, row)| value(row, r.at(i))).collect()))
    })
}

fn present_at(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 4)?;
    let rate = rate_argument(b, 0)?;
    let ty = payments(b, 1)?;
    dates(b, 2)?;
    let year = year(b, 3)?;
    bound(Type::Float64, move |c| {
        let r = f64s(c.col(0), &rate);
        let rows = schedule(c, 1, &ty, Some((2, year)))?;
        Ok(f64_col(rows.iter().enumerate().map(|(i, row)| value(row, r.at(i))).collect()))
    })
}

fn rate(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    let ty = payments(b, 0)?;
    let guess = if b.len() > 1 { b.const_f64(1)? } else { 0.1 };
    bound(Type::Float64, move |c| Ok(f64_col(schedule(c, 0, &ty, None)?.iter().map(|row| solve(row, guess)).collect())))
}

fn rate_at(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 4)?;
    let ty = payments(b, 0)?;
    dates(b, 1)?;
    let guess = if b.len() > 2 { b.const_f64(2)? } else { 0.1 };
    let year = year(b, 3)?;
    bound(Type::Float64, move |c| Ok(f64_col(schedule(c, 0, &ty, Some((1, year)))?.iter().map(|row| solve(row, guess)).collect())))
}
