//! Keys of an order as 64-bit words.
//!
//! Each key becomes a word whose order is the key's order (direction, NULL and NaN placement included); rows
//! are sorted by words, and only where words tie and do not say everything (long strings) are values compared.

use crate::expr::{Bound, Scope};
use crate::plan::SortKey;
use crate::query::Query;
use std::cmp::Ordering;
use std::ops::Range;
use types::compare::compare_rows_with;
use types::{Batch, Column, Data, Result};

pub struct Key {
    pub expr: Bound,
    pub desc: bool,
    pub nulls_first: bool,
}

/// One key of some rows, ready to be compared.
pub struct KeyColumn {
    words: Vec<u64>,
    /// equal words mean equal values
    exact: bool,
    column: Column,
    desc: bool,
    nulls_first: bool,
}

impl Key {
    pub fn bind(keys: &[SortKey], scope: &Scope<'_>) -> Result<Vec<Key>> {
        keys.iter()
            .map(|k| Ok(Key { expr: Bound::bind(&k.expr, scope)?, desc: k.desc, nulls_first: k.nulls_first }))
            .collect()
    }
    pub fn column(&self, batch: &Batch, query: &Query) -> Result<KeyColumn> {
        Ok(self.words(self.expr.eval(batch, query)?))
    }
    /// Of values that were computed already.
    pub fn words(&self, values: Column) -> KeyColumn {
        key_column(values, self.desc, self.nulls_first)
    }
}

const NULL_LAST: u64 = u64::MAX;
const NAN_LAST: u64 = u64::MAX - 1;

/// The words of a column. Words of different batches compare with one another.
pub fn key_column(column: Column, desc: bool, nulls_first: bool) -> KeyColumn {
    let column = if column.is_const() { column.flat() } else { column };
    let flip = |w: u64| if desc { !w } else { w };
    let nan = if nulls_first { 1 } else { NAN_LAST };
    let mut exact = true;
    let sign64 = 1u64 << 63;
    let float = |x: f64| {
        if x.is_nan() {
            return nan;
        }
        let bits = (x + 0.0).to_bits();
        flip(if bits & sign64 != 0 { !bits } else { bits | sign64 })
    };
    let mut words: Vec<u64> = match &column.data {
        Data::U8(v) => v.iter().map(|&x| flip(u64::from(x))).collect(),
        Data::U16(v) => v.iter().map(|&x| flip(u64::from(x))).collect(),
        Data::U32(v) => v.iter().map(|&x| flip(u64::from(x))).collect(),
        Data::U64(v) => v.iter().map(|&x| flip(x)).collect(),
        Data::I8(v) => v.iter().map(|&x| flip(x as i64 as u64 ^ sign64)).collect(),
        Data::I16(v) => v.iter().map(|&x| flip(x as i64 as u64 ^ sign64)).collect(),
        Data::I32(v) => v.iter().map(|&x| flip(x as i64 as u64 ^ sign64)).collect(),
        Data::I64(v) => v.iter().map(|&x| flip(x as u64 ^ sign64)).collect(),
        Data::F32(v) => v.iter().map(|&x| float(f64::from(x))).collect(),
        Data::F64(v) => v.iter().map(|&x| float(x)).collect(),
        Data::Str(s) => {
            exact = false;
            s.iter().map(|b| flip(prefix(b))).collect()
        }
        Data::Codes(codes, dict) => {
            exact = false;
            match &dict.values.data {
                Data::Str(s) if dict.len() <= 2 * codes.len() => {
                    let of: Vec<u64> = s.iter().map(|b| flip(prefix(b))).collect();
                    codes.iter().map(|&c| of[c as usize]).collect()
                }
                Data::Str(s) => codes.iter().map(|&c| flip(prefix(s.get(c as usize)))).collect(),
                _ => key_column(column.flat(), desc, nulls_first).words,
            }
        }
        Data::U128(v) => {
            exact = false;
            v.iter().map(|&x| flip((x >> 64) as u64)).collect()
        }
        Data::I128(v) => {
            exact = false;
            v.iter().map(|&x| flip((x >> 64) as u64 ^ sign64)).collect()
        }
        _ => {
            exact = false;
            vec![0; column.len()]
        }
    };
    if let Some(nulls) = &column.nulls {
        let word = if nulls_first { 0 } else { NULL_LAST };
        for i in nulls.ones() {
            words[i as usize] = word;
        }
        // a value may have the same word as NULL: the smallest, too, where NULLs come first
        exact = exact && !matches!(column.data, Data::U64(_) | Data::I64(_)) && !desc && !nulls_first;
    }
    KeyColumn { words, exact, column, desc, nulls_first }
}

/// The first eight bytes as a big-endian number: its order is the bytes' order as far as it goes.
fn prefix(b: &[u8]) -> u64 {
    let mut w = [0u8; 8];
    let n = b.len().min(8);
    w[..n].copy_from_slice(&b[..n]);
    u64::from_be_bytes(w)
}

impl KeyColumn {
    pub fn equal(&self, a: usize, b: usize) -> bool {
        self.compare(a, b).is_eq()
    }
    pub fn compare(&self, a: usize, b: usize) -> Ordering {
        self.compare_with(a, self, b)
    }
    /// A row with one of another batch.
    pub fn compare_with(&self, a: usize, other: &KeyColumn, b: usize) -> Ordering {
        let o = self.words[a].cmp(&other.words[b]);
        if o != Ordering::Equal || (self.exact && other.exact) {
            return o;
        }
        self.compare_values(a, other, b)
    }
    /// Equal words mean equal values.
    pub fn is_exact(&self) -> bool {
        self.exact
    }
    pub fn word(&self, row: usize) -> u64 {
        self.words[row]
    }
    fn compare_values(&self, a: usize, other: &KeyColumn, b: usize) -> Ordering {
        match (self.column.is_null(a), other.column.is_null(b)) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if self.nulls_first { Ordering::Less } else { Ordering::Greater },
            (false, true) => return if self.nulls_first { Ordering::Greater } else { Ordering::Less },
            _ => {}
        }
        // NULLs inside arrays and tuples go to the same end as NULLs themselves.
        let null = if self.nulls_first == self.desc { Ordering::Greater } else { Ordering::Less };
        let o = compare_rows_with(&self.column, a, &other.column, b, null);
        if self.desc { o.reverse() } else { o }
    }
}

/// A row with the word of its first key.
pub type Pair = (u64, u32);

/// Rows with the words of their first key; there is at least one key.
pub fn pairs(keys: &[KeyColumn], rows: Range<usize>) -> impl Iterator<Item = Pair> {
    let words = keys.first().map_or(&[][..], |k| &k.words);
    words[rows.clone()].iter().copied().zip(rows.start as u32..rows.end as u32)
}

/// Two rows by all keys; of equal rows the earlier one comes first.
#[inline]
pub fn compare(keys: &[KeyColumn], a: &Pair, b: &Pair) -> Ordering {
    let by_values = || {
        let (i, j) = (a.1 as usize, b.1 as usize);
        let (first, others) = keys.split_first()?;
        let first = if first.exact { Ordering::Equal } else { first.compare_values(i, first, j) };
        let others = others.iter().map(|k| k.compare(i, j));
        std::iter::once(first).chain(others).find(|o| *o != Ordering::Equal)
    };
    a.0.cmp(&b.0).then_with(|| by_values().unwrap_or(a.1.cmp(&b.1)))
}

/// Row order by the keys; equal rows stay in their order. At most `limit` rows if given.
/// Cost: n log n on pairs of words.
pub fn order(keys: &[KeyColumn], rows: usize, limit: Option<usize>) -> Vec<u32> {
    let Some(first) = keys.first() else { return (0..rows.min(limit.unwrap_or(rows)) as u32).collect() };
    let mut pairs: Vec<Pair> = pairs(keys, 0..rows).collect();
    let by = |a: &Pair, b: &Pair| compare(keys, a, b);
    if let Some(n) = limit
        && n < rows
    {
        if n == 0 {
            return Vec::new();
        }
        pairs.select_nth_unstable_by(n - 1, by);
        pairs.truncate(n);
    }
    if keys.len() == 1 && first.exact {
        pairs.sort_unstable();
    } else {
        pairs.sort_unstable_by(by);
    }
    pairs.into_iter().map(|p| p.1).collect()
}
