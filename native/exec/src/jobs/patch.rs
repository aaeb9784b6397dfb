//! UPDATE of few rows of a segment: their new values in a file beside it. A patch holds all that UPDATEs have
//! changed since the segment was written: the old patch's rows are in the new one.

use super::Work;
use super::edit::Edit;
use crate::expr::{Bound, Scope};
use crate::plan::{Change, SegmentRef};
use crate::rows::Source;
use crate::scan::Scan;
use crate::table::TableSnapshot;
use crate::ttl::Ttl;
use crate::write::Shape;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{ColumnSpec, ROW_NUMBER, Segment, WriteOptions, patched_column};
use types::{Batch, Column, Data, Error, Result, Type};

/// New values that a patch is made of are held in memory.
const BYTES_MAX: usize = 128 << 20;

pub enum Outcome {
    Nothing,
    /// What the catalog keeps of it.
    Patch(Value),
    /// The segment is to be written anew.
    TooMuch,
}

/// Rows of a segment, ascending, and their new values: a column for each of an edit's updates.
struct Fresh {
    rows: Vec<u32>,
    values: Vec<Column>,
}

impl Work<'_> {
    /// Writes the patch of one segment, as long as it stays small: `change.patch_rows` rows, half of all.
    pub(super) fn patch(
        &self,
        r: &SegmentRef,
        edit: &Edit,
        change: &Change,
        shape: &Shape,
        path: &str,
    ) -> Result<Outcome> {
        let Some(condition) = change.update_where.as_ref().filter(|_| change.delete.is_none()) else {
            return Ok(Outcome::TooMuch);
        };
        let snapshot = Arc::new(self.version(std::slice::from_ref(r), Vec::new())?);
        let segment = snapshot.segments[0].open(self.shelf)?;
        let Some(columns) = self.patched_columns(&segment, edit, shape)? else {
            return Ok(Outcome::TooMuch);
        };
        let max = change.patch_rows.min(r.rows / 2) as usize;
        let scope = Scope { columns: &shape.types, query: self.query, scalars: &[], sets: &[] };
        let condition = Bound::bind(condition, &scope)?;
        let Some(fresh) = self.fresh(snapshot, condition, edit, shape, max)? else {
            return Ok(Outcome::TooMuch);
        };
        if fresh.rows.is_empty() {
            return Ok(Outcome::Nothing);
        }
        let rows = united(segment.patched_rows(), &fresh.rows);
        if rows.len() > max {
            return Ok(Outcome::TooMuch);
        }
        let mut specs = vec![ColumnSpec { name: ROW_NUMBER.into(), ty: Type::UInt32, codec: None }];
        for &(c, _) in &columns {
            let (name, ty) = (segment.column_name(c).to_string(), segment.column_type(c).clone());
            specs.push(ColumnSpec { name, ty, codec: None });
        }
        let mut batches = rows
            .chunk_by(|a, b| segment.block_of(*a) == segment.block_of(*b))
            .map(|rows| self.query.cancel.check().and_then(|()| batch(&segment, rows, &columns, &fresh)));
        let options = WriteOptions::default();
        let info = storage::write_segment(&self.shelf.files, path, &specs, &mut batches, &options)?;
        Ok(Outcome::Patch(json!({
            "file": r.file, "patch": path, "rows": info.rows, "bytes": info.bytes,
        })))
    }

    /// Columns of the segment that the patch is to have, each with the update that gives it new values;
    /// `None` if the segment cannot be patched: it lacks a column, or has it with another type, or a
    /// changed column says when rows expire, which is noted in the segment's descriptor.
    fn patched_columns(
        &self,
        segment: &Segment,
        edit: &Edit,
        shape: &Shape,
    ) -> Result<Option<Vec<(usize, Option<usize>)>>> {
        let ttl = Ttl::bind(self.table, None, self.query)?;
        let mut columns: Vec<_> = segment.patched_columns().map(|c| (c, None)).collect();
        for (u, (i, _)) in edit.updates.iter().enumerate() {
            let stored = segment.column(shape.columns[*i].stored_name());
            let Some(c) = stored.filter(|c| *segment.column_type(*c) == shape.types[*i]) else {
                return Ok(None);
            };
            if ttl.reads(*i) {
                return Ok(None);
            }
            match columns.iter_mut().find(|known| known.0 == c) {
                Some(known) => known.1 = Some(u),
                None => columns.push((c, Some(u))),
            }
        }
        Ok(Some(columns))
    }

    /// What the update gives; `None` when that is more than `max` rows, or too large.
    fn fresh(
        &self,
        snapshot: Arc<TableSnapshot>,
        condition: Bound,
        edit: &Edit,
        shape: &Shape,
        max: usize,
    ) -> Result<Option<Fresh>> {
        let mut names: Vec<String> = self.table.columns.iter().map(|c| c.name.clone()).collect();
        let mut used = Vec::new();
        edit.updates.iter().for_each(|(_, value)| value.columns(&mut used));
        let mut needed: Vec<bool> = (0..names.len()).map(|i| used.contains(&i)).collect();
        names.push("_part_offset".to_string());
        needed.push(true);
        let scan = Scan::new(snapshot, &names, Some(condition), needed, self.shelf, self.query)?;
        let mut rows = Vec::new();
        let mut bytes = 0;
        let mut parts: Vec<Vec<Column>> = vec![Vec::new(); edit.updates.len()];
        for m in 0..scan.morsels() {
            self.query.cancel.check()?;
            for mut b in scan.read(m, self.query)? {
                let at = b.columns.pop().map(|c| c.flat());
                let Some(Data::U64(at)) = at.map(|c| c.data) else {
                    return Err(Error::internal("row numbers"));
                };
                rows.extend(at.iter().map(|r| *r as u32));
                for (parts, v) in parts.iter_mut().zip(edit.values(&b, shape, self.query)?) {
                    bytes += v.bytes();
                    parts.push(v);
                }
                if rows.len() > max || bytes > BYTES_MAX {
                    return Ok(None);
                }
            }
        }
        let together = |(parts, (i, _)): (&Vec<Column>, &(usize, Bound))| {
            Column::concat(&shape.types[*i], &parts.iter().collect::<Vec<_>>())
        };
        let values = parts.iter().zip(&edit.updates).map(together).collect();
        Ok(Some(Fresh { rows, values }))
    }
}

/// The values that some rows of one block have after the update.
fn batch(
    segment: &Segment,
    rows: &[u32],
    columns: &[(usize, Option<usize>)],
    fresh: &Fresh,
) -> Result<Batch> {
    let block = segment.block_of(rows[0]);
    let first = segment.block_start(block) as u32;
    let within: Vec<u32> = rows.iter().map(|r| r - first).collect();
    let (mut places, mut from) = (Vec::new(), Vec::new());
    for (i, row) in rows.iter().enumerate() {
        if let Ok(k) = fresh.rows.binary_search(row) {
            places.push(i as u32);
            from.push(k as u32);
        }
    }
    let mut out = vec![Column::from(Data::U32(rows.to_vec().into()))];
    for (c, update) in columns {
        let now = segment.read_rows(*c, block, &within)?.flat_deep();
        out.push(match update {
            None => now,
            Some(u) => {
                let values = fresh.values[*u].gather(&from);
                patched_column(&now, &places, &values, segment.column_type(*c)).flat_deep()
            }
        });
    }
    Ok(Batch { columns: out, rows: rows.len() })
}

/// Two ascending lists as one.
fn united(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}
