//! The order of a batch by its sort key.
//!
//! 1. Each key column gives order-preserving numbers: whole numbers less their smallest, floats by their
//!    bits, strings by their first bytes; NULL sorts last.
//! 2. As many leading bits as fit go into 96 bits, the row number into the low 32 of a u128.
//! 3. If these are ascending already, nothing is moved; else they are sorted.
//! 4. Rows that are equal in a cut key are compared in full.

use crate::encode::lane::{Lane, bits, flip};
use crate::pred::float_order;
use std::cmp::Ordering;
use types::compare::compare_rows;
use types::{Batch, Column, Data};

/// One column of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    pub column: usize,
    pub desc: bool,
}

/// A column as numbers in the order of its values.
struct Ranks {
    values: Vec<u64>,
    /// bits that the values need
    width: u32,
    /// equal numbers mean equal values
    exact: bool,
}

fn ranks(c: &Column, desc: bool) -> Option<Ranks> {
    let (mut values, exact): (Vec<u64>, bool) = match &c.data {
        Data::U8(v) => (whole(v, false), true),
        Data::U16(v) => (whole(v, false), true),
        Data::U32(v) => (whole(v, false), true),
        Data::U64(v) => (whole(v, false), true),
        Data::I8(v) => (whole(v, true), true),
        Data::I16(v) => (whole(v, true), true),
        Data::I32(v) => (whole(v, true), true),
        Data::I64(v) => (whole(v, true), true),
        Data::F32(v) => (v.iter().map(|x| float_order((*x).into())).collect(), true),
        Data::F64(v) => (v.iter().map(|x| float_order(*x)).collect(), true),
        Data::Str(s) => (s.iter().map(prefix).collect(), false),
        Data::Codes(codes, d) if d.ordered => (codes.iter().map(|c| u64::from(*c)).collect(), true),
        Data::Codes(codes, d) => {
            let Data::Str(words) = &d.values.data else { return None };
            (codes.iter().map(|c| prefix(words.get(*c as usize))).collect(), false)
        }
        Data::U128(v) => (v.iter().map(|x| (x >> 64) as u64).collect(), false),
        Data::I128(v) => (v.iter().map(|x| (x >> 64) as u64 ^ 1 << 63).collect(), false),
        Data::Fixed(f) => (f.bytes.chunks_exact(f.width.max(1)).map(prefix).collect(), f.width <= 8),
        _ => return None,
    };
    let null = |i: usize| c.is_null(i);
    let nulls = c.has_nulls();
    let valid = |i: &usize| !nulls || !null(*i);
    let min = (0..values.len()).filter(valid).map(|i| values[i]).min().unwrap_or(0);
    let max = (0..values.len()).filter(valid).map(|i| values[i]).max().unwrap_or(0);
    let mut span = max - min;
    if nulls {
        if span == u64::MAX {
            return None;
        }
        span += 1;
    }
    for (i, v) in values.iter_mut().enumerate() {
        *v = if nulls && null(i) { span } else { *v - min };
        if desc {
            *v = span - *v;
        }
    }
    Some(Ranks { values, width: bits(span).into(), exact })
}

fn whole<T: Lane>(v: &[T], signed: bool) -> Vec<u64> {
    v.iter().map(|x| x.raw() ^ flip(signed)).collect()
}

fn prefix(s: &[u8]) -> u64 {
    let mut b = [0u8; 8];
    let n = s.len().min(8);
    b[..n].copy_from_slice(&s[..n]);
    u64::from_be_bytes(b)
}

/// Row numbers in the order of the keys; equal rows keep their order. NULL and NaN come last, first with
/// `desc`. Cost: one u128 a row beside the result.
pub fn sort_batch(batch: &Batch, keys: &[SortKey]) -> Vec<u32> {
    const ROOM: u32 = 96;
    let columns: Vec<Column> = keys
        .iter()
        .map(|k| match &batch.columns[k.column].data {
            Data::Codes(..) => batch.columns[k.column].clone(),
            _ => batch.columns[k.column].flat(),
        })
        .collect();
    let mut packed: Vec<u128> = (0..batch.rows as u128).collect();
    let mut room = ROOM;
    // The first key column whose order is not wholly in `packed`.
    let mut compared_from = keys.len();
    for (i, (c, key)) in columns.iter().zip(keys).enumerate() {
        let Some(r) = ranks(c, key.desc) else {
            compared_from = i;
            break;
        };
        let cut = r.width.saturating_sub(room);
        room -= r.width.min(room);
        if r.width > 0 {
            for (p, v) in packed.iter_mut().zip(&r.values) {
                *p |= u128::from(v >> cut) << (32 + room);
            }
        }
        if cut > 0 || !r.exact {
            compared_from = i;
            break;
        }
        if room == 0 && i + 1 < keys.len() {
            compared_from = i + 1;
            break;
        }
    }
    if packed.windows(2).any(|w| w[0] > w[1]) {
        packed.sort_unstable();
    }
    let mut rows: Vec<u32> = packed.iter().map(|p| *p as u32).collect();
    if compared_from == keys.len() {
        return rows;
    }
    let rest: Vec<(&Column, bool)> =
        columns.iter().zip(keys).skip(compared_from).map(|(c, k)| (c, k.desc)).collect();
    let compare = |a: &u32, b: &u32| {
        for (c, desc) in &rest {
            let o = compare_rows(c, *a as usize, c, *b as usize);
            if o != Ordering::Equal {
                return if *desc { o.reverse() } else { o };
            }
        }
        a.cmp(b)
    };
    let mut from = 0;
    while from < rows.len() {
        let mut to = from + 1;
        while to < rows.len() && packed[to] >> 32 == packed[from] >> 32 {
            to += 1;
        }
        let run = &mut rows[from..to];
        if run.windows(2).any(|w| compare(&w[0], &w[1]) == Ordering::Greater) {
            run.sort_unstable_by(compare);
        }
        from = to;
    }
    rows
}
