//! Limits that settings put on operators: how many rows or bytes may pass a place of the plan.

use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Step};
use std::sync::atomic::{AtomicU64, Ordering};
use types::codes::{Code, SET_SIZE_LIMIT_EXCEEDED, TOO_MANY_ROWS, TOO_MANY_ROWS_OR_BYTES};
use types::{Batch, Error, Result};

pub struct GuardStep {
    rows_max: u64,
    bytes_max: u64,
    /// code and words of the failure; None: what is too much is left out
    failure: Option<(u32, String)>,
    /// the batch that goes beyond is given whole
    whole: bool,
    rows: AtomicU64,
    bytes: AtomicU64,
}

fn code_of(number: u32) -> Code {
    [TOO_MANY_ROWS, SET_SIZE_LIMIT_EXCEEDED]
        .into_iter()
        .find(|c| c.number == number)
        .unwrap_or(TOO_MANY_ROWS_OR_BYTES)
}

impl GuardStep {
    pub fn new(rows_max: u64, bytes_max: u64, failure: Option<(u32, String)>, whole: bool) -> GuardStep {
        GuardStep { rows_max, bytes_max, failure, whole, rows: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }
}

impl Step for GuardStep {
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        query.cancel.check()?;
        let n = batch.rows as u64;
        let before = self.rows.fetch_add(n, Ordering::Relaxed);
        let size = if self.bytes_max > 0 { batch.bytes() as u64 } else { 0 };
        let bytes = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        let many = self.rows_max > 0 && before + n > self.rows_max;
        let large = self.bytes_max > 0 && bytes > self.bytes_max;
        if !many && !large {
            return emit(batch);
        }
        if let Some((code, what)) = &self.failure {
            let (unit, most, now) =
                if many { ("rows", self.rows_max, before + n) } else { ("bytes", self.bytes_max, bytes) };
            return Err(Error::new(
                code_of(*code),
                format!("Limit for {what} exceeded: {now} {unit}, maximum: {most}"),
            ));
        }
        if self.whole {
            if !many || before < self.rows_max {
                emit(batch)?;
            }
            return Ok(Flow::Stop);
        }
        let left = if many { self.rows_max.saturating_sub(before) } else { 0 };
        if left > 0 {
            emit(batch.slice(0, left.min(n) as usize))?;
        }
        Ok(Flow::Stop)
    }
}
