//! Sorting in memory on all workers: rows are dealt out between splitters taken from a sample, and what lies
//! between two of them is sorted alone. Nothing is merged, and equal rows cannot pile up in one part: the number of
//! a row decides between them.

use super::words::{KeyColumn, Pair, compare, order, pairs};
use crate::paths::Path;
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use parking_lot::Mutex;
use std::sync::Arc;
use types::Result;

/// fewer rows are sorted sooner than workers wake
const ROWS_MIN: usize = 50_000;
/// parts for each worker, so that a slow one does not hold up the others
const PARTS_PER_THREAD: usize = 4;
/// rows of the sample for each part
const SAMPLE: usize = 64;
/// bytes of a row while it is sorted: in its part as it is dealt out, and again while the part is sorted
const ROW_BYTES: u64 = 2 * size_of::<Pair>() as u64;

/// Row order by the keys, as `order` gives it.
pub fn parallel_order(
    keys: &[KeyColumn],
    rows: usize,
    limit: Option<usize>,
    query: &Arc<Query>,
) -> Result<Vec<u32>> {
    let threads = query.threads;
    let few = rows < ROWS_MIN || threads < 2 || keys.is_empty() || limit.is_some_and(|n| n < rows);
    if few || !query.fast(Path::ParallelSort) {
        return Ok(order(keys, rows, limit));
    }
    let Ok(_held) = query.memory.reserve(ROW_BYTES * rows as u64) else {
        return Ok(order(keys, rows, limit));
    };
    let parts = threads * PARTS_PER_THREAD;
    let splitters = splitters(keys, rows, parts);
    let dealt: Vec<Mutex<Vec<Vec<Pair>>>> = (0..parts).map(|_| Mutex::default()).collect();
    let piece = rows.div_ceil(parts);
    run_phase(query, parts, &|i| {
        query.cancel.check()?;
        let mut own: Vec<Vec<Pair>> = vec![Vec::with_capacity(piece / parts * 3 / 2); parts];
        for pair in pairs(keys, (i * piece).min(rows)..((i + 1) * piece).min(rows)) {
            own[splitters.partition_point(|s| compare(keys, s, &pair).is_le())].push(pair);
        }
        for (part, pairs) in dealt.iter().zip(own) {
            part.lock().push(pairs);
        }
        Ok(Flow::More)
    })?;
    let sorted: Vec<Mutex<Vec<u32>>> = (0..parts).map(|_| Mutex::default()).collect();
    run_phase(query, parts, &|p| {
        query.cancel.check()?;
        let mut all = std::mem::take(&mut *dealt[p].lock()).concat();
        all.sort_unstable_by(|a, b| compare(keys, a, b));
        *sorted[p].lock() = all.into_iter().map(|pair| pair.1).collect();
        Ok(Flow::More)
    })?;
    Ok(sorted.into_iter().map(Mutex::into_inner).collect::<Vec<_>>().concat())
}

/// The first row of each part but the first.
fn splitters(keys: &[KeyColumn], rows: usize, parts: usize) -> Vec<Pair> {
    let step = (rows / (parts * SAMPLE)).max(1);
    let mut sample: Vec<Pair> = (0..rows).step_by(step).flat_map(|row| pairs(keys, row..row + 1)).collect();
    sample.sort_unstable_by(|a, b| compare(keys, a, b));
    (1..parts).map(|p| sample[p * sample.len() / parts]).collect()
}
