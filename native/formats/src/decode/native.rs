//! Native: blocks of columns, one after another. Over HTTP there is no block info in front.

use super::fit::fit;
use super::{Block, InputOptions, Reader, Rows, Step};
use crate::binary::{Bytes, read_column, read_prefix};
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, INCORRECT_DATA};
use types::text::{Cursor, clip};
use types::{Batch, Bitmap, Column, Error, Result};

pub(crate) struct Native {
    skip_unknown: bool,
}

impl Native {
    pub fn new(o: &InputOptions) -> Self {
        Native { skip_unknown: o.skip_unknown }
    }

    fn block(&self, b: &mut Bytes<'_>, rows: &Rows) -> Result<Block> {
        let n_columns = b.count()?;
        let n_rows = b.count()?;
        if n_columns > 1 << 16 {
            return Err(Error::new(INCORRECT_DATA, format!("A block of {n_columns} columns")));
        }
        let mut columns: Vec<Option<Column>> = vec![None; rows.width()];
        for _ in 0..n_columns {
            let name = b.string()?;
            let text = b.string()?;
            let ty = std::str::from_utf8(text)
                .map_err(|_| Error::new(INCORRECT_DATA, "The name of a type is not UTF-8"))
                .and_then(types::parse::parse_type)?;
            let target = rows.find(name);
            let column = if n_rows == 0 {
                Column::default_of(&ty, 0).flat()
            } else {
                read_prefix(&ty, b)?;
                read_column(&ty, n_rows, b)?
            };
            match target {
                Some(i) if columns[i].is_some() => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Column '{}' stands twice in a block", rows.names[i]),
                    ));
                }
                Some(i) => columns[i] = Some(fit(&rows.names[i], column, &ty, &rows.types[i])?),
                None if self.skip_unknown => {}
                None => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Unknown column '{}' in a block", clip(name, 50)),
                    ));
                }
            }
        }
        if n_columns == 0 && n_rows > 0 {
            return Err(Error::new(INCORRECT_DATA, "A block with rows but without columns"));
        }
        let mut missing = Vec::with_capacity(columns.len());
        let columns = columns
            .into_iter()
            .zip(&rows.types)
            .map(|(c, ty)| {
                missing.push(c.is_none().then(|| Bitmap::new(n_rows, true)));
                c.unwrap_or_else(|| Column::default_of(ty, n_rows).flat())
            })
            .collect();
        Ok(Block { batch: Batch::new(columns, n_rows), missing })
    }
}

impl Reader for Native {
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let mut b = Bytes::new(c.data, c.pos);
        match self.block(&mut b, rows) {
            Ok(block) => {
                c.pos = b.pos;
                Ok(if block.batch.rows == 0 { Step::Taken } else { Step::Block(Box::new(block)) })
            }
            Err(e) if e.code() == ATTEMPT_TO_READ_AFTER_EOF && !eof => Ok(Step::More),
            Err(e) => Err(e),
        }
    }
    fn is_text(&self) -> bool {
        false
    }
    fn in_blocks(&self) -> bool {
        true
    }
}
