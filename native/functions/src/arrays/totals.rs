//! What the elements of an array come to: sums, means, products, extremes, running sums.

use super::lambda::{params, shape};
use crate::args::{array_column, f64s, i256s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::lanes::Lane;
use types::codes::ILLEGAL_TYPE_OF_ARGUMENT;
use types::compare::compare_rows;
use types::{Column, ColumnBuilder, Data, Error, I256, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("arraySum", "arraySum([f, ]array, …)", "Sum of the elements or of f.", &[("arraySum([1, 2])", "3")], |b| reduce(b, Reduce::Sum)).lambda(params),
    f("arrayAvg", "arrayAvg([f, ]array, …)", "Mean of the elements or of f.", &[("arrayAvg([1, 2])", "1.5")], |b| reduce(b, Reduce::Avg)).lambda(params),
    f("arrayProduct", "arrayProduct([f, ]array, …)", "Product of the elements or of f.", &[("arrayProduct([2, 3])", "6")], |b| reduce(b, Reduce::Product)).lambda(params),
    f("arrayMin", "arrayMin([f, ]array, …)", "Smallest element or value of f.", &[("arrayMin([2, 1])", "1")], |b| extreme(b, false)).lambda(params),
    f("arrayMax", "arrayMax([f, ]array, …)", "Largest element or value of f.", &[("arrayMax([2, 1])", "2")], |b| extreme(b, true)).lambda(params),
    f("arrayCumSum", "arrayCumSum([f, ]array, …)", "Running sums.", &[("arrayCumSum([1, 2, 3])", "[1,3,6]")], |b| running(b, Running::Sum)).lambda(params),
    f("arrayCumSumNonNegative", "arrayCumSumNonNegative([f, ]array, …)", "Running sums that begin anew at 0 when they fall below.", &[("arrayCumSumNonNegative([1, -2, 3])", "[1,0,3]")], |b| running(b, Running::NonNegative)).lambda(params),
    f("arrayDifference", "arrayDifference([f, ]array, …)", "Differences to the element before; 0 first.", &[("arrayDifference([1, 3, 6])", "[0,2,3]")], |b| running(b, Running::Difference)).lambda(params),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reduce {
    Sum,
    Avg,
    Product,
}

fn reduce(b: &Bind<'_>, what: Reduce) -> Result<Bound> {
    let s = shape(b, false, 0)?;
    let value = s.value();
    let base = value.base().clone();
    if !base.is_number() || value.is_nullable() {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Array aggregation function {} cannot be performed on type {value}", b.name)));
    }
    let out = match what {
        Reduce::Sum => sum_type(&base),
        _ => Type::Float64,
    };
    let kernel = out.clone();
    bound(out, move |c| {
        let (e, v) = s.run(c, "arraySum")?;
        let range = |i: usize| e.offsets[i] as usize..e.offsets[i + 1] as usize;
        if what == Reduce::Sum && !kernel.is_float() {
            let x = i256s(&v);
            let sums: Vec<I256> = (0..c.rows).map(|i| range(i).fold(I256::ZERO, |a, k| a.wrapping_add(x.at(k)))).collect();
            return narrow(sums, &kernel);
        }
        let x = f64s(&v, &base);
        Ok(f64::column(
            (0..c.rows)
                .map(|i| {
                    let all = range(i).map(|k| x.at(k));
                    match what {
                        Reduce::Sum => all.fold(0.0, |a, x| a + x),
                        Reduce::Product if range(i).is_empty() => 0.0,
                        // an integer zero has no sign
                        Reduce::Product if !base.is_float() => all.product::<f64>() + 0.0,
                        Reduce::Product => all.product(),
                        Reduce::Avg => {
                            let n = range(i).len();
                            if n == 0 { 0.0 } else { all.fold(0.0, |a: f64, x| a + x) / n as f64 }
                        }
                    }
                })
                .collect(),
        ))
    })
}

fn sum_type(t: &Type) -> Type {
    match t {
        Type::Decimal(p, s) => Type::Decimal(if *p > 38 { 76 } else { 38 }, *s),
        t if t.is_float() => Type::Float64,
        t => match t.int_bits() {
            Some((b, signed)) => Type::int_of(b.max(64), signed),
            None => Type::UInt64,
        },
    }
}

fn narrow(v: Vec<I256>, ty: &Type) -> Result<Column> {
    if let Type::Decimal(p, _) = ty {
        return crate::decimal::from_256(*p, v);
    }
    let n = v.len();
    let wide: Column = Data::I256(v.into()).into();
    Ok(crate::with_lane!(ty, R => R::column(crate::lanes::map::<R, R>(&wide, n, |x| x)), wide))
}

fn extreme(b: &Bind<'_>, largest: bool) -> Result<Bound> {
    let s = shape(b, false, 0)?;
    let value = s.value();
    if matches!(value, Type::Nullable(ref i) if **i == Type::Nothing) {
        return bound(value, |c| Ok(Column::null_of(&Type::Nothing, c.rows)));
    }
    let kernel = value.clone();
    bound(value, move |c| {
        let (e, v) = s.run(c, "arrayMin")?;
        let none = v.len() as u32;
        let nan = |k: usize| match &v.data {
            Data::F64(x) => x[k].is_nan(),
            Data::F32(x) => x[k].is_nan(),
            _ => false,
        };
        let at: Vec<u32> = (0..c.rows)
            .map(|i| {
                let mut best = None;
                for k in e.offsets[i] as usize..e.offsets[i + 1] as usize {
                    if v.is_null(k) {
                        continue;
                    }
                    best = Some(match best {
                        None => k,
                        Some(b) if nan(b) => k,
                        Some(b) if nan(k) => b,
                        Some(b) => {
                            let o = compare_rows(&v, k, &v, b);
                            if if largest { o.is_gt() } else { o.is_lt() } { k } else { b }
                        }
                    });
                }
                best.map_or(none, |k| k as u32)
            })
            .collect();
        let mut stack = ColumnBuilder::new(&kernel);
        stack.append_column(&v);
        stack.push_default(1);
        Ok(stack.finish().gather(&at))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    Sum,
    NonNegative,
    Difference,
}

/// Is a number one of so many bits?
fn fits_in(v: I256, bits: u32) -> bool {
    bits >= 256 || (v >> (bits - 1) == I256::ZERO || v >> (bits - 1) == I256::MINUS_ONE)
}

fn running(b: &Bind<'_>, what: Running) -> Result<Bound> {
    let s = shape(b, false, 0)?;
    let value = s.value();
    let base = value.clone();
    let out = match (&base, what) {
        (Type::Date, Running::Difference) => Type::Int32,
        (Type::DateTime(_) | Type::Date32, Running::Difference) => Type::Int64,
        (Type::DateTime64(sc, _), Running::Difference) => Type::Decimal(18, *sc),
        (t, _) if t.is_float() => Type::Float64,
        (Type::Decimal(p, sc), Running::Difference) => Type::Decimal(*p, *sc),
        (Type::Decimal(p, sc), _) => Type::Decimal(if *p > 38 { 76 } else { 38 }, *sc),
        (t, Running::Difference) => match t.int_bits() {
            Some((bits, _)) => Type::int_of(if bits < 64 { (bits * 2).max(16) } else { bits }, true),
            None => return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Function {} cannot take values of type {value}", b.name))),
        },
        (t, _) => match t.int_bits() {
            Some((bits, signed)) => Type::int_of(bits.max(64), signed),
            None => return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Function {} cannot take values of type {value}", b.name))),
        },
    };
    let out = if what == Running::Difference && matches!(base.int_bits(), Some((32, _))) { Type::Int64 } else { out };
    let decimal = if matches!(base, Type::Decimal(..)) { base.fixed_width().map(|w| w as u32 * 8) } else { None };
    let kernel = out.clone();
    bound(Type::array(out), move |c| {
        let (e, v) = s.run(c, "arrayCumSum")?;
        if kernel.is_float() {
            let x = f64s(&v, &base);
            let mut out = Vec::with_capacity(v.len());
            for w in e.offsets.windows(2) {
                let mut sum = 0.0;
                for k in w[0] as usize..w[1] as usize {
                    match what {
                        Running::Difference => out.push(if k == w[0] as usize { 0.0 } else { x.at(k) - x.at(k - 1) }),
                        _ => {
                            sum += x.at(k);
                            if what == Running::NonNegative && sum < 0.0 {
                                sum = 0.0;
                            }
                            out.push(sum);
                        }
                    }
                }
            }
            return Ok(array_column(e.offsets, f64::column(out)));
        }
        let x = i256s(&v);
        let mut out = Vec::with_capacity(v.len());
        for w in e.offsets.windows(2) {
            let mut sum = I256::ZERO;
            for k in w[0] as usize..w[1] as usize {
                match what {
                    Running::Difference if k == w[0] as usize => out.push(I256::ZERO),
                    Running::Difference => {
                        let difference = x.at(k).wrapping_sub(x.at(k - 1));
                        if decimal.is_some_and(|bits| !fits_in(difference, bits)) {
                            return Err(Error::new(types::codes::DECIMAL_OVERFLOW, "Decimal math overflow in function arrayDifference: cast the elements to a wider Decimal"));
                        }
                        out.push(difference);
                    }
                    _ => {
                        sum = sum.wrapping_add(x.at(k));
                        if what == Running::NonNegative && sum < I256::ZERO {
                            sum = I256::ZERO;
                        }
                        out.push(sum);
                    }
                }
            }
        }
        Ok(array_column(e.offsets, narrow(out, &kernel)?))
    })
}
