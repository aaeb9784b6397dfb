//! A hash of rows that does not depend on how they are cut into batches: retries are told from
//! other rows under the same token by it.
//!
//! Rows as a client sent them are hashed by the names and values that were there, before defaults are
//! filled in, so that a retry stays the same after ALTER TABLE … ADD COLUMN. Each row is hashed
//! alone; the hashes make a polynomial, so that pieces can be hashed apart and joined in order.

use crate::row_bytes::encode;
use formats::decode::{Block, InputField};
use types::{Batch, Type};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

#[derive(Default)]
pub struct RowHash {
    sum: u128,
    rows: u64,
    buffer: Vec<u8>,
}

impl RowHash {
    /// Rows with a value in every column. Cost: about 20 ns a value.
    pub fn add(&mut self, batch: &Batch, types: &[Type]) {
        for row in 0..batch.rows {
            for (c, t) in batch.columns.iter().zip(types) {
                encode(c, row, t, &mut self.buffer);
            }
            self.end_row();
        }
    }

    /// Rows as they came in: a column without a value in a row does not count for it.
    pub fn add_block(&mut self, block: &Block, fields: &[InputField]) {
        let names: Vec<u64> = fields.iter().map(|f| xxh3_64(f.name.as_bytes())).collect();
        // The order of the table's columns is none of the row's affair.
        let mut order: Vec<usize> = (0..fields.len()).collect();
        order.sort_by_key(|&i| names[i]);
        for row in 0..block.batch.rows {
            for &i in &order {
                if block.missing.get(i).is_some_and(|m| m.as_ref().is_some_and(|m| m.get(row))) {
                    continue;
                }
                self.buffer.extend_from_slice(&names[i].to_le_bytes());
                encode(&block.batch.columns[i], row, &fields[i].ty, &mut self.buffer);
            }
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        self.sum = self.sum.wrapping_mul(FACTOR).wrapping_add(xxh3_128(&self.buffer));
        self.rows += 1;
        self.buffer.clear();
    }

    /// The rows of `later` follow those hashed so far.
    pub fn join(&mut self, later: &RowHash) {
        let (mut power, mut base, mut n) = (1u128, FACTOR, later.rows);
        while n > 0 {
            if n & 1 == 1 {
                power = power.wrapping_mul(base);
            }
            base = base.wrapping_mul(base);
            n >>= 1;
        }
        self.sum = self.sum.wrapping_mul(power).wrapping_add(later.sum);
        self.rows += later.rows;
    }

    /// 32 hex digits.
    pub fn finish(self) -> String {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.sum.to_le_bytes());
        bytes[16..].copy_from_slice(&self.rows.to_le_bytes());
        format!("{:032x}", xxh3_128(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{Column, Data};

    fn batch(values: &[u64]) -> Batch {
        let column: Column = Data::U64(values.to_vec().into()).into();
        Batch { columns: vec![column], rows: values.len() }
    }

    #[test]
    fn pieces_join_to_the_whole_and_order_counts() {
        let types = [Type::UInt64];
        let mut whole = RowHash::default();
        whole.add(&batch(&[1, 2, 3, 4, 5]), &types);
        let (mut first, mut second) = (RowHash::default(), RowHash::default());
        first.add(&batch(&[1, 2]), &types);
        second.add(&batch(&[3, 4, 5]), &types);
        first.join(&second);
        let mut other = RowHash::default();
        other.add(&batch(&[2, 1, 3, 4, 5]), &types);
        let whole = whole.finish();
        assert_eq!(first.finish(), whole);
        assert_ne!(other.finish(), whole);
    }
}
