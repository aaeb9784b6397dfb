//! ORDER BY, whole or the first N.
//!
//! Each key becomes a 64-bit word whose order is the key's order (direction, NULL and NaN placement
//! included); rows are sorted by words, and only where words tie and do not say everything
//! (long strings) are values compared. Top-N keeps a threshold shared by all workers: rows beyond it
//! are dropped before any other column is touched.

use crate::expr::{Bound, Scope};
use crate::plan::SortKey;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Batches, Rows};
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};
use types::compare::compare_rows;
use types::{Batch, Column, Data, Reservation, Result, Type};

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
        Ok(key_column(self.expr.eval(batch, query)?, self.desc, self.nulls_first))
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
        let o = self.words[a].cmp(&self.words[b]);
        if o != Ordering::Equal || self.exact {
            return o;
        }
        self.compare_values(a, b)
    }
    fn compare_values(&self, a: usize, b: usize) -> Ordering {
        match (self.column.is_null(a), self.column.is_null(b)) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if self.nulls_first { Ordering::Less } else { Ordering::Greater },
            (false, true) => return if self.nulls_first { Ordering::Greater } else { Ordering::Less },
            _ => {}
        }
        let o = compare_rows(&self.column, a, &self.column, b);
        if self.desc { o.reverse() } else { o }
    }
}

/// Row order by the keys; equal rows stay in their order. At most `limit` rows if given.
/// Cost: n log n on pairs of words.
pub fn order(keys: &[KeyColumn], rows: usize, limit: Option<usize>) -> Vec<u32> {
    let Some(first) = keys.first() else { return (0..rows.min(limit.unwrap_or(rows)) as u32).collect() };
    let mut pairs: Vec<(u64, u32)> = first.words.iter().copied().zip(0..rows as u32).collect();
    let by = |a: &(u64, u32), b: &(u64, u32)| {
        a.0.cmp(&b.0)
            .then_with(|| {
                let (i, j) = (a.1 as usize, b.1 as usize);
                if !first.exact {
                    let o = first.compare_values(i, j);
                    if o != Ordering::Equal {
                        return o;
                    }
                }
                keys[1..]
                    .iter()
                    .map(|k| k.compare(i, j))
                    .find(|o| *o != Ordering::Equal)
                    .unwrap_or(Ordering::Equal)
            })
            .then(a.1.cmp(&b.1))
    };
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

/// Up to so many rows are kept by the threshold method; more are sorted as a whole.
const TOP_ROWS_MAX: u64 = 100_000;
const CHUNK: usize = 65_536;

/// Sorts a stream; `limit`: only the first rows are wanted (rows that tie with the last one too when
/// `with_ties`).
pub fn sort(
    input: Rows,
    types: &[Type],
    keys: Vec<Key>,
    limit: Option<u64>,
    with_ties: bool,
    query: &Arc<Query>,
) -> Result<Rows> {
    let limit = limit.filter(|n| *n <= TOP_ROWS_MAX && !with_ties);
    let batches = match limit {
        Some(n) => top(input, types, &keys, n as usize, query)?,
        None => input.collect(query)?,
    };
    let mut held = query.memory.reserve(batches.iter().map(|b| b.bytes() as u64).sum::<u64>() * 2)?;
    let all = Batch::concat(types, &batches);
    drop(batches);
    let columns: Vec<KeyColumn> = keys.iter().map(|k| k.column(&all, query)).collect::<Result<_>>()?;
    query.cancel.check()?;
    let order = order(&columns, all.rows, limit.map(|n| n as usize));
    query.cancel.check()?;
    drop(columns);
    let mut out = Vec::with_capacity(order.len() / CHUNK + 1);
    for rows in order.chunks(CHUNK) {
        query.cancel.check()?;
        out.push(all.gather(rows));
    }
    // the sorted rows stay until the last of them has been read
    held.resize(out.iter().map(|b| b.bytes() as u64).sum())?;
    Ok(Rows::source(Batches::held(out, held), true))
}

struct Top {
    batches: Vec<Batch>,
    rows: usize,
    held: Reservation,
}

/// Candidates for the first `n` rows, from all workers.
fn top(input: Rows, types: &[Type], keys: &[Key], n: usize, query: &Arc<Query>) -> Result<Vec<Batch>> {
    if n == 0 {
        return Ok(Vec::new());
    }
    // a row whose first word is larger cannot be among the first n
    let threshold = AtomicU64::new(u64::MAX);
    let prune = |t: &mut Top| -> Result<()> {
        let all = Batch::concat(types, &t.batches);
        let columns: Vec<KeyColumn> = keys.iter().map(|k| k.column(&all, query)).collect::<Result<_>>()?;
        let best = order(&columns, all.rows, Some(n));
        if best.len() == n
            && let Some(last) = best.last()
        {
            threshold.fetch_min(columns[0].words[*last as usize], Atomic::Relaxed);
        }
        let kept = all.gather(&best);
        t.rows = kept.rows;
        t.held.resize(kept.bytes() as u64)?;
        t.batches = vec![kept];
        Ok(())
    };
    let states = input.consume(
        query,
        true,
        &|| Ok(Top { batches: Vec::new(), rows: 0, held: Reservation::empty(&query.memory) }),
        &|t: &mut Top, batch: Batch| {
            let limit = threshold.load(Atomic::Relaxed);
            let first = keys[0].column(&batch, query)?;
            let mut candidates: Vec<u32> =
                (0..batch.rows as u32).filter(|&i| first.words[i as usize] <= limit).collect();
            if candidates.is_empty() {
                return Ok(Flow::More);
            }
            if candidates.len() > 2 * n + 64 {
                // the best of this batch are enough
                let mut columns = vec![first];
                for k in &keys[1..] {
                    columns.push(k.column(&batch, query)?);
                }
                candidates = order(&columns, batch.rows, Some(n));
            }
            let kept = batch.gather(&candidates);
            t.held.resize(t.held.bytes() + kept.bytes() as u64)?;
            t.rows += kept.rows;
            t.batches.push(kept);
            if t.rows >= 2 * n {
                prune(t)?;
            }
            Ok(Flow::More)
        },
    )?;
    Ok(states.into_iter().flat_map(|t| t.batches).collect())
}
