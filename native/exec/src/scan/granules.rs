//! Granules: so many rows of a part are what an index of ClickHouse's kind can tell apart. A query that may
//! read only so many rows pays for the granules that keys, partitions and skip indexes leave in question,
//! whatever else its conditions then leave of them.

use super::{Morsel, Prepared, Scan};
use crate::expr::Bound;
use crate::plan::{Expr, TableVersion};
use crate::query::Query;
use crate::run::used_by;
use crate::table::{TableColumnInfo, VIRTUALS};
use std::ops::Range;
use types::{Batch, Bitmap, Column, Result, Type};

const ROWS: usize = 8192;

/// What indexes know of a table.
#[derive(Clone, Debug)]
pub struct Granules {
    /// of a granule
    rows: usize,
    /// of a granule of rows in memory: those of several partitions may lie side by side there
    memory_rows: usize,
    /// columns of keys and partitions, and those that say where a row is
    keys: Vec<usize>,
    /// columns of skip indexes
    skipping: Vec<usize>,
    /// columns that the rows of each segment and batch are sorted by, while they are plain ones
    sorted: Vec<usize>,
    partitioned: bool,
}

impl Granules {
    pub fn of(version: &TableVersion, columns: &[TableColumnInfo]) -> Granules {
        let table = &version.table;
        let mut keys = used_by(table.sort_key.iter().chain(&table.partition_key).collect());
        keys.extend(columns.len() - VIRTUALS.len()..columns.len());
        let named = |name: &String| columns.iter().position(|c| c.name == *name);
        let rows = if table.granularity == 0 { ROWS } else { table.granularity as usize };
        let partitioned = !table.partition_key.is_empty();
        let plain = |e: &Expr| if let Expr::Column { col } = e { Some(*col) } else { None };
        // what an insert brings is not sorted yet
        let sorted = if version.batches.is_empty() { table.sort_key.as_slice() } else { &[] };
        Granules {
            rows,
            memory_rows: if partitioned { 1 } else { rows },
            keys,
            skipping: table.skipping.iter().filter_map(named).collect(),
            sorted: sorted.iter().map_while(plain).collect(),
            partitioned,
        }
    }

    /// The same for rows in whatever order.
    pub fn unsorted(&self) -> Granules {
        Granules { sorted: Vec::new(), ..self.clone() }
    }

    /// Rows of the granules that hold one of `keep`; `first` is the number of its first row.
    fn touched(&self, keep: &Bitmap, first: usize, memory: bool) -> usize {
        let rows = if memory { self.memory_rows } else { self.rows };
        let mut last = None;
        let mut count = 0;
        for row in keep.ones() {
            let granule = (first + row as usize) / rows;
            if last.replace(granule) != Some(granule) {
                let end = (granule.saturating_add(1)).saturating_mul(rows).min(first + keep.len());
                count += end - (granule * rows).max(first);
            }
        }
        count
    }
}

impl Scan {
    /// Which output columns indexes know; none when nobody asks.
    pub(super) fn indexed_columns(&self, query: &Query) -> Vec<bool> {
        if query.read_rows_max == 0 {
            return Vec::new();
        }
        let granules = &self.table.granules;
        let off = |name: &str| query.session.setting(name).is_some_and(|v| v == "0" || v == "false");
        let skipping: &[usize] = if off("use_skip_indexes") { &[] } else { &granules.skipping };
        self.columns.iter().map(|c| granules.keys.contains(c) || skipping.contains(c)).collect()
    }

    /// FINAL may have to do without skip indexes.
    pub fn of_final(mut self, query: &Query) -> Scan {
        if query.session.setting("use_skip_indexes_if_final").is_some_and(|v| v == "0" || v == "false") {
            let keys = &self.table.granules.keys;
            self.indexed.iter_mut().zip(&self.columns).for_each(|(known, c)| *known &= keys.contains(c));
        }
        self
    }

    fn is_indexed(&self, condition: &Bound) -> bool {
        let mut used = Vec::new();
        condition.columns(&mut used);
        !used.is_empty()
            && used.iter().all(|&i| self.indexed.get(i) == Some(&true))
            && condition.deterministic()
    }

    /// How many rows of a block count as read.
    pub(super) fn block_reads(
        &self,
        p: &Prepared,
        block: usize,
        range: &Range<usize>,
        query: &Query,
    ) -> Result<usize> {
        if self.indexed.is_empty() {
            return Ok(range.len());
        }
        let total = p.segment.block_rows(block);
        let mut keep = Bitmap::of_range(total, range.clone());
        for (i, pred) in &p.predicates {
            if let Some(c) = p.columns[*i].filter(|_| self.indexed[*i]) {
                p.segment.filter(c, block, pred, &mut keep)?;
            }
        }
        for condition in p.rest.iter().filter(|c| self.is_indexed(c)) {
            let rows = keep.ones();
            if rows.is_empty() {
                return Ok(0);
            }
            let read = |i: usize| self.read_column(p, i, block, Some(&rows), rows.len(), query);
            let mask = self.asked(condition, rows.len(), &read, query)?;
            for (k, row) in rows.iter().enumerate() {
                if !mask.get(k) {
                    keep.set(*row as usize, false);
                }
            }
        }
        Ok(self.table.granules.touched(&keep, p.starts[block], false))
    }

    /// How many of the rows of a batch in memory count as read.
    pub(super) fn memory_reads(&self, batch: &Batch, start: usize, query: &Query) -> Result<usize> {
        if self.indexed.is_empty() {
            return Ok(batch.rows);
        }
        let mut keep = Bitmap::new(batch.rows, true);
        for condition in self.conditions.iter().filter(|c| self.is_indexed(c)) {
            keep.and_with(&condition.eval_mask(batch, query)?);
        }
        Ok(self.table.granules.touched(&keep, start, true))
    }

    /// Where a condition holds, over the columns that it takes.
    fn asked(
        &self,
        condition: &Bound,
        rows: usize,
        read: &dyn Fn(usize) -> Result<Column>,
        query: &Query,
    ) -> Result<Bitmap> {
        let mut used = Vec::new();
        condition.columns(&mut used);
        let mut columns: Vec<Column> =
            self.columns.iter().map(|_| types::Data::Nothing(rows).into()).collect();
        for i in used {
            columns[i] = read(i)?;
        }
        condition.eval_mask(&Batch { columns, rows }, query)
    }

    /// Leaves the granules that hold the first `n` rows, of all rows together.
    pub fn only_first(&mut self, n: u64) {
        if !self.shows_all() {
            return;
        }
        let mut left = n;
        self.morsels.retain_mut(|m| {
            let kept = m.shorten(left.min(usize::MAX as u64) as usize, &self.table.granules, false);
            left = left.saturating_sub(kept as u64);
            kept > 0
        });
        self.rows = self.morsels.iter().map(|m| m.rows() as u64).sum();
    }

    /// Leaves of each sorted piece the granules that hold its first (or last) `n` rows, where these output
    /// columns are what rows are sorted by.
    pub fn only_ends(&mut self, keys: &[usize], n: u64, last: bool) {
        let granules = self.table.granules.clone();
        let plain = |i: &usize| {
            let t = &self.types[*i];
            t.is_integer() || matches!(t, Type::String | Type::Date | Type::Date32 | Type::DateTime(_))
        };
        let by: Vec<usize> = keys.iter().map(|&i| self.columns[i]).collect();
        if !self.shows_all() || !granules.sorted.starts_with(&by) || !keys.iter().all(plain) {
            return;
        }
        for m in &mut self.morsels {
            if matches!(m, Morsel::Block { .. }) || !granules.partitioned {
                m.shorten(n.min(usize::MAX as u64) as usize, &granules, last);
            }
        }
        self.rows = self.morsels.iter().map(|m| m.rows() as u64).sum();
    }

    fn shows_all(&self) -> bool {
        self.conditions.is_empty() && self.visible.is_none()
    }
}

impl Morsel {
    fn rows(&self) -> usize {
        match self {
            Morsel::Block { rows, .. } => rows.len(),
            Morsel::Memory { rows, .. } => *rows,
        }
    }

    /// Keeps `n` rows at one end, up to where a granule ends; says how many are left.
    fn shorten(&mut self, n: usize, granules: &Granules, last: bool) -> usize {
        let had = self.rows();
        let size = granules.rows;
        let kept = n.div_ceil(size).saturating_mul(size).min(had);
        // from the end, the granule that is not full counts as one too
        let odd = if last && n > 0 && had % size > 0 { (size - had % size).min(kept) } else { 0 };
        let kept = if last && kept < had && kept - odd >= n { kept - odd } else { kept };
        match self {
            Morsel::Block { rows, .. } if last => rows.start = rows.end - kept,
            Morsel::Block { rows, .. } => rows.end = rows.start + kept,
            Morsel::Memory { start, rows, .. } => {
                *start += if last { had - kept } else { 0 };
                *rows = kept;
            }
        }
        kept
    }
}
