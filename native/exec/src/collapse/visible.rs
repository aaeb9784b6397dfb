//! FINAL: which rows of a table version show once its engine's rule is applied.
//!
//! Engines that keep rows as they are give a bitmap per segment and per batch in memory, made once per
//! version from key and version columns; a FINAL query then is a plain scan with bitmaps. Engines that
//! make new rows give a version whose overlapping rows are merged in memory. Either way segments whose
//! keys no other segment shares are left alone when a merge wrote them.
//!
//! The bitmaps of a version are made of those of the version before where one is `known`: keys of rows that came
//! since are looked for (`search`) and judged by the rule (`judge`). Without it all rows are merged.

mod bounds;
mod inputs;
mod judge;
mod known;
mod search;

pub use known::Known;

use super::sorted::{Collapsed, Input, SortedMerge};
use super::{Collapse, Mode, group_starts};
use crate::expr::Bound;
use crate::paths::Path;
use crate::plan::TableShape;
use crate::query::Query;
use crate::table::{Shelf, TableSnapshot};
use std::sync::Arc;
use types::{Batch, Bitmap, Column, Data, Error, Field, Reservation, Result, Type};

/// Rows that a scan shows; `None` shows all of them.
#[derive(Clone, Default)]
pub struct Visible {
    pub segments: Vec<Option<Arc<Bitmap>>>,
    /// by part and batch
    pub memory: Vec<Vec<Option<Arc<Bitmap>>>>,
}

impl Visible {
    pub fn segment(&self, i: usize) -> Option<&Arc<Bitmap>> {
        self.segments.get(i)?.as_ref()
    }
    pub fn batch(&self, part: usize, batch: usize) -> Option<&Arc<Bitmap>> {
        self.memory.get(part)?.get(batch)?.as_ref()
    }
}

/// As `Visible`, by source: segments, then batches in memory.
#[derive(Clone)]
struct Shown {
    bits: Vec<Option<Arc<Bitmap>>>,
    /// of each source rows that do not show, and the source of the row in whose place they stand; more than that
    /// after a while. None where the engine's rule is another or they are too many.
    losers: Option<Vec<Vec<(u32, u32)>>>,
}

/// Sort keys are computed in the zone in which the rows were sorted.
fn in_key_zone(query: &Query, shape: &TableShape) -> Result<Arc<Query>> {
    let timezone = types::tz::TimeZone::get(if shape.timezone.is_empty() { "UTC" } else { &shape.timezone })?;
    Ok(Arc::new(query.in_zone(timezone)))
}

/// What is asked of a FINAL scan.
pub struct Asked<'a> {
    pub names: &'a [String],
    pub needed: &'a [bool],
    /// over `names`
    pub condition: Option<&'a Bound>,
    /// rows of different partitions never replace each other
    pub by_partition: bool,
}

/// What a FINAL scan reads instead of the version: the version with bitmaps, or another version.
pub fn final_rows(
    table: &Arc<TableSnapshot>,
    asked: &Asked<'_>,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<(Arc<TableSnapshot>, Option<Arc<Visible>>)> {
    let Some(shape) = &table.rule else { return Ok((table.clone(), None)) };
    let query = &in_key_zone(query, shape)?;
    let rule = Arc::new(Collapse::bind(shape, query)?);
    let work = Work { table, rule: &rule, shelf, query, by_partition: asked.by_partition };
    if rule.keeps() && query.off.has(Path::KnownFinal) {
        let merged = work.merged(&work.crowded()?, Mode::Final)?;
        return Ok((table.clone(), Some(Arc::new(work.visible(merged)))));
    }
    if rule.keeps() {
        let slot = &table.finals[usize::from(asked.by_partition)];
        let mut slot = slot.lock();
        if let Some(v) = slot.as_ref() {
            return Ok((table.clone(), Some(v.clone())));
        }
        let v = Arc::new(work.visible(work.shown_since()?));
        *slot = Some(v.clone());
        return Ok((table.clone(), Some(v)));
    }
    Ok((Arc::new(work.made(asked)?), None))
}

/// The rows of a version that a merge keeps, of an engine that keeps rows as they are.
pub fn merged_rows(
    table: &Arc<TableSnapshot>,
    rule: &Arc<Collapse>,
    mode: Mode,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Visible> {
    let work = Work { table, rule, shelf, query, by_partition: false };
    Ok(work.visible(work.shown(mode)?))
}

/// All rows of a version in the order of its key, merged as its engine says.
pub fn merged_stream<'a>(
    table: &Arc<TableSnapshot>,
    rule: &'a Arc<Collapse>,
    mode: Mode,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Collapsed<'a>> {
    let work = Work { table, rule, shelf, query, by_partition: false };
    let names: Vec<String> = table.columns[..rule.types.len()].iter().map(|c| c.name.clone()).collect();
    let needed = vec![true; names.len()];
    let asked = Asked { names: &names, needed: &needed, condition: None, by_partition: false };
    let inputs = work.inputs(&vec![true; table.segments.len()], Some((&asked, &needed)))?;
    Ok(Collapsed::new(work.merge(inputs, false)?, rule, mode))
}

#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) table: &'a Arc<TableSnapshot>,
    pub(super) rule: &'a Arc<Collapse>,
    pub(super) shelf: &'a Shelf,
    pub(super) query: &'a Arc<Query>,
    pub(super) by_partition: bool,
}

impl Work<'_> {
    fn sources(&self) -> usize {
        self.table.segments.len() + self.table.memory.iter().map(|(_, bs)| bs.len()).sum::<usize>()
    }

    /// A source beyond the segments.
    fn memory(&self, source: usize) -> Option<(Arc<Vec<Field>>, Arc<Batch>)> {
        let all = self.table.memory.iter().flat_map(|(fields, bs)| bs.iter().map(move |b| (fields, b)));
        let mut rest = all.skip(source.checked_sub(self.table.segments.len())?);
        rest.next().map(|(fields, b)| (fields.clone(), b.clone()))
    }

    fn rows_of(&self, source: usize) -> usize {
        match self.table.segments.get(source) {
            Some(s) => s.rows as usize,
            None => self.memory(source).map_or(0, |m| m.1.rows),
        }
    }

    /// Rows that DELETE has left, by source.
    fn left_by_deletes(&self) -> Result<Vec<Option<Arc<Bitmap>>>> {
        let base = self.table.deleted(self.shelf)?;
        Ok((0..self.sources()).map(|n| base.as_deref()?.segment(n).cloned()).collect())
    }

    fn key_types(&self) -> Vec<Type> {
        let partition = if self.by_partition { &self.rule.partition[..] } else { &[] };
        partition.iter().chain(&self.rule.keys).map(|k| k.ty().clone()).collect()
    }

    /// The columns of the table that the keys read.
    fn key_columns_read(&self) -> Vec<bool> {
        let mut used = Vec::new();
        let partition = if self.by_partition { &self.rule.partition[..] } else { &[] };
        partition.iter().chain(&self.rule.keys).for_each(|k| k.columns(&mut used));
        (0..self.rule.types.len()).map(|c| used.contains(&c)).collect()
    }

    fn keys_of(&self, b: &Batch) -> Result<Vec<Column>> {
        let partition = if self.by_partition { &self.rule.partition[..] } else { &[] };
        partition.iter().chain(&self.rule.keys).map(|k| k.eval(b, self.query)).collect()
    }

    fn merge(&self, inputs: Vec<Box<dyn Input>>, positions: bool) -> Result<SortedMerge> {
        let mut types = self.rule.types.clone();
        if positions {
            types.extend([Type::UInt32, Type::UInt32]);
        }
        SortedMerge::new(inputs, types, self.key_types(), self.query)
    }

    /// The rule on all rows of the crowded segments and of memory, merged.
    fn merged(&self, crowded: &[bool], mode: Mode) -> Result<Shown> {
        let merge = self.merge(self.inputs(crowded, None)?, true)?;
        let mut groups = Collapsed::new(merge, self.rule, mode);
        let mut bits: Vec<Option<Bitmap>> = (0..self.sources())
            .map(|n| crowded.get(n).is_none_or(|c| *c).then(|| Bitmap::new(self.rows_of(n), false)))
            .collect();
        let losers = self.remembers(mode).then(|| vec![Vec::new(); self.sources()]);
        let mut shown = Shown { bits: self.left_by_deletes()?, losers };
        let width = self.rule.types.len();
        while let Some((batch, keys)) = groups.next_groups()? {
            let starts = group_starts(&keys, batch.rows);
            let kept = self.rule.kept(&batch, &starts, mode)?;
            let (Data::U32(source), Data::U32(row)) =
                (&batch.columns[width].data, &batch.columns[width + 1].data)
            else {
                return Err(Error::internal("positions of rows"));
            };
            for k in kept {
                if let Some(Some(b)) = bits.get_mut(source[k as usize] as usize) {
                    b.set(row[k as usize] as usize, true);
                }
            }
            self.note_losers(&mut shown, &batch, &starts, |at| (source[at], row[at]))?;
        }
        for (n, own) in bits.into_iter().enumerate() {
            if let Some(own) = own {
                shown.bits[n] = Some(Arc::new(own));
            }
        }
        Ok(shown)
    }

    fn visible(&self, shown: Shown) -> Visible {
        let mut bits = shown.bits.into_iter().map(|b| b.filter(|b| !b.all()));
        let segments = bits.by_ref().take(self.table.segments.len()).collect();
        let memory = self.table.memory.iter().map(|(_, bs)| bits.by_ref().take(bs.len()).collect());
        Visible { segments, memory: memory.collect() }
    }

    /// The version with crowded rows merged in memory, as far as the scan needs them.
    fn made(&self, asked: &Asked<'_>) -> Result<TableSnapshot> {
        let crowded = self.crowded()?;
        let width = self.rule.types.len();
        let position = |name: &String| self.table.columns[..width].iter().position(|c| c.name == *name);
        let mut needed = vec![false; width];
        for (k, name) in asked.names.iter().enumerate() {
            if asked.needed[k]
                && let Some(i) = position(name)
            {
                needed[i] = true;
            }
        }
        if let Some(c) = asked.condition {
            let mut used = Vec::new();
            c.columns(&mut used);
            used.iter().filter_map(|k| position(&asked.names[*k])).for_each(|i| needed[i] = true);
        }
        let required = self.rule.required(&needed, self.by_partition);
        let merge = self.merge(self.inputs(&crowded, Some((asked, &required)))?, false)?;
        let mut rows = Collapsed::new(merge, self.rule, Mode::Final);
        let mut held = Reservation::empty(&self.query.memory);
        let there: Vec<usize> = (0..width).filter(|i| required[*i]).collect();
        let fields = there.iter().map(|i| types::Field {
            name: self.table.columns[*i].name.clone(),
            ty: self.table.columns[*i].ty.clone(),
        });
        let fields = Arc::new(fields.collect::<Vec<_>>());
        let mut batches = Vec::new();
        while let Some(b) = rows.next()? {
            let b = Batch { columns: there.iter().map(|i| b.columns[*i].clone()).collect(), rows: b.rows };
            held.resize(held.bytes() + b.bytes() as u64)?;
            batches.push(Arc::new(b));
        }
        let segments = (0..crowded.len())
            .filter(|i| !crowded[*i])
            .map(|i| (self.table.segments[i].clone(), self.table.marks[i].clone()))
            .collect();
        let mut out = self.table.part(segments, vec![(fields, batches)]);
        out.held = Some(held);
        Ok(out)
    }
}
