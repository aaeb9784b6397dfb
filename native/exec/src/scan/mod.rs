//! Reads a table version: prunes segments and blocks, filters on encoded data, and decodes the other
//! columns only for rows that pass.
//!
//! 1. Conjuncts over one column become predicates (directly, or by one evaluation per dictionary
//!    entry); the rest stays for evaluation on rows.
//! 2. A morsel is one block of a segment that may hold matching rows, or a slice of memtable rows.
//! 3. Per block: the sort key narrows the rows, predicates clear bits of a selection on encoded data,
//!    the remaining conditions are evaluated on the columns they need, and what the operators above
//!    need is decoded for the surviving rows alone.

mod bounds;
mod fetch;
pub mod granules;
pub mod indexes;
mod prune;
mod read;
mod texts;

use crate::collapse::visible::Visible;
use crate::expr::{Bound, Scope};
use crate::predicate::conjuncts;
use crate::query::Query;
use crate::rows::Source;
use crate::table::{Shelf, TableSnapshot};
use std::ops::Range;
use std::sync::Arc;
use storage::{BlockStats, Pred, Segment};
use types::{Batch, Bitmap, Column, Result, Type};

const MEMORY_ROWS: usize = 65_536;

pub struct Scan {
    pub table: Arc<TableSnapshot>,
    /// table column of each output column
    pub columns: Vec<usize>,
    pub types: Vec<Type>,
    /// output columns that somebody above reads; others are placeholders
    needed: Vec<bool>,
    conditions: Vec<Bound>,
    /// output columns that indexes know; empty when rows are not counted by granules
    indexed: Vec<bool>,
    segments: Vec<Prepared>,
    defaults: Vec<Option<Column>>,
    morsels: Vec<Morsel>,
    rows: u64,
    visible: Option<Arc<Visible>>,
}

/// One segment with the conditions as they apply to it.
struct Prepared {
    segment: Arc<Segment>,
    /// the segment's column for each output column, None if it is older than the column
    columns: Vec<Option<usize>>,
    predicates: Vec<(usize, Pred)>,
    rest: Vec<Bound>,
    /// the segment's place in the version
    number: usize,
    /// the first row of each block
    starts: Vec<usize>,
    /// rows that show; None for all
    visible: Option<Arc<Bitmap>>,
}

enum Morsel {
    Block { segment: usize, block: usize, rows: Range<usize> },
    Memory { part: usize, batch: usize, start: usize, rows: usize },
}

impl Scan {
    /// Opens and prunes. `needed[i]`: output column i is read by somebody above.
    pub fn new(
        table: Arc<TableSnapshot>,
        names: &[String],
        condition: Option<Bound>,
        needed: Vec<bool>,
        shelf: &Shelf,
        query: &Arc<Query>,
    ) -> Result<Scan> {
        let seen = table.deleted(shelf)?;
        Scan::with(table, names, condition, needed, seen, shelf, query)
    }

    /// As `new`, of the rows that `visible` shows (all without it).
    pub fn with(
        table: Arc<TableSnapshot>,
        names: &[String],
        condition: Option<Bound>,
        needed: Vec<bool>,
        visible: Option<Arc<Visible>>,
        shelf: &Shelf,
        query: &Arc<Query>,
    ) -> Result<Scan> {
        let columns = names.iter().map(|n| table.column(n)).collect::<Result<Vec<_>>>()?;
        let types: Vec<Type> = columns.iter().map(|&c| table.columns[c].ty.clone()).collect();
        let mut conditions = Vec::new();
        if let Some(c) = &condition {
            conjuncts(c, &mut conditions);
        }
        let never = conditions.iter().any(|c| matches!(c, Bound::Const(v, _) if is_false(v)));
        conditions.retain(|c| !matches!(c, Bound::Const(v, _) if !is_false(v)));
        let mut scan = Scan {
            table: table.clone(),
            defaults: vec![None; columns.len()],
            columns,
            types,
            needed,
            conditions,
            indexed: Vec::new(),
            segments: Vec::new(),
            morsels: Vec::new(),
            rows: 0,
            visible,
        };
        scan.indexed = scan.indexed_columns(query);
        if !never {
            scan.fill_defaults(query)?;
            let questions = scan.questions(query)?;
            for (number, slot) in table.segments.iter().enumerate() {
                query.cancel.check()?;
                scan.add_segment(slot.open(shelf)?, number, &questions, query)?;
            }
            scan.add_memory();
        }
        Ok(scan)
    }

    /// Output types before the scan is made.
    pub fn types_of(table: &TableSnapshot, names: &[String]) -> Result<Vec<Type>> {
        names.iter().map(|n| Ok(table.columns[table.column(n)?].ty.clone())).collect()
    }

    fn fill_defaults(&mut self, query: &Query) -> Result<()> {
        for (i, &c) in self.columns.iter().enumerate() {
            let info = &self.table.columns[c];
            let one = match &info.default {
                None => Column::initial_of(&info.ty, 1),
                Some(e) => {
                    let b = Bound::bind(e, &Scope { columns: &[], query, scalars: &[], sets: &[] })?;
                    let v = b.eval(&Batch { columns: Vec::new(), rows: 1 }, query)?;
                    functions::cast(&v, b.ty(), &info.ty, functions::CastMode::Sql, &query.session)?
                }
            };
            self.defaults[i] = Some(one);
        }
        Ok(())
    }

    fn add_memory(&mut self) {
        for (part, (_, batches)) in self.table.memory.iter().enumerate() {
            for (batch, b) in batches.iter().enumerate() {
                let mut start = 0;
                while start < b.rows {
                    let rows = MEMORY_ROWS.min(b.rows - start);
                    self.morsels.push(Morsel::Memory { part, batch, start, rows });
                    self.rows += rows as u64;
                    start += rows;
                }
            }
        }
    }

    /// Dictionaries of a column, each with the number of rows that the scan may select behind it.
    pub fn dictionaries(&self, column: usize) -> Result<Vec<(Arc<types::Dict>, u64)>> {
        let mut rows = vec![0u64; self.segments.len()];
        for m in &self.morsels {
            if let Morsel::Block { segment, rows: range, .. } = m {
                rows[*segment] += range.len() as u64;
            }
        }
        let mut out = Vec::new();
        for (p, n) in self.segments.iter().zip(rows) {
            if let Some(c) = p.columns[column]
                && p.segment.column_type(c) == &self.types[column]
                && let Some(d) = p.segment.dict(c)?
            {
                // a filter that has a dictionary's bits leaves fewer rows than the blocks have
                out.push((d, if p.predicates.is_empty() { n } else { n / 2 }));
            }
        }
        Ok(out)
    }

    /// Smallest and largest value of an integer-like output column over what is scanned, if known.
    pub fn int_range(&self, column: usize) -> Option<(i128, i128)> {
        let mut range: Option<(i128, i128)> = None;
        for m in &self.morsels {
            let Morsel::Block { segment, block, .. } = m else { return None };
            let p = &self.segments[*segment];
            let c = p.columns[column]?;
            if p.segment.column_type(c) != &self.types[column] {
                return None;
            }
            let s = p.segment.stats(c, *block)?;
            let (lo, hi) = (s.min.as_i128()?, s.max.as_i128()?);
            range = Some(range.map_or((lo, hi), |(a, b)| (a.min(lo), b.max(hi))));
        }
        range
    }

    /// What is known of an output column over a morsel.
    pub fn stats(&self, morsel: usize, column: usize) -> Option<&BlockStats> {
        let Morsel::Block { segment, block, .. } = self.morsels[morsel] else { return None };
        let p = &self.segments[segment];
        let c = p.columns[column].filter(|c| p.segment.column_type(*c) == &self.types[column])?;
        p.segment.stats(c, block)
    }

    /// Segments whose rows are all visible and unfiltered, and the memtable batches: for answers
    /// from statistics. None if there are conditions.
    /// Segments with hidden rows are among what is to be read.
    pub fn unfiltered(&self) -> Option<(Vec<(&Arc<Segment>, &[Option<usize>])>, Vec<usize>)> {
        if !self.conditions.is_empty() {
            return None;
        }
        let whole = self.segments.iter().filter(|p| p.visible.is_none());
        let segments = whole.map(|p| (&p.segment, p.columns.as_slice())).collect();
        let read = |i: &usize| match &self.morsels[*i] {
            Morsel::Memory { .. } => true,
            Morsel::Block { segment, .. } => self.segments[*segment].visible.is_some(),
        };
        Some((segments, (0..self.morsels.len()).filter(read).collect()))
    }
}

impl Source for Scan {
    fn morsels(&self) -> usize {
        self.morsels.len()
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        Ok(self.read_morsel(morsel, query)?.into_iter().collect())
    }
    fn reads(&self) -> bool {
        true
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows)
    }
}

fn is_false(c: &Column) -> bool {
    c.is_null(0) || c.scalar(0).as_f64() == Some(0.0)
}
