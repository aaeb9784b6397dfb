//! Conditions on encoded blocks.

use super::column::{Block, Shape, decode};
use super::decimal::{Decimal, Float};
use super::ints::Ints;
use super::lane::flip;
use super::{id, test, test::Test};
use crate::bytes::{Reader, corrupt};
use crate::pred::{Pred, code_test, float_order, float_test, integer_test, no_dictionary, text, widen};
use hashbrown::HashSet;
use std::hash::Hash;
use std::sync::Arc;
use types::{Bitmap, Column, Data, Dict, Error, Result, Scalar, StrData, Type};

/// Keeps the rows of `sel` that pass. `dict`: the segment's dictionary, for codes.
pub(crate) fn filter(
    bytes: &[u8],
    ty: &Type,
    pred: &Pred,
    dict: Option<&Arc<Dict>>,
    sel: &mut Bitmap,
) -> Result<()> {
    let rows = sel.len();
    let block = Block::parse(&mut Reader::new(bytes), rows)?;
    let none = |sel: &mut Bitmap| *sel = Bitmap::new(rows, false);
    match (pred, block.null_mask()?) {
        (Pred::Never, _) | (Pred::IsNull, None) => none(sel),
        (Pred::IsNull, Some(mask)) => sel.and_with(&mask),
        (_, Some(mask)) => sel.and_not_with(&mask),
        _ => {}
    }
    if matches!(pred, Pred::IsNull | Pred::NotNull | Pred::Never) || !sel.any() {
        return Ok(());
    }
    let shape = Shape::of(ty);
    match (&shape, block.id) {
        (Shape::Str, id::TEXT_CODES) => {
            let dict = dict.ok_or_else(no_dictionary)?;
            let Data::Str(words) = &dict.values.data else {
                return Err(corrupt("a dictionary of another kind"));
            };
            let test = code_test(pred, words.len(), |i| words.get(i))?;
            block.ints()?.filter(&test, 0, sel)
        }
        (Shape::Str, _) => {
            let all = block.text()?.decode()?;
            filter_text(&all, pred, sel)
        }
        (Shape::F32, id) => filter_floats::<f32>(&block, id, pred, sel),
        (Shape::F64, id) => filter_floats::<f64>(&block, id, pred, sel),
        _ => match shape.integer() {
            Some(signed) => block.ints()?.filter(&integer_test(pred, signed)?, flip(signed), sel),
            None => {
                let pred = widen(pred, ty);
                let all = decode(&mut Reader::new(bytes), ty, rows, dict)?.flat();
                filter_decoded(&all, &pred, sel)
            }
        },
    }
}

fn filter_floats<F: Float>(block: &Block, id: u8, pred: &Pred, sel: &mut Bitmap) -> Result<()> {
    if matches!(pred, Pred::Codes(_)) {
        return Err(no_dictionary());
    }
    let values: Vec<F> = if id == id::DECIMAL {
        Decimal::parse(&mut block.body.clone(), block.rows)?.decode()?
    } else {
        let ints: Ints = block.ints()?;
        if let Some(v) = ints.constant() {
            if !float_test(pred).matches(float_order(F::of(v).wide())) {
                *sel = Bitmap::new(sel.len(), false);
            }
            return Ok(());
        }
        ints.decode()?
    };
    test::scan::<u64>(sel, &float_test(pred), |k, out| {
        let part = &values[k * 64..values.len().min(k * 64 + 64)];
        out.iter_mut().zip(part).for_each(|(o, v)| *o = float_order(v.wide()));
    });
    Ok(())
}

/// Strings that are decoded already; the caller has taken NULL rows out of `sel`.
pub(crate) fn filter_text(all: &StrData, pred: &Pred, sel: &mut Bitmap) -> Result<()> {
    filter_values(pred, sel, |i| all.get(i), |s| text(s).map(Some))
}

/// Values of any ordered kind. `of` gives a constant as such a value, `None` if the kind has no such value:
/// then the caller must not come with a range.
fn filter_values<'a, V: Ord + Hash + Copy>(
    pred: &'a Pred,
    sel: &mut Bitmap,
    get: impl Fn(usize) -> V,
    of: impl Fn(&'a Scalar) -> Result<Option<V>>,
) -> Result<()> {
    let constant = |s: &'a Scalar| if s.is_null() { Ok(None) } else { of(s) };
    let none = |sel: &mut Bitmap| *sel = Bitmap::new(sel.len(), false);
    match pred {
        Pred::Ne(Scalar::Null) => none(sel),
        Pred::Eq(s) => match constant(s)? {
            Some(x) => keep(sel, |i| get(i) == x),
            None => none(sel),
        },
        Pred::Ne(s) => {
            if let Some(x) = constant(s)? {
                keep(sel, |i| get(i) != x);
            }
        }
        Pred::In(list) => {
            let mut set: HashSet<V, foldhash::fast::RandomState> = HashSet::default();
            for s in list {
                set.extend(constant(s)?);
            }
            match set.iter().next() {
                Some(one) if set.len() == 1 => keep(sel, |i| get(i) == *one),
                _ => keep(sel, |i| set.contains(&get(i))),
            }
        }
        Pred::Range { lo, hi } => {
            let bound = |b: &'a Option<(Scalar, bool)>| match b {
                None => Ok(Some(None)),
                Some((s, included)) => Ok::<_, Error>(constant(s)?.map(|x| Some((x, *included)))),
            };
            let (Some(lo), Some(hi)) = (bound(lo)?, bound(hi)?) else {
                none(sel);
                return Ok(());
            };
            let above = |v: V| lo.is_none_or(|(x, included)| v > x || (included && v == x));
            let below = |v: V| hi.is_none_or(|(x, included)| v < x || (included && v == x));
            keep(sel, |i| above(get(i)) && below(get(i)));
        }
        Pred::Codes(_) => return Err(no_dictionary()),
        Pred::IsNull | Pred::Never => none(sel),
        Pred::NotNull => {}
    }
    Ok(())
}

/// Rows that are out already are not looked at.
fn keep(sel: &mut Bitmap, pass: impl Fn(usize) -> bool) {
    let words = sel.words().iter().enumerate().map(|(k, &word)| {
        let (mut left, mut out) = (word, 0);
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            out |= u64::from(pass(k * 64 + bit)) << bit;
            left &= left - 1;
        }
        out
    });
    *sel = Bitmap::from_words(words.collect(), sel.len());
}

/// Decoded columns without a kernel of their own on encoded bytes.
fn filter_decoded(all: &Column, pred: &Pred, sel: &mut Bitmap) -> Result<()> {
    // A range with a bound outside of the type's values needs the scalars' own order.
    let outside = |fits: &dyn Fn(&Scalar) -> bool| match pred {
        Pred::Range { lo, hi } => {
            [lo, hi].iter().any(|b| b.as_ref().is_some_and(|b| !b.0.is_null() && !fits(&b.0)))
        }
        _ => false,
    };
    macro_rules! wide {
        ($v:expr, $of:expr) => {{
            let of = $of;
            if !outside(&|s| of(s).is_some()) {
                return filter_values(pred, sel, |i| $v[i], |s| Ok(of(s)));
            }
        }};
    }
    match &all.data {
        Data::U128(v) => wide!(v, |s: &Scalar| match s {
            Scalar::UInt(x) => Some(*x),
            s => s.as_i128().and_then(|x| u128::try_from(x).ok()),
        }),
        Data::I128(v) => wide!(v, Scalar::as_i128),
        Data::Fixed(f) => {
            let width = f.width;
            return filter_values(pred, sel, |i| &f.bytes[i * width..(i + 1) * width], |s| text(s).map(Some));
        }
        _ => {}
    }
    keep(sel, |i| pred.matches(&all.scalar(i)));
    Ok(())
}

/// Keeps what of a whole-block test is known from the smallest and largest order.
pub(crate) fn decided(test: &Test, min: u64, max: u64) -> Option<bool> {
    if !test.overlaps(min, max) {
        Some(false)
    } else if test.covers(min, max) {
        Some(true)
    } else {
        None
    }
}
