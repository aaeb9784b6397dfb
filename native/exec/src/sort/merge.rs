//! Sorted runs of a file, side by side, as one.

use super::words::{Key, KeyColumn, key_column};
use crate::expr::Bound;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Emit;
use crate::spill::{Frame, Spill};
use std::cmp::Ordering;
use types::{Batch, Reservation, Result, Type};

/// so many runs are read at once
pub const WAYS: usize = 64;
const FRAME_BYTES_MAX: u64 = 1 << 20;
const OUT_BYTES: usize = 4 << 20;
const OUT_ROWS_MAX: usize = 65_536;

/// How rows lie in frames: the stream's columns (those that nobody reads as placeholders), then computed keys.
pub struct Order {
    types: Vec<Type>,
    width: usize,
    kept: Vec<bool>,
    keys: Vec<Place>,
}

struct Place {
    column: usize,
    desc: bool,
    nulls_first: bool,
}

impl Order {
    pub fn new(types: &[Type], keys: &[Key], used: Option<&[usize]>) -> Order {
        let kept: Vec<bool> = (0..types.len()).map(|i| used.is_none_or(|u| u.contains(&i))).collect();
        let shown = |(ty, kept): (&Type, &bool)| if *kept { ty.clone() } else { Type::Nothing };
        let mut all: Vec<Type> = types.iter().zip(&kept).map(shown).collect();
        let mut places = Vec::new();
        for k in keys {
            let column = match &k.expr {
                Bound::Column(i, _) => *i,
                other => {
                    all.push(other.ty().clone());
                    all.len() - 1
                }
            };
            places.push(Place { column, desc: k.desc, nulls_first: k.nulls_first });
        }
        Order { types: all, width: types.len(), kept, keys: places }
    }
    pub fn types(&self) -> &[Type] {
        &self.types
    }
    /// Columns of the stream.
    pub fn width(&self) -> usize {
        self.width
    }
    pub fn keeps(&self, column: usize) -> bool {
        self.kept[column]
    }
    fn words(&self, batch: &Batch) -> Vec<KeyColumn> {
        let of = |p: &Place| key_column(batch.columns[p.column].clone(), p.desc, p.nulls_first);
        self.keys.iter().map(of).collect()
    }
}

/// Rows of a frame, so that the frames of all runs that are read at once take a share of `at`.
pub fn rows_of(bytes: usize, rows: usize, at: u64) -> usize {
    let frame = (at / (4 * WAYS as u64)).min(FRAME_BYTES_MAX) as usize;
    (frame / (bytes / rows.max(1)).max(1)).clamp(16, OUT_ROWS_MAX)
}

struct Run<'r> {
    frames: std::slice::Iter<'r, Frame>,
    batch: Batch,
    keys: Vec<KeyColumn>,
    row: usize,
    bytes: u64,
    /// number among the pieces of the batch that is being put together
    piece: Option<usize>,
}

impl Run<'_> {
    /// The next frame; false at the end.
    fn next(&mut self, spill: &Spill, order: &Order) -> Result<bool> {
        let Some(frame) = self.frames.next() else { return Ok(false) };
        self.batch = spill.read(*frame)?;
        self.keys = order.words(&self.batch);
        (self.row, self.bytes, self.piece) = (0, frame.bytes, None);
        Ok(true)
    }
    fn compare(&self, other: &Run<'_>) -> Ordering {
        let both = self.keys.iter().zip(&other.keys);
        both.map(|(a, b)| a.compare_with(self.row, b, other.row))
            .find(|o| *o != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }
}

/// Emits all rows of the runs in order; of equal rows, those of earlier runs first.
pub fn merge(
    spill: &Spill,
    runs: &[Vec<Frame>],
    order: &Order,
    at: u64,
    query: &Query,
    emit: Emit<'_>,
) -> Result<()> {
    let mut held = Reservation::empty(&query.memory);
    let mut open: Vec<Run<'_>> = Vec::new();
    for frames in runs {
        let frames = frames.iter();
        let batch = Batch { columns: Vec::new(), rows: 0 };
        let mut run = Run { frames, batch, keys: Vec::new(), row: 0, bytes: 0, piece: None };
        if run.next(spill, order)? {
            held.resize(held.bytes() + run.bytes * 2)?;
            open.push(run);
        }
    }
    let less = |open: &[Run<'_>], a: usize, b: usize| open[a].compare(&open[b]).then(a.cmp(&b)).is_lt();
    let mut heap: Vec<usize> = (0..open.len()).collect();
    for i in (0..heap.len() / 2).rev() {
        sift(&mut heap, i, &|a, b| less(&open, a, b));
    }
    let mut out = Pieces::default();
    while let Some(&first) = heap.first() {
        let run = &mut open[first];
        let piece = *run.piece.get_or_insert_with(|| out.start(&run.batch));
        out.take(piece, run.row as u32);
        run.row += 1;
        if run.row == run.batch.rows && !run.next(spill, order)? {
            run.batch = Batch { columns: Vec::new(), rows: 0 };
            heap.swap_remove(0);
        }
        sift(&mut heap, 0, &|a, b| less(&open, a, b));
        if out.full(at) {
            query.cancel.check()?;
            let batch = std::mem::take(&mut out).finish(order.types());
            open.iter_mut().for_each(|r| r.piece = None);
            if emit(batch)? == Flow::Stop {
                return Ok(());
            }
        }
    }
    if !out.picks.is_empty() {
        emit(out.finish(order.types()))?;
    }
    Ok(())
}

/// Lets the root at `i` sink to its place.
fn sift(heap: &mut [usize], mut i: usize, less: &dyn Fn(usize, usize) -> bool) {
    loop {
        let mut least = i;
        for child in [2 * i + 1, 2 * i + 2] {
            if child < heap.len() && less(heap[child], heap[least]) {
                least = child;
            }
        }
        if least == i {
            return;
        }
        heap.swap(i, least);
        i = least;
    }
}

/// Rows that were picked from several frames.
#[derive(Default)]
struct Pieces {
    frames: Vec<(Batch, Vec<u32>)>,
    /// piece, and place in what is taken of it
    picks: Vec<(u32, u32)>,
    /// bytes of a row, about
    row_bytes: usize,
}

impl Pieces {
    fn start(&mut self, batch: &Batch) -> usize {
        self.row_bytes = self.row_bytes.max(batch.bytes() / batch.rows.max(1));
        self.frames.push((batch.clone(), Vec::new()));
        self.frames.len() - 1
    }
    fn take(&mut self, piece: usize, row: u32) {
        let rows = &mut self.frames[piece].1;
        self.picks.push((piece as u32, rows.len() as u32));
        rows.push(row);
    }
    fn full(&self, at: u64) -> bool {
        let bytes = OUT_BYTES.min((at / 8) as usize);
        self.picks.len() >= OUT_ROWS_MAX || self.picks.len() * self.row_bytes >= bytes.max(1)
    }
    fn finish(self, types: &[Type]) -> Batch {
        let mut starts = Vec::with_capacity(self.frames.len());
        let mut rows = 0;
        let mut parts = Vec::with_capacity(self.frames.len());
        for (batch, taken) in &self.frames {
            starts.push(rows);
            rows += taken.len() as u32;
            parts.push(batch.gather(taken));
        }
        let all = Batch::concat(types, &parts);
        let order: Vec<u32> = self.picks.iter().map(|(p, i)| starts[*p as usize] + i).collect();
        all.gather(&order)
    }
}
