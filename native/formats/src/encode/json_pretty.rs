//! PrettyJSONEachRow: rows as JSON objects spread over lines.

use super::cells::{Cells, Style};
use super::{Encoder, OutputOptions, Tail};
use types::text::escape::write_json_string;
use types::{Batch, Field, Result};

pub(super) struct PrettyRows {
    cells: Cells,
    /// what stands in front of each value: separator, line, name
    keys: Vec<Vec<u8>>,
}

impl PrettyRows {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let key = |(i, f): (usize, &Field)| {
            let mut out = if i == 0 { b"{\n    ".to_vec() } else { b",\n    ".to_vec() };
            write_json_string(f.name.as_bytes(), o.text.json.escape_forward_slashes, &mut out);
            out.extend_from_slice(b": ");
            out
        };
        Ok(PrettyRows {
            cells: Cells::new(fields, o, Style::Json(Some(1)))?,
            keys: fields.iter().enumerate().map(key).collect(),
        })
    }
}

impl Encoder for PrettyRows {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let mut value = Vec::new();
        for row in 0..batch.rows {
            for (i, (col, key)) in batch.columns.iter().zip(&self.keys).enumerate() {
                out.extend_from_slice(key);
                value.clear();
                self.cells.one(i, col, row, &mut value);
                // A tab only ever indents: those of texts are escaped.
                for b in &value {
                    match b {
                        b'\t' => out.extend_from_slice(b"    "),
                        b => out.push(*b),
                    }
                }
            }
            out.extend_from_slice(if self.keys.is_empty() { b"{}\n" } else { b"\n}\n" });
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
    fn late_error(&mut self, message: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\n    \"exception\": ");
        write_json_string(message.as_bytes(), false, out);
        out.extend_from_slice(b"\n}\n");
    }
}
