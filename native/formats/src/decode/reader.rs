//! What a format is to the decoder: something that takes one row after the other.

use super::{Block, Rows};
use types::Result;
use types::text::Cursor;

/// What a reader did.
pub(crate) enum Step {
    Row,
    /// something that is no row was taken: a header, a separator, blank lines
    Taken,
    /// many rows of the block `Rows` cannot hold: they are handed over as they are
    Block(Box<Block>),
    /// the bytes end before the next row does
    More,
    /// as `More`, but the reader keeps what it took
    Held,
    End,
}

/// Reads one format.
pub(crate) trait Reader: Send {
    /// Takes the next row. `eof`: no bytes come after these.
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step>;
    /// Where the row that starts at `from` ends, `None` if that is not in the data. Only asked after
    /// an error, to tell a bad row from an incomplete one.
    fn row_end(&self, data: &[u8], _from: usize) -> Option<usize> {
        Some(data.len())
    }
    /// Bytes are text, so that messages may show them and rows may end with lines.
    fn is_text(&self) -> bool {
        true
    }
    /// End of the value that starts at `from`: for messages.
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        if !self.is_text() {
            return from;
        }
        data[from..].iter().position(|b| matches!(b, b'\n' | b'\t' | b',')).map_or(data.len(), |n| from + n)
    }
    /// What is taken at once is a block of rows: it may have as many bytes as a document.
    fn in_blocks(&self) -> bool {
        false
    }
    /// Formats of one document: nothing is read before all bytes are there.
    fn whole(&self) -> bool {
        false
    }
    /// Takes the whole document over, or gives it back.
    fn own(&mut self, data: Vec<u8>) -> Option<Vec<u8>> {
        Some(data)
    }
    /// A reader for rows further on in the same input, once headers are behind; `None` before that, and
    /// for formats in which a row depends on those before it.
    fn fork(&self) -> Option<Box<dyn Reader>> {
        None
    }
    /// A bad row can be left out and reading go on behind the next line end.
    fn can_skip(&self) -> bool {
        self.is_text()
    }
}
