//! Hash joins. The right side is built into memory (under the query's limit), the left side streams
//! past it, a morsel at a time on all workers.
//!
//! 1. Build: right rows are collected; their keys become words (as in GROUP BY) and group numbers;
//!    rows of one key lie side by side (`starts`, `rows_by_key`).
//! 2. Probe: a left row's key gives its run of right rows; pairs leave in pieces of at most 64k rows, each
//!    checked for the residual condition, cancellation and memory.
//! 3. RIGHT and FULL remember which right rows were met; the others follow at the end.

use crate::aggregate::keys::KeyLayout;
use crate::aggregate::table::GroupTable;
use crate::expr::Bound;
use crate::plan::{JoinKind, Strictness};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Step};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::compare::compare_rows;
use types::{Batch, Bitmap, Column, Data, Reservation, Result, Type};

const PIECE: usize = 65_536;
const NO_KEY: u32 = u32::MAX;

pub struct Spec {
    pub kind: JoinKind,
    pub strictness: Strictness,
    pub left_keys: Vec<Bound>,
    pub right_keys: Vec<Bound>,
    pub residual: Option<Bound>,
    /// ASOF: left and right expression, operator
    pub asof: Option<(Bound, Bound, String)>,
    pub use_nulls: bool,
    pub left_types: Vec<Type>,
    pub right_types: Vec<Type>,
}

/// The right side, ready to be asked.
struct Build {
    spec: Spec,
    right: Batch,
    layout: KeyLayout,
    table: GroupTable,
    /// rows of key g are `rows_by_key[starts[g]..starts[g + 1]]`
    starts: Vec<u32>,
    rows_by_key: Vec<u32>,
    /// right rows met so far, one bit each (RIGHT, FULL)
    met: Option<Vec<AtomicU64>>,
    asof_values: Option<Column>,
    _held: Reservation,
}

impl Spec {
    fn keeps_right(&self) -> bool {
        matches!(self.kind, JoinKind::Right | JoinKind::Full | JoinKind::RightSemi | JoinKind::RightAnti)
    }
    /// Types of the joined rows.
    pub fn output_types(&self) -> Vec<Type> {
        let null =
            |t: &Type, yes: bool| if yes && self.use_nulls { Type::nullable(t.clone()) } else { t.clone() };
        let left_missing = matches!(self.kind, JoinKind::Right | JoinKind::Full | JoinKind::RightAnti);
        let right_missing =
            matches!(self.kind, JoinKind::Left | JoinKind::Full | JoinKind::AsofLeft | JoinKind::Anti);
        let left = self.left_types.iter().map(|t| null(t, left_missing));
        left.chain(self.right_types.iter().map(|t| null(t, right_missing))).collect()
    }
}

pub fn join(left: Rows, right: Rows, spec: Spec, query: &Arc<Query>) -> Result<Rows> {
    let build = Arc::new(Build::new(right, spec, query)?);
    let ordered = left.is_ordered();
    let probed = left.then(Arc::new(Probe(build.clone())));
    if !build.spec.keeps_right() {
        return Ok(probed);
    }
    Ok(Rows::serial(ordered, move |query, emit| {
        let mut stopped = false;
        probed.drive(query, &mut |b| {
            let f = emit(b)?;
            stopped = f == Flow::Stop;
            Ok(f)
        })?;
        if stopped { Ok(()) } else { build.rest(query, emit) }
    }))
}

impl Build {
    fn new(right: Rows, spec: Spec, query: &Arc<Query>) -> Result<Build> {
        let mut held = Reservation::empty(&query.memory);
        let batches = {
            let mut out = Vec::new();
            right.drive(query, &mut |b| {
                query.cancel.check()?;
                held.resize(held.bytes() + b.bytes() as u64 * 2)?;
                out.push(b);
                Ok(Flow::More)
            })?;
            out
        };
        let right = Batch::concat(&spec.right_types, &batches);
        drop(batches);
        let key_types: Vec<Type> = spec.left_keys.iter().map(|k| k.ty().clone()).collect();
        let layout = KeyLayout::new(&key_types, &vec![None; key_types.len()], &query.memory);
        let mut table = GroupTable::new(layout.words, layout.bits);
        let columns: Vec<Column> =
            spec.right_keys.iter().map(|k| k.eval(&right, query)).collect::<Result<_>>()?;
        held.resize(right.bytes() as u64 + table.bytes_after(right.rows) as u64 + right.rows as u64 * 16)?;
        let mut groups = Vec::with_capacity(right.rows);
        if spec.left_keys.is_empty() {
            groups.resize(right.rows, 0);
        } else {
            let nulls = any_null(&columns, right.rows);
            let mut start = 0;
            let mut piece = Vec::new();
            while start < right.rows {
                query.cancel.check()?;
                let n = PIECE.min(right.rows - start);
                let keys: Vec<Column> = columns.iter().map(|c| c.slice(start, n)).collect();
                let words = layout.pack(&keys, n)?;
                table.find_or_insert(&words, &mut piece);
                groups.extend_from_slice(&piece);
                start += n;
            }
            if let Some(nulls) = nulls {
                for i in nulls.ones() {
                    groups[i as usize] = NO_KEY;
                }
            }
        }
        let keys = if spec.left_keys.is_empty() { 1 } else { table.len() };
        let mut starts = vec![0u32; keys + 1];
        for &g in groups.iter().filter(|g| **g != NO_KEY) {
            starts[g as usize + 1] += 1;
        }
        for i in 0..keys {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut rows_by_key = vec![0u32; starts[keys] as usize];
        for (row, &g) in groups.iter().enumerate() {
            if g != NO_KEY {
                rows_by_key[next[g as usize] as usize] = row as u32;
                next[g as usize] += 1;
            }
        }
        let asof_values = match &spec.asof {
            None => None,
            Some((_, right_expr, _)) => {
                let values = right_expr.eval(&right, query)?.flat();
                for g in 0..keys {
                    rows_by_key[starts[g] as usize..starts[g + 1] as usize]
                        .sort_by(|a, b| compare_rows(&values, *a as usize, &values, *b as usize));
                }
                Some(values)
            }
        };
        // ANY INNER gives one row per key: the right row that stands for it is used once
        let once = spec.kind == JoinKind::Inner && spec.strictness == Strictness::Any;
        let met = (spec.keeps_right() || once)
            .then(|| (0..right.rows.div_ceil(64)).map(|_| AtomicU64::new(0)).collect());
        Ok(Build { spec, right, layout, table, starts, rows_by_key, met, asof_values, _held: held })
    }

    fn run(&self, group: u32) -> &[u32] {
        if group == NO_KEY || group as usize + 1 >= self.starts.len() {
            return &[];
        }
        &self.rows_by_key[self.starts[group as usize] as usize..self.starts[group as usize + 1] as usize]
    }

    /// True the first time a right row is met, on whichever worker that is.
    fn meet(&self, row: u32) -> bool {
        let bit = 1u64 << (row % 64);
        self.met.as_ref().is_none_or(|m| m[row as usize / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0)
    }

    fn met_before(&self, row: u32) -> bool {
        self.met.as_ref().is_some_and(|m| m[row as usize / 64].load(Ordering::Relaxed) >> (row % 64) & 1 != 0)
    }

    /// Right rows that no left row met (RIGHT, FULL, RIGHT ANTI), or those met (RIGHT SEMI handled at the probe).
    fn rest(&self, query: &Query, emit: Emit<'_>) -> Result<()> {
        if self.spec.kind == JoinKind::RightSemi {
            return Ok(());
        }
        let rows: Vec<u32> = (0..self.right.rows as u32).filter(|&r| !self.met_before(r)).collect();
        let types = self.spec.output_types();
        for piece in rows.chunks(PIECE) {
            query.cancel.check()?;
            let n = piece.len();
            let mut columns: Vec<Column> =
                types[..self.spec.left_types.len()].iter().map(|t| Column::default_of(t, n)).collect();
            columns.extend(self.right.columns.iter().map(|c| c.gather(piece)));
            if emit(Batch { columns, rows: n })? == Flow::Stop {
                break;
            }
        }
        Ok(())
    }

    /// Pairs of rows as one batch; a right row of `NO_KEY` is missing.
    fn paired(&self, left: &Batch, pairs: &[(u32, u32)]) -> Batch {
        let n = pairs.len();
        let left_rows: Vec<u32> = pairs.iter().map(|p| p.0).collect();
        let mut columns: Vec<Column> = left.columns.iter().map(|c| c.gather(&left_rows)).collect();
        let missing = pairs.iter().any(|p| p.1 == NO_KEY);
        let types = self.spec.output_types();
        let none = missing && pairs.iter().all(|p| p.1 == NO_KEY);
        for (c, ty) in self.right.columns.iter().zip(&types[self.spec.left_types.len()..]) {
            if none {
                columns.push(Column::default_of(ty, n));
                continue;
            }
            if !missing {
                let rows: Vec<u32> = pairs.iter().map(|p| p.1).collect();
                columns.push(c.gather(&rows));
                continue;
            }
            let with_default = Column::concat(ty, &[c, &Column::default_of(ty, 1)]);
            let last = self.right.rows as u32;
            let rows: Vec<u32> = pairs.iter().map(|p| if p.1 == NO_KEY { last } else { p.1 }).collect();
            columns.push(with_default.gather(&rows));
        }
        Batch { columns, rows: n }
    }
}

fn any_null(columns: &[Column], rows: usize) -> Option<Bitmap> {
    let mut all: Option<Bitmap> = None;
    for n in columns.iter().filter_map(Column::null_mask) {
        all.get_or_insert_with(|| Bitmap::new(rows, false)).or_with(&n);
    }
    all
}

struct Probe(Arc<Build>);

impl Step for Probe {
    fn explodes(&self) -> bool {
        true
    }
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        let groups = self.groups(&batch, query)?;
        if b.spec.asof.is_some() {
            return self.asof(&batch, &groups, query, emit);
        }
        let one = b.spec.strictness == Strictness::Any
            || matches!(b.spec.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::RightSemi);
        // one partner per left row is enough (not: per right row)
        let one_left = one && !b.spec.keeps_right();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut matched = Bitmap::new(batch.rows, false);
        for row in 0..batch.rows {
            let mut run = b.run(groups[row]);
            if one_left && b.spec.residual.is_none() {
                run = &run[..run.len().min(1)];
            }
            let mut at = 0;
            while at < run.len() {
                let take = (PIECE - pairs.len()).min(run.len() - at);
                pairs.extend(run[at..at + take].iter().map(|&r| (row as u32, r)));
                at += take;
                if pairs.len() == PIECE {
                    if self.flush(&batch, &mut pairs, &mut matched, one, query, emit)? == Flow::Stop {
                        return Ok(Flow::Stop);
                    }
                    if one_left && matched.get(row) {
                        break;
                    }
                }
            }
        }
        if self.flush(&batch, &mut pairs, &mut matched, one, query, emit)? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.unmatched(&batch, &matched, emit)
    }
}

impl Probe {
    fn groups(&self, batch: &Batch, query: &Query) -> Result<Vec<u32>> {
        let b = &*self.0;
        if b.spec.left_keys.is_empty() {
            return Ok(vec![0; batch.rows]);
        }
        let keys: Vec<Column> =
            b.spec.left_keys.iter().map(|k| k.eval(batch, query)).collect::<Result<_>>()?;
        let words = b.layout.pack(&keys, batch.rows)?;
        let mut groups = Vec::new();
        b.table.find(&words, &mut groups);
        if let Some(nulls) = any_null(&keys, batch.rows) {
            for i in nulls.ones() {
                groups[i as usize] = NO_KEY;
            }
        }
        Ok(groups)
    }

    /// Gives the pairs that pass the residual condition, as the kind of join wants them.
    fn flush(
        &self,
        batch: &Batch,
        pairs: &mut Vec<(u32, u32)>,
        matched: &mut Bitmap,
        one: bool,
        query: &Query,
        emit: Emit<'_>,
    ) -> Result<Flow> {
        query.cancel.check()?;
        if pairs.is_empty() {
            return Ok(Flow::More);
        }
        let b = &*self.0;
        let mut kept = std::mem::take(pairs);
        let mut joined = None;
        if let Some(residual) = &b.spec.residual {
            let all = b.paired(batch, &kept);
            let keep = residual.eval_mask(&all, query)?;
            let ones = keep.ones();
            joined = Some(all.gather(&ones));
            kept = ones.iter().map(|&i| kept[i as usize]).collect();
        }
        if one || b.met.is_some() {
            let mut positions = Vec::new();
            for (i, &(l, r)) in kept.iter().enumerate() {
                let first_left = !matched.get(l as usize);
                let taken = match b.spec.kind {
                    JoinKind::Anti => false,
                    // every right row once
                    JoinKind::RightSemi => b.meet(r),
                    JoinKind::Right if b.spec.strictness == Strictness::Any => b.meet(r),
                    JoinKind::Inner if one => first_left && b.meet(r),
                    JoinKind::RightAnti => false,
                    _ => !one || first_left,
                };
                matched.set(l as usize, true);
                if taken || b.spec.kind == JoinKind::RightAnti || !one {
                    b.meet(r);
                }
                if taken {
                    positions.push(i as u32);
                }
            }
            if positions.len() < kept.len() {
                joined = joined.map(|j| j.gather(&positions));
                kept = positions.iter().map(|&i| kept[i as usize]).collect();
            }
        } else {
            for &(l, _) in &kept {
                matched.set(l as usize, true);
            }
        }
        if kept.is_empty() {
            return Ok(Flow::More);
        }
        emit(joined.unwrap_or_else(|| b.paired(batch, &kept)))
    }

    /// Left rows without a partner, for the joins that keep them.
    fn unmatched(&self, batch: &Batch, matched: &Bitmap, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        if !matches!(b.spec.kind, JoinKind::Left | JoinKind::Full | JoinKind::Anti | JoinKind::AsofLeft) {
            return Ok(Flow::More);
        }
        let pairs: Vec<(u32, u32)> = matched.not().ones().into_iter().map(|l| (l, NO_KEY)).collect();
        if pairs.is_empty() { Ok(Flow::More) } else { emit(b.paired(batch, &pairs)) }
    }

    fn asof(&self, batch: &Batch, groups: &[u32], query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        let (Some((left_expr, _, op)), Some(values)) = (&b.spec.asof, &b.asof_values) else {
            return Ok(Flow::More);
        };
        let wanted = left_expr.eval(batch, query)?.flat();
        let mut matched = Bitmap::new(batch.rows, false);
        let mut pairs = Vec::new();
        for row in 0..batch.rows {
            let run = b.run(groups[row]);
            // NULLs are sorted last and match nothing
            let run = &run[..run.partition_point(|r| !values.is_null(*r as usize))];
            if run.is_empty() || wanted.is_null(row) {
                continue;
            }
            let order = |r: &u32| compare_rows(values, *r as usize, &wanted, row);
            let hit = match op.as_str() {
                // left >= right: the largest right value not above
                ">=" => run.partition_point(|r| order(r).is_le()).checked_sub(1),
                ">" => run.partition_point(|r| order(r).is_lt()).checked_sub(1),
                "<=" => Some(run.partition_point(|r| order(r).is_lt())).filter(|i| *i < run.len()),
                _ => Some(run.partition_point(|r| order(r).is_le())).filter(|i| *i < run.len()),
            };
            if let Some(i) = hit {
                matched.set(row, true);
                pairs.push((row as u32, run[i]));
            }
        }
        if !pairs.is_empty() && emit(b.paired(batch, &pairs))? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.unmatched(batch, &matched, emit)
    }
}

/// Rows of the left that are (INTERSECT) or are not (EXCEPT) in the right; NULLs equal one another.
pub fn set_operation(
    left: Rows,
    right: Rows,
    types: &[Type],
    intersect: bool,
    all: bool,
    query: &Arc<Query>,
) -> Result<Rows> {
    let layout = KeyLayout::new(types, &vec![None; types.len()], &query.memory);
    let mut table = GroupTable::new(layout.words, layout.bits);
    let mut counts: Vec<u64> = Vec::new();
    let mut held = Reservation::empty(&query.memory);
    let mut groups = Vec::new();
    right.drive(query, &mut |b| {
        let words = layout.pack(&b.columns, b.rows)?;
        held.resize(table.bytes_after(b.rows) as u64)?;
        table.find_or_insert(&words, &mut groups);
        counts.resize(table.len(), 0);
        groups.iter().for_each(|&g| counts[g as usize] += 1);
        Ok(Flow::More)
    })?;
    let ordered = left.is_ordered();
    Ok(Rows::serial(ordered, move |query, emit| {
        let mut held = held;
        let right_groups = table.len();
        let mut given: Vec<bool> = Vec::new();
        left.drive(query, &mut |b| {
            query.cancel.check()?;
            let words = layout.pack(&b.columns, b.rows)?;
            held.resize((table.bytes_after(b.rows) + 9 * (table.len() + b.rows)) as u64)?;
            table.find_or_insert(&words, &mut groups);
            given.resize(table.len(), false);
            counts.resize(table.len(), 0);
            let mut keep = Vec::new();
            for (i, &g) in groups.iter().enumerate() {
                let g = g as usize;
                let present = if all { counts[g] > 0 } else { g < right_groups };
                if all && present {
                    counts[g] -= 1;
                }
                let wanted = present == intersect;
                if wanted && (all || !std::mem::replace(&mut given[g], true)) {
                    keep.push(i as u32);
                }
            }
            if keep.is_empty() { Ok(Flow::More) } else { emit(b.gather(&keep)) }
        })
    }))
}

/// Adds columns with the elements of arrays, one row an element.
pub struct ArrayJoin {
    pub arrays: Vec<Bound>,
    pub left: bool,
}

impl ArrayJoin {
    /// Types of the added columns.
    pub fn types(&self) -> Result<Vec<Type>> {
        self.arrays
            .iter()
            .map(|a| match a.ty().base() {
                Type::Array(t) => Ok(t.as_ref().clone()),
                Type::Map(kv) => Ok(Type::map_entry(kv)),
                t => Err(types::Error::new(
                    types::codes::TYPE_MISMATCH,
                    format!("ARRAY JOIN needs an Array or a Map, not {t}"),
                )),
            })
            .collect()
    }
}

impl Step for ArrayJoin {
    fn explodes(&self) -> bool {
        true
    }
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        // small pieces: rows may hold large arrays
        let mut start = 0;
        while start < batch.rows {
            query.cancel.check()?;
            let n = 1024.min(batch.rows - start);
            if self.piece(&batch.slice(start, n), query, emit)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            start += n;
        }
        Ok(Flow::More)
    }
}

impl ArrayJoin {
    fn piece(&self, batch: &Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let columns: Vec<Column> =
            self.arrays.iter().map(|a| Ok(a.eval(batch, query)?.flat())).collect::<Result<_>>()?;
        let types = self.types()?;
        let mut outer: Vec<u32> = Vec::new();
        let mut inner: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
        for row in 0..batch.rows {
            let mut length = None;
            for c in &columns {
                let Data::Array(a) = &c.data else { return Err(types::Error::internal("array join input")) };
                let n = a.offsets[row + 1] - a.offsets[row];
                if *length.get_or_insert(n) != n {
                    return Err(types::Error::new(
                        types::codes::SIZES_OF_ARRAYS_DONT_MATCH,
                        "Sizes of ARRAY-JOIN-ed arrays do not match",
                    ));
                }
            }
            let n = length.unwrap_or(0);
            if n == 0 && self.left {
                outer.push(row as u32);
                inner.iter_mut().for_each(|v| v.push(u32::MAX));
            }
            for k in 0..n {
                outer.push(row as u32);
                for (c, v) in columns.iter().zip(&mut inner) {
                    if let Data::Array(a) = &c.data {
                        v.push(a.offsets[row] + k);
                    }
                }
            }
        }
        if outer.is_empty() {
            return Ok(Flow::More);
        }
        let _held = query.memory.reserve(outer.len() as u64 * 8)?;
        let mut out: Vec<Column> = batch.columns.iter().map(|c| c.gather(&outer)).collect();
        for ((c, rows), ty) in columns.iter().zip(&inner).zip(&types) {
            let Data::Array(a) = &c.data else { continue };
            if self.left {
                let all = Column::concat(ty, &[&a.values, &Column::default_of(ty, 1)]);
                let last = a.values.len() as u32;
                let rows: Vec<u32> = rows.iter().map(|&r| if r == u32::MAX { last } else { r }).collect();
                out.push(all.gather(&rows));
            } else {
                out.push(a.values.gather(rows));
            }
        }
        emit(Batch { columns: out, rows: outer.len() })
    }
}
