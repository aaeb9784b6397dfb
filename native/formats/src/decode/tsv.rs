//! TabSeparated, its raw and headed variants, and TSKV.

use super::json_rows::width_error;
use super::lines::line;
use super::rows::{Header, check_types, map_header};
use super::{InputOptions, Reader, Rows, Step};
use types::codes::{CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_PARSE_TEXT, INCORRECT_DATA};
use types::text::{Cursor, clip, escape};
use types::{Error, Result};

#[derive(Clone)]
pub(crate) struct Tsv {
    raw: bool,
    header: usize,
    map: Option<Vec<Option<usize>>>,
    detect: bool,
    rules: Header,
    crlf: bool,
    variable_width: bool,
}

pub(crate) fn as_assertion(e: Error) -> Error {
    if e.code() == CANNOT_PARSE_TEXT {
        Error::new(CANNOT_PARSE_INPUT_ASSERTION_FAILED, e.message())
    } else {
        e
    }
}

impl Tsv {
    pub fn new(raw: bool, header: usize, o: &InputOptions) -> Result<Self> {
        Ok(Tsv {
            raw,
            header,
            map: None,
            detect: header == 0 && o.flag("input_format_tsv_detect_header", true)?,
            rules: Header::new(o)?,
            variable_width: o.flag("input_format_tsv_allow_variable_number_of_columns", false)?,
            crlf: o.text.strict || o.flag("input_format_tsv_crlf_end_of_line", false)?,
        })
    }
    fn fields(&self, line: &[u8]) -> Result<Vec<Vec<u8>>> {
        line.split(|b| *b == b'\t')
            .map(|f| {
                let mut out = Vec::new();
                if self.raw {
                    out.extend_from_slice(f)
                } else {
                    escape::unescape(f, &mut out)?
                }
                Ok(out)
            })
            .collect()
    }
}

impl Reader for Tsv {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        (self.header == 0 && !self.detect).then(|| Box::new(self.clone()) as Box<dyn Reader>)
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let mut ahead = c.clone();
        let Some(text) = line(&mut ahead, eof, self.crlf) else { return Ok(Step::More) };
        if self.header > 0 || self.detect {
            let names = self.fields(text)?;
            if self.detect {
                self.detect = false;
                if !names.iter().all(|n| rows.find(n).is_some()) {
                    return self.step(c, rows, eof);
                }
                self.map = Some(map_header(&names, rows, self.rules)?);
                *c = ahead.clone();
                if let Some(second) = line(&mut ahead, eof, self.crlf)
                    && let Ok(types) = self.fields(second)
                    && types.len() == names.len()
                    && types
                        .iter()
                        .all(|t| std::str::from_utf8(t).is_ok_and(|t| types::parse::parse_type(t).is_ok()))
                {
                    *c = ahead;
                }
                return Ok(Step::Taken);
            }
            match &self.map {
                None => self.map = Some(map_header(&names, rows, self.rules)?),
                Some(map) => check_types(&names, map, rows, self.rules)?,
            }
            self.header -= 1;
            *c = ahead;
            return Ok(Step::Taken);
        }
        let begin = c.pos;
        *c = ahead;
        if text.is_empty() && rows.width() != 1 && !self.variable_width {
            return Ok(Step::Taken);
        }
        let width = self.map.as_ref().map_or(rows.width(), Vec::len);
        let (mut k, mut at, mut filled) = (0, 0, 0);
        loop {
            let end = memchr::memchr(b'\t', &text[at..]).map_or(text.len(), |n| at + n);
            if k == width && self.variable_width {
                break;
            }
            if k == width {
                return Err(width_error("The line", text.iter().filter(|b| **b == b'\t').count() + 1, width));
            }
            if let Some(i) = self.map.as_ref().map_or(Some(k), |m| m[k]) {
                let field = &text[at..end];
                if self.raw {
                    rows.read_raw(i, field, begin + at)
                } else {
                    rows.read_tsv(i, field, begin + at)
                }
                .map_err(as_assertion)?;
                filled += 1;
            }
            rows.column = None;
            k += 1;
            if end == text.len() {
                break;
            }
            at = end + 1;
        }
        if k < width && !self.variable_width {
            return Err(width_error("The line", k, width));
        }
        rows.finish_row(filled);
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        memchr::memchr(b'\n', &data[from..]).map(|n| from + n + 1)
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        data[from..].iter().position(|b| matches!(b, b'\n' | b'\t')).map_or(data.len(), |n| from + n)
    }
}

#[derive(Clone)]
pub(crate) struct Tskv {
    skip_unknown: bool,
    crlf: bool,
}

impl Tskv {
    pub fn new(o: &InputOptions) -> Self {
        Tskv { skip_unknown: o.skip_unknown, crlf: o.text.strict }
    }
}

impl Reader for Tskv {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        Some(Box::new(self.clone()))
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let begin = c.pos;
        let Some(text) = line(c, eof, self.crlf) else { return Ok(Step::More) };
        if text.is_empty() {
            return Ok(Step::Taken);
        }
        let (mut at, mut filled) = (0, 0);
        for pair in text.split(|b| *b == b'\t') {
            let here = at;
            at += pair.len() + 1;
            if pair == b"tskv" {
                continue;
            }
            let Some(eq) =
                pair.iter().enumerate().position(|(i, b)| *b == b'=' && (i == 0 || pair[i - 1] != b'\\'))
            else {
                return Err(Error::new(
                    INCORRECT_DATA,
                    format!("Expected name=value, found '{}'", clip(pair, 50)),
                ));
            };
            let mut name = Vec::new();
            escape::unescape(&pair[..eq], &mut name)?;
            match rows.find(&name) {
                Some(i) if rows.builders[i].len() > rows.rows => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Duplicate field found: '{}'", rows.names[i]),
                    ));
                }
                Some(i) => {
                    rows.read_tsv(i, &pair[eq + 1..], begin + here + eq + 1).map_err(as_assertion)?;
                    filled += 1;
                }
                None if self.skip_unknown => {}
                None => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Unknown field found: '{}'", clip(&name, 50)),
                    ));
                }
            }
            rows.column = None;
        }
        rows.finish_row(filled);
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        memchr::memchr(b'\n', &data[from..]).map(|n| from + n + 1)
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        data[from..].iter().position(|b| matches!(b, b'\n' | b'\t')).map_or(data.len(), |n| from + n)
    }
}
