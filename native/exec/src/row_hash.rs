//! A hash of rows that does not depend on how they are cut into batches: retries are told from
//! other rows under the same token by it.

use crate::row_bytes::encode;
use types::{Batch, Type};
use xxhash_rust::xxh3::Xxh3;

#[derive(Default)]
pub struct RowHash {
    state: Xxh3,
    buffer: Vec<u8>,
}

impl RowHash {
    /// Cost: about 10 ns a value.
    pub fn add(&mut self, batch: &Batch, types: &[Type]) {
        for row in 0..batch.rows {
            for (c, t) in batch.columns.iter().zip(types) {
                encode(c, row, t, &mut self.buffer);
            }
            if self.buffer.len() > 16 << 10 {
                self.state.update(&self.buffer);
                self.buffer.clear();
            }
        }
    }
    /// 32 hex digits.
    pub fn finish(mut self) -> String {
        self.state.update(&self.buffer);
        format!("{:032x}", self.state.digest128())
    }
}
