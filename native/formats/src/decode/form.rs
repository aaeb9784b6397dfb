//! Form: one row as `name=value` pairs between `&`, percent-encoded, as a browser posts a form.

use super::{InputOptions, Reader, Rows, Step};
use types::codes::INCORRECT_DATA;
use types::text::{Cursor, clip};
use types::{Error, Result};

pub(crate) struct Form {
    skip_unknown: bool,
    done: bool,
}

impl Form {
    pub fn new(o: &InputOptions) -> Self {
        Form { skip_unknown: o.skip_unknown, done: false }
    }
}

/// Percent-encoded bytes as they were; what is no hexadecimal number stays. ClickHouse keeps `+`.
fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while let Some(b) = text.get(i) {
        match (b, digit(text.get(i + 1)), digit(text.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 3;
            }
            _ => {
                out.push(*b);
                i += 1;
            }
        }
    }
    out
}

/// The pairs of a form with the place of each value. Errors: `CANNOT_PARSE_INPUT_ASSERTION_FAILED`.
pub(crate) fn pairs(data: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>, usize)>> {
    let mut at = 0;
    let parts = data.trim_ascii_end().split(|b| *b == b'&').map(move |part| {
        let from = at;
        at += part.len() + 1;
        (part, from)
    });
    parts.filter(|(part, _)| !part.is_empty()).map(|(part, from)| {
        let Some(n) = memchr::memchr(b'=', part) else {
            return Err(Cursor { data: part, pos: part.len() }.expected("'=' behind the name of a field"));
        };
        Ok((decoded(&part[..n]), decoded(&part[n + 1..]), from + n + 1))
    })
}

impl Reader for Form {
    fn whole(&self) -> bool {
        true
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, _eof: bool) -> Result<Step> {
        rows.column = None;
        if self.done || c.at_end() {
            return Ok(Step::End);
        }
        self.done = true;
        let mut filled = 0;
        for pair in pairs(c.rest()) {
            let (name, value, at) = pair?;
            match rows.find(&name) {
                Some(i) if rows.builders[i].len() > rows.rows => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Duplicate field found while parsing Form format: {}", rows.names[i]),
                    ));
                }
                Some(i) => {
                    rows.at(i, at..at);
                    rows.codecs[i].parse_text(&value, &mut rows.builders[i])?;
                    filled += 1;
                    rows.column = None;
                }
                None if self.skip_unknown => {}
                None => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Unknown field found while parsing Form format: {}", clip(&name, 50)),
                    ));
                }
            }
        }
        c.pos = c.data.len();
        rows.finish_row(filled);
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], _from: usize) -> Option<usize> {
        Some(data.len())
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        memchr::memchr(b'&', &data[from..]).map_or(data.len(), |n| from + n)
    }
}
