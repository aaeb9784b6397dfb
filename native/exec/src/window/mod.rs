//! Window functions: rows are sorted by PARTITION BY and ORDER BY, then each call adds a column.
//!
//! 1. All rows are collected and sorted by the partition's keys, then the order's. Rows that do not fit are
//!    sorted in a file and come back some partitions at a time (`chunks`).
//! 2. Bounds of partitions and of peers (rows equal in ORDER BY) are found once. Partitions are then
//!    shared out among the workers.
//! 3. Each frame becomes two row numbers per row (`frames`); both only grow inside a partition.
//! 4. Functions: of positions (`ranks`), of other rows' values (`values`), sums and extremes with
//!    running structures (`sliding`), every other aggregate (`aggregated`), time series (`decay`).

mod aggregated;
mod chunks;
mod decay;
mod frames;
mod ranks;
mod resolve;
mod sliding;
mod values;

use crate::expr::{Bound, Scope};
use crate::plan::WindowCall;
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use crate::rows::{Batches, Rows, Typed};
use crate::sort::{self, Gathered, Key, KeyColumn};
use frames::{Frames, Shape};
use parking_lot::Mutex;
use resolve::Function;
use std::ops::Range;
use std::sync::Arc;
use types::{Batch, Column, Error, Reservation, Result, Type};

pub use resolve::window_type;

/// Rows of one output batch.
const CHUNK: usize = 65_536;

/// Sorted rows and where partitions and peers begin and end.
struct Rowset<'a> {
    batch: &'a Batch,
    /// first row and row behind the last one
    partitions: Vec<(u32, u32)>,
    /// per row: bounds of the rows that are equal in ORDER BY
    peer_start: Vec<u32>,
    peer_end: Vec<u32>,
    order: &'a [Key],
    query: &'a Arc<Query>,
}

/// One call, bound.
struct Call {
    name: String,
    function: Function,
    args: Vec<Bound>,
    ty: Type,
    shape: Shape,
}

/// A window node bound to its input.
struct Windows {
    calls: Vec<Call>,
    /// of partitions, then of the order
    keys: Vec<Key>,
    partition_keys: usize,
    /// of the input
    types: Vec<Type>,
}

/// Adds one column per call; rows leave sorted by partition and order.
pub fn window(
    input: Typed,
    partition: Vec<Bound>,
    order: Vec<Key>,
    calls: &[WindowCall],
    scope: &Scope<'_>,
    query: &Arc<Query>,
) -> Result<Typed> {
    let mut bound = Vec::with_capacity(calls.len());
    for plan in calls {
        let args = plan.args.iter().map(|e| Bound::bind(e, scope)).collect::<Result<Vec<_>>>()?;
        let types: Vec<Type> = args.iter().map(|a| a.ty().clone()).collect();
        let (function, ty) = resolve::resolve(&plan.name, &plan.params, &types, !order.is_empty())?;
        let shape = Shape::of(&plan.frame, &order)?;
        bound.push(Call { name: plan.name.clone(), function, args, ty, shape });
    }
    let partition_keys = partition.len();
    let mut keys: Vec<Key> =
        partition.into_iter().map(|expr| Key { expr, desc: false, nulls_first: false }).collect();
    keys.extend(order);
    let windows = Windows { calls: bound, keys, partition_keys, types: input.types };
    let mut types = windows.types.clone();
    types.extend(windows.calls.iter().map(|c| c.ty.clone()));
    let rows = match sort::gather(input.rows, &windows.types, &windows.keys, None, query)? {
        Gathered::Memory(batches) => {
            let (out, held) = windows.of(batches, query)?;
            Rows::source(Batches::held(out, held), true)
        }
        Gathered::Runs(runs) => {
            Rows::serial(true, move |query, emit| chunks::drive(&windows, runs, query, emit))
        }
    };
    Ok(Typed { rows, types })
}

impl Windows {
    /// The rows of whole partitions with the added columns, sorted.
    fn of(&self, batches: Vec<Batch>, query: &Arc<Query>) -> Result<(Vec<Batch>, Reservation)> {
        let bytes: u64 = batches.iter().map(|b| b.bytes() as u64).sum();
        let rows: usize = batches.iter().map(|b| b.rows).sum();
        if rows >= u32::MAX as usize {
            return Err(Error::new(
                types::codes::TOO_MANY_ROWS,
                "A window function takes at most 4294967294 rows; filter or aggregate first",
            ));
        }
        // the sorted copy, and while sorting: words of the keys, pairs, bounds of peers
        let mut held = query.memory.reserve(bytes)?;
        let working = query.memory.reserve(bytes + rows as u64 * (8 * self.keys.len() as u64 + 28))?;
        let all = Batch::concat(&self.types, &batches);
        drop(batches);
        let (sorted, rowset) = {
            let columns = self.keys.iter().map(|k| k.column(&all, query)).collect::<Result<Vec<_>>>()?;
            query.cancel.check()?;
            let permutation = sort::parallel_order(&columns, all.rows, None, query)?;
            query.cancel.check()?;
            let bounds = bounds(&columns, self.partition_keys, &permutation);
            let in_order = permutation.iter().enumerate().all(|(i, &p)| i == p as usize);
            (if in_order { all } else { all.gather(&permutation) }, bounds)
        };
        drop(working);
        let (partitions, peer_start, peer_end) = rowset;
        let _bounds = query.memory.reserve(rows as u64 * 16 + partitions.len() as u64 * 16)?;
        let parts = parts(&partitions, rows, query);
        let done: Vec<Mutex<Vec<Column>>> = parts.iter().map(|_| Mutex::default()).collect();
        run_phase(query, parts.len(), &|i| {
            let own = &partitions[parts[i].clone()];
            let (first, end) = (own[0].0, own[own.len() - 1].1);
            let shifted = |of: &[u32]| of[first as usize..end as usize].iter().map(|r| r - first).collect();
            let rowset = Rowset {
                batch: &sorted.slice(first as usize, (end - first) as usize),
                partitions: own.iter().map(|(s, e)| (s - first, e - first)).collect(),
                peer_start: shifted(&peer_start),
                peer_end: shifted(&peer_end),
                order: &self.keys[self.partition_keys..],
                query,
            };
            *done[i].lock() = self.added(&rowset)?;
            Ok(Flow::More)
        })?;
        let mut out = Vec::with_capacity(rows / CHUNK + parts.len());
        for (own, added) in parts.into_iter().zip(done) {
            let (first, end) = (partitions[own.start].0 as usize, partitions[own.end - 1].1 as usize);
            let added = added.into_inner();
            held.resize(held.bytes() + added.iter().map(|c| c.bytes() as u64).sum::<u64>())?;
            let mut whole = sorted.slice(first, end - first);
            whole.columns.extend(added);
            let n = whole.rows;
            out.extend((0..n).step_by(CHUNK).map(|s| whole.slice(s, CHUNK.min(n - s))));
        }
        Ok((out, held))
    }

    /// The columns that the calls add to rows of whole partitions.
    fn added(&self, rowset: &Rowset<'_>) -> Result<Vec<Column>> {
        let mut held = Reservation::empty(&rowset.query.memory);
        let mut added: Vec<Column> = Vec::with_capacity(self.calls.len());
        let mut known: Vec<(&Shape, Arc<Frames>)> = Vec::new();
        for call in &self.calls {
            rowset.query.cancel.check()?;
            let frames = if call.function.uses_frame() {
                match known.iter().find(|(s, _)| *s == &call.shape) {
                    Some((_, f)) => Some(f.clone()),
                    None => {
                        let f = Arc::new(Frames::new(&call.shape, rowset)?);
                        known.push((&call.shape, f.clone()));
                        Some(f)
                    }
                }
            } else {
                None
            };
            let column = compute(call, rowset, frames.as_deref())?;
            held.resize(held.bytes() + column.bytes() as u64)?;
            added.push(column);
        }
        Ok(added)
    }
}

/// Rows that are worth a worker of their own.
const PART_ROWS: usize = 16_384;

/// Ranges of partitions, of about the same number of rows, for the workers.
fn parts(partitions: &[(u32, u32)], rows: usize, query: &Query) -> Vec<Range<usize>> {
    let wanted = (rows / (4 * query.threads.clamp(1, crate::pool::threads()))).max(PART_ROWS);
    let mut out = Vec::new();
    let mut start = 0;
    for (i, &(_, end)) in partitions.iter().enumerate() {
        if (end - partitions[start].0) as usize >= wanted || i + 1 == partitions.len() {
            out.push(start..i + 1);
            start = i + 1;
        }
    }
    out
}

/// Partitions, and each row's peers, of rows in the order of `permutation`.
#[allow(clippy::type_complexity)]
fn bounds(
    keys: &[KeyColumn],
    partition_keys: usize,
    permutation: &[u32],
) -> (Vec<(u32, u32)>, Vec<u32>, Vec<u32>) {
    let n = permutation.len();
    let mut partitions = Vec::new();
    let (mut peer_start, mut peer_end) = (vec![0u32; n], vec![0u32; n]);
    let (mut first, mut peer) = (0usize, 0usize);
    for i in 1..=n {
        let differs = |keys: &[KeyColumn]| {
            i == n || keys.iter().any(|k| !k.equal(permutation[i - 1] as usize, permutation[i] as usize))
        };
        let new_partition = differs(&keys[..partition_keys]);
        if new_partition || differs(&keys[partition_keys..]) {
            peer_start[peer..i].fill(peer as u32);
            peer_end[peer..i].fill(i as u32);
            peer = i;
        }
        if new_partition {
            partitions.push((first as u32, i as u32));
            first = i;
        }
    }
    (partitions, peer_start, peer_end)
}

fn compute(call: &Call, rowset: &Rowset<'_>, frames: Option<&Frames>) -> Result<Column> {
    let query = rowset.query;
    let _args = query.memory.reserve(rowset.batch.rows as u64 * 16)?;
    let args = call.args.iter().map(|a| a.eval(rowset.batch, query)).collect::<Result<Vec<_>>>()?;
    let of = |f: Option<&Frames>| {
        if f.is_none() { Err(Error::internal("a window function without its frame")) } else { Ok(()) }
    };
    match (&call.function, frames) {
        (Function::Rank(kind), _) => ranks::rank(*kind, &args, rowset),
        (Function::Shift { ahead, in_frame: false }, _) => {
            values::shift(*ahead, None, &args, &call.args, rowset)
        }
        (Function::Shift { ahead, in_frame: true }, Some(f)) => {
            values::shift(*ahead, Some(f), &args, &call.args, rowset)
        }
        (Function::Pick(pick), Some(f)) => values::pick(*pick, &args, call.args[0].ty(), f, rowset),
        (Function::Decay { kind, length }, Some(f)) => {
            decay::decayed(*kind, *length, &args, &call.args, f, rowset)
        }
        (Function::Derivative, _) => decay::derivative(&args, &call.args, rowset),
        (Function::Aggregate(a), Some(f)) => match sliding::column(a.as_ref(), &args, f, rowset)? {
            Some(c) => Ok(c),
            None => aggregated::column(a.as_ref(), &args, f, rowset),
        },
        (_, f) => of(f).and_then(|()| {
            Err(Error::not_implemented(format!("Window function {} is not implemented", call.name)))
        }),
    }
}

/// What a function may still take while it works: grows with what it has made so far.
struct Growth {
    held: Reservation,
}

impl Growth {
    fn new(query: &Query) -> Growth {
        Growth { held: Reservation::empty(&query.memory) }
    }
    fn now(&mut self, bytes: usize) -> Result<()> {
        if bytes as u64 > self.held.bytes() { self.held.resize(bytes as u64) } else { Ok(()) }
    }
}
