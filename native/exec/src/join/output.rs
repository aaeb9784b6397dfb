//! Pairs of rows as batches.

use super::{NONE, build::Build};
use types::{Batch, Column, Data};

/// Left and right row of each pair; a right row of `NONE` is missing.
#[derive(Default)]
pub struct Pairs {
    pub left: Vec<u32>,
    pub right: Vec<u32>,
}

impl Pairs {
    pub fn len(&self) -> usize {
        self.left.len()
    }
    pub fn push(&mut self, left: u32, right: u32) {
        self.left.push(left);
        self.right.push(right);
    }
    pub fn gather(&self, at: &[u32]) -> Pairs {
        let pick = |v: &[u32]| at.iter().map(|&i| v[i as usize]).collect();
        Pairs { left: pick(&self.left), right: pick(&self.right) }
    }
}

impl Build {
    /// The joined rows that leave the join: columns nobody reads are placeholders.
    pub fn paired(&self, left: &Batch, pairs: &Pairs) -> Batch {
        self.columns(left, pairs, &|i| self.spec.needed[i])
    }

    /// The joined rows with the columns that `wanted` names.
    pub fn columns(&self, left: &Batch, pairs: &Pairs, wanted: &dyn Fn(usize) -> bool) -> Batch {
        let n = pairs.len();
        let whole = n == left.rows && pairs.left.iter().enumerate().all(|(i, &l)| i as u32 == l);
        let mut columns: Vec<Column> = Vec::with_capacity(left.columns.len() + self.right.columns.len());
        for (i, c) in left.columns.iter().enumerate() {
            columns.push(match (wanted(i), whole) {
                (false, _) => Data::Nothing(n).into(),
                (true, true) => c.clone(),
                (true, false) => c.gather(&pairs.left),
            });
        }
        let missing = self.rows as u32;
        let replaced: Vec<u32>;
        let right: &[u32] = if self.spec.keeps_left() {
            replaced = pairs.right.iter().map(|&r| if r == NONE { missing } else { r }).collect();
            &replaced
        } else {
            &pairs.right
        };
        let first = left.columns.len();
        for (i, c) in self.right.columns.iter().enumerate() {
            columns.push(if wanted(first + i) { c.gather(right) } else { Data::Nothing(n).into() });
        }
        Batch { columns, rows: n }
    }
}
