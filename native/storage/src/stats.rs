//! What is known of a block or segment without reading it.

use crate::bytes::{Reader, put_scalar, put_var};
use std::cmp::Ordering;
use types::compare::{OrderedValue, min_max};
use types::{Column, Data, I256, Result, Scalar, match_numeric};

/// Strings in statistics are cut to this many bytes; `exact` says whether one was.
const TEXT_MAX: usize = 64;

/// One column in one block.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockStats {
    /// smallest and largest value, NULLs and NaNs left out; `Null` if there is none or the type has no
    /// order here (arrays, tuples). A string bound may be cut: then `min` is not above and `max` not below
    /// every row, and `exact` is false
    pub min: Scalar,
    pub max: Scalar,
    pub exact: bool,
    pub nulls: u32,
    /// rows that hold 0, '', [] and are not NULL (tuples: always 0)
    pub defaults: u32,
    pub nans: u32,
    /// integers and decimals only
    pub sum: Option<Scalar>,
    /// smallest and largest code where the segment has a dictionary; NULL rows left out
    pub codes: Option<(u32, u32)>,
    /// all rows hold the same value, or all are NULL
    pub constant: bool,
}

/// One column in a whole segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentStats {
    pub min: Scalar,
    pub max: Scalar,
    pub exact: bool,
    pub nulls: u64,
    pub defaults: u64,
    pub nans: u64,
    pub sum: Option<Scalar>,
    /// exact number of distinct values that are not NULL, where the segment has a dictionary
    pub distinct: Option<u64>,
}

fn cut_min(b: &[u8]) -> (Vec<u8>, bool) {
    (b[..b.len().min(TEXT_MAX)].to_vec(), b.len() <= TEXT_MAX)
}

fn cut_max(b: &[u8]) -> (Vec<u8>, bool) {
    if b.len() <= TEXT_MAX {
        return (b.to_vec(), true);
    }
    let mut v = b[..TEXT_MAX].to_vec();
    while let Some(last) = v.pop() {
        if last < 255 {
            v.push(last + 1);
            return (v, false);
        }
    }
    (b.to_vec(), true)
}

impl BlockStats {
    /// Of values that others have kept bounds of. Floats may hold NaNs.
    pub fn between(min: Scalar, max: Scalar, nulls: u32) -> BlockStats {
        BlockStats {
            min,
            max,
            exact: false,
            nulls,
            defaults: 0,
            nans: 1,
            sum: None,
            codes: None,
            constant: false,
        }
    }
    /// False only if none of so many rows passes.
    pub fn may_match(&self, ty: &types::Type, rows: usize, pred: &crate::Pred) -> Result<bool> {
        Ok(crate::known::by_stats(self, ty, rows, pred)? != Some(false))
    }
    /// Of a flat column.
    pub(crate) fn of(c: &Column) -> BlockStats {
        let rows = c.len();
        let nulls = c.nulls.as_ref().map_or(0, |n| n.count_ones()) as u32;
        let mut s = BlockStats {
            min: Scalar::Null,
            max: Scalar::Null,
            exact: true,
            nulls,
            defaults: 0,
            nans: 0,
            sum: None,
            codes: None,
            constant: rows > 0 && nulls as usize == rows,
        };
        let mut zeros = 0usize;
        let mut order = Ordering::Less;
        let ordered = match_numeric!(&c.data, v, W => {
            zeros = count_zeros(v.as_slice());
            match bounds(v.as_slice(), nulls > 0, |i| c.is_null(i)) {
                Some((lo, hi)) => {
                    s.min = c.scalar(lo);
                    s.max = c.scalar(hi);
                    order = v[lo].order(v[hi]);
                }
                None => order = Ordering::Less,
            };
            true
        }, false);
        match &c.data {
            Data::F32(v) => s.nans = v.iter().filter(|x| x.is_nan()).count() as u32,
            Data::F64(v) => s.nans = v.iter().filter(|x| x.is_nan()).count() as u32,
            Data::Str(_) | Data::Fixed(_) => {
                zeros = match &c.data {
                    Data::Str(x) => x.offsets.windows(2).filter(|w| w[0] == w[1]).count(),
                    Data::Fixed(x) => {
                        x.bytes.chunks_exact(x.width.max(1)).filter(|r| r.iter().all(|b| *b == 0)).count()
                    }
                    _ => 0,
                };
                if let Some((lo, hi)) = min_max(c) {
                    let (lo, hi) = (c.bytes_at(lo).unwrap_or_default(), c.bytes_at(hi).unwrap_or_default());
                    order = lo.cmp(hi);
                    s.set_text_bounds(lo, hi);
                }
            }
            Data::Array(a) => zeros = a.offsets.windows(2).filter(|w| w[0] == w[1]).count(),
            _ => {}
        }
        // Rows under a NULL hold the default too.
        s.defaults = (zeros as u32).saturating_sub(nulls);
        if ordered || matches!(c.data, Data::Str(_) | Data::Fixed(_)) {
            s.constant |= nulls == 0 && s.nans == 0 && order == Ordering::Equal && !s.min.is_null();
        }
        s.sum = sum(&c.data);
        s
    }
    pub(crate) fn set_text_bounds(&mut self, lo: &[u8], hi: &[u8]) {
        let ((lo, a), (hi, b)) = (cut_min(lo), cut_max(hi));
        self.min = Scalar::Bytes(lo);
        self.max = Scalar::Bytes(hi);
        self.exact = a && b;
    }
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let flags = u8::from(self.exact)
            | u8::from(self.sum.is_some()) << 1
            | u8::from(self.codes.is_some()) << 2
            | u8::from(self.constant) << 3
            | u8::from(self.nans > 0) << 4
            | u8::from(self.min == self.max) << 5;
        out.push(flags);
        put_scalar(out, &self.min);
        if self.min != self.max {
            put_scalar(out, &self.max);
        }
        put_var(out, self.nulls.into());
        put_var(out, self.defaults.into());
        if let Some(s) = &self.sum {
            put_scalar(out, s);
        }
        if let Some((lo, hi)) = self.codes {
            put_var(out, lo.into());
            put_var(out, hi.into());
        }
        if self.nans > 0 {
            put_var(out, self.nans.into());
        }
    }
    pub(crate) fn read(r: &mut Reader) -> Result<BlockStats> {
        let flags = r.u8()?;
        let has = |bit: u8| flags >> bit & 1 != 0;
        let min = r.scalar()?;
        let max = if has(5) { min.clone() } else { r.scalar()? };
        let (nulls, defaults) = (r.var()? as u32, r.var()? as u32);
        let sum = if has(1) { Some(r.scalar()?) } else { None };
        let codes = if has(2) { Some((r.var()? as u32, r.var()? as u32)) } else { None };
        let nans = if has(4) { r.var()? as u32 } else { 0 };
        Ok(BlockStats { min, max, exact: has(0), nulls, defaults, nans, sum, codes, constant: has(3) })
    }
}

fn count_zeros<T: Default + PartialEq>(v: &[T]) -> usize {
    let zero = T::default();
    v.iter().filter(|x| **x == zero).count()
}

/// Rows of the smallest and largest value that is neither NULL nor NaN.
fn bounds<T: OrderedValue + PartialEq>(
    v: &[T],
    nulls: bool,
    null: impl Fn(usize) -> bool,
) -> Option<(usize, usize)> {
    // Only a NaN differs from itself.
    #[allow(clippy::eq_op)]
    let usable = |i: usize| v[i] == v[i] && !(nulls && null(i));
    let first = (0..v.len()).find(|i| usable(*i))?;
    let (mut lo, mut hi) = (first, first);
    for i in first + 1..v.len() {
        if v[i].order(v[lo]) == Ordering::Less && usable(i) {
            lo = i;
        } else if v[i].order(v[hi]) == Ordering::Greater && usable(i) {
            hi = i;
        }
    }
    Some((lo, hi))
}

fn sum(data: &Data) -> Option<Scalar> {
    macro_rules! narrow {
        ($v:expr) => {
            Some(Scalar::Int($v.iter().map(|x| i64::from(*x)).sum::<i64>().into()))
        };
    }
    match data {
        Data::U8(v) => narrow!(v),
        Data::U16(v) => narrow!(v),
        Data::U32(v) => narrow!(v),
        Data::I8(v) => narrow!(v),
        Data::I16(v) => narrow!(v),
        Data::I32(v) => narrow!(v),
        Data::U64(v) => Some(Scalar::Int(v.iter().map(|x| i128::from(*x)).sum())),
        Data::I64(v) => Some(Scalar::Int(v.iter().map(|x| i128::from(*x)).sum())),
        Data::I128(v) => Some(wide_sum(v.iter().map(|x| I256::from(*x)))),
        Data::U128(v) => Some(wide_sum(v.iter().map(|x| types::U256::from(*x).as_i256()))),
        _ => None,
    }
}

fn wide_sum(values: impl Iterator<Item = I256>) -> Scalar {
    let s = values.fold(I256::from(0), |a, b| a.wrapping_add(b));
    Scalar::I256(s)
}

impl SegmentStats {
    pub(crate) fn of<'a>(
        blocks: impl Iterator<Item = &'a BlockStats>,
        distinct: Option<u64>,
    ) -> SegmentStats {
        let mut s = SegmentStats {
            min: Scalar::Null,
            max: Scalar::Null,
            exact: true,
            nulls: 0,
            defaults: 0,
            nans: 0,
            sum: None,
            distinct,
        };
        let mut total: Option<Option<Scalar>> = None;
        for b in blocks {
            s.nulls += u64::from(b.nulls);
            s.defaults += u64::from(b.defaults);
            s.nans += u64::from(b.nans);
            s.exact &= b.exact;
            if !b.min.is_null() && (s.min.is_null() || b.min.compare(&s.min) == Ordering::Less) {
                s.min = b.min.clone();
            }
            if !b.max.is_null() && (s.max.is_null() || b.max.compare(&s.max) == Ordering::Greater) {
                s.max = b.max.clone();
            }
            total = Some(match (total, &b.sum) {
                (None, x) => x.clone(),
                (Some(Some(Scalar::Int(a))), Some(Scalar::Int(b))) => a.checked_add(*b).map(Scalar::Int),
                (Some(Some(Scalar::I256(a))), Some(Scalar::I256(b))) => {
                    Some(Scalar::I256(a.wrapping_add(*b)))
                }
                _ => None,
            });
        }
        s.sum = total.flatten();
        s
    }
}
