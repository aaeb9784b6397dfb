//! The right side of a join, ready to be asked for the rows of a key.

use super::{NONE, PIECE, Spec};
use crate::aggregate::keys::KeyLayout;
use crate::aggregate::table::GroupTable;
use crate::plan::{JoinKind, Strictness};
use crate::query::Query;
use std::sync::atomic::{AtomicU64, Ordering};
use types::compare::compare_rows;
use types::{Batch, Column, Data, Reservation, Result, Type};

/// An integer key whose values lie closer than this is its own place in an array, however few rows there are.
const DENSE_ALWAYS: u64 = 1 << 16;
const DENSE_MAX: u64 = 1 << 28;

pub struct Build {
    pub spec: Spec,
    /// kept columns; when left rows may stay alone, one more row of defaults (NULLs) at the end
    pub right: Batch,
    pub rows: usize,
    pub keys: Vec<Column>,
    index: Index,
    /// right rows of group g are `rows_by_key[starts[g]..starts[g + 1]]`
    starts: Vec<u32>,
    rows_by_key: Vec<u32>,
    /// no group has two rows
    pub unique: bool,
    /// right rows met so far, one bit each (RIGHT, FULL)
    met: Option<Vec<AtomicU64>>,
    pub asof_values: Option<Column>,
    _held: Reservation,
}

/// From a key to the number of its group.
enum Index {
    /// no keys: one group
    One,
    /// group = key - base
    Dense {
        base: u64,
        len: u64,
    },
    Hash {
        layout: KeyLayout,
        table: GroupTable,
    },
}

impl Build {
    /// `held`: what the query's memory lends for the batches.
    pub fn new(batches: Vec<Batch>, spec: Spec, mut held: Reservation, query: &Query) -> Result<Build> {
        let rows: usize = batches.iter().map(|b| b.rows).sum();
        let mut keys = Vec::new();
        for (key, ty) in spec.right_keys.iter().map(|k| (k, k.ty())) {
            let parts: Vec<Column> = batches.iter().map(|b| key.eval(b, query)).collect::<Result<_>>()?;
            keys.push(concat(ty, &parts.iter().collect::<Vec<_>>()));
        }
        let asof_values = match &spec.asof {
            None => None,
            Some((_, e, _)) => {
                let parts: Vec<Column> = batches.iter().map(|b| e.eval(b, query)).collect::<Result<_>>()?;
                Some(concat(e.ty(), &parts.iter().collect::<Vec<_>>()).flat())
            }
        };
        let right = kept(&spec, batches, rows);
        let (index, groups, count) = index(&spec, &keys, rows, &mut held, right.bytes() as u64, query)?;
        let mut starts = vec![0u32; count + 1];
        for &g in groups.iter().filter(|g| **g != NONE) {
            starts[g as usize + 1] += 1;
        }
        let unique = starts.iter().all(|n| *n <= 1);
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut rows_by_key = vec![0u32; starts[count] as usize];
        for (row, &g) in groups.iter().enumerate() {
            if g != NONE {
                rows_by_key[next[g as usize] as usize] = row as u32;
                next[g as usize] += 1;
            }
        }
        if let Some(values) = &asof_values {
            for g in 0..count {
                rows_by_key[starts[g] as usize..starts[g + 1] as usize]
                    .sort_by(|a, b| compare_rows(values, *a as usize, values, *b as usize));
            }
        }
        // ANY INNER gives one row per key: the right row that stands for it is used once
        let once = spec.kind == JoinKind::Inner && spec.strictness == Strictness::Any;
        let met =
            (spec.keeps_right() || once).then(|| (0..rows.div_ceil(64)).map(|_| AtomicU64::new(0)).collect());
        Ok(Build {
            spec,
            right,
            rows,
            keys,
            index,
            starts,
            rows_by_key,
            unique,
            met,
            asof_values,
            _held: held,
        })
    }

    /// Right rows of a group.
    #[inline]
    pub fn run(&self, group: u32) -> &[u32] {
        let g = group as usize;
        if group == NONE || g + 1 >= self.starts.len() {
            return &[];
        }
        &self.rows_by_key[self.starts[g] as usize..self.starts[g + 1] as usize]
    }

    /// The group of each left row, `NONE` where there is none.
    pub fn groups(&self, batch: &Batch, query: &Query) -> Result<Vec<u32>> {
        let spec = &self.spec;
        let keys: Vec<Column> = spec.left_keys.iter().map(|k| k.eval(batch, query)).collect::<Result<_>>()?;
        match &self.index {
            Index::One => Ok(vec![0; batch.rows]),
            Index::Dense { base, len } => Ok(offsets(&keys[0], *base, *len)),
            Index::Hash { layout, table } => {
                let words = layout.pack(&keys, batch.rows)?;
                let mut groups = Vec::new();
                table.find(&words, &mut groups);
                without_nulls(&mut groups, &keys);
                Ok(groups)
            }
        }
    }

    /// True the first time a right row is met, on whichever worker that is.
    pub fn meet(&self, row: u32) -> bool {
        let bit = 1u64 << (row % 64);
        self.met.as_ref().is_none_or(|m| m[row as usize / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0)
    }

    pub fn met(&self, row: u32) -> bool {
        self.met.as_ref().is_some_and(|m| m[row as usize / 64].load(Ordering::Relaxed) >> (row % 64) & 1 != 0)
    }

    pub fn remembers(&self) -> bool {
        self.met.is_some()
    }
}

fn concat(ty: &Type, parts: &[&Column]) -> Column {
    if parts.is_empty() { Column::default_of(ty, 0).flat() } else { Column::concat(ty, parts) }
}

/// The columns that pairs are made of, under one another.
fn kept(spec: &Spec, batches: Vec<Batch>, rows: usize) -> Batch {
    let types = spec.output_types();
    let mut residual = Vec::new();
    if let Some(r) = &spec.residual {
        r.columns(&mut residual);
    }
    let n = spec.left_types.len();
    let total = rows + usize::from(spec.keeps_left());
    let columns = (0..spec.right_types.len())
        .map(|i| {
            if !spec.needed[n + i] && residual.binary_search(&(n + i)).is_err() {
                return Data::Nothing(total).into();
            }
            let ty = &types[n + i];
            let missing = Column::default_of(ty, 1);
            let mut parts: Vec<&Column> = batches.iter().map(|b| &b.columns[i]).collect();
            if spec.keeps_left() {
                parts.push(&missing);
            }
            concat(ty, &parts)
        })
        .collect();
    Batch { columns, rows: total }
}

/// The index, the group of each right row, and how many groups there are.
fn index(
    spec: &Spec,
    keys: &[Column],
    rows: usize,
    held: &mut Reservation,
    kept: u64,
    query: &Query,
) -> Result<(Index, Vec<u32>, usize)> {
    if keys.is_empty() {
        held.resize(kept + rows as u64 * 8)?;
        return Ok((Index::One, vec![0; rows], 1));
    }
    if let [key] = keys
        && !spec.plain
        && let Some((low, high)) = super::filter::int_range(key)
    {
        let span = (high - low) as u128;
        let wanted = (rows as u64).saturating_mul(8).clamp(DENSE_ALWAYS, DENSE_MAX);
        if span < u128::from(wanted) {
            let (base, len) = (low as u64, span as u64 + 1);
            held.resize(kept + len * 8 + rows as u64 * 12)?;
            return Ok((Index::Dense { base, len }, offsets(key, base, len), len as usize));
        }
    }
    let types: Vec<Type> = spec.left_keys.iter().map(|k| k.ty().clone()).collect();
    let layout = KeyLayout::new(&types, &vec![None; types.len()], &query.memory);
    let mut table = GroupTable::new(layout.words, layout.bits);
    held.resize(kept + table.bytes_after(rows) as u64 + rows as u64 * 16)?;
    let mut groups = Vec::with_capacity(rows);
    let mut piece = Vec::new();
    for start in (0..rows).step_by(PIECE) {
        query.cancel.check()?;
        let n = PIECE.min(rows - start);
        let part: Vec<Column> = keys.iter().map(|c| c.slice(start, n)).collect();
        let words = layout.pack(&part, n)?;
        table.find_or_insert(&words, &mut piece);
        groups.extend_from_slice(&piece);
    }
    without_nulls(&mut groups, keys);
    let count = table.len();
    Ok((Index::Hash { layout, table }, groups, count))
}

/// A NULL in a key equals nothing.
fn without_nulls(groups: &mut [u32], keys: &[Column]) {
    for nulls in keys.iter().filter_map(Column::null_mask) {
        for i in nulls.ones() {
            groups[i as usize] = NONE;
        }
    }
}

/// Distance of each integer from `base`, `NONE` from `len` on and for NULL.
pub fn offsets(column: &Column, base: u64, len: u64) -> Vec<u32> {
    let flat = column.flat();
    macro_rules! from {
        ($v:expr) => {
            $v.iter()
                .map(|&x| {
                    let at = (x as u64).wrapping_sub(base);
                    if at < len { at as u32 } else { NONE }
                })
                .collect()
        };
    }
    let mut out: Vec<u32> = match &flat.data {
        Data::U8(v) => from!(v),
        Data::U16(v) => from!(v),
        Data::U32(v) => from!(v),
        Data::U64(v) => from!(v),
        Data::I8(v) => from!(v),
        Data::I16(v) => from!(v),
        Data::I32(v) => from!(v),
        Data::I64(v) => from!(v),
        _ => vec![NONE; flat.len()],
    };
    without_nulls(&mut out, std::slice::from_ref(&flat));
    out
}
