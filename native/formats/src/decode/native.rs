//! Native: blocks of columns, one after another. Over HTTP there is no block info in front.

use super::{Block, InputOptions, Reader, Rows, Step};
use crate::binary::{Bytes, read_column, read_prefix};
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, INCORRECT_DATA, TYPE_MISMATCH};
use types::text::{Cursor, clip};
use types::{Batch, Bitmap, Column, Error, Result, Type};

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

/// The physical form of two types is the same: names of tuple elements, time zones and
/// LowCardinality do not matter.
pub(crate) fn same_form(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::LowCardinality(x), y) | (y, Type::LowCardinality(x)) => same_form(x, y),
        (Type::SimpleAggregateFunction(x), y) | (y, Type::SimpleAggregateFunction(x)) => {
            x.args.first().is_some_and(|x| same_form(x, y))
        }
        (Type::Nullable(x), Type::Nullable(y)) | (Type::Array(x), Type::Array(y)) => same_form(x, y),
        (Type::Map(x), Type::Map(y)) => same_form(&x.0, &y.0) && same_form(&x.1, &y.1),
        (Type::Tuple(x), Type::Tuple(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(p, q)| same_form(&p.1, &q.1))
        }
        (Type::DateTime(_), Type::DateTime(_)) => true,
        (Type::DateTime64(x, _), Type::DateTime64(y, _)) => x == y,
        (Type::Bool, Type::UInt8) => true,
        _ => a == b,
    }
}

/// A column of one type as a column of another, where that needs no conversion of values, or only
/// through their text. Errors: `TYPE_MISMATCH`, those of the text.
pub(crate) fn fit(name: &str, column: Column, from: &Type, to: &Type) -> Result<Column> {
    if same_form(from, to) {
        return Ok(column);
    }
    // NULL may be given up where there is none, and taken on.
    match (from, to) {
        (Type::Nullable(inner), _) if same_form(inner, to) && !column.has_nulls() => {
            return Ok(column.with_nulls(None));
        }
        (_, Type::Nullable(inner)) if same_form(from, inner) => return Ok(column),
        _ => {}
    }
    let nested = |t: &Type| matches!(t, Type::Array(_) | Type::Tuple(_) | Type::Map(_));
    let (f, t) = (from.base(), to.base());
    let through_text =
        f.is_string() || t.is_string() || (f.is_number() && t.is_number()) || (nested(f) && nested(t));
    if !through_text {
        return Err(Error::new(
            TYPE_MISMATCH,
            format!("Column '{name}' is {from} in the input and cannot become {to}"),
        ));
    }
    let (read, write) = (types::text::Codec::new(to, &strict())?, types::text::Codec::new(from, &strict())?);
    let mut out = types::ColumnBuilder::with_capacity(to, column.len());
    let mut text = Vec::new();
    for i in 0..column.len() {
        if column.is_null(i) {
            if !to.is_nullable() {
                return Err(Error::new(
                    TYPE_MISMATCH,
                    format!("Column '{name}' holds NULL, which {to} cannot"),
                ));
            }
            out.push_null();
            continue;
        }
        text.clear();
        write.write_text(&column, i, &mut text);
        read.parse_text(&text, &mut out).map_err(|e| e.context(format!("Column '{name}'")))?;
    }
    Ok(out.finish())
}

fn strict() -> std::sync::Arc<types::text::TextOptions> {
    std::sync::Arc::new(types::text::TextOptions { strict: true, ..Default::default() })
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
    fn row_end(&self, data: &[u8], _from: usize) -> Option<usize> {
        Some(data.len())
    }
    fn value_end(&self, _data: &[u8], from: usize) -> usize {
        from
    }
    fn can_skip(&self) -> bool {
        false
    }
}
