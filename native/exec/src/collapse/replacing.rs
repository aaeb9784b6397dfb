//! ReplacingMergeTree(version, is_deleted): of equal keys the row with the highest version stays, of
//! equal versions the last.

use super::groups;
use types::compare::compare_rows;
use types::{Batch, Result};

/// `hide`: a winner that says that it is deleted goes too.
pub fn kept(
    batch: &Batch,
    starts: &[u32],
    version: Option<usize>,
    deleted: Option<usize>,
    hide: bool,
) -> Result<Vec<u32>> {
    if starts.len() == batch.rows && deleted.is_none() {
        return Ok(starts.to_vec());
    }
    let mut rows = Vec::with_capacity(starts.len());
    let deleted = deleted.filter(|_| hide).map(|c| &batch.columns[c]);
    for (from, to) in groups(starts, batch.rows) {
        let mut best = from;
        match version.map(|c| &batch.columns[c]) {
            None => best = to - 1,
            Some(v) => {
                for row in from + 1..to {
                    if compare_rows(v, row, v, best).is_ge() {
                        best = row;
                    }
                }
            }
        }
        if deleted.is_none_or(|d| d.scalar(best).as_i128() == Some(0)) {
            rows.push(best as u32);
        }
    }
    Ok(rows)
}
