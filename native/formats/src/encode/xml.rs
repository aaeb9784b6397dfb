//! One XML document: names and types, rows, totals, extremes, statistics.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Tail};
use std::sync::Arc;
use types::text::escape::write_xml;
use types::text::number::{write_f64, write_int};
use types::{Batch, Field, Result};

pub(super) struct Xml {
    cells: Cells,
    fields: Vec<Field>,
    /// names that may stand as elements, else `field`
    tags: Vec<String>,
    statistics: bool,
}

impl Xml {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let mut text = o.text.as_ref().clone();
        text.json.validate_utf8 = true;
        Ok(Xml {
            cells: Cells::with_text(fields, &Arc::new(text), Style::Xml)?,
            fields: fields.to_vec(),
            tags: fields
                .iter()
                .map(|f| if may_be_element(&f.name) { f.name.clone() } else { "field".into() })
                .collect(),
            statistics: o.flag("output_format_write_statistics", true)?,
        })
    }
    fn row(&self, batch: &Batch, row: usize, tabs: usize, out: &mut Vec<u8>) {
        for (i, (col, tag)) in batch.columns.iter().zip(&self.tags).enumerate() {
            out.resize(out.len() + tabs, b'\t');
            element(tag, out, |out| self.cells.one(i, col, row, out));
        }
    }
}

fn may_be_element(name: &str) -> bool {
    let b = name.as_bytes();
    !b.is_empty()
        && (b[0].is_ascii_alphabetic() || b[0] == b'_')
        && b.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'))
}

fn element(tag: &str, out: &mut Vec<u8>, inner: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'<');
    out.extend_from_slice(tag.as_bytes());
    out.push(b'>');
    inner(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(tag.as_bytes());
    out.extend_from_slice(b">\n");
}

impl Encoder for Xml {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(
            b"<?xml version='1.0' encoding='UTF-8' ?>\n<result>\n\t<meta>\n\t\t<columns>\n",
        );
        for f in &self.fields {
            out.extend_from_slice(b"\t\t\t<column>\n\t\t\t\t");
            element("name", out, |out| write_xml(f.name.as_bytes(), out));
            out.extend_from_slice(b"\t\t\t\t");
            element("type", out, |out| write_xml(f.ty.to_string().as_bytes(), out));
            out.extend_from_slice(b"\t\t\t</column>\n");
        }
        out.extend_from_slice(b"\t\t</columns>\n\t</meta>\n\t<data>\n");
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let tags = &self.tags;
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            out.extend_from_slice(b"\t\t<row>\n");
            for (cell, tag) in cells.iter().zip(tags) {
                out.extend_from_slice(b"\t\t\t");
                element(tag, out, |out| cell.write(row, out));
            }
            out.extend_from_slice(b"\t\t</row>\n");
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"\t</data>\n");
        if let Some(t) = tail.totals.as_ref().filter(|t| t.rows > 0) {
            out.extend_from_slice(b"\t<totals>\n");
            self.row(t, 0, 2, out);
            out.extend_from_slice(b"\t</totals>\n");
        }
        if let Some(e) = tail.extremes.as_ref().filter(|e| e.rows > 1) {
            out.extend_from_slice(b"\t<extremes>\n\t\t<min>\n");
            self.row(e, 0, 3, out);
            out.extend_from_slice(b"\t\t</min>\n\t\t<max>\n");
            self.row(e, 1, 3, out);
            out.extend_from_slice(b"\t\t</max>\n\t</extremes>\n");
        }
        out.push(b'\t');
        element("rows", out, |out| write_int(tail.rows, out));
        if let Some(n) = tail.rows_before_limit {
            out.push(b'\t');
            element("rows_before_limit_at_least", out, |out| write_int(n, out));
        }
        if self.statistics
            && let Some(s) = tail.statistics
        {
            out.extend_from_slice(b"\t<statistics>\n\t\t");
            element("elapsed", out, |out| write_f64(s.elapsed_s, out));
            out.extend_from_slice(b"\t\t");
            element("rows_read", out, |out| write_int(s.rows_read, out));
            out.extend_from_slice(b"\t\t");
            element("bytes_read", out, |out| write_int(s.bytes_read, out));
            out.extend_from_slice(b"\t</statistics>\n");
        }
        out.extend_from_slice(b"</result>\n");
        Ok(())
    }
    fn late_error(&mut self, message: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\t</data>\n\t");
        element("exception", out, |out| write_xml(message.as_bytes(), out));
        out.extend_from_slice(b"</result>\n");
    }
}
