//! What an insert's rows in memory pass before they go into the log: the table's constraints, the bound on
//! partitions, the engine's rule, and the GROUP BY of a TTL for rows whose time is over already. They come
//! out in the order of the table's keys, as a reader of a segment would see them.

use crate::plan::TableShape;
use crate::query::Query;
use crate::ttl::Ttl;
use crate::write::{InsertRules, Shape, too_many_partitions};
use serde::Deserialize;
use std::sync::Arc;
use storage::SortKey;
use types::{Batch, Column, Result};

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "camelCase", default)]
pub struct How {
    /// rows with equal keys stay, whatever the engine says
    pub as_is: bool,
    /// 0 = no limit
    pub partitions_max: u64,
    /// seconds since the epoch; without it nothing is over
    pub now: Option<i64>,
}

/// The rows that are left. Errors: VIOLATED_CONSTRAINT, TOO_MANY_PARTS, INCORRECT_DATA.
pub fn prepare(table: &TableShape, how: &How, batch: Batch, query: &Arc<Query>) -> Result<Batch> {
    let rules = InsertRules::bind(table, false, query)?;
    rules.check(&batch, query)?;
    let shape = Shape::bind(table, query)?;
    if how.partitions_max > 0 && batch.rows as u64 > how.partitions_max && !table.partition_key.is_empty() {
        too_many_partitions(shape.partitions(&batch, query)?.len() as u64, how.partitions_max)?;
    }
    if how.as_is {
        return sorted(&shape, batch, query);
    }
    let batch = match rules.collapse {
        Some(rule) => rule.insert(batch, query)?,
        None => sorted(&shape, batch, query)?,
    };
    let ttl = Ttl::bind(table, how.now, query)?;
    if !ttl.rolls_up(&batch, query)? {
        return Ok(batch);
    }
    let mut parts = Vec::new();
    for (_, rows) in shape.partitions(&batch, query)? {
        let part = match rows {
            Some(rows) => batch.gather(&rows),
            None => batch.clone(),
        };
        parts.push(ttl.rolled_up(part, query)?);
    }
    Ok(Batch::concat(&shape.types, &parts))
}

/// Rows by partition and key; equal ones stay in the order in which they came.
fn sorted(shape: &Shape, batch: Batch, query: &Arc<Query>) -> Result<Batch> {
    if batch.rows < 2 || shape.sort_key.is_empty() {
        return Ok(batch);
    }
    let keys: Vec<Column> = shape
        .partition_key
        .iter()
        .chain(&shape.sort_key)
        .map(|k| k.eval(&batch, query))
        .collect::<Result<_>>()?;
    let by: Vec<SortKey> = (0..keys.len()).map(|column| SortKey { column, desc: false }).collect();
    let order = storage::sort_batch(&Batch { columns: keys, rows: batch.rows }, &by);
    let there = order.iter().enumerate().all(|(i, &r)| i == r as usize);
    Ok(if there { batch } else { batch.gather(&order) })
}
