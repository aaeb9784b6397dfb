//! ORDER BY, whole or the first N, in memory or beyond it.
//!
//! - `words`: keys as machine words; the order of rows in memory, on all workers where there are many (`parallel`).
//! - `top`: the first N, with a threshold shared by all workers: rows beyond it are dropped before any other
//!   column is touched, and blocks beyond it are not read (`top_source`).
//! - `external`: what does not fit is sorted in runs, which go to a file; `merge` puts them together.

mod external;
mod merge;
mod parallel;
mod top;
pub mod top_source;
mod words;

use crate::query::Query;
use crate::rows::{Rows, Source};
use std::sync::Arc;
use types::{Batch, Reservation, Result, Type};

pub use external::{Gathered, Runs, gather};
pub use parallel::parallel_order;
pub use top::{Threshold, top};
pub use words::{Key, KeyColumn, key_column};

/// Up to so many rows are kept by the threshold method; more are sorted as a whole.
pub const TOP_ROWS_MAX: u64 = 100_000;
/// rows of a batch that leaves
const CHUNK: usize = 65_536;

/// Sorts a stream; `limit`: only the first rows are wanted (rows that tie with the last one too when
/// `with_ties`). `used`: the columns that somebody reads (None = all), keys among them. `threshold`: what is known of
/// the last of the first rows.
pub fn sort(
    input: Rows,
    types: &[Type],
    keys: Vec<Key>,
    used: Option<&[usize]>,
    limit: Option<u64>,
    with_ties: bool,
    threshold: &Threshold,
    query: &Arc<Query>,
) -> Result<Rows> {
    let limit = limit.filter(|n| *n <= TOP_ROWS_MAX && !with_ties);
    let batches = match limit {
        Some(n) => top(input, types, &keys, n as usize, threshold, query)?,
        None => match gather(input, types, &keys, used, query)? {
            Gathered::Memory(batches) => batches,
            Gathered::Runs(runs) => {
                return Ok(Rows::serial(true, move |query, emit| runs.merge(query, emit)));
            }
        },
    };
    sorted(batches, types, &keys, limit, query)
}

/// Sorts what is in memory.
pub fn sorted(
    batches: Vec<Batch>,
    types: &[Type],
    keys: &[Key],
    limit: Option<u64>,
    query: &Arc<Query>,
) -> Result<Rows> {
    let bytes = batches.iter().map(|b| b.bytes() as u64).sum::<u64>();
    let mut held = query.memory.reserve(bytes * 2)?;
    let all = Batch::concat(types, &batches);
    drop(batches);
    let columns: Vec<KeyColumn> = keys.iter().map(|k| k.column(&all, query)).collect::<Result<_>>()?;
    query.cancel.check()?;
    let order = parallel_order(&columns, all.rows, limit.map(|n| n as usize), query)?;
    query.cancel.check()?;
    drop(columns);
    held.resize(bytes + order.len() as u64 * 4)?;
    Ok(Rows::source(Sorted { all, order, _held: held }, true))
}

/// Rows of a batch in an order: they are put there as they are read, by whoever reads them.
struct Sorted {
    all: Batch,
    order: Vec<u32>,
    _held: Reservation,
}

impl Source for Sorted {
    fn morsels(&self) -> usize {
        self.order.len().div_ceil(CHUNK)
    }
    fn read(&self, morsel: usize, _: &Query) -> Result<Vec<Batch>> {
        let end = self.order.len().min((morsel + 1) * CHUNK);
        Ok(vec![self.all.gather(&self.order[morsel * CHUNK..end])])
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.order.len() as u64)
    }
}
