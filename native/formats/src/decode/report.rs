//! What came of an input: rows that were read, and those that were not.

use types::codes::Code;

/// A row that was left out, or the one that ended everything.
#[derive(Clone, Debug)]
pub struct RowError {
    /// from 1
    pub row: u64,
    pub column: Option<String>,
    pub code: Code,
    /// with row, column and value
    pub message: String,
    pub value: Option<String>,
    /// the row's own bytes, at most 4 KiB: for quarantine
    pub raw: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    /// rows read well
    pub rows: u64,
    pub rejected: u64,
    pub errors: Vec<RowError>,
    /// for each column: the input had at least one value for it
    pub present: Vec<bool>,
}
