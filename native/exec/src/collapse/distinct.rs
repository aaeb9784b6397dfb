//! OPTIMIZE … DEDUPLICATE: of rows that are equal in some columns the first stays.

use super::groups;
use std::collections::HashMap;
use types::Batch;
use types::compare::{compare_rows, hash_column};

pub fn kept(batch: &Batch, starts: &[u32], columns: &[usize]) -> Vec<u32> {
    let mut hashes = vec![0u64; batch.rows];
    columns.iter().for_each(|c| hash_column(&batch.columns[*c], &mut hashes));
    let same = |a: u32, b: u32| {
        let of = |c: &usize| &batch.columns[*c];
        columns.iter().all(|c| compare_rows(of(c), a as usize, of(c), b as usize).is_eq())
    };
    let mut rows = Vec::with_capacity(starts.len());
    let mut seen: HashMap<u64, Vec<u32>> = HashMap::new();
    for (from, to) in groups(starts, batch.rows) {
        seen.clear();
        for row in from as u32..to as u32 {
            let twins = seen.entry(hashes[row as usize]).or_default();
            if !twins.iter().any(|t| same(*t, row)) {
                twins.push(row);
                rows.push(row);
            }
        }
    }
    rows
}
