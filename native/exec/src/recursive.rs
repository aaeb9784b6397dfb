//! WITH RECURSIVE: a step is run over the rows that the step before gave, until it gives none.

use crate::aggregate::keys::KeyLayout;
use crate::aggregate::table::GroupTable;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Batches, Rows, Typed};
use crate::run::Output;
use std::sync::Arc;
use types::codes::TOO_DEEP_RECURSION;
use types::{Batch, Error, Reservation, Result, Type};

pub struct Limits {
    pub steps: u64,
    pub distinct: bool,
}

/// Runs the step over rows, in a stream with the types of the first rows.
pub type Step<'a> = &'a mut dyn FnMut(Vec<Batch>, Vec<Type>) -> Result<Output>;

pub fn run(first: Output, limits: Limits, query: &Arc<Query>, step: Step<'_>) -> Result<Output> {
    let types = first.types.clone();
    let mut seen = limits.distinct.then(|| Seen::new(&types, query));
    let mut held = Reservation::empty(&query.memory);
    let mut all: Vec<Batch> = Vec::new();
    let mut fresh = collect(first.rows, &mut seen, &mut held, query)?;
    let mut steps = 0;
    while !fresh.is_empty() {
        query.cancel.check()?;
        steps += 1;
        if limits.steps > 0 && steps > limits.steps {
            return Err(Error::new(
                TOO_DEEP_RECURSION,
                format!(
                    "Maximum recursive CTE evaluation depth ({}) exceeded; the recursion may have no end, else raise max_recursive_cte_evaluation_depth",
                    limits.steps
                ),
            ));
        }
        all.extend(fresh.iter().cloned());
        let out = step(fresh, types.clone())?;
        fresh = collect(out.rows, &mut seen, &mut held, query)?;
    }
    let rows = Rows::source(Batches::held(all, held), true);
    Ok(Output::plain(Typed { rows, types }))
}

fn collect(
    rows: Rows,
    seen: &mut Option<Seen>,
    held: &mut Reservation,
    query: &Arc<Query>,
) -> Result<Vec<Batch>> {
    let mut out = Vec::new();
    rows.drive(query, &mut |b| {
        let b = match seen {
            Some(s) => s.fresh(b)?,
            None => b,
        };
        if b.rows > 0 {
            held.resize(held.bytes() + b.bytes() as u64)?;
            out.push(b);
        }
        Ok(Flow::More)
    })?;
    Ok(out)
}

/// Rows that were there before.
struct Seen {
    layout: KeyLayout,
    table: GroupTable,
    held: Reservation,
    groups: Vec<u32>,
}

impl Seen {
    fn new(types: &[Type], query: &Query) -> Seen {
        let layout = KeyLayout::new(types, &vec![None; types.len()], &query.memory);
        let table = GroupTable::new(layout.words, layout.bits);
        Seen { layout, table, held: Reservation::empty(&query.memory), groups: Vec::new() }
    }

    fn fresh(&mut self, b: Batch) -> Result<Batch> {
        let words = self.layout.pack(&b.columns, b.rows)?;
        self.held.resize(self.table.bytes_after(b.rows) as u64)?;
        let mut next = self.table.len() as u32;
        self.table.find_or_insert(&words, &mut self.groups);
        // groups are numbered as they appear
        let mut keep = Vec::new();
        for (row, &g) in self.groups.iter().enumerate() {
            if g == next {
                keep.push(row as u32);
                next += 1;
            }
        }
        Ok(if keep.len() == b.rows { b } else { b.gather(&keep) })
    }
}
