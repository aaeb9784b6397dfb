//! Pieces of bytes, of any size, to blocks of rows. What of a piece ends within a row waits for the next.

mod bad_rows;
mod run;

use super::reader::Reader;
use super::{Block, InputField, InputOptions, OnError, Report, Rows, reader_of};
use crate::registry;
use types::codes::{TOO_LARGE_STRING_SIZE, TOO_MANY_BYTES};
use types::{Error, Result};

pub struct Decoder {
    reader: Box<dyn Reader>,
    rows: Rows,
    options: InputOptions,
    tail: Vec<u8>,
    /// do not try again before the tail is this long
    retry_at: usize,
    /// leaving out the rest of a bad row, up to the next line end
    skipping: bool,
    /// lines in front of the first row that are passed over
    lines_to_skip: usize,
    ended: bool,
    /// stop after each block, so that the caller can take it
    one_by_one: bool,
    report: Report,
    ready: Vec<Block>,
}

impl Decoder {
    /// Errors: `UNKNOWN_FORMAT`, `FORMAT_IS_NOT_SUITABLE_FOR_INPUT`, `BAD_ARGUMENTS`.
    pub fn new(format: &str, fields: &[InputField], options: &InputOptions) -> Result<Decoder> {
        let def = registry::find_input(format)?;
        let rows = Rows::new(fields, &options.text)?;
        let lines_to_skip = options.lines_to_skip(def.name)?;
        Ok(Decoder::over(reader_of(def.name, fields, options)?, rows, options.clone(), lines_to_skip))
    }

    fn over(reader: Box<dyn Reader>, rows: Rows, options: InputOptions, lines_to_skip: usize) -> Decoder {
        Decoder {
            reader,
            rows,
            options,
            tail: Vec::new(),
            retry_at: 0,
            skipping: false,
            lines_to_skip,
            ended: false,
            one_by_one: false,
            report: Report::default(),
            ready: Vec::new(),
        }
    }

    /// Takes bytes; gives the blocks that became full. Errors: the first bad row, with its number,
    /// column and value (`on_error` = `Fail`); nothing can be read after an error.
    pub fn push(&mut self, data: &[u8]) -> Result<Vec<Block>> {
        if self.tail.is_empty() && !self.reader.whole() {
            let used = self.run(data, false)?;
            self.keep(&data[used..])?;
        } else {
            if self.reader.whole() && self.tail.len() + data.len() > self.options.document_bytes_max {
                return Err(Error::new(
                    TOO_MANY_BYTES,
                    format!(
                        "Document is larger than {} bytes; send it in a format that streams",
                        self.options.document_bytes_max
                    ),
                ));
            }
            let room = self.tail.len() + data.len();
            if room > self.tail.capacity() {
                // Doubling, but not beyond what a row may hold.
                let goal = (room * 2).min(self.piece_bytes_max().max(room));
                self.tail.reserve_exact(goal - self.tail.len());
            }
            self.tail.extend_from_slice(data);
            if !self.reader.whole()
                && self.tail.len() >= self.retry_at
                && (self.skipping || self.reader.row_end(&self.tail, 0).is_some())
            {
                let tail = std::mem::take(&mut self.tail);
                let used = self.run(&tail, false)?;
                self.tail = tail;
                self.tail.drain(..used);
                self.check_tail(used)?;
            } else if !self.reader.whole() {
                self.check_tail(0)?;
            }
        }
        Ok(std::mem::take(&mut self.ready))
    }

    fn keep(&mut self, rest: &[u8]) -> Result<()> {
        self.tail.extend_from_slice(rest);
        self.check_tail(1)
    }

    /// Bytes that are kept until the end of a row, or of a block of rows, is there.
    fn piece_bytes_max(&self) -> usize {
        if self.reader.in_blocks() { self.options.document_bytes_max } else { self.options.row_bytes_max }
    }

    fn check_tail(&mut self, used: usize) -> Result<()> {
        if used > 0 {
            self.retry_at = 0;
            if self.tail.capacity() > 1 << 20 && self.tail.len() < self.tail.capacity() / 4 {
                self.tail.shrink_to(self.tail.len() * 2);
            }
        }
        let most = self.piece_bytes_max();
        if self.tail.len() > most {
            let what = if self.reader.in_blocks() { "The block that begins with row" } else { "Row" };
            return Err(Error::new(
                TOO_LARGE_STRING_SIZE,
                format!("{what} {} is larger than {most} bytes, or its end is missing", self.next_row()),
            ));
        }
        self.retry_at = self.retry_at.max(self.tail.len() * 2);
        Ok(())
    }

    /// No more bytes come. Errors: as `push`; a cut last row is an error.
    pub fn finish(&mut self) -> Result<Vec<Block>> {
        let mut out = Vec::new();
        self.finish_with(&mut |b| {
            out.push(b);
            Ok(())
        })?;
        Ok(out)
    }

    /// As `finish`, block by block: a large document does not have to lie decoded in memory.
    pub fn finish_with(&mut self, each: &mut dyn FnMut(Block) -> Result<()>) -> Result<()> {
        let tail = std::mem::take(&mut self.tail);
        let tail = self.reader.own(tail).unwrap_or_default();
        self.one_by_one = true;
        let mut pos = 0;
        loop {
            pos += self.run(&tail[pos..], true)?;
            if self.ready.is_empty() {
                break;
            }
            std::mem::take(&mut self.ready).into_iter().try_for_each(&mut *each)?;
        }
        if self.rows.rows > 0 {
            self.flush();
            std::mem::take(&mut self.ready).into_iter().try_for_each(each)?;
        }
        self.report.present.clone_from(&self.rows.present);
        Ok(())
    }

    pub fn report(&self) -> &Report {
        &self.report
    }
    /// The whole rows that wait to become a block.
    pub fn take_rows(&mut self) -> Option<Block> {
        (self.rows.rows > 0).then(|| self.rows.take())
    }
    /// So many rows of the same body were read by forks: errors count on from there.
    pub fn set_rows_elsewhere(&mut self, rows: u64) {
        self.options.first_row = rows;
    }
    /// A decoder for rows further on, if this one stands between two rows of a format that allows it.
    pub fn fork(&self) -> Option<Decoder> {
        if !self.tail.is_empty()
            || self.skipping
            || self.lines_to_skip > 0
            || self.ended
            || self.options.on_error != OnError::Fail
        {
            return None;
        }
        Some(Decoder::over(self.reader.fork()?, self.rows.fresh(), self.options.clone(), 0))
    }
    /// Reads a piece that ends where a row does. Errors: as `push`.
    pub fn decode_piece(mut self, data: &[u8]) -> Result<(Vec<Block>, u64)> {
        self.run(data, true)?;
        let mut blocks = std::mem::take(&mut self.ready);
        blocks.append(&mut self.finish()?);
        Ok((blocks, self.report.rows))
    }
    pub fn into_report(self) -> Report {
        self.report
    }

    fn next_row(&self) -> u64 {
        self.options.first_row + self.report.rows + self.report.rejected + 1
    }

    fn flush(&mut self) {
        let block = self.rows.take();
        self.ready.push(block);
    }
}

/// Reads a whole body at once. Errors: as `Decoder::push`.
pub fn decode_all(
    format: &str,
    fields: &[InputField],
    options: &InputOptions,
    data: &[u8],
) -> Result<(Vec<Block>, Report)> {
    let mut d = Decoder::new(format, fields, options)?;
    let mut blocks = Vec::new();
    if d.reader.whole() {
        d.tail = data.to_vec();
    } else {
        d.run(data, true)?;
        blocks = std::mem::take(&mut d.ready);
    }
    blocks.append(&mut d.finish()?);
    Ok((blocks, d.report))
}
