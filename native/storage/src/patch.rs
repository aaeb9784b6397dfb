//! New values of some rows of a segment: an UPDATE of few rows writes them to a file beside it instead of
//! writing all rows anew. The file is a segment itself: a column of row numbers, and the columns that changed,
//! with the value that each of those rows has by now. FORMAT.md, section 9.

use crate::bytes::corrupt;
use crate::fault::damaged;
use crate::pred::Pred;
use crate::stored::Stored;
use std::ops::Range;
use std::sync::Arc;
use types::{Bitmap, Column, Data, Result, Type};

/// The column of row numbers. No column of a table has a NUL in its name.
pub const ROW_NUMBER: &str = "\0row";

pub(crate) struct Patch {
    file: Arc<Stored>,
    /// numbers of rows of the segment, ascending
    rows: Vec<u32>,
    /// the first of `rows` in each block of the segment, and their number
    starts: Vec<usize>,
    /// the patch's column for each column of the segment
    columns: Vec<Option<usize>>,
}

/// What a patch says of one column of one block.
#[derive(Clone)]
pub(crate) struct Piece<'a> {
    patch: &'a Patch,
    column: usize,
    /// positions in `Patch::rows`
    range: Range<usize>,
    /// number of the block's first row
    first: usize,
}

impl Patch {
    /// Errors: CORRUPTED_DATA when the file is not what an UPDATE wrote for this segment.
    pub(crate) fn open(segment: &Stored, file: Arc<Stored>) -> Result<Patch> {
        let bad = |what: &str| damaged(corrupt(what), file.path(), 0, "patch");
        let numbers = file.column(ROW_NUMBER).filter(|c| *file.column_type(*c) == Type::UInt32);
        let Some(numbers) = numbers else { return Err(bad("it has no row numbers")) };
        if file.rows() > segment.rows() {
            return Err(bad("it has more rows than its segment"));
        }
        let mut rows: Vec<u32> = Vec::with_capacity(file.rows());
        for b in 0..file.block_count() {
            match &file.read(numbers, b)?.flat().data {
                Data::U32(part) => rows.extend_from_slice(part.as_slice()),
                _ => return Err(bad("it has no row numbers")),
            }
        }
        let ascend = rows.windows(2).all(|w| w[0] < w[1]);
        if !ascend || rows.last().is_some_and(|r| *r as usize >= segment.rows()) {
            return Err(bad("its row numbers are wrong"));
        }
        let mut columns = vec![None; segment.column_count()];
        for c in (0..file.column_count()).filter(|c| *c != numbers) {
            let of = segment.column(file.column_name(c));
            match of.filter(|of| segment.column_type(*of) == file.column_type(c)) {
                Some(of) => columns[of] = Some(c),
                None => return Err(bad("it has other columns than its segment")),
            }
        }
        let mut starts = vec![0];
        for b in 0..segment.block_count() {
            starts.push(rows.partition_point(|r| (*r as usize) < segment.block_start(b + 1)));
        }
        Ok(Patch { file, rows, starts, columns })
    }

    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }
    /// Whether some value of the column is another one.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(Option::is_some)
    }
    /// Whether some value of the block is another one.
    pub(crate) fn touches(&self, block: usize) -> bool {
        self.starts.get(block) != self.starts.get(block + 1)
    }
    pub(crate) fn piece(&self, segment: &Stored, column: usize, block: usize) -> Option<Piece<'_>> {
        let own = (*self.columns.get(column)?)?;
        let range = *self.starts.get(block)?..*self.starts.get(block + 1)?;
        let first = segment.block_start(block);
        (!range.is_empty()).then_some(Piece { patch: self, column: own, range, first })
    }
    /// Parts of a range of rows by blocks of the patch: block, and positions within it.
    fn blocks(&self, range: &Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (file, range) = (&self.file, range.clone());
        let size = file.block_start(1);
        (range.start / size..range.end.div_ceil(size)).map(move |b| {
            let start = file.block_start(b);
            (b, range.start.max(start) - start..range.end.min(start + size) - start)
        })
    }
}

impl Piece<'_> {
    /// Rows within the block, ascending.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.patch.rows[self.range.clone()].iter().map(|r| *r as usize - self.first)
    }
    /// Their values.
    pub(crate) fn values(&self) -> Result<Column> {
        let Patch { file, .. } = self.patch;
        let part = |(b, rows): (usize, Range<usize>)| {
            if rows.len() == file.block_rows(b) {
                return file.read(self.column, b);
            }
            file.read_rows(self.column, b, &rows.map(|r| r as u32).collect::<Vec<_>>())
        };
        let parts = self.patch.blocks(&self.range).map(part).collect::<Result<Vec<_>>>()?;
        Ok(Column::concat(file.column_type(self.column), &parts.iter().collect::<Vec<_>>()))
    }
    /// The rows of the block among `asked` (a bit a row) whose new values pass.
    pub(crate) fn passing(&self, pred: &Pred, asked: &Bitmap) -> Result<Vec<usize>> {
        let rows: Vec<usize> = self.rows().collect();
        let (mut at, mut passing) = (0, Vec::new());
        for (b, range) in self.patch.blocks(&self.range) {
            let mut sel = Bitmap::new(self.patch.file.block_rows(b), false);
            for (k, i) in range.clone().enumerate() {
                sel.set(i, asked.get(rows[at + k]));
            }
            self.patch.file.filter(self.column, b, pred, &mut sel)?;
            passing.extend(sel.ones().iter().map(|i| rows[at + *i as usize - range.start]));
            at += range.len();
        }
        Ok(passing)
    }
    /// False only if no new value passes, by statistics.
    pub(crate) fn may_match(&self, pred: &Pred) -> Result<bool> {
        for (b, _) in self.patch.blocks(&self.range) {
            if self.patch.file.may_match(self.column, b, pred)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A column with new values in some rows.
pub fn patched_column(column: &Column, rows: &[u32], values: &Column, ty: &Type) -> Column {
    let n = column.len() as u32;
    let both = Column::concat(ty, &[&column.flat(), values]);
    let mut at: Vec<u32> = (0..n).collect();
    for (k, &r) in rows.iter().enumerate() {
        at[r as usize] = n + k as u32;
    }
    both.gather(&at)
}
