//! Formats of rows between separators: TSV, CSV, TSKV, Values, SQLInsert, CustomSeparated, plain.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Tail};
use crate::decode::{CustomSyntax, Rule};
use types::text::escape::{write_doubled, write_escaped, write_json_string, write_quoted_bytes, write_xml};
use types::{Batch, Error, Field, Result, Type};

/// Names and types of the CSV columns that a value takes: a tuple takes one for each element.
pub(crate) fn csv_leaves(name: &str, ty: &Type) -> Vec<(String, String)> {
    match ty {
        Type::Tuple(es) if !es.is_empty() => es
            .iter()
            .enumerate()
            .flat_map(|(i, (n, t))| {
                csv_leaves(&if n.is_empty() { format!("{name}.{}", i + 1) } else { format!("{name}.{n}") }, t)
            })
            .collect(),
        _ => vec![(name.to_string(), ty.to_string())],
    }
}

/// TSV and CSV with all their variants.
pub(super) struct Separated {
    cells: Cells,
    header: Vec<u8>,
    delimiter: u8,
    end: &'static [u8],
}

impl Separated {
    pub fn tsv(fields: &[Field], o: &OutputOptions, raw: bool, header: usize) -> Result<Self> {
        let crlf = o.flag("output_format_tsv_crlf_end_of_line", false)?;
        Self::new(fields, o, if raw { Style::Raw } else { Style::Tsv }, b'\t', crlf, header)
    }
    pub fn csv(fields: &[Field], o: &OutputOptions, header: usize) -> Result<Self> {
        let crlf = o.flag("output_format_csv_crlf_end_of_line", false)?;
        Self::new(fields, o, Style::Csv, o.text.csv_delimiter, crlf, header)
    }
    fn new(
        fields: &[Field],
        o: &OutputOptions,
        style: Style,
        delimiter: u8,
        crlf: bool,
        header: usize,
    ) -> Result<Self> {
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let apart = style == Style::Csv && o.text.csv_tuples_apart;
        let apart =
            apart && o.flag("output_format_csv_header_serialize_tuple_into_separate_columns", true)?;
        let heads: Vec<(String, String)> = if apart {
            fields.iter().flat_map(|f| csv_leaves(&f.name, &f.ty)).collect()
        } else {
            fields.iter().map(|f| (f.name.clone(), f.ty.to_string())).collect()
        };
        let mut lines = Vec::new();
        for line in 0..header {
            for (i, (name, ty)) in heads.iter().enumerate() {
                if i > 0 {
                    lines.push(delimiter);
                }
                let text = if line == 0 { name } else { ty };
                match style {
                    Style::Raw => lines.extend_from_slice(text.as_bytes()),
                    Style::Csv => write_doubled(text.as_bytes(), b'"', &mut lines),
                    _ => write_escaped(text.as_bytes(), &mut lines),
                }
            }
            lines.extend_from_slice(end);
        }
        Ok(Separated { cells: Cells::new(fields, o, style)?, header: lines, delimiter, end })
    }
}

impl Encoder for Separated {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.header);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let (delimiter, end) = (self.delimiter, self.end);
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.push(delimiter);
                }
                cell.write(row, out);
            }
            out.extend_from_slice(end);
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        for extra in [&tail.totals, &tail.extremes].into_iter().flatten() {
            out.extend_from_slice(self.end);
            self.batch(extra, out)?;
        }
        Ok(())
    }
}

pub(super) struct Tskv {
    cells: Cells,
    names: Vec<Vec<u8>>,
}

impl Tskv {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let names = fields
            .iter()
            .enumerate()
            .map(|(i, f)| {
                let mut n = if i > 0 { vec![b'\t'] } else { Vec::new() };
                let mut name = Vec::new();
                write_escaped(f.name.as_bytes(), &mut name);
                // a name is escaped around = where a value is around '
                let mut escape = false;
                for b in name {
                    if b == b'=' {
                        n.push(b'\\');
                    } else if escape && b == b'\'' {
                        n.pop();
                    }
                    escape = b == b'\\' && !escape;
                    n.push(b);
                }
                n.push(b'=');
                n
            })
            .collect();
        Ok(Tskv { cells: Cells::new(fields, o, Style::Tsv)?, names })
    }
}

impl Encoder for Tskv {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            for (name, cell) in self.names.iter().zip(&cells) {
                out.extend_from_slice(name);
                cell.write(row, out);
            }
            out.push(b'\n');
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

pub(super) struct Values {
    cells: Cells,
    any: bool,
}

impl Values {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        Ok(Values { cells: Cells::new(fields, o, Style::Quoted)?, any: false })
    }
}

impl Encoder for Values {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            if self.any {
                out.push(b',');
            }
            self.any = true;
            out.push(b'(');
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                cell.write(row, out);
            }
            out.push(b')');
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

pub(super) struct SqlInsert {
    cells: Cells,
    statement: Vec<u8>,
    batch_max: u64,
    in_batch: u64,
}

impl SqlInsert {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let mut statement = Vec::new();
        let verb: &[u8] = if o.flag("output_format_sql_insert_use_replace", false)? {
            b"REPLACE INTO "
        } else {
            b"INSERT INTO "
        };
        statement.extend_from_slice(verb);
        statement.extend_from_slice(o.string("output_format_sql_insert_table_name", "table").as_bytes());
        if o.flag("output_format_sql_insert_include_column_names", true)? {
            let quote = o.flag("output_format_sql_insert_quote_names", true)?;
            statement.extend_from_slice(b" (");
            for (i, f) in fields.iter().enumerate() {
                if i > 0 {
                    statement.extend_from_slice(b", ");
                }
                let name = if quote {
                    format!("`{}`", f.name.replace('\\', "\\\\").replace('`', "\\`"))
                } else {
                    f.name.clone()
                };
                statement.extend_from_slice(name.as_bytes());
            }
            statement.push(b')');
        }
        statement.extend_from_slice(b" VALUES ");
        let batch_max = o.number("output_format_sql_insert_max_batch_size", 65_409)?.max(1);
        Ok(SqlInsert { cells: Cells::new(fields, o, Style::Quoted)?, statement, batch_max, in_batch: 0 })
    }
}

impl Encoder for SqlInsert {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            if self.in_batch == self.batch_max {
                out.extend_from_slice(b";\n");
                self.in_batch = 0;
            }
            out.extend_from_slice(if self.in_batch == 0 { &self.statement } else { b", " });
            self.in_batch += 1;
            out.push(b'(');
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                cell.write(row, out);
            }
            out.push(b')');
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b";\n");
        Ok(())
    }
}

/// RawBLOB: values one after another, nothing between them.
pub(super) struct Plain {
    cells: Cells,
}

impl Plain {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let nested = |f: &&Field| matches!(f.ty.base(), Type::Array(_) | Type::Tuple(_) | Type::Map(_));
        if let Some(f) = fields.iter().find(nested) {
            return Err(Error::not_implemented(format!("Format RawBLOB writes no values of type {}", f.ty)));
        }
        Ok(Plain { cells: Cells::new(fields, o, Style::Raw)? })
    }
}

impl Encoder for Plain {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            cells.iter().for_each(|cell| cell.write(row, out));
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

pub(super) struct Nothing;

impl Encoder for Nothing {
    fn batch(&mut self, _batch: &Batch, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

pub(super) struct Custom {
    cells: Cells,
    syntax: CustomSyntax,
    header: Vec<Vec<Vec<u8>>>,
    any: bool,
}

impl Custom {
    pub fn new(fields: &[Field], o: &OutputOptions, header: usize) -> Result<Self> {
        let syntax = CustomSyntax::from_settings(|n, d| o.string(n, d))?;
        let style = match syntax.rule {
            Rule::Escaped => Style::Tsv,
            Rule::Quoted => Style::Quoted,
            Rule::Csv => Style::Csv,
            Rule::Json => Style::Json(None),
            Rule::Xml => Style::Xml,
            Rule::Raw => Style::Raw,
        };
        let text = &o.text;
        let header = (0..header)
            .map(|line| {
                fields
                    .iter()
                    .map(|f| {
                        let name = if line == 0 { f.name.clone() } else { f.ty.to_string() };
                        let (name, mut out) = (name.as_bytes(), Vec::new());
                        match syntax.rule {
                            Rule::Escaped => write_escaped(name, &mut out),
                            Rule::Quoted => write_quoted_bytes(name, &mut out),
                            Rule::Csv => write_doubled(name, b'"', &mut out),
                            Rule::Json => write_json_string(name, text.json.escape_forward_slashes, &mut out),
                            Rule::Xml => write_xml(name, &mut out),
                            Rule::Raw => out.extend_from_slice(name),
                        }
                        out
                    })
                    .collect()
            })
            .collect();
        Ok(Custom { cells: Cells::with_text(fields, text, style)?, syntax, header, any: false })
    }
    fn rows(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        let s = &self.syntax;
        let cells = self.cells.view(batch);
        for row in 0..batch.rows {
            if self.any {
                out.extend_from_slice(&s.row_between);
            }
            self.any = true;
            out.extend_from_slice(&s.row_before);
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.extend_from_slice(&s.field);
                }
                cell.write(row, out);
            }
            out.extend_from_slice(&s.row_after);
        }
    }
}

impl Encoder for Custom {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let s = &self.syntax;
        out.extend_from_slice(&s.result_before);
        for line in &self.header {
            if self.any {
                out.extend_from_slice(&s.row_between);
            }
            self.any = true;
            out.extend_from_slice(&s.row_before);
            for (i, name) in line.iter().enumerate() {
                if i > 0 {
                    out.extend_from_slice(&s.field);
                }
                out.extend_from_slice(name);
            }
            out.extend_from_slice(&s.row_after);
        }
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        self.rows(batch, out);
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.syntax.result_after);
        for extra in [&tail.totals, &tail.extremes].into_iter().flatten() {
            out.push(b'\n');
            self.any = false;
            self.rows(extra, out);
        }
        Ok(())
    }
}
