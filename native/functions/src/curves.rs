//! Space-filling curves: several integers as one so that near points have near numbers.

use crate::args::{tuple_columns, u64_col, u64s};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::{ARGUMENT_OUT_OF_BOUND, TOO_FEW_ARGUMENTS_FOR_FUNCTION, TOO_MANY_ARGUMENTS_FOR_FUNCTION};
use types::{Column, Data, Error, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("mortonEncode", "mortonEncode([(expansions),] a[, b, …])", "Bits of up to eight integers, interleaved (Z-order curve).", &[("mortonEncode(1, 2, 3)", "53")], |b| encode(b, 8, 8, "mortonEncode", interleave)),
    f("mortonDecode", "mortonDecode(dimensions | (shrinkings), code)", "The integers of a Morton code.", &[("mortonDecode(3, 53)", "(1,2,3)")], |b| decode(b, 8, 8, "mortonDecode", spread)),
    f("hilbertEncode", "hilbertEncode([(expansions),] a[, b])", "Place of a point on the Hilbert curve.", &[("hilbertEncode(3, 4)", "31")], |b| encode(b, 2, 32, "hilbertEncode", hilbert)),
    f("hilbertDecode", "hilbertDecode(dimensions | (shrinkings), code)", "The point at a place of the Hilbert curve.", &[("hilbertDecode(2, 31)", "(3,4)")], |b| decode(b, 2, 32, "hilbertDecode", hilbert_point)),
];

/// Bits that an integer has where `n` share 64.
fn bits(n: usize) -> usize {
    64 / n.max(1)
}

/// The first integer has the lowest bit.
fn interleave(v: &[u64]) -> u64 {
    let n = v.len();
    let mut out = 0;
    for bit in 0..bits(n) {
        for (k, x) in v.iter().enumerate() {
            out |= (x >> bit & 1) << (bit * n + k);
        }
    }
    out
}

fn spread(code: u64, n: usize) -> Vec<u64> {
    let mut out = vec![0; n];
    for bit in 0..bits(n) {
        for (k, x) in out.iter_mut().enumerate() {
            *x |= (code >> (bit * n + k) & 1) << bit;
        }
    }
    out
}

/// Along the curve from the largest quarter to the smallest; each turns what lies below it.
fn hilbert(v: &[u64]) -> u64 {
    let [x, y] = v else { return v.first().copied().unwrap_or(0) };
    let (mut x, mut y) = (*x & 0xffff_ffff, *y & 0xffff_ffff);
    let mut out = 0;
    // Each leading pair of zero bits swaps the axes: an odd number of levels keeps them.
    let top = 64 - (x | y).leading_zeros() as usize;
    for bit in (0..top + 1 - top % 2).rev() {
        let (a, b) = (x >> bit & 1, y >> bit & 1);
        out |= ((3 * a) ^ b) << (2 * bit);
        if b == 0 {
            let mask = (1u64 << bit) - 1;
            if a == 1 {
                (x, y) = (!x & mask, !y & mask);
            }
            (x, y) = (y, x);
        }
    }
    out
}

fn hilbert_point(code: u64, n: usize) -> Vec<u64> {
    if n == 1 {
        return vec![code];
    }
    let (mut x, mut y) = (0u64, 0u64);
    for bit in 0..32 {
        let r = code >> (2 * bit) & 3;
        let (a, b) = (r >> 1, (r ^ r >> 1) & 1);
        if b == 0 {
            if a == 1 {
                let mask = (1u64 << bit) - 1;
                (x, y) = (!x & mask, !y & mask);
            }
            (x, y) = (y, x);
        }
        x |= a << bit;
        y |= b << bit;
    }
    // 32 levels, one less than an odd number
    vec![y, x]
}

/// The expansions of a tuple, if the first argument is one.
fn ratios(b: &Bind<'_>, most: usize, ratio_max: u64, name: &str) -> Result<Option<Vec<u64>>> {
    let Type::Tuple(es) = b.ty(0) else { return Ok(None) };
    if let Some(e) = es.iter().find(|e| !native_unsigned(&e.1)) {
        return Err(Error::illegal_type(format!("Illegal type {} of argument in tuple for function {name}, should be a native UInt", e.1)));
    }
    if es.len() > most || es.is_empty() {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The tuple of function {name} must have 1 to {most} numbers")));
    }
    let values = tuple_columns(b.need_constant(0)?)?.iter().map(|c| u64s(c).at(0)).collect::<Vec<_>>();
    match values.iter().find(|r| **r < 1 && most == 8 || **r > ratio_max) {
        Some(r) => Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Illegal argument {r} of function {name}, should be a number in range 1-{ratio_max}"))),
        None => Ok(Some(values)),
    }
}

fn native_unsigned(t: &Type) -> bool {
    matches!(t.int_bits(), Some((n, false)) if n <= 64)
}

fn encode(b: &Bind<'_>, most: usize, ratio_max: u64, name: &'static str, of: fn(&[u64]) -> u64) -> Result<Bound> {
    if b.is_empty() {
        return Err(Error::new(TOO_FEW_ARGUMENTS_FOR_FUNCTION, format!("At least one UInt argument is required for function {name}")));
    }
    let ratio = ratios(b, most, ratio_max, name)?;
    let first = usize::from(ratio.is_some());
    let n = b.len() - first;
    if n > most {
        return Err(Error::new(TOO_MANY_ARGUMENTS_FOR_FUNCTION, format!("Illegal number of UInt arguments of function {name}, max: {most}")));
    }
    if ratio.as_ref().is_some_and(|r| r.len() != n) {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Tuple size of function {name} should be equal to number of UInt arguments")));
    }
    for i in first..b.len() {
        if !native_unsigned(b.ty(i)) {
            return Err(b.illegal(i, "an unsigned integer of at most 64 bits"));
        }
    }
    let morton = most == 8;
    bound(Type::UInt64, move |c| {
        let columns: Vec<_> = (first..c.len()).map(|i| u64s(c.col(i))).collect();
        let mut row = vec![0u64; n];
        Ok(u64_col(
            (0..c.rows)
                .map(|i| {
                    for (k, x) in row.iter_mut().enumerate() {
                        let v = columns[k].at(i);
                        *x = match &ratio {
                            Some(r) if morton && r[k] > 1 => {
                                let mut wide = vec![0; r[k] as usize];
                                if let Some(last) = wide.last_mut() {
                                    *last = v;
                                }
                                interleave(&wide)
                            }
                            Some(r) if !morton => v.checked_shl(r[k] as u32).unwrap_or(0),
                            _ => v,
                        };
                    }
                    if n == 1 { row[0] } else { of(&row) }
                })
                .collect(),
        ))
    })
}

fn decode(b: &Bind<'_>, most: usize, ratio_max: u64, name: &'static str, of: fn(u64, usize) -> Vec<u64>) -> Result<Bound> {
    b.arity(2, 2)?;
    let ratio = ratios(b, most, ratio_max, name)?;
    let n = match &ratio {
        Some(r) => r.len(),
        None => match b.const_int(0)? {
            n if n >= 1 && n as usize <= most => n as usize,
            n => return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("Illegal first argument {n} for function {name}, should be a number in range 1-{most}"))),
        },
    };
    if !native_unsigned(b.ty(1)) {
        return Err(b.illegal(1, "an unsigned integer of at most 64 bits"));
    }
    let morton = most == 8;
    bound(Type::tuple(vec![Type::UInt64; n]), move |c| {
        let codes = u64s(c.col(1));
        let mut out: Vec<Vec<u64>> = (0..n).map(|_| Vec::with_capacity(c.rows)).collect();
        for i in 0..c.rows {
            let point = if n == 1 { vec![codes.at(i)] } else { of(codes.at(i), n) };
            for (k, (o, x)) in out.iter_mut().zip(point).enumerate() {
                o.push(match &ratio {
                    Some(r) if morton && r[k] > 1 => spread(x, r[k] as usize).last().copied().unwrap_or(0),
                    Some(r) if !morton => x.checked_shr(r[k] as u32).unwrap_or(0),
                    _ => x,
                });
            }
        }
        let columns: Vec<Column> = out.into_iter().map(u64_col).collect();
        Ok(Data::Tuple(columns.into(), c.rows).into())
    })
}
