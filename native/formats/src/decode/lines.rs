//! Formats of one String column: LineAsString, JSONAsString, RawBLOB.

use super::{InputField, Reader, Rows, Step};
use types::codes::{BAD_ARGUMENTS, INCORRECT_DATA, INCORRECT_QUERY};
use types::text::{Cursor, skip_json};
use types::{Error, Result};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    Line,
    Json,
    All,
}

pub(crate) struct Lines {
    unit: Unit,
    done: bool,
}

impl Lines {
    pub fn new(unit: Unit, fields: &[InputField]) -> Result<Self> {
        match fields {
            [f] if f.ty.base().is_string() => Ok(Lines { unit, done: false }),
            _ => Err(Error::new(
                if unit == Unit::Line { INCORRECT_QUERY } else { BAD_ARGUMENTS },
                "This input format is only suitable for exactly one column of type String; name it in the INSERT",
            )),
        }
    }
}

/// The line at the cursor without its end, also without the `\r` of `crlf`; `None` if it is not complete.
pub(super) fn line<'a>(c: &mut Cursor<'a>, eof: bool, crlf: bool) -> Option<&'a [u8]> {
    let rest = c.rest();
    let n = match memchr::memchr(b'\n', rest) {
        Some(n) => {
            c.pos += n + 1;
            n
        }
        None if eof => {
            c.pos += rest.len();
            rest.len()
        }
        None => return None,
    };
    let line = &rest[..n];
    Some(if crlf { line.strip_suffix(b"\r").unwrap_or(line) } else { line })
}

impl Reader for Lines {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        let line = self.unit == Unit::Line;
        line.then(|| Box::new(Lines { unit: Unit::Line, done: false }) as Box<dyn Reader>)
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        if self.unit == Unit::All {
            if self.done {
                return Ok(Step::End);
            }
            self.done = true;
            rows.builders[0].push_bytes(c.rest());
            c.pos = c.data.len();
            rows.finish_row(1);
            return Ok(Step::Row);
        }
        if self.unit == Unit::Json {
            c.blank();
            if self.done && c.eat(b',') {
                c.blank();
            }
        }
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let value = if self.unit == Unit::Json {
            let from = c.pos;
            if c.peek() != Some(b'{') {
                return Err(c.error(INCORRECT_DATA, "expected a JSON object"));
            }
            skip_json(c)?;
            &c.data[from..c.pos]
        } else {
            let Some(text) = line(c, eof, false) else { return Ok(Step::More) };
            text
        };
        self.done = true;
        rows.builders[0].push_bytes(value);
        rows.finish_row(1);
        Ok(Step::Row)
    }
    fn whole(&self) -> bool {
        self.unit == Unit::All
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        if self.unit == Unit::Json && skip_json(&mut Cursor { data, pos: from }).is_err() {
            return None;
        }
        memchr::memchr(b'\n', &data[from..]).map(|n| from + n + 1)
    }
}
