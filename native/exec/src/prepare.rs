//! What an insert's rows in memory pass before they go into the log: the table's constraints, the bound on
//! partitions, the engine's rule, and the GROUP BY of a TTL for rows whose time is over already.

use crate::plan::TableShape;
use crate::query::Query;
use crate::ttl::Ttl;
use crate::write::{InsertRules, Shape, too_many_partitions};
use serde::Deserialize;
use std::sync::Arc;
use types::{Batch, Result};

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
        return Ok(batch);
    }
    let batch = match rules.collapse {
        Some(rule) => rule.insert(batch, query)?,
        None => batch,
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
