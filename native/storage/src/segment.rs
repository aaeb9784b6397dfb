//! A segment as readers see it: its file, with the values of a patch over those that an UPDATE has changed.
//! Whatever the file knows of a block that the patch touches (statistics, dictionary, indexes) is not
//! believed there; all else is the file's own, through `Deref`.

use crate::cache::Cache;
use crate::patch::{Patch, Piece, patched_column};
use crate::pred::Pred;
use crate::stats::BlockStats;
use crate::stored::Stored;
use crate::text::TextIndex;
use files::Files;
use std::ops::Deref;
use std::sync::Arc;
use types::{Bitmap, Column, Dict, Result};

/// Cheap to share; every method may be called from several threads.
pub struct Segment {
    file: Arc<Stored>,
    patch: Option<Patch>,
}

impl Deref for Segment {
    type Target = Stored;
    fn deref(&self) -> &Stored {
        &self.file
    }
}

impl Segment {
    /// Reads and checks the footer. Errors: `CORRUPTED_DATA` naming file and offset, `FILE_DOESNT_EXIST`.
    pub fn open(files: &Arc<dyn Files>, path: &str, cache: &Arc<Cache>) -> Result<Arc<Segment>> {
        Ok(Arc::new(Segment::new(Arc::new(Stored::open(files, path, cache)?), None)?))
    }
    /// A file, under the patch that is in another one.
    pub fn new(file: Arc<Stored>, patch: Option<Arc<Stored>>) -> Result<Segment> {
        let patch = patch.map(|p| Patch::open(&file, p)).transpose()?;
        Ok(Segment { file, patch })
    }

    /// Rows that have a patch, ascending.
    pub fn patched_rows(&self) -> &[u32] {
        self.patch.as_ref().map_or(&[], |p| p.rows())
    }
    /// Columns that have one.
    pub fn patched_columns(&self) -> impl Iterator<Item = usize> {
        (0..self.column_count()).filter(|c| self.is_patched(*c))
    }

    fn piece(&self, c: usize, block: usize) -> Option<Piece<'_>> {
        self.patch.as_ref()?.piece(&self.file, c, block)
    }
    fn is_patched(&self, c: usize) -> bool {
        self.patch.as_ref().is_some_and(|p| p.has(c))
    }

    pub fn stats(&self, c: usize, block: usize) -> Option<&BlockStats> {
        if self.piece(c, block).is_some() { None } else { self.file.stats(c, block) }
    }
    /// The ordered dictionary of a String column, if it holds all values of the column.
    pub fn dict(&self, c: usize) -> Result<Option<Arc<Dict>>> {
        if self.is_patched(c) { Ok(None) } else { self.file.dict(c) }
    }

    /// A whole block: codes, flat or constant.
    pub fn read(&self, c: usize, block: usize) -> Result<Column> {
        let column = self.file.read(c, block)?;
        let Some(piece) = self.piece(c, block) else { return Ok(column) };
        let rows: Vec<u32> = piece.rows().map(|r| r as u32).collect();
        Ok(patched_column(&column, &rows, &piece.values()?, self.column_type(c)))
    }
    /// Rows of a block by position within it, in the order asked.
    pub fn read_rows(&self, c: usize, block: usize, rows: &[u32]) -> Result<Column> {
        let column = self.file.read_rows(c, block, rows)?;
        let Some(piece) = self.piece(c, block) else { return Ok(column) };
        let fresh: Vec<u32> = piece.rows().map(|r| r as u32).collect();
        let found = |row: &u32| fresh.binary_search(row).ok().map(|k| k as u32);
        let (mut places, mut from) = (Vec::new(), Vec::new());
        for (i, row) in rows.iter().enumerate() {
            if let Some(k) = found(row) {
                places.push(i as u32);
                from.push(k);
            }
        }
        if places.is_empty() {
            return Ok(column);
        }
        Ok(patched_column(&column, &places, &piece.values()?.gather(&from), self.column_type(c)))
    }

    /// Keeps the rows of `sel` (one bit a row of the block) that pass; NULL rows pass `IsNull` only.
    /// New values are asked in the patch, where they lie encoded too.
    pub fn filter(&self, c: usize, block: usize, pred: &Pred, sel: &mut Bitmap) -> Result<()> {
        let Some(piece) = self.piece(c, block) else { return self.file.filter(c, block, pred, sel) };
        let passing = piece.passing(pred, sel)?;
        piece.rows().for_each(|row| sel.set(row, false));
        self.file.filter(c, block, pred, sel)?;
        passing.into_iter().for_each(|row| sel.set(row, true));
        Ok(())
    }
    /// False only if no row of the block passes, by statistics.
    pub fn may_match(&self, c: usize, block: usize, pred: &Pred) -> Result<bool> {
        match self.piece(c, block) {
            Some(piece) if piece.may_match(pred)? => Ok(true),
            _ => self.file.may_match(c, block, pred),
        }
    }
    /// False only if no value that the index covers in this block passes. On arrays a bloom filter covers
    /// the elements.
    pub fn index_may_match(&self, index: usize, block: usize, pred: &Pred) -> Result<bool> {
        let column = self.indexes().nth(index).and_then(|i| i.2);
        let stale = match (&self.patch, column) {
            (None, _) => false,
            (Some(_), Some(c)) => self.piece(c, block).is_some(),
            // an expression: of which columns, only the table knows
            (Some(patch), None) => patch.touches(block),
        };
        if stale { Ok(true) } else { self.file.index_may_match(index, block, pred) }
    }
    /// An index of tokens that knows all values of its column.
    pub fn text_index(&self, index: usize) -> Option<TextIndex<'_>> {
        let column = self.indexes().nth(index).and_then(|i| i.2);
        let stale = self.patch.is_some() && column.is_none_or(|c| self.is_patched(c));
        if stale { None } else { self.file.text_index(index) }
    }
}
