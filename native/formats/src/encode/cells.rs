//! Values of a batch as text, cell by cell. A dictionary column is written once for each distinct
//! value and copied from then on; so is a constant.

use super::OutputOptions;
use std::sync::Arc;
use types::text::escape::write_json_string;
use types::text::{Codec, TextOptions};
use types::{Batch, Bitmap, Column, Data, Field, Result};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    Tsv,
    Raw,
    Csv,
    Quoted,
    /// JSON; for spread-out documents the tabs in front of the line
    Json(Option<usize>),
    /// the value's text as a JSON string
    JsonText,
    Xml,
    Text,
}

impl Style {
    fn write(self, codec: &Codec, col: &Column, row: usize, out: &mut Vec<u8>) {
        match self {
            Style::Tsv => codec.write_tsv(col, row, out),
            Style::Raw => codec.write_raw(col, row, out),
            Style::Csv => codec.write_csv(col, row, out),
            Style::Quoted => codec.write_quoted(col, row, out),
            Style::Json(pretty) => codec.write_json(col, row, pretty, out),
            Style::Xml => codec.write_xml(col, row, out),
            Style::Text => codec.write_text(col, row, out),
            Style::JsonText => {
                let mut text = Vec::new();
                codec.write_text(col, row, &mut text);
                if std::str::from_utf8(&text).is_err() && codec.options.json.validate_utf8 {
                    text = String::from_utf8_lossy(&text).into_owned().into_bytes();
                }
                write_json_string(&text, codec.options.json.escape_forward_slashes, out);
            }
        }
    }
}

/// Written values of one dictionary.
#[derive(Default)]
struct Written {
    dict: u64,
    offsets: Vec<u32>,
    bytes: Vec<u8>,
    null: Vec<u8>,
}

pub(super) struct Cells {
    pub codecs: Vec<Codec>,
    style: Style,
    written: Vec<Written>,
}

/// One column of one batch.
pub(super) enum Cell<'a> {
    Direct(&'a Codec, &'a Column, Style),
    Dict { codes: &'a [u32], nulls: Option<&'a Bitmap>, offsets: &'a [u32], bytes: &'a [u8], null: &'a [u8] },
    Same(&'a [u8]),
}

impl Cell<'_> {
    #[inline]
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Cell::Direct(codec, col, style) => style.write(codec, col, row, out),
            Cell::Dict { codes, nulls, offsets, bytes, null } => {
                if nulls.is_some_and(|n| n.get(row)) {
                    return out.extend_from_slice(null);
                }
                let c = codes[row] as usize;
                out.extend_from_slice(&bytes[offsets[c] as usize..offsets[c + 1] as usize]);
            }
            Cell::Same(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl Cells {
    pub fn new(fields: &[Field], o: &OutputOptions, style: Style) -> Result<Cells> {
        Self::with_text(fields, &o.text, style)
    }
    pub fn with_text(fields: &[Field], text: &Arc<TextOptions>, style: Style) -> Result<Cells> {
        Ok(Cells {
            codecs: fields.iter().map(|f| Codec::new(&f.ty, text)).collect::<Result<_>>()?,
            style,
            written: fields.iter().map(|_| Written::default()).collect(),
        })
    }
    /// One value, outside of a batch's loop.
    pub fn one(&self, column: usize, col: &Column, row: usize, out: &mut Vec<u8>) {
        self.style.write(&self.codecs[column], col, row, out);
    }
    pub fn one_as(&self, style: Style, column: usize, col: &Column, row: usize, out: &mut Vec<u8>) {
        style.write(&self.codecs[column], col, row, out);
    }

    pub fn view<'a>(&'a mut self, batch: &'a Batch) -> Vec<Cell<'a>> {
        let style = self.style;
        batch
            .columns
            .iter()
            .zip(&self.codecs)
            .zip(&mut self.written)
            .map(|((col, codec), w)| match &col.data {
                Data::Const(..) if batch.rows > 1 => {
                    w.dict = 0;
                    w.bytes.clear();
                    style.write(codec, col, 0, &mut w.bytes);
                    Cell::Same(&w.bytes)
                }
                Data::Codes(codes, dict) if dict.id == w.dict || dict.len() <= batch.rows => {
                    if dict.id != w.dict {
                        w.dict = dict.id;
                        w.bytes.clear();
                        w.offsets.clear();
                        w.offsets.push(0);
                        for i in 0..dict.len() {
                            style.write(codec, &dict.values, i, &mut w.bytes);
                            w.offsets.push(w.bytes.len() as u32);
                        }
                        w.null.clear();
                        let nothing =
                            Column { data: Data::Nothing(1), nulls: Some(Arc::new(Bitmap::new(1, true))) };
                        style.write(codec, &nothing, 0, &mut w.null);
                    }
                    Cell::Dict {
                        codes,
                        nulls: col.nulls.as_deref(),
                        offsets: &w.offsets,
                        bytes: &w.bytes,
                        null: &w.null,
                    }
                }
                _ => Cell::Direct(codec, col, style),
            })
            .collect()
    }
}
