//! Rows that are acknowledged and logged but not yet in a segment. Scans read its batches like blocks.

use parking_lot::Mutex;
use std::sync::Arc;
use types::codes::TOO_MANY_ROWS;
use types::{Batch, Error, Result, Type};

/// Batches are merged up to this many rows.
const MERGE_ROWS: usize = 65_536;

/// Append-only until sealed. Small batches are merged as a binary counter does, so that n rows that came one
/// by one lie in about log n batches and each row is copied about log n times.
pub struct Memtable {
    types: Vec<Type>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batches: Vec<Arc<Batch>>,
    rows: usize,
    bytes: usize,
    sealed: bool,
}

impl Memtable {
    pub fn new(types: Vec<Type>) -> Self {
        Memtable { types, state: Mutex::default() }
    }
    pub fn types(&self) -> &[Type] {
        &self.types
    }
    /// Errors: `TOO_MANY_ROWS` once sealed (the caller opens a new memtable), `LOGICAL_ERROR` for a batch
    /// of other columns.
    pub fn append(&self, batch: Batch) -> Result<()> {
        if batch.columns.len() != self.types.len() {
            return Err(Error::internal(format!(
                "a batch of {} columns for a memtable of {}",
                batch.columns.len(),
                self.types.len()
            )));
        }
        if batch.rows == 0 {
            return Ok(());
        }
        let mut s = self.state.lock();
        if s.sealed {
            return Err(Error::new(TOO_MANY_ROWS, "The memtable is sealed"));
        }
        s.rows += batch.rows;
        s.bytes += batch.bytes();
        s.batches.push(Arc::new(batch));
        while let [.., a, b] = s.batches.as_slice()
            && a.rows <= b.rows
            && a.rows + b.rows <= MERGE_ROWS
        {
            let merged = Batch::concat(&self.types, &[a.as_ref().clone(), b.as_ref().clone()]);
            let n = s.batches.len();
            s.batches.truncate(n - 2);
            s.batches.push(Arc::new(merged));
        }
        Ok(())
    }
    /// All rows now, in order of arrival.
    pub fn snapshot(&self) -> Vec<Arc<Batch>> {
        self.state.lock().batches.clone()
    }
    pub fn rows(&self) -> usize {
        self.state.lock().rows
    }
    pub fn bytes(&self) -> usize {
        self.state.lock().bytes
    }
    /// Refuses further rows.
    pub fn seal(&self) {
        self.state.lock().sealed = true;
    }
}
