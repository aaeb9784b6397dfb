//! Rows for an operator that needs all of them in order: in memory, or sorted in runs that lie in a file.
//!
//! A frame of a run has the columns that somebody reads and every computed key, so that no key is computed
//! twice (`ORDER BY rand()`).

use super::merge::{self, Order};
use super::words::{Key, KeyColumn, order};
use crate::expr::Bound;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows};
use crate::spill::{Frame, Operator, Spill};
use std::sync::Arc;
use types::{Batch, Column, Data, Reservation, Result, Type};

/// a run is not worth its frames below this, whatever else takes the memory
const RUN_BYTES_MIN: u64 = 4 << 20;
/// sorting a run takes, beside its rows, about this many times their bytes
const WORKING: u64 = 2;

/// All rows of a stream.
pub enum Gathered {
    /// in the order in which they came; they are no longer accounted for
    Memory(Vec<Batch>),
    Runs(Runs),
}

/// Sorted runs in a file.
pub struct Runs {
    spill: Spill,
    shape: Order,
    runs: Vec<Vec<Frame>>,
    at: u64,
}

/// Collects a stream, in runs if it is too large for the query's memory.
pub fn gather(
    input: Rows,
    types: &[Type],
    keys: &[Key],
    used: Option<&[usize]>,
    query: &Arc<Query>,
) -> Result<Gathered> {
    let at = query.spill_at(Operator::Sort);
    let mut held = Reservation::empty(&query.memory);
    let mut batches: Vec<Batch> = Vec::new();
    let mut runs: Option<Runs> = None;
    input.drive(query, &mut |batch| {
        if let Some(at) = at
            && query.memory.used() + WORKING * held.bytes() + batch.bytes() as u64 > at
            && held.bytes() >= RUN_BYTES_MIN.min(at / 8)
        {
            let all = std::mem::take(&mut batches);
            runs_of(&mut runs, types, keys, used, at, query)?.add(all, types, keys, query)?;
            held.resize(0)?;
        }
        held.resize(held.bytes() + batch.bytes() as u64)?;
        batches.push(batch);
        Ok(Flow::More)
    })?;
    let Some(mut runs) = runs else { return Ok(Gathered::Memory(batches)) };
    runs.add(batches, types, keys, query)?;
    drop(held);
    Ok(Gathered::Runs(runs.few(query)?))
}

fn runs_of<'r>(
    runs: &'r mut Option<Runs>,
    types: &[Type],
    keys: &[Key],
    used: Option<&[usize]>,
    at: u64,
    query: &Query,
) -> Result<&'r mut Runs> {
    if runs.is_none() {
        let shape = Order::new(types, keys, used);
        *runs = Some(Runs { spill: Spill::new(query, shape.types(), 0)?, shape, runs: Vec::new(), at });
    }
    runs.as_mut().ok_or_else(|| types::Error::internal("no runs"))
}

impl Runs {
    /// Sorts rows and writes them as a run.
    fn add(&mut self, batches: Vec<Batch>, types: &[Type], keys: &[Key], query: &Query) -> Result<()> {
        let bytes: u64 = batches.iter().map(|b| b.bytes() as u64).sum();
        let _working = query.memory.reserve(bytes)?;
        let mut all = Batch::concat(types, &batches);
        drop(batches);
        if all.rows == 0 {
            return Ok(());
        }
        for (i, c) in all.columns.iter_mut().enumerate() {
            if !self.shape.keeps(i) {
                *c = Data::Nothing(all.rows).into();
            }
        }
        let mut computed: Vec<Column> = Vec::new();
        let mut columns: Vec<KeyColumn> = Vec::new();
        for k in keys {
            let c = k.expr.eval(&all, query)?;
            if !matches!(k.expr, Bound::Column(..)) {
                computed.push(c.clone());
            }
            columns.push(k.words(c));
        }
        all.columns.extend(computed);
        query.cancel.check()?;
        let rows = order(&columns, all.rows, None);
        drop(columns);
        let mut frames = Vec::new();
        for rows in rows.chunks(merge::rows_of(all.bytes(), all.rows, self.at)) {
            query.cancel.check()?;
            frames.push(self.spill.put(&all.gather(rows))?);
        }
        self.runs.push(frames);
        Ok(())
    }

    /// Neighbouring runs are merged into one until all can be read side by side.
    fn few(mut self, query: &Query) -> Result<Runs> {
        while self.runs.len() > merge::WAYS {
            let next = Spill::new(query, self.shape.types(), 0)?;
            let mut merged = Vec::new();
            for group in self.runs.chunks(merge::WAYS) {
                let mut frames = Vec::new();
                merge::merge(&self.spill, group, &self.shape, self.at, query, &mut |b| {
                    let size = merge::rows_of(b.bytes(), b.rows, self.at);
                    for start in (0..b.rows).step_by(size) {
                        frames.push(next.put(&b.slice(start, size.min(b.rows - start)))?);
                    }
                    Ok(Flow::More)
                })?;
                merged.push(frames);
            }
            self.runs = merged;
            self.spill = next;
        }
        Ok(self)
    }

    /// The columns of the stream, in order.
    pub fn merge(self, query: &Query, emit: Emit<'_>) -> Result<()> {
        merge::merge(&self.spill, &self.runs, &self.shape, self.at, query, &mut |mut b| {
            b.columns.truncate(self.shape.width());
            emit(b)
        })
    }

    /// Bytes of the query's memory from which it went to files.
    pub fn spilled_at(&self) -> u64 {
        self.at
    }
}
