//! Template: rows and result as two format strings say.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Tail};
use crate::decode::Rule;
use crate::template::{Pattern, invalid, refuse_files};
use types::text::number::write_f64;
use types::{Batch, Field, Result};

pub(super) struct Template {
    cells: Cells,
    result: Pattern,
    row: Pattern,
    columns: Vec<usize>,
    styles: Vec<Style>,
    between: Vec<u8>,
    any: bool,
}

fn style(rule: Rule) -> Style {
    match rule {
        Rule::Escaped => Style::Tsv,
        Rule::Quoted => Style::Quoted,
        Rule::Csv => Style::Csv,
        Rule::Json => Style::Json(None),
        Rule::Xml => Style::Xml,
        Rule::Raw => Style::Raw,
    }
}

impl Template {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        refuse_files(|name| o.string(name, ""))?;
        let result = Pattern::of_result(&o.string("format_template_resultset_format", ""))?;
        for part in &result.parts[1..] {
            let rows = ["totals", "min", "max"].contains(&part.name.as_str());
            let known = ["rows", "rows_before_limit", "time", "rows_read", "bytes_read"];
            if !rows && !known.contains(&part.name.as_str()) {
                return Err(invalid(&format!("there is no output part {}", part.name)));
            }
            if !rows && part.rule.is_none() {
                return Err(invalid(&format!(
                    "Serialization type for output part {} is not specified",
                    part.name
                )));
            }
        }
        let row = Pattern::parse(&o.string("format_template_row_format", ""))?;
        let columns = row.columns(|n| fields.iter().position(|f| f.name == n), fields.len())?;
        let missing = || invalid("Serialization type for file column is not specified");
        Ok(Template {
            cells: Cells::new(fields, o, Style::Tsv)?,
            columns: columns.into_iter().map(|c| c.ok_or_else(missing)).collect::<Result<_>>()?,
            styles: row.parts.iter().map(|p| p.rule.map(style).ok_or_else(missing)).collect::<Result<_>>()?,
            result,
            row,
            between: o.string("format_template_rows_between_delimiter", "\n").into_bytes(),
            any: false,
        })
    }

    fn write_row(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        for (k, &column) in self.columns.iter().enumerate() {
            out.extend_from_slice(&self.row.texts[k]);
            self.cells.one_as(self.styles[k], column, &batch.columns[column], row, out);
        }
        out.extend_from_slice(&self.row.texts[self.columns.len()]);
    }

    fn write_part(&self, name: &str, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        let missing = || invalid(&format!("Cannot print {name} for this request"));
        let number = |n: u64, out: &mut Vec<u8>| out.extend_from_slice(n.to_string().as_bytes());
        let statistics = tail.statistics.unwrap_or_default();
        match name {
            "totals" => self.write_row(tail.totals.as_ref().ok_or_else(missing)?, 0, out),
            "min" => self.write_row(tail.extremes.as_ref().ok_or_else(missing)?, 0, out),
            "max" => self.write_row(tail.extremes.as_ref().ok_or_else(missing)?, 1, out),
            "rows" => number(tail.rows, out),
            "rows_before_limit" => number(tail.rows_before_limit.ok_or_else(missing)?, out),
            "time" => write_f64(statistics.elapsed_s, out),
            "rows_read" => number(statistics.rows_read, out),
            _ => number(statistics.bytes_read, out),
        }
        Ok(())
    }
}

impl Encoder for Template {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.result.texts[0]);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        for row in 0..batch.rows {
            if self.any {
                out.extend_from_slice(&self.between);
            }
            self.any = true;
            self.write_row(batch, row, out);
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.result.texts[1]);
        for (k, part) in self.result.parts.iter().enumerate().skip(1) {
            self.write_part(&part.name, tail, out)?;
            out.extend_from_slice(&self.result.texts[k + 1]);
        }
        Ok(())
    }
}
