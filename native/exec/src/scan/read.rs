//! One morsel's rows: predicates on stored values, then the other conditions, then the columns that somebody reads,
//! decoded for the rows that are left.

use super::{Morsel, Prepared, Scan};
use crate::query::Query;
use crate::table::Virtual;
use std::ops::Range;
use types::{Batch, Bitmap, Column, Data, Result};

impl Scan {
    /// The rows of a morsel that pass all conditions.
    pub fn read_morsel(&self, morsel: usize, query: &Query) -> Result<Option<Batch>> {
        match &self.morsels[morsel] {
            Morsel::Block { segment, block, rows } => {
                Ok(self.read_block(&self.segments[*segment], *block, rows, query)?.map(|b| b.0))
            }
            Morsel::Memory { part, batch, start, rows } => {
                self.read_memory(*part, *batch, *start, *rows, None, query)
            }
        }
    }

    /// As `read_morsel`, with one more column: numbers by which `fetch` finds the rows again.
    pub fn read_numbered(&self, morsel: usize, query: &Query) -> Result<Option<Batch>> {
        let first = (morsel as u64) << 32;
        match &self.morsels[morsel] {
            Morsel::Block { segment, block, rows } => {
                let found = self.read_block(&self.segments[*segment], *block, rows, query)?;
                Ok(found.map(|(mut b, selected)| {
                    let numbers: Vec<u64> = match selected {
                        Some(rows) => rows.iter().map(|r| first + u64::from(*r)).collect(),
                        None => (0..b.rows as u64).map(|r| first + r).collect(),
                    };
                    b.columns.push(Data::U64(numbers.into()).into());
                    b
                }))
            }
            Morsel::Memory { part, batch, start, rows } => {
                self.read_memory(*part, *batch, *start, *rows, Some(first), query)
            }
        }
    }

    /// A column that says where rows are. `rows`: their numbers in the part.
    fn computed(&self, what: Virtual, part: Option<usize>, rows: &mut dyn Iterator<Item = usize>) -> Column {
        let text = |s: &str, n: usize| Column::constant(Column::strings([s.as_bytes()]), n);
        match what {
            Virtual::PartOffset => Data::U64(rows.map(|r| r as u64).collect::<Vec<_>>().into()).into(),
            Virtual::PartIndex => {
                let index = part.unwrap_or(self.table.segments.len()) as u64;
                Column::constant(Data::U64(vec![index].into()).into(), rows.count())
            }
            Virtual::RowExists => Column::constant(Data::U8(vec![1].into()).into(), rows.count()),
            Virtual::Part => {
                let file = part.map_or("memory", |p| self.table.segments[p].file.as_str());
                let named = part.map_or("", |p| self.table.marks[p].name.as_str());
                let file = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".seg");
                text(if named.is_empty() { file } else { named }, rows.count())
            }
            Virtual::Partition => {
                text(part.map_or("", |p| self.table.marks[p].partition.as_str()), rows.count())
            }
        }
    }

    fn default_column(&self, i: usize, rows: usize) -> Column {
        match &self.defaults[i] {
            Some(one) => Column::constant(one.clone(), rows),
            None => Column::initial_of(&self.types[i], rows),
        }
    }

    /// Output column `i` of a block, for the selected rows (`None` = all).
    pub(super) fn read_column(
        &self,
        p: &Prepared,
        i: usize,
        block: usize,
        rows: Option<&[u32]>,
        n: usize,
        query: &Query,
    ) -> Result<Column> {
        if let Some(what) = self.table.columns[self.columns[i]].computed {
            let from = p.starts[block];
            return Ok(match rows {
                None => self.computed(what, Some(p.number), &mut (from..from + n)),
                Some(rows) => {
                    self.computed(what, Some(p.number), &mut rows.iter().map(|r| from + *r as usize))
                }
            });
        }
        let Some(c) = p.columns[i] else { return Ok(self.default_column(i, n)) };
        let column = match rows {
            None => p.segment.read(c, block)?,
            Some(rows) => p.segment.read_rows(c, block, rows)?,
        };
        let stored = p.segment.column_type(c);
        if *stored == self.types[i] {
            Ok(column)
        } else {
            functions::cast(&column, stored, &self.types[i], functions::CastMode::Sql, &query.session)
        }
    }

    /// What is left of a block, and which of its rows that is (None = all).
    fn read_block(
        &self,
        p: &Prepared,
        block: usize,
        range: &Range<usize>,
        query: &Query,
    ) -> Result<Option<(Batch, Option<Vec<u32>>)>> {
        let total = p.segment.block_rows(block);
        query.read(self.block_reads(p, block, range, query)? as u64, 0)?;
        let mut selected: Option<Vec<u32>> = None;
        let mut n = total;
        if !p.predicates.is_empty() || range.len() < total || p.visible.is_some() {
            let mut keep = Bitmap::of_range(total, range.clone());
            if let Some(seen) = &p.visible {
                keep.and_with(&seen.slice(p.starts[block], total));
                if !keep.any() {
                    return Ok(None);
                }
            }
            for (i, pred) in &p.predicates {
                if let Some(c) = p.columns[*i] {
                    p.segment.filter(c, block, pred, &mut keep)?;
                    if !keep.any() {
                        return Ok(None);
                    }
                }
            }
            n = keep.count_ones();
            if n < total {
                selected = Some(keep.ones());
            }
        }
        let mut columns: Vec<Option<Column>> = vec![None; self.columns.len()];
        for condition in &p.rest {
            let mut used = Vec::new();
            condition.columns(&mut used);
            for i in used {
                if columns[i].is_none() {
                    columns[i] = Some(self.read_column(p, i, block, selected.as_deref(), n, query)?);
                }
            }
            let batch = placeholders(&columns, n);
            let keep = condition.eval_mask(&batch, query)?;
            let left = keep.count_ones();
            if left == 0 {
                return Ok(None);
            }
            if left < n {
                let ones = keep.ones();
                for c in columns.iter_mut().flatten() {
                    *c = c.gather(&ones);
                }
                selected = Some(match selected {
                    None => ones,
                    Some(rows) => ones.iter().map(|&i| rows[i as usize]).collect(),
                });
                n = left;
            }
        }
        let mut bytes = 0;
        for i in 0..self.columns.len() {
            if self.needed[i] && columns[i].is_none() {
                columns[i] = Some(self.read_column(p, i, block, selected.as_deref(), n, query)?);
            }
            bytes += columns[i].as_ref().map_or(0, Column::bytes);
        }
        query.read(0, bytes as u64)?;
        Ok(Some((placeholders(&columns, n), selected)))
    }

    /// Output column `i` of rows in memory.
    pub(super) fn memory_column(
        &self,
        (part, batch): (usize, usize),
        i: usize,
        start: usize,
        rows: usize,
        query: &Query,
    ) -> Result<Column> {
        let (fields, batches) = &self.table.memory[part];
        let info = &self.table.columns[self.columns[i]];
        if let Some(what) = info.computed {
            return Ok(self.computed(what, None, &mut (start..start + rows)));
        }
        let Some(k) = fields.iter().position(|f| f.name == info.name) else {
            return Ok(self.default_column(i, rows));
        };
        let piece = batches[batch].columns[k].slice(start, rows);
        if fields[k].ty == self.types[i] {
            return Ok(piece);
        }
        functions::cast(&piece, &fields[k].ty, &self.types[i], functions::CastMode::Sql, &query.session)
    }

    /// `numbered`: the number of the first row, if rows are to have numbers.
    fn read_memory(
        &self,
        part: usize,
        batch: usize,
        start: usize,
        rows: usize,
        numbered: Option<u64>,
        query: &Query,
    ) -> Result<Option<Batch>> {
        let all = 0..self.columns.len();
        let column = |i| self.memory_column((part, batch), i, start, rows, query);
        let mut columns = all.map(column).collect::<Result<Vec<_>>>()?;
        if let Some(first) = numbered {
            columns.push(Data::U64((first..first + rows as u64).collect::<Vec<_>>().into()).into());
        }
        let mut b = Batch { columns, rows };
        query.read(self.memory_reads(&b, start, query)? as u64, b.bytes() as u64)?;
        if let Some(seen) = self.visible.as_ref().and_then(|v| v.batch(part, batch)) {
            let keep = seen.slice(start, rows);
            if !keep.any() {
                return Ok(None);
            }
            b = b.filter(&keep);
        }
        for condition in &self.conditions {
            let keep = condition.eval_mask(&b, query)?;
            if !keep.any() {
                return Ok(None);
            }
            if !keep.all() {
                b = b.filter(&keep);
            }
        }
        Ok(Some(b))
    }
}

fn placeholders(columns: &[Option<Column>], rows: usize) -> Batch {
    let columns = columns.iter().map(|c| c.clone().unwrap_or_else(|| Data::Nothing(rows).into())).collect();
    Batch { columns, rows }
}
