//! ORDER BY … WITH FILL: rows that are missing in the sequence of the sort's columns are added.
//!
//! The sequence runs on its own: it starts at FROM or at the first row, moves by STEP, and goes on
//! through the rows that are there (they stay, also between two of its places). Several filled
//! columns count like the digits of a number. Rows that differ in the columns sorted before the
//! first filled one (`prefix`) are filled apart.

mod step;

use crate::expr::{Bound, Scope};
use crate::plan::{Expr, FillKey};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Typed};
use functions::CastMode;
use std::sync::Arc;
use step::{Axis, Place};
use types::compare::compare_rows;
use types::{Batch, Column, ColumnBuilder, Data, Error, Result, Type};

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

/// Rows to be given out, from the batch at hand and added ones.
struct Output {
    /// row of the batch, or its number of rows + number of an added row
    order: Vec<u32>,
    added: usize,
    axes: Vec<ColumnBuilder>,
    prefix: Vec<u32>,
    interpolated: Vec<ColumnBuilder>,
}

impl Output {
    fn new(spec: &Spec) -> Output {
        Output {
            order: Vec::new(),
            added: 0,
            axes: spec.axes.iter().map(|a| ColumnBuilder::new(&spec.types[a.column])).collect(),
            prefix: Vec::new(),
            interpolated: spec.interpolate.iter().map(|(c, _)| ColumnBuilder::new(&spec.types[*c])).collect(),
        }
    }
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

    /// Does `a` come before `b`? Undefined places say nothing.
    fn before(&self, a: &[Option<Place>], b: &[Option<Place>]) -> bool {
        for (axis, (a, b)) in self.spec.axes.iter().zip(a.iter().zip(b)) {
            if let (Some(a), Some(b)) = (a, b)
                && a != b
            {
                return axis.less(*a, *b);
            }
        }
        false
    }

    fn inside(&self, i: usize, place: Place) -> bool {
        self.border[i].is_none_or(|b| self.spec.axes[i].less(place, b))
    }

    /// Moves the sequence one place on; true if that place is missing before `next` (`open`: there
    /// is no next row, only borders).
    fn advance(&mut self, open: bool, moved: &mut bool) -> Result<bool> {
        let n = self.at.len();
        let differs = |i: usize| match (self.at[i], self.next[i]) {
            (Some(a), Some(b)) => a != b,
            (Some(_), None) => open && self.border[i].is_some(),
            _ => false,
        };
        let Some(p) = (0..n).find(|&i| differs(i)) else { return Ok(false) };
        let Some(here) = self.at[p] else { return Ok(false) };
        if self.next[p].is_some_and(|x| self.spec.axes[p].less(x, here)) || !self.inside(p, here) {
            return Ok(false);
        }
        for i in (p + 1..n).rev() {
            if let Some(x) = self.at[i]
                && self.border[i].is_some()
                && let Some(then) = self.spec.axes[i].step(x)?
                && self.inside(i, then)
            {
                self.at[i] = Some(then);
                self.start_from_defaults(i + 1);
                *moved = true;
                return Ok(true);
            }
        }
        let Some(then) = self.spec.axes[p].step(here)? else { return Ok(false) };
        if !self.inside(p, then) || self.next[p].is_some_and(|x| self.spec.axes[p].less(x, then)) {
            return Ok(false);
        }
        *moved = true;
        self.at[p] = Some(then);
        if self.next[p] == Some(then) {
            return Ok(self.meet(p));
        }
        self.start_from_defaults(p + 1);
        Ok(true)
    }

    /// The sequence has met the next row in column `p`: are places of later columns before it?
    fn meet(&mut self, p: usize) -> bool {
        let mut less = false;
        for i in p + 1..self.at.len() {
            self.at[i] = self.spec.axes[i].from.or(self.next[i]);
            if let (Some(a), Some(b)) = (self.at[i], self.next[i]) {
                less |= self.spec.axes[i].less(a, b);
            }
        }
        less
    }

    /// Behind a gap that STALENESS left: the last place that is not beyond the next row.
    fn jump(&mut self, moved: &mut bool) -> Result<bool> {
        for p in 0..self.at.len() {
            let (Some(here), Some(next)) = (self.at[p], self.next[p]) else { continue };
            if here == next {
                continue;
            }
            let axis = &self.spec.axes[p];
            if axis.staleness.is_none() || axis.less(next, here) {
                return Ok(false);
            }
            let mut last = here;
            let mut steps = 0u32;
            while let Some(then) = axis.step(last)? {
                if axis.less(next, then) {
                    break;
                }
                last = then;
                steps += 1;
                if steps % 4096 == 0 {
                    self.query.cancel.check()?;
                }
            }
            *moved = last != here;
            self.at[p] = Some(last);
            if last == next {
                return Ok(self.meet(p));
            }
            self.start_from_defaults(p + 1);
            return Ok(false);
        }
        Ok(false)
    }

    /// Gives out a row at the sequence's place. `r`: a row of the batch in the same range.
    fn add(&mut self, r: usize, emit: Emit<'_>) -> Result<()> {
        for (k, axis) in self.spec.axes.iter().enumerate() {
            match self.at[k] {
                Some(p) => axis.push(p, &mut self.out.axes[k]),
                None => self.out.axes[k].push_default(1),
            }
        }
        if !self.spec.interpolate.is_empty() {
            self.interpolate()?;
        }
        let known = r < self.batch.rows;
        self.out.prefix.push(if known { r as u32 } else { SAVED });
        self.out.order.push((self.batch.rows + self.out.added) as u32);
        self.out.added += 1;
        if self.out.order.len() >= CHUNK { self.flush(emit) } else { Ok(()) }
    }

    fn columns_of(&self, r: usize) -> Vec<Column> {
        let mut columns = vec![Column::from(Data::Nothing(1)); self.spec.types.len()];
        for &c in &self.spec.read {
            columns[c] = self.batch.columns[c].slice(r, 1);
        }
        columns
    }

    fn interpolate(&mut self) -> Result<()> {
        let mut columns = match std::mem::replace(&mut self.previous, Previous::None) {
            Previous::Original(r) => self.columns_of(r),
            Previous::Columns(c) => c,
            Previous::None => self.spec.types.iter().map(|t| Column::default_of(t, 1).flat()).collect(),
        };
        let row = Batch { columns: columns.clone(), rows: 1 };
        let mut values = Vec::with_capacity(self.spec.interpolate.len());
        for (c, b) in &self.spec.interpolate {
            let v = b.eval(&row, self.query)?.flat();
            values.push(
                functions::cast(&v, b.ty(), &self.spec.types[*c], CastMode::Sql, &self.query.session)?.flat(),
            );
        }
        for &c in &self.spec.read {
            if let Some(k) = self.spec.axes.iter().position(|a| a.column == c) {
                let mut one = ColumnBuilder::new(&self.spec.types[c]);
                match self.at[k] {
                    Some(p) => self.spec.axes[k].push(p, &mut one),
                    None => one.push_default(1),
                }
                columns[c] = one.finish();
            } else if !self.spec.prefix.contains(&c) && !self.spec.interpolate.iter().any(|(i, _)| *i == c) {
                columns[c] = Column::default_of(&self.spec.types[c], 1).flat();
            }
        }
        for (k, ((c, _), v)) in self.spec.interpolate.iter().zip(values).enumerate() {
            self.out.interpolated[k].push_row(&v, 0);
            columns[*c] = v;
        }
        self.previous = Previous::Columns(columns);
        Ok(())
    }

    fn flush(&mut self, emit: Emit<'_>) -> Result<()> {
        self.query.cancel.check()?;
        let out = std::mem::replace(&mut self.out, Output::new(&self.spec));
        if out.order.is_empty() || self.stopped {
            return Ok(());
        }
        let n = self.batch.rows;
        if out.added == 0 {
            let whole = out.order.len() == n;
            let batch = if whole { self.batch.clone() } else { self.batch.gather(&out.order) };
            self.stopped = emit(batch)? == Flow::Stop;
            return Ok(());
        }
        let defaults: Vec<u32> = out.order.iter().map(|&i| i.min(n as u32)).collect();
        let mut columns: Vec<Option<Column>> = vec![None; self.spec.types.len()];
        let own = |c: usize, added: ColumnBuilder| {
            Column::concat(&self.spec.types[c], &[&self.batch.columns[c], &added.finish()]).gather(&out.order)
        };
        for ((c, _), added) in self.spec.interpolate.iter().zip(out.interpolated) {
            columns[*c] = Some(own(*c, added));
        }
        for (axis, added) in self.spec.axes.iter().zip(out.axes) {
            columns[axis.column] = Some(own(axis.column, added));
        }
        for (k, &c) in self.spec.prefix.iter().enumerate() {
            let ty = &self.spec.types[c];
            let saved = self.saved_prefix.get(k).cloned().unwrap_or_else(|| Column::default_of(ty, 1));
            let from: Vec<u32> = out
                .order
                .iter()
                .map(|&i| if (i as usize) < n { i } else { out.prefix[i as usize - n].min(n as u32) })
                .collect();
            columns[c] = Some(Column::concat(ty, &[&self.batch.columns[c], &saved]).gather(&from));
        }
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(c, done)| {
                done.unwrap_or_else(|| {
                    let ty = &self.spec.types[c];
                    Column::concat(ty, &[&self.batch.columns[c], &Column::default_of(ty, 1)])
                        .gather(&defaults)
                })
            })
            .collect();
        self.stopped = emit(Batch { columns, rows: out.order.len() })? == Flow::Stop;
        Ok(())
    }
}
