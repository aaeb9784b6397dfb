//! ORDER BY … WITH FILL: rows that are missing in the sequence of the sort's columns are added.
//!
//! The sequence runs on its own: it starts at FROM or at the first row, moves by STEP, and goes on
//! through the rows that are there (they stay, also between two of its places). Several filled
//! columns count like the digits of a number. Rows that differ in the columns sorted before the
//! first filled one (`prefix`) are filled apart.

mod output;
mod places;
mod step;

use crate::expr::{Bound, Scope};
use crate::plan::{Expr, FillKey};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Typed};
use output::Output;
use std::sync::Arc;
use step::{Axis, Place};
use types::compare::compare_rows;
use types::{Batch, Column, ColumnBuilder, Error, Result, Type};

/// Rows of one output batch.
const CHUNK: usize = 65_536;
/// `prefix` of an added row that takes it from the batch before.
const SAVED: u32 = u32::MAX;

struct Spec {
    types: Vec<Type>,
    axes: Vec<Axis>,
    prefix: Vec<usize>,
    interpolate: Vec<(usize, Bound)>,
    /// columns that INTERPOLATE's expressions read
    read: Vec<usize>,
}

pub fn fill(
    input: Typed,
    keys: &[FillKey],
    prefix: &[usize],
    interpolate: &[(usize, Expr)],
    scope: &Scope<'_>,
    query: &Arc<Query>,
) -> Result<Typed> {
    let types = input.types.clone();
    let known = |c: usize| {
        if c < types.len() {
            Ok(c)
        } else {
            Err(Error::internal(format!("WITH FILL of column {c} of {}", types.len())))
        }
    };
    let mut axes = Vec::with_capacity(keys.len());
    for k in keys {
        axes.push(Axis::new(k, &types[known(k.column)?], query)?);
    }
    for &c in prefix {
        known(c)?;
    }
    let mut read = Vec::new();
    let mut bound = Vec::with_capacity(interpolate.len());
    for (c, e) in interpolate {
        let b = Bound::bind(e, scope)?;
        b.columns(&mut read);
        bound.push((known(*c)?, b));
    }
    let spec = Spec { types: types.clone(), axes, prefix: prefix.to_vec(), interpolate: bound, read };
    let rows = Rows::serial(true, move |query, emit| {
        let mut filler = Filler::new(spec, query);
        input.rows.drive(query, &mut |batch| {
            query.cancel.check()?;
            filler.batch(batch, emit)
        })?;
        filler.end(emit)
    });
    Ok(Typed { rows, types })
}

/// The row before the next one, for INTERPOLATE.
enum Previous {
    None,
    /// of the batch at hand
    Original(usize),
    Columns(Vec<Column>),
}

struct Filler<'q> {
    spec: Spec,
    query: &'q Query,
    /// where the sequence is; `None` = undefined, or NULL
    at: Vec<Option<Place>>,
    /// whether the row `at` has been given out
    given: bool,
    /// the last row met, not beyond TO
    next: Vec<Option<Place>>,
    /// no places at or beyond these: TO, and STALENESS from the last row
    border: Vec<Option<Place>>,
    started: bool,
    stopped: bool,
    batch: Batch,
    saved_prefix: Vec<Column>,
    previous: Previous,
    out: Output,
}

impl<'q> Filler<'q> {
    fn new(spec: Spec, query: &'q Query) -> Self {
        let n = spec.axes.len();
        let out = Output::new(&spec);
        let columns = spec.types.iter().map(|t| ColumnBuilder::new(t).finish()).collect();
        let border = spec.axes.iter().map(|a| a.to).collect();
        Filler {
            spec,
            query,
            at: vec![None; n],
            given: false,
            next: vec![None; n],
            border,
            started: false,
            stopped: false,
            batch: Batch { columns, rows: 0 },
            saved_prefix: Vec::new(),
            previous: Previous::None,
            out,
        }
    }

    fn batch(&mut self, batch: Batch, emit: Emit<'_>) -> Result<Flow> {
        let rows = batch.rows;
        if rows == 0 {
            return Ok(Flow::More);
        }
        let places: Vec<Vec<Option<Place>>> =
            self.spec.axes.iter().map(|a| a.places(&batch.columns[a.column])).collect();
        self.batch = batch;
        for r in 0..rows {
            let new_range = !self.started || self.prefix_changes(r);
            if new_range && self.started {
                self.suffix(r, emit)?;
            }
            let row: Vec<Option<Place>> = places.iter().map(|p| p[r]).collect();
            if new_range {
                self.begin(&row, r, emit)?;
            }
            self.row(&row, r, emit)?;
            if self.stopped {
                return Ok(Flow::Stop);
            }
        }
        self.flush(emit)?;
        let one = |c: &usize| self.batch.columns[*c].slice(rows - 1, 1);
        self.saved_prefix = self.spec.prefix.iter().map(one).collect();
        if let Previous::Original(r) = self.previous {
            self.previous = Previous::Columns(self.columns_of(r));
        }
        Ok(if self.stopped { Flow::Stop } else { Flow::More })
    }

    fn end(mut self, emit: Emit<'_>) -> Result<()> {
        if self.stopped {
            return Ok(());
        }
        let columns = self.spec.types.iter().map(|t| ColumnBuilder::new(t).finish()).collect();
        self.batch = Batch { columns, rows: 0 };
        if self.started {
            self.suffix(0, emit)?;
        } else {
            self.start_from_defaults(0);
            if self.spec.axes.iter().any(|a| a.from.is_some()) {
                self.saved_prefix =
                    self.spec.prefix.iter().map(|c| Column::default_of(&self.spec.types[*c], 1)).collect();
                if self.before(&self.at, &self.border) {
                    self.add(0, emit)?;
                }
                self.run_out(0, emit)?;
            }
        }
        self.flush(emit)
    }

    fn prefix_changes(&self, r: usize) -> bool {
        self.spec.prefix.iter().enumerate().any(|(k, &c)| {
            let column = &self.batch.columns[c];
            let (before, at) = if r > 0 { (column, r - 1) } else { (&self.saved_prefix[k], 0) };
            compare_rows(column, r, before, at).is_ne()
        })
    }

    fn start_from_defaults(&mut self, first: usize) {
        for i in first..self.at.len() {
            self.at[i] = self.spec.axes[i].from;
        }
    }

    /// The first row of a range: where the sequence starts.
    fn begin(&mut self, row: &[Option<Place>], r: usize, emit: Emit<'_>) -> Result<()> {
        self.started = true;
        self.at.fill(None);
        self.next.fill(None);
        self.given = false;
        self.border = self.spec.axes.iter().map(|a| a.to).collect();
        for i in 0..row.len() {
            if let Some(from) = self.spec.axes[i].from
                && row[i] != Some(from)
            {
                self.start_from_defaults(i);
                if row[i].is_none_or(|x| self.spec.axes[i].less(from, x)) {
                    self.add(r, emit)?;
                    self.given = true;
                }
                break;
            }
            self.at[i] = row[i];
        }
        Ok(())
    }

    /// Places before a row, then the row.
    fn row(&mut self, row: &[Option<Place>], r: usize, emit: Emit<'_>) -> Result<()> {
        let passed = self.before(&self.next, &self.at);
        for (i, axis) in self.spec.axes.iter().enumerate() {
            self.next[i] = match (row[i], axis.to) {
                (Some(x), Some(to)) if !axis.less(x, to) => Some(to),
                (x, _) => x,
            };
        }
        if passed && self.before(&self.at, &self.next) {
            self.add(r, emit)?;
            self.given = true;
        }
        let mut moved = false;
        while !self.stopped && self.advance(false, &mut moved)? {
            self.add(r, emit)?;
        }
        if self.spec.axes.iter().any(|a| a.staleness.is_some()) && self.jump(&mut moved)? {
            self.add(r, emit)?;
        }
        if moved {
            self.given = false;
        }
        for (i, axis) in self.spec.axes.iter().enumerate() {
            self.border[i] = axis.border(row[i])?;
        }
        self.out.order.push(r as u32);
        if !self.spec.interpolate.is_empty() {
            self.previous = Previous::Original(r);
        }
        if self.out.order.len() >= CHUNK { self.flush(emit) } else { Ok(()) }
    }

    /// Places behind the last row of a range. `r`: the row behind it in the batch.
    fn suffix(&mut self, r: usize, emit: Emit<'_>) -> Result<()> {
        let r = r.wrapping_sub(1);
        let first = !self.given && self.before(&self.next, &self.at);
        if first && self.before(&self.at, &self.border) {
            self.add(r, emit)?;
        }
        self.run_out(r, emit)
    }

    fn run_out(&mut self, r: usize, emit: Emit<'_>) -> Result<()> {
        self.next.fill(None);
        let mut moved = false;
        while !self.stopped && self.advance(true, &mut moved)? {
            self.add(r, emit)?;
        }
        Ok(())
    }
}
