//! The JSON formats: documents, lines, columns.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Statistics, Tail};
use std::sync::Arc;
use types::text::escape::write_json_string;
use types::text::number::{write_f64, write_int};
use types::{Batch, Field, Result};

fn name_of(f: &Field, o: &OutputOptions) -> Vec<u8> {
    let mut out = Vec::new();
    write_json_string(f.name.as_bytes(), o.text.json.escape_forward_slashes, &mut out);
    out
}

/// The options of documents that always hold valid UTF-8.
fn valid(o: &OutputOptions) -> OutputOptions {
    let mut text = o.text.as_ref().clone();
    text.json.validate_utf8 = true;
    OutputOptions { text: Arc::new(text), ..o.clone() }
}

fn write_meta(fields: &[Field], o: &OutputOptions, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\n\t\"meta\":\n\t[\n");
    for (i, f) in fields.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b",\n");
        }
        out.extend_from_slice(b"\t\t{\n\t\t\t\"name\": ");
        out.extend_from_slice(&name_of(f, o));
        out.extend_from_slice(b",\n\t\t\t\"type\": ");
        write_json_string(f.ty.to_string().as_bytes(), o.text.json.escape_forward_slashes, out);
        out.extend_from_slice(b"\n\t\t}");
    }
    out.extend_from_slice(b"\n\t],\n\n\t\"data\":\n");
}

fn write_tail(tail: &Tail, statistics: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\n\n\t\"rows\": ");
    write_int(tail.rows, out);
    if let Some(n) = tail.rows_before_limit {
        out.extend_from_slice(b",\n\n\t\"rows_before_limit_at_least\": ");
        write_int(n, out);
    }
    if statistics && let Some(Statistics { elapsed_s, rows_read, bytes_read }) = tail.statistics {
        out.extend_from_slice(b",\n\n\t\"statistics\":\n\t{\n\t\t\"elapsed\": ");
        write_f64(elapsed_s, out);
        out.extend_from_slice(b",\n\t\t\"rows_read\": ");
        write_int(rows_read, out);
        out.extend_from_slice(b",\n\t\t\"bytes_read\": ");
        write_int(bytes_read, out);
        out.extend_from_slice(b"\n\t}");
    }
    out.extend_from_slice(b"\n}\n");
}

/// JSON, JSONCompact and their variants with strings.
pub(super) struct Document {
    cells: Cells,
    fields: Vec<Field>,
    options: OutputOptions,
    names: Vec<Vec<u8>>,
    compact: bool,
    strings: bool,
    statistics: bool,
    any: bool,
}

impl Document {
    pub fn new(fields: &[Field], o: &OutputOptions, compact: bool, strings: bool) -> Result<Self> {
        let options = valid(o);
        let style = if strings { Style::JsonText } else { Style::Json((!compact).then_some(3)) };
        Ok(Document {
            cells: Cells::new(fields, &options, style)?,
            fields: fields.to_vec(),
            names: fields.iter().map(|f| name_of(f, o)).collect(),
            statistics: o.flag("output_format_write_statistics", true)?,
            options,
            compact,
            strings,
            any: false,
        })
    }
    /// One row of totals or extremes, indented by `tabs`.
    fn special(&self, batch: &Batch, row: usize, tabs: usize, out: &mut Vec<u8>) {
        let indent = |n: usize, out: &mut Vec<u8>| out.resize(out.len() + n, b'\t');
        if self.compact {
            out.extend_from_slice(b" [");
        } else {
            out.push(b'\n');
            indent(tabs, out);
            out.extend_from_slice(b"{\n");
        }
        for (i, col) in batch.columns.iter().enumerate() {
            if self.compact {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                self.cells.one(i, col, row, out);
                continue;
            }
            if i > 0 {
                out.extend_from_slice(b",\n");
            }
            indent(tabs + 1, out);
            out.extend_from_slice(&self.names[i]);
            out.extend_from_slice(b": ");
            let style = if self.strings { Style::JsonText } else { Style::Json(Some(tabs + 1)) };
            self.cells.one_as(style, i, col, row, out);
        }
        if self.compact {
            out.push(b']');
        } else {
            out.push(b'\n');
            indent(tabs, out);
            out.push(b'}');
        }
    }
}

impl Encoder for Document {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        write_meta(&self.fields, &self.options, out);
        out.extend_from_slice(b"\t[\n");
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let (compact, names) = (self.compact, &self.names);
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            if self.any {
                out.extend_from_slice(b",\n");
            }
            self.any = true;
            if compact {
                out.extend_from_slice(b"\t\t[");
                for (i, cell) in cells.iter().enumerate() {
                    if i > 0 {
                        out.extend_from_slice(b", ");
                    }
                    cell.write(row, out);
                }
                out.push(b']');
                continue;
            }
            out.extend_from_slice(b"\t\t{\n");
            for (i, (cell, name)) in cells.iter().zip(names).enumerate() {
                out.extend_from_slice(if i > 0 { b",\n\t\t\t" } else { b"\t\t\t" });
                out.extend_from_slice(name);
                out.extend_from_slice(b": ");
                cell.write(row, out);
            }
            out.extend_from_slice(b"\n\t\t}");
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"\n\t]");
        if let Some(t) = tail.totals.as_ref().filter(|t| t.rows > 0) {
            out.extend_from_slice(b",\n\n\t\"totals\":");
            self.special(t, 0, 1, out);
        }
        if let Some(e) = tail.extremes.as_ref().filter(|e| e.rows > 1) {
            out.extend_from_slice(b",\n\n\t\"extremes\":\n\t{\n\t\t\"min\":");
            self.special(e, 0, 2, out);
            out.extend_from_slice(b",\n\t\t\"max\":");
            self.special(e, 1, 2, out);
            out.extend_from_slice(b"\n\t}");
        }
        write_tail(tail, self.statistics, out);
        Ok(())
    }
    fn late_error(&mut self, message: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n\t],\n\n\t\"exception\": ");
        write_json_string(message.as_bytes(), false, out);
        out.extend_from_slice(b"\n}\n");
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum RowKind {
    Line,
    /// JSONObjectEachRow: members of one object
    Member,
    /// JSONEachRowWithProgress: what a line is stands in front
    Progress,
}

/// The column that gives rows their names. Errors: `BAD_ARGUMENTS` if there is none of that name.
fn name_column(fields: &[Field], o: &OutputOptions) -> Result<Option<usize>> {
    const SETTING: &str = "format_json_object_each_row_column_for_object_name";
    let name = o.string(SETTING, "");
    if name.is_empty() {
        return Ok(None);
    }
    fields.iter().position(|f| f.name == name).map(Some).ok_or_else(|| {
        types::Error::new(
            types::codes::BAD_ARGUMENTS,
            format!(
                "Column name '{name}' from setting {SETTING} doesn't exist among the columns of the result"
            ),
        )
    })
}

/// Rows as objects.
pub(super) struct EachRow {
    cells: Cells,
    /// `{"a":`, `,"b":`, …
    keys: Vec<Vec<u8>>,
    fields: Vec<Field>,
    kind: RowKind,
    array: bool,
    /// column whose values are the names of the rows
    name: Option<usize>,
    rows: u64,
    options: OutputOptions,
}

impl EachRow {
    pub fn new(fields: &[Field], o: &OutputOptions, strings: bool, kind: RowKind) -> Result<Self> {
        let name = if kind == RowKind::Member { name_column(fields, o)? } else { None };
        let first = usize::from(name == Some(0));
        let keys = fields
            .iter()
            .enumerate()
            .map(|(i, f)| {
                let mut k = vec![if i == first { b'{' } else { b',' }];
                k.extend_from_slice(&name_of(f, o));
                k.push(b':');
                k
            })
            .collect();
        Ok(EachRow {
            cells: Cells::new(fields, o, if strings { Style::JsonText } else { Style::Json(None) })?,
            keys,
            fields: fields.to_vec(),
            kind,
            array: kind == RowKind::Line && o.flag("output_format_json_array_of_rows", false)?,
            name,
            rows: 0,
            options: o.clone(),
        })
    }
    /// The values of a column as keys.
    fn names(&self, column: usize, batch: &Batch) -> Vec<Vec<u8>> {
        let text = |row| {
            let mut out = Vec::new();
            // As in ClickHouse: the text itself, whatever stands in it.
            out.push(b'"');
            self.cells.one_as(Style::Text, column, &batch.columns[column], row, &mut out);
            out.push(b'"');
            out
        };
        (0..batch.rows).map(text).collect()
    }
    fn object(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        for (i, (col, key)) in batch.columns.iter().zip(&self.keys).enumerate() {
            out.extend_from_slice(key);
            self.cells.one(i, col, row, out);
        }
        out.push(b'}');
    }
}

impl Encoder for EachRow {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match self.kind {
            RowKind::Line if self.array => out.extend_from_slice(b"[\n"),
            RowKind::Line => {}
            RowKind::Member => out.extend_from_slice(b"{\n"),
            RowKind::Progress => {
                out.extend_from_slice(b"{\"meta\":[");
                for (i, f) in self.fields.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(b"{\"name\":");
                    out.extend_from_slice(&name_of(f, &self.options));
                    out.extend_from_slice(b",\"type\":");
                    write_json_string(f.ty.to_string().as_bytes(), true, out);
                    out.push(b'}');
                }
                out.extend_from_slice(b"]}\n");
            }
        }
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let (kind, array, keys) = (self.kind, self.array, &self.keys);
        let name = self.name;
        let names = name.map(|i| self.names(i, batch));
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            match kind {
                RowKind::Line if array && self.rows > 0 => out.extend_from_slice(b",\n"),
                RowKind::Line => {}
                RowKind::Member => {
                    out.extend_from_slice(if self.rows > 0 { b",\n\t" } else { b"\t" });
                    match names.as_ref().and_then(|n| n.get(row)) {
                        Some(name) => out.extend_from_slice(name),
                        None => out.extend_from_slice(format!("\"row_{}\"", self.rows + 1).as_bytes()),
                    }
                    out.extend_from_slice(b": ");
                }
                RowKind::Progress => out.extend_from_slice(b"{\"row\":"),
            }
            self.rows += 1;
            if keys.len() == usize::from(name.is_some()) {
                out.push(b'{');
            }
            for (i, (cell, key)) in cells.iter().zip(keys).enumerate() {
                if name == Some(i) {
                    continue;
                }
                out.extend_from_slice(key);
                cell.write(row, out);
            }
            match kind {
                RowKind::Line if !array => out.extend_from_slice(b"}\n"),
                RowKind::Progress => out.extend_from_slice(b"}}\n"),
                _ => out.push(b'}'),
            }
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        match self.kind {
            RowKind::Line if self.array => out.extend_from_slice(b"\n]\n"),
            RowKind::Line => {}
            RowKind::Member => out.extend_from_slice(b"\n}\n"),
            RowKind::Progress => {
                let mut line = |key: &str, batch: &Batch, row: usize| {
                    out.extend_from_slice(format!("{{\"{key}\":").as_bytes());
                    self.object(batch, row, out);
                    out.extend_from_slice(b"}\n");
                };
                if let Some(t) = tail.totals.as_ref().filter(|t| t.rows > 0) {
                    line("totals", t, 0);
                }
                if let Some(e) = tail.extremes.as_ref().filter(|e| e.rows > 1) {
                    line("min", e, 0);
                    line("max", e, 1);
                }
                if let Some(n) = tail.rows_before_limit {
                    out.extend_from_slice(format!("{{\"rows_before_limit_at_least\":{n}}}\n").as_bytes());
                }
                if let Some(s) = tail.statistics {
                    let text = format!(
                        "{{\"progress\":{{\"read_rows\":\"{}\",\"read_bytes\":\"{}\",\"elapsed_ns\":\"{}\"}}}}\n",
                        s.rows_read,
                        s.bytes_read,
                        (s.elapsed_s * 1e9) as u64
                    );
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
        Ok(())
    }
    fn late_error(&mut self, message: &str, out: &mut Vec<u8>) {
        match self.kind {
            RowKind::Line if !self.array => out.extend_from_slice(b"{\"exception\": "),
            RowKind::Line => out.extend_from_slice(b",\n{\"exception\": "),
            RowKind::Member => out.extend_from_slice(b",\n\t\"exception\": "),
            RowKind::Progress => out.extend_from_slice(b"{\"exception\":"),
        }
        write_json_string(message.as_bytes(), false, out);
        if self.kind != RowKind::Member {
            out.extend_from_slice(b"}\n");
        }
    }
}

/// Rows as arrays, one a line.
pub(super) struct CompactEachRow {
    cells: Cells,
    header: Vec<u8>,
}

impl CompactEachRow {
    pub fn new(fields: &[Field], o: &OutputOptions, strings: bool, header: usize) -> Result<Self> {
        let mut lines = Vec::new();
        for line in 0..header {
            lines.push(b'[');
            for (i, f) in fields.iter().enumerate() {
                if i > 0 {
                    lines.extend_from_slice(b", ");
                }
                let text = if line == 0 { f.name.clone() } else { f.ty.to_string() };
                write_json_string(text.as_bytes(), o.text.json.escape_forward_slashes, &mut lines);
            }
            lines.extend_from_slice(b"]\n");
        }
        Ok(CompactEachRow {
            cells: Cells::new(fields, o, if strings { Style::JsonText } else { Style::Json(None) })?,
            header: lines,
        })
    }
}

impl Encoder for CompactEachRow {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.header);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            out.push(b'[');
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                cell.write(row, out);
            }
            out.extend_from_slice(b"]\n");
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        if let Some(t) = &tail.totals {
            out.push(b'\n');
            self.batch(t, out)?;
        }
        Ok(())
    }
    fn late_error(&mut self, message: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"[{\"exception\": ");
        write_json_string(message.as_bytes(), false, out);
        out.extend_from_slice(b"}]\n");
    }
}

/// JSONColumns and its relatives. The values of each column are held until the end.
pub(super) struct Columns {
    cells: Cells,
    fields: Vec<Field>,
    options: OutputOptions,
    named: bool,
    metadata: bool,
    statistics: bool,
    columns: Vec<Vec<u8>>,
}

impl Columns {
    pub fn new(name: &str, fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let metadata = name == "JSONColumnsWithMetadata";
        let options = if metadata { valid(o) } else { o.clone() };
        Ok(Columns {
            cells: Cells::new(fields, &options, Style::Json(None))?,
            fields: fields.to_vec(),
            named: name != "JSONCompactColumns",
            metadata,
            statistics: o.flag("output_format_write_statistics", true)?,
            options,
            columns: vec![Vec::new(); fields.len()],
        })
    }
}

impl Encoder for Columns {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.metadata {
            write_meta(&self.fields, &self.options, out);
        }
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, _out: &mut Vec<u8>) -> Result<()> {
        for (cell, out) in self.cells.view(batch).iter().zip(&mut self.columns) {
            for row in 0..batch.rows {
                if !out.is_empty() {
                    out.extend_from_slice(b", ");
                }
                cell.write(row, out);
            }
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        let indent: &[u8] = if self.metadata { b"\t" } else { b"" };
        out.extend_from_slice(indent);
        out.push(if self.named { b'{' } else { b'[' });
        // Without names a result without rows has no columns to show.
        let shown = if self.named || tail.rows > 0 { self.fields.len() } else { 0 };
        if shown == 0 {
            out.push(b'\n');
        }
        for (i, (f, values)) in self.fields.iter().zip(&mut self.columns).take(shown).enumerate() {
            out.extend_from_slice(if i > 0 { b",\n" } else { b"\n" });
            out.extend_from_slice(indent);
            out.push(b'\t');
            if self.named {
                out.extend_from_slice(&name_of(f, &self.options));
                out.extend_from_slice(b": ");
            }
            out.push(b'[');
            out.append(values);
            out.push(b']');
        }
        out.push(b'\n');
        out.extend_from_slice(indent);
        out.push(if self.named { b'}' } else { b']' });
        if self.metadata {
            write_tail(tail, self.statistics, out);
        } else {
            out.push(b'\n');
        }
        Ok(())
    }
}
