//! Binary search of the sort key inside a block.

use crate::bytes::{Reader, corrupt};
use crate::encode::column::{Block, Shape};
use crate::encode::{id, lane, test::Test, test::partition};
use crate::pred::{Pred, code_test, float_order, float_test, integer_test};
use crate::stored::Stored;
use std::ops::Range;
use types::{Data, Error, Result, StrData};

// columns of the sort key are never patched
impl Stored {
    /// The rows of a sorted block that can satisfy conditions on a prefix of the sort key, by binary
    /// search. `preds`: (position in the sort key, condition), ascending by position. Conditions past the
    /// first gap or the first range are not used: the caller filters within the result.
    pub fn key_rows(&self, block: usize, preds: &[(usize, Pred)]) -> Result<Range<usize>> {
        let mut rows = 0..self.block_rows(block);
        for (k, (position, pred)) in preds.iter().enumerate() {
            let Some(&c) = self.sort_columns().get(*position).filter(|_| *position == k) else { break };
            let Some((found, point)) = self.narrow(c, block, pred, rows.clone())? else { break };
            rows = found;
            if !point || rows.is_empty() {
                break;
            }
        }
        Ok(rows)
    }
    /// The part of `rows`, which are sorted by column `c`, that may pass, and whether all of it is equal.
    fn narrow(
        &self,
        c: usize,
        block: usize,
        pred: &Pred,
        rows: Range<usize>,
    ) -> Result<Option<(Range<usize>, bool)>> {
        let (column, _) = self.meta(c, block)?;
        if self.stats(c, block).is_none_or(|s| s.nulls > 0) || rows.is_empty() {
            return Ok(None);
        }
        let bytes = self.stored(c, block)?;
        let fail = |e: Error| self.explain(e, c, block);
        let parsed = Block::parse(&mut Reader::new(&bytes), self.block_rows(block)).map_err(fail)?;
        let shape = Shape::of(&column.ty);
        let number = (id::CONSTANT..=id::PATCHED).contains(&parsed.id);
        if let Some(signed) = shape.integer()
            && number
        {
            let (test, flip) = (integer_test(pred, signed)?, lane::flip(signed));
            let ints = parsed.ints().map_err(fail)?;
            let mut get = ints.reader();
            return search(&test, rows, |i| Ok(get(i)? ^ flip)).map_err(fail);
        }
        match (&shape, parsed.id) {
            (Shape::Str, id::TEXT_CODES) => {
                let Some(dict) = self.dict(c)? else { return Ok(None) };
                let Data::Str(words) = &dict.values.data else { return Ok(None) };
                let test = code_test(pred, words.len(), |i| words.get(i))?;
                let ints = parsed.ints().map_err(fail)?;
                search(&test, rows, |i| ints.get(i)).map_err(fail)
            }
            (Shape::Str, _) => {
                let all = self.read(c, block)?.flat();
                let Data::Str(s) = &all.data else { return Ok(None) };
                // The block's own rows serve as the ordered list; equal neighbours do no harm.
                search_text(pred, s, rows)
            }
            (Shape::F32 | Shape::F64, _) => {
                let all = self.read(c, block)?.flat();
                let order = |i: usize| match &all.data {
                    Data::F32(v) => Ok(float_order(v[i].into())),
                    Data::F64(v) => Ok(float_order(v[i])),
                    _ => Err(corrupt("floats in a column of another kind")),
                };
                search(&float_test(pred), rows, order).map_err(fail)
            }
            _ => Ok(None),
        }
    }
}

/// Narrows sorted rows to those whose order can pass; `None` if the test says nothing about order.
fn search(
    test: &Test,
    rows: Range<usize>,
    mut order: impl FnMut(usize) -> Result<u64>,
) -> Result<Option<(Range<usize>, bool)>> {
    let (lo, hi) = match test {
        Test::None => return Ok(Some((rows.start..rows.start, false))),
        Test::In(lo, hi) => (*lo, *hi),
        Test::Set(s) => match (s.first(), s.last()) {
            (Some(lo), Some(hi)) => (*lo, *hi),
            _ => return Ok(Some((rows.start..rows.start, false))),
        },
        Test::All | Test::Out(..) | Test::Bits(..) => return Ok(None),
    };
    let mut failure = None;
    let mut get = |i: usize| {
        order(rows.start + i).unwrap_or_else(|e| {
            failure.get_or_insert(e);
            0
        })
    };
    let from = partition(rows.len(), |i| get(i) < lo);
    let to = partition(rows.len(), |i| get(i) <= hi);
    if let Some(e) = failure {
        return Err(e);
    }
    Ok(Some((rows.start + from..rows.start + to.max(from), lo == hi)))
}

fn search_text(pred: &Pred, s: &StrData, rows: Range<usize>) -> Result<Option<(Range<usize>, bool)>> {
    use crate::pred::text;
    let at = |i: usize| s.get(rows.start + i);
    let below = |x: &[u8]| rows.start + partition(rows.len(), |i| at(i) < x);
    let past = |x: &[u8]| rows.start + partition(rows.len(), |i| at(i) <= x);
    Ok(match pred {
        Pred::Eq(x) if !x.is_null() => Some((below(text(x)?)..past(text(x)?), true)),
        Pred::Range { lo, hi } => {
            let from = match lo {
                Some((x, _)) if x.is_null() => return Ok(None),
                Some((x, true)) => below(text(x)?),
                Some((x, false)) => past(text(x)?),
                None => rows.start,
            };
            let to = match hi {
                Some((x, _)) if x.is_null() => return Ok(None),
                Some((x, true)) => past(text(x)?),
                Some((x, false)) => below(text(x)?),
                None => rows.end,
            };
            Some((from..to.max(from), false))
        }
        _ => None,
    })
}
