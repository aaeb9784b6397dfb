//! Windows over rows that lie in files: as many whole partitions at a time as a share of the memory takes.

use super::Windows;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Emit;
use crate::sort::{KeyColumn, Runs};
use std::sync::Arc;
use types::{Batch, Reservation, Result};

/// Of the bytes at which the query went to files, the rows that wait may take this share.
const WAITING_SHARE: u64 = 8;

/// Reads the runs in order and emits their rows with the added columns.
pub(super) fn drive(windows: &Windows, runs: Runs, query: &Arc<Query>, emit: Emit<'_>) -> Result<()> {
    let share = (runs.spilled_at() / WAITING_SHARE).max(1);
    let mut wanted = share;
    let mut waiting: Vec<Batch> = Vec::new();
    let mut held = Reservation::empty(&query.memory);
    let mut stopped = false;
    runs.merge(query, &mut |batch| {
        held.resize(held.bytes() + batch.bytes() as u64)?;
        waiting.push(batch);
        if windows.partition_keys == 0 || held.bytes() < wanted {
            return Ok(Flow::More);
        }
        let all = Batch::concat(&windows.types, &std::mem::take(&mut waiting));
        let last = last_partition(windows, &all, query)?;
        if last > 0 {
            held.resize(0)?;
            stopped = add(windows, vec![all.slice(0, last)], query, emit)? == Flow::Stop;
        }
        // what is left is copied, so that what has left is freed
        let rest: Vec<u32> = (last as u32..all.rows as u32).collect();
        let rest = all.gather(&rest);
        held.resize(rest.bytes() as u64)?;
        wanted = share.max(held.bytes() * 2);
        waiting.push(rest);
        Ok(if stopped { Flow::Stop } else { Flow::More })
    })?;
    held.resize(0)?;
    if !stopped && waiting.iter().any(|b| b.rows > 0) {
        add(windows, waiting, query, emit)?;
    }
    Ok(())
}

/// The first row of the last partition.
fn last_partition(windows: &Windows, all: &Batch, query: &Query) -> Result<usize> {
    let keys = &windows.keys[..windows.partition_keys];
    let columns: Vec<KeyColumn> = keys.iter().map(|k| k.column(all, query)).collect::<Result<_>>()?;
    let begins = |i: usize| columns.iter().any(|k| !k.equal(i - 1, i));
    Ok((1..all.rows).rev().find(|&i| begins(i)).unwrap_or(0))
}

fn add(windows: &Windows, batches: Vec<Batch>, query: &Arc<Query>, emit: Emit<'_>) -> Result<Flow> {
    let (out, _held) = windows.of(batches, query)?;
    for batch in out {
        if emit(batch)? == Flow::Stop {
            return Ok(Flow::Stop);
        }
    }
    Ok(Flow::More)
}
