//! The loop over the rows of a piece.

use super::Decoder;
use crate::decode::reader::Step;
use types::codes::INCORRECT_DATA;
use types::text::{Cursor, clip};
use types::{Error, Result};

impl Decoder {
    /// Reads what is there; gives the bytes used.
    pub(super) fn run(&mut self, data: &[u8], eof: bool) -> Result<usize> {
        let mut pos = 0;
        let mut since_check = 0;
        loop {
            if self.skipping {
                match memchr::memchr(b'\n', &data[pos..]) {
                    Some(n) => {
                        pos += n + 1;
                        self.skipping = false;
                    }
                    None => return Ok(data.len()),
                }
            }
            if self.lines_to_skip > 0 {
                match memchr::memchr(b'\n', &data[pos..]) {
                    Some(n) => {
                        pos += n + 1;
                        self.lines_to_skip -= 1;
                    }
                    // there are no more to pass over, however many were asked for
                    None if eof => {
                        pos = data.len();
                        self.lines_to_skip = 0;
                    }
                    None => return Ok(pos),
                }
                continue;
            }
            if self.one_by_one && !self.ready.is_empty() {
                return Ok(pos);
            }
            if self.ended {
                return self.trailing(data, pos);
            }
            let mut c = Cursor { data, pos };
            match self.reader.step(&mut c, &mut self.rows, eof) {
                Ok(Step::Row) => {
                    pos = c.pos;
                    self.report.rows += 1;
                    since_check += 1;
                    if self.rows.rows >= self.options.batch_rows {
                        self.flush();
                    } else if since_check >= 64 {
                        since_check = 0;
                        if self.rows.bytes() >= self.options.batch_bytes {
                            self.flush();
                        }
                    }
                }
                Ok(Step::Taken) => {
                    if c.pos == pos {
                        return Err(Error::internal("a reader took nothing"));
                    }
                    pos = c.pos;
                }
                Ok(Step::Block(block)) => {
                    pos = c.pos;
                    self.report.rows += block.batch.rows as u64;
                    if self.rows.rows > 0 {
                        self.flush();
                    }
                    for (p, m) in self.rows.present.iter_mut().zip(&block.missing) {
                        *p |= m.is_none();
                    }
                    self.ready.push(*block);
                }
                Ok(Step::More) => {
                    self.rows.undo();
                    return Ok(pos);
                }
                Ok(Step::Held) => return Ok(c.pos),
                Ok(Step::End) => {
                    pos = c.pos;
                    self.ended = true;
                }
                Err(e) => {
                    let end = self.reader.row_end(data, pos);
                    if !eof && end.is_none() {
                        self.rows.undo();
                        return Ok(pos);
                    }
                    self.leave_out(&e, data, pos, end)?;
                    // A row whose end was found is left out as a whole, another up to its line's end.
                    match end {
                        Some(end) => pos = end.max(pos + 1).min(data.len()),
                        None => {
                            pos = c.pos.max(pos + 1).min(data.len());
                            self.skipping = true;
                        }
                    }
                }
            }
        }
    }

    /// After the end of the data only blanks may follow.
    fn trailing(&self, data: &[u8], pos: usize) -> Result<usize> {
        let rest = &data[pos..];
        match rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            Some(at) if self.options.text.strict => Err(Error::new(
                INCORRECT_DATA,
                format!("Trailing data behind the last row: '{}'", clip(&rest[at..], 50)),
            )),
            _ => Ok(data.len()),
        }
    }
}
