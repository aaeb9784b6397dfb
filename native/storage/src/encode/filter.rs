//! Conditions on encoded blocks.

use super::column::{Block, Shape, decode};
use super::decimal::{Decimal, Float};
use super::ints::Ints;
use super::lane::flip;
use super::{id, test, test::Test};
use crate::bytes::{Reader, corrupt};
use crate::pred::{Pred, code_test, float_order, float_test, integer_test, no_dictionary, text, widen};
use hashbrown::HashSet;
use std::sync::Arc;
use types::{Bitmap, Data, Dict, Result, StrData, Type};

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
                *sel = Bitmap::from_fn(rows, |i| sel.get(i) && pred.matches(&all.scalar(i)));
                Ok(())
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
    let none = |sel: &mut Bitmap| *sel = Bitmap::new(sel.len(), false);
    match pred {
        Pred::Eq(s) | Pred::Ne(s) if s.is_null() => none(sel),
        Pred::Eq(s) => {
            let x = text(s)?;
            keep(all, sel, |v| v == x);
        }
        Pred::Ne(s) => {
            let x = text(s)?;
            keep(all, sel, |v| v != x);
        }
        Pred::In(list) => {
            let list = list.iter().filter(|s| !s.is_null()).map(text).collect::<Result<Vec<_>>>()?;
            let set: HashSet<&[u8], foldhash::fast::RandomState> = list.into_iter().collect();
            keep(all, sel, |v| set.contains(v));
        }
        Pred::Range { lo, hi } => {
            if [lo, hi].iter().any(|b| b.as_ref().is_some_and(|b| b.0.is_null())) {
                none(sel);
                return Ok(());
            }
            let lo = lo.as_ref().map(|(s, i)| text(s).map(|t| (t, *i))).transpose()?;
            let hi = hi.as_ref().map(|(s, i)| text(s).map(|t| (t, *i))).transpose()?;
            let above = |v: &[u8]| lo.is_none_or(|(x, included)| v > x || (included && v == x));
            let below = |v: &[u8]| hi.is_none_or(|(x, included)| v < x || (included && v == x));
            keep(all, sel, |v| above(v) && below(v));
        }
        Pred::Codes(_) => return Err(no_dictionary()),
        Pred::IsNull | Pred::Never => none(sel),
        Pred::NotNull => {}
    }
    Ok(())
}

fn keep(all: &StrData, sel: &mut Bitmap, pass: impl Fn(&[u8]) -> bool) {
    *sel = Bitmap::from_fn(sel.len(), |i| sel.get(i) && pass(all.get(i)));
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
