//! Background work: memtables to segments, segments merged, segments rewritten without or with
//! other rows. New files only; what becomes of the old ones is the catalog's affair.
//!
//! A merge copies columns where it may: a key of plain columns, no column of an older type, an engine
//! that keeps rows as they are, nothing to expire. Otherwise rows are streamed in the order of the key
//! through the engine's rule and the table's TTL into the new segment. Neither holds a segment in memory.

mod edit;
mod patch;

use crate::collapse::visible::{Visible, merged_rows, merged_stream};
use crate::collapse::{Collapse, Mode};
use crate::expr::{Bound, Scope};
use crate::plan::{Change, Expr, Job, MergeHow, SegmentRef, TableShape, TableVersion, WriteTarget};
use crate::query::Query;
use crate::rows::Source;
use crate::scan::Scan;
use crate::table::{Shelf, TableSnapshot};
use crate::ttl::Ttl;
use crate::write::{SegmentSink, Shape, descriptor};
use edit::Edit;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use storage::{Segment, WriteOptions};
use types::{Batch, Bitmap, Column, Data, Error, Field, Result};

/// Rows of a memtable: its columns and batches.
pub type MemoryRows = (Arc<Vec<Field>>, Vec<Arc<Batch>>);

/// Runs a job; returns its result as JSON. `memory`: the memtables a flush names, in order.
pub fn run(job: Job, memory: Vec<MemoryRows>, shelf: &Shelf, query: &Arc<Query>) -> Result<Value> {
    match job {
        Job::Flush { store, table, prefix, .. } => flush(store, table, prefix, memory, shelf, query),
        Job::Merge { store, table, prefix, segments, level, how, .. } => {
            Work { store, table: &table, prefix: &prefix, shelf, query }.merge(&segments, level, &how)
        }
        Job::Rewrite { store, table, prefix, segments, change, .. } => {
            Work { store, table: &table, prefix: &prefix, shelf, query }.rewrite(&segments, &change)
        }
        Job::Mark { store, table, prefix, segments, condition, rows, .. } => {
            let work = Work { store, table: &table, prefix: &prefix, shelf, query };
            work.mark(&segments, condition.as_ref(), &rows)
        }
    }
}

fn flush(
    store: u32,
    table: TableShape,
    prefix: String,
    memory: Vec<MemoryRows>,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Value> {
    let work = Work { store, table: &table, prefix: &prefix, shelf, query };
    let scan = work.scan_of(Arc::new(work.version(&[], memory)?))?;
    let target = WriteTarget {
        store,
        table: table.clone(),
        prefix: prefix.clone(),
        segment_rows: 16 << 20,
        partitions_max: 0,
        level: 0,
        as_is: true,
        segments_only: false,
    };
    let mut sink = SegmentSink::new(target, query)?;
    for m in 0..scan.morsels() {
        for b in scan.read(m, query)? {
            sink.add(b, query)?;
        }
    }
    let rows = sink.total_rows;
    let segments = sink.finish(query)?;
    Ok(json!({"segments": segments, "rowsIn": rows, "rowsOut": rows}))
}

struct Work<'a> {
    store: u32,
    table: &'a TableShape,
    prefix: &'a str,
    shelf: &'a Shelf,
    query: &'a Arc<Query>,
}

impl Work<'_> {
    fn version(&self, segments: &[SegmentRef], memory: Vec<MemoryRows>) -> Result<TableSnapshot> {
        let version = TableVersion {
            store: self.store,
            table: self.table.clone(),
            segments: segments.to_vec(),
            memtables: Vec::new(),
            batches: Vec::new(),
        };
        self.shelf.table(&version, memory)
    }

    /// All columns of a table version, unfiltered.
    fn scan_of(&self, snapshot: Arc<TableSnapshot>) -> Result<Scan> {
        let names: Vec<String> = self.table.columns.iter().map(|c| c.name.clone()).collect();
        let needed = vec![true; names.len()];
        Scan::new(snapshot, &names, None, needed, self.shelf, self.query)
    }

    fn merge(&self, refs: &[SegmentRef], level: u32, how: &MergeHow) -> Result<Value> {
        let query = self.query;
        let shape = Shape::bind(self.table, query)?;
        let partition = refs.first().map(|r| r.partition.clone()).unwrap_or_default();
        if refs.iter().any(|r| r.partition != partition) {
            return Err(Error::internal("segments of different partitions are never merged"));
        }
        let rows: u64 = refs.iter().map(|r| r.rows).sum();
        let snapshot = Arc::new(self.version(refs, Vec::new())?);
        let mut rule = Collapse::bind(self.table, query)?;
        if let Some(names) = &how.deduplicate {
            let at = |n: &String| self.table.columns.iter().position(|c| c.name == *n);
            rule.deduplicate(names.iter().filter_map(at).collect());
        }
        let rule = Arc::new(rule);
        let mode = if how.cleanup { Mode::Cleanup } else { Mode::Merge };
        let inputs = snapshot.segments.iter().map(|s| s.open(self.shelf)).collect::<Result<Vec<_>>>()?;
        let ttl = Ttl::bind(self.table, how.now, query)?;
        let info = if ttl.is_empty() && rule.keeps() && self.copies(&shape, &inputs) {
            let visible = match rule.collapses() {
                true => Some(Arc::new(merged_rows(&snapshot, &rule, mode, self.shelf, query)?)),
                false => snapshot.deleted(self.shelf)?,
            };
            self.copy(&shape, &inputs, visible.as_deref())?
        } else {
            let mut merged = merged_stream(&snapshot, &rule, mode, self.shelf, query)?;
            query.cancel.plan(rows);
            let mut next = || {
                let next = merged.next()?;
                query.cancel.advance(next.as_ref().map_or(0, |b| b.rows as u64));
                Ok(next)
            };
            return self.write(&shape, &partition, level, refs, ttl, &mut next);
        };
        let segments = if info.rows > 0 {
            vec![descriptor(&info, &partition, level)]
        } else {
            self.discard(&info.path)?;
            Vec::new()
        };
        let out = info.rows;
        Ok(json!({"segments": segments, "rowsIn": rows, "rowsOut": out}))
    }

    /// Whether columns can be copied as they lie in the segments.
    fn copies(&self, shape: &Shape, inputs: &[Arc<Segment>]) -> bool {
        let plain = shape.plain_sort().len() == shape.sort_key.len();
        let sorted = |s: &Arc<Segment>| {
            shape.plain_sort().iter().all(|c| s.column(shape.columns[*c].stored_name()).is_some())
        };
        let same_types = inputs.iter().all(|s| {
            shape
                .columns
                .iter()
                .zip(&shape.types)
                .all(|(c, t)| s.column(c.stored_name()).is_none_or(|i| s.column_type(i) == t))
        });
        plain && same_types && inputs.iter().all(sorted)
    }

    fn copy(
        &self,
        shape: &Shape,
        inputs: &[Arc<Segment>],
        visible: Option<&Visible>,
    ) -> Result<storage::SegmentInfo> {
        let options = self.options(shape)?;
        let keep = |input: usize, block: usize| -> Result<Option<Bitmap>> {
            let Some(bits) = visible.and_then(|v| v.segment(input)) else { return Ok(None) };
            let s = &inputs[input];
            let from: usize = (0..block).map(|b| s.block_rows(b)).sum();
            let own = bits.slice(from, s.block_rows(block));
            Ok(if own.all() { None } else { Some(own) })
        };
        let any = visible.is_some_and(|v| v.segments.iter().any(Option::is_some));
        let keep: Option<&storage::Keep<'_>> = if any { Some(&keep) } else { None };
        let path = format!("{}-0.seg", self.prefix);
        let specs = shape.specs();
        let (files, cancel) = (&self.shelf.files, &self.query.cancel);
        storage::merge_segments(files, inputs, &path, &specs, &options, keep, cancel)
    }

    fn options(&self, shape: &Shape) -> Result<WriteOptions> {
        let query = self.query;
        let mut options = shape.options(query);
        for (c, t) in shape.columns.iter().zip(&shape.types) {
            if let Some(e) = &c.default {
                let b = Bound::bind(e, &Scope { columns: &[], query, scalars: &[], sets: &[] })?;
                let v = b.eval(&Batch { columns: Vec::new(), rows: 1 }, query)?;
                let v = functions::cast(&v, b.ty(), t, functions::CastMode::Sql, &query.session)?.flat();
                options.defaults.push((c.stored_name().to_string(), v));
            }
        }
        Ok(options)
    }

    fn discard(&self, path: &str) -> Result<()> {
        self.shelf.files.remove(path).map_err(|e| storage::write_error(&e))
    }

    /// Sorted rows, as `next` gives them, to one segment, or none when nothing is left.
    fn write(
        &self,
        shape: &Shape,
        partition: &str,
        level: u32,
        refs: &[SegmentRef],
        mut ttl: Ttl,
        next: &mut dyn FnMut() -> Result<Option<Batch>>,
    ) -> Result<Value> {
        let query = self.query;
        let path = format!("{}-0.seg", self.prefix);
        let info = self.write_file(shape, &path, &mut ttl, next)?;
        let rows: u64 = refs.iter().map(|r| r.rows).sum();
        let mut segments = Vec::new();
        if info.rows > 0 {
            let mut d = descriptor(&info, partition, level);
            ttl.describe(&mut d);
            segments.push(d);
        } else {
            self.discard(&info.path)?;
        }
        query.cancel.check()?;
        Ok(json!({"segments": segments, "rowsIn": rows, "rowsOut": info.rows}))
    }

    fn write_file(
        &self,
        shape: &Shape,
        path: &str,
        ttl: &mut Ttl,
        next: &mut dyn FnMut() -> Result<Option<Batch>>,
    ) -> Result<storage::SegmentInfo> {
        let query = self.query;
        let mut ended = false;
        let mut rows = std::iter::from_fn(|| {
            while !ended {
                let step = query.cancel.check().and_then(|()| next()).and_then(|b| match b {
                    Some(b) => ttl.apply(b, query),
                    None => {
                        ended = true;
                        ttl.finish(query)
                    }
                });
                match step {
                    Ok(b) if b.rows == 0 => {}
                    Ok(b) => return Some(Ok(plain(b))),
                    Err(e) => {
                        ended = true;
                        return Some(Err(e));
                    }
                }
            }
            None
        });
        storage::write_segment(&self.shelf.files, path, &shape.specs(), &mut rows, &shape.options(query))
    }

    /// The segments that change are written anew, each in its own order; `replaces` names the old one.
    /// Those of which few rows change get a patch instead, where the change allows it.
    fn rewrite(&self, refs: &[SegmentRef], change: &Change) -> Result<Value> {
        let query = self.query;
        let shape = Shape::bind(self.table, query)?;
        let edit = Edit::bind(change, &shape, query)?;
        let (mut segments, mut unchanged, mut patches) = (Vec::new(), Vec::new(), Vec::new());
        let (mut rows_in, mut rows_out) = (0, 0);
        query.cancel.plan(refs.iter().map(|r| r.rows).sum());
        for (n, r) in refs.iter().enumerate() {
            query.cancel.check()?;
            rows_in += r.rows;
            let patch = match change.patch_rows {
                0 if change.all || self.affected(r, change)? => patch::Outcome::TooMuch,
                0 => patch::Outcome::Nothing,
                _ => self.patch(r, &edit, change, &shape, &format!("{}-{n}.pat", self.prefix))?,
            };
            let stays = !matches!(patch, patch::Outcome::TooMuch);
            match patch {
                patch::Outcome::TooMuch => {}
                patch::Outcome::Nothing => unchanged.push(r.file.clone()),
                patch::Outcome::Patch(patch) => patches.push(patch),
            }
            if stays {
                rows_out += r.rows;
                query.cancel.advance(r.rows);
                continue;
            }
            let scan = self.scan_of(Arc::new(self.version(std::slice::from_ref(r), Vec::new())?))?;
            let mut ttl = Ttl::bind(self.table, change.now, query)?;
            let mut morsel = 0;
            let mut next = || {
                while morsel < scan.morsels() {
                    morsel += 1;
                    if let Some(b) = scan.read(morsel - 1, query)?.into_iter().next() {
                        query.cancel.advance(b.rows as u64);
                        return Ok(Some(edit.apply(b, &shape, query)?));
                    }
                }
                Ok(None)
            };
            let path = format!("{}-{n}.seg", self.prefix);
            let info = self.write_file(&shape, &path, &mut ttl, &mut next)?;
            rows_out += info.rows;
            if info.rows == 0 {
                self.discard(&path)?;
                continue;
            }
            let mut d = descriptor(&info, &r.partition, r.level);
            ttl.describe(&mut d);
            d["replaces"] = json!(r.file);
            segments.push(d);
        }
        Ok(json!({
            "segments": segments, "unchanged": unchanged, "patches": patches,
            "rowsIn": rows_in, "rowsOut": rows_out,
        }))
    }

    /// Files beside the segments that say which rows are left without those of the condition and those
    /// that are named. A segment of which none is left gets no file: `rows` is then all of its rows.
    fn mark(
        &self,
        refs: &[SegmentRef],
        condition: Option<&Expr>,
        named: &HashMap<String, Vec<u32>>,
    ) -> Result<Value> {
        let mut marks = Vec::new();
        let mut gone = 0;
        self.query.cancel.plan(refs.iter().map(|r| r.rows).sum());
        for (n, r) in refs.iter().enumerate() {
            let snapshot = Arc::new(self.version(std::slice::from_ref(r), Vec::new())?);
            let base = snapshot.deleted(self.shelf)?;
            let base = base.as_ref().and_then(|v| v.segment(0));
            let mut left = base.map_or_else(|| Bitmap::new(r.rows as usize, true), |b| b.as_ref().clone());
            let before = left.count_ones();
            for row in named.get(&r.file).into_iter().flatten() {
                if u64::from(*row) >= r.rows {
                    return Err(Error::internal(format!("{} has no row {row}", r.file)));
                }
                left.set(*row as usize, false);
            }
            if let Some(condition) = condition {
                self.unmark(snapshot, condition, &mut left)?;
            }
            let after = left.count_ones();
            self.query.cancel.advance(r.rows);
            if after == before {
                continue;
            }
            gone += before - after;
            let mut mark = json!({"file": r.file, "rows": r.rows as usize - after});
            if after > 0 {
                let path = format!("{}-{n}.del", self.prefix);
                let bytes = storage::write_deleted(&self.shelf.files, &path, &left)?;
                mark["deleted"] = json!(path);
                mark["bytes"] = json!(bytes);
            }
            marks.push(mark);
        }
        Ok(json!({"segments": [], "marks": marks, "rowsIn": gone, "rowsOut": 0}))
    }

    /// Takes the rows of a condition away from those that are left of one segment.
    fn unmark(&self, snapshot: Arc<TableSnapshot>, condition: &Expr, left: &mut Bitmap) -> Result<()> {
        let query = self.query;
        let mut names: Vec<String> = self.table.columns.iter().map(|c| c.name.clone()).collect();
        let types = Scan::types_of(&snapshot, &names)?;
        let bound = Bound::bind(condition, &Scope { columns: &types, query, scalars: &[], sets: &[] })?;
        let mut needed = vec![false; names.len()];
        names.push("_part_offset".to_string());
        needed.push(true);
        let scan = Scan::new(snapshot, &names, Some(bound), needed, self.shelf, query)?;
        for m in 0..scan.morsels() {
            query.cancel.check()?;
            for b in scan.read(m, query)? {
                let at = b.columns[names.len() - 1].flat();
                let Data::U64(rows) = &at.data else { return Err(Error::internal("row numbers")) };
                rows.iter().for_each(|row| left.set(*row as usize, false));
            }
        }
        Ok(())
    }

    /// Does any row of a segment meet the change's condition? Pruned and filtered as in a query.
    fn affected(&self, r: &SegmentRef, change: &Change) -> Result<bool> {
        let conditions = match (&change.delete, change.update.is_empty(), &change.update_where) {
            (_, false, None) => return Ok(true),
            (d, false, Some(u)) => d.iter().chain(Some(u)).collect::<Vec<_>>(),
            (Some(d), true, _) => vec![d],
            (None, true, _) => return Ok(false),
        };
        let query = self.query;
        let snapshot = Arc::new(self.version(std::slice::from_ref(r), Vec::new())?);
        let names: Vec<String> = self.table.columns.iter().map(|c| c.name.clone()).collect();
        let types = Scan::types_of(&snapshot, &names)?;
        for c in conditions {
            let bound = Bound::bind(c, &Scope { columns: &types, query, scalars: &[], sets: &[] })?;
            let needed = vec![false; names.len()];
            let scan = Scan::new(snapshot.clone(), &names, Some(bound), needed, self.shelf, query)?;
            for m in 0..scan.morsels() {
                query.cancel.check()?;
                if scan.read(m, query)?.iter().any(|b| b.rows > 0) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

fn plain(b: Batch) -> Batch {
    Batch { columns: b.columns.iter().map(Column::flat_deep).collect(), rows: b.rows }
}
