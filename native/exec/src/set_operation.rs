//! INTERSECT and EXCEPT: the right side's rows are counted, the left side streams past them.

use crate::aggregate::keys::KeyLayout;
use crate::aggregate::table::GroupTable;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Rows;
use std::sync::Arc;
use types::{Reservation, Result, Type};

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
