//! FINAL: which rows of a table version show once its engine's rule is applied.
//!
//! Engines that keep rows as they are give a bitmap per segment and per batch in memory, made once per
//! version from key and version columns; a FINAL query then is a plain scan with bitmaps. Engines that
//! make new rows give a version whose overlapping rows are merged in memory. Either way segments whose
//! keys no other segment shares are left alone when a merge wrote them.

mod inputs;

use super::sorted::{Collapsed, Input, SortedMerge};
use super::{Collapse, Mode, group_starts};
use crate::expr::Bound;
use crate::plan::TableShape;
use crate::query::Query;
use crate::table::{Shelf, TableSnapshot};
use std::sync::Arc;
use types::{Batch, Bitmap, Data, Error, Reservation, Result, Scalar, Type};

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
    if rule.keeps() {
        let slot = &table.finals[usize::from(asked.by_partition)];
        let mut slot = slot.lock();
        if let Some(v) = slot.as_ref() {
            return Ok((table.clone(), Some(v.clone())));
        }
        let v = Arc::new(work.visible(&work.crowded()?, Mode::Final)?);
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
    work.visible(&vec![true; table.segments.len()], mode)
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
    let inputs = work.inputs(&vec![true; table.segments.len()], Some((&asked, &needed)), &mut None)?;
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

/// First and last key of a source, as far as the key is made of plain columns.
type Bounds = (Vec<Scalar>, Vec<Scalar>);

impl Work<'_> {
    /// Segments whose rows may meet others: all but those that a merge wrote and that share no keys.
    fn crowded(&self) -> Result<Vec<bool>> {
        let mut crowded = vec![true; self.table.segments.len()];
        if self.rule.keeps() && !self.rule.merged_is_final() {
            return Ok(crowded);
        }
        let memory = self.table.memory.iter().any(|(_, bs)| bs.iter().any(|b| b.rows > 0));
        let mut bounds: Vec<Option<Bounds>> = Vec::new();
        for slot in &self.table.segments {
            let s = slot.open(self.shelf)?;
            let (first, last) = (s.block_key(0), s.block_key(s.block_count()));
            bounds.push(match (first, last) {
                (Some(a), Some(b)) if !a.is_empty() => Some((a.to_vec(), b.to_vec())),
                _ => None,
            });
        }
        let memory_bounds = if memory { self.memory_bounds()? } else { None };
        let own_partition = self.by_partition || self.rule.within_partition();
        let marks = &self.table.marks;
        for i in 0..crowded.len() {
            if marks[i].level == 0 || (memory && memory_bounds.is_none()) {
                continue;
            }
            let Some(own) = &bounds[i] else { continue };
            let meets = |j: usize| j != i && !(own_partition && marks[j].partition != marks[i].partition);
            let others = bounds.iter().enumerate().filter(|(j, _)| meets(*j)).map(|(_, b)| b.as_ref());
            let free = others.chain(memory_bounds.iter().map(Some)).all(|b| b.is_some_and(|b| apart(own, b)));
            crowded[i] = !free;
        }
        Ok(crowded)
    }

    /// Least and greatest first key column in memory, if it is a plain column.
    fn memory_bounds(&self) -> Result<Option<Bounds>> {
        let Some(Bound::Column(c, _)) = self.rule.keys.first() else { return Ok(None) };
        let name = &self.table.columns[*c].name;
        let mut all: Option<Bounds> = None;
        for (fields, batches) in &self.table.memory {
            let Some(k) = fields.iter().position(|f| f.name == *name) else { return Ok(None) };
            if fields[k].ty != self.table.columns[*c].ty {
                return Ok(None);
            }
            for b in batches.iter().filter(|b| b.rows > 0) {
                let Some((lo, hi)) = types::compare::min_max(&b.columns[k]) else { return Ok(None) };
                if b.columns[k].has_nulls() {
                    return Ok(None);
                }
                let (lo, hi) = (b.columns[k].scalar(lo), b.columns[k].scalar(hi));
                let (x, y) = all.get_or_insert_with(|| (vec![lo.clone()], vec![hi.clone()]));
                if lo.compare(&x[0]).is_lt() {
                    x[0] = lo;
                }
                if hi.compare(&y[0]).is_gt() {
                    y[0] = hi;
                }
            }
        }
        Ok(all)
    }

    fn merge(&self, inputs: Vec<Box<dyn Input>>, positions: bool) -> Result<SortedMerge> {
        let mut types = self.rule.types.clone();
        if positions {
            types.extend([Type::UInt32, Type::UInt32]);
        }
        let mut keys: Vec<Type> = Vec::new();
        if self.by_partition {
            keys.extend(self.rule.partition.iter().map(|k| k.ty().clone()));
        }
        keys.extend(self.rule.keys.iter().map(|k| k.ty().clone()));
        SortedMerge::new(inputs, types, keys, self.query)
    }

    fn visible(&self, crowded: &[bool], mode: Mode) -> Result<Visible> {
        let mut overlay = self.overlay(crowded)?;
        let alone = overlay.as_mut().map(|o| (o.segment, std::mem::take(&mut o.alone)));
        let merge = self.merge(self.inputs(crowded, None, &mut overlay)?, true)?;
        let mut groups = Collapsed::new(merge, self.rule, mode);
        let rows = |i: usize| self.table.segments[i].rows as usize;
        let mut bits: Vec<Option<Bitmap>> =
            (0..crowded.len()).map(|i| crowded[i].then(|| Bitmap::new(rows(i), false))).collect();
        for (_, batches) in &self.table.memory {
            bits.extend(batches.iter().map(|b| Some(Bitmap::new(b.rows, false))));
        }
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
        }
        if let Some((i, alone)) = alone
            && let Some(Some(b)) = bits.get_mut(i)
        {
            b.or_with(&alone);
        }
        let base = self.table.deleted(self.shelf)?;
        let base = base.as_deref();
        let mut bits = bits.into_iter();
        let mut segments = Vec::new();
        for i in 0..crowded.len() {
            let own = bits.next().flatten().filter(|b| !b.all()).map(Arc::new);
            segments.push(own.or_else(|| base.and_then(|v| v.segment(i)).cloned()));
        }
        let memory = self.table.memory.iter().map(|(_, bs)| {
            bs.iter().map(|_| bits.next().flatten().filter(|b| !b.all()).map(Arc::new)).collect()
        });
        Ok(Visible { segments, memory: memory.collect() })
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
        let merge = self.merge(self.inputs(&crowded, Some((asked, &required)), &mut None)?, false)?;
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

/// Whether two ranges of keys have nothing in common, by the columns that both have.
fn apart(a: &Bounds, b: &Bounds) -> bool {
    let before = |x: &[Scalar], y: &[Scalar]| {
        for (x, y) in x.iter().zip(y) {
            let o = x.compare(y);
            if o.is_ne() {
                return o.is_lt();
            }
        }
        false
    };
    before(&a.1, &b.0) || before(&b.1, &a.0)
}
