//! Background work: memtables to segments, segments merged, segments rewritten without or with
//! other rows. New files only; what becomes of the old ones is the catalog's affair.

use crate::expr::{Bound, Scope};
use crate::plan::{Assignment, Change, Job, SegmentRef, TableShape, WriteTarget};
use crate::query::Query;
use crate::rows::Source;
use crate::scan::Scan;
use crate::table::Shelf;
use crate::write::{SegmentSink, Shape, descriptor};
use serde_json::{Value, json};
use std::sync::Arc;
use types::{Batch, Column, Error, Field, Result};

/// Rows of a memtable: its columns and batches.
pub type MemoryRows = (Arc<Vec<Field>>, Vec<Arc<Batch>>);

/// Runs a job; returns its result as JSON. `memory`: the memtables a flush names, in order.
pub fn run(job: Job, memory: Vec<MemoryRows>, shelf: &Shelf, query: &Arc<Query>) -> Result<Value> {
    match job {
        Job::Flush { store, table, prefix, .. } => flush(store, table, prefix, memory, shelf, query),
        Job::Merge { store, table, prefix, segments, level, .. } => {
            merge(store, &table, &prefix, &segments, level, shelf, query)
        }
        Job::Rewrite { store, table, prefix, segments, change, .. } => {
            rewrite(store, &table, &prefix, &segments, &change, shelf, query)
        }
    }
}

fn target(store: u32, table: TableShape, prefix: String, level: u32) -> WriteTarget {
    WriteTarget { store, table, prefix, segment_rows: 16 << 20, partitions_max: 0, level }
}

/// All columns of a table version, unfiltered.
fn scan_of(
    store: u32,
    table: &TableShape,
    segments: &[SegmentRef],
    memory: Vec<MemoryRows>,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Scan> {
    let version = crate::plan::TableVersion {
        store,
        table: table.clone(),
        segments: segments.to_vec(),
        memtables: Vec::new(),
        batches: Vec::new(),
    };
    let snapshot = Arc::new(shelf.table(&version, memory)?);
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let needed = vec![true; names.len()];
    Scan::new(snapshot, &names, None, needed, shelf, query)
}

fn flush(
    store: u32,
    table: TableShape,
    prefix: String,
    memory: Vec<MemoryRows>,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Value> {
    let scan = scan_of(store, &table, &[], memory, shelf, query)?;
    let mut sink = SegmentSink::new(target(store, table, prefix, 0), query)?;
    for m in 0..scan.morsels() {
        for b in scan.read(m, query)? {
            sink.add(b, query)?;
        }
    }
    let rows = sink.total_rows;
    let segments = sink.finish(query)?;
    Ok(json!({"segments": segments, "rowsIn": rows, "rowsOut": rows}))
}

fn merge(
    store: u32,
    table: &TableShape,
    prefix: &str,
    refs: &[SegmentRef],
    level: u32,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Value> {
    let shape = Shape::bind(table, query)?;
    let partition = refs.first().map(|r| r.partition.clone()).unwrap_or_default();
    if refs.iter().any(|r| r.partition != partition) {
        return Err(Error::internal("segments of different partitions are never merged"));
    }
    let rows: u64 = refs.iter().map(|r| r.rows).sum();
    let inputs = refs.iter().map(|r| shelf.segment(&r.file)).collect::<Result<Vec<_>>>()?;
    let plain = shape.plain_sort().len() == shape.sort_key.len();
    let same_types = inputs.iter().all(|s| {
        shape
            .columns
            .iter()
            .zip(&shape.types)
            .all(|(c, t)| s.column(c.stored_name()).is_none_or(|i| s.column_type(i) == t))
    });
    if !plain || !same_types || !shape.indexes.is_empty() {
        // keys that are expressions, or columns of older types: through memory
        let scan = scan_of(store, table, refs, Vec::new(), shelf, query)?;
        let mut sink = SegmentSink::new(target(store, table.clone(), prefix.to_string(), level), query)?;
        for m in 0..scan.morsels() {
            for b in scan.read(m, query)? {
                sink.add(b, query)?;
            }
        }
        let segments = sink.finish(query)?;
        return Ok(json!({"segments": segments, "rowsIn": rows, "rowsOut": rows}));
    }
    let mut options = shape.options(query);
    for (c, t) in shape.columns.iter().zip(&shape.types) {
        if let Some(e) = &c.default {
            let b = Bound::bind(e, &Scope { columns: &[], query, scalars: &[], sets: &[] })?;
            let v = b.eval(&Batch { columns: Vec::new(), rows: 1 }, query)?;
            let v = functions::cast(&v, b.ty(), t, functions::CastMode::Sql, &query.session)?.flat();
            options.defaults.push((c.stored_name().to_string(), v));
        }
    }
    let path = format!("{prefix}-0.seg");
    let info =
        storage::merge_segments(&shelf.files, &inputs, &path, &shape.specs(), &options, None, &query.cancel)?;
    Ok(json!({"segments": [descriptor(&info, &partition, level)], "rowsIn": rows, "rowsOut": info.rows}))
}

fn rewrite(
    store: u32,
    table: &TableShape,
    prefix: &str,
    refs: &[SegmentRef],
    change: &Change,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<Value> {
    let shape = Shape::bind(table, query)?;
    let scope = Scope { columns: &shape.types, query, scalars: &[], sets: &[] };
    let delete = change.delete.as_ref().map(|e| Bound::bind(e, &scope)).transpose()?;
    let update_where = change.update_where.as_ref().map(|e| Bound::bind(e, &scope)).transpose()?;
    let updates = change
        .update
        .iter()
        .map(|a: &Assignment| {
            let i = shape.columns.iter().position(|c| c.name == a.column);
            let i = i.ok_or_else(|| {
                Error::new(types::codes::NO_SUCH_COLUMN_IN_TABLE, format!("There is no column {}", a.column))
            })?;
            Ok((i, Bound::bind(&a.value, &scope)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let (mut segments, mut unchanged) = (Vec::new(), Vec::new());
    let (mut rows_in, mut rows_out) = (0, 0);
    for (n, r) in refs.iter().enumerate() {
        query.cancel.check()?;
        rows_in += r.rows;
        if !change.all && !affected(store, table, r, change, shelf, query)? {
            unchanged.push(r.file.clone());
            rows_out += r.rows;
            continue;
        }
        let scan = scan_of(store, table, std::slice::from_ref(r), Vec::new(), shelf, query)?;
        let mut sink = SegmentSink::new(target(store, table.clone(), format!("{prefix}-{n}"), 0), query)?;
        for m in 0..scan.morsels() {
            for mut b in scan.read(m, query)? {
                if let Some(d) = &delete {
                    let gone = d.eval_mask(&b, query)?;
                    if gone.any() {
                        b = b.filter(&gone.not());
                    }
                }
                if !updates.is_empty() && b.rows > 0 {
                    b = updated(b, &updates, update_where.as_ref(), &shape, query)?;
                }
                if b.rows > 0 {
                    sink.add(b, query)?;
                }
            }
        }
        rows_out += sink.total_rows;
        segments.extend(sink.finish(query)?);
    }
    Ok(json!({"segments": segments, "unchanged": unchanged, "rowsIn": rows_in, "rowsOut": rows_out}))
}

/// Does any row of a segment meet the change's condition? Pruned and filtered as in a query.
fn affected(
    store: u32,
    table: &TableShape,
    r: &SegmentRef,
    change: &Change,
    shelf: &Shelf,
    query: &Arc<Query>,
) -> Result<bool> {
    let conditions = match (&change.delete, change.update.is_empty(), &change.update_where) {
        (_, false, None) => return Ok(true),
        (d, false, Some(u)) => d.iter().chain(Some(u)).collect::<Vec<_>>(),
        (Some(d), true, _) => vec![d],
        (None, true, _) => return Ok(false),
    };
    let version = crate::plan::TableVersion {
        store,
        table: table.clone(),
        segments: vec![r.clone()],
        memtables: Vec::new(),
        batches: Vec::new(),
    };
    let snapshot = Arc::new(shelf.table(&version, Vec::new())?);
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let types = Scan::types_of(&snapshot, &names)?;
    for c in conditions {
        let bound = Bound::bind(c, &Scope { columns: &types, query, scalars: &[], sets: &[] })?;
        let scan = Scan::new(snapshot.clone(), &names, Some(bound), vec![false; names.len()], shelf, query)?;
        for m in 0..scan.morsels() {
            query.cancel.check()?;
            if scan.read(m, query)?.iter().any(|b| b.rows > 0) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn updated(
    mut b: Batch,
    updates: &[(usize, Bound)],
    condition: Option<&Bound>,
    shape: &Shape,
    query: &Query,
) -> Result<Batch> {
    let hit = match condition {
        Some(c) => c.eval_mask(&b, query)?,
        None => types::Bitmap::new(b.rows, true),
    };
    if !hit.any() {
        return Ok(b);
    }
    // all new values are computed from the old row
    let mut fresh = Vec::new();
    let rows = hit.ones();
    let old = b.gather(&rows);
    for (i, value) in updates {
        let v = value.eval(&old, query)?;
        let ty = &shape.types[*i];
        fresh.push((
            *i,
            functions::cast(&v, value.ty(), ty, functions::CastMode::Sql, &query.session)?.flat(),
        ));
    }
    for (i, v) in fresh {
        let both = Column::concat(&shape.types[i], &[&b.columns[i].flat(), &v]);
        let mut at: Vec<u32> = (0..b.rows as u32).collect();
        for (k, &r) in rows.iter().enumerate() {
            at[r as usize] = b.rows as u32 + k as u32;
        }
        b.columns[i] = both.gather(&at);
    }
    Ok(b)
}
