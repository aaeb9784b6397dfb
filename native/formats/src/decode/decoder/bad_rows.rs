//! What becomes of a row that cannot be read: told with its place, and left out where that is allowed.

use super::Decoder;
use crate::decode::{OnError, RowError};
use types::text::clip;
use types::{Error, Result};

impl Decoder {
    /// Counts a bad row, if so many may be bad. Errors: the row's own, with its number, column and value.
    pub(super) fn leave_out(&mut self, e: &Error, data: &[u8], pos: usize, end: Option<usize>) -> Result<()> {
        let error = self.row_error(e, data, pos, end);
        self.rows.undo();
        self.report.rejected += 1;
        if self.report.rejected > self.allowed() {
            let detail = format!(
                "{{\"row\":{},\"column\":{},\"value\":{}}}",
                error.row,
                error.column.as_deref().map_or("null".into(), json_text),
                error.value.as_deref().map_or("null".into(), json_text)
            );
            let failed = Error::new(error.code, error.message.clone()).with_detail(detail);
            self.report.errors.push(error);
            return Err(failed);
        }
        if self.report.errors.len() < self.options.errors_max {
            self.report.errors.push(error);
        }
        Ok(())
    }

    /// How many of the rows so far, the last of which is bad, may be bad.
    fn allowed(&self) -> u64 {
        match self.options.on_error {
            OnError::Skip(n) if self.reader.can_skip() => n,
            OnError::SkipShare(n, share) if self.reader.can_skip() => {
                let bad = self.report.rejected;
                let all = self.report.rows + bad;
                if bad as f64 <= share * all as f64 { bad } else { n }
            }
            _ => 0,
        }
    }

    fn row_error(&self, e: &Error, data: &[u8], pos: usize, end: Option<usize>) -> RowError {
        let row = self.next_row();
        let column = self.rows.column.map(|i| self.rows.names[i].clone());
        let value = self.rows.column.and_then(|_| {
            let from = self.rows.value.start.min(data.len());
            let to = if self.rows.value.end > from {
                self.rows.value.end
            } else {
                self.reader.value_end(data, from)
            };
            (to > from).then(|| clip(&data[from..to.min(data.len())], 50))
        });
        let mut message = format!("Row {row}");
        if let Some(c) = &column {
            message += &format!(", column '{c}'");
        }
        if let Some(v) = &value {
            message += &format!(", value '{v}'");
        }
        message += &format!(": {}", e.message());
        let raw_end = end.unwrap_or(data.len()).min(pos + 4096).max(pos);
        RowError {
            row,
            column,
            code: e.code(),
            message,
            value,
            raw: data[pos..raw_end].trim_ascii().to_vec(),
        }
    }
}

fn json_text(s: &str) -> String {
    let mut out = Vec::new();
    types::text::escape::write_json_string(s.as_bytes(), false, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
