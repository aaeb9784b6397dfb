//! Streams of batches between operators: a parallel pipeline over morsels, or a serial generator.

use crate::expr::Bound;
use crate::measure::Stat;
use crate::pool::{Flow, States, run_phase};
use crate::query::Query;
use functions::Session;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use types::{Batch, Column, Reservation, Result, Type};

/// Rows that are there in pieces ("morsels") which any worker may produce.
pub trait Source: Send + Sync {
    /// number of morsels; `usize::MAX` = endless
    fn morsels(&self) -> usize;
    /// Produces one morsel's batches (none, one or a few).
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>>;
    /// rows at most, if known; decides whether it is worth waking the workers
    fn rows_max(&self) -> Option<u64>;
    /// whether its rows count as read: such a source ends at `read_overflow_mode = 'break'`
    fn reads(&self) -> bool {
        false
    }
}

/// Where batches go. `Flow::Stop`: no more are wanted.
pub type Emit<'a> = &'a mut dyn FnMut(Batch) -> Result<Flow>;

/// A row-wise transformation without state.
pub trait Step: Send + Sync {
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow>;
    /// may give far more rows than it takes (joins): its output must not be held back
    fn explodes(&self) -> bool {
        false
    }
}

/// A source with the steps behind it. `ordered`: the order of morsels is the order of rows and
/// means something to the user (it comes from a sort).
#[derive(Clone)]
pub struct Pipeline {
    pub source: Arc<dyn Source>,
    pub steps: Vec<Arc<dyn Step>>,
    pub ordered: bool,
    /// measures the reading of the source (EXPLAIN ANALYZE)
    pub stat: Option<Arc<Stat>>,
}

/// Pushes all rows, in order, from the thread that calls it.
pub type Drive = Box<dyn FnOnce(&Arc<Query>, Emit<'_>) -> Result<()> + Send>;

/// What an operator hands to the next one.
pub enum Rows {
    Pipe(Pipeline),
    Serial { drive: Drive, ordered: bool },
}

/// Rows with the types of their columns.
pub struct Typed {
    pub rows: Rows,
    pub types: Vec<Type>,
}

fn through(steps: &[Arc<dyn Step>], batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
    if batch.rows == 0 {
        return Ok(Flow::More);
    }
    match steps.split_first() {
        None => emit(batch),
        Some((first, rest)) => {
            query.cancel.check()?;
            first.apply(batch, query, &mut |b| through(rest, b, query, emit))
        }
    }
}

impl Pipeline {
    pub fn new(source: Arc<dyn Source>, ordered: bool) -> Self {
        Pipeline { source, steps: Vec::new(), ordered, stat: None }
    }
    /// One morsel through all steps.
    pub fn run(&self, morsel: usize, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        query.cancel.check()?;
        if self.ended(query) {
            return Ok(Flow::Stop);
        }
        let batches = match &self.stat {
            Some(stat) => stat.reading(|| self.source.read(morsel, query))?,
            None => self.source.read(morsel, query)?,
        };
        for b in batches {
            if through(&self.steps, b, query, emit)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    fn ended(&self, query: &Query) -> bool {
        self.source.reads() && query.has_read_enough()
    }

    /// All rows in the order of morsels. Morsels are computed ahead by the workers in growing
    /// windows (1, 2, 4, …), so that a LIMIT reads little and a full scan uses all workers. Steps that
    /// explode run on the calling thread, so that nothing piles up.
    fn drive(self, query: &Arc<Query>, emit: Emit<'_>) -> Result<()> {
        let morsels = self.source.morsels();
        let explodes = self.steps.iter().any(|s| s.explodes());
        let mut at = 0usize;
        let mut window = 1usize;
        while at < morsels && !self.ended(query) {
            let n = window.min(morsels - at);
            if n == 1 || explodes {
                if self.run(at, query, emit)? == Flow::Stop {
                    return Ok(());
                }
                at += 1;
            } else {
                let slots: Vec<Mutex<Vec<Batch>>> = (0..n).map(|_| Mutex::new(Vec::new())).collect();
                run_phase(query, n, &|i| {
                    self.run(at + i, query, &mut |b| {
                        slots[i].lock().push(b);
                        Ok(Flow::More)
                    })
                })?;
                at += n;
                for s in slots {
                    for b in s.into_inner() {
                        if emit(b)? == Flow::Stop {
                            return Ok(());
                        }
                    }
                }
            }
            window = (window * 2).min(query.threads.max(1) * 2);
        }
        Ok(())
    }
}

impl Rows {
    pub fn source(source: impl Source + 'static, ordered: bool) -> Rows {
        Rows::Pipe(Pipeline::new(Arc::new(source), ordered))
    }
    pub fn serial(
        ordered: bool,
        drive: impl FnOnce(&Arc<Query>, Emit<'_>) -> Result<()> + Send + 'static,
    ) -> Rows {
        Rows::Serial { drive: Box::new(drive), ordered }
    }
    /// At most so many rows come from the source; steps may make more of them.
    pub fn rows_max(&self) -> Option<u64> {
        match self {
            Rows::Pipe(p) => p.source.rows_max(),
            Rows::Serial { .. } => None,
        }
    }
    pub fn is_ordered(&self) -> bool {
        match self {
            Rows::Pipe(p) => p.ordered,
            Rows::Serial { ordered, .. } => *ordered,
        }
    }
    /// Adds a step behind the stream.
    #[must_use]
    pub fn then(self, step: Arc<dyn Step>) -> Rows {
        match self {
            Rows::Pipe(mut p) => {
                p.steps.push(step);
                Rows::Pipe(p)
            }
            Rows::Serial { drive, ordered } => Rows::serial(ordered, move |query, emit| {
                drive(query, &mut |b| through(std::slice::from_ref(&step), b, query, emit))
            }),
        }
    }
    /// Pushes all rows in order.
    pub fn drive(self, query: &Arc<Query>, emit: Emit<'_>) -> Result<()> {
        match self {
            Rows::Pipe(p) => p.drive(query, emit),
            Rows::Serial { drive, .. } => drive(query, emit),
        }
    }
    /// Feeds every batch to per-worker states; returns the states. Batches of an ordered stream go to
    /// one state, in order, when `keep_order`.
    pub fn consume<S: Send>(
        self,
        query: &Arc<Query>,
        keep_order: bool,
        make: &(dyn Fn() -> Result<S> + Sync),
        take: &(dyn Fn(&mut S, Batch) -> Result<Flow> + Sync),
    ) -> Result<Vec<S>> {
        match self {
            Rows::Pipe(p) if !(keep_order && p.ordered) => {
                let states = States::default();
                let small = p.source.rows_max().is_some_and(|n| n <= INLINE_ROWS)
                    && !p.steps.iter().any(|s| s.explodes());
                let was = query.inline.swap(small || query.inline.load(Ordering::Relaxed), Ordering::Relaxed);
                let done = run_phase(query, p.source.morsels(), &|i| {
                    states.with(make, |s| p.run(i, query, &mut |b| take(s, b)))
                });
                query.inline.store(was, Ordering::Relaxed);
                done?;
                Ok(states.into_vec())
            }
            rows => {
                let mut s = make()?;
                rows.drive(query, &mut |b| {
                    query.cancel.check()?;
                    take(&mut s, b)
                })?;
                Ok(vec![s])
            }
        }
    }
    /// All rows in memory, in order if the stream has one, and what the query's budget lends for them.
    pub fn collect(self, query: &Arc<Query>) -> Result<(Vec<Batch>, Reservation)> {
        let mut out = Vec::new();
        let mut held = Reservation::empty(&query.memory);
        self.drive(query, &mut |b| {
            held.resize(held.bytes() + b.bytes() as u64)?;
            out.push(b);
            Ok(Flow::More)
        })?;
        Ok((out, held))
    }
}

/// Up to so many rows a query runs on its own thread: waking workers would cost more.
pub const INLINE_ROWS: u64 = 65_536;

/// Batches that lie in memory, one morsel each.
pub struct Batches {
    pub batches: Vec<Batch>,
    rows: u64,
    /// what the query's budget lends for them
    _held: Option<Reservation>,
}

impl Batches {
    pub fn new(batches: Vec<Batch>) -> Self {
        let rows = batches.iter().map(|b| b.rows as u64).sum();
        Batches { batches, rows, _held: None }
    }
    /// With the reservation that accounts for them.
    pub fn held(batches: Vec<Batch>, held: Reservation) -> Self {
        Batches { _held: Some(held), ..Batches::new(batches) }
    }
}

impl Source for Batches {
    fn morsels(&self) -> usize {
        self.batches.len()
    }
    fn read(&self, morsel: usize, _: &Query) -> Result<Vec<Batch>> {
        Ok(vec![self.batches[morsel].clone()])
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows)
    }
}

/// `start`, `start + step`, …: UInt64.
pub struct Numbers {
    pub start: u64,
    pub count: Option<u64>,
    pub step: u64,
    /// rows of a batch
    pub per: u64,
}

/// `max_block_size` may ask for less.
const NUMBERS_PER_MORSEL: u64 = 65_536;

impl Numbers {
    pub fn new(start: u64, count: Option<u64>, step: u64, block: Option<u64>, session: &Session) -> Numbers {
        let per = block.unwrap_or_else(|| session.number("max_block_size", NUMBERS_PER_MORSEL));
        let per = per.clamp(1, NUMBERS_PER_MORSEL);
        Numbers { start, count, step, per }
    }
}

impl Source for Numbers {
    fn morsels(&self) -> usize {
        self.count.map_or(usize::MAX, |c| c.div_ceil(self.per) as usize)
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        let first = (morsel as u64).wrapping_mul(self.per);
        let n = self.count.map_or(self.per, |c| (c - first).min(self.per));
        query.read(n, n * 8)?;
        let base = self.start.wrapping_add(first.wrapping_mul(self.step));
        let v: Vec<u64> = (0..n).map(|i| base.wrapping_add(i.wrapping_mul(self.step))).collect();
        Ok(vec![Batch::new(vec![types::Data::U64(v.into()).into()], n as usize)])
    }
    fn reads(&self) -> bool {
        true
    }
    fn rows_max(&self) -> Option<u64> {
        self.count
    }
}

/// Keeps the rows for which the condition is true.
pub struct FilterStep(pub Bound);

impl Step for FilterStep {
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let keep = self.0.eval_mask(&batch, query)?;
        let n = keep.count_ones();
        if n == batch.rows {
            emit(batch)
        } else if n > 0 {
            emit(batch.filter(&keep))
        } else {
            Ok(Flow::More)
        }
    }
}

/// Computes expressions.
pub struct ProjectStep(pub Vec<Bound>);

impl Step for ProjectStep {
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let columns: Vec<Column> = self.0.iter().map(|e| e.eval(&batch, query)).collect::<Result<_>>()?;
        emit(Batch { columns, rows: batch.rows })
    }
}
