//! Rows in columns: what flows between operators, from readers to memtables, and to writers.

use crate::{Bitmap, Column, Type};

/// A named, typed column of a table or result.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub ty: Type,
}

pub type Schema = Vec<Field>;

/// Columns of equal length. `rows` counts also when there are no columns.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub columns: Vec<Column>,
    pub rows: usize,
}

impl Batch {
    pub fn new(columns: Vec<Column>, rows: usize) -> Self {
        debug_assert!(columns.iter().all(|c| c.len() == rows));
        Batch { columns, rows }
    }
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Batch {
        Batch { columns: self.columns.iter().map(|c| c.slice(start, len)).collect(), rows: len }
    }
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Batch {
        Batch { columns: self.columns.iter().map(|c| c.gather(rows)).collect(), rows: rows.len() }
    }
    #[must_use]
    pub fn filter(&self, keep: &Bitmap) -> Batch {
        self.gather(&keep.ones())
    }
    /// All batches under one another. `types` names the columns' types (needed when there are no batches).
    pub fn concat(types: &[Type], batches: &[Batch]) -> Batch {
        let rows = batches.iter().map(|b| b.rows).sum();
        if let [one] = batches {
            return one.clone();
        }
        let columns = types
            .iter()
            .enumerate()
            .map(|(i, ty)| Column::concat(ty, &batches.iter().map(|b| &b.columns[i]).collect::<Vec<_>>()))
            .collect();
        Batch { columns, rows }
    }
    /// Bytes held, shared parts counted in full.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum()
    }
}
