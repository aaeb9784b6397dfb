//! What statistics alone say of a condition.

use crate::encode::column::Shape;
use crate::encode::filter::decided;
use crate::encode::lane;
use crate::pred::{Pred, float_order, float_test, integer_test, widen};
use crate::stats::BlockStats;
use types::{Result, Scalar, Type};

/// Whether all rows pass, none, or that is not known.
pub(crate) fn by_stats(s: &BlockStats, ty: &Type, rows: usize, pred: &Pred) -> Result<Option<bool>> {
    let all_null = s.nulls as usize == rows;
    match pred {
        Pred::Never => return Ok(Some(false)),
        Pred::IsNull => return Ok(if all_null { Some(true) } else { (s.nulls == 0).then_some(false) }),
        Pred::NotNull => return Ok(if all_null { Some(false) } else { (s.nulls == 0).then_some(true) }),
        _ if all_null => return Ok(Some(false)),
        Pred::Codes(_) => return Ok(None),
        _ => {}
    }
    let shape = Shape::of(ty);
    let known = if let Some(signed) = shape.integer() {
        let flip = lane::flip(signed);
        let order = |s: &Scalar| s.as_i128().map(|v| v as u64 ^ flip);
        match (order(&s.min), order(&s.max)) {
            (Some(lo), Some(hi)) => decided(&integer_test(pred, signed)?, lo, hi),
            _ => None,
        }
    } else if matches!(shape, Shape::F32 | Shape::F64) {
        let test = float_test(pred);
        match (s.min.as_f64(), s.max.as_f64()) {
            (Some(lo), Some(hi)) => match decided(&test, float_order(lo), float_order(hi)) {
                Some(found) if s.nans == 0 || test.matches(u64::MAX) == found => Some(found),
                _ => None,
            },
            // Only NaNs and NULLs.
            _ if s.nans as usize + s.nulls as usize == rows => Some(test.matches(u64::MAX)),
            _ => None,
        }
    } else if s.min.is_null() || s.max.is_null() {
        None
    } else {
        by_bounds(s, &widen(pred, ty))
    };
    // NULL rows never pass.
    Ok(if known == Some(true) && s.nulls > 0 { None } else { known })
}

/// For strings and wide numbers: bounds compared as values.
fn by_bounds(s: &BlockStats, pred: &Pred) -> Option<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let outside = |x: &Scalar| x.is_null() || x.compare(&s.min) == Less || x.compare(&s.max) == Greater;
    let single = s.exact && s.min.compare(&s.max) == Equal;
    match pred {
        Pred::Eq(x) if outside(x) => Some(false),
        Pred::In(list) if list.iter().all(outside) => Some(false),
        Pred::Ne(x) if !x.is_null() && outside(x) => Some(true),
        Pred::Range { lo, hi } => {
            // A cut maximum lies above every row, so a bound that it only touches excludes nothing wrongly.
            let below = hi.as_ref().is_some_and(|(x, _)| x.is_null() || x.compare(&s.min) == Less);
            let above = lo.as_ref().is_some_and(|(x, _)| x.is_null() || x.compare(&s.max) == Greater);
            if below || above {
                return Some(false);
            }
            let from = lo.as_ref().is_none_or(|(x, _)| x.compare(&s.min) == Less);
            let to = hi.as_ref().is_none_or(|(x, _)| x.compare(&s.max) == Greater);
            if from && to {
                return Some(true);
            }
            single.then(|| pred.matches(&s.min))
        }
        _ if single => Some(pred.matches(&s.min)),
        _ => None,
    }
}
