//! The columns that readers fill, row by row, and the way back when a row is bad.

use super::{InputField, InputOptions};
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::Arc;
use types::codes::{CANNOT_PARSE_INPUT_ASSERTION_FAILED, INCORRECT_DATA};
use types::text::{Codec, Cursor, TextOptions};
use types::{Batch, Bitmap, ColumnBuilder, Error, Result};

/// Rows of one batch, with the defaults that the caller may still replace.
pub struct Block {
    pub batch: Batch,
    /// for each column: bit set = the input had no value there and the type's default was taken
    pub missing: Vec<Option<Bitmap>>,
}

pub(crate) struct Rows {
    pub names: Vec<String>,
    pub types: Vec<types::Type>,
    pub codecs: Vec<Codec>,
    pub builders: Vec<ColumnBuilder>,
    index: HashMap<Vec<u8>, usize>,
    missing: Vec<Vec<u32>>,
    /// whole rows in the builders
    pub rows: usize,
    /// the column being read and where its value lies in the data: for messages
    pub column: Option<usize>,
    pub value: Range<usize>,
    /// columns that the input named or filled at least once
    pub present: Vec<bool>,
}

impl Rows {
    pub fn new(fields: &[InputField], options: &Arc<TextOptions>) -> Result<Rows> {
        Ok(Rows {
            names: fields.iter().map(|f| f.name.clone()).collect(),
            types: fields.iter().map(|f| f.ty.clone()).collect(),
            codecs: fields.iter().map(|f| Codec::new(&f.ty, options)).collect::<Result<_>>()?,
            builders: fields.iter().map(|f| ColumnBuilder::new(&f.ty)).collect(),
            index: fields.iter().enumerate().map(|(i, f)| (f.name.clone().into_bytes(), i)).collect(),
            missing: vec![Vec::new(); fields.len()],
            rows: 0,
            column: None,
            value: 0..0,
            present: vec![false; fields.len()],
        })
    }
    /// The same columns without rows.
    pub fn fresh(&self) -> Rows {
        Rows {
            names: self.names.clone(),
            types: self.types.clone(),
            codecs: self.codecs.clone(),
            builders: self.types.iter().map(ColumnBuilder::new).collect(),
            index: self.index.clone(),
            missing: vec![Vec::new(); self.names.len()],
            rows: 0,
            column: None,
            value: 0..0,
            present: vec![false; self.names.len()],
        }
    }
    pub fn width(&self) -> usize {
        self.builders.len()
    }
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.index.get(name).copied()
    }
    /// Says which value is read next.
    #[inline]
    pub fn at(&mut self, column: usize, value: Range<usize>) {
        self.column = Some(column);
        self.value = value;
    }
    /// The value just pushed to a column was a default.
    #[inline]
    pub fn mark_missing(&mut self, column: usize) {
        self.missing[column].push(self.rows as u32);
    }
    /// Ends the row: columns without a value get their default.
    pub fn finish_row(&mut self, filled: usize) {
        if filled < self.builders.len() {
            for (i, b) in self.builders.iter_mut().enumerate() {
                if b.len() == self.rows {
                    b.push_default(1);
                    self.missing[i].push(self.rows as u32);
                }
            }
        }
        self.rows += 1;
        self.column = None;
    }
    /// Undoes everything beyond the whole rows.
    pub fn undo(&mut self) {
        for b in &mut self.builders {
            b.truncate(self.rows);
        }
        for m in &mut self.missing {
            while m.last().is_some_and(|r| *r as usize >= self.rows) {
                m.pop();
            }
        }
    }
    pub fn bytes(&self) -> usize {
        self.builders.iter().map(ColumnBuilder::bytes).sum()
    }
    /// Gives away the rows read so far.
    pub fn take(&mut self) -> Block {
        let rows = std::mem::take(&mut self.rows);
        let columns = self
            .builders
            .iter_mut()
            .zip(&self.types)
            .map(|(b, ty)| std::mem::replace(b, ColumnBuilder::with_capacity(ty, rows)).finish())
            .collect();
        let missing: Vec<Option<Bitmap>> = self
            .missing
            .iter_mut()
            .map(|m| {
                let list = std::mem::take(m);
                (!list.is_empty()).then(|| {
                    let mut b = Bitmap::new(rows, false);
                    list.iter().for_each(|r| b.set(*r as usize, true));
                    b
                })
            })
            .collect();
        for (p, m) in self.present.iter_mut().zip(&missing) {
            *p |= !m.as_ref().is_some_and(Bitmap::all);
        }
        Block { batch: Batch::new(columns, rows), missing }
    }

    /// Reads a JSON value into a column.
    #[inline]
    pub fn read_json(&mut self, column: usize, c: &mut Cursor<'_>) -> Result<()> {
        self.at(column, c.pos..c.pos);
        if !self.codecs[column].read_json(c, &mut self.builders[column])? {
            self.mark_missing(column);
        }
        Ok(())
    }
    /// Reads a value that stands as text in a JSON string (or is null).
    pub fn read_json_text(&mut self, column: usize, c: &mut Cursor<'_>, scratch: &mut Vec<u8>) -> Result<()> {
        if c.peek() != Some(b'"') {
            return self.read_json(column, c);
        }
        self.at(column, c.pos..c.pos);
        let codec = &self.codecs[column];
        scratch.clear();
        types::text::escape::read_json_string(c, codec.options.strict, scratch)?;
        let null = codec.nullable
            && (scratch == types::text::NULL_TEXT
                || (scratch == b"NULL" && !matches!(codec.kind, types::text::Kind::String)));
        let b = &mut self.builders[column];
        if null {
            b.push_null()
        } else {
            codec.parse_text(scratch, b)?
        }
        Ok(())
    }
    /// The name of a row as a value of it.
    pub fn read_name(&mut self, column: usize, name: &[u8]) -> Result<()> {
        self.codecs[column].parse_text(name, &mut self.builders[column])
    }
    pub fn read_tsv(&mut self, column: usize, field: &[u8], at: usize) -> Result<()> {
        self.at(column, at..at + field.len());
        if !self.codecs[column].parse_tsv(field, &mut self.builders[column])? {
            self.mark_missing(column);
        }
        Ok(())
    }
    pub fn read_raw(&mut self, column: usize, field: &[u8], at: usize) -> Result<()> {
        self.at(column, at..at + field.len());
        let codec = &self.codecs[column];
        let b = &mut self.builders[column];
        if field == codec.options.tsv_null {
            if !codec.parse_tsv(field, b)? {
                self.mark_missing(column);
            }
            return Ok(());
        }
        codec.parse_text(field, b)
    }
}

/// What is done with the names and types of a header.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    skip_unknown: bool,
    /// names say where fields go; else they go to the columns in order
    names: bool,
    /// types must be those of the columns
    types: bool,
}

impl Header {
    pub fn new(o: &InputOptions) -> Result<Header> {
        Ok(Header {
            skip_unknown: o.skip_unknown,
            names: o.flag("input_format_with_names_use_header", true)?,
            types: o.flag("input_format_with_types_use_header", true)?,
        })
    }
    /// A header without which the rows behind it cannot be read.
    pub fn needed(skip_unknown: bool) -> Header {
        Header { skip_unknown, names: true, types: true }
    }
}

/// Which column each field of a row goes to, from a header. `None` = skipped.
pub(crate) fn map_header(names: &[Vec<u8>], rows: &Rows, header: Header) -> Result<Vec<Option<usize>>> {
    if !header.names {
        return Ok((0..rows.width()).map(Some).collect());
    }
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let hit = rows.find(name);
        if hit.is_none() && !header.skip_unknown {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Unknown field found in the header: '{}'", types::text::clip(name, 50)),
            ));
        }
        if hit.is_some() && out.contains(&hit) {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Column '{}' stands twice in the header", types::text::clip(name, 50)),
            ));
        }
        out.push(hit);
    }
    Ok(out)
}

/// Checks the types of a header against the columns.
pub(crate) fn check_types(
    types: &[Vec<u8>],
    map: &[Option<usize>],
    rows: &Rows,
    header: Header,
) -> Result<()> {
    if !header.types {
        return Ok(());
    }
    if types.len() != map.len() {
        return Err(Error::new(
            CANNOT_PARSE_INPUT_ASSERTION_FAILED,
            format!("The header has {} names but {} types", map.len(), types.len()),
        ));
    }
    for (text, column) in types.iter().zip(map) {
        let Some(i) = *column else { continue };
        let given = types::parse::parse_type(&String::from_utf8_lossy(text))?;
        if given != rows.types[i] {
            return Err(Error::new(
                INCORRECT_DATA,
                format!(
                    "Type of column '{}' must be {}, not {given} as the header says",
                    rows.names[i], rows.types[i]
                ),
            ));
        }
    }
    Ok(())
}
