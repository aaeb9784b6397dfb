//! Joins beyond memory: both sides go to files by partitions of their keys' hash; then each partition is
//! joined alone, one after the other. A partition that is still too large is cut again, by other bits.

use super::{Built, Spec, build_at};
use crate::expr::Bound;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Source};
use crate::spill::{Frame, Operator, Spill};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::compare::hash_column;
use types::{Batch, Column, Data, Result, Type};

const PARTITION_BITS: u32 = 6;
const PARTITIONS: usize = 1 << PARTITION_BITS;
/// Cut so often, a partition holds a single key, which no hash divides.
const DEPTH_MAX: usize = 4;
/// What a worker holds back, so that frames are not too small.
const BUFFER_BYTES: usize = 8 << 20;
/// A worker's rows are not worth a file below this, whatever else takes the memory.
const WORTH_BYTES: u64 = 4 << 20;
/// Beside its columns, a row of the build side takes about so much in the index.
const ROW_BYTES: u64 = 40;

/// Rows of one side on their way into the file, of one worker.
#[derive(Default)]
pub struct Buffer {
    parts: Vec<Vec<Batch>>,
    bytes: usize,
}

/// One side in a file: the columns that somebody reads, by partitions.
pub struct Side {
    spill: Spill,
    keys: Vec<Bound>,
    types: Vec<Type>,
    kept: Vec<usize>,
    /// level of cutting; each takes other bits
    depth: usize,
}

impl Side {
    /// None: there is nothing to tell rows apart by.
    fn new(spec: &Spec, left: bool, depth: usize, query: &Query) -> Result<Option<Side>> {
        let (keys, types) = match left {
            true => (&spec.left_keys, &spec.left_types),
            false => (&spec.right_keys, &spec.right_types),
        };
        let first = if left { 0 } else { spec.left_types.len() };
        let mut kept = Vec::new();
        keys.iter().for_each(|k| k.columns(&mut kept));
        if let Some((l, r, _)) = &spec.asof {
            (if left { l } else { r }).columns(&mut kept);
        }
        let mut both = Vec::new();
        if let Some(r) = &spec.residual {
            r.columns(&mut both);
        }
        both.extend((0..spec.needed.len()).filter(|i| spec.needed[*i]));
        kept.extend(both.into_iter().filter(|i| (first..first + types.len()).contains(i)).map(|i| i - first));
        kept.sort_unstable();
        kept.dedup();
        if kept.is_empty() {
            return Ok(None);
        }
        let stored: Vec<Type> = kept.iter().map(|i| types[*i].clone()).collect();
        let spill = Spill::new(query, &stored, PARTITIONS)?;
        Ok(Some(Side { spill, keys: keys.clone(), types: types.clone(), kept, depth }))
    }

    /// Adds rows, each to the partition of its key. Those with a NULL in it match nothing: anywhere.
    pub fn add(&self, buffer: &mut Buffer, batch: &Batch, query: &Query) -> Result<()> {
        query.cancel.check()?;
        let mut hashes = vec![self.depth as u64; batch.rows];
        let mut nulls = Vec::new();
        for key in &self.keys {
            let column = key.eval(batch, query)?;
            hash_column(&column, &mut hashes);
            nulls.extend(column.null_mask());
        }
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); PARTITIONS];
        for (i, h) in hashes.iter().enumerate() {
            let none = nulls.iter().any(|n| n.get(i));
            let p = if none { i % PARTITIONS } else { (h >> (u64::BITS - PARTITION_BITS)) as usize };
            rows[p].push(i as u32);
        }
        let columns: Vec<&Column> = self.kept.iter().map(|i| &batch.columns[*i]).collect();
        buffer.parts.resize_with(PARTITIONS, Vec::new);
        for (part, rows) in buffer.parts.iter_mut().zip(&rows).filter(|(_, rows)| !rows.is_empty()) {
            let columns = columns.iter().map(|c| c.gather(rows).flat()).collect();
            let piece = Batch { columns, rows: rows.len() };
            buffer.bytes += piece.bytes();
            part.push(piece);
        }
        if buffer.bytes > BUFFER_BYTES { self.flush(buffer) } else { Ok(()) }
    }

    /// Writes what a worker still holds.
    pub fn flush(&self, buffer: &mut Buffer) -> Result<()> {
        for (p, pieces) in std::mem::take(buffer).parts.into_iter().enumerate() {
            match pieces.as_slice() {
                [] => {}
                [one] => self.spill.write(p, one)?,
                many => {
                    let columns = (0..self.kept.len())
                        .map(|i| {
                            let parts: Vec<&Column> = many.iter().map(|b| &b.columns[i]).collect();
                            Column::concat(&self.types[self.kept[i]], &parts)
                        })
                        .collect();
                    self.spill.write(p, &Batch { columns, rows: many.iter().map(|b| b.rows).sum() })?;
                }
            }
        }
        Ok(())
    }

    fn is_empty(&self, partition: usize) -> bool {
        self.spill.size(partition).0 == 0
    }

    fn rows(self: &Arc<Side>, partition: usize) -> Rows {
        let frames = self.spill.frames(partition);
        Rows::source(Frames { side: self.clone(), frames }, false)
    }
}

struct Frames {
    side: Arc<Side>,
    frames: Vec<Frame>,
}

impl Source for Frames {
    fn morsels(&self) -> usize {
        self.frames.len()
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.frames.iter().map(|f| u64::from(f.rows)).sum())
    }
    fn read(&self, morsel: usize, _: &Query) -> Result<Vec<Batch>> {
        let b = self.side.spill.read(self.frames[morsel])?;
        let mut columns: Vec<Column> = vec![Data::Nothing(b.rows).into(); self.side.types.len()];
        for (at, c) in self.side.kept.iter().zip(b.columns) {
            columns[*at] = c;
        }
        Ok(vec![Batch { columns, rows: b.rows }])
    }
}

/// Watches the build side of one join: from when on its rows go to a file.
pub struct Watch<'a> {
    spec: &'a Spec,
    depth: usize,
    at: u64,
    started: AtomicBool,
    side: Mutex<Option<Arc<Side>>>,
}

impl<'a> Watch<'a> {
    /// None: the join stays in memory.
    pub fn new(spec: &'a Spec, depth: usize, query: &Query) -> Option<Watch<'a>> {
        let at = query.spill_at(Operator::Join)?;
        if depth >= DEPTH_MAX || spec.right_keys.is_empty() {
            return None;
        }
        Some(Watch { spec, depth, at, started: AtomicBool::new(false), side: Mutex::new(None) })
    }

    /// A partition is only cut again where that saves something, however little the query may hold.
    fn worth(&self) -> u64 {
        if self.depth == 0 { WORTH_BYTES.min(self.at / 4) } else { WORTH_BYTES }
    }

    pub fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// Whether a worker that is about to hold `planned` bytes is to go on in the file.
    pub fn wanted(&self, held: u64, planned: u64, query: &Query) -> bool {
        let after = query.memory.used() + planned.saturating_sub(held);
        self.started() || (after > self.at && planned >= self.worth())
    }

    /// Whether the index of so many rows is too much.
    pub fn index_wanted(&self, rows: usize, query: &Query) -> bool {
        let more = rows as u64 * ROW_BYTES;
        query.memory.used() + more > self.at && more >= self.worth()
    }

    /// The file; made by whoever asks first. None: rows cannot be told apart.
    pub fn side(&self, query: &Query) -> Result<Option<Arc<Side>>> {
        let mut side = self.side.lock();
        if side.is_none() {
            *side = Side::new(self.spec, false, self.depth, query)?.map(Arc::new);
        }
        self.started.store(side.is_some(), Ordering::Relaxed);
        Ok(side.clone())
    }
}

/// A join whose build side lies in a file.
pub struct Spilled {
    pub right: Arc<Side>,
    pub spec: Spec,
    pub depth: usize,
}

impl Spilled {
    /// Writes the left side too, then joins partition by partition.
    pub fn join(self, left: Rows, query: &Arc<Query>) -> Result<Rows> {
        let Spilled { right, spec, depth } = self;
        let Some(side) = Side::new(&spec, true, depth, query)? else {
            return Err(types::Error::internal("a join without keys in a file"));
        };
        let buffers = left.consume(query, false, &|| Ok(Buffer::default()), &|buffer, b| {
            side.add(buffer, &b, query)?;
            Ok(Flow::More)
        })?;
        for mut buffer in buffers {
            side.flush(&mut buffer)?;
        }
        let left = Arc::new(side);
        Ok(Rows::serial(false, move |query, emit: Emit<'_>| {
            for p in 0..PARTITIONS {
                query.cancel.check()?;
                if (left.is_empty(p) && !spec.keeps_right()) || (right.is_empty(p) && !spec.keeps_left()) {
                    continue;
                }
                let (l, r) = (left.rows(p), right.rows(p));
                let built: Built = build_at(r, spec.clone(), query, depth + 1)?;
                let mut stopped = false;
                built.join(l, query)?.drive(query, &mut |b| {
                    let flow = emit(b)?;
                    stopped = flow == Flow::Stop;
                    Ok(flow)
                })?;
                if stopped {
                    break;
                }
            }
            Ok(())
        }))
    }
}
