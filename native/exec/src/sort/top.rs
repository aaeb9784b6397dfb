//! The first N rows of a stream: each worker keeps the best it has met, and all share a threshold.

use super::words::{Key, KeyColumn, order};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Rows;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::{Batch, Reservation, Result, Type};

/// A row whose first word is larger cannot be among the first N.
#[derive(Clone)]
pub struct Threshold(Arc<AtomicU64>);

impl Default for Threshold {
    fn default() -> Self {
        Threshold(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Threshold {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn lower(&self, word: u64) {
        self.0.fetch_min(word, Ordering::Relaxed);
    }
}

struct Top {
    batches: Vec<Batch>,
    rows: usize,
    held: Reservation,
}

/// Candidates for the first `n` rows, from all workers.
pub fn top(
    input: Rows,
    types: &[Type],
    keys: &[Key],
    n: usize,
    threshold: &Threshold,
    query: &Arc<Query>,
) -> Result<Vec<Batch>> {
    if n == 0 {
        return Ok(Vec::new());
    }
    let prune = |t: &mut Top| -> Result<()> {
        let all = Batch::concat(types, &t.batches);
        let columns: Vec<KeyColumn> = keys.iter().map(|k| k.column(&all, query)).collect::<Result<_>>()?;
        let best = order(&columns, all.rows, Some(n));
        if best.len() == n
            && let Some(last) = best.last()
        {
            threshold.lower(columns[0].word(*last as usize));
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
            let limit = threshold.get();
            let first = keys[0].column(&batch, query)?;
            let mut candidates: Vec<u32> =
                (0..batch.rows as u32).filter(|&i| first.word(i as usize) <= limit).collect();
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
                if let Some(last) = candidates.last() {
                    threshold.lower(columns[0].word(*last as usize));
                }
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
