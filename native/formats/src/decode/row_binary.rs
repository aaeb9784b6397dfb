//! RowBinary with its headed variants, and RowBinaryWithDefaults.

use super::rows::{Header, check_types, map_header};
use super::{InputOptions, Reader, Rows, Step};
use crate::binary::{Bytes, read_value};
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, CANNOT_READ_ALL_DATA, INCORRECT_DATA};
use types::text::Cursor;
use types::{ColumnBuilder, Error, Result, Type};

pub(crate) struct RowBinary {
    header: usize,
    defaults: bool,
    skip_unknown: bool,
    /// column of each field, or the type of a field that is skipped
    map: Option<Vec<Option<usize>>>,
    skipped: Vec<Option<Type>>,
}

impl RowBinary {
    pub fn new(header: usize, defaults: bool, o: &InputOptions) -> Self {
        RowBinary { header, defaults, skip_unknown: o.skip_unknown, map: None, skipped: Vec::new() }
    }

    fn header(&mut self, b: &mut Bytes<'_>, rows: &Rows) -> Result<()> {
        let n = b.count()?;
        if n > 1 << 16 {
            return Err(Error::new(INCORRECT_DATA, format!("The header names {n} columns")));
        }
        let read = |b: &mut Bytes<'_>| (0..n).map(|_| Ok(b.string()?.to_vec())).collect::<Result<Vec<_>>>();
        let names = read(b)?;
        // Without types a field that no column has cannot be skipped.
        let rules = Header::needed(self.skip_unknown && self.header == 2);
        let map = map_header(&names, rows, rules)?;
        if self.header == 2 {
            let types = read(b)?;
            check_types(&types, &map, rows, rules)?;
            self.skipped =
                types.iter().map(|t| types::parse::parse_type(&String::from_utf8_lossy(t)).ok()).collect();
        }
        self.map = Some(map);
        self.header = 0;
        Ok(())
    }

    fn row(&mut self, b: &mut Bytes<'_>, rows: &mut Rows) -> Result<()> {
        let width = self.map.as_ref().map_or(rows.width(), Vec::len);
        let mut filled = 0;
        for k in 0..width {
            match self.map.as_ref().map_or(Some(k), |m| m[k]) {
                Some(i) => {
                    rows.at(i, 0..0);
                    filled += 1;
                    if self.defaults && b.byte()? == 1 {
                        rows.builders[i].push_default(1);
                        rows.mark_missing(i);
                        continue;
                    }
                    let (types, builders) = (&rows.types, &mut rows.builders);
                    read_value(&types[i], b, &mut builders[i])?;
                }
                None => {
                    let Some(Some(ty)) = self.skipped.get(k) else {
                        return Err(Error::new(INCORRECT_DATA, "A field of unknown type cannot be skipped"));
                    };
                    read_value(ty, b, &mut ColumnBuilder::new(ty))?;
                }
            }
            rows.column = None;
        }
        rows.finish_row(filled);
        Ok(())
    }
}

impl Reader for RowBinary {
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        if c.at_end() && (self.header == 0 || !eof) {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let mut b = Bytes::new(c.data, c.pos);
        let heading = self.header > 0;
        let done = if heading { self.header(&mut b, rows) } else { self.row(&mut b, rows) };
        match done {
            Ok(()) if b.pos == c.pos => {
                Err(Error::new(INCORRECT_DATA, "Rows without any bytes cannot be counted"))
            }
            Ok(()) => {
                c.pos = b.pos;
                Ok(if heading { Step::Taken } else { Step::Row })
            }
            Err(e) if e.code() != ATTEMPT_TO_READ_AFTER_EOF => Err(e),
            Err(_) if !eof => Ok(Step::More),
            Err(e) => Err(Error::new(CANNOT_READ_ALL_DATA, e.message())),
        }
    }
    fn is_text(&self) -> bool {
        false
    }
}
