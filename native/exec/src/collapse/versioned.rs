//! VersionedCollapsingMergeTree(sign, version): the version is the last part of the sort key, and of
//! equal keys rows of opposite signs take each other away, whatever came first.

use super::collapsing::sign_of;
use super::groups;
use types::{Batch, Result};

pub fn kept(batch: &Batch, starts: &[u32], sign: usize) -> Result<Vec<u32>> {
    let signs = &batch.columns[sign];
    let mut rows: Vec<u32> = Vec::with_capacity(starts.len());
    for (from, to) in groups(starts, batch.rows) {
        let first = rows.len();
        let mut waiting = true;
        for row in from..to {
            let plus = sign_of(signs, row)?;
            if rows.len() == first || plus == waiting {
                waiting = plus;
                rows.push(row as u32);
            } else {
                rows.pop();
            }
        }
    }
    Ok(rows)
}
