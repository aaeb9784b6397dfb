//! What WITH FILL gives out: rows of the batch at hand and added ones, in their order.

use super::{CHUNK, Filler, Previous, SAVED, Spec};
use crate::pool::Flow;
use crate::rows::Emit;
use functions::CastMode;
use types::{Batch, Column, ColumnBuilder, Data, Result};

/// Rows to be given out, from the batch at hand and added ones.
pub(super) struct Output {
    /// row of the batch, or its number of rows + number of an added row
    pub(super) order: Vec<u32>,
    pub(super) added: usize,
    pub(super) axes: Vec<ColumnBuilder>,
    pub(super) prefix: Vec<u32>,
    pub(super) interpolated: Vec<ColumnBuilder>,
}

impl Output {
    pub(super) fn new(spec: &Spec) -> Output {
        Output {
            order: Vec::new(),
            added: 0,
            axes: spec.axes.iter().map(|a| ColumnBuilder::new(&spec.types[a.column])).collect(),
            prefix: Vec::new(),
            interpolated: spec.interpolate.iter().map(|(c, _)| ColumnBuilder::new(&spec.types[*c])).collect(),
        }
    }
}

impl Filler<'_> {
    /// Gives out a row at the sequence's place. `r`: a row of the batch in the same range.
    pub(super) fn add(&mut self, r: usize, emit: Emit<'_>) -> Result<()> {
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

    pub(super) fn columns_of(&self, r: usize) -> Vec<Column> {
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

    pub(super) fn flush(&mut self, emit: Emit<'_>) -> Result<()> {
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
