//! LIMIT, OFFSET, LIMIT BY, DISTINCT, WITH TIES: operators that look at rows in order.

use crate::aggregate::keys::KeyLayout;
use crate::aggregate::table::GroupTable;
use crate::expr::Bound;
use crate::pool::Flow;
use crate::rows::Rows;
use types::compare::compare_rows;
use types::{Batch, Column, Reservation, Result, Type};

/// Skips `offset` rows, then passes `limit`; with `ties`, also the following rows that equal the
/// last one in these expressions.
pub fn limit(input: Rows, limit: Option<u64>, offset: u64, ties: Option<Vec<Bound>>) -> Rows {
    let ordered = input.is_ordered();
    Rows::serial(ordered, move |query, emit| {
        let mut skip = offset;
        let mut left = limit.unwrap_or(u64::MAX);
        let mut last: Option<Vec<Column>> = None;
        if left == 0 {
            return Ok(());
        }
        input.drive(query, &mut |batch| {
            let drop_rows = skip.min(batch.rows as u64);
            skip -= drop_rows;
            let batch = if drop_rows > 0 {
                batch.slice(drop_rows as usize, batch.rows - drop_rows as usize)
            } else {
                batch
            };
            if batch.rows == 0 {
                return Ok(Flow::More);
            }
            if left == 0 {
                return tie_rows(&batch, ties.as_deref(), last.as_ref(), query, emit);
            }
            let n = left.min(batch.rows as u64) as usize;
            left -= n as u64;
            let head = if n < batch.rows { batch.slice(0, n) } else { batch.clone() };
            if left == 0
                && let Some(ties) = &ties
            {
                let end = head.slice(n - 1, 1);
                last = Some(ties.iter().map(|t| t.eval(&end, query)).collect::<Result<_>>()?);
            }
            if emit(head)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            if left > 0 {
                return Ok(Flow::More);
            }
            if n < batch.rows {
                return tie_rows(
                    &batch.slice(n, batch.rows - n),
                    ties.as_deref(),
                    last.as_ref(),
                    query,
                    emit,
                );
            }
            Ok(if ties.is_some() { Flow::More } else { Flow::Stop })
        })
    })
}

fn tie_rows(
    batch: &Batch,
    ties: Option<&[Bound]>,
    last: Option<&Vec<Column>>,
    query: &crate::query::Query,
    emit: crate::rows::Emit<'_>,
) -> Result<Flow> {
    let (Some(ties), Some(last)) = (ties, last) else { return Ok(Flow::Stop) };
    let keys: Vec<Column> = ties.iter().map(|t| t.eval(batch, query)).collect::<Result<_>>()?;
    let equal = (0..batch.rows)
        .take_while(|&i| keys.iter().zip(last).all(|(k, l)| compare_rows(k, i, l, 0).is_eq()))
        .count();
    if equal > 0 && emit(batch.slice(0, equal))? == Flow::Stop {
        return Ok(Flow::Stop);
    }
    Ok(if equal == batch.rows { Flow::More } else { Flow::Stop })
}

/// At most `limit` rows, after `offset`, of each combination of keys, in order.
pub fn limit_by(input: Rows, keys: Vec<Bound>, limit: u64, offset: u64) -> Rows {
    let ordered = input.is_ordered();
    Rows::serial(ordered, move |query, emit| {
        let mut seen = Seen::new(&keys, query);
        let mut counts: Vec<u64> = Vec::new();
        input.drive(query, &mut |batch| {
            let groups = seen.groups(&keys, &batch, query)?;
            counts.resize(seen.table.len(), 0);
            let mut keep = Vec::new();
            for (i, &g) in groups.iter().enumerate() {
                let c = &mut counts[g as usize];
                *c += 1;
                if *c > offset && *c - offset <= limit {
                    keep.push(i as u32);
                }
            }
            if keep.len() == batch.rows { emit(batch) } else { emit(batch.gather(&keep)) }
        })
    })
}

/// The first row of each combination of keys, in order; ends after `limit` rows.
pub fn distinct(input: Rows, keys: Vec<Bound>, limit: Option<u64>) -> Rows {
    let ordered = input.is_ordered();
    Rows::serial(ordered, move |query, emit| {
        let mut seen = Seen::new(&keys, query);
        let mut left = limit.unwrap_or(u64::MAX);
        input.drive(query, &mut |batch| {
            let known = seen.table.len() as u32;
            let groups = seen.groups(&keys, &batch, query)?;
            // groups are numbered by appearance: a row is the first of its group if the number is new
            let mut next = known;
            let mut keep = Vec::new();
            for (i, &g) in groups.iter().enumerate() {
                if g == next {
                    next += 1;
                    if left > 0 {
                        keep.push(i as u32);
                        left -= 1;
                    }
                }
            }
            if !keep.is_empty() {
                let out = if keep.len() == batch.rows { batch } else { batch.gather(&keep) };
                if emit(out)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
            }
            Ok(if left == 0 { Flow::Stop } else { Flow::More })
        })
    })
}

/// Keys met so far.
struct Seen {
    layout: KeyLayout,
    table: GroupTable,
    held: Reservation,
}

impl Seen {
    fn new(keys: &[Bound], query: &crate::query::Query) -> Seen {
        let types: Vec<Type> = keys.iter().map(|k| k.ty().clone()).collect();
        let layout = KeyLayout::new(&types, &vec![None; types.len()], &query.memory);
        let table = GroupTable::new(layout.words, layout.bits);
        Seen { layout, table, held: Reservation::empty(&query.memory) }
    }
    fn groups(&mut self, keys: &[Bound], batch: &Batch, query: &crate::query::Query) -> Result<Vec<u32>> {
        query.cancel.check()?;
        let columns: Vec<Column> = keys.iter().map(|k| k.eval(batch, query)).collect::<Result<_>>()?;
        let words = self.layout.pack(&columns, batch.rows)?;
        self.held.resize(self.table.bytes_after(batch.rows) as u64)?;
        let mut groups = Vec::new();
        self.table.find_or_insert(&words, &mut groups);
        self.held.resize(self.table.bytes() as u64)?;
        Ok(groups)
    }
}
