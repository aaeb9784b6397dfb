//! The workers' groups into one set of groups: in one table, or in partitions by hash.

use super::Grouping;
use super::dense::Cut;
use super::local::Local;
use super::spread::{PARTITIONS, PARTITIONS_LOG, Waiting};
use crate::paths::Path;
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use parking_lot::Mutex;
use std::sync::Arc;
use types::Result;

/// fewer groups than this are merged by one worker: partitions would cost more than they save
const PARTITION_GROUPS_MIN: usize = 20_000;

/// Returns disjoint parts: no key is in two of them.
pub fn merge(g: &Grouping, mut locals: Vec<Local>, query: &Arc<Query>) -> Result<Vec<Local>> {
    locals.sort_by_key(|l| std::cmp::Reverse(l.len()));
    let waiting: Vec<Waiting> = locals.iter_mut().map(|l| std::mem::take(&mut l.waiting)).collect();
    let spread = g.spread.began() || waiting.iter().any(|w| !w.is_empty());
    if locals.len() == 1 && !spread {
        return Ok(locals);
    }
    let groups: usize = locals.iter().map(Local::len).sum();
    // set-like states are merged in one pass over all groups, so partitions gain nothing there
    let per_group = g.calls.iter().all(|c| merges_by_group(c.aggregate.name()));
    let few = groups < PARTITION_GROUPS_MIN || !per_group || !query.fast(Path::PartitionedGroups);
    if !spread && (few || g.keys.is_empty()) {
        let mut first = locals.remove(0);
        for other in &locals {
            query.cancel.check()?;
            let all: Vec<u32> = (0..other.len() as u32).collect();
            absorb(&mut first, other, other.table.keys(), &all)?;
        }
        return Ok(vec![first]);
    }
    let cut = Cut::of(g, &locals);
    let buckets: Vec<Vec<Vec<u32>>> = locals.iter().map(|l| by_partition(l, cut)).collect();
    let parts: Vec<Mutex<Option<Local>>> = (0..PARTITIONS).map(|_| Mutex::new(None)).collect();
    let shared: Vec<Mutex<Local>> = locals.into_iter().map(Mutex::new).collect();
    run_phase(query, PARTITIONS, &|p| {
        query.cancel.check()?;
        let mut part = Local::new(g, &query.memory);
        if let Some(table) = cut.table(p, PARTITIONS_LOG) {
            part.table = table;
        }
        if spread {
            std::mem::swap(&mut part, &mut g.spread.parts(g, &query.memory)[p].lock());
            waiting.iter().try_for_each(|w| w.give(g, p, &mut part))?;
        }
        // start at different workers' tables, so that partitions rarely wait for one another
        for k in 0..shared.len() {
            let w = (k + p) % shared.len();
            let other = shared[w].lock();
            let rows = &buckets[w][p];
            let words = other.table.words();
            let keys: Vec<u64> = rows
                .iter()
                .flat_map(|&r| {
                    other.table.keys()[r as usize * words..(r as usize + 1) * words].iter().copied()
                })
                .collect();
            absorb(&mut part, &other, &keys, rows)?;
        }
        *parts[p].lock() = Some(part);
        Ok(Flow::More)
    })?;
    Ok(parts.into_iter().filter_map(Mutex::into_inner).filter(|p| p.len() > 0).collect())
}

/// Adds `other`'s groups `rows` (with `keys`) to `to`.
fn absorb(to: &mut Local, other: &Local, keys: &[u64], rows: &[u32]) -> Result<()> {
    let mut target = Vec::new();
    to.table.find_or_insert(keys, &mut target);
    let n = to.table.len();
    for (states, others) in to.states.iter_mut().zip(&other.states) {
        states.resize(n);
        states.merge(others.as_ref(), rows, &target)?;
    }
    to.account()
}

fn by_partition(local: &Local, cut: Cut) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> =
        (0..PARTITIONS).map(|_| Vec::with_capacity(local.len() / PARTITIONS + 16)).collect();
    for (i, key) in local.table.keys().chunks_exact(local.table.words()).enumerate() {
        out[cut.part(key, PARTITIONS_LOG)].push(i as u32);
    }
    out
}

pub fn merges_by_group(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "countIf"
            | "sum"
            | "sumIf"
            | "avg"
            | "avgIf"
            | "min"
            | "minIf"
            | "max"
            | "maxIf"
            | "any"
            | "anyLast"
            | "anyIf"
    )
}
