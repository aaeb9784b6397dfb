//! Table versions, memtables, batches and their form in the log.

use super::failure::guard;
use exec::kernel;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Rows and bytes that a memtable holds.
#[napi(object)]
pub struct MemtableSums {
    pub rows: f64,
    pub bytes: f64,
}

/// Registers a version (JSON `TableVersion`) for plans; rows of memtables are fixed now.
#[napi]
pub fn register_table(version: String) -> Result<u32> {
    guard(|| kernel().register_table(&version))
}

/// Queries that run keep what they use.
#[napi]
pub fn release_table(handle: u32) {
    kernel().release_table(handle);
}

/// A new memtable for a table's shape (JSON `TableShape`).
#[napi]
pub fn memtable_open(table: String) -> Result<u32> {
    guard(|| kernel().memtable_open(&table))
}

/// Adds a batch, which is used up.
#[napi]
pub fn memtable_append(memtable: u32, batch: u32) -> Result<MemtableSums> {
    guard(|| kernel().memtable_append(memtable, batch))
        .map(|(rows, bytes)| MemtableSums { rows: rows as f64, bytes: bytes as f64 })
}

#[napi]
pub fn memtable_drop(memtable: u32) {
    kernel().memtable_drop(memtable);
}

#[napi]
pub fn batch_drop(batch: u32) {
    kernel().batch_drop(batch);
}

/// Checks constraints on a batch and merges its rows as the table's engine says. Gives the rows left.
#[napi]
pub fn batch_prepare(batch: u32, table: String, how: String) -> Result<f64> {
    guard(|| kernel().batch_prepare(batch, &table, &how)).map(|rows| rows as f64)
}

/// A batch as bytes for the write-ahead log.
#[napi]
pub fn wal_encode(batch: u32) -> Result<Buffer> {
    guard(|| kernel().wal_encode(batch)).map(Buffer::from)
}

/// Bytes of the log back to a batch of a table's shape. Checked: CORRUPTED_DATA if they are no batch.
#[napi]
pub fn wal_decode(table: String, payload: Uint8Array) -> Result<u32> {
    guard(|| kernel().wal_decode(&table, &payload))
}
