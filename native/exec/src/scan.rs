//! Reads a table version: prunes segments and blocks, filters on encoded data, and decodes the other
//! columns only for rows that pass.
//!
//! 1. Conjuncts over one column become predicates (directly, or by one evaluation per dictionary
//!    entry); the rest stays for evaluation on rows.
//! 2. A morsel is one block of a segment that may hold matching rows, or a slice of memtable rows.
//! 3. Per block: the sort key narrows the rows, predicates clear bits of a selection on encoded data,
//!    the remaining conditions are evaluated on the columns they need, and what the operators above
//!    need is decoded for the surviving rows alone.

use crate::collapse::visible::Visible;
use crate::expr::{Bound, Scope};
use crate::predicate::{by_dictionary, conjuncts, direct};
use crate::query::Query;
use crate::rows::Source;
use crate::table::{Shelf, TableSnapshot, Virtual};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use storage::{Pred, Segment};
use types::{Batch, Bitmap, Column, Data, Result, Type};

const MEMORY_ROWS: usize = 65_536;

pub struct Scan {
    pub table: Arc<TableSnapshot>,
    /// table column of each output column
    pub columns: Vec<usize>,
    pub types: Vec<Type>,
    /// output columns that somebody above reads; others are placeholders
    needed: Vec<bool>,
    conditions: Vec<Bound>,
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
            segments: Vec::new(),
            morsels: Vec::new(),
            rows: 0,
            visible,
        };
        if !never {
            scan.fill_defaults(query)?;
            for (number, slot) in table.segments.iter().enumerate() {
                query.cancel.check()?;
                query.progress.segments.fetch_add(1, Ordering::Relaxed);
                let segment = slot.open(shelf)?;
                scan.add_segment(segment, number, query)?;
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
                None => Column::default_of(&info.ty, 1),
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

    fn add_segment(&mut self, segment: Arc<Segment>, number: usize, query: &Arc<Query>) -> Result<()> {
        let columns: Vec<Option<usize>> =
            self.columns.iter().map(|&c| segment.column(&self.table.columns[c].stored)).collect();
        let same_type = |i: usize| columns[i].is_some_and(|c| segment.column_type(c) == &self.types[i]);
        let mut predicates = Vec::new();
        let mut rest = Vec::new();
        for c in &self.conditions {
            match direct(c, query) {
                Some((i, pred)) if same_type(i) => {
                    if matches!(pred, Pred::Never) {
                        query.progress.segments_pruned.fetch_add(1, Ordering::Relaxed);
                        return Ok(());
                    }
                    predicates.push((i, pred));
                }
                _ => rest.push(c.clone()),
            }
        }
        // cheap exit before dictionaries are read: no block may match
        let mut blocks: Vec<usize> = (0..segment.block_count()).collect();
        for (i, pred) in &predicates {
            if let Some(c) = columns[*i] {
                let mut kept = Vec::with_capacity(blocks.len());
                for b in blocks {
                    if segment.may_match(c, b, pred)? {
                        kept.push(b);
                    }
                }
                blocks = kept;
            }
        }
        if blocks.is_empty() {
            query.progress.segments_pruned.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let selected: usize = blocks.iter().map(|&b| segment.block_rows(b)).sum();
        let mut left = Vec::new();
        for c in rest {
            let mut used = Vec::new();
            c.columns(&mut used);
            let by_codes = match used.as_slice() {
                [i] if c.deterministic() && same_type(*i) && self.types[*i].base() == &Type::String => {
                    match columns[*i].map(|col| segment.dict(col)).transpose()?.flatten() {
                        Some(dict) if dict.len() <= selected => {
                            by_dictionary(&c, &dict, *i, self.columns.len(), query)?.map(|m| (*i, m))
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            match by_codes {
                Some((i, codes)) => predicates.push((i, Pred::Codes(Arc::new(codes)))),
                None => left.push(c),
            }
        }
        let visible = self.visible.as_ref().and_then(|v| v.segment(number)).cloned();
        let mut starts = vec![0];
        for b in 0..segment.block_count() {
            starts.push(starts[b] + segment.block_rows(b));
        }
        let prepared = Prepared { segment, columns, predicates, rest: left, number, starts, visible };
        let at = self.segments.len();
        let total = prepared.segment.block_count();
        let mut kept = 0;
        for b in blocks {
            if prepared.may_match(b)? {
                let rows = Self::key_rows(&prepared, b)?;
                if !rows.is_empty() {
                    self.rows += rows.len() as u64;
                    self.morsels.push(Morsel::Block { segment: at, block: b, rows });
                    kept += 1;
                }
            }
        }
        query.progress.blocks.fetch_add(total as u64, Ordering::Relaxed);
        query.progress.blocks_pruned.fetch_add((total - kept) as u64, Ordering::Relaxed);
        self.segments.push(prepared);
        Ok(())
    }

    /// Rows of a block that the sort key leaves in question.
    fn key_rows(p: &Prepared, block: usize) -> Result<Range<usize>> {
        let key: Vec<(usize, Pred)> = p
            .segment
            .sort_columns()
            .iter()
            .enumerate()
            .map_while(|(k, c)| {
                p.predicates
                    .iter()
                    .find(|(i, _)| p.columns[*i] == Some(*c))
                    .map(|(_, pred)| (k, pred.clone()))
            })
            .collect();
        if key.is_empty() {
            return Ok(0..p.segment.block_rows(block));
        }
        p.segment.key_rows(block, &key)
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
                text(file.rsplit('/').next().unwrap_or(file).trim_end_matches(".seg"), rows.count())
            }
            Virtual::Partition => {
                text(part.map_or("", |p| self.table.marks[p].partition.as_str()), rows.count())
            }
        }
    }

    fn default_column(&self, i: usize, rows: usize) -> Column {
        match &self.defaults[i] {
            Some(one) => Column::constant(one.clone(), rows),
            None => Column::default_of(&self.types[i], rows),
        }
    }

    /// Output column `i` of a block, for the selected rows (`None` = all).
    fn read_column(
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

    fn read_block(
        &self,
        p: &Prepared,
        block: usize,
        range: &Range<usize>,
        query: &Query,
    ) -> Result<Option<Batch>> {
        let total = p.segment.block_rows(block);
        query.read(range.len() as u64, 0)?;
        let mut selected: Option<Vec<u32>> = None;
        let mut n = total;
        if !p.predicates.is_empty() || range.len() < total || p.visible.is_some() {
            let mut keep = if range.len() == total {
                Bitmap::new(total, true)
            } else {
                Bitmap::from_fn(total, |i| range.contains(&i))
            };
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
        Ok(Some(placeholders(&columns, n)))
    }

    fn read_memory(
        &self,
        part: usize,
        batch: usize,
        start: usize,
        rows: usize,
        query: &Query,
    ) -> Result<Option<Batch>> {
        let (fields, batches) = &self.table.memory[part];
        let source = &batches[batch];
        let mut columns = Vec::with_capacity(self.columns.len());
        for (i, &c) in self.columns.iter().enumerate() {
            let name = &self.table.columns[c].name;
            if let Some(what) = self.table.columns[c].computed {
                columns.push(self.computed(what, None, &mut (start..start + rows)));
                continue;
            }
            columns.push(match fields.iter().position(|f| f.name == *name) {
                None => self.default_column(i, rows),
                Some(k) => {
                    let piece = source.columns[k].slice(start, rows);
                    if fields[k].ty == self.types[i] {
                        piece
                    } else {
                        functions::cast(
                            &piece,
                            &fields[k].ty,
                            &self.types[i],
                            functions::CastMode::Sql,
                            &query.session,
                        )?
                    }
                }
            });
        }
        let mut b = Batch { columns, rows };
        query.read(rows as u64, b.bytes() as u64)?;
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

impl Prepared {
    fn may_match(&self, block: usize) -> Result<bool> {
        for (i, pred) in &self.predicates {
            if let Some(c) = self.columns[*i]
                && !self.segment.may_match(c, block, pred)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Source for Scan {
    fn morsels(&self) -> usize {
        self.morsels.len()
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        let batch = match &self.morsels[morsel] {
            Morsel::Block { segment, block, rows } => {
                self.read_block(&self.segments[*segment], *block, rows, query)?
            }
            Morsel::Memory { part, batch, start, rows } => {
                self.read_memory(*part, *batch, *start, *rows, query)?
            }
        };
        Ok(batch.into_iter().collect())
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows)
    }
}

fn is_false(c: &Column) -> bool {
    c.is_null(0) || c.scalar(0).as_f64() == Some(0.0)
}

fn placeholders(columns: &[Option<Column>], rows: usize) -> Batch {
    let columns = columns.iter().map(|c| c.clone().unwrap_or_else(|| Data::Nothing(rows).into())).collect();
    Batch { columns, rows }
}
