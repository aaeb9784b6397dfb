//! Values: `(1, 'a'), (2, 'b')`. Only literals are read here. What is not one (`now()`, `1 + 2`) is
//! reported with the detail `values_expression`, and the caller may evaluate the rows instead.

use super::{Reader, Rows, Step};
use types::codes::{
    ARGUMENT_OUT_OF_BOUND, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, CANNOT_PARSE_INPUT_ASSERTION_FAILED,
    SYNTAX_ERROR, TYPE_MISMATCH,
};
use types::text::{Cursor, Kind};
use types::{Error, Result};

#[derive(Default)]
pub(crate) struct ValuesReader {
    started: bool,
}

/// Skips blanks and SQL comments.
fn blank(c: &mut Cursor<'_>) {
    loop {
        c.blank();
        let rest = c.rest();
        let n = if rest.starts_with(b"--") {
            memchr::memchr(b'\n', rest).unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            match memchr::memmem::find(rest, b"*/") {
                Some(n) => n + 2,
                None => return,
            }
        } else {
            return;
        };
        c.pos += n;
    }
}

/// An error of a literal, with the code that an evaluated literal of the wrong kind has: NULL or a
/// tuple that does not fit is a matter of types, and `{…}` is no expression of SQL.
fn literal(e: &Error, kind: &Kind, bare: bool) -> Error {
    let code = match (e.code(), kind) {
        (CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, _) | (_, Kind::Tuple(_)) => TYPE_MISMATCH,
        (_, Kind::Map(..)) => SYNTAX_ERROR,
        // a number with too many digits is one as an expression too
        (ARGUMENT_OUT_OF_BOUND, Kind::Decimal(..)) if bare => return e.clone(),
        (code, _) => code,
    };
    expression(&Error::new(code, e.message()))
}

fn expression(e: &Error) -> Error {
    Error::new(e.code(), e.message()).with_detail("{\"values_expression\":true}")
}

impl Reader for ValuesReader {
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        let from = c.pos;
        blank(c);
        if self.started && c.eat(b',') {
            blank(c);
        }
        if c.eat(b';') {
            return Ok(Step::End);
        }
        if c.at_end() {
            return Ok(if eof {
                Step::End
            } else if c.pos > from && !self.started {
                Step::Taken
            } else {
                Step::More
            });
        }
        if !c.eat(b'(') {
            return Err(Error::new(SYNTAX_ERROR, c.expected("'(' before a row of VALUES").message()));
        }
        let width = rows.width();
        for i in 0..width {
            blank(c);
            if i > 0 {
                if !c.eat(b',') {
                    rows.column = None;
                    return Err(expression(&c.error(
                        CANNOT_PARSE_INPUT_ASSERTION_FAILED,
                        &format!("expected ',': a row has {width} values"),
                    )));
                }
                blank(c);
            }
            rows.at(i, c.pos..c.pos);
            if c.eat_default() {
                rows.builders[i].push_default(1);
                rows.mark_missing(i);
            } else {
                let codec = &rows.codecs[i];
                // Another literal in the place of an array is of another type.
                let bare = c.peek().is_some_and(|b| b.is_ascii_digit() || b == b'-');
                if bare && matches!(codec.kind, Kind::Array(_)) {
                    return Err(expression(
                        &c.error(TYPE_MISMATCH, "expected an array, which starts with '['"),
                    ));
                }
                let present = codec
                    .read_quoted(c, &mut rows.builders[i])
                    .map_err(|e| literal(&e, &codec.kind, bare))?;
                if !present {
                    rows.mark_missing(i);
                }
            }
            blank(c);
            if !matches!(c.peek(), Some(b',' | b')')) {
                return Err(expression(
                    &c.error(CANNOT_PARSE_INPUT_ASSERTION_FAILED, "expected ',' or ')' behind a value"),
                ));
            }
        }
        if width == 0 {
            blank(c);
        }
        if !c.eat(b')') {
            rows.column = None;
            return Err(expression(&c.error(
                CANNOT_PARSE_INPUT_ASSERTION_FAILED,
                &format!("expected ')': a row has {width} values"),
            )));
        }
        rows.finish_row(width);
        self.started = true;
        Ok(Step::Row)
    }

    /// The closing parenthesis outside of quotes and other brackets.
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        let (mut depth, mut i) = (0i32, from);
        while let Some(&b) = data.get(i) {
            match b {
                b'\'' => {
                    i += 1;
                    while *data.get(i)? != b'\'' {
                        i += if data[i] == b'\\' { 2 } else { 1 };
                    }
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => {
                    depth -= 1;
                    if depth <= 0 {
                        return Some(i + 1);
                    }
                }
                _ => {}
            }
            i += 1;
        }
        None
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        let end = self.row_end(data, from).unwrap_or(data.len());
        data[from..end].iter().position(|b| matches!(b, b',' | b')')).map_or(end, |n| from + n)
    }
}

trait EatDefault {
    fn eat_default(&mut self) -> bool;
}
impl EatDefault for Cursor<'_> {
    /// The word DEFAULT, alone.
    fn eat_default(&mut self) -> bool {
        let mut ahead = self.clone();
        if !ahead.eat_word("DEFAULT") {
            return false;
        }
        ahead.blank();
        let hit = matches!(ahead.peek(), Some(b',' | b')'));
        if hit {
            *self = ahead;
        }
        hit
    }
}
