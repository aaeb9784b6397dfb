//! Conditions on one column, as scans hand them to storage, and their translation to tests on numbers.

use crate::encode::test::Test;
use std::sync::Arc;
use types::{Bitmap, Error, Result, Scalar, Type};

/// A condition on a column. A NULL row passes `IsNull` only.
///
/// Constants are of the column's own kind (dates as days, decimals as scaled integers, …); an integer
/// column also takes float constants. NaN rows pass `Ne` and `NotNull` only.
#[derive(Clone, Debug)]
pub enum Pred {
    Eq(Scalar),
    Ne(Scalar),
    /// bounds with "included"; `None` is open
    Range {
        lo: Option<(Scalar, bool)>,
        hi: Option<(Scalar, bool)>,
    },
    /// ascending
    In(Vec<Scalar>),
    /// a bit per code of the segment's dictionary of this column
    Codes(Arc<Bitmap>),
    IsNull,
    NotNull,
    Never,
}

impl Pred {
    /// Whether one value passes; for statistics, and for kinds of columns without a fast path.
    pub fn matches(&self, v: &Scalar) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let nan = |s: &Scalar| matches!(s, Scalar::Float(f) if f.is_nan());
        if v.is_null() {
            return matches!(self, Pred::IsNull);
        }
        match self {
            Pred::NotNull => true,
            Pred::Eq(x) => !nan(v) && !nan(x) && !x.is_null() && v.compare(x) == Equal,
            Pred::Ne(x) => !x.is_null() && (nan(v) || nan(x) || v.compare(x) != Equal),
            Pred::In(xs) => !nan(v) && xs.iter().any(|x| !x.is_null() && !nan(x) && v.compare(x) == Equal),
            Pred::Range { lo, hi } => {
                !nan(v)
                    && lo.as_ref().is_none_or(|(x, included)| match v.compare(x) {
                        Greater => !x.is_null() && !nan(x),
                        Equal => *included && !x.is_null(),
                        Less => false,
                    })
                    && hi.as_ref().is_none_or(|(x, included)| match v.compare(x) {
                        Less => !x.is_null() && !nan(x),
                        Equal => *included && !x.is_null(),
                        Greater => false,
                    })
            }
            Pred::Codes(_) | Pred::IsNull | Pred::Never => false,
        }
    }
}

/// Where a constant lies among whole numbers: at one, or just above it.
enum Place {
    At(i128),
    Above(i128),
    Nowhere,
}

fn place(s: &Scalar) -> Result<Place> {
    Ok(match s {
        Scalar::Int(v) => Place::At(*v),
        Scalar::UInt(_) => Place::Above(i128::MAX),
        Scalar::I256(v) => s.as_i128().map_or(
            if v.is_negative() { Place::Above(i128::MIN) } else { Place::Above(i128::MAX) },
            Place::At,
        ),
        Scalar::U256(_) => s.as_i128().map_or(Place::Above(i128::MAX), Place::At),
        Scalar::Float(v) if v.is_nan() => Place::Nowhere,
        Scalar::Float(v) if v.fract() == 0.0 && v.abs() < 1e30 => Place::At(*v as i128),
        // The cast saturates, which is on the right side of every 64-bit value.
        Scalar::Float(v) => Place::Above(v.floor() as i128),
        Scalar::Null => Place::Nowhere,
        _ => return Err(Error::internal("a condition on a number compares it with something else")),
    })
}

/// The test on orders of a column of integers of up to 64 bits.
pub(crate) fn integer_test(pred: &Pred, signed: bool) -> Result<Test<'_>> {
    let (least, most) =
        if signed { (i128::from(i64::MIN), i128::from(i64::MAX)) } else { (0, i128::from(u64::MAX)) };
    let order = |v: i128| (v - least) as u64;
    let exact = |s: &Scalar| -> Result<Option<u64>> {
        Ok(match place(s)? {
            Place::At(v) if (least..=most).contains(&v) => Some(order(v)),
            _ => None,
        })
    };
    Ok(match pred {
        Pred::Eq(s) => exact(s)?.map_or(Test::None, |v| Test::In(v, v)),
        Pred::Ne(Scalar::Null) => Test::None,
        Pred::Ne(s) => exact(s)?.map_or(Test::All, |v| Test::Out(v, v)),
        Pred::In(list) => {
            let mut set = Vec::with_capacity(list.len());
            for s in list {
                set.extend(exact(s)?);
            }
            set.sort_unstable();
            set.dedup();
            if set.is_empty() { Test::None } else { Test::Set(set) }
        }
        Pred::Range { lo, hi } => {
            let from = match lo {
                None => least,
                Some((s, included)) => match place(s)? {
                    Place::At(v) if *included => v,
                    Place::At(v) | Place::Above(v) => v.saturating_add(1),
                    Place::Nowhere => return Ok(Test::None),
                },
            };
            let to = match hi {
                None => most,
                Some((s, included)) => match place(s)? {
                    Place::At(v) if !*included => v.saturating_sub(1),
                    Place::At(v) | Place::Above(v) => v,
                    Place::Nowhere => return Ok(Test::None),
                },
            };
            let (from, to) = (from.max(least), to.min(most));
            if from > to { Test::None } else { Test::In(order(from), order(to)) }
        }
        Pred::Codes(_) => return Err(no_dictionary()),
        Pred::NotNull => Test::All,
        Pred::IsNull | Pred::Never => Test::None,
    })
}

pub(crate) fn no_dictionary() -> Error {
    Error::internal("a condition on codes meets a column without dictionary")
}

/// The order of a float: NaN is the largest of all, −0 equals 0.
pub(crate) fn float_order(v: f64) -> u64 {
    if v.is_nan() {
        return u64::MAX;
    }
    let b = (v + 0.0).to_bits();
    if b >> 63 == 0 { b | 1 << 63 } else { !b }
}

/// The test on `float_order`s of a column of floats.
pub(crate) fn float_test(pred: &Pred) -> Test<'_> {
    const LAST: u64 = u64::MAX - 1;
    let order = |s: &Scalar| s.as_f64().filter(|v| !v.is_nan()).map(float_order);
    match pred {
        Pred::Eq(s) => order(s).map_or(Test::None, |v| Test::In(v, v)),
        Pred::Ne(Scalar::Null) => Test::None,
        Pred::Ne(s) => order(s).map_or(Test::All, |v| Test::Out(v, v)),
        Pred::In(list) => {
            let mut set: Vec<u64> = list.iter().filter_map(order).collect();
            set.sort_unstable();
            set.dedup();
            if set.is_empty() { Test::None } else { Test::Set(set) }
        }
        Pred::Range { lo, hi } => {
            let from = match lo {
                None => 0,
                Some((s, included)) => match order(s) {
                    Some(v) => v + u64::from(!included),
                    None => return Test::None,
                },
            };
            let to = match hi {
                None => LAST,
                Some((s, included)) => match order(s) {
                    Some(v) => v - u64::from(!included),
                    None => return Test::None,
                },
            };
            if from > to { Test::None } else { Test::In(from, to.min(LAST)) }
        }
        Pred::NotNull => Test::All,
        Pred::Codes(_) | Pred::IsNull | Pred::Never => Test::None,
    }
}

/// The test on codes of an ordered dictionary of strings. `at(i)`: the i-th string.
pub(crate) fn code_test<'a, 'b>(
    pred: &'a Pred,
    n: usize,
    at: impl Fn(usize) -> &'b [u8],
) -> Result<Test<'a>> {
    let below = |v: &[u8]| crate::encode::test::partition(n, |i| at(i) < v) as u64;
    let past = |v: &[u8]| crate::encode::test::partition(n, |i| at(i) <= v) as u64;
    let code = |s: &Scalar| -> Result<Option<u64>> {
        if s.is_null() {
            return Ok(None);
        }
        let v = text(s)?;
        let i = below(v);
        Ok((i < n as u64 && at(i as usize) == v).then_some(i))
    };
    Ok(match pred {
        Pred::Eq(s) => code(s)?.map_or(Test::None, |v| Test::In(v, v)),
        Pred::Ne(Scalar::Null) => Test::None,
        Pred::Ne(s) => code(s)?.map_or(Test::All, |v| Test::Out(v, v)),
        Pred::In(list) => {
            let mut set = Vec::with_capacity(list.len());
            for s in list {
                set.extend(code(s)?);
            }
            set.sort_unstable();
            set.dedup();
            if set.is_empty() { Test::None } else { Test::Set(set) }
        }
        Pred::Range { lo, hi } => {
            let from = match lo {
                None => 0,
                Some((Scalar::Null, _)) => return Ok(Test::None),
                Some((s, true)) => below(text(s)?),
                Some((s, false)) => past(text(s)?),
            };
            let to = match hi {
                None => n as u64,
                Some((Scalar::Null, _)) => return Ok(Test::None),
                Some((s, true)) => past(text(s)?),
                Some((s, false)) => below(text(s)?),
            };
            if from >= to { Test::None } else { Test::In(from, to - 1) }
        }
        Pred::Codes(bits) => Test::Bits(0, bits),
        Pred::NotNull => Test::All,
        Pred::IsNull | Pred::Never => Test::None,
    })
}

pub(crate) fn text(s: &Scalar) -> Result<&[u8]> {
    s.as_bytes().ok_or_else(|| Error::internal("a condition on a string compares it with something else"))
}

/// Constants of a condition on FixedString, filled with zero bytes to the column's width.
pub(crate) fn widen(pred: &Pred, ty: &Type) -> Pred {
    let Type::FixedString(width) = ty.base() else { return pred.clone() };
    let pad = |s: &Scalar| match s {
        Scalar::Bytes(b) if b.len() < *width as usize => {
            let mut b = b.clone();
            b.resize(*width as usize, 0);
            Scalar::Bytes(b)
        }
        s => s.clone(),
    };
    let bound = |b: &Option<(Scalar, bool)>| b.as_ref().map(|(s, i)| (pad(s), *i));
    match pred {
        Pred::Eq(s) => Pred::Eq(pad(s)),
        Pred::Ne(s) => Pred::Ne(pad(s)),
        Pred::In(list) => Pred::In(list.iter().map(pad).collect()),
        Pred::Range { lo, hi } => Pred::Range { lo: bound(lo), hi: bound(hi) },
        p => p.clone(),
    }
}
